/* Calls on trainers. */
#include "calls.h"

/* What a step may answer. */
static const unsigned usual =
    FINE | REFUSED | WRONG_STATE | BAD_DATA | NON_FINITE | UNSUPPORTED | CALLBACK_FAILED;

static void create(world *w) {
  size_t layer_thread[4];
  dni_trainer *trainer = NULL;
  const dni_metric metric = own_metric();
  dni_network *network = pick(w, NETWORK);
  dni_loss *loss = pick(w, LOSS);
  for (size_t i = 0; i < 4; i++)
    layer_thread[i] = fuzz_below(&w->input, 2);
  const bool deals = chance(w, 90), has_metric = chance(w, 20);
  const dni_trainer_options options = {.struct_size = struct_size(w, sizeof options),
                                       .optimiser = chance(w, 50) ? NULL : pick(w, OPTIMISER),
                                       .sg_optimiser = chance(w, 80) ? NULL : pick(w, OPTIMISER),
                                       .max_batch = chance(w, 90) ? ROWS_MOST : size(w),
                                       .schedule = number(w, 4),
                                       .measure_gradient_norm = number(w, 2),
                                       .update_probability = chance(w, 70) ? 0 : real(w),
                                       .threads = fuzz_below(&w->input, 4),
                                       .in_flight = fuzz_below(&w->input, 4),
                                       .micro_batches =
                                           chance(w, 90) ? fuzz_below(&w->input, 4) : size(w),
                                       .trained_modules = chance(w, 85) ? 0 : size(w),
                                       .layer_thread = deals ? NULL : layer_thread,
                                       .layer_thread_count = deals ? 0 : fuzz_below(&w->input, 5),
                                       .has_seed = number(w, 2),
                                       .metric = has_metric ? &metric : NULL};
  const bool given = chance(w, 80);
  const dni_status status =
      EXPECT_IN(MAKES | UNSUPPORTED | NO_THREADS,
                dni_trainer_create(network, loss, given ? &options : NULL, &trainer));
  own_given(status, given && has_metric && DNI_HAS(&options, metric));
  place(w, TRAINER, status, trainer);
}

static void step(world *w) {
  dni_matrix x, y, weights;
  dni_trainer *trainer = pick(w, TRAINER);
  const size_t count = rows(w);
  dni_batch batch = {.struct_size = struct_size(w, sizeof batch)};
  dni_step_report report = {.struct_size = struct_size(w, sizeof report)};
  batch.x = view(w, &x, w->dtype, count, chance(w, 95) ? 3 : size(w));
  batch.y = targets(w, &y, w->dtype, count, chance(w, 95) ? 3 : size(w));
  if (chance(w, 20)) batch.weights = view(w, &weights, w->dtype, count, 1);
  for (size_t n = chance(w, 70) ? 1 : 3; n > 0; n--)
    (void)EXPECT_IN(usual, dni_trainer_step(trainer, &batch, chance(w, 50) ? NULL : &report));
}

static dni_status after_step(void *user, const dni_step_report *report) {
  dni_trainer *trainer = user;
  (void)EXPECT_IN(WRONG_STATE, dni_trainer_flush(trainer));
  return report->step % 7 == 6;
}

static dni_fit_options fit_options(world *w, dni_trainer *trainer) {
  const bool validates = chance(w, 30);
  return (dni_fit_options){.struct_size = struct_size(w, sizeof(dni_fit_options)),
                           .batch = chance(w, 60) ? 0 : rows(w),
                           .epochs = fuzz_below(&w->input, 4),
                           .steps = 1 + fuzz_below(&w->input, 8),
                           .callback = chance(w, 30) ? after_step : NULL,
                           .callback_user = trainer,
                           .callback_every = fuzz_below(&w->input, 3),
                           .settle_every = fuzz_below(&w->input, 3),
                           .keep_order = number(w, 2),
                           .keep_rest = number(w, 2),
                           .has_seed = chance(w, 80) ? 0 : 1,
                           .validation = validates ? pick(w, DATASET) : NULL,
                           .validate_every = validates ? fuzz_below(&w->input, 3) : 0,
                           .patience = validates && chance(w, 30) ? 1 : 0,
                           .best = validates && chance(w, 30) ? pick(w, NETWORK) : NULL};
}

static void fit(world *w) {
  dni_trainer *trainer = pick(w, TRAINER);
  const dni_fit_options options = fit_options(w, trainer);
  const dni_dataset *dataset = pick(w, DATASET);
  (void)EXPECT_IN(usual | CANCELLED | NO_MEMORY, dni_trainer_fit(trainer, dataset, &options));
}

static void fit_stream(world *w) {
  dni_trainer *trainer = pick(w, TRAINER);
  const dni_stream stream = own_stream(w, chance(w, 95) ? 3 : size(w));
  dni_fit_options options = fit_options(w, trainer);
  if (chance(w, 90)) {
    options.batch = 0;
    options.epochs = 0;
    options.keep_order = options.keep_rest = options.has_seed = 0;
  }
  (void)EXPECT_IN(usual | CANCELLED | NO_MEMORY,
                  dni_trainer_fit_stream(trainer, &stream, chance(w, 30) ? NULL : &options));
}

static void flush(world *w) {
  (void)EXPECT_IN(usual, dni_trainer_flush(pick(w, TRAINER)));
}

static void any_time(world *w) {
  dni_trainer *trainer = pick(w, TRAINER);
  size_t found;
  if (chance(w, 20)) dni_trainer_cancel(trainer);
  (void)EXPECT_IN(FINE | REFUSED,
                  dni_trainer_set_rate_factor(trainer, chance(w, 50) ? DNI_ALL : size(w), real(w)));
  (void)EXPECT_IN(FINE | REFUSED, dni_trainer_layer_module(trainer, size(w), &found));
  (void)EXPECT_IN(FINE | REFUSED, dni_trainer_module_thread(trainer, size(w), &found));
  (void)dni_trainer_step_count(trainer);
  EXPECT((dni_trainer_module_count(trainer) > 0) == (trainer != NULL), "no modules");
}

static void look(world *w) {
  dni_trainer *trainer = pick(w, TRAINER);
  dni_step_report report = {.struct_size = struct_size(w, sizeof report)};
  dni_memory_report memory = {.struct_size = struct_size(w, sizeof memory)};
  (void)EXPECT_IN(FINE | REFUSED | WRONG_STATE, dni_trainer_report(trainer, &report));
  (void)EXPECT_IN(FINE | REFUSED, dni_trainer_memory(trainer, &memory));
  dni_optimiser *optimiser = chance(w, 50) ? dni_trainer_module_optimiser(trainer, size(w))
                                           : dni_trainer_sg_optimiser(trainer, size(w));
  if (optimiser && chance(w, 30))
    (void)EXPECT_IN(FINE | REFUSED, dni_optimiser_set_f64(optimiser, number(w, 12), real(w)));
}

static void write_training(world *w) {
  fuzz_bytes *file = &w->files[fuzz_below(&w->input, FILES)];
  dni_trainer *trainer = pick(w, TRAINER);
  const dni_writer writer = own_writer(w, file);
  (void)EXPECT_IN(usual | NO_MEMORY, dni_trainer_write(trainer, &writer));
}

static void read_training(world *w) {
  dni_trainer *trainer = pick(w, TRAINER);
  const dni_load_options options = {.struct_size = struct_size(w, sizeof options),
                                    .finite = number(w, 2)};
  const dni_reader reader = fuzz_reader(&w->files[fuzz_below(&w->input, FILES)]);
  (void)EXPECT_IN(usual | NO_MEMORY,
                  dni_trainer_read(trainer, &reader, chance(w, 50) ? NULL : &options));
}

/* The lags are read and written until the steps are done. */
static void record(world *w) {
  enum { STEPS = 4 };
  static uint8_t lags[4 * STEPS];
  dni_trainer *trainer = pick(w, TRAINER);
  const size_t threads = dni_trainer_thread_count(trainer);
  const size_t rows_of_lags = threads > 1 ? threads - 1 : 0;
  uint8_t *given = chance(w, 20) ? NULL : lags;
  const size_t steps = fuzz_below(&w->input, STEPS + 1);
  const size_t count = chance(w, 90) ? rows_of_lags * steps : size(w);
  for (size_t i = 0; i < sizeof lags; i++)
    lags[i] = chance(w, 80) ? 0 : 1;
  if (rows_of_lags > 4) return;
  if (chance(w, 50))
    (void)EXPECT_IN(FINE | REFUSED | WRONG_STATE, dni_trainer_record(trainer, given, count, steps));
  else
    (void)EXPECT_IN(FINE | REFUSED | WRONG_STATE, dni_trainer_replay(trainer, given, count, steps));
}

const action trainer_actions[] = {
    create, create,     create, create,   step, step,           step,          step,   fit,
    fit,    fit_stream, flush,  any_time, look, write_training, read_training, record, NULL};

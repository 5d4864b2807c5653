/* What is done with a trainer, one thing after the other. */
#include <unistd.h>

#include "random.h"

static void steps(world *w) {
  for (size_t n = 1 + below(8); n > 0; n--)
    if (random_step(w, 0) != DNI_OK) return;
}

/* Looking on while batches are in flight. */
static void look(world *w) {
  dni_memory_report memory = {.struct_size = sizeof memory};
  dni_step_report report = {.struct_size = sizeof report};
  (void)random_step(w, 0);
  EXPECT_FINE(dni_trainer_memory(w->trainer, &memory));
  EXPECT_FINE(dni_trainer_report(w->trainer, &report));
  for (size_t m = 0; m < dni_trainer_module_count(w->trainer); m++)
    (void)dni_optimiser_step_count(dni_trainer_module_optimiser(w->trainer, m));
  for (size_t i = 0; i < w->layers; i++)
    (void)dni_optimiser_step_count(dni_trainer_sg_optimiser(w->trainer, i));
}

static void flush(world *w) {
  settle(w, 0);
}

/* Callbacks. ---------------------------------------------------------------------------------- */

static void misbehave(world *w) {
  static const conduct manners[] = {ANSWER, ANSWER, CALL_TRAINER, CANCEL, SET_RATE};
  own_misbehave(below(25), manners[below(5)], w->trainer);
  for (size_t n = 1 + below(12); n > 0; n--)
    if (random_step(w, CALLBACK_FAILED) != DNI_OK) break;
  settle(w, CALLBACK_FAILED);
  own_behave();
}

/* Until a callback on this thread is left by a jump, if one is. */
static void step_or_fit_until_jump(world *w, dni_dataset *dataset) {
  if (setjmp(own_exit) != 0) return;
  own_misbehave(below(25), JUMP, w->trainer);
  if (chance(30))
    plain_fit(w, dataset, 0);
  else
    steps(w);
}

static void jump(world *w) {
  dni_dataset *dataset;
  EXPECT_FINE(random_dataset(w, &dataset));
  step_or_fit_until_jump(w, dataset);
  own_behave();
  if (chance(50)) EXPECT_FINE(dni_trainer_abandon(w->trainer));
  settle(w, 0);
  dni_dataset_release(dataset);
}

/* Batches that are refused, which change nothing. ---------------------------------------------- */

static void spoil(const world *w, example_batch *batch, dni_batch *given) {
  switch (below(7)) {
  case 0:
    given->x = NULL;
    break;
  case 1:
    batch->x_view.rows = 0;
    break;
  case 2:
    batch->y_view.rows++;
    break;
  case 3:
    batch->x_view.dtype = w->dtype == DNI_F32 ? DNI_F64 : DNI_F32;
    break;
  case 4:
    given->struct_size = 0;
    break;
  case 5:
    batch->y_view = view(DNI_I32, batch->y, batch->x_view.rows, 1, 1);
    set(&batch->y_view, 0, 0, (double)world_outputs(w));
    break;
  default:
    given->weights = &batch->w_view;
    batch->w_view = view(w->dtype, batch->w, batch->x_view.rows, 1, 1);
    set(&batch->w_view, 0, 0, -1);
  }
}

static void refused(world *w) {
  static example_batch batch;
  settle(w, 0);
  uint64_t hash = world_hash(w), count = dni_trainer_step_count(w->trainer);
  for (size_t n = 1 + below(5); n > 0; n--) {
    batch_fill(w, &batch, 1 + below(w->max_batch));
    dni_batch given = batch.batch;
    spoil(w, &batch, &given);
    EXPECT_IN(REFUSED | BAD_DATA, dni_trainer_step(w->trainer, &given, NULL));
  }
  settle(w, 0);
  EXPECT(world_hash(w) == hash, "a refused step has changed parameters");
  EXPECT(dni_trainer_step_count(w->trainer) == count, "a refused step is counted");
}

/* Changes while nothing is in flight. ---------------------------------------------------------- */

static void change_settings(world *w) {
  settle(w, 0);
  size_t i = below(w->layers);
  dni_layer *layer = dni_network_layer(w->network, i);
  dni_optimiser *optimiser = dni_trainer_sg_optimiser(w->trainer, i);
  if (dni_layer_has(layer, DNI_SETTING_RATE_SCALE))
    EXPECT_FINE(dni_layer_set_f64(layer, DNI_SETTING_RATE_SCALE, (double)below(3) / 2));
  if (optimiser) EXPECT_FINE(dni_optimiser_set_f64(optimiser, DNI_SETTING_CLIP_NORM, chance(50)));
  optimiser = dni_trainer_module_optimiser(w->trainer, below(dni_trainer_module_count(w->trainer)));
  if (optimiser)
    EXPECT_FINE(dni_optimiser_set_f64(optimiser, DNI_SETTING_LEARNING_RATE, uniform(0, 0.01)));
}

/* The first parameters once more, so that not all that follows a NaN fails. */
static void heal(world *w) {
  settle(w, 0);
  EXPECT_FINE(dni_network_assign(w->network, w->first));
}

/* Two trainers of one network, one after the other. */
static void second_trainer(world *w) {
  world other = *w;
  dni_trainer_options options = {.struct_size = sizeof options,
                                 .schedule = w->schedule,
                                 .max_batch = w->max_batch,
                                 .activations = any_activations(w)};
  settle(w, 0);
  if (EXPECT_IN(FINE | REFUSED | UNSUPPORTED,
                dni_trainer_create(w->network, w->loss, &options, &other.trainer)) != DNI_OK)
    return;
  other.in_flight = 2;
  other.metric = false;
  other.steps_seen = 0;
  steps(&other);
  settle(&other, 0);
  if (chance(50)) (void)random_step(&other, 0);
  dni_trainer_release(other.trainer);
}

/* Lags. --------------------------------------------------------------------------------------- */

/* Some that a run could have left, and some that none could. */
static void draw_lags(const world *w, uint8_t *lags, size_t rows, size_t count) {
  for (size_t r = 0; r < rows; r++)
    for (size_t s = 0, last = 0; s < count; s++) {
      size_t least = last > 0 ? last - 1 : 0;
      last = least + below(3);
      if (last >= w->in_flight) last = w->in_flight - 1;
      lags[r * count + s] = (uint8_t)last;
    }
  if (rows > 0 && chance(5)) lags[below(rows * count)] = 255;
}

void replay_lags(world *w) {
  static uint8_t lags[LAYERS_MOST * 16];
  bool threads = w->schedule == DNI_SCHEDULE_PIPELINED;
  size_t rows = threads ? dni_trainer_thread_count(w->trainer) - 1 : 0, count = 1 + below(16);
  settle(w, 0);
  draw_lags(w, lags, rows, count);
  if (chance(40))
    EXPECT_FINE(dni_trainer_record(w->trainer, lags, rows * count, count));
  else
    EXPECT_IN(FINE | REFUSED, dni_trainer_replay(w->trainer, lags, rows * count, count));
  for (size_t n = below(count + 4); n > 0; n--) {
    if (random_step(w, 0) != DNI_OK) break;
    if (chance(15)) settle(w, 0);
  }
  settle(w, 0);
  EXPECT_FINE(dni_trainer_record(w->trainer, NULL, 0, 0));
}

/* All of them. -------------------------------------------------------------------------------- */

static const struct {
  const char *name;
  void (*run)(world *w);
  bool needs_own; /* functions of the program's own */
} actions[] = {{"steps", steps, false},
               {"steps", steps, false},
               {"steps", steps, false},
               {"look", look, false},
               {"flush", flush, false},
               {"misbehave", misbehave, true},
               {"misbehave", misbehave, true},
               {"jump", jump, true},
               {"refused", refused, false},
               {"settings", change_settings, false},
               {"heal", heal, false},
               {"second trainer", second_trainer, false},
               {"predict", predict_together, false},
               {"lags", replay_lags, false},
               {"fit", random_fit, false},
               {"fit", random_fit, false}};

void act(world *w) {
  size_t i = below(sizeof actions / sizeof *actions);
  if (actions[i].needs_own && !w->has_own) return;
  activity = actions[i].name;
  actions[i].run(w);
  if (w->odd && chance(50)) heal(w);
}

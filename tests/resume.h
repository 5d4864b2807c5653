/* What the suites of resumed trainings share: trainings of every method, schedule and optimiser, saved
 * into memory, and all that they consist of compared bit for bit. */
#ifndef TEST_RESUME_H
#define TEST_RESUME_H

#include "memory_file.h"
#include "training.h"

enum { ROWS = 16, EXAMPLES = 100, INPUTS = 6, CLASSES = 4, EPOCHS = 3, STEPS = 7 * EPOCHS };

static inline void save(dni_trainer *trainer, bytes *to) {
  const dni_writer writer = {sizeof writer, to, put};
  to->size = to->next = 0;
  EXPECT_OK(dni_trainer_write(trainer, &writer));
}

static inline dni_status try_load(dni_trainer *trainer, const bytes *from) {
  bytes copy = *from;
  const dni_reader reader = {sizeof reader, &copy, take};
  copy.next = 0;
  return dni_trainer_read(trainer, &reader, NULL);
}

static inline void expect_same(const bytes *a, const bytes *b, const char *what) {
  size_t at = 0;
  while (at < a->size && at < b->size && a->data[at] == b->data[at])
    at++;
  EXPECT(a->size == b->size && at == a->size, "%s: %zu and %zu bytes, differ at %zu: %.60s", what,
         a->size, b->size, at, (const char *)a->data + at);
}

/* Trainings. ----------------------------------------------------------------------------------- */

typedef struct method {
  const char *name, *network;
  const char *around; /* what is put around its SGs: "mixture", "warm_up", "frozen" */
} method;

static const method methods[] = {
    {"backprop, all layers", "6 relu9 norm drop leaky8 rows gelu7 drop dense4", NULL},
    {"synthetic (h, y)", "6 relu9 norm |sg relu8 drop |sg dense4", NULL},
    {"synthetic, hidden, h", "6 relu9 |sg1h relu8 |sg2 dense4", NULL},
    {"synthetic, residual", "6 relu9 |sgq relu8 |sgr dense4", NULL},
    {"least squares", "6 relu9 |ls relu8 |lsh dense4", NULL},
    {"least squares, residual", "6 relu9 |lsq relu8 |lsr dense4", NULL},
    {"mixture of synthetic", "6 relu9 |sg relu8 |sg dense4", "mixture"},
    {"mixture of least squares", "6 relu9 |lsr relu8 |lsr dense4", "mixture"},
    {"warm_up of synthetic", "6 relu9 |sg relu8 |sg dense4", "warm_up"},
    {"warm_up of least squares", "6 relu9 |ls relu8 |lsr dense4", "warm_up"},
    {"frozen", "6 relu9 |sg relu8 |sg1 dense4", "frozen"},
    {"local", "6 relu9 norm |local relu8 drop |local dense4", NULL},
    {"critic", "6 relu9 |critic relu8 |critic2 dense4", NULL},
    {"dfa", "6 relu9 |dfa relu8 |dfa dense4", NULL},
    {"fa", "6 relu9 |fa relu8 |fa dense4", NULL},
    {"scalar, zero", "6 relu9 |zero relu8 |scalar dense4", NULL},
    {"delayed", "6 relu9 norm |delayed relu8 |delayed dense4", NULL},
};
enum { METHODS = sizeof methods / sizeof methods[0] };

enum { SCHEDULES = 4, OPTIMISERS = 3 };

static inline dni_sg *wrap(dni_context *context, dni_sg *inner, const char *around) {
  static const uint64_t boundaries[] = {0, 10};
  static const double values[] = {1, 0.25};
  const dni_schedule falling = {.struct_size = sizeof falling,
                                .kind = DNI_RATE_LINES,
                                .boundaries = boundaries,
                                .values = values,
                                .count = 2};
  dni_sg *sg;
  if (!strcmp(around, "mixture")) {
    EXPECT_OK(dni_sg_create_mixture(context, inner, 0.5, &sg));
    EXPECT_OK(dni_sg_set_schedule(sg, &falling));
  } else if (!strcmp(around, "warm_up")) {
    EXPECT_OK(dni_sg_create_warm_up(context, inner, 5, &sg));
  } else {
    EXPECT_OK(dni_sg_create_frozen(context, inner, &sg));
  }
  return sg;
}

static inline dni_network *make_method(dni_context *context, const method *m) {
  dni_network *network = make_network(context, m->network);
  for (size_t i = 0; m->around && i < dni_network_layer_count(network); i++) {
    dni_sg *inner = sg_after(network, i);
    if (!inner) continue;
    dni_sg *sg = wrap(context, inner, m->around);
    EXPECT_OK(dni_network_set_sg(network, i, sg));
    dni_sg_release(sg);
  }
  return network;
}

static inline dni_optimiser *make_optimiser(dni_context *context, int which) {
  const dni_schedule cosine = {.struct_size = sizeof cosine,
                               .kind = DNI_RATE_COSINE,
                               .steps = STEPS,
                               .value = 0.1,
                               .warm_up = 4};
  dni_optimiser *optimiser;
  if (which == 0) {
    optimiser = make_sgd(context, 0.05);
    EXPECT_OK(dni_optimiser_set_f64(optimiser, DNI_SETTING_MOMENTUM, 0.9));
  } else if (which == 1) {
    optimiser = make_adam(context, 0.01);
    EXPECT_OK(dni_optimiser_set_f64(optimiser, DNI_SETTING_CLIP_NORM, 0.5));
  } else {
    EXPECT_OK(dni_optimiser_create_adamw(context, 0.01, &optimiser));
    keep(OPTIMISER, optimiser);
  }
  EXPECT_OK(dni_optimiser_set_schedule(optimiser, &cosine));
  return optimiser;
}

/* What a combination is made of. */
typedef struct choice {
  const method *method;
  int schedule, optimiser, dtype;
} choice;

/* Of the latest training; borrowed. */
static dni_context *made_context;
static dni_network *made_network;

/* *status: whether there is such a training. */
static inline dni_trainer *make_training(const choice *c, uint64_t seed, dni_status *status) {
  dni_context *context = made_context = make_context(support_dtypes[c->dtype], seed);
  dni_network *network = made_network = make_method(context, c->method);
  dni_optimiser *optimiser = make_optimiser(context, c->optimiser);
  dni_trainer_options options = {.struct_size = sizeof options,
                                 .optimiser = optimiser,
                                 .max_batch = ROWS,
                                 .schedule = c->schedule};
  dni_trainer *trainer = NULL;
  if (c->schedule == DNI_SCHEDULE_RANDOM) options.update_probability = 0.6;
  if (c->schedule == DNI_SCHEDULE_PIPELINED) options.threads = 2;
  if (c->schedule == DNI_SCHEDULE_MICRO_BATCHES) options.micro_batches = 2;
  *status = dni_trainer_create(network, make_cross_entropy(context), &options, &trainer);
  return *status == DNI_OK ? keep(TRAINER, trainer) : NULL;
}

static inline dni_dataset *make_examples(const choice *c) {
  dni_dtype dtype = support_dtypes[c->dtype];
  dni_context *context = make_context(dtype, 5);
  dni_matrix x = matrix_random(dtype, EXAMPLES, INPUTS);
  dni_matrix y = matrix_one_hot(dtype, EXAMPLES, CLASSES);
  dni_dataset *dataset;
  EXPECT_OK(dni_dataset_create_memory(context, &x, &y, NULL, &dataset));
  return keep(DATASET, dataset);
}

/* In the pipelined schedule bits do not depend on timing if no batch overtakes another. */
static inline dni_fit_options options_of(const choice *c) {
  return (dni_fit_options){.struct_size = sizeof(dni_fit_options),
                           .epochs = EPOCHS,
                           .keep_rest = 1,
                           .callback_every = 1,
                           .has_seed = c->optimiser == 1,
                           .seed = c->optimiser == 1 ? 77 : 0};
}

/* The first and the second step, the last of an epoch, one within, and the last of all. */
static const uint64_t stops[] = {1, 2, 7, 11, 14, STEPS};
enum { STOPS = sizeof stops / sizeof stops[0] };

static bytes saved[STOPS];

typedef struct watch {
  dni_trainer *trainer;
  bool saves;
} watch;

static inline dni_status on_step(void *user, const dni_step_report *report) {
  const watch *w = user;
  for (size_t i = 0; w->saves && i < STOPS; i++)
    if (report->step == stops[i]) save(w->trainer, &saved[i]);
  return DNI_OK;
}

static inline void fit(dni_trainer *trainer, dni_dataset *dataset, const choice *c, bool saves) {
  watch w = {trainer, saves};
  dni_fit_options options = options_of(c);
  options.callback = on_step;
  options.callback_user = &w;
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  ck_assert_uint_eq(dni_trainer_step_count(trainer), STEPS);
}

#endif

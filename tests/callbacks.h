/* A network whose layers, SG, loss, metric and data are the test's own, and which misbehaves where
 * it is told to: it answers a status, leaves by longjmp, calls the trainer that is running it, or
 * does what a test wants done there.
 *
 * dense 6-5, own layer | own SG | own layer, dense 5-3, own loss. In a schedule with threads the
 * lower two layers are the calling thread's. */
#ifndef TEST_CALLBACKS_H
#define TEST_CALLBACKS_H

#include <setjmp.h>

#include "training.h"

enum { INPUTS = 6, UNITS = 5, OUTPUTS = 3, ROWS = 8, EXAMPLES = 64 };

/* Where something of the test's own is called. */
typedef enum place {
  LOWER_FORWARD,
  LOWER_BACKWARD,
  UPPER_FORWARD,
  UPPER_BACKWARD,
  ESTIMATE,
  LEARN,
  EVALUATE,
  CORRECT,
  METRIC,
  FETCH,
  NEXT,
  STEP_CALLBACK,
  PLACES,
  ANYWHERE = PLACES
} place;

enum { NOWHERE = -1, SCHEDULES = 4 };

static const char *const place_names[PLACES] = {
    "lower forward", "lower backward", "upper forward", "upper backward", "estimate", "learn",
    "evaluate",      "correct",        "metric",        "fetch",          "next",     "callback"};
static const dni_kind schedules[SCHEDULES] = {DNI_SCHEDULE_SEQUENTIAL, DNI_SCHEDULE_RANDOM,
                                              DNI_SCHEDULE_PIPELINED, DNI_SCHEDULE_MICRO_BATCHES};
static const char *const schedule_names[SCHEDULES] = {"sequential", "random", "pipelined",
                                                      "micro-batches"};

typedef enum conduct { ANSWER, JUMP, CALL_TRAINER, CALL_HOOK } conduct;

/* What happens where, once; set by arm() while nothing is running. */
static struct {
  atomic_int at;           /* NOWHERE: everyone behaves */
  atomic_size_t countdown; /* calls that still behave */
  conduct conduct;
  dni_status answer;
  const char *message; /* for dni_fail(); NULL: none */
  jmp_buf out;         /* for JUMP */
  void (*hook)(void);  /* for CALL_HOOK */
  dni_trainer *trainer;
  const dni_dataset *dataset;
  dni_status step, fit, flush; /* for CALL_TRAINER: what the trainer answered */
  size_t batches;              /* that the stream still gives */
} rig = {.at = NOWHERE};

static inline void arm(place at, size_t countdown, conduct how) {
  rig.conduct = how;
  rig.answer = DNI_OK;
  rig.message = NULL;
  rig.step = rig.fit = rig.flush = DNI_OK;
  atomic_store(&rig.countdown, countdown);
  atomic_store(&rig.at, (int)at);
}

static inline void disarm(void) {
  atomic_store(&rig.at, NOWHERE);
}

static float own_x[ROWS * INPUTS], own_y[ROWS * OUTPUTS];

static inline void own_batch(dni_matrix *x, dni_matrix *y) {
  for (size_t i = 0; i < ROWS * INPUTS; i++)
    own_x[i] = (float)sin((double)i);
  for (size_t i = 0; i < ROWS * OUTPUTS; i++)
    own_y[i] = i % OUTPUTS == i / OUTPUTS % OUTPUTS;
  dni_matrix_init_f32(x, own_x, ROWS, INPUTS);
  dni_matrix_init_f32(y, own_y, ROWS, OUTPUTS);
}

/* Calls of the trainer from inside: each is refused. */
static inline void call_trainer(void) {
  dni_matrix x, y;
  own_batch(&x, &y);
  rig.step = support_step(rig.trainer, &x, &y, NULL);
  rig.fit = dni_trainer_fit(rig.trainer, rig.dataset, NULL);
  rig.flush = dni_trainer_flush(rig.trainer);
}

/* Each function of the test's own begins with this. */
static inline dni_status arrive(place at) {
  const int due = atomic_load(&rig.at);
  if (due != (int)at && due != ANYWHERE) return DNI_OK;
  size_t left = atomic_load(&rig.countdown);
  while (left > 0 && !atomic_compare_exchange_weak(&rig.countdown, &left, left - 1))
    continue;
  if (left > 0) return DNI_OK;
  disarm();
  if (rig.conduct == JUMP) longjmp(rig.out, 1);
  if (rig.conduct == CALL_TRAINER || rig.conduct == CALL_HOOK) {
    (rig.conduct == CALL_HOOK ? rig.hook : call_trainer)();
    return DNI_OK;
  }
  /* a message of one's own, and then perhaps another number */
  if (rig.message) (void)dni_fail(rig.answer >= 1000 ? rig.answer : 1000, rig.message);
  return rig.answer;
}

#define ARRIVE(at)                                                                                 \
  do {                                                                                             \
    dni_status arrived_ = arrive(at);                                                              \
    if (arrived_ != DNI_OK) return arrived_;                                                       \
  } while (0)

/* Parts of the test's own. `user` counts how often destroy was called. ------------------------- */

static inline void count_destroy(void *user) {
  ++*(size_t *)user;
}

static inline dni_status copy_x(const dni_layer_call *call) {
  return dni_matrix_copy(call->x, call->y);
}

static inline dni_status copy_dy(const dni_layer_call *call) {
  return call->dx ? dni_matrix_copy(call->dy, call->dx) : DNI_OK;
}

static inline dni_status lower_forward(void *user, const dni_layer_call *call) {
  (void)user;
  ARRIVE(LOWER_FORWARD);
  return copy_x(call);
}

static inline dni_status lower_backward(void *user, const dni_layer_call *call) {
  (void)user;
  ARRIVE(LOWER_BACKWARD);
  return copy_dy(call);
}

static inline dni_status upper_forward(void *user, const dni_layer_call *call) {
  (void)user;
  ARRIVE(UPPER_FORWARD);
  return copy_x(call);
}

static inline dni_status upper_backward(void *user, const dni_layer_call *call) {
  (void)user;
  ARRIVE(UPPER_BACKWARD);
  return copy_dy(call);
}

/* delta = 0.1 h */
static inline dni_status own_estimate(void *user, const dni_sg_call *call) {
  (void)user;
  ARRIVE(ESTIMATE);
  for (size_t r = 0; r < call->h->rows; r++)
    for (size_t c = 0; c < call->h->columns; c++)
      matrix_set(call->delta, r, c, 0.1 * matrix_get(call->h, r, c));
  return DNI_OK;
}

static inline dni_status own_learn(void *user, const dni_sg_call *call) {
  (void)user, (void)call;
  ARRIVE(LEARN);
  return DNI_OK;
}

/* 1/2 sum (h - y)^2; delta may be h */
static inline dni_status own_evaluate(void *user, const dni_loss_call *call) {
  (void)user;
  ARRIVE(EVALUATE);
  for (size_t r = 0; r < call->h->rows; r++) {
    double sum = 0;
    for (size_t c = 0; c < call->h->columns; c++) {
      double difference = matrix_get(call->h, r, c) - matrix_get(call->y, r, c);
      sum += difference * difference / 2;
      if (call->delta) matrix_set(call->delta, r, c, difference);
    }
    matrix_set(call->per_example, r, 0, sum);
  }
  return DNI_OK;
}

static inline dni_status own_correct(void *user, const dni_loss_call *call) {
  (void)user;
  ARRIVE(CORRECT);
  matrix_fill(call->per_example, 1);
  return DNI_OK;
}

static inline dni_status own_metric(void *user, const dni_batch *batch, double *value) {
  (void)user, (void)batch;
  ARRIVE(METRIC);
  *value = 0.5;
  return DNI_OK;
}

static inline dni_status own_fetch(void *user, const size_t *indices, size_t count, dni_matrix *x,
                                   dni_matrix *y) {
  (void)user;
  ARRIVE(FETCH);
  for (size_t r = 0; r < count; r++) {
    for (size_t c = 0; x && c < INPUTS; c++)
      matrix_set(x, r, c, sin((double)(indices[r] * 7 + c)));
    for (size_t c = 0; y && c < OUTPUTS; c++)
      matrix_set(y, r, c, indices[r] % OUTPUTS == c);
  }
  return DNI_OK;
}

static inline dni_status own_next(void *user, dni_batch *batch) {
  static dni_matrix x, y;
  (void)user;
  ARRIVE(NEXT);
  if (rig.batches == 0) return DNI_OK;
  rig.batches--;
  own_batch(&x, &y);
  batch->x = &x;
  batch->y = &y;
  return DNI_OK;
}

static inline dni_status own_step(void *user, const dni_step_report *report) {
  (void)user, (void)report;
  return arrive(STEP_CALLBACK);
}

/* How often each destroy was called. */
typedef struct ends {
  size_t lower, upper, sg, loss, metric, dataset;
} ends;

static inline dni_layer_callbacks layer_callbacks(bool lower, size_t *end) {
  return (dni_layer_callbacks){.struct_size = sizeof(dni_layer_callbacks),
                               .user = end,
                               .forward = lower ? lower_forward : upper_forward,
                               .backward = lower ? lower_backward : upper_backward,
                               .destroy = count_destroy};
}

static inline dni_sg_callbacks sg_callbacks(size_t *end) {
  return (dni_sg_callbacks){.struct_size = sizeof(dni_sg_callbacks),
                            .user = end,
                            .needs = DNI_SG_NEEDS_NOTHING,
                            .learns = DNI_SG_LEARNS_TARGET,
                            .estimate = own_estimate,
                            .learn = own_learn,
                            .destroy = count_destroy};
}

static inline dni_loss_callbacks loss_callbacks(size_t *end) {
  return (dni_loss_callbacks){.struct_size = sizeof(dni_loss_callbacks),
                              .user = end,
                              .evaluate = own_evaluate,
                              .correct = own_correct,
                              .destroy = count_destroy};
}

static inline dni_metric metric_callbacks(size_t *end) {
  return (dni_metric){.struct_size = sizeof(dni_metric),
                      .user = end,
                      .evaluate = own_metric,
                      .destroy = count_destroy};
}

static inline dni_dataset_callbacks dataset_callbacks(size_t *end) {
  return (dni_dataset_callbacks){.struct_size = sizeof(dni_dataset_callbacks),
                                 .user = end,
                                 .examples = EXAMPLES,
                                 .features = INPUTS,
                                 .targets = OUTPUTS,
                                 .fetch = own_fetch,
                                 .destroy = count_destroy};
}

/* Together. ------------------------------------------------------------------------------------ */

typedef struct machine {
  dni_context *context;
  dni_layer *lower, *upper;
  dni_sg *sg;
  dni_loss *loss;
  dni_network *network;
  dni_trainer *trainer;
  dni_dataset *dataset;
  dni_kind schedule;
  ends ends;
} machine;

static inline void add_layer(dni_network *network, dni_layer *layer) {
  EXPECT_OK(dni_network_add(network, layer));
}

/* *m is static: destroy callbacks count in m->ends when the test is over. */
static inline void make_parts(machine *m) {
  dni_layer_callbacks lower = layer_callbacks(true, &m->ends.lower);
  dni_layer_callbacks upper = layer_callbacks(false, &m->ends.upper);
  dni_sg_callbacks sg = sg_callbacks(&m->ends.sg);
  dni_loss_callbacks loss = loss_callbacks(&m->ends.loss);
  dni_dataset_callbacks dataset = dataset_callbacks(&m->ends.dataset);
  disarm();
  m->context = make_context(DNI_F32, 5);
  EXPECT_OK(dni_layer_create_callback(m->context, UNITS, UNITS, &lower, &m->lower));
  keep(LAYER, m->lower);
  EXPECT_OK(dni_layer_create_callback(m->context, UNITS, UNITS, &upper, &m->upper));
  keep(LAYER, m->upper);
  EXPECT_OK(dni_sg_create_callback(m->context, UNITS, OUTPUTS, 0, &sg, &m->sg));
  keep(ESTIMATOR, m->sg);
  EXPECT_OK(dni_loss_create_callback(m->context, &loss, &m->loss));
  keep(LOSS, m->loss);
  EXPECT_OK(dni_dataset_create_callback(m->context, &dataset, &m->dataset));
  keep(DATASET, m->dataset);
}

static inline void make_machine(machine *m, int schedule) {
  memset(m, 0, sizeof *m);
  m->schedule = schedules[schedule];
  make_parts(m);
  m->network = make_network(m->context, "6 relu5");
  dni_layer *top = keep(LAYER, make_layer(m->context, UNITS, "dense3"));
  add_layer(m->network, m->lower);
  add_layer(m->network, m->upper);
  add_layer(m->network, top);
  if (m->schedule != DNI_SCHEDULE_MICRO_BATCHES)
    EXPECT_OK(dni_network_set_sg(m->network, 1, m->sg));
  static const size_t layer_thread[] = {0, 0, 1, 1};
  bool threads = m->schedule == DNI_SCHEDULE_PIPELINED || m->schedule == DNI_SCHEDULE_MICRO_BATCHES;
  dni_metric metric = metric_callbacks(&m->ends.metric);
  dni_trainer_options options = {.struct_size = sizeof options,
                                 .optimiser = make_sgd(m->context, 0.01),
                                 .max_batch = ROWS,
                                 .schedule = m->schedule,
                                 .layer_thread = threads ? layer_thread : NULL,
                                 .layer_thread_count = threads ? 4 : 0,
                                 .metric = &metric};
  if (m->schedule == DNI_SCHEDULE_RANDOM) options.update_probability = 0.5;
  EXPECT_OK(dni_trainer_create(m->network, m->loss, &options, &m->trainer));
  keep(TRAINER, m->trainer);
  rig.trainer = m->trainer;
  rig.dataset = m->dataset;
}

static inline dni_status fit_machine(const machine *m, uint64_t steps) {
  dni_fit_options options = {.struct_size = sizeof options, .steps = steps, .callback = own_step};
  return dni_trainer_fit(m->trainer, m->dataset, &options);
}

static inline dni_status stream_machine(const machine *m, size_t batches) {
  dni_fit_options options = {.struct_size = sizeof options, .callback = own_step};
  dni_stream stream = {.struct_size = sizeof stream, .next = own_next};
  rig.batches = batches;
  return dni_trainer_fit_stream(m->trainer, &stream, &options);
}

/* Steps until one fails, then what is in flight. */
static inline dni_status step_machine(const machine *m, size_t steps) {
  dni_matrix x, y;
  own_batch(&x, &y);
  for (size_t i = 0; i < steps; i++) {
    dni_status status = support_step(m->trainer, &x, &y, NULL);
    if (status != DNI_OK) return status;
  }
  return dni_trainer_flush(m->trainer);
}

/* Whether a run in this schedule comes to the place at all. */
static inline bool is_reached(const machine *m, place at) {
  return m->schedule != DNI_SCHEDULE_MICRO_BATCHES || (at != ESTIMATE && at != LEARN);
}

/* The machine goes on as if nothing had been. */
static inline void expect_usable(const machine *m) {
  disarm();
  EXPECT_OK(fit_machine(m, 5));
  EXPECT_OK(step_machine(m, 3));
  EXPECT_OK(stream_machine(m, 4));
  dni_evaluation evaluation = {.struct_size = sizeof evaluation};
  EXPECT_OK(dni_network_evaluate(m->network, m->loss, m->dataset, NULL, &evaluation));
  EXPECT(isfinite(evaluation.loss), "loss %g", evaluation.loss);
}

#endif

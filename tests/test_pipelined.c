/* Schedules with threads: what timing decides can be set, and then the numbers are those of the
 * sequential schedule; every module sees every batch once and in order; starting, stopping,
 * cancelling and failing at any moment leave nothing locked, lost or leaked. */
#include <pthread.h>
#include <time.h>

#include "training.h"

enum { ROWS = 12, INPUTS = 6, CLASSES = 4, BATCHES = 7, STEPS = 40 };

static dni_dtype dtype;
static dni_matrix xs[BATCHES], ys[BATCHES];

static void use(int index) {
  dtype = support_dtypes[index];
  for (size_t i = 0; i < BATCHES; i++) {
    xs[i] = matrix_random(dtype, ROWS, INPUTS);
    ys[i] = matrix_one_hot(dtype, ROWS, CLASSES);
  }
}

/* A network under training. */
typedef struct subject {
  dni_network *network;
  dni_trainer *trainer;
} subject;

static dni_trainer_options plan(int32_t schedule, size_t threads) {
  return (dni_trainer_options){.struct_size = sizeof(dni_trainer_options),
                               .max_batch = ROWS,
                               .schedule = schedule,
                               .threads = threads};
}

static subject make_subject(const char *text, dni_trainer_options options) {
  dni_context *context = make_context(dtype, 3);
  subject s = {.network = make_network(context, text)};
  options.optimiser = make_adam(context, 0.01);
  EXPECT_OK(dni_trainer_create(s.network, make_cross_entropy(context), &options, &s.trainer));
  keep(TRAINER, s.trainer);
  return s;
}

static void run_steps(subject s, size_t steps) {
  for (size_t i = 0; i < steps; i++)
    EXPECT_OK(support_step(s.trainer, &xs[i % BATCHES], &ys[i % BATCHES], NULL));
  EXPECT_OK(dni_trainer_flush(s.trainer));
  ck_assert_uint_eq(dni_trainer_step_count(s.trainer), steps);
}

/* One row of lags for each interface between threads. */
static size_t lag_count(subject s, size_t steps) {
  return (dni_trainer_thread_count(s.trainer) - 1) * steps;
}

static void replay(subject s, const uint8_t *lags) {
  EXPECT_OK(dni_trainer_replay(s.trainer, lags, lag_count(s, STEPS), STEPS));
}

static void expect_same(subject a, subject b) {
  EXPECT_SAME_BITS(all_layer_numbers(a.network), all_layer_numbers(b.network));
  EXPECT_SAME_BITS(all_sg_numbers(a.network), all_sg_numbers(b.network));
}

static const char *const decoupled[] = {
    "6 relu9 norm |sg relu8 dense4",
    "6 relu9 norm |sg relu8 |sg1 norm relu7 |sg dense4",
    "6 relu9 |local relu8 norm |sg tanh7 |zero dense4",
    "6 relu9 norm |sg relu8 |fa dense7 |sg2y relu5 norm dense4",
    "6 relu9 |scalar relu8 |delayed norm relu7 dense4",
    "6 gelu9 drop |sg rows leaky8 drop |delayed norm relu7 drop |local dense4",
    "6 relu9 norm |ls relu8 |lsq norm relu7 |lsr dense4",
    "6 relu9 norm |sgq relu8 |lsh relu7 |sgr dense4",
};
enum { DECOUPLED = sizeof decoupled / sizeof decoupled[0] };

/* Timing set. -------------------------------------------------------------------------------- */

/* Nobody runs ahead: the sequential schedule, bit by bit. */
START_TEST(test_no_lag_is_sequential) {
  use(_i % 2);
  const char *text = decoupled[_i / 2];
  static uint8_t lags[4 * STEPS];
  subject alone = make_subject(text, plan(DNI_SCHEDULE_SEQUENTIAL, 1));
  run_steps(alone, STEPS);
  for (size_t threads = 0; threads <= 3; threads++) {
    subject together = make_subject(text, plan(DNI_SCHEDULE_PIPELINED, threads));
    replay(together, lags);
    run_steps(together, STEPS);
    expect_same(alone, together);
  }
}
END_TEST

/* What was recorded is played again, on other trainers, with other timing. */
START_TEST(test_replay) {
  use(_i % 2);
  const char *text = decoupled[_i / 2];
  uint8_t lags[4 * STEPS];
  dni_trainer_options options = plan(DNI_SCHEDULE_PIPELINED, 0);
  options.in_flight = 4;
  subject first = make_subject(text, options);
  EXPECT_OK(dni_trainer_record(first.trainer, lags, lag_count(first, STEPS), STEPS));
  run_steps(first, STEPS);
  for (int round = 0; round < 3; round++) {
    subject second = make_subject(text, options);
    replay(second, lags);
    run_steps(second, STEPS);
    expect_same(first, second);
  }
  /* A made-up timing, played and then seen in the reports. */
  size_t threads = dni_trainer_thread_count(first.trainer);
  for (size_t i = 0; i < (threads - 1) * STEPS; i++)
    lags[i] = (uint8_t)(i % STEPS < 3 ? 0 : 2);
  for (size_t i = 0; i < threads - 1; i++) /* at the end nothing is left to be ahead with */
    lags[i * STEPS + STEPS - 1] = 0, lags[i * STEPS + STEPS - 2] = 1;
  subject third = make_subject(text, options), fourth = make_subject(text, options);
  replay(third, lags);
  run_steps(third, STEPS);
  replay(fourth, lags);
  run_steps(fourth, STEPS);
  expect_same(third, fourth);
}
END_TEST

/* Delayed gradients that are not late are backpropagation. */
START_TEST(test_delayed_is_backpropagation) {
  use(_i);
  static uint8_t lags[2 * STEPS];
  subject backprop =
      make_subject("6 relu9 norm relu8 norm relu7 dense4", plan(DNI_SCHEDULE_SEQUENTIAL, 1));
  run_steps(backprop, STEPS);
  const char *text = "6 relu9 norm |delayed relu8 norm relu7 |delayed dense4";
  subject sequential = make_subject(text, plan(DNI_SCHEDULE_SEQUENTIAL, 1));
  run_steps(sequential, STEPS);
  ck_assert_uint_eq(dni_trainer_module_count(sequential.trainer), 1);
  expect_same(backprop, sequential);
  for (size_t threads = 1; threads <= 3; threads++) {
    subject late = make_subject(text, plan(DNI_SCHEDULE_PIPELINED, threads));
    ck_assert_uint_eq(dni_trainer_module_count(late.trainer), threads);
    replay(late, lags);
    run_steps(late, STEPS);
    expect_same(backprop, late);
  }
}
END_TEST

/* Micro-batches: one is backpropagation; more are, to rounding, without batch normalisation.
 * Dropout draws row by row, so parts drop what the whole batch would. */
START_TEST(test_micro_batches) {
  use(_i % 2);
  const char *text =
      _i < 2 ? "6 relu9 tanh8 relu7 relu7 dense4" : "6 gelu9 drop leaky7 rows dense4";
  subject backprop = make_subject(text, plan(DNI_SCHEDULE_SEQUENTIAL, 1));
  run_steps(backprop, STEPS);
  for (size_t threads = 1; threads <= 5; threads++)
    for (size_t parts = 1; parts <= 5; parts += 2) {
      dni_trainer_options options = plan(DNI_SCHEDULE_MICRO_BATCHES, threads);
      options.micro_batches = parts;
      subject micro = make_subject(text, options);
      ck_assert_uint_eq(dni_trainer_thread_count(micro.trainer), threads);
      run_steps(micro, STEPS);
      double tolerance = parts == 1 ? 0 : support_tolerance(dtype, 2e-2, 1e-9);
      double apart =
          difference(all_layer_numbers(backprop.network), all_layer_numbers(micro.network));
      EXPECT(apart <= tolerance, "%zu threads, %zu parts: %g", threads, parts, apart);
    }
}
END_TEST

/* The loss and accuracy of a cut batch are those of the whole, in the first step. */
START_TEST(test_micro_batch_report) {
  use(_i);
  const char *text = "6 relu9 norm relu8 dense4";
  dni_step_report whole = {.struct_size = sizeof whole}, cut = whole;
  dni_trainer_options options = plan(DNI_SCHEDULE_MICRO_BATCHES, 2);
  options.micro_batches = 1;
  subject one = make_subject(text, options);
  options.micro_batches = 5;
  subject five = make_subject("6 relu9 relu8 dense4", options);
  subject backprop = make_subject("6 relu9 relu8 dense4", plan(DNI_SCHEDULE_SEQUENTIAL, 1));
  EXPECT_OK(support_step(one.trainer, &xs[0], &ys[0], NULL));
  EXPECT_OK(support_step(backprop.trainer, &xs[0], &ys[0], &whole));
  EXPECT_OK(support_step(five.trainer, &xs[0], &ys[0], &cut));
  expect_close(cut.loss, whole.loss, support_tolerance(dtype, 1e-5, 1e-12), "loss");
  expect_close(cut.accuracy, whole.accuracy, 1e-12, "accuracy");
  ck_assert_uint_eq(cut.step, 1);
  ck_assert_int_eq(cut.settled, 1);
}
END_TEST

/* Every batch, once, in order. ----------------------------------------------------------------- */

/* A layer that hands its input on and looks at it: the first element is the batch's number. */
typedef struct witness {
  size_t seen, backward, fail_at; /* SIZE_MAX: never */
  bool out_of_order;
} witness;

/* What a witness that is to fail answers. */
enum { WITNESS_FAILED = 1005 };

static dni_status witness_forward(void *user, const dni_layer_call *call) {
  witness *w = user;
  if (call->mode == DNI_MODE_TRAINING) {
    if (matrix_get(call->x, 0, 0) != (double)w->seen) w->out_of_order = true;
    if (w->seen == w->fail_at) return WITNESS_FAILED;
    w->seen++;
  }
  matrix_copy(call->x, call->y);
  return DNI_OK;
}

static dni_status witness_backward(void *user, const dni_layer_call *call) {
  ((witness *)user)->backward++;
  if (call->dx) matrix_copy(call->dy, call->dx);
  return DNI_OK;
}

static void add_witness(dni_context *context, dni_network *network, witness *w) {
  dni_layer_callbacks callbacks = {.struct_size = sizeof callbacks,
                                   .user = w,
                                   .forward = witness_forward,
                                   .backward = witness_backward};
  dni_layer *layer;
  EXPECT_OK(dni_layer_create_callback(context, CLASSES, CLASSES, &callbacks, &layer));
  EXPECT_OK(dni_network_add(network, layer));
  dni_layer_release(layer);
}

enum { WITNESSES = 4 };

/* Not on a test's stack: threads may still be at work when the test has returned. */
static witness witnesses[WITNESSES];

/* Nothing but witnesses, a synthetic gradient between any two, and a thread for each. */
static dni_trainer *make_witnessed(size_t in_flight) {
  dni_context *context = make_context(dtype, 5);
  dni_network *network;
  EXPECT_OK(dni_network_create(context, &network));
  keep(NETWORK, network);
  for (size_t i = 0; i < WITNESSES; i++) {
    witnesses[i] = (witness){.fail_at = SIZE_MAX};
    add_witness(context, network, &witnesses[i]);
    if (i == 0) continue;
    dni_sg *sg = make_sg(context, CLASSES, CLASSES, CLASSES, "sg");
    EXPECT_OK(dni_network_set_sg(network, i - 1, sg));
    dni_sg_release(sg);
  }
  dni_trainer_options options = plan(DNI_SCHEDULE_PIPELINED, 0);
  options.optimiser = make_adam(context, 0.01);
  options.in_flight = in_flight;
  dni_trainer *trainer;
  EXPECT_OK(dni_trainer_create(network, make_cross_entropy(context), &options, &trainer));
  ck_assert_uint_eq(dni_trainer_thread_count(trainer), WITNESSES);
  return keep(TRAINER, trainer);
}

static dni_status numbered_step(dni_trainer *trainer, dni_matrix *x, size_t number) {
  matrix_fill(x, (double)number);
  return support_step(trainer, x, &ys[0], NULL);
}

START_TEST(test_every_batch_once) {
  use(_i % 2);
  dni_trainer *trainer = make_witnessed((size_t)_i / 2 + 1);
  dni_matrix x = matrix_make(dtype, ROWS, CLASSES);
  for (size_t i = 0; i < 300; i++)
    EXPECT_OK(numbered_step(trainer, &x, i));
  EXPECT_OK(dni_trainer_flush(trainer));
  for (size_t i = 0; i < WITNESSES; i++) {
    ck_assert(!witnesses[i].out_of_order);
    ck_assert_uint_eq(witnesses[i].seen, 300);
    ck_assert_uint_eq(witnesses[i].backward, 300);
    ck_assert_uint_eq(dni_optimiser_step_count(dni_trainer_module_optimiser(trainer, i)), 300);
    if (i + 1 < WITNESSES)
      ck_assert_uint_eq(dni_optimiser_step_count(dni_trainer_sg_optimiser(trainer, i)), 300);
  }
}
END_TEST

/* A failure in any thread: told with step and layer, and training goes on afterwards. */
START_TEST(test_failure) {
  use(0);
  dni_trainer *trainer = make_witnessed(3);
  dni_matrix x = matrix_make(dtype, ROWS, CLASSES);
  size_t failing = (size_t)_i, next = 0;
  witnesses[failing].fail_at = 20;
  dni_status status = DNI_OK;
  while (status == DNI_OK && next < 60)
    status = numbered_step(trainer, &x, next++);
  if (status == DNI_OK) status = dni_trainer_flush(trainer);
  ck_assert_int_eq(status, WITNESS_FAILED);
  char words[40];
  (void)snprintf(words, sizeof words, "step 21: layer %zu", failing);
  EXPECT(strstr(dni_last_message(), words), "%s", dni_last_message());
  ck_assert_uint_le(next, 21 + 3 * (WITNESSES - 1) + 1);
  uint64_t complete = dni_trainer_step_count(trainer);
  ck_assert_uint_le(complete, 20);
  for (size_t i = 0; i < WITNESSES; i++) {
    ck_assert(!witnesses[i].out_of_order);
    ck_assert_uint_ge(witnesses[i].seen, complete);
    witnesses[i] = (witness){.fail_at = SIZE_MAX};
  }
  for (size_t i = 0; i < 50; i++)
    EXPECT_OK(numbered_step(trainer, &x, i));
  EXPECT_OK(dni_trainer_flush(trainer));
  ck_assert_uint_eq(dni_trainer_step_count(trainer), complete + 50);
  for (size_t i = 0; i < WITNESSES; i++)
    ck_assert(!witnesses[i].out_of_order && witnesses[i].seen == 50);
}
END_TEST

/* Numbers that are not finite, found by the top thread. */
START_TEST(test_not_finite) {
  use(_i);
  subject s = make_subject(decoupled[1], plan(DNI_SCHEDULE_PIPELINED, 0));
  run_steps(s, 3);
  dni_matrix bad = matrix_random(dtype, ROWS, INPUTS);
  matrix_set(&bad, 2, 1, (double)NAN);
  dni_status status = support_step(s.trainer, &bad, &ys[0], NULL);
  if (status == DNI_OK) status = dni_trainer_flush(s.trainer);
  ck_assert_int_eq(status, DNI_ERROR_NON_FINITE);
  EXPECT(strstr(dni_last_message(), "step 4: "), "%s", dni_last_message());
}
END_TEST

/* Reports. ------------------------------------------------------------------------------------- */

typedef struct observer {
  dni_network *network;
  dni_trainer *trainer;
  dni_dataset *dataset;
  dni_loss *loss;
  uint64_t last, settled, stop_at, cancel_at;
  size_t most_lag;
  bool wrong;
} observer;

static dni_status observe(void *user, const dni_step_report *report) {
  observer *o = user;
  if (report->step != o->last + 1 || !isfinite(report->loss)) o->wrong = true;
  o->last = report->step;
  for (size_t i = 0; i < report->layer_count; i++) {
    bool learns = i == 1 || i == 2 || i == 4; /* of decoupled[1] */
    if (!isnan(report->sg_mse[i]) != learns || !isnan(report->sg_cosine[i]) != learns)
      o->wrong = true;
    if ((report->target_lag[i] != DNI_NONE) != learns) o->wrong = true;
    if (learns && report->target_lag[i] > o->most_lag) o->most_lag = report->target_lag[i];
  }
  if (report->settled) {
    o->settled++;
    dni_evaluation evaluation = {.struct_size = sizeof evaluation};
    EXPECT_OK(dni_network_evaluate(o->network, o->loss, o->dataset, NULL, &evaluation));
  }
  if (report->step == o->cancel_at) dni_trainer_cancel(o->trainer);
  return report->step == o->stop_at;
}

static dni_dataset *make_data(dni_context *context, dni_matrix *x, dni_matrix *y) {
  dni_dataset *dataset;
  *x = matrix_random(dtype, 5 * ROWS, INPUTS);
  *y = matrix_one_hot(dtype, 5 * ROWS, CLASSES);
  EXPECT_OK(dni_dataset_create_memory(context, x, y, NULL, &dataset));
  return keep(DATASET, dataset);
}

START_TEST(test_fit) {
  use(_i % 2);
  size_t settle_every = _i < 2 ? 10 : 0;
  subject s = make_subject(decoupled[1], plan(DNI_SCHEDULE_PIPELINED, 0));
  dni_matrix x, y;
  dni_context *context = make_context(dtype, 9);
  observer o = {.network = s.network,
                .trainer = s.trainer,
                .dataset = make_data(context, &x, &y),
                .loss = make_cross_entropy(context)};
  dni_fit_options options = {.struct_size = sizeof options,
                             .steps = 45,
                             .callback = observe,
                             .callback_user = &o,
                             .settle_every = settle_every};
  EXPECT_OK(dni_trainer_fit(s.trainer, o.dataset, &options));
  ck_assert(!o.wrong);
  ck_assert_uint_eq(o.last, 45);
  ck_assert_uint_ge(o.settled, settle_every > 0 ? 5 : 45); /* by chance more */
  ck_assert_uint_lt(o.most_lag, 2);
  o.stop_at = 60;
  EXPECT_OK(dni_trainer_fit(s.trainer, o.dataset, &options)); /* stopped by its callback */
  o.last = dni_trainer_step_count(s.trainer);
  ck_assert_uint_ge(o.last, 60);
  ck_assert_uint_le(o.last, 60 + 4 * 2);
  for (size_t m = 0; m < dni_trainer_module_count(s.trainer); m++)
    ck_assert_uint_eq(dni_optimiser_step_count(dni_trainer_module_optimiser(s.trainer, m)), o.last);
  o.stop_at = 0;
  o.cancel_at = o.last + 7;
  EXPECT_MESSAGE(DNI_ERROR_CANCELLED, "cancelled", dni_trainer_fit(s.trainer, o.dataset, &options));
  for (size_t m = 0; m < dni_trainer_module_count(s.trainer); m++)
    ck_assert_uint_eq(dni_optimiser_step_count(dni_trainer_module_optimiser(s.trainer, m)),
                      dni_trainer_step_count(s.trainer));
}
END_TEST

/* What fit reports of each step: loss, accuracy, metric, rate and norm of the gradients. */
static dni_status note(void *user, const dni_step_report *report) {
  append_number(user, report->loss);
  append_number(user, report->accuracy);
  append_number(user, report->metric);
  append_number(user, report->rate);
  append_number(user, report->gradient_norm);
  append_number(user, (double)report->rows);
  append_number(user, (double)report->epoch);
  return DNI_OK;
}

/* The mean of the first output; the batch has targets and no weights. */
static dni_status first_output(void *user, const dni_batch *batch, double *value) {
  (void)user;
  if (batch->weights || batch->y->rows != batch->x->rows) return 1001;
  *value = 0;
  for (size_t r = 0; r < batch->x->rows; r++)
    *value += matrix_get(batch->x, r, 0) / (double)batch->x->rows;
  return DNI_OK;
}

/* The same in every schedule: bit for bit if nobody runs ahead, to rounding if batches are cut. */
START_TEST(test_reports_of_schedules) {
  use(_i);
  static const dni_kind schedules[] = {DNI_SCHEDULE_SEQUENTIAL, DNI_SCHEDULE_PIPELINED,
                                       DNI_SCHEDULE_SEQUENTIAL, DNI_SCHEDULE_MICRO_BATCHES};
  static const uint8_t lags[4 * STEPS];
  static numbers seen[4];
  dni_matrix x, y;
  dni_dataset *dataset = make_data(make_context(dtype, 9), &x, &y);
  dni_metric metric = {.struct_size = sizeof metric, .evaluate = first_output};
  for (size_t i = 0; i < 4; i++) {
    dni_trainer_options options = plan(schedules[i], 0);
    options.metric = &metric;
    options.measure_gradient_norm = 1;
    subject s = make_subject(i < 2 ? decoupled[1] : "6 relu9 rows relu8 dense4", options);
    seen[i].count = 0;
    dni_fit_options fit = {.struct_size = sizeof fit,
                           .steps = STEPS,
                           .callback = note,
                           .callback_user = &seen[i],
                           .has_seed = 1,
                           .seed = 1,
                           .settle_every = STEPS};
    if (i == 1) replay(s, lags);
    EXPECT_OK(dni_trainer_fit(s.trainer, dataset, &fit));
    ck_assert_uint_eq(seen[i].count, 7 * STEPS);
  }
  EXPECT_SAME_BITS(seen[1], seen[0]);
  double apart = difference(seen[2], seen[3]);
  EXPECT(apart <= support_tolerance(dtype, 1e-2, 1e-9), "differ by %g", apart);
}
END_TEST

/* The sequential schedule can be cancelled too. */
START_TEST(test_cancel_alone) {
  use(0);
  subject s = make_subject(decoupled[0], plan(DNI_SCHEDULE_SEQUENTIAL, 0));
  dni_matrix x, y;
  dni_context *context = make_context(dtype, 9);
  observer o = {.network = s.network,
                .trainer = s.trainer,
                .dataset = make_data(context, &x, &y),
                .loss = make_cross_entropy(context),
                .cancel_at = 4};
  dni_fit_options options = {
      .struct_size = sizeof options, .steps = 45, .callback = observe, .callback_user = &o};
  EXPECT_STATUS(DNI_ERROR_CANCELLED, dni_trainer_fit(s.trainer, o.dataset, &options));
  ck_assert_uint_eq(dni_trainer_step_count(s.trainer), 4);
  ck_assert_uint_eq(o.settled, 4);
  dni_trainer_cancel(s.trainer); /* none is under way: it is remembered, once */
  o.cancel_at = 0;
  EXPECT_STATUS(DNI_ERROR_CANCELLED, dni_trainer_fit(s.trainer, o.dataset, &options));
  ck_assert_uint_eq(dni_trainer_step_count(s.trainer), 4);
  EXPECT_OK(dni_trainer_fit(s.trainer, o.dataset, &options));
  dni_trainer_cancel(NULL);
}
END_TEST

/* Any moment. ---------------------------------------------------------------------------------- */

typedef struct canceller {
  dni_trainer *trainer;
  long nanoseconds;
} canceller;

static void *cancel_later(void *argument) {
  const canceller *c = argument;
  struct timespec pause = {0, c->nanoseconds};
  nanosleep(&pause, NULL);
  dni_trainer_cancel(c->trainer);
  return NULL;
}

static void fit_until_cancelled(dni_trainer *trainer) {
  dni_matrix x = matrix_filled(dtype, 5 * ROWS, CLASSES, 0),
             y = matrix_one_hot(dtype, 5 * ROWS, CLASSES);
  dni_dataset *dataset;
  EXPECT_OK(dni_dataset_create_memory(make_context(dtype, 1), &x, &y, NULL, &dataset));
  dni_fit_options options = {.struct_size = sizeof options, .steps = 5000};
  canceller c = {trainer, (long)(support_random() % 3000000)};
  pthread_t thread;
  ck_assert_int_eq(pthread_create(&thread, NULL, cancel_later, &c), 0);
  /* It may be over before it is cancelled. */
  dni_status status = dni_trainer_fit(trainer, dataset, &options);
  EXPECT(status == DNI_ERROR_CANCELLED || status == DNI_OK, "%s", dni_last_message());
  pthread_join(thread, NULL);
  dni_dataset_release(dataset);
  for (size_t i = 0; i < WITNESSES; i++)
    ck_assert_uint_eq(dni_optimiser_step_count(dni_trainer_module_optimiser(trainer, i)),
                      dni_trainer_step_count(trainer));
}

/* One start of a trainer, some steps, and an end: released in flight, flushed, failed, cancelled.
 * */
START_TEST(test_any_moment) {
  use(0);
  dni_trainer *trainer = make_witnessed(1 + support_random() % 4);
  for (int round = 0; round < _i; round++)
    (void)support_random(); /* each round its own numbers */
  dni_matrix x = matrix_make(dtype, ROWS, CLASSES);
  size_t steps = support_below(30), end = support_below(4);
  if (end == 3) {
    fit_until_cancelled(trainer);
    return;
  }
  if (end == 2) witnesses[support_random() % WITNESSES].fail_at = steps / 2;
  dni_status status = DNI_OK;
  for (size_t i = 0; i < steps && status == DNI_OK; i++)
    status = numbered_step(trainer, &x, i);
  if (end == 0) return; /* whatever is in flight is dropped by the release */
  if (status == DNI_OK) status = dni_trainer_flush(trainer);
  dni_status expected = end == 2 && steps > 0 ? WITNESS_FAILED : DNI_OK;
  EXPECT(status == expected, "%s: %s", dni_status_name(status), dni_last_message());
  if (status == DNI_OK) ck_assert_uint_eq(dni_trainer_step_count(trainer), steps);
  for (size_t i = 0; i < WITNESSES; i++)
    ck_assert(!witnesses[i].out_of_order && (status != DNI_OK || witnesses[i].seen == steps));
}
END_TEST

/* Making one. ---------------------------------------------------------------------------------- */

static dni_status try_create(const char *text, dni_trainer_options options) {
  dni_context *context = make_context(dtype, 3);
  options.optimiser = make_adam(context, 0.01);
  dni_trainer *trainer = NULL;
  dni_network *network = make_network(context, text);
  dni_loss *loss = make_cross_entropy(context);
  dni_status status = dni_trainer_create(network, loss, &options, &trainer);
  dni_trainer_release(trainer);
  return status;
}

START_TEST(test_refusals) {
  use(0);
  dni_trainer_options options = plan(DNI_SCHEDULE_PIPELINED, 0);
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, try_create("6 relu9 |dfa dense4", options));
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, try_create("6 relu9 |critic dense4", options));
  options.in_flight = 256;
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "256", try_create(decoupled[0], options));
  options = plan(DNI_SCHEDULE_PIPELINED, 0);
  options.trained_modules = 1;
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, try_create(decoupled[0], options));
  options = plan(DNI_SCHEDULE_SEQUENTIAL, 2);
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "threads is 2", try_create(decoupled[0], options));
  options = plan(DNI_SCHEDULE_MICRO_BATCHES, 0);
  EXPECT_OK(try_create("6 relu9 dense4", options)); /* two */
  options.threads = 3;
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "2 layers", try_create("6 relu9 dense4", options));
  options.threads = 2;
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, try_create("6 relu9 |sg dense4", options));
  options.micro_batches = 1000;
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "1000", try_create("6 relu9 dense4", options));
  options = plan(DNI_SCHEDULE_SEQUENTIAL, 1);
  options.trained_modules = 3;
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "2 modules", try_create(decoupled[0], options));
}
END_TEST

START_TEST(test_lag_refusals) {
  use(0);
  uint8_t lags[9] = {0};
  subject s = make_subject(decoupled[0], plan(DNI_SCHEDULE_PIPELINED, 0));
  EXPECT_ARGUMENT(dni_trainer_record(NULL, lags, 8, 8));
  EXPECT_ARGUMENT(dni_trainer_replay(NULL, lags, 8, 8));
  EXPECT_ARGUMENT(dni_trainer_record(s.trainer, lags, 0, 0));
  EXPECT_ARGUMENT(dni_trainer_replay(s.trainer, lags, 0, 0));
  for (size_t count = 0; count < 10; count++)
    if (count != 8) {
      EXPECT_ARGUMENT(dni_trainer_record(s.trainer, lags, count, 8));
      EXPECT_ARGUMENT(dni_trainer_replay(s.trainer, lags, count, 8));
    }
  EXPECT_ARGUMENT(dni_trainer_flush(NULL));
  EXPECT_OK(dni_trainer_record(s.trainer, lags, 8, 8));
  EXPECT_OK(dni_trainer_record(s.trainer, NULL, 0, 0));
  run_steps(s, 3);
  size_t thread = 99;
  ck_assert_uint_eq(dni_trainer_thread_count(NULL), 0);
  EXPECT_ARGUMENT(dni_trainer_module_thread(NULL, 0, &thread));
  EXPECT_ARGUMENT(dni_trainer_module_thread(s.trainer, 9, &thread));
  ck_assert_uint_eq(thread, 99);
  EXPECT_OK(dni_trainer_module_thread(s.trainer, 1, &thread));
  ck_assert_uint_eq(thread, 1);
}
END_TEST

/* Every allocation of a trainer with threads may fail, and then nothing stays allocated. Layers and
 * SGs keep their workspace, so they have it before. */
START_TEST(test_no_memory) {
  use(0);
  dni_context *context = make_context(dtype, 3);
  dni_network *network = make_network(context, decoupled[3]);
  dni_loss *loss = make_cross_entropy(context);
  dni_trainer_options options = plan(DNI_SCHEDULE_PIPELINED, 2);
  options.optimiser = make_adam(context, 0.01);
  for (size_t i = 0; i < dni_network_layer_count(network); i++) {
    EXPECT_OK(dni_layer_reserve(dni_network_layer(network, i), ROWS));
    if (sg_after(network, i)) EXPECT_OK(dni_sg_reserve(sg_after(network, i), ROWS));
  }
  size_t before = support_watched.bytes, failures = 0;
  dni_status status = DNI_ERROR_MEMORY;
  for (; status != DNI_OK; failures += status != DNI_OK) {
    dni_trainer *trainer = NULL;
    support_watched.fail_after = failures;
    status = dni_trainer_create(network, loss, &options, &trainer);
    support_watched.fail_after = SIZE_MAX;
    EXPECT(status == DNI_OK || status == DNI_ERROR_MEMORY, "%s", dni_last_message());
    dni_trainer_release(trainer);
    ck_assert_uint_eq(support_watched.bytes, before);
  }
  ck_assert_uint_gt(failures, 30);
}
END_TEST

/* Frozen above: nothing moves there, nothing is stored there, whatever the SGs wait for. */
START_TEST(test_trained_modules) {
  static const char *const texts[] = {
      "6 relu9 norm |sg relu80 relu80 relu80 relu80 relu80 relu80 dense4",
      "6 relu9 norm |dfa relu80 relu80 relu80 |dfa relu80 relu80 relu80 dense4",
      "6 relu9 norm |critic relu80 relu80 relu80 |critic relu80 relu80 relu80 dense4"};
  use(_i % 2);
  dni_trainer_options options = plan(_i < 6 ? DNI_SCHEDULE_SEQUENTIAL : DNI_SCHEDULE_RANDOM, 0);
  options.update_probability = 0.5;
  subject whole = make_subject(texts[_i / 2 % 3], options);
  options.trained_modules = 1;
  subject part = make_subject(texts[_i / 2 % 3], options);
  numbers above = layer_numbers(part.network, 8, 1, true), sg = sg_numbers(part.network, 4);
  numbers below = layer_numbers(part.network, 0, 2, true);
  run_steps(part, 5);
  EXPECT_SAME_BITS(layer_numbers(part.network, 8, 1, true), above);
  EXPECT_SAME_BITS(sg_numbers(part.network, 4), sg);
  ck_assert(!same_bits(layer_numbers(part.network, 0, 2, true), below));
  dni_memory_report all = {.struct_size = sizeof all}, less = all;
  EXPECT_OK(dni_trainer_memory(whole.trainer, &all));
  EXPECT_OK(dni_trainer_memory(part.trainer, &less));
  ck_assert_uint_lt(2 * less.activation_bytes, all.activation_bytes);
  ck_assert_ptr_null(dni_trainer_module_optimiser(part.trainer, 1));
}
END_TEST

/* Which thread a layer is in. ------------------------------------------------------------------ */

static size_t thread_of(dni_trainer *trainer, size_t layer) {
  size_t module, thread;
  EXPECT_OK(dni_trainer_layer_module(trainer, layer, &module));
  EXPECT_OK(dni_trainer_module_thread(trainer, module, &thread));
  return thread;
}

/* Threads given by hand: of modules, and with micro-batches of any layers. */
START_TEST(test_layer_threads) {
  static const size_t modules[] = {0, 0, 0, 1, 1, 1, 2}, layers[] = {0, 1, 1, 1};
  use(_i);
  const char *text = "6 relu9 norm |sg relu8 |sg1 norm relu7 norm |sg dense4";
  dni_trainer_options options = plan(DNI_SCHEDULE_PIPELINED, 0);
  static uint8_t lags[2 * STEPS];
  size_t own[7];
  memcpy(own, modules, sizeof own);
  options.layer_thread = own;
  options.layer_thread_count = 7;
  subject alone = make_subject(text, plan(DNI_SCHEDULE_SEQUENTIAL, 1));
  subject dealt = make_subject(text, options);
  memset(own, 0, sizeof own); /* it was copied */
  ck_assert_uint_eq(dni_trainer_thread_count(dealt.trainer), 3);
  ck_assert_uint_eq(dni_trainer_module_count(dealt.trainer), 4);
  for (size_t i = 0; i < 7; i++)
    ck_assert_uint_eq(thread_of(dealt.trainer, i), modules[i]);
  replay(dealt, lags);
  run_steps(alone, STEPS);
  run_steps(dealt, STEPS);
  expect_same(alone, dealt);
  options = plan(DNI_SCHEDULE_MICRO_BATCHES, 4); /* the table replaces the number */
  options.layer_thread = layers;
  options.layer_thread_count = 4;
  subject micro = make_subject("6 relu9 norm relu8 dense4", options);
  ck_assert_uint_eq(dni_trainer_thread_count(micro.trainer), 2);
  for (size_t i = 0; i < 4; i++)
    ck_assert_uint_eq(thread_of(micro.trainer, i), layers[i]);
  run_steps(micro, 3);
}
END_TEST

START_TEST(test_layer_threads_refused) {
  static const size_t tables[][4] = {{1, 1, 1, 1},  /* does not start at 0 */
                                     {0, 0, 2, 2},  /* rises by 2 */
                                     {0, 0, 1, 0},  /* falls */
                                     {0, 1, 1, 1}}; /* inside a module */
  use(0);
  for (size_t i = 0; i < 4; i++) {
    dni_trainer_options options = plan(DNI_SCHEDULE_PIPELINED, 0);
    options.layer_thread = tables[i];
    options.layer_thread_count = 4;
    EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "layer_thread",
                   try_create("6 relu9 norm |sg relu8 dense4", options));
  }
  static const size_t good[] = {0, 0, 1, 1};
  dni_trainer_options options = plan(DNI_SCHEDULE_PIPELINED, 0);
  options.layer_thread = good;
  options.layer_thread_count = 3;
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "layer_thread",
                 try_create("6 relu9 norm |sg relu8 dense4", options));
  options.layer_thread_count = 4;
  EXPECT_OK(try_create("6 relu9 norm |sg relu8 dense4", options));
  options.layer_thread_count = 0;
  EXPECT_ARGUMENT(try_create("6 relu9 norm |sg relu8 dense4", options));
  options = plan(DNI_SCHEDULE_PIPELINED, 0);
  options.balance = 2;
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "balance",
                 try_create("6 relu9 norm |sg relu8 dense4", options));
}
END_TEST

/* Counted costs deal the same way every time; measured ones deal somehow, and training works. */
START_TEST(test_balances) {
  use(_i);
  const char *text = "6 relu9 |sg relu8 |sg relu90 |sg relu90 |sg relu8 |sg dense4";
  dni_trainer_options options = plan(DNI_SCHEDULE_PIPELINED, 3);
  subject first = make_subject(text, options), second = make_subject(text, options);
  for (size_t i = 0; i < 6; i++)
    ck_assert_uint_eq(thread_of(first.trainer, i), thread_of(second.trainer, i));
  options.balance = DNI_BALANCE_MEASURED;
  subject measured = make_subject(text, options);
  ck_assert_uint_eq(dni_trainer_thread_count(measured.trainer), 3);
  run_steps(measured, 3);
}
END_TEST

/* Measuring and balancing. --------------------------------------------------------------------- */

START_TEST(test_measure) {
  use(_i);
  dni_context *context = make_context(dtype, 3);
  dni_network *network = make_network(context, "6 relu20 norm |sg relu8 |local relu7 |dfa dense4");
  numbers before = all_layer_numbers(network), sgs = all_sg_numbers(network);
  double seconds[5] = {-1, -1, -1, -1, -1}, sg_seconds[5] = {-1, -1, -1, -1, -1};
  EXPECT_OK(dni_network_measure(network, 64, make_adam(context, 0.1), seconds, sg_seconds, 5));
  for (size_t i = 0; i < 5; i++)
    ck_assert_double_gt(seconds[i], 0);
  ck_assert_double_gt(sg_seconds[1], 0);
  ck_assert_double_gt(sg_seconds[2], 0);
  ck_assert_double_eq(sg_seconds[0], 0);
  ck_assert_double_eq(sg_seconds[3], 0); /* it needs an error signal */
  EXPECT_SAME_BITS(all_layer_numbers(network), before);
  EXPECT_SAME_BITS(all_sg_numbers(network), sgs);
  EXPECT_OK(dni_network_measure(network, 64, NULL, seconds, NULL, 5));
  double untouched[5] = {-7, -7, -7, -7, -7};
  EXPECT_ARGUMENT(dni_network_measure(NULL, 64, NULL, untouched, NULL, 5));
  EXPECT_ARGUMENT(dni_network_measure(network, 0, NULL, untouched, NULL, 5));
  EXPECT_ARGUMENT(dni_network_measure(network, 64, NULL, NULL, NULL, 5));
  EXPECT_ARGUMENT(dni_network_measure(network, 64, NULL, untouched, NULL, 4));
  EXPECT_ARGUMENT(dni_network_measure(network, 64, NULL, untouched, NULL, 6));
  EXPECT_STATUS(DNI_ERROR_STATE,
                dni_network_measure(make_network(context, "6"), 64, NULL, untouched, NULL, 0));
  for (size_t i = 0; i < 5; i++)
    ck_assert_double_eq(untouched[i], -7);
}
END_TEST

static dni_status refuse_sg(void *user, const dni_sg_call *call) {
  (void)user, (void)call;
  return 1001;
}

/* Two trainings of the same seed, one of them measured now and then: dropout's streams, counts of
 * lessons and the context's own stream stay where they are. What is the caller's is not called. */
START_TEST(test_measuring_changes_nothing) {
  use(_i);
  numbers results[2];
  for (size_t measured = 0; measured < 2; measured++) {
    dni_context *context = make_context(dtype, 3);
    dni_network *network = make_network(context, "6 relu9 norm");
    dni_layer *dropout, *top, *later;
    dni_sg *warm, *mixture,
        *inner[] = {make_sg(context, 9, 4, 0, "sg"), make_sg(context, 9, 4, 0, "sg1")};
    EXPECT_OK(dni_layer_create_dropout(context, 9, 0.5, NULL, &dropout));
    EXPECT_OK(dni_network_add(network, keep(LAYER, dropout)));
    top = keep(LAYER, make_layer(context, 9, "dense4"));
    EXPECT_OK(dni_network_add(network, top));
    EXPECT_OK(dni_sg_create_warm_up(context, keep(ESTIMATOR, inner[0]), 12, &warm));
    EXPECT_OK(dni_sg_create_mixture(context, keep(ESTIMATOR, inner[1]), 1, &mixture));
    uint64_t boundaries[] = {2, 20};
    double lambdas[] = {1, 0};
    dni_schedule schedule = {.struct_size = sizeof schedule,
                             .kind = DNI_RATE_LINES,
                             .boundaries = boundaries,
                             .values = lambdas,
                             .count = 2};
    EXPECT_OK(dni_sg_set_schedule(mixture, &schedule));
    EXPECT_OK(dni_network_set_sg(network, 1, keep(ESTIMATOR, warm)));
    EXPECT_OK(dni_network_set_sg(network, 2, keep(ESTIMATOR, mixture)));
    dni_trainer *trainer = make_trainer(context, network, make_adam(context, 0.01), NULL, ROWS, 0);
    for (size_t i = 0; i < STEPS; i++) {
      double seconds[4], sg_seconds[4];
      if (measured && i % 7 == 0)
        EXPECT_OK(dni_network_measure(network, 5, make_sgd(context, 1), seconds, sg_seconds, 4));
      EXPECT_OK(support_step(trainer, &xs[i % BATCHES], &ys[i % BATCHES], NULL));
    }
    results[measured] = all_layer_numbers(network);
    append_numbers(&results[measured], all_sg_numbers(network));
    later = keep(LAYER, make_layer(context, 5, "relu3"));
    dni_matrix weight;
    EXPECT_OK(dni_layer_parameter(later, 0, &weight, NULL));
    append(&results[measured], &weight);
  }
  EXPECT_SAME_BITS(results[0], results[1]);
}
END_TEST

START_TEST(test_measure_of_the_callers_own) {
  use(_i);
  dni_context *context = make_context(dtype, 3);
  dni_network *network;
  witness own = {.fail_at = 0};
  dni_sg_callbacks callbacks = {.struct_size = sizeof callbacks, .estimate = refuse_sg};
  dni_sg *sg;
  EXPECT_OK(dni_network_create(context, &network));
  keep(NETWORK, network);
  add_witness(context, network, &own);
  dni_layer *dense = keep(LAYER, make_layer(context, CLASSES, "dense4"));
  EXPECT_OK(dni_network_add(network, dense));
  EXPECT_OK(dni_sg_create_callback(context, CLASSES, CLASSES, 0, &callbacks, &sg));
  EXPECT_OK(dni_network_set_sg(network, 0, keep(ESTIMATOR, sg)));
  double seconds[2], sg_seconds[2];
  EXPECT_OK(dni_network_measure(network, 16, NULL, seconds, sg_seconds, 2));
  ck_assert_double_nan(seconds[0]);
  ck_assert_double_gt(seconds[1], 0);
  ck_assert_double_nan(sg_seconds[0]);
  ck_assert_double_eq(sg_seconds[1], 0);
  ck_assert_uint_eq(own.seen + own.backward, 0);
}
END_TEST

/* The largest sum of any cutting, by trying all. */
static double best(const double *costs, size_t count, size_t parts, double cut_cost) {
  double least = INFINITY, sum = parts > 1 ? cut_cost : 0;
  if (parts == 1) {
    for (size_t i = 0; i < count; i++)
      sum += costs[i];
    return sum;
  }
  for (size_t first = 1; first + parts - 1 <= count; first++) {
    sum += costs[first - 1];
    least = fmin(least, fmax(sum, best(costs + first, count - first, parts - 1, cut_cost)));
  }
  return least;
}

START_TEST(test_balance) {
  for (int round = 0; round < 500; round++) {
    double costs[8], cut_cost = round % 3 * support_uniform(0, 1), most = 0;
    size_t count = 1 + support_below(8), parts = 1 + support_below(count), counts[8], i = 0;
    for (size_t k = 0; k < count; k++)
      costs[k] = support_random() % 4 == 0 ? 0 : support_uniform(0, 3);
    EXPECT_OK(dni_costs_balance(costs, count, parts, cut_cost, counts));
    for (size_t p = 0; p < parts; p++) {
      double sum = p + 1 < parts ? cut_cost : 0;
      ck_assert_uint_ge(counts[p], 1);
      for (size_t k = 0; k < counts[p]; k++)
        sum += costs[i++];
      most = fmax(most, sum);
    }
    ck_assert_uint_eq(i, count);
    expect_close(most, best(costs, count, parts, cut_cost), 1e-8, "largest sum");
  }
  size_t counts[3];
  EXPECT_ARGUMENT(dni_costs_balance(NULL, 3, 2, 0, counts));
  EXPECT_ARGUMENT(dni_costs_balance((double[]){1, 1, 1}, 3, 2, 0, NULL));
  EXPECT_ARGUMENT(dni_costs_balance((double[]){1, 1, 1}, 3, 0, 0, counts));
  EXPECT_ARGUMENT(dni_costs_balance((double[]){1, 1, 1}, 3, 4, 0, counts));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "costs[1]",
                 dni_costs_balance((double[]){1, -1, 1}, 3, 2, 0, counts));
  EXPECT_ARGUMENT(dni_costs_balance((double[]){1, (double)NAN, 1}, 3, 2, 0, counts));
  EXPECT_ARGUMENT(dni_costs_balance((double[]){1, 1, 1}, 3, 2, INFINITY, counts));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("pipelined");
  TCase *timing = add_group(suite, "timing");
  tcase_add_loop_test(timing, test_no_lag_is_sequential, 0, 2 * DECOUPLED);
  tcase_add_loop_test(timing, test_replay, 0, 2 * DECOUPLED);
  tcase_add_loop_test(timing, test_delayed_is_backpropagation, 0, 2);
  tcase_add_loop_test(timing, test_micro_batches, 0, 4);
  tcase_add_loop_test(timing, test_micro_batch_report, 0, 2);
  TCase *order = add_group(suite, "order");
  tcase_add_loop_test(order, test_every_batch_once, 0, 6);
  tcase_add_loop_test(order, test_failure, 0, WITNESSES);
  tcase_add_loop_test(order, test_not_finite, 0, 2);
  TCase *fitting = add_group(suite, "fit");
  tcase_add_loop_test(fitting, test_fit, 0, 4);
  tcase_add_loop_test(fitting, test_reports_of_schedules, 0, 2);
  tcase_add_test(fitting, test_cancel_alone);
  tcase_add_loop_test(fitting, test_any_moment, 0, 100);
  TCase *making = add_group(suite, "making");
  tcase_add_test(making, test_refusals);
  tcase_add_test(making, test_lag_refusals);
  tcase_add_test(making, test_no_memory);
  tcase_add_loop_test(making, test_trained_modules, 0, 12);
  tcase_add_loop_test(making, test_layer_threads, 0, 2);
  tcase_add_test(making, test_layer_threads_refused);
  tcase_add_loop_test(making, test_balances, 0, 2);
  tcase_add_loop_test(making, test_measure, 0, 2);
  tcase_add_loop_test(making, test_measuring_changes_nothing, 0, 2);
  tcase_add_loop_test(making, test_measure_of_the_callers_own, 0, 2);
  tcase_add_test(making, test_balance);
  return support_run(suite);
}

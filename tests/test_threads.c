/* Threads: trainers that share a context compute what they compute alone, one handle may be retained
 * and released from anywhere, and no thread of a trainer reads what another one writes, also when a
 * step fails. To be run under ThreadSanitizer. */
#include <pthread.h>

#include "training.h"

enum { ROWS = 16, INPUTS = 6, CLASSES = 4, THREADS = 5, STEPS = 60 };

static const char *const texts[THREADS] = {
    "6 relu9 norm |sg relu8 norm |sg1 dense4", "6 relu9 norm relu8 norm dense4",
    "6 relu9 |dfa tanh8 |dfa dense4", "6 relu9 |lsq relu8 |ls relu7 |sgr dense4",
    "6 relu9 |sg relu8 |fa tanh7 norm |sg2 dense4"};

/* What one thread works on. */
typedef struct job {
  dni_network *network;
  dni_trainer *trainer;
  dni_dataset *dataset;
  dni_loss *loss;
  dni_evaluation evaluation;
  dni_status status;
} job;

static void *work(void *argument) {
  job *mine = argument;
  dni_fit_options options = {.struct_size = sizeof options, .steps = STEPS};
  mine->evaluation.struct_size = sizeof mine->evaluation;
  mine->status = dni_trainer_fit(mine->trainer, mine->dataset, &options);
  if (mine->status == DNI_OK)
    mine->status =
        dni_network_evaluate(mine->network, mine->loss, mine->dataset, NULL, &mine->evaluation);
  return NULL;
}

/* Four trainers on one context, one backend and one loss, fitted one after the other or at once. */
static void fit_all(job jobs[THREADS], int index, bool at_once) {
  dni_backend *backend = index < 2 ? NULL : keep(BACKEND, support_cblas());
  dni_context *context = make_backend_context(support_dtypes[index % 2], 31, backend);
  dni_dtype dtype = support_dtypes[index % 2];
  dni_loss *loss = make_cross_entropy(context);
  pthread_t threads[THREADS];
  for (size_t t = 0; t < THREADS; t++) {
    dni_matrix x = matrix_filled(dtype, 100, INPUTS, 0), y = matrix_filled(dtype, 100, CLASSES, 0);
    for (size_t r = 0; r < 100; r++) {
      for (size_t c = 0; c < INPUTS; c++)
        matrix_set(&x, r, c, sin((double)(r * INPUTS + c + t)));
      matrix_set(&y, r, r * 7 % 5 % CLASSES, 1);
    }
    jobs[t] = (job){.network = make_network(context, texts[t]), .loss = loss};
    jobs[t].trainer = make_trainer(context, jobs[t].network, make_adam(context, 0.01),
                                   make_adam(context, 0.01), ROWS, t == 0 ? 0.5 : 0);
    EXPECT_OK(dni_dataset_create_memory(context, &x, &y, NULL, &jobs[t].dataset));
    keep(DATASET, jobs[t].dataset);
  }
  for (size_t t = 0; t < THREADS; t++)
    if (at_once)
      ck_assert_int_eq(pthread_create(&threads[t], NULL, work, &jobs[t]), 0);
    else
      work(&jobs[t]);
  for (size_t t = 0; t < THREADS && at_once; t++)
    ck_assert_int_eq(pthread_join(threads[t], NULL), 0);
}

START_TEST(test_trainers_at_once) {
  job alone[THREADS], at_once[THREADS];
  fit_all(alone, _i, false);
  fit_all(at_once, _i, true);
  for (size_t t = 0; t < THREADS; t++) {
    ck_assert_int_eq(alone[t].status, DNI_OK);
    ck_assert_int_eq(at_once[t].status, DNI_OK);
    EXPECT_SAME_BITS(all_layer_numbers(at_once[t].network), all_layer_numbers(alone[t].network));
    EXPECT_SAME_BITS(all_sg_numbers(at_once[t].network), all_sg_numbers(alone[t].network));
    ck_assert_double_eq(at_once[t].evaluation.loss, alone[t].evaluation.loss);
  }
}
END_TEST

/* References. ---------------------------------------------------------------------------------- */

/* One of each kind; each thread owns one reference to each at first. */
typedef struct handles {
  dni_context *context;
  dni_backend *backend;
  dni_layer *layer;
  dni_loss *loss;
  dni_sg *sg;
  dni_optimiser *optimiser;
  dni_network *network;
  dni_trainer *trainer;
  dni_dataset *dataset;
  dni_state *state;
  dni_predictor *predictor;
  dni_order *order;
} handles;

static void retain_all(handles *h) {
  dni_context_retain(h->context);
  dni_backend_retain(h->backend);
  dni_layer_retain(h->layer);
  dni_loss_retain(h->loss);
  dni_sg_retain(h->sg);
  dni_optimiser_retain(h->optimiser);
  dni_network_retain(h->network);
  dni_trainer_retain(h->trainer);
  dni_dataset_retain(h->dataset);
  dni_state_retain(h->state);
  dni_predictor_retain(h->predictor);
  dni_order_retain(h->order);
}

/* In this order the context and the parts go before what keeps them. */
static void give_back_all(handles *h) {
  dni_context_release(h->context);
  dni_backend_release(h->backend);
  dni_layer_release(h->layer);
  dni_loss_release(h->loss);
  dni_sg_release(h->sg);
  dni_optimiser_release(h->optimiser);
  dni_network_release(h->network);
  dni_trainer_release(h->trainer);
  dni_dataset_release(h->dataset);
  dni_state_release(h->state);
  dni_predictor_release(h->predictor);
  dni_order_release(h->order);
}

static void *take_and_give_back(void *argument) {
  for (size_t i = 0; i < 2000; i++) {
    retain_all(argument);
    give_back_all(argument);
  }
  give_back_all(argument); /* the last thread to come here frees everything */
  return NULL;
}

START_TEST(test_references_from_many_threads) {
  handles h;
  pthread_t threads[THREADS];
  dni_context_options options = {
      .struct_size = sizeof options, .dtype = support_dtypes[_i], .allocator = &support_allocator};
  dni_backend_options backend_options = {.struct_size = sizeof backend_options,
                                         .allocator = &support_allocator};
  EXPECT_OK(dni_context_create(&options, &h.context));
  EXPECT_OK(dni_backend_create_builtin(&backend_options, &h.backend));
  h.layer = make_layer(h.context, INPUTS, "relu9");
  h.sg = make_sg(h.context, 9, CLASSES, CLASSES, "sg1");
  EXPECT_OK(dni_loss_create_squared_error(h.context, &h.loss));
  EXPECT_OK(dni_optimiser_create_adam(h.context, 0.1, &h.optimiser));
  EXPECT_OK(dni_optimiser_add_layer(h.optimiser, h.layer));
  EXPECT_OK(dni_network_create(h.context, &h.network));
  dni_layer *top = make_layer(h.context, 9, "dense4");
  EXPECT_OK(dni_network_add(h.network, h.layer));
  EXPECT_OK(dni_network_add(h.network, top));
  dni_layer_release(top);
  EXPECT_OK(dni_network_set_sg(h.network, 0, h.sg));
  dni_trainer_options plan = {
      .struct_size = sizeof plan, .max_batch = ROWS, .optimiser = h.optimiser};
  EXPECT_OK(dni_trainer_create(h.network, h.loss, &plan, &h.trainer));
  EXPECT_OK(
      dni_dataset_create_artificial(h.context, DNI_ARTIFICIAL_RANDOM, 2, 10, 2, NULL, &h.dataset));
  EXPECT_OK(dni_state_create(h.layer, ROWS, &h.state));
  EXPECT_OK(dni_predictor_create(h.network, ROWS, &h.predictor));
  EXPECT_OK(dni_order_create(h.dataset, NULL, &h.order));
  for (size_t t = 1; t < THREADS; t++)
    retain_all(&h);
  for (size_t t = 0; t < THREADS; t++)
    ck_assert_int_eq(pthread_create(&threads[t], NULL, take_and_give_back, &h), 0);
  for (size_t t = 0; t < THREADS; t++)
    ck_assert_int_eq(pthread_join(threads[t], NULL), 0);
  ck_assert_uint_eq(support_watched.blocks, 0);
}
END_TEST

/* Messages are each thread's own. */
static void *fail_often(void *argument) {
  size_t columns = *(size_t *)argument;
  dni_backend *backend = NULL;
  dni_matrix a = {.data = &columns, .rows = 1, .columns = columns, .stride = columns};
  char word[32];
  (void)snprintf(word, sizeof word, "%zu", columns);
  bool right = true;
  dni_context_options options = {.struct_size = columns};
  dni_context *context;
  for (size_t i = 0; i < 500; i++) {
    right = right && dni_context_create(&options, &context) == DNI_ERROR_ARGUMENT &&
            strstr(dni_last_message(), word);
    right = right && dni_backend_gemm(backend, 0, 0, 1, &a, &a, 0, &a) == DNI_ERROR_ARGUMENT &&
            !strstr(dni_last_message(), word);
  }
  if (!right) *(size_t *)argument = 0;
  return NULL;
}

START_TEST(test_messages_of_threads) {
  size_t sizes[THREADS] = {1, 2, 3, 5, 7};
  pthread_t threads[THREADS];
  for (size_t t = 0; t < THREADS; t++)
    ck_assert_int_eq(pthread_create(&threads[t], NULL, fail_often, &sizes[t]), 0);
  for (size_t t = 0; t < THREADS; t++)
    ck_assert_int_eq(pthread_join(threads[t], NULL), 0);
  for (size_t t = 0; t < THREADS; t++)
    ck_assert_uint_ne(sizes[t], 0);
}
END_TEST

/* Inside one trainer. --------------------------------------------------------------------------- */

/* A trainer with threads for the network `text`, whose loss takes any y. */
static dni_trainer *make_threaded(dni_network *network, dni_context *context, dni_kind schedule,
                                  const dni_metric *metric) {
  dni_loss *loss;
  dni_trainer *trainer;
  dni_trainer_options options = {.struct_size = sizeof options,
                                 .max_batch = ROWS,
                                 .schedule = schedule,
                                 .in_flight = schedule == DNI_SCHEDULE_PIPELINED ? 8 : 0,
                                 .metric = metric};
  EXPECT_OK(dni_loss_create_squared_error(context, &loss));
  EXPECT_OK(dni_trainer_create(network, keep(LOSS, loss), &options, &trainer));
  return keep(TRAINER, trainer);
}

static dni_matrix small_batch(dni_dtype dtype, size_t columns) {
  return matrix_filled(dtype, ROWS, columns, 0.5);
}

/* Which parameter made a loss infinite or NaN is said after all threads have come to rest: they were
 * still writing parameters when the highest one saw the loss. */
START_TEST(test_loss_that_is_not_finite) {
  dni_dtype dtype = support_dtypes[_i % 2];
  dni_context *context = make_context(dtype, 3);
  dni_kind schedule = _i < 2 ? DNI_SCHEDULE_PIPELINED : DNI_SCHEDULE_MICRO_BATCHES;
  dni_network *network = make_network(context, _i < 2 ? "6 tanh40 |sgh dense4" : "6 tanh40 dense4");
  dni_trainer *trainer = make_threaded(network, context, schedule, NULL);
  dni_matrix x = small_batch(dtype, INPUTS), y = small_batch(dtype, CLASSES);
  dni_matrix bad = matrix_filled(dtype, ROWS, CLASSES, INFINITY);
  for (size_t failures = 0; failures < 20; failures++) {
    dni_status status = support_step(trainer, &x, &bad, NULL);
    for (size_t i = 0; i < 8 && status == DNI_OK; i++)
      status = support_step(trainer, &x, &y, NULL);
    if (status == DNI_OK) status = dni_trainer_flush(trainer);
    ck_assert_int_eq(status, DNI_ERROR_NON_FINITE);
    EXPECT(strstr(dni_last_message(), ": layer 1 (dense): the loss of its output is not finite"),
           "%s", dni_last_message());
  }
  EXPECT_OK(dni_trainer_flush(trainer));
}
END_TEST

START_TEST(test_culprit_on_another_thread) {
  dni_dtype dtype = support_dtypes[_i % 2];
  dni_context *context = make_context(dtype, 3);
  dni_kind schedule = _i < 2 ? DNI_SCHEDULE_PIPELINED : DNI_SCHEDULE_MICRO_BATCHES;
  dni_network *network = make_network(context, _i < 2 ? "6 tanh9 |sg dense4" : "6 tanh9 dense4");
  dni_trainer *trainer = make_threaded(network, context, schedule, NULL);
  dni_matrix x = small_batch(dtype, INPUTS), y = small_batch(dtype, CLASSES), weights;
  EXPECT_OK(support_step(trainer, &x, &y, NULL));
  EXPECT_OK(dni_trainer_flush(trainer));
  EXPECT_OK(dni_layer_parameter(dni_network_layer(network, 0), 0, &weights, NULL));
  matrix_set(&weights, 2, 1, (double)NAN);
  EXPECT_OK(dni_layer_changed(dni_network_layer(network, 0)));
  dni_status status = support_step(trainer, &x, &y, NULL);
  if (status == DNI_OK) status = dni_trainer_flush(trainer);
  ck_assert_int_eq(status, DNI_ERROR_NON_FINITE);
  EXPECT(strstr(dni_last_message(), "step 2: layer 0 (dense): "), "%s", dni_last_message());
}
END_TEST

/* Progress, read from both ends of a trainer while it is at work. */
static dni_status read_progress(void *user, const dni_batch *batch, double *value) {
  dni_trainer *trainer = *(dni_trainer **)user;
  dni_step_report report = {.struct_size = sizeof report};
  (void)batch;
  *value = (double)dni_trainer_step_count(trainer);
  return dni_trainer_report(trainer, &report) == DNI_ERROR_STATE ? DNI_OK : DNI_STATUS_CALLER;
}

START_TEST(test_progress) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = make_context(dtype, 3);
  dni_trainer *trainer = NULL;
  dni_metric metric = {
      .struct_size = sizeof metric, .user = (void *)&trainer, .evaluate = read_progress};
  trainer = make_threaded(make_network(context, "6 relu9 |sg relu9 |sg dense4"), context,
                          DNI_SCHEDULE_PIPELINED, &metric);
  dni_matrix x = small_batch(dtype, INPUTS), y = small_batch(dtype, CLASSES);
  for (uint64_t i = 1; i <= STEPS; i++) {
    EXPECT_OK(support_step(trainer, &x, &y, NULL));
    for (size_t m = 0; m < 3; m++)
      ck_assert_uint_le(dni_optimiser_step_count(dni_trainer_module_optimiser(trainer, m)), i);
    ck_assert_uint_le(dni_optimiser_step_count(dni_trainer_sg_optimiser(trainer, 1)), i);
  }
  EXPECT_OK(dni_trainer_flush(trainer));
  ck_assert_uint_eq(dni_optimiser_step_count(dni_trainer_module_optimiser(trainer, 2)), STEPS);
}
END_TEST

/* A layer that keeps nothing may be at several places; two threads then run it at once. */
START_TEST(test_layer_at_two_places) {
  dni_dtype dtype = support_dtypes[_i % 2];
  dni_context *context = make_context(dtype, 3);
  dni_kind schedule = _i < 2 ? DNI_SCHEDULE_PIPELINED : DNI_SCHEDULE_MICRO_BATCHES;
  dni_network *network;
  dni_layer *relu = keep(LAYER, make_layer(context, 9, "relu"));
  EXPECT_OK(dni_network_create(context, &network));
  keep(NETWORK, network);
  for (size_t i = 0; i < 3; i++) {
    dni_layer *dense = keep(LAYER, make_layer(context, i > 0 ? 9 : INPUTS, "dense9"));
    EXPECT_OK(dni_network_add(network, dense));
    EXPECT_OK(dni_network_add(network, relu));
    if (i == 2 || schedule != DNI_SCHEDULE_PIPELINED) continue;
    EXPECT_OK(dni_network_set_sg(network, 2 * i, keep(ESTIMATOR, make_sg(context, 9, 9, 9, "sg"))));
  }
  dni_trainer *trainer = make_threaded(network, context, schedule, NULL);
  dni_matrix x = small_batch(dtype, INPUTS), y = small_batch(dtype, 9);
  for (size_t i = 0; i < STEPS; i++)
    EXPECT_OK(support_step(trainer, &x, &y, NULL));
  EXPECT_OK(dni_trainer_flush(trainer));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("threads");
  TCase *group = add_group(suite, "threads");
  tcase_add_loop_test(group, test_trainers_at_once, 0, 4);
  tcase_add_loop_test(group, test_references_from_many_threads, 0, 2);
  tcase_add_test(group, test_messages_of_threads);
  tcase_add_loop_test(group, test_loss_that_is_not_finite, 0, 4);
  tcase_add_loop_test(group, test_culprit_on_another_thread, 0, 4);
  tcase_add_loop_test(group, test_progress, 0, 2);
  tcase_add_loop_test(group, test_layer_at_two_places, 0, 4);
  return support_run(suite);
}

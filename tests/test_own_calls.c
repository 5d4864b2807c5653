/* What the user says that the library cannot know, or asks a second time: abandon, report, a release
 * from inside, a 1 that is not meant as stop, optimisers that are a trainer's. */
#include <pthread.h>
#include <setjmp.h>

#include "training.h"

enum { ROWS = 6, INPUTS = 5, CLASSES = 3 };

typedef struct bench {
  dni_context *context;
  dni_trainer *trainer;
  dni_dataset *data;
} bench;

static bench make_bench(dni_kind schedule) {
  bench b = {.context = make_context(DNI_F64, 4)};
  dni_network *network = make_network(b.context, "5 tanh7 |sg tanh6 dense3");
  if (schedule == DNI_SCHEDULE_MICRO_BATCHES) EXPECT_OK(dni_network_set_sg(network, 0, NULL));
  dni_trainer_options options = {
      .struct_size = sizeof options, .schedule = schedule, .max_batch = ROWS};
  EXPECT_OK(dni_trainer_create(network, make_cross_entropy(b.context), &options, &b.trainer));
  dni_matrix x = matrix_random(DNI_F64, 4 * ROWS, INPUTS);
  dni_matrix y = matrix_one_hot(DNI_F64, 4 * ROWS, CLASSES);
  EXPECT_OK(dni_dataset_create_memory(b.context, &x, &y, NULL, &b.data));
  keep(DATASET, b.data);
  return b;
}

/* Jumps that another thread would have to find out about. ---------------------------------------- */

static jmp_buf out;

static dni_status jump(void *user, const dni_step_report *report) {
  (void)user;
  (void)report;
  longjmp(out, 1);
}

static void *fit_and_jump(void *argument) {
  const bench *b = argument;
  dni_fit_options options = {.struct_size = sizeof options, .epochs = 2, .callback = jump};
  if (setjmp(out) == 0) (void)!dni_trainer_fit(b->trainer, b->data, &options);
  return NULL;
}

START_TEST(abandon_after_a_jump_on_another_thread) {
  bench b = make_bench(_i);
  pthread_t thread;
  keep(TRAINER, b.trainer);
  ck_assert_int_eq(pthread_create(&thread, NULL, fit_and_jump, &b), 0);
  ck_assert_int_eq(pthread_join(thread, NULL), 0);
  EXPECT_MESSAGE(DNI_ERROR_STATE, "callback", dni_trainer_fit(b.trainer, b.data, NULL));
  EXPECT_OK(dni_trainer_abandon(b.trainer));
  EXPECT_OK(dni_trainer_fit(b.trainer, b.data, NULL));
}
END_TEST

/* The last reference, given back from inside. ----------------------------------------------------- */

static dni_status release_trainer(void *user, const dni_step_report *report) {
  if (report->step == 3) dni_trainer_release(((bench *)user)->trainer);
  return DNI_OK;
}

START_TEST(release_from_a_callback) {
  bench b = make_bench(_i);
  dni_fit_options options = {
      .struct_size = sizeof options, .epochs = 2, .callback = release_trainer, .callback_user = &b};
  EXPECT_OK(dni_trainer_fit(b.trainer, b.data, &options));
}
END_TEST

/* 1 ------------------------------------------------------------------------------------------------ */

static dni_status hand_on(void *user, const dni_step_report *report) {
  (void)report;
  return user ? 1 : dni_network_save(NULL, NULL);
}

START_TEST(a_failure_handed_on_is_no_stop) {
  bench b = make_bench(0);
  keep(TRAINER, b.trainer);
  dni_fit_options options = {.struct_size = sizeof options, .epochs = 2, .callback = hand_on};
  EXPECT_MESSAGE(DNI_ERROR_CALLBACK, "is NULL", dni_trainer_fit(b.trainer, b.data, &options));
  options.callback_user = &b;
  EXPECT_OK(dni_trainer_fit(b.trainer, b.data, &options));
  ck_assert_uint_eq(dni_trainer_step_count(b.trainer), 2);
}
END_TEST

/* Reports and optimisers. -------------------------------------------------------------------------- */

START_TEST(report_after_fit) {
  bench b = make_bench(_i);
  keep(TRAINER, b.trainer);
  dni_fit_options options = {.struct_size = sizeof options, .epochs = 3, .validation = b.data};
  dni_step_report report = {.struct_size = sizeof report};
  EXPECT_OK(dni_trainer_fit(b.trainer, b.data, &options));
  EXPECT_OK(dni_trainer_report(b.trainer, &report));
  ck_assert_uint_eq(report.step, 12);
  ck_assert_uint_eq(report.epoch, 3);
  EXPECT(report.settled && report.validated && report.validation_loss > 0 && report.loss > 0,
         "settled %d, validated %d, %g, %g", report.settled, report.validated,
         report.validation_loss, report.loss);
  EXPECT_ARGUMENT(dni_trainer_report(b.trainer, NULL));
  EXPECT_ARGUMENT(dni_trainer_report(NULL, &report));
  EXPECT_ARGUMENT(dni_trainer_abandon(NULL));
}
END_TEST

START_TEST(a_trainers_optimisers_are_its_own) {
  bench b = make_bench(0);
  keep(TRAINER, b.trainer);
  dni_layer *layer;
  EXPECT_OK(dni_layer_create_dense(b.context, 2, 2, DNI_ACTIVATION_RELU, &layer));
  keep(LAYER, layer);
  dni_optimiser *owned[] = {dni_trainer_module_optimiser(b.trainer, 0),
                            dni_trainer_sg_optimiser(b.trainer, 0)};
  for (size_t i = 0; i < 2; i++) {
    EXPECT_STATUS(DNI_ERROR_STATE, dni_optimiser_add_layer(owned[i], layer));
    EXPECT_STATUS(DNI_ERROR_STATE, dni_optimiser_step(owned[i]));
    EXPECT_OK(dni_optimiser_set_f64(owned[i], DNI_SETTING_LEARNING_RATE, 0.01));
  }
}
END_TEST

/* Weights by whose sum nothing can be divided, and seeds that would not be used. --------------------- */

START_TEST(extreme_weights_are_refused) {
  bench b = make_bench(_i);
  keep(TRAINER, b.trainer);
  static const double extremes[] = {1e-320, 1e308};
  dni_matrix x = matrix_random(DNI_F64, ROWS, INPUTS), y = matrix_one_hot(DNI_F64, ROWS, CLASSES);
  dni_matrix h = matrix_random(DNI_F64, ROWS, CLASSES);
  for (size_t i = 0; i < 2; i++) {
    dni_matrix weights = matrix_filled(DNI_F64, ROWS, 1, extremes[i]);
    dni_batch batch = {sizeof batch, &x, &y, &weights}, outputs = {sizeof batch, &h, &y, &weights};
    double mean;
    EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "sum", dni_trainer_step(b.trainer, &batch, NULL));
    EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "sum",
                   dni_loss_evaluate(make_cross_entropy(b.context), &outputs, NULL, NULL, &mean));
  }
}
END_TEST

START_TEST(a_seed_wants_has_seed) {
  bench b = make_bench(0);
  keep(TRAINER, b.trainer);
  dni_random_options random = {.struct_size = sizeof random, .seed = 3};
  dni_fit_options fit = {.struct_size = sizeof fit, .seed = 3};
  dni_layer *layer = NULL;
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "has_seed",
                 dni_layer_create_dropout(b.context, 3, 0.5, &random, &layer));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "has_seed", dni_trainer_fit(b.trainer, b.data, &fit));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("own calls");
  TCase *group = add_group(suite, "own calls");
  tcase_add_loop_test(group, abandon_after_a_jump_on_another_thread, 0, 4);
  tcase_add_loop_test(group, release_from_a_callback, 0, 4);
  tcase_add_test(group, a_failure_handed_on_is_no_stop);
  tcase_add_loop_test(group, report_after_fit, 0, 4);
  tcase_add_test(group, a_trainers_optimisers_are_its_own);
  tcase_add_loop_test(group, extreme_weights_are_refused, 0, 4);
  tcase_add_test(group, a_seed_wants_has_seed);
  return support_run(suite);
}

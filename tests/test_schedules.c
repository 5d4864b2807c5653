/* What the seed decides, and what the random schedule does: which modules are updated, how often,
 * and that an SG learns exactly when the module above it was updated. */
#include "training.h"

enum { ROWS = 16, EXAMPLES = 100, INPUTS = 6, CLASSES = 4 };

static const char text[] = "6 relu9 norm |sg relu8 |dfa tanh7 norm |sg1 dense4";

static dni_dtype dtype;
static dni_matrix x, y;

static void use(int index) {
  dtype = support_dtypes[index];
  x = matrix_random(dtype, EXAMPLES, INPUTS);
  y = matrix_one_hot(dtype, EXAMPLES, CLASSES);
}

static dni_dataset *make_dataset(dni_context *context) {
  dni_dataset *dataset;
  EXPECT_OK(dni_dataset_create_memory(context, &x, &y, NULL, &dataset));
  return keep(DATASET, dataset);
}

/* Seeds. -------------------------------------------------------------------------------------- */

static dni_status append_loss(void *user, const dni_step_report *report) {
  append_number(user, report->loss);
  return 0;
}

/* Four shuffled epochs: losses, then all weights. The data are the same for every seed. */
static numbers fit(uint64_t seed, double probability) {
  dni_context *context = make_context(dtype, seed);
  dni_network *network = make_network(context, text);
  dni_trainer *trainer = make_trainer(context, network, make_adam(context, 0.01),
                                      make_adam(context, 0.003), ROWS, probability);
  numbers list = {0};
  dni_fit_options options = {
      .struct_size = sizeof options, .epochs = 4, .callback = append_loss, .callback_user = &list};
  EXPECT_OK(dni_trainer_fit(trainer, make_dataset(context), &options));
  ck_assert_uint_eq(list.count, 4 * (EXAMPLES / ROWS));
  append_numbers(&list, all_layer_numbers(network));
  append_numbers(&list, all_sg_numbers(network));
  return list;
}

START_TEST(test_the_seed_decides) {
  use(_i % 2);
  double probability = _i < 2 ? 0 : 0.5;
  numbers first = fit(1, probability);
  EXPECT_SAME_BITS(fit(1, probability), first);
  numbers other = fit(2, probability);
  for (size_t i = 0; i < 24; i++)
    ck_assert_double_ne(other.data[i], first.data[i]);
}
END_TEST

/* The random schedule. ------------------------------------------------------------------------- */

/* One network of four modules whose SGs are after layers 1, 2 and 4. */
typedef struct training {
  dni_network *network;
  dni_trainer *trainer;
  size_t updates[4];
} training;

static training make_run(double probability) {
  dni_context *context = make_context(dtype, 5);
  training run = {.network = make_network(context, text)};
  run.trainer = make_trainer(context, run.network, make_sgd(context, 0.001),
                             make_sgd(context, 0.001), ROWS, probability);
  ck_assert_uint_eq(dni_trainer_module_count(run.trainer), 4);
  return run;
}

static dni_step_report step(training *run) {
  dni_step_report report = {.struct_size = sizeof report};
  dni_matrix some_x = some_rows(x, 0, ROWS), some_y = some_rows(y, 0, ROWS);
  EXPECT_OK(support_step(run->trainer, &some_x, &some_y, &report));
  ck_assert_uint_eq(report.module_count, 4);
  for (size_t module = 0; module < 4; module++)
    run->updates[module] += report.module_updated[module] == 1;
  return report;
}

/* Counts agree everywhere and lie within five standard deviations of n p. */
START_TEST(test_update_counts) {
  use(_i);
  const double p = 0.3, steps = 2000;
  training run = make_run(p);
  size_t pairs = 0; /* steps that updated modules 0 and 3 */
  for (size_t i = 0; i < (size_t)steps; i++) {
    dni_step_report report = step(&run);
    pairs += report.module_updated[0] && report.module_updated[3];
  }
  for (size_t module = 0; module < 4; module++) {
    ck_assert_uint_eq(dni_optimiser_step_count(dni_trainer_module_optimiser(run.trainer, module)),
                      run.updates[module]);
    ck_assert_double_le(fabs((double)run.updates[module] - p * steps),
                        5 * sqrt(steps * p * (1 - p)));
  }
  /* modules are drawn independently */
  ck_assert_double_le(fabs((double)pairs - p * p * steps), 5 * sqrt(steps * p * p * (1 - p * p)));
  ck_assert_uint_eq(dni_optimiser_step_count(dni_trainer_sg_optimiser(run.trainer, 1)),
                    run.updates[1]);
  ck_assert_uint_eq(dni_optimiser_step_count(dni_trainer_sg_optimiser(run.trainer, 4)),
                    run.updates[3]);
  ck_assert_ptr_null(dni_trainer_sg_optimiser(run.trainer, 2));
  ck_assert_uint_eq(dni_trainer_step_count(run.trainer), 2000);
}
END_TEST

/* The SG after a layer has moved, and reports, exactly if the module above was updated. */
static void expect_taught(training *run, const dni_step_report *report, size_t after, size_t module,
                          numbers before) {
  bool updated = report->module_updated[module] == 1;
  numbers now = sg_numbers(run->network, after);
  ck_assert_int_eq(!same_bits(before, now), updated);
  ck_assert_int_eq(isfinite(report->sg_mse[after]) != 0, updated);
  ck_assert_int_eq(isnan(report->sg_mse[after]) != 0, !updated);
  ck_assert_int_eq(isnan(report->sg_cosine[after]) != 0, !updated);
  ck_assert_uint_eq(report->target_lag[after], updated ? 0 : DNI_NONE);
}

START_TEST(test_what_is_not_updated_stays) {
  static const size_t first[] = {0, 2, 3, 5}, count[] = {2, 1, 2, 1};
  use(_i);
  training run = make_run(0.3);
  for (size_t i = 0; i < 100; i++) {
    numbers modules[4], lower = sg_numbers(run.network, 1);
    numbers upper = sg_numbers(run.network, 4);
    for (size_t module = 0; module < 4; module++)
      modules[module] = layer_numbers(run.network, first[module], count[module], false);
    dni_step_report report = step(&run);
    ck_assert(isfinite(report.loss));
    ck_assert_uint_eq(report.layer_count, 6);
    for (size_t module = 0; module < 4; module++)
      if (!report.module_updated[module])
        EXPECT_SAME_BITS(layer_numbers(run.network, first[module], count[module], false),
                         modules[module]);
    if (i > 20)
      expect_taught(&run, &report, 1, 1, lower), expect_taught(&run, &report, 4, 3, upper);
    ck_assert_double_nan(report.sg_mse[2]); /* dfa has no target */
  }
}
END_TEST

START_TEST(test_module_of_layers) {
  static const size_t expected[] = {0, 0, 1, 2, 2, 3};
  use(0);
  training run = make_run(0);
  size_t module = 99, thread = 99;
  for (size_t layer = 0; layer < 6; layer++) {
    EXPECT_OK(dni_trainer_layer_module(run.trainer, layer, &module));
    ck_assert_uint_eq(module, expected[layer]);
    EXPECT_OK(dni_trainer_module_thread(run.trainer, module, &thread));
    ck_assert_uint_eq(thread, 0);
  }
  module = thread = 99;
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "6", dni_trainer_layer_module(run.trainer, 6, &module));
  EXPECT_ARGUMENT(dni_trainer_layer_module(NULL, 0, &module));
  EXPECT_ARGUMENT(dni_trainer_layer_module(run.trainer, 0, NULL));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "4", dni_trainer_module_thread(run.trainer, 4, &thread));
  EXPECT_ARGUMENT(dni_trainer_module_thread(NULL, 0, &thread));
  EXPECT_ARGUMENT(dni_trainer_module_thread(run.trainer, 0, NULL));
  ck_assert_uint_eq(module, 99);
  ck_assert_uint_eq(thread, 99);
  ck_assert_ptr_null(dni_trainer_module_optimiser(run.trainer, 4));
  ck_assert_ptr_null(dni_trainer_sg_optimiser(run.trainer, 0));
  ck_assert_ptr_null(dni_trainer_sg_optimiser(run.trainer, 99));
}
END_TEST

/* The random schedule draws from its options' seed: the same modules move, whatever the context. */
START_TEST(test_seed_of_the_schedule) {
  use(_i);
  uint8_t moved[3][200];
  for (size_t run = 0; run < 3; run++) {
    dni_context *context = make_context(dtype, 40 + run);
    dni_trainer_options options = {.struct_size = sizeof options,
                                   .optimiser = make_sgd(context, 0.001),
                                   .max_batch = ROWS,
                                   .schedule = DNI_SCHEDULE_RANDOM,
                                   .update_probability = 0.5,
                                   .has_seed = 1,
                                   .seed = run < 2 ? 8 : 9};
    training made = {.network = make_network(context, text)};
    EXPECT_OK(
        dni_trainer_create(made.network, make_cross_entropy(context), &options, &made.trainer));
    keep(TRAINER, made.trainer);
    for (size_t i = 0; i < 200; i++) {
      dni_step_report report = step(&made);
      moved[run][i] = 0;
      for (size_t m = 0; m < 4; m++)
        moved[run][i] = (uint8_t)(moved[run][i] | report.module_updated[m] << m);
    }
  }
  ck_assert_mem_eq(moved[0], moved[1], sizeof moved[0]);
  ck_assert_mem_ne(moved[0], moved[2], sizeof moved[0]);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("schedules");
  TCase *group = add_group(suite, "schedules");
  tcase_add_loop_test(group, test_the_seed_decides, 0, 4);
  tcase_add_loop_test(group, test_update_counts, 0, 2);
  tcase_add_loop_test(group, test_what_is_not_updated_stays, 0, 2);
  tcase_add_test(group, test_module_of_layers);
  tcase_add_loop_test(group, test_seed_of_the_schedule, 0, 2);
  return support_run(suite);
}

/* What the seed decides, and what the random schedule does: which modules are updated, how often,
 * and that an estimator learns exactly when the module above it was updated. */
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
  EXPECT_OK(dni_dataset_create_memory(context, &x, &y, DNI_DATA_COPY, &dataset));
  return keep(DATASET, dataset);
}

/* Seeds. -------------------------------------------------------------------------------------- */

static int32_t append_loss(void *user, const dni_step_report *report) {
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

/* One network of four modules whose estimators are after layers 1, 2 and 4. */
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
  EXPECT_OK(dni_trainer_step(run->trainer, &some_x, &some_y, &report));
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

/* The estimator after a layer has moved, and reports, exactly if the module above was updated. */
static void expect_taught(training *run, const dni_step_report *report, size_t interface,
                          size_t module, numbers before) {
  bool updated = report->module_updated[module] == 1;
  numbers after = sg_numbers(run->network, report->interface_after[interface]);
  ck_assert_int_eq(!same_bits(before, after), updated);
  ck_assert_int_eq(isfinite(report->sg_error[interface]) != 0, updated);
  ck_assert_int_eq(isnan(report->sg_error[interface]) != 0, !updated);
  ck_assert_int_eq(isnan(report->sg_cosine[interface]) != 0, !updated);
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
    ck_assert_uint_eq(report.interface_count, 3);
    for (size_t module = 0; module < 4; module++)
      if (!report.module_updated[module])
        EXPECT_SAME_BITS(layer_numbers(run.network, first[module], count[module], false),
                         modules[module]);
    if (i > 20)
      expect_taught(&run, &report, 0, 1, lower), expect_taught(&run, &report, 2, 3, upper);
    ck_assert_double_nan(report.sg_error[1]); /* dfa has no target */
  }
}
END_TEST

START_TEST(test_module_layers) {
  static const size_t expected_first[] = {0, 2, 3, 5}, expected_count[] = {2, 1, 2, 1};
  use(0);
  training run = make_run(0);
  for (size_t module = 0; module < 4; module++) {
    size_t first = 99, count = 99;
    EXPECT_OK(dni_trainer_module_layers(run.trainer, module, &first, &count));
    ck_assert_uint_eq(first, expected_first[module]);
    ck_assert_uint_eq(count, expected_count[module]);
  }
  size_t first = 99, count = 99;
  EXPECT_ARGUMENT(dni_trainer_module_layers(run.trainer, 4, &first, &count));
  EXPECT_ARGUMENT(dni_trainer_module_layers(NULL, 0, &first, &count));
  EXPECT_ARGUMENT(dni_trainer_module_layers(run.trainer, 0, NULL, &count));
  ck_assert_uint_eq(first, 99);
  ck_assert_uint_eq(count, 99);
  ck_assert_ptr_null(dni_trainer_module_optimiser(run.trainer, 4));
  ck_assert_ptr_null(dni_trainer_sg_optimiser(run.trainer, 0));
  ck_assert_ptr_null(dni_trainer_sg_optimiser(run.trainer, 99));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("schedules");
  TCase *group = add_group(suite, "schedules");
  tcase_add_loop_test(group, test_the_seed_decides, 0, 4);
  tcase_add_loop_test(group, test_update_counts, 0, 2);
  tcase_add_loop_test(group, test_what_is_not_updated_stays, 0, 2);
  tcase_add_test(group, test_module_layers);
  return support_run(suite);
}

/* dni_trainer_fit: what it makes of epochs, steps, batches and its callback. */
#include "training.h"

enum { ROWS = 16, EXAMPLES = 100, INPUTS = 6, CLASSES = 4, PER_EPOCH = EXAMPLES / ROWS };

static dni_context *context;
static dni_dtype dtype;
static dni_matrix x, y;

static void use(int index) {
  dtype = support_dtypes[index];
  context = make_context(dtype, 9);
  x = matrix_random(dtype, EXAMPLES, INPUTS);
  y = matrix_one_hot(dtype, EXAMPLES, CLASSES);
}

static dni_trainer *make(dni_network **network) {
  dni_context *own = make_context(dtype, 13); /* so that all trainers start alike */
  dni_network *made = make_network(own, "6 relu9 norm |sg relu8 |sg1 dense4");
  if (network) *network = made;
  return make_trainer(own, made, make_adam(own, 0.01), make_adam(own, 0.01), ROWS, 0);
}

/* The first `rows` examples. */
static dni_dataset *make_dataset(size_t rows) {
  dni_matrix some_x = some_rows(x, 0, rows), some_y = some_rows(y, 0, rows);
  dni_dataset *dataset;
  EXPECT_OK(dni_dataset_create_memory(context, &some_x, &some_y, DNI_DATA_BORROW, &dataset));
  return keep(DATASET, dataset);
}

static numbers everything(const dni_network *network) {
  numbers list = all_layer_numbers(network);
  append_numbers(&list, all_sg_numbers(network));
  return list;
}

START_TEST(test_epochs_and_steps) {
  static const struct {
    uint64_t epochs, steps, expected;
  } cases[] = {{0, 0, PER_EPOCH},
               {1, 0, PER_EPOCH},
               {3, 0, 3 * PER_EPOCH},
               {0, 1, 1},
               {0, 20, 20},
               {3, 5, 5},
               {3, 10, 10},
               {2, 100, 2 * PER_EPOCH},
               {1, PER_EPOCH, PER_EPOCH}};
  use(_i);
  dni_dataset *dataset = make_dataset(EXAMPLES);
  dni_trainer *trainer = make(NULL);
  uint64_t made = 0;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    dni_fit_options options = {
        .struct_size = sizeof options, .epochs = cases[i].epochs, .steps = cases[i].steps};
    EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
    made += cases[i].expected;
    ck_assert_uint_eq(dni_trainer_step_count(trainer), made); /* later calls go on */
  }
}
END_TEST

/* In the order of the data, fit is steps on rows 0-15, 16-31, ..., 80-95, and again from 0: the
 * last four rows make no whole batch. */
START_TEST(test_fit_is_steps) {
  use(_i);
  dni_network *network, *stepped;
  dni_trainer *trainer = make(&network), *by_steps = make(&stepped);
  dni_fit_options options = {.struct_size = sizeof options, .epochs = 2, .keep_order = 1};
  dni_dataset *dataset = make_dataset(EXAMPLES);
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  options = (dni_fit_options){.struct_size = sizeof options, .steps = 2, .keep_order = 1};
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options)); /* a new epoch: from the start */
  for (size_t step = 0; step < 2 * PER_EPOCH + 2; step++) {
    dni_matrix some_x = some_rows(x, step % PER_EPOCH * ROWS, ROWS);
    dni_matrix some_y = some_rows(y, step % PER_EPOCH * ROWS, ROWS);
    EXPECT_OK(dni_trainer_step(by_steps, &some_x, &some_y, NULL));
  }
  EXPECT_SAME_BITS(everything(network), everything(stepped));
}
END_TEST

START_TEST(test_smaller_data_sets_and_batches) {
  use(_i);
  dni_network *network, *stepped;
  dni_trainer *trainer = make(&network), *by_steps = make(&stepped);
  dni_fit_options options = {.struct_size = sizeof options, .epochs = 3, .keep_order = 1};
  EXPECT_OK(dni_trainer_fit(trainer, make_dataset(11), &options)); /* 3 batches of 11 */
  options.batch = 5;
  EXPECT_OK(dni_trainer_fit(trainer, make_dataset(11), &options)); /* 6 batches of 5 */
  for (size_t step = 0; step < 9; step++) {
    size_t first = step < 3 ? 0 : (step - 3) % 2 * 5, rows = step < 3 ? 11 : 5;
    dni_matrix some_x = some_rows(x, first, rows), some_y = some_rows(y, first, rows);
    EXPECT_OK(dni_trainer_step(by_steps, &some_x, &some_y, NULL));
  }
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 9);
  EXPECT_SAME_BITS(everything(network), everything(stepped));
}
END_TEST

/* A layer that hands x on and counts how often each example went by; its number is in column 0. */
static dni_status count_forward(void *user, int32_t mode, const dni_matrix *input,
                                const dni_matrix *output) {
  (void)mode;
  matrix_copy(input, output);
  for (size_t r = 0; r < input->rows; r++)
    ((size_t *)user)[(size_t)matrix_get(input, r, 0)]++;
  return DNI_OK;
}

static dni_status count_backward(void *user, int32_t mode, const dni_matrix *input,
                                 const dni_matrix *output, const dni_matrix *dy,
                                 const dni_matrix *dx) {
  (void)user, (void)mode, (void)input, (void)output;
  if (dx) matrix_copy(dy, dx);
  return DNI_OK;
}

START_TEST(test_every_epoch_has_each_example_once) {
  use(_i);
  size_t counts[EXAMPLES] = {0}, left_out[2] = {0}, dropped[2][EXAMPLES];
  dni_layer_callbacks callbacks = {.struct_size = sizeof callbacks,
                                   .user = counts,
                                   .forward = count_forward,
                                   .backward = count_backward};
  dni_layer *counter, *dense = keep(LAYER, make_layer(context, INPUTS, "dense4"));
  dni_network *network = make_network(context, "6");
  EXPECT_OK(dni_layer_create_callback(context, INPUTS, INPUTS, &callbacks, &counter));
  EXPECT_OK(dni_network_add(network, keep(LAYER, counter)));
  EXPECT_OK(dni_network_add(network, dense));
  dni_trainer *trainer = make_trainer(context, network, make_sgd(context, 0), NULL, ROWS, 0);
  for (size_t r = 0; r < EXAMPLES; r++)
    matrix_set(&x, r, 0, (double)r);
  dni_dataset *dataset = make_dataset(EXAMPLES);
  for (size_t epoch = 0; epoch < 2; epoch++) {
    memset(counts, 0, sizeof counts);
    EXPECT_OK(dni_trainer_fit(trainer, dataset, NULL));
    for (size_t r = 0; r < EXAMPLES; r++) {
      ck_assert_uint_le(counts[r], 1);
      if (counts[r] == 0) dropped[epoch][left_out[epoch]++] = r;
    }
    ck_assert_uint_eq(left_out[epoch], EXAMPLES % ROWS);
  }
  ck_assert_int_ne(memcmp(dropped[0], dropped[1], EXAMPLES % ROWS * sizeof **dropped), 0);
}
END_TEST

/* Callbacks. ----------------------------------------------------------------------------------- */

typedef struct witness {
  size_t calls;
  uint64_t steps[64], stop_at;
  dni_trainer *trainer; /* to call fit on, from within */
  dni_dataset *dataset;
  dni_status inner;
} witness;

static int32_t watch(void *user, const dni_step_report *report) {
  witness *seen = user;
  ck_assert(isfinite(report->loss));
  ck_assert_uint_eq(report->module_count, 3);
  seen->steps[seen->calls++] = report->step;
  if (seen->trainer) seen->inner = dni_trainer_fit(seen->trainer, seen->dataset, NULL);
  return report->step == seen->stop_at ? -1 : 0;
}

START_TEST(test_callback_every) {
  use(_i);
  witness seen = {.stop_at = 0};
  dni_fit_options options = {.struct_size = sizeof options,
                             .steps = 10,
                             .callback = watch,
                             .callback_user = &seen,
                             .callback_every = 4};
  dni_trainer *trainer = make(NULL);
  dni_dataset *dataset = make_dataset(EXAMPLES);
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  ck_assert_uint_eq(seen.calls, 2);
  ck_assert_uint_eq(seen.steps[0], 4);
  ck_assert_uint_eq(seen.steps[1], 8);
  options.callback_every = 0;
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  ck_assert_uint_eq(seen.calls, 12);
  for (size_t i = 0; i < 10; i++)
    ck_assert_uint_eq(seen.steps[2 + i], 11 + i);
}
END_TEST

START_TEST(test_cancel) {
  use(_i);
  witness seen = {.stop_at = 3};
  dni_fit_options options = {
      .struct_size = sizeof options, .epochs = 4, .callback = watch, .callback_user = &seen};
  dni_trainer *trainer = make(NULL);
  dni_dataset *dataset = make_dataset(EXAMPLES);
  EXPECT_MESSAGE(DNI_ERROR_CANCELLED, "step 3", dni_trainer_fit(trainer, dataset, &options));
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 3);
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options)); /* can go on */
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 3 + 4 * PER_EPOCH);
}
END_TEST

START_TEST(test_not_from_its_own_callback) {
  use(_i);
  dni_dataset *dataset = make_dataset(EXAMPLES);
  dni_trainer *trainer = make(NULL);
  witness seen = {.trainer = trainer, .dataset = dataset};
  dni_fit_options options = {
      .struct_size = sizeof options, .steps = 2, .callback = watch, .callback_user = &seen};
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  ck_assert_int_eq(seen.inner, DNI_ERROR_ARGUMENT);
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 2);
  seen.trainer = make(NULL); /* another trainer is free */
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  ck_assert_int_eq(seen.inner, DNI_OK);
}
END_TEST

/* Failures. ------------------------------------------------------------------------------------ */

START_TEST(test_refused) {
  use(_i);
  dni_network *network;
  dni_trainer *trainer = make(&network);
  numbers before = everything(network);
  dni_dataset *dataset = make_dataset(EXAMPLES), *wrong;
  dni_fit_options options = {.struct_size = sizeof options, .batch = ROWS + 1};
  EXPECT_ARGUMENT(dni_trainer_fit(NULL, dataset, NULL));
  EXPECT_ARGUMENT(dni_trainer_fit(trainer, NULL, NULL));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "17", dni_trainer_fit(trainer, dataset, &options));
  options = (dni_fit_options){.struct_size = 8};
  EXPECT_ARGUMENT(dni_trainer_fit(trainer, dataset, &options));
  options = (dni_fit_options){.struct_size = sizeof options, .reserved = 1};
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_trainer_fit(trainer, dataset, &options));
  EXPECT_OK(dni_dataset_create_memory(context, &x, &x, DNI_DATA_BORROW, &wrong));
  EXPECT_ARGUMENT(dni_trainer_fit(trainer, keep(DATASET, wrong), NULL));
  EXPECT_OK(dni_dataset_create_memory(context, &y, &y, DNI_DATA_BORROW, &wrong));
  EXPECT_ARGUMENT(dni_trainer_fit(trainer, keep(DATASET, wrong), NULL));
  dni_context *other = make_context(support_dtypes[1 - _i], 1);
  dni_matrix other_x = matrix_random(support_dtypes[1 - _i], 40, INPUTS);
  int32_t order[2][40];
  for (int32_t r = 0; r < 40; r++)
    order[0][r] = r % CLASSES;
  EXPECT_OK(dni_dataset_create_labels(other, &other_x, order[0], CLASSES, DNI_DATA_COPY, &wrong));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "elements",
                 dni_trainer_fit(trainer, keep(DATASET, wrong), NULL));
  EXPECT_OK(dni_dataset_labels(wrong, 0, 40, order[1])); /* not shuffled */
  ck_assert_mem_eq(order[0], order[1], sizeof order[0]);
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 0);
  EXPECT_SAME_BITS(everything(network), before);
}
END_TEST

START_TEST(test_divergence_stops_fit) {
  use(_i);
  dni_context *own = make_context(dtype, 13);
  dni_network *network = make_network(own, "6 relu9 norm |sg dense8 dense4");
  dni_trainer *trainer =
      make_trainer(own, network, make_sgd(own, 1e200), make_sgd(own, 1), ROWS, 0);
  dni_fit_options options = {.struct_size = sizeof options, .epochs = 50};
  EXPECT_MESSAGE(DNI_ERROR_NON_FINITE, "step ",
                 dni_trainer_fit(trainer, make_dataset(EXAMPLES), &options));
  EXPECT(strstr(dni_last_message(), "layer "), "message \"%s\"", dni_last_message());
  /* and the trainer can be called again */
  EXPECT_STATUS(DNI_ERROR_NON_FINITE, dni_trainer_fit(trainer, make_dataset(EXAMPLES), &options));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("fit");
  TCase *group = add_group(suite, "fit");
  tcase_add_loop_test(group, test_epochs_and_steps, 0, 2);
  tcase_add_loop_test(group, test_fit_is_steps, 0, 2);
  tcase_add_loop_test(group, test_smaller_data_sets_and_batches, 0, 2);
  tcase_add_loop_test(group, test_every_epoch_has_each_example_once, 0, 2);
  tcase_add_loop_test(group, test_callback_every, 0, 2);
  tcase_add_loop_test(group, test_cancel, 0, 2);
  tcase_add_loop_test(group, test_not_from_its_own_callback, 0, 2);
  tcase_add_loop_test(group, test_refused, 0, 2);
  tcase_add_loop_test(group, test_divergence_stops_fit, 0, 2);
  return support_run(suite);
}

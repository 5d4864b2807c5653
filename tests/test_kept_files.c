/* Files that one processor has written are read on another, and written there as the same bytes.
 *
 * tests/data has a network and a training in the middle of a fit, written on x86-64 by version 0.9. All
 * their numbers are small multiples of powers of two, and after one step still exact: any order of sums and
 * any fused products give the same bits. Later versions write another version and checksum, and nothing else
 * is other. A new format gets new files; these stay. */
#include "safetensors.h"

static test_memory memory;
static dni_context *context;
static content kept, made;

enum { INPUTS = 3, UNITS = 4, OUTPUTS = 2, EXAMPLES = 8, ROWS = 2 };

static void set_up(void) {
  test_directory_make();
  context = test_context(DNI_F32, 7, &memory);
}

static void tear_down(void) {
  dni_context_release(context);
  ck_assert_uint_eq(memory.live, 0);
  test_directory_remove();
}

/* Networks. ------------------------------------------------------------------------------------ */

/* Quarters from -1 to 1, another row of them for each matrix. */
static void set_quarters(dni_matrix *value, size_t from) {
  for (size_t r = 0; r < value->rows; r++)
    for (size_t c = 0; c < value->columns; c++)
      ((float *)value->data)[r * value->stride + c] = (float)((from++ * 5 + 3) % 9) / 4 - 1;
}

static void add(dni_network *network, dni_layer *layer) {
  for (size_t i = 0; i < dni_layer_parameter_count(layer); i++) {
    dni_matrix value;
    expect_ok(dni_layer_parameter(layer, i, &value, NULL));
    set_quarters(&value, dni_network_layer_count(network) + i);
  }
  expect_ok(dni_network_add(network, layer));
  dni_layer_release(layer);
}

static void put_sg(dni_network *network) {
  dni_sg *sg;
  expect_ok(dni_sg_create_synthetic(context, UNITS, OUTPUTS, NULL, &sg));
  for (size_t i = 0; i < dni_sg_parameter_count(sg); i++) {
    dni_matrix value;
    expect_ok(dni_sg_parameter(sg, i, &value, NULL));
    set_quarters(&value, i + 3);
  }
  expect_ok(dni_network_set_sg(network, 0, sg));
  dni_sg_release(sg);
}

static dni_network *make_network(bool norms) {
  dni_network *network;
  dni_layer *layer;
  expect_ok(dni_network_create(context, &network));
  expect_ok(dni_layer_create_dense(context, INPUTS, UNITS, DNI_ACTIVATION_RELU, &layer));
  add(network, layer);
  put_sg(network);
  if (norms) {
    expect_ok(dni_layer_create_batch_norm(context, UNITS, &layer));
    add(network, layer);
    expect_ok(dni_layer_create_dropout(context, UNITS, 0.25, NULL, &layer));
    add(network, layer);
  }
  expect_ok(dni_layer_create_dense(context, UNITS, OUTPUTS, DNI_ACTIVATION_IDENTITY, &layer));
  add(network, layer);
  return network;
}

/* Trainings. ----------------------------------------------------------------------------------- */

static dni_trainer *make_trainer(void) {
  dni_network *network = make_network(false);
  dni_loss *loss;
  dni_optimiser *optimiser;
  dni_trainer *trainer;
  expect_ok(dni_loss_create_squared_error(context, &loss));
  expect_ok(dni_optimiser_create_sgd(context, 0.25, &optimiser));
  expect_ok(dni_optimiser_set_f64(optimiser, DNI_SETTING_MOMENTUM, 0.5));
  const dni_trainer_options options = {
      .struct_size = sizeof options, .optimiser = optimiser, .max_batch = ROWS};
  expect_ok(dni_trainer_create(network, loss, &options, &trainer));
  dni_optimiser_release(optimiser);
  dni_loss_release(loss);
  dni_network_release(network);
  return trainer;
}

static dni_status stop(void *user, const dni_step_report *report) {
  (void)user, (void)report;
  return 1;
}

/* One step of a fit that has more to do; the order of the examples is one of random numbers. */
static void fit(dni_trainer *trainer) {
  static float x_data[EXAMPLES * INPUTS], y_data[EXAMPLES * OUTPUTS];
  dni_matrix x, y;
  dni_dataset *dataset;
  dni_matrix_init_f32(&x, x_data, EXAMPLES, INPUTS);
  dni_matrix_init_f32(&y, y_data, EXAMPLES, OUTPUTS);
  for (int i = 0; i < EXAMPLES * INPUTS; i++)
    x_data[i] = (float)(i * 5 % 7 % 3 - 1);
  for (int i = 0; i < EXAMPLES * OUTPUTS; i++)
    y_data[i] = (float)(i * 7 % 5 % 3 - 1);
  expect_ok(dni_dataset_create_memory(context, &x, &y, NULL, &dataset));
  const dni_fit_options options = {.struct_size = sizeof options, .epochs = 3, .callback = stop};
  expect_ok(dni_trainer_fit(trainer, dataset, &options));
  dni_dataset_release(dataset);
}

static void trainer_into(dni_trainer *trainer, content *to) {
  const dni_writer writer = content_writer(to);
  expect_ok(dni_trainer_write(trainer, &writer));
}

/* Comparing. ----------------------------------------------------------------------------------- */

/* Dashes for what is in the quotes after `name`. */
static void hide(content *file, const char *name) {
  unsigned char *at = content_find(file, name);
  ck_assert_ptr_nonnull(at);
  for (at += strlen(name); *at != '"'; at++)
    *at = '-';
}

static void expect_kept(const char *path) {
  content_load(&kept, path);
  hide(&kept, "\"libdni.version\":\"");
  hide(&kept, "\"libdni.checksum\":\"");
  hide(&made, "\"libdni.version\":\"");
  hide(&made, "\"libdni.checksum\":\"");
  expect_same_content(&kept, &made);
}

/* What is made here has the bytes of the file; what is loaded from the file has them, too. */
START_TEST(test_network_file) {
  const char *path = "tests/data/network-2.safetensors";
  dni_network *network = make_network(true);
  network_into(network, &made);
  (void)content_store(&made, "network");
  expect_kept(path);
  dni_network_release(network);
  expect_ok(dni_network_load(context, path, &network));
  put_sg(network); /* until then its entries are kept as others' are, sorted by name */
  network_into(network, &made);
  expect_kept(path);
  dni_network_release(network);
}
END_TEST

START_TEST(test_training_file) {
  const char *path = "tests/data/training-2.safetensors";
  static content gone_on;
  dni_trainer *trainer = make_trainer(), *other = make_trainer();
  fit(trainer);
  trainer_into(trainer, &made);
  const dni_reader reader = content_reader(&made);
  expect_ok(dni_trainer_read(trainer, &reader, NULL)); /* so that the fit goes on */
  (void)content_store(&made, "training");
  expect_kept(path);
  expect_ok(dni_trainer_load(other, path, NULL));
  trainer_into(other, &made);
  expect_kept(path);
  fit(trainer);
  fit(other);
  trainer_into(trainer, &gone_on);
  trainer_into(other, &made);
  expect_same_content(&gone_on, &made);
  dni_trainer_release(other);
  dni_trainer_release(trainer);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("kept_files");
  TCase *group = tcase_create("kept_files");
  suite_add_tcase(suite, group);
  tcase_add_checked_fixture(group, set_up, tear_down);
  tcase_add_test(group, test_network_file);
  tcase_add_test(group, test_training_file);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed > 0;
}

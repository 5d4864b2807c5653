/* Time that grows with the number of layers, not with its square: ten times the layers may take up
 * to forty times as long (ten, and what caches and clocks do), where a loop over all layers for
 * each layer takes a hundred times. Of processor time the shortest of some runs counts. */
#include <time.h>

#include "test_files.h"

static dni_context *context;

static void set_up(void) {
  test_directory_make();
  context = test_context(DNI_F32, 1, NULL);
}

static void tear_down(void) {
  dni_context_release(context);
  test_directory_remove();
}

static double seconds_now(void) {
  struct timespec now;
  ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double shortest(void (*work)(size_t layers), size_t layers) {
  double least = 1e9;
  for (int round = 0; round < 3; round++) {
    double start = seconds_now();
    work(layers);
    double taken = seconds_now() - start;
    if (taken < least) least = taken;
  }
  return least;
}

static void expect_linear(void (*work)(size_t layers), size_t layers) {
  double few = shortest(work, layers), many = shortest(work, 10 * layers);
  ck_assert_msg(many < 40 * few, "%zu layers: %g s; ten times as many: %g s", layers, few, many);
}

/* One row of one number through the network, forward and, with a trainer, backward. */
static void step(dni_network *network, const dni_trainer_options *options) {
  float x_data[1] = {1}, y_data[1] = {0}, h_data[1];
  dni_matrix x, y, h;
  dni_loss *loss;
  dni_trainer *trainer;
  dni_matrix_init_f32(&x, x_data, 1, 1);
  dni_matrix_init_f32(&y, y_data, 1, 1);
  dni_matrix_init_f32(&h, h_data, 1, 1);
  dni_batch batch = {.struct_size = sizeof batch, .x = &x, .y = &y};
  dni_memory_report memory = {.struct_size = sizeof memory};
  expect_ok(dni_network_predict(network, &x, &h));
  expect_ok(dni_loss_create_squared_error(context, &loss));
  expect_ok(dni_trainer_create(network, loss, options, &trainer));
  expect_ok(dni_trainer_step(trainer, &batch, NULL));
  expect_ok(dni_trainer_flush(trainer));
  expect_ok(dni_trainer_memory(trainer, &memory));
  dni_trainer_release(trainer);
  dni_loss_release(loss);
}

/* Layers of the library: made, trained, copied, saved, loaded, released. */
static void use_dense(size_t layers) {
  const char *path = test_path("network.dni");
  dni_network *network, *copy, *loaded;
  dni_trainer_options options = {.struct_size = sizeof options, .max_batch = 1};
  expect_ok(dni_network_create(context, &network));
  for (size_t i = 0; i < layers; i++) {
    dni_layer *layer;
    expect_ok(dni_layer_create_dense(context, 1, 1, DNI_ACTIVATION_TANH, &layer));
    expect_ok(dni_network_add(network, layer));
    dni_layer_release(layer);
  }
  step(network, &options);
  expect_ok(dni_network_copy(network, &copy));
  expect_ok(dni_network_assign(copy, network));
  expect_ok(dni_network_save(network, path));
  expect_ok(dni_network_load(context, path, &loaded));
  dni_network_release(loaded);
  dni_network_release(copy);
  dni_network_release(network);
}

/* Layers of the caller's: y = x, and a parameter of one number whose gradient stays 0. */
static dni_status forward(void *user, const dni_layer_call *call) {
  (void)user;
  ((float *)call->y->data)[0] = ((const float *)call->x->data)[0];
  return DNI_OK;
}

static dni_status backward(void *user, const dni_layer_call *call) {
  (void)user;
  if (call->dx) ((float *)call->dx->data)[0] = ((const float *)call->dy->data)[0];
  return DNI_OK;
}

static dni_status parameter(void *user, size_t index, dni_matrix *value, dni_matrix *gradient) {
  float *own = user;
  (void)index;
  dni_matrix_init_f32(value, own, 1, 1);
  dni_matrix_init_f32(gradient, own + 1, 1, 1);
  return DNI_OK;
}

static dni_layer *own_layer(float *own) {
  dni_layer_callbacks callbacks = {.struct_size = sizeof callbacks, .user = own};
  dni_layer *layer;
  callbacks.forward = forward;
  callbacks.backward = backward;
  callbacks.parameter = own ? parameter : NULL;
  callbacks.parameter_count = own ? 1 : 0;
  expect_ok(dni_layer_create_callback(context, 1, 1, &callbacks, &layer));
  return layer;
}

static void set_synthetic(dni_network *network, size_t after) {
  dni_sg *sg;
  expect_ok(dni_sg_create_synthetic(context, 1, 1, NULL, &sg));
  expect_ok(dni_network_set_sg(network, after, sg));
  dni_sg_release(sg);
}

/* Each is a module with an optimiser of its own. */
static void use_own_modules(size_t layers) {
  float *own = calloc(2 * layers, sizeof *own);
  dni_network *network;
  dni_trainer_options options = {.struct_size = sizeof options, .max_batch = 1};
  ck_assert_ptr_nonnull(own);
  expect_ok(dni_network_create(context, &network));
  for (size_t i = 0; i < layers; i++) {
    dni_layer *layer = own_layer(own + 2 * i);
    expect_ok(dni_network_add(network, layer));
    dni_layer_release(layer);
  }
  for (size_t i = 0; i + 1 < layers; i++)
    set_synthetic(network, i);
  step(network, &options);
  dni_network_release(network);
  free(own);
}

/* Two layers without parameters, each at many places on a thread of its own. */
static void use_own_places(size_t layers) {
  dni_network *network;
  dni_trainer_options options = {.struct_size = sizeof options, .max_batch = 1, .threads = 2};
  options.schedule = DNI_SCHEDULE_PIPELINED;
  dni_layer *lower = own_layer(NULL), *upper = own_layer(NULL);
  expect_ok(dni_network_create(context, &network));
  for (size_t i = 0; i < layers; i++)
    expect_ok(dni_network_add(network, i < layers / 2 ? lower : upper));
  set_synthetic(network, layers / 2 - 1);
  step(network, &options);
  dni_network_release(network);
  dni_layer_release(upper);
  dni_layer_release(lower);
}

START_TEST(layers_of_the_library) {
  expect_linear(use_dense, 5000);
}
END_TEST

START_TEST(own_layers_in_modules) {
  expect_linear(use_own_modules, 3000);
}
END_TEST

START_TEST(own_layers_at_many_places) {
  expect_linear(use_own_places, 40000);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("many layers");
  TCase *group = tcase_create("many layers");
  suite_add_tcase(suite, group);
  tcase_add_checked_fixture(group, set_up, tear_down);
  tcase_set_timeout(group, 600);
  tcase_add_test(group, layers_of_the_library);
  tcase_add_test(group, own_layers_in_modules);
  tcase_add_test(group, own_layers_at_many_places);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed > 0;
}

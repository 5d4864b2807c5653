/* Mistakes in single fields that no other suite makes: each is refused by name, and nothing has changed. */
#include "memory_file.h"
#include "training.h"

enum { ROWS = 8, INPUTS = 6, CLASSES = 4 };

static dni_context *context;
static dni_network *network;
static dni_loss *loss;

static void make_parts(void) {
  context = make_context(DNI_F32, 3);
  network = make_network(context, "6 relu9 |sg dense4");
  loss = make_cross_entropy(context);
}

static dni_dataset *make_data(void) {
  dni_dataset *data;
  dni_matrix x = matrix_random(DNI_F32, 32, INPUTS), y = matrix_one_hot(DNI_F32, 32, CLASSES);
  EXPECT_OK(dni_dataset_create_memory(context, &x, &y, NULL, &data));
  return keep(DATASET, data);
}

START_TEST(test_trainers) {
  make_parts();
  dni_trainer *trainer = NULL;
  const dni_trainer_options options = {
      .struct_size = sizeof options, .max_batch = ROWS, .layer_thread_count = 2};
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "layer_thread_count is 2, but layer_thread is NULL",
                 dni_trainer_create(network, loss, &options, &trainer));
  EXPECT(!trainer, "a trainer was made");
}
END_TEST

START_TEST(test_lessons) {
  make_parts();
  dni_matrix h = matrix_random(DNI_F32, ROWS, 9), y = matrix_one_hot(DNI_F32, ROWS, CLASSES);
  const dni_lesson lesson = {
      .struct_size = sizeof lesson, .h = &h, .y = &y, .target = &h, .reserved = 1};
  EXPECT_MESSAGE(DNI_ERROR_UNSUPPORTED, "dni_lesson: reserved is not 0",
                 dni_sg_learn(sg_after(network, 0), &lesson, NULL));
}
END_TEST

static dni_status never(void *user, const dni_product *product) {
  (void)user, (void)product;
  EXPECT(false, "called");
  return DNI_OK;
}

START_TEST(test_backends) {
  dni_backend *backend = NULL;
  dni_backend_callbacks callbacks = {
      .struct_size = sizeof callbacks, .product = never, .f32 = 2, .f64 = 1};
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "f32 is 2 and f64 is 1, expected 0 or 1",
                 dni_backend_create_callback(NULL, &callbacks, &backend));
  EXPECT(!backend, "a backend was made");
  callbacks.f32 = 1;
  EXPECT_OK(dni_backend_create_callback(NULL, &callbacks, &backend));
  EXPECT_MESSAGE(DNI_ERROR_UNSUPPORTED, "its number of threads cannot be set",
                 dni_backend_set_threads(backend, 2));
  dni_backend_release(backend);
}
END_TEST

START_TEST(test_metrics) {
  make_parts();
  const dni_metric metric = {.struct_size = sizeof metric};
  dni_evaluation found = {.struct_size = sizeof found};
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "dni_metric: evaluate is NULL",
                 dni_network_evaluate(network, loss, make_data(), &metric, &found));
}
END_TEST

START_TEST(test_orders) {
  make_parts();
  uint64_t state[DNI_ORDER_STATE + 1] = {0};
  dni_order *order;
  EXPECT_OK(dni_order_create(make_data(), NULL, &order));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "count is 6, expected 5", dni_order_state(order, state, 6));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "count is 4, expected 5",
                 dni_order_set_state(order, state, 4));
  dni_order_release(order);
}
END_TEST

START_TEST(test_schedules) {
  make_parts();
  dni_optimiser *adam = make_adam(context, 0.01);
  const dni_schedule schedule = {
      .struct_size = sizeof schedule, .kind = DNI_RATE_CONSTANT, .reserved = 1};
  EXPECT_MESSAGE(DNI_ERROR_UNSUPPORTED, "dni_schedule: reserved is not 0",
                 dni_optimiser_set_schedule(adam, &schedule));
}
END_TEST

/* Schedules of rates in files. ------------------------------------------------------------------ */

static double half(void *user, uint64_t step) {
  (void)user, (void)step;
  return 0.5;
}

static const uint64_t boundaries[] = {0, 8};
static const double values[] = {1, 0.25};
static const dni_schedule rates[] = {
    {.struct_size = sizeof(dni_schedule), .kind = DNI_RATE_CONSTANT, .warm_up = 2},
    {.struct_size = sizeof(dni_schedule), .kind = DNI_RATE_DECAY, .steps = 9, .value = 0.5},
    {.struct_size = sizeof(dni_schedule),
     .kind = DNI_RATE_PIECEWISE,
     .boundaries = boundaries,
     .values = values,
     .count = 2},
    {.struct_size = sizeof(dni_schedule),
     .kind = DNI_RATE_LINES,
     .boundaries = boundaries,
     .values = values,
     .count = 2},
    {.struct_size = sizeof(dni_schedule), .kind = DNI_RATE_COSINE, .steps = 9, .value = 0.5},
    {.struct_size = sizeof(dni_schedule), .kind = DNI_RATE_FUNCTION, .function = half},
};
static const char *const names[] = {"constant", "decay",  "piecewise",
                                    "lines",    "cosine", "function"};
enum { RATES = sizeof rates / sizeof rates[0] };

static dni_checkpoint *checkpoint_with(const dni_schedule *schedule) {
  dni_checkpoint *checkpoint;
  dni_optimiser *sgd = make_sgd(context, 0.1);
  EXPECT_OK(dni_optimiser_set_schedule(sgd, schedule));
  EXPECT_OK(dni_checkpoint_create(context, &checkpoint));
  EXPECT_OK(dni_checkpoint_add_optimiser(checkpoint, "o", sgd));
  return checkpoint;
}

/* A file says which kind its optimiser had; another one is refused, with both names. _i: the file's. */
START_TEST(test_rates_in_files) {
  static bytes file;
  char words[100];
  if (!support_has_files()) return;
  make_parts();
  dni_checkpoint *saved = checkpoint_with(&rates[_i]);
  const dni_writer writer = {sizeof writer, &file, put};
  const dni_reader reader = {sizeof reader, &file, take};
  file.size = 0;
  EXPECT_OK(dni_checkpoint_write(saved, &writer));
  for (int i = 0; i < RATES; i++) {
    dni_checkpoint *other = checkpoint_with(&rates[i]);
    (void)snprintf(words, sizeof words, "o.schedule.kind is %s in the file and %s here", names[_i],
                   names[i]);
    file.next = 0;
    if (i == _i)
      EXPECT_OK(dni_checkpoint_read(other, &reader, NULL));
    else
      EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, words, dni_checkpoint_read(other, &reader, NULL));
    dni_checkpoint_release(other);
  }
  dni_checkpoint_release(saved);
}
END_TEST

/* One memory in two modules. -------------------------------------------------------------------- */

static dni_status do_nothing(void *user, const dni_layer_call *call) {
  (void)user, (void)call;
  return DNI_OK;
}

static dni_status one_parameter(void *user, size_t index, dni_matrix *value, dni_matrix *gradient) {
  float *own = user;
  (void)index;
  dni_matrix_init_f32(value, own, 1, 1);
  dni_matrix_init_f32(gradient, own + 1, 1, 1);
  return DNI_OK;
}

START_TEST(test_moved_twice) {
  static float own[2];
  const dni_layer_callbacks callbacks = {.struct_size = sizeof callbacks,
                                         .user = own,
                                         .forward = do_nothing,
                                         .backward = do_nothing,
                                         .parameter_count = 1,
                                         .parameter = one_parameter};
  make_parts();
  dni_network *twice;
  dni_trainer *trainer = NULL;
  EXPECT_OK(dni_network_create(context, &twice));
  keep(NETWORK, twice);
  for (int i = 0; i < 2; i++) {
    dni_layer *layer;
    EXPECT_OK(dni_layer_create_callback(context, CLASSES, CLASSES, &callbacks, &layer));
    EXPECT_OK(dni_network_add(twice, layer));
    dni_layer_release(layer);
  }
  dni_sg *sg = keep(ESTIMATOR, make_sg(context, CLASSES, CLASSES, CLASSES, "sg"));
  EXPECT_OK(dni_network_set_sg(twice, 0, sg));
  const dni_trainer_options options = {.struct_size = sizeof options, .max_batch = ROWS};
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "parameter 0 is moved by module 0 already",
                 dni_trainer_create(twice, loss, &options, &trainer));
  EXPECT(!trainer, "a trainer was made");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("refusals");
  TCase *group = add_group(suite, "fields");
  tcase_add_test(group, test_trainers);
  tcase_add_test(group, test_lessons);
  tcase_add_test(group, test_backends);
  tcase_add_test(group, test_metrics);
  tcase_add_test(group, test_orders);
  tcase_add_test(group, test_schedules);
  tcase_add_loop_test(group, test_rates_in_files, 0, RATES);
  tcase_add_test(group, test_moved_twice);
  return support_run(suite);
}

/* Outputs kept as bf16 (dni_trainer_options.activations): the same bits where only products read them, else
 * those of a training by hand that rounds the same outputs; what stays in floats; how much memory it takes. */
#include "core/bf16.h"
#include "training.h"

enum { ROWS = 13, INPUTS = 6, CLASSES = 4, STEPS = 4, MOST_LAYERS = 8 };

static dni_context *bf16_context(size_t threads) {
  dni_backend *backend = support_builtin();
  EXPECT_OK(dni_backend_set_threads(backend, threads));
  dni_context_options options = {.struct_size = sizeof options,
                                 .seed = 11,
                                 .compute = DNI_BF16,
                                 .allocator = &support_allocator,
                                 .backend = backend};
  dni_context *context;
  EXPECT_OK(dni_context_create(&options, &context));
  dni_backend_release(backend);
  return keep(CONTEXT, context);
}

static dni_trainer_options options_of(dni_kind schedule, dni_dtype activations) {
  return (dni_trainer_options){.struct_size = sizeof(dni_trainer_options),
                               .max_batch = ROWS,
                               .schedule = schedule,
                               .update_probability = schedule == DNI_SCHEDULE_RANDOM ? 0.6 : 0,
                               .has_seed = 1,
                               .seed = 3,
                               .activations = activations};
}

static dni_trainer *create(dni_context *context, dni_network *network,
                           const dni_trainer_options *options) {
  dni_trainer *trainer;
  EXPECT_OK(dni_trainer_create(network, make_cross_entropy(context), options, &trainer));
  return keep(TRAINER, trainer);
}

static dni_matrix x, y;

static void make_batch(void) {
  x = matrix_random(DNI_F32, ROWS, INPUTS);
  y = matrix_one_hot(DNI_F32, ROWS, CLASSES);
}

/* The parameters of a network after some steps. */
static numbers trained(const char *text, dni_kind schedule, size_t threads, dni_dtype activations) {
  dni_context *context = bf16_context(threads);
  dni_network *network = make_network(context, text);
  const dni_trainer_options options = options_of(schedule, activations);
  dni_trainer *trainer = create(context, network, &options);
  for (int step = 0; step < STEPS; step++)
    EXPECT_OK(support_step(trainer, &x, &y, NULL));
  EXPECT_OK(dni_trainer_flush(trainer));
  numbers all = all_layer_numbers(network);
  append_numbers(&all, all_sg_numbers(network));
  return all;
}

static size_t activation_bytes(const char *text, dni_kind schedule, dni_dtype activations) {
  dni_memory_report report = {.struct_size = sizeof report};
  const dni_trainer_options options = options_of(schedule, activations);
  dni_context *context = bf16_context(1);
  dni_trainer *trainer = create(context, make_network(context, text), &options);
  EXPECT_OK(dni_trainer_memory(trainer, &report));
  return report.activation_bytes;
}

/* Where products alone read them. -------------------------------------------------------------- */

static const struct {
  const char *network;
  dni_kind schedule;
} same[] = {
    {"6 relu40 relu33 relu9 relu21 dense4", DNI_SCHEDULE_SEQUENTIAL},
    {"6 dense40 leaky33 relu9 gelu21 relu8 dense4", DNI_SCHEDULE_SEQUENTIAL},
    {"6 relu40 relu13 |sg relu9 relu12 |ls relu20 dense4", DNI_SCHEDULE_SEQUENTIAL},
    {"6 relu40 relu33 |dfa relu9 relu21 |dfa relu8 dense4", DNI_SCHEDULE_SEQUENTIAL},
    {"6 relu40 relu33 |critic relu9 relu21 |sg1h relu8 dense4", DNI_SCHEDULE_SEQUENTIAL},
    {"6 relu40 relu33 |fa relu9 relu21 |local relu8 dense4", DNI_SCHEDULE_SEQUENTIAL},
    {"6 relu40 relu33 |sg relu9 relu21 |lsr relu8 dense4", DNI_SCHEDULE_RANDOM},
    {"6 relu40 relu33 relu9 relu21 dense4", DNI_SCHEDULE_MICRO_BATCHES},
};
enum { SAMES = sizeof same / sizeof same[0] };

START_TEST(test_same_bits) {
  make_batch();
  const char *text = same[_i].network;
  const dni_kind schedule = same[_i].schedule;
  const size_t floats = activation_bytes(text, schedule, 0);
  const size_t halves = activation_bytes(text, schedule, DNI_BF16);
  EXPECT(halves < floats, "%zu bytes of activations beside %zu", halves, floats);
  EXPECT_SAME_BITS(trained(text, schedule, 1, 0), trained(text, schedule, 1, DNI_BF16));
}
END_TEST

/* An activation is read by the next layer and by its own derivative; threads of the backend share the rounding. */
START_TEST(test_threads) {
  make_batch();
  const char *text = "6 relu40 norm relu33 norm relu9 dense4";
  EXPECT_SAME_BITS(trained(text, DNI_SCHEDULE_SEQUENTIAL, 1, DNI_BF16),
                   trained(text, DNI_SCHEDULE_SEQUENTIAL, 3, DNI_BF16));
}
END_TEST

/* By hand. ------------------------------------------------------------------------------------- */

static void round_matrix(const dni_matrix *matrix) {
  for (size_t r = 0; r < matrix->rows; r++)
    for (size_t c = 0; c < matrix->columns; c++)
      matrix_set(matrix, r, c,
                 (double)dni__float_of(dni__bf16_round((float)matrix_get(matrix, r, c)) << 16));
}

/* A step in which the outputs that `rounded` marks are rounded, and float all the way down. */
static void step_by_hand(dni_network *network, dni_loss *loss, dni_optimiser *adam,
                         const char *rounded) {
  const size_t count = dni_network_layer_count(network);
  dni_matrix h[MOST_LAYERS + 1] = {x}, d[MOST_LAYERS + 1];
  for (size_t i = 0; i < count; i++) {
    dni_layer *layer = dni_network_layer(network, i);
    h[i + 1] = matrix_make(DNI_F32, ROWS, dni_layer_outputs(layer));
    d[i + 1] = matrix_make(DNI_F32, ROWS, dni_layer_outputs(layer));
    EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &h[i], &h[i + 1]));
    if (rounded[i] == '1') round_matrix(&h[i + 1]);
  }
  d[0] = matrix_make(DNI_F32, ROWS, INPUTS);
  EXPECT_OK(support_evaluate(loss, &h[count], &y, &d[count], NULL, NULL));
  for (size_t i = count; i-- > 0;)
    EXPECT_OK(support_backward(dni_network_layer(network, i), DNI_GRADIENT_REPLACE, &h[i],
                               &h[i + 1], &d[i + 1], &d[i]));
  EXPECT_OK(dni_optimiser_step(adam));
}

static const struct {
  const char *network, *rounded; /* which outputs, by hand */
} by_hand[] = {
    {"6 relu40 norm relu33 norm relu9 dense4", "111110"},
    {"6 dense40 norm relu rows relu9 dense4", "111110"},
    {"6 tanh40 norm sigmoid9 leaky8 tanh dense4", "010100"},
    {"6 relu5 gelu relu33 dense4", "1110"},
    {"6 relu40 drop relu33 drop relu9 dense4", "111110"},
};
enum { BY_HAND = sizeof by_hand / sizeof by_hand[0] };

/* Gradients are means over the batch by hand too. */
START_TEST(test_by_hand) {
  make_batch();
  dni_context *context = bf16_context(1);
  dni_network *network = make_network(context, by_hand[_i].network);
  dni_optimiser *adam = make_adam(context, 0.001);
  dni_loss *loss = make_cross_entropy(context);
  for (size_t i = 0; i < dni_network_layer_count(network); i++)
    EXPECT_OK(dni_optimiser_add_layer(adam, dni_network_layer(network, i)));
  for (int step = 0; step < STEPS; step++)
    step_by_hand(network, loss, adam, by_hand[_i].rounded);
  numbers expected = all_layer_numbers(network);
  numbers actual = trained(by_hand[_i].network, DNI_SCHEDULE_SEQUENTIAL, 1, DNI_BF16);
  EXPECT(difference(actual, expected) < 1e-6, "differs by %g", difference(actual, expected));
}
END_TEST

/* What stays. ---------------------------------------------------------------------------------- */

START_TEST(test_memory) {
  const char *wide = "6 relu64 relu64 relu64 relu64 relu64 relu64 dense4";
  const size_t layer = ROWS * 64 * sizeof(float), top = ROWS * CLASSES * sizeof(float);
  const size_t floats = activation_bytes(wide, DNI_SCHEDULE_SEQUENTIAL, 0);
  const size_t halves = activation_bytes(wide, DNI_SCHEDULE_SEQUENTIAL, DNI_BF16);
  EXPECT(floats >= 6 * layer + top && floats < 6 * layer + top + 64, "%zu bytes", floats);
  EXPECT(halves >= 3 * layer + top && halves < 3 * layer + top + 64, "%zu bytes", halves);
  ck_assert_uint_eq(activation_bytes("6 tanh64 sigmoid64 tanh64 dense4", 0, DNI_BF16),
                    activation_bytes("6 tanh64 sigmoid64 tanh64 dense4", 0, 0));
}
END_TEST

/* A layer of the caller's: y = x, and what it has seen that is not a bf16. */
typedef struct watcher {
  size_t fine;
} watcher;

static dni_status watch_forward(void *user, const dni_layer_call *call) {
  watcher *seen = user;
  for (size_t r = 0; r < call->x->rows; r++)
    for (size_t c = 0; c < call->x->columns; c++) {
      const double value = matrix_get(call->x, r, c);
      seen->fine += dni__bits_of((float)value) << 16 != 0;
      matrix_set(call->y, r, c, value);
    }
  return DNI_OK;
}

static dni_status watch_backward(void *user, const dni_layer_call *call) {
  (void)user;
  matrix_copy(call->dy, call->dx);
  return DNI_OK;
}

START_TEST(test_own_layer) {
  make_batch();
  watcher seen = {0};
  const dni_layer_callbacks callbacks = {.struct_size = sizeof callbacks,
                                         .user = &seen,
                                         .forward = watch_forward,
                                         .backward = watch_backward};
  dni_context *context = bf16_context(1);
  dni_network *network = make_network(context, "6 relu40 relu33");
  dni_layer *own, *last = make_layer(context, 33, "dense4");
  EXPECT_OK(dni_layer_create_callback(context, 33, 33, &callbacks, &own));
  EXPECT_OK(dni_network_add(network, own));
  EXPECT_OK(dni_network_add(network, last));
  dni_layer_release(own);
  dni_layer_release(last);
  const dni_trainer_options options = options_of(DNI_SCHEDULE_SEQUENTIAL, DNI_BF16);
  EXPECT_OK(support_step(create(context, network, &options), &x, &y, NULL));
  EXPECT(seen.fine > 0, "it sees rounded numbers");
}
END_TEST

/* Threads whose batches wait: a training goes on and gets better. */
START_TEST(test_pipelined) {
  make_batch();
  dni_context *context = bf16_context(1);
  dni_network *network =
      make_network(context, "6 relu40 norm |sg relu33 norm relu9 |delayed relu9 dense4");
  dni_trainer_options options = options_of(DNI_SCHEDULE_PIPELINED, DNI_BF16);
  options.threads = 3;
  dni_trainer *trainer = create(context, network, &options);
  dni_step_report last = {.struct_size = sizeof last};
  for (int step = 0; step < 300; step++)
    EXPECT_OK(support_step(trainer, &x, &y, &last));
  EXPECT(last.loss < 0.5 * log(CLASSES), "loss %g", last.loss);
  EXPECT_OK(dni_trainer_flush(trainer));
}
END_TEST

/* Refusals. ------------------------------------------------------------------------------------ */

START_TEST(test_refusals) {
  static const struct {
    dni_dtype compute, activations;
    int32_t reserved;
    dni_status expected;
  } cases[] = {
      {DNI_BF16, DNI_F32, 0, DNI_OK},
      {DNI_BF16, DNI_F16, 0, DNI_ERROR_UNSUPPORTED},
      {DNI_BF16, DNI_F64, 0, DNI_ERROR_ARGUMENT},
      {DNI_BF16, DNI_U8, 0, DNI_ERROR_ARGUMENT},
      {DNI_BF16, -1, 0, DNI_ERROR_ARGUMENT},
      {DNI_BF16, DNI_BF16, 1, DNI_ERROR_UNSUPPORTED},
      {0, DNI_BF16, 0, DNI_ERROR_UNSUPPORTED},
      {0, DNI_F32, 0, DNI_OK},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const dni_context_options how = {
        .struct_size = sizeof how, .compute = cases[i].compute, .allocator = &support_allocator};
    dni_context *context;
    EXPECT_OK(dni_context_create(&how, &context));
    keep(CONTEXT, context);
    dni_network *network = make_network(context, "6 relu5 dense4");
    dni_loss *loss = make_cross_entropy(context);
    dni_trainer_options options = options_of(DNI_SCHEDULE_SEQUENTIAL, cases[i].activations);
    options.reserved = cases[i].reserved;
    dni_trainer *trainer = NULL;
    dni_status status = dni_trainer_create(network, loss, &options, &trainer);
    EXPECT(status == cases[i].expected, "case %zu: %s", i, dni_status_name(status));
    EXPECT((status == DNI_OK) == (trainer != NULL), "case %zu: written", i);
    EXPECT(status == DNI_OK || strstr(dni_last_message(), "dni_trainer_options: "), "%s",
           dni_last_message());
    dni_trainer_release(trainer);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("bf16 activations");
  TCase *group = add_group(suite, "activations");
  tcase_add_loop_test(group, test_same_bits, 0, SAMES);
  tcase_add_test(group, test_threads);
  tcase_add_loop_test(group, test_by_hand, 0, BY_HAND);
  tcase_add_test(group, test_memory);
  tcase_add_test(group, test_own_layer);
  tcase_add_test(group, test_pipelined);
  tcase_add_test(group, test_refusals);
  return support_run(suite);
}

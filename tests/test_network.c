/* Networks as containers: what they accept, what they answer, predictions and evaluation against
 * the layers one by one. */
#include "training.h"

enum { INPUTS = 6, CLASSES = 4 };

static dni_context *context;
static dni_dtype dtype;

static void use(int index) {
  dtype = support_dtypes[index];
  context = make_context(dtype, 9);
}

static dni_layer *layer_of(size_t inputs, const char *word) {
  return keep(LAYER, make_layer(context, inputs, word));
}

static dni_sg *sg_of(size_t units, const char *word) {
  return keep(ESTIMATOR, make_sg(context, units, CLASSES, 8, word));
}

/* Building. ------------------------------------------------------------------------------------ */

START_TEST(test_parts) {
  use(_i);
  dni_network *network = make_network(context, "6");
  ck_assert_uint_eq(dni_network_layer_count(network), 0);
  ck_assert_uint_eq(dni_network_inputs(network), 0);
  ck_assert_uint_eq(dni_network_outputs(network), 0);
  dni_layer *first = layer_of(6, "relu9"), *second = layer_of(9, "dense4");
  EXPECT_OK(dni_network_add(network, first));
  EXPECT_OK(dni_network_add(network, second));
  ck_assert_uint_eq(dni_network_inputs(network), 6);
  ck_assert_uint_eq(dni_network_outputs(network), 4);
  ck_assert_uint_eq(dni_network_layer_count(network), 2);
  ck_assert_ptr_eq(dni_network_layer(network, 0), first);
  ck_assert_ptr_eq(dni_network_layer(network, 1), second);
  ck_assert_ptr_null(dni_network_layer(network, 2));
  ck_assert_ptr_null(dni_network_sg(network, 0));
  dni_sg *sg = sg_of(9, "sg");
  EXPECT_OK(dni_network_set_sg(network, 0, sg));
  ck_assert_ptr_eq(dni_network_sg(network, 0), sg);
  EXPECT_OK(dni_network_set_sg(network, 0, NULL));
  ck_assert_ptr_null(dni_network_sg(network, 0));
  ck_assert_ptr_null(dni_network_sg(network, 7));
}
END_TEST

START_TEST(test_null) {
  use(0);
  dni_network *network = make_network(context, "6 relu9 dense4"), *out = NULL;
  dni_matrix x = matrix_random(dtype, 2, INPUTS), h = matrix_make(dtype, 2, CLASSES);
  EXPECT_ARGUMENT(dni_network_create(NULL, &out));
  EXPECT_ARGUMENT(dni_network_create(context, NULL));
  EXPECT_ARGUMENT(dni_network_add(NULL, dni_network_layer(network, 0)));
  EXPECT_ARGUMENT(dni_network_add(network, NULL));
  EXPECT_ARGUMENT(dni_network_set_sg(NULL, 0, NULL));
  EXPECT_ARGUMENT(dni_network_reserve(NULL, 1));
  EXPECT_ARGUMENT(dni_network_predict(NULL, &x, &h));
  EXPECT_ARGUMENT(dni_network_predict(network, NULL, &h));
  EXPECT_ARGUMENT(dni_network_predict(network, &x, NULL));
  ck_assert_uint_eq(dni_network_inputs(NULL), 0);
  ck_assert_uint_eq(dni_network_outputs(NULL), 0);
  ck_assert_uint_eq(dni_network_layer_count(NULL), 0);
  ck_assert_ptr_null(dni_network_layer(NULL, 0));
  ck_assert_ptr_null(dni_network_sg(NULL, 0));
  dni_network_retain(NULL);
  dni_network_release(NULL);
  matrix_expect_untouched(&h, "h");
}
END_TEST

START_TEST(test_layers_refused) {
  use(_i);
  dni_network *network = make_network(context, "6 relu9 dense4");
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "layer 2 (dense)",
                 dni_network_add(network, layer_of(5, "dense3")));
  dni_context *other = make_context(support_dtypes[1 - _i], 1);
  dni_layer *alien = keep(LAYER, make_layer(other, 4, "tanh3"));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "layer 2 (dense)", dni_network_add(network, alien));
  dni_layer *square = layer_of(4, "dense4");
  EXPECT_OK(dni_network_add(network, square));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "layer 3 (dense): is layer 2",
                 dni_network_add(network, square));
  ck_assert_uint_eq(dni_network_layer_count(network), 3);
  ck_assert_uint_eq(dni_network_outputs(network), 4);
}
END_TEST

START_TEST(test_estimators_refused) {
  use(_i);
  dni_network *network = make_network(context, "6 relu9 |sg norm relu8 dense4");
  dni_sg *before = dni_network_sg(network, 0);
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "layer 0", dni_network_set_sg(network, 0, sg_of(8, "sg")));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "4", dni_network_set_sg(network, 4, sg_of(4, "sg")));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "4", dni_network_set_sg(network, 4, NULL));
  EXPECT_ARGUMENT(dni_network_set_sg(network, SIZE_MAX, sg_of(4, "sg")));
  /* fa: above must be dense, of as many outputs as the error has units, and there */
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "layer 0", dni_network_set_sg(network, 0, sg_of(9, "fa")));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "layer 2", dni_network_set_sg(network, 2, sg_of(8, "fa")));
  EXPECT_OK(dni_network_set_sg(network, 1, sg_of(9, "fa")));
  EXPECT_STATUS(DNI_ERROR_STATE, dni_network_set_sg(network, 3, sg_of(4, "fa")));
  dni_context *other = make_context(support_dtypes[1 - _i], 1);
  dni_sg *alien = keep(ESTIMATOR, make_sg(other, 9, CLASSES, 0, "sg"));
  EXPECT_ARGUMENT(dni_network_set_sg(network, 0, alien));
  ck_assert_ptr_eq(dni_network_sg(network, 0), before);
  ck_assert_ptr_null(dni_network_sg(network, 2));
  ck_assert_ptr_null(dni_network_sg(network, 3));
}
END_TEST

START_TEST(test_shape_is_fixed_by_a_trainer) {
  use(_i);
  dni_network *network = make_network(context, "6 relu9 |sg dense4");
  dni_optimiser *adam = make_adam(context, 0.1);
  make_trainer(context, network, adam, adam, 8, 0);
  release_last(); /* the trainer: the shape stays fixed without it */
  EXPECT_STATUS(DNI_ERROR_STATE, dni_network_add(network, layer_of(4, "dense3")));
  EXPECT_STATUS(DNI_ERROR_STATE, dni_network_set_sg(network, 0, NULL));
  ck_assert_uint_eq(dni_network_layer_count(network), 2);
  make_trainer(context, network, adam, adam, 4, 0);
}
END_TEST

/* A container keeps what it uses: releasing in the wrong order is right. */
START_TEST(test_any_order_of_release) {
  dni_dtype type = support_dtypes[_i];
  dni_context_options options = {
      .struct_size = sizeof options, .dtype = type, .allocator = &support_allocator};
  dni_context *own;
  dni_network *network;
  dni_optimiser *adam;
  dni_loss *loss;
  dni_trainer *trainer;
  dni_trainer_options plan = {.struct_size = sizeof plan, .max_batch = 4};
  EXPECT_OK(dni_context_create(&options, &own));
  dni_layer *lower = make_layer(own, INPUTS, "relu9"), *upper = make_layer(own, 9, "dense4");
  dni_sg *sg = make_sg(own, 9, CLASSES, CLASSES, "sg1");
  EXPECT_OK(dni_network_create(own, &network));
  EXPECT_OK(dni_optimiser_create_adam(own, 0.1, &adam));
  EXPECT_OK(dni_loss_create_softmax_cross_entropy(own, &loss));
  EXPECT_OK(dni_network_add(network, lower));
  EXPECT_OK(dni_network_add(network, upper));
  EXPECT_OK(dni_network_set_sg(network, 0, sg));
  EXPECT_OK(dni_trainer_create(own, network, loss, adam, adam, &plan, &trainer));
  dni_context_release(own);
  dni_sg_release(sg);
  dni_layer_release(lower);
  dni_loss_release(loss);
  dni_optimiser_release(adam);
  dni_network_release(network);
  dni_layer_release(upper);
  dni_matrix x = matrix_random(type, 4, INPUTS), y = matrix_one_hot(type, 4, CLASSES);
  EXPECT_OK(dni_trainer_step(trainer, &x, &y, NULL));
  dni_trainer_release(trainer);
}
END_TEST

/* Predictions. --------------------------------------------------------------------------------- */

/* A network whose running statistics have left their starting values. */
static dni_network *trained(void) {
  dni_network *network = make_network(context, "6 relu9 norm tanh8 norm sigmoid7 relu dense4");
  dni_trainer *trainer = make_trainer(context, network, make_adam(context, 0.01), NULL, 20, 0);
  dni_matrix x = matrix_random(dtype, 20, INPUTS), y = matrix_one_hot(dtype, 20, CLASSES);
  for (size_t step = 0; step < 20; step++)
    EXPECT_OK(dni_trainer_step(trainer, &x, &y, NULL));
  return network;
}

/* Layer by layer in inference mode. */
static dni_matrix direct(const dni_network *network, dni_matrix x) {
  for (size_t i = 0; i < dni_network_layer_count(network); i++) {
    dni_layer *layer = dni_network_layer(network, i);
    dni_matrix y = matrix_make(dtype, x.rows, dni_layer_outputs(layer));
    EXPECT_OK(dni_layer_forward(layer, DNI_MODE_INFERENCE, &x, &y));
    x = y;
  }
  return x;
}

START_TEST(test_predict) {
  static const size_t rows[] = {1, 7, 64, 256, 257, 600};
  use(_i);
  dni_network *network = trained();
  numbers before = all_layer_numbers(network);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    dni_matrix x = matrix_random(dtype, rows[i], INPUTS), expected = direct(network, x);
    dni_matrix h = matrix_make(dtype, rows[i], CLASSES);
    EXPECT_OK(dni_network_predict(network, &x, &h));
    matrix_expect_close(&h, &expected, support_tolerance(dtype, 1e-5, 1e-13), "h");
  }
  EXPECT_SAME_BITS(all_layer_numbers(network), before);
}
END_TEST

/* In parts of 1, 5 and 100 rows, without the memory of more. */
START_TEST(test_predict_in_parts) {
  use(_i);
  dni_matrix x = matrix_random(dtype, 103, INPUTS);
  for (size_t rows = 1; rows <= 100; rows = rows == 1 ? 5 : 20 * rows) {
    dni_network *network = trained();
    dni_matrix expected = direct(network, x), h = matrix_make(dtype, 103, CLASSES);
    EXPECT_OK(dni_network_reserve(network, rows));
    size_t bytes = dni_context_bytes(context);
    EXPECT_OK(dni_network_predict(network, &x, &h));
    ck_assert_uint_eq(dni_context_bytes(context), bytes);
    matrix_expect_close(&h, &expected, support_tolerance(dtype, 1e-5, 1e-13), "h");
  }
}
END_TEST

START_TEST(test_predict_refused) {
  use(_i);
  dni_network *network = trained(), *empty = make_network(context, "6");
  dni_matrix x = matrix_random(dtype, 3, INPUTS), narrow = matrix_random(dtype, 3, INPUTS - 1);
  dni_matrix h = matrix_make(dtype, 3, CLASSES), tall = matrix_make(dtype, 4, CLASSES);
  dni_matrix wide = matrix_make(dtype, 3, CLASSES + 1);
  dni_matrix other = matrix_random(support_dtypes[1 - _i], 3, INPUTS);
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "5", dni_network_predict(network, &narrow, &h));
  EXPECT_ARGUMENT(dni_network_predict(network, &x, &tall));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "5", dni_network_predict(network, &x, &wide));
  EXPECT_ARGUMENT(dni_network_predict(network, &other, &h));
  EXPECT_STATUS(DNI_ERROR_STATE, dni_network_predict(empty, &x, &h));
  EXPECT_STATUS(DNI_ERROR_STATE, dni_network_reserve(empty, 10));
  EXPECT_ARGUMENT(dni_network_reserve(network, 0));
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_network_reserve(network, SIZE_MAX / 4));
  x.stride = INPUTS - 1;
  EXPECT_ARGUMENT(dni_network_predict(network, &x, &h));
  matrix_expect_untouched(&h, "h");
  x = matrix_random(dtype, 0, INPUTS);
  h = matrix_make(dtype, 0, CLASSES);
  EXPECT_OK(dni_network_predict(network, &x, &h)); /* an empty batch is no error */
}
END_TEST

/* Evaluation. ---------------------------------------------------------------------------------- */

static dni_dataset *make_dataset(dni_matrix x, dni_matrix y) {
  dni_dataset *dataset;
  EXPECT_OK(dni_dataset_create_memory(context, &x, &y, DNI_DATA_BORROW, &dataset));
  return keep(DATASET, dataset);
}

/* The loss written out: -log softmax(h)[label]. */
START_TEST(test_evaluate) {
  use(_i);
  for (size_t rows = 1; rows < 1000; rows = 7 * rows + 1) { /* 1 8 57 400 */
    dni_network *network = trained();
    dni_matrix x = matrix_random(dtype, rows, INPUTS), y = matrix_one_hot(dtype, rows, CLASSES);
    dni_matrix h = direct(network, x);
    double loss = 0, right = 0;
    for (size_t r = 0; r < rows; r++) {
      double sum = 0, own = 0;
      size_t largest = 0;
      for (size_t c = 0; c < CLASSES; c++) {
        sum += exp(matrix_get(&h, r, c));
        own += matrix_get(&y, r, c) * matrix_get(&h, r, c);
        if (matrix_get(&h, r, c) > matrix_get(&h, r, largest)) largest = c;
      }
      loss += log(sum) - own;
      right += matrix_get(&y, r, largest);
    }
    numbers before = all_layer_numbers(network);
    dni_evaluation evaluation = {.struct_size = sizeof evaluation};
    EXPECT_OK(dni_network_evaluate(network, make_cross_entropy(context), make_dataset(x, y),
                                   &evaluation));
    ck_assert_uint_eq(evaluation.examples, rows);
    expect_close(evaluation.loss, loss / (double)rows, support_tolerance(dtype, 1e-6, 1e-13),
                 "loss");
    ck_assert_double_eq(evaluation.accuracy, right / (double)rows);
    EXPECT_SAME_BITS(all_layer_numbers(network), before);
  }
}
END_TEST

START_TEST(test_evaluate_refused) {
  use(_i);
  dni_network *network = trained();
  dni_loss *loss = make_cross_entropy(context);
  dni_evaluation out = {.struct_size = sizeof out, .examples = 77};
  dni_matrix x = matrix_random(dtype, 3, INPUTS), y = matrix_one_hot(dtype, 3, CLASSES);
  dni_dataset *dataset = make_dataset(x, y);
  EXPECT_ARGUMENT(dni_network_evaluate(NULL, loss, dataset, &out));
  EXPECT_ARGUMENT(dni_network_evaluate(network, NULL, dataset, &out));
  EXPECT_ARGUMENT(dni_network_evaluate(network, loss, NULL, &out));
  EXPECT_ARGUMENT(dni_network_evaluate(network, loss, dataset, NULL));
  EXPECT_ARGUMENT(dni_network_evaluate(network, loss, make_dataset(y, y), &out));
  EXPECT_ARGUMENT(dni_network_evaluate(network, loss, make_dataset(x, x), &out));
  dni_loss *alien = make_cross_entropy(make_context(support_dtypes[1 - _i], 1));
  EXPECT_ARGUMENT(dni_network_evaluate(network, alien, dataset, &out));
  out.struct_size = 3;
  EXPECT_ARGUMENT(dni_network_evaluate(network, loss, dataset, &out));
  out.struct_size = sizeof out;
  dni_matrix weight;
  EXPECT_OK(dni_layer_parameter(dni_network_layer(network, 6), 0, &weight, NULL));
  matrix_set(&weight, 0, 0, NAN);
  EXPECT_STATUS(DNI_ERROR_NON_FINITE, dni_network_evaluate(network, loss, dataset, &out));
  ck_assert_uint_eq(out.examples, 77);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("network");
  TCase *group = add_group(suite, "network");
  tcase_add_loop_test(group, test_parts, 0, 2);
  tcase_add_test(group, test_null);
  tcase_add_loop_test(group, test_layers_refused, 0, 2);
  tcase_add_loop_test(group, test_estimators_refused, 0, 2);
  tcase_add_loop_test(group, test_shape_is_fixed_by_a_trainer, 0, 2);
  tcase_add_loop_test(group, test_any_order_of_release, 0, 2);
  tcase_add_loop_test(group, test_predict, 0, 2);
  tcase_add_loop_test(group, test_predict_in_parts, 0, 2);
  tcase_add_loop_test(group, test_predict_refused, 0, 2);
  tcase_add_loop_test(group, test_evaluate, 0, 2);
  tcase_add_loop_test(group, test_evaluate_refused, 0, 2);
  return support_run(suite);
}

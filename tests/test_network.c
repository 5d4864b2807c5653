/* Networks as containers: what they accept, what they answer, copies, predictions and evaluation
 * against the layers one by one. */
#include <pthread.h>

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
  ck_assert_ptr_null(sg_after(network, 0));
  ck_assert_ptr_null(sg_after(network, 1));
  dni_sg *sg = sg_of(9, "sg"), *found = sg;
  EXPECT_OK(dni_network_set_sg(network, 0, sg));
  ck_assert_ptr_eq(sg_after(network, 0), sg);
  EXPECT_OK(dni_network_set_sg(network, 0, NULL));
  ck_assert_ptr_null(sg_after(network, 0));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "7", dni_network_sg(network, 7, &found));
  ck_assert_ptr_eq(found, sg);
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
  dni_sg *sg;
  dni_predictor *predictor;
  EXPECT_ARGUMENT(dni_network_sg(NULL, 0, &sg));
  EXPECT_ARGUMENT(dni_network_sg(network, 0, NULL));
  EXPECT_ARGUMENT(dni_network_copy(NULL, &out));
  EXPECT_ARGUMENT(dni_network_copy(network, NULL));
  EXPECT_ARGUMENT(dni_network_assign(NULL, network));
  EXPECT_ARGUMENT(dni_network_assign(network, NULL));
  EXPECT_ARGUMENT(dni_predictor_create(NULL, 1, &predictor));
  EXPECT_ARGUMENT(dni_predictor_create(network, 1, NULL));
  EXPECT_ARGUMENT(dni_predictor_run(NULL, DNI_ALL, &x, &h));
  EXPECT_ARGUMENT(dni_network_predict(NULL, &x, &h));
  EXPECT_ARGUMENT(dni_network_predict(network, NULL, &h));
  EXPECT_ARGUMENT(dni_network_predict(network, &x, NULL));
  ck_assert_uint_eq(dni_network_inputs(NULL), 0);
  ck_assert_uint_eq(dni_network_outputs(NULL), 0);
  ck_assert_uint_eq(dni_network_layer_count(NULL), 0);
  ck_assert_ptr_null(dni_network_layer(NULL, 0));
  ck_assert_ptr_null(dni_network_retain(NULL));
  ck_assert_ptr_null(dni_predictor_retain(NULL));
  dni_network_release(NULL);
  dni_predictor_release(NULL);
  ck_assert_ptr_eq(dni_network_retain(network), network);
  dni_network_release(network);
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
  /* Dropout keeps a mask from forward to backward: one place. Activations keep nothing. */
  dni_layer *dropout, *relu = layer_of(4, "relu");
  EXPECT_OK(dni_layer_create_dropout(context, 4, 0.5, NULL, &dropout));
  EXPECT_OK(dni_network_add(network, keep(LAYER, dropout)));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "layer 3", dni_network_add(network, dropout));
  EXPECT_OK(dni_network_add(network, relu));
  EXPECT_OK(dni_network_add(network, relu));
  ck_assert_uint_eq(dni_network_layer_count(network), 6);
  ck_assert_uint_eq(dni_network_outputs(network), 4);
}
END_TEST

/* 20,000 layers, each a place of its own: adding is not quadratic. */
START_TEST(test_many_layers) {
  use(0);
  dni_network *network = make_network(context, "6");
  dni_layer *first = NULL;
  for (size_t i = 0; i < 20000; i++) {
    dni_layer *layer = make_layer(context, i == 0 ? 6 : 1, "dense1");
    EXPECT_OK(dni_network_add(network, layer));
    if (i == 1) first = layer;
    dni_layer_release(layer);
  }
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "is layer 1", dni_network_add(network, first));
}
END_TEST

START_TEST(test_sgs_refused) {
  use(_i);
  dni_network *network = make_network(context, "6 relu9 |sg norm relu8 dense4");
  dni_sg *before = sg_after(network, 0);
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "layer 0", dni_network_set_sg(network, 0, sg_of(8, "sg")));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "4", dni_network_set_sg(network, 4, sg_of(4, "sg")));
  EXPECT_STATUS(DNI_ERROR_ARGUMENT, dni_network_set_sg(network, 1, before)); /* after layer 0 */
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
  ck_assert_ptr_eq(sg_after(network, 0), before);
  ck_assert_ptr_null(sg_after(network, 2));
  ck_assert_ptr_null(sg_after(network, 3));
}
END_TEST

/* One SG at one interface, also inside others; where it is already it may be put again. */
START_TEST(test_one_sg_at_one_interface) {
  use(_i);
  dni_network *network = make_network(context, "6 relu9 relu9 relu9 dense4");
  dni_sg *inner = sg_of(9, "sg"), *warm, *frozen, *mixture;
  EXPECT_OK(dni_sg_create_warm_up(context, inner, 3, &warm));
  EXPECT_OK(dni_sg_create_frozen(context, keep(ESTIMATOR, warm), &frozen));
  EXPECT_OK(dni_sg_create_mixture(context, inner, 0.5, &mixture));
  keep(ESTIMATOR, frozen), keep(ESTIMATOR, mixture);
  EXPECT_OK(dni_network_set_sg(network, 0, frozen));
  EXPECT_OK(dni_network_set_sg(network, 0, frozen));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "layer 0", dni_network_set_sg(network, 1, inner));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "layer 0", dni_network_set_sg(network, 2, mixture));
  EXPECT_OK(dni_network_set_sg(network, 0, mixture)); /* in place of the other around it */
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "layer 0", dni_network_set_sg(network, 1, frozen));
  EXPECT_OK(dni_network_set_sg(network, 0, NULL));
  EXPECT_OK(dni_network_set_sg(network, 1, frozen));
  ck_assert_ptr_eq(sg_after(network, 1), frozen);
}
END_TEST

/* As long as one exists; two of them count. */
START_TEST(test_shape_is_fixed_by_a_trainer) {
  use(_i);
  dni_network *network = make_network(context, "6 relu9 |sg dense4");
  dni_optimiser *adam = make_adam(context, 0.1);
  dni_layer *layer = layer_of(4, "dense3");
  make_trainer(context, network, adam, adam, 8, 0);
  make_trainer(context, network, adam, adam, 4, 0);
  for (size_t trainers = 2; trainers > 0; trainers--) {
    EXPECT_STATUS(DNI_ERROR_STATE, dni_network_add(network, layer));
    EXPECT_STATUS(DNI_ERROR_STATE, dni_network_set_sg(network, 0, NULL));
    ck_assert_uint_eq(dni_network_layer_count(network), 2);
    release_last(); /* the trainer */
    release_last(); /* its loss */
  }
  EXPECT_OK(dni_network_set_sg(network, 0, NULL));
  EXPECT_OK(dni_network_add(network, layer));
  make_trainer(context, make_network(context, "6 dense4"), adam, adam, 4, 0);
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
  EXPECT_OK(dni_context_create(&options, &own));
  dni_layer *lower = make_layer(own, INPUTS, "relu9"), *upper = make_layer(own, 9, "dense4");
  dni_sg *sg = make_sg(own, 9, CLASSES, CLASSES, "sg1");
  EXPECT_OK(dni_network_create(own, &network));
  EXPECT_OK(dni_optimiser_create_adam(own, 0.1, &adam));
  EXPECT_OK(dni_loss_create_softmax_cross_entropy(own, NULL, &loss));
  EXPECT_OK(dni_network_add(network, lower));
  EXPECT_OK(dni_network_add(network, upper));
  EXPECT_OK(dni_network_set_sg(network, 0, sg));
  dni_trainer_options plan = {.struct_size = sizeof plan, .optimiser = adam, .max_batch = 4};
  EXPECT_OK(dni_trainer_create(network, loss, &plan, &trainer));
  dni_context_release(own);
  dni_sg_release(sg);
  dni_layer_release(lower);
  dni_loss_release(loss);
  dni_optimiser_release(adam);
  dni_network_release(network);
  dni_layer_release(upper);
  dni_matrix x = matrix_random(type, 4, INPUTS), y = matrix_one_hot(type, 4, CLASSES);
  EXPECT_OK(support_step(trainer, &x, &y, NULL));
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
    EXPECT_OK(support_step(trainer, &x, &y, NULL));
  return network;
}

/* Layer by layer in inference mode. */
static dni_matrix direct(dni_network *network, dni_matrix x) {
  for (size_t i = 0; i < dni_network_layer_count(network); i++) {
    dni_layer *layer = dni_network_layer(network, i);
    dni_matrix y = matrix_make(dtype, x.rows, dni_layer_outputs(layer));
    EXPECT_OK(support_forward(layer, DNI_MODE_INFERENCE, &x, &y));
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
  EXPECT_OK(dni_network_reserve(network, 0));
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_network_reserve(network, SIZE_MAX / 4));
  x.stride = INPUTS - 1;
  EXPECT_ARGUMENT(dni_network_predict(network, &x, &h));
  matrix_expect_untouched(&h, "h");
  x = matrix_random(dtype, 0, INPUTS);
  h = matrix_make(dtype, 0, CLASSES);
  EXPECT_OK(dni_network_predict(network, &x, &h)); /* an empty batch is no error */
}
END_TEST

/* Every layer's output, more rows than there is room for, and nothing allocated. */
START_TEST(test_predictor) {
  use(_i);
  dni_network *network = trained();
  dni_matrix x = matrix_random(dtype, 23, INPUTS), previous = x;
  dni_predictor *predictor;
  EXPECT_OK(dni_predictor_create(network, 10, &predictor));
  keep(PREDICTOR, predictor);
  ck_assert_ptr_eq(dni_predictor_retain(predictor), predictor);
  dni_predictor_release(predictor);
  size_t calls = support_watched.calls, layers = dni_network_layer_count(network);
  for (size_t after = 0; after < layers; after++) {
    dni_layer *layer = dni_network_layer(network, after);
    dni_matrix expected = matrix_make(dtype, 23, dni_layer_outputs(layer));
    dni_matrix h = matrix_make(dtype, 23, dni_layer_outputs(layer)), all = h;
    EXPECT_OK(support_forward(layer, DNI_MODE_INFERENCE, &previous, &expected));
    EXPECT_OK(dni_predictor_run(predictor, after, &x, &h));
    matrix_expect_close(&h, &expected, support_tolerance(dtype, 1e-5, 1e-13), "h");
    if (after + 1 == layers) {
      all = matrix_make(dtype, 23, dni_layer_outputs(layer));
      EXPECT_OK(dni_predictor_run(predictor, DNI_ALL, &x, &all));
      matrix_expect_same(&all, &h, "h of all layers");
    }
    previous = expected;
  }
  ck_assert_uint_eq(support_watched.calls, calls);
  dni_matrix h = matrix_make(dtype, 23, CLASSES), narrow = matrix_make(dtype, 23, CLASSES - 1);
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "7", dni_predictor_run(predictor, layers, &x, &h));
  EXPECT_ARGUMENT(dni_predictor_run(predictor, DNI_ALL, &x, &narrow));
  EXPECT_ARGUMENT(dni_predictor_run(predictor, DNI_ALL, &h, &h));
  EXPECT_ARGUMENT(dni_predictor_run(predictor, DNI_ALL, NULL, &h));
  EXPECT_ARGUMENT(dni_predictor_run(predictor, DNI_ALL, &x, NULL));
  matrix_expect_untouched(&h, "h");
  EXPECT_STATUS(DNI_ERROR_STATE, dni_predictor_create(make_network(context, "6"), 3, &predictor));
}
END_TEST

/* A predictor outlives the handle of its network, and does not see layers added later. */
START_TEST(test_predictor_keeps_its_network) {
  use(_i);
  dni_network *network;
  dni_predictor *predictor;
  dni_matrix x = matrix_random(dtype, 5, INPUTS), h = matrix_make(dtype, 5, 9);
  dni_matrix expected = matrix_make(dtype, 5, 9), later = matrix_make(dtype, 5, 4);
  EXPECT_OK(dni_network_create(context, &network));
  EXPECT_OK(dni_network_add(network, layer_of(6, "relu9")));
  EXPECT_OK(dni_network_predict(network, &x, &expected));
  EXPECT_OK(dni_predictor_create(network, 5, &predictor));
  keep(PREDICTOR, predictor);
  EXPECT_OK(dni_network_add(network, layer_of(9, "dense4")));
  EXPECT_OK(dni_network_predict(network, &x, &later)); /* the network's own does */
  dni_network_release(network);
  EXPECT_OK(dni_predictor_run(predictor, DNI_ALL, &x, &h));
  matrix_expect_same(&h, &expected, "h");
}
END_TEST

typedef struct caller {
  dni_network *network;
  dni_predictor *predictor; /* NULL: through the network */
  dni_loss *loss;
  dni_dataset *dataset;
  const dni_matrix *x;
  dni_matrix h;
  double sum;
} caller;

/* No check inside: checks belong to the test's thread. */
static void *call_often(void *argument) {
  caller *c = argument;
  for (size_t i = 0; i < 50; i++) {
    dni_evaluation evaluation = {.struct_size = sizeof evaluation};
    dni_status status = c->predictor ? dni_predictor_run(c->predictor, DNI_ALL, c->x, &c->h)
                                     : dni_network_predict(c->network, c->x, &c->h);
    if (status == DNI_OK)
      status = dni_network_evaluate(c->network, c->loss, c->dataset, NULL, &evaluation);
    if (status != DNI_OK) return c;
    c->sum += evaluation.loss;
  }
  return NULL;
}

static dni_dataset *make_dataset(dni_matrix x, dni_matrix y) {
  dni_memory_options options = {.struct_size = sizeof options, .flags = DNI_DATA_BORROW};
  dni_dataset *dataset;
  EXPECT_OK(dni_dataset_create_memory(context, &x, &y, &options, &dataset));
  return keep(DATASET, dataset);
}

/* Four threads at once, half of them with predictors of their own. */
START_TEST(test_many_threads_predict) {
  enum { THREADS = 4 };
  use(_i);
  dni_network *network = trained();
  dni_matrix x = matrix_random(dtype, 33, INPUTS), y = matrix_one_hot(dtype, 33, CLASSES);
  dni_matrix expected = matrix_make(dtype, 33, CLASSES);
  dni_dataset *dataset = make_dataset(x, y);
  dni_loss *loss = make_cross_entropy(context);
  pthread_t threads[THREADS];
  caller callers[THREADS];
  EXPECT_OK(dni_network_reserve(network, 10));
  EXPECT_OK(dni_network_predict(network, &x, &expected));
  for (size_t i = 0; i < THREADS; i++) {
    callers[i] = (caller){.network = network,
                          .loss = loss,
                          .dataset = dataset,
                          .x = &x,
                          .h = matrix_make(dtype, 33, CLASSES)};
    if (i % 2 == 0) continue;
    EXPECT_OK(dni_predictor_create(network, 10, &callers[i].predictor));
    keep(PREDICTOR, callers[i].predictor);
  }
  for (size_t i = 0; i < THREADS; i++)
    ck_assert_int_eq(pthread_create(&threads[i], NULL, call_often, &callers[i]), 0);
  for (size_t i = 0; i < THREADS; i++) {
    void *failed;
    ck_assert_int_eq(pthread_join(threads[i], &failed), 0);
    ck_assert_ptr_null(failed);
    matrix_expect_same(&callers[i].h, &expected, "h");
    ck_assert_double_eq(callers[i].sum, callers[0].sum);
  }
}
END_TEST

/* Copies. -------------------------------------------------------------------------------------- */

/* A copy predicts the same bits, has exact interfaces, and goes its own way; assigning brings it
 * back.
 */
START_TEST(test_copy_and_assign) {
  use(_i);
  dni_network *network = trained(), *copy;
  dni_matrix x = matrix_random(dtype, 20, INPUTS), y = matrix_one_hot(dtype, 20, CLASSES);
  dni_matrix h = matrix_make(dtype, 20, CLASSES), same = matrix_make(dtype, 20, CLASSES);
  EXPECT_OK(dni_network_copy(network, &copy));
  keep(NETWORK, copy);
  ck_assert_uint_eq(dni_network_layer_count(copy), dni_network_layer_count(network));
  ck_assert_ptr_ne(dni_network_layer(copy, 0), dni_network_layer(network, 0));
  EXPECT_SAME_BITS(all_layer_numbers(copy), all_layer_numbers(network));
  EXPECT_OK(dni_network_predict(network, &x, &h));
  EXPECT_OK(dni_network_predict(copy, &x, &same));
  matrix_expect_same(&same, &h, "h of the copy");
  numbers before = all_layer_numbers(network);
  dni_trainer *trainer = make_trainer(context, copy, make_adam(context, 0.01), NULL, 20, 0);
  for (size_t step = 0; step < 5; step++)
    EXPECT_OK(support_step(trainer, &x, &y, NULL));
  EXPECT_SAME_BITS(all_layer_numbers(network), before);
  ck_assert(!same_bits(all_layer_numbers(copy), before));
  size_t calls = support_watched.calls;
  EXPECT_OK(dni_network_assign(network, copy));
  ck_assert_uint_eq(support_watched.calls, calls);
  EXPECT_SAME_BITS(all_layer_numbers(network), all_layer_numbers(copy));
  EXPECT_OK(dni_network_predict(network, &x, &h));
  EXPECT_OK(dni_network_predict(copy, &x, &same));
  matrix_expect_same(&same, &h, "h after assigning");
  EXPECT_OK(dni_network_assign(copy, copy));
}
END_TEST

START_TEST(test_copy_has_exact_interfaces) {
  use(_i);
  dni_network *network = make_network(context, "6 relu9 norm |sg relu8 |dfa dense4"), *copy;
  EXPECT_OK(dni_network_copy(network, &copy));
  keep(NETWORK, copy);
  for (size_t i = 0; i < 4; i++)
    ck_assert_ptr_null(sg_after(copy, i));
  double epsilon;
  EXPECT_OK(dni_layer_set_f64(dni_network_layer(network, 1), DNI_SETTING_EPSILON, 0.25));
  EXPECT_OK(dni_network_assign(copy, network)); /* SGs and settings are not looked at */
  EXPECT_OK(dni_layer_get_f64(dni_network_layer(copy, 1), DNI_SETTING_EPSILON, &epsilon));
  ck_assert_double_eq(epsilon, 1e-5);
}
END_TEST

static dni_status no_call(void *user, const dni_layer_call *call) {
  (void)user, (void)call;
  return DNI_OK;
}

START_TEST(test_copy_and_assign_refused) {
  use(_i);
  static const char *const others[] = {"6 relu9 dense4", "6 relu9 norm relu9 dense4",
                                       "6 relu8 norm dense4", "6 relu9 relu dense4"};
  dni_network *network = make_network(context, "6 relu9 norm dense4"), *out = NULL;
  numbers before = all_layer_numbers(network);
  for (size_t i = 0; i < 4; i++)
    EXPECT_ARGUMENT(dni_network_assign(network, make_network(context, others[i])));
  EXPECT(strstr(dni_last_message(), "layer 1"), "message \"%s\"", dni_last_message());
  dni_context *other = make_context(support_dtypes[1 - _i], 1);
  EXPECT_ARGUMENT(dni_network_assign(network, make_network(other, "6 relu9 norm dense4")));
  EXPECT_SAME_BITS(all_layer_numbers(network), before);
  dni_layer_callbacks callbacks = {
      .struct_size = sizeof callbacks, .forward = no_call, .backward = no_call};
  dni_layer *own;
  EXPECT_OK(dni_layer_create_callback(context, 4, 4, &callbacks, &own));
  EXPECT_OK(dni_network_add(network, keep(LAYER, own)));
  EXPECT_MESSAGE(DNI_ERROR_UNSUPPORTED, "layer 3", dni_network_copy(network, &out));
  ck_assert_ptr_null(out);
}
END_TEST

/* Out of memory at any point, a copy leaves nothing. */
START_TEST(test_copy_without_memory) {
  use(0);
  dni_network *network = make_network(context, "6 relu9 norm dense4"), *copy = NULL;
  size_t bytes = support_watched.bytes, failures = 0;
  for (dni_status status = DNI_ERROR_MEMORY; status != DNI_OK; failures++) {
    support_watched.fail_after = failures;
    status = dni_network_copy(network, &copy);
    support_watched.fail_after = SIZE_MAX;
    if (status == DNI_OK) break;
    ck_assert_int_eq(status, DNI_ERROR_MEMORY);
    ck_assert_ptr_null(copy);
    ck_assert_uint_eq(support_watched.bytes, bytes);
  }
  ck_assert_uint_gt(failures, 5);
  dni_network_release(copy);
}
END_TEST

/* Evaluation. ---------------------------------------------------------------------------------- */

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
    EXPECT_OK(dni_network_evaluate(network, make_cross_entropy(context), make_dataset(x, y), NULL,
                                   &evaluation));
    ck_assert_uint_eq(evaluation.examples, rows);
    expect_close(evaluation.loss, loss / (double)rows, support_tolerance(dtype, 1e-6, 1e-13),
                 "loss");
    ck_assert_double_eq(evaluation.accuracy, right / (double)rows);
    ck_assert_double_nan(evaluation.metric);
    EXPECT_SAME_BITS(all_layer_numbers(network), before);
  }
}
END_TEST

/* Labels say the same as one-hot rows, bit for bit. */
START_TEST(test_evaluate_labels) {
  enum { ROWS = 300 };
  use(_i);
  dni_network *network = trained();
  dni_loss *loss = make_cross_entropy(context);
  dni_matrix x = matrix_random(dtype, ROWS, INPUTS), y = matrix_one_hot(dtype, ROWS, CLASSES);
  static int32_t labels[ROWS];
  dni_matrix label_view;
  dni_matrix_init_labels(&label_view, labels, ROWS);
  for (size_t r = 0; r < ROWS; r++)
    for (int32_t c = 0; c < CLASSES; c++)
      if (matrix_get(&y, r, (size_t)c) > 0) labels[r] = c;
  dni_evaluation one_hot = {.struct_size = sizeof one_hot}, labelled = one_hot;
  dni_memory_options options = {.struct_size = sizeof options, .classes = CLASSES};
  dni_dataset *dataset;
  EXPECT_OK(dni_dataset_create_memory(context, &x, &label_view, &options, &dataset));
  EXPECT_OK(dni_network_evaluate(network, loss, make_dataset(x, y), NULL, &one_hot));
  EXPECT_OK(dni_network_evaluate(network, loss, keep(DATASET, dataset), NULL, &labelled));
  ck_assert_double_eq(labelled.loss, one_hot.loss);
  ck_assert_double_eq(labelled.accuracy, one_hot.accuracy);
}
END_TEST

/* The mean of the first output. */
static dni_status first_output(void *user, const dni_batch *batch, double *value) {
  if (*(dni_status *)user != DNI_OK) return dni_fail(*(dni_status *)user, "no measure");
  *value = 0;
  for (size_t r = 0; r < batch->x->rows; r++)
    *value += matrix_get(batch->x, r, 0) / (double)batch->x->rows;
  return DNI_OK;
}

static void never(void *user) {
  (void)user;
  ck_abort_msg("the metric was destroyed");
}

/* A measure of the caller's, over batches of different size; and a loss that does not classify. */
START_TEST(test_evaluate_metric) {
  use(_i);
  dni_network *network = trained();
  dni_matrix x = matrix_random(dtype, 400, INPUTS), y = matrix_random(dtype, 400, CLASSES);
  dni_matrix h = direct(network, x);
  dni_dataset *dataset = make_dataset(x, y);
  dni_loss *loss;
  EXPECT_OK(dni_loss_create_squared_error(context, &loss));
  keep(LOSS, loss);
  dni_status answer = DNI_OK;
  dni_metric metric = {
      .struct_size = sizeof metric, .user = &answer, .evaluate = first_output, .destroy = never};
  dni_evaluation out = {.struct_size = sizeof out};
  double mean = 0;
  for (size_t r = 0; r < 400; r++)
    mean += matrix_get(&h, r, 0) / 400;
  EXPECT_OK(dni_network_evaluate(network, loss, dataset, &metric, &out));
  expect_close(out.metric, mean, support_tolerance(dtype, 1e-5, 1e-12), "metric");
  ck_assert_double_nan(out.accuracy);
  answer = 1234;
  EXPECT_MESSAGE(1234, "no measure", dni_network_evaluate(network, loss, dataset, &metric, &out));
  answer = DNI_ERROR_MEMORY;
  EXPECT_MESSAGE(DNI_ERROR_CALLBACK, "no measure",
                 dni_network_evaluate(network, loss, dataset, &metric, &out));
  metric.struct_size = 2;
  EXPECT_ARGUMENT(dni_network_evaluate(network, loss, dataset, &metric, &out));
}
END_TEST

START_TEST(test_evaluate_refused) {
  use(_i);
  dni_network *network = trained();
  dni_loss *loss = make_cross_entropy(context);
  dni_evaluation out = {.struct_size = sizeof out, .examples = 77};
  dni_matrix x = matrix_random(dtype, 3, INPUTS), y = matrix_one_hot(dtype, 3, CLASSES);
  dni_dataset *dataset = make_dataset(x, y);
  EXPECT_ARGUMENT(dni_network_evaluate(NULL, loss, dataset, NULL, &out));
  EXPECT_ARGUMENT(dni_network_evaluate(network, NULL, dataset, NULL, &out));
  EXPECT_ARGUMENT(dni_network_evaluate(network, loss, NULL, NULL, &out));
  EXPECT_ARGUMENT(dni_network_evaluate(network, loss, dataset, NULL, NULL));
  EXPECT_ARGUMENT(dni_network_evaluate(network, loss, make_dataset(y, y), NULL, &out));
  EXPECT_ARGUMENT(dni_network_evaluate(network, loss, make_dataset(x, x), NULL, &out));
  dni_loss *alien = make_cross_entropy(make_context(support_dtypes[1 - _i], 1));
  EXPECT_ARGUMENT(dni_network_evaluate(network, alien, dataset, NULL, &out));
  out.struct_size = 3;
  EXPECT_ARGUMENT(dni_network_evaluate(network, loss, dataset, NULL, &out));
  out.struct_size = sizeof out;
  dni_matrix weight;
  EXPECT_OK(dni_layer_parameter(dni_network_layer(network, 6), 0, &weight, NULL));
  matrix_set(&weight, 0, 0, NAN);
  EXPECT_OK(dni_layer_changed(dni_network_layer(network, 6)));
  EXPECT_STATUS(DNI_ERROR_NON_FINITE, dni_network_evaluate(network, loss, dataset, NULL, &out));
  ck_assert_uint_eq(out.examples, 77);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("network");
  TCase *group = add_group(suite, "network");
  tcase_add_loop_test(group, test_parts, 0, 2);
  tcase_add_test(group, test_null);
  tcase_add_loop_test(group, test_layers_refused, 0, 2);
  tcase_add_loop_test(group, test_sgs_refused, 0, 2);
  tcase_add_test(group, test_many_layers);
  tcase_add_loop_test(group, test_one_sg_at_one_interface, 0, 2);
  tcase_add_loop_test(group, test_shape_is_fixed_by_a_trainer, 0, 2);
  tcase_add_loop_test(group, test_any_order_of_release, 0, 2);
  tcase_add_loop_test(group, test_predict, 0, 2);
  tcase_add_loop_test(group, test_predict_in_parts, 0, 2);
  tcase_add_loop_test(group, test_predict_refused, 0, 2);
  tcase_add_loop_test(group, test_predictor, 0, 2);
  tcase_add_loop_test(group, test_predictor_keeps_its_network, 0, 2);
  tcase_add_loop_test(group, test_many_threads_predict, 0, 2);
  tcase_add_loop_test(group, test_copy_and_assign, 0, 2);
  tcase_add_loop_test(group, test_copy_has_exact_interfaces, 0, 2);
  tcase_add_loop_test(group, test_copy_and_assign_refused, 0, 2);
  tcase_add_test(group, test_copy_without_memory);
  tcase_add_loop_test(group, test_evaluate, 0, 2);
  tcase_add_loop_test(group, test_evaluate_labels, 0, 2);
  tcase_add_loop_test(group, test_evaluate_metric, 0, 2);
  tcase_add_loop_test(group, test_evaluate_refused, 0, 2);
  return support_run(suite);
}

/* Statuses, contexts, backends, layers, losses and optimisers, each alone on matrices. */
#include "program.h"

#include <string.h>

static void use_backends(void) {
  dni_backend_options *options = NEW(dni_backend_options);
  dni_backend *backend;
  dni_matrix a = matrix(2, 3), b = matrix(3, 2), c = matrix(2, 2);
  dni_status status;
  for (size_t i = 0; i < 6; i++)
    ((float *)a.data)[i] = ((float *)b.data)[i] = (float)i;
  options->threads = 1;
  options->instructions = DNI_INSTRUCTIONS_BASELINE;
  CHECK(dni_backend_create_builtin(options, &backend));
  CHECK(dni_backend_set_threads(backend, 1));
  CHECK(dni_backend_gemm(backend, 0, 0, 1, &a, &b, 0, &c));
  EXPECT(((float *)c.data)[3] == 3 * 1 + 4 * 3 + 5 * 5);
  EXPECT(strcmp(dni_backend_name(backend), dni_backend_kind_name(backend)) == 0);
  dni_backend_release(dni_backend_retain(backend));
  dni_backend_release(backend);
  drop(options);

  status = dni_backend_create_cblas(NULL, &backend);
  if (status == DNI_OK)
    dni_backend_release(backend);
  else
    EXPECT(status == DNI_ERROR_UNSUPPORTED);
  EXPECT(dni_backend_create_dynamic(NULL, "/no/such/library.so", &backend) == DNI_ERROR_IO);
}

static void use_context(void) {
  dni_context_options *options = NEW(dni_context_options);
  dni_context *context;
  void *memory;
  options->dtype = DNI_F64;
  options->instructions = DNI_INSTRUCTIONS_BASELINE;
  CHECK(dni_context_create(options, &context));
  EXPECT(dni_context_dtype(context) == DNI_F64);
  EXPECT(strcmp(dni_instructions_name(dni_context_instructions(context)), "baseline") == 0);
  EXPECT(dni_context_compute(context) == DNI_F64);
  CHECK(dni_context_allocate(context, 100, &memory));
  EXPECT(dni_context_bytes(context) >= 100);
  dni_context_free(context, memory);
  dni_context_release(dni_context_retain(context));
  dni_context_release(context);
  drop(options);
}

static void use_matrices(void) {
  static double numbers[6];
  static uint8_t pixels[6];
  dni_matrix a, b;
  dni_matrix_init_f64(&a, numbers, 2, 3);
  EXPECT(a.dtype == DNI_F64 && a.rows == 2 && a.columns == 3 && a.stride == 3);
  dni_matrix_init_u8(&a, pixels, 2, 3);
  EXPECT(a.dtype == DNI_U8);
  dni_matrix_init_strided_f64(&a, numbers, 2, 2, 3);
  EXPECT(a.stride == 3 && a.columns == 2);
  b = matrix(2, 3);
  dni_matrix_init_strided_f32(&a, b.data, 2, 2, 3);
  EXPECT(a.dtype == DNI_F32 && a.stride == 3);
  EXPECT(dni_matrix_copy(&a, &b) == DNI_ERROR_ARGUMENT);
}

void use_status(void) {
  dni_layer *layer;
  dni_schedule *schedule = NEW(dni_schedule);
  double value;
  EXPECT(dni_version() >= DNI_VERSION);
  EXPECT(dni_version_string()[0] && dni_build_info()[0]);
  EXPECT(dni_layer_create_dense(NULL, 1, 1, DNI_ACTIVATION_RELU, &layer) == DNI_ERROR_ARGUMENT);
  EXPECT(dni_last_status() == DNI_ERROR_ARGUMENT && dni_last_message()[0]);
  EXPECT(dni_fail(DNI_STATUS_CALLER + 1, "mine") == DNI_STATUS_CALLER + 1);
  EXPECT(strcmp(dni_status_name(DNI_ERROR_IO), "DNI_ERROR_IO") == 0);
  EXPECT(strcmp(dni_setting_name(DNI_SETTING_WEIGHT_DECAY), "weight decay") == 0);
  EXPECT(strcmp(dni_activation_name(DNI_ACTIVATION_GELU), "gelu") == 0);
  schedule->kind = DNI_RATE_COSINE;
  schedule->steps = 4;
  CHECK(dni_schedule_value(schedule, 4, &value));
  EXPECT(value == 0);
  drop(schedule);
  use_matrices();
  use_context();
  use_backends();
}

/* Layers. -------------------------------------------------------------------------------------- */

static void use_layer(dni_layer *layer, dni_kind kind) {
  size_t inputs = dni_layer_inputs(layer), outputs = dni_layer_outputs(layer);
  dni_matrix x = matrix(ROWS, inputs), y = matrix(ROWS, outputs), dy = matrix(ROWS, outputs);
  dni_matrix dx = matrix(ROWS, inputs), value, gradient, copied;
  dni_state *state;
  dni_layer *second;
  double least, most, number;
  for (size_t i = 0; i < ROWS * inputs; i++)
    ((float *)x.data)[i] = example(i, i);
  EXPECT(dni_layer_kind(layer) == kind && dni_layer_kind_name(layer)[0]);
  EXPECT(dni_layer_activation(layer) >= -1);
  CHECK(dni_layer_reserve(layer, ROWS));
  CHECK(dni_layer_forward(layer, DNI_MODE_INFERENCE, NULL, &x, &y));
  CHECK(dni_state_create(layer, ROWS, &state));
  EXPECT(dni_state_rows(state) >= ROWS);
  CHECK(dni_layer_forward(layer, DNI_MODE_TRAINING, state, &x, &y));
  CHECK(dni_matrix_copy(&y, &dy));
  CHECK(dni_layer_backward(layer, DNI_GRADIENT_REPLACE, state, &x, &y, &dy, &dx));
  dni_state_release(dni_state_retain(state));
  dni_state_release(state);
  for (size_t i = 0; i < dni_layer_parameter_count(layer); i++) {
    EXPECT(dni_layer_parameter_name(layer, i) != NULL);
    CHECK(dni_layer_parameter(layer, i, &value, &gradient));
    copied = matrix(value.rows, value.columns);
    CHECK(dni_layer_get_parameter(layer, i, &copied));
    CHECK(dni_layer_set_parameter(layer, i, &copied));
    CHECK(dni_layer_changed(layer));
  }
  for (dni_setting setting = 1; setting < 100; setting++) {
    if (!dni_layer_has(layer, setting)) continue;
    CHECK(dni_layer_bounds(layer, setting, &least, &most));
    CHECK(dni_layer_get_f64(layer, setting, &number));
    EXPECT(least <= number && number <= most);
    CHECK(dni_layer_set_f64(layer, setting, number));
  }
  CHECK(dni_layer_copy(layer, &second));
  dni_layer_release(second);
  dni_layer_release(dni_layer_retain(layer));
  dni_layer_release(layer);
}

void use_layers(dni_context *context) {
  dni_initialiser_options *first = NEW(dni_initialiser_options);
  dni_random_options *random = NEW(dni_random_options);
  dni_layer *layer;
  CHECK(dni_layer_create_dense(context, INPUTS, UNITS, DNI_ACTIVATION_LEAKY_RELU, &layer));
  first->kind = DNI_INITIALISER_HE;
  first->has_seed = 1;
  first->seed = 3;
  CHECK(dni_layer_initialise(layer, first));
  use_layer(layer, DNI_LAYER_DENSE);
  CHECK(dni_layer_create_activation(context, UNITS, DNI_ACTIVATION_TANH, &layer));
  use_layer(layer, DNI_LAYER_ACTIVATION);
  CHECK(dni_layer_create_batch_norm(context, UNITS, &layer));
  use_layer(layer, DNI_LAYER_BATCH_NORM);
  CHECK(dni_layer_create_layer_norm(context, UNITS, &layer));
  use_layer(layer, DNI_LAYER_LAYER_NORM);
  random->has_seed = 1;
  CHECK(dni_layer_create_dropout(context, UNITS, 0.5, random, &layer));
  use_layer(layer, DNI_LAYER_DROPOUT);
  use_layer(make_own_layer(context), DNI_LAYER_CALLBACK);
  drop(random), drop(first);
}

/* Losses. -------------------------------------------------------------------------------------- */

static void use_loss(dni_loss *loss, dni_kind kind) {
  dni_batch *batch = NEW(dni_batch);
  dni_matrix h = matrix(ROWS, CLASSES), weights = matrix(ROWS, 1), delta = matrix(ROWS, CLASSES);
  dni_matrix losses = matrix(ROWS, 1), x, labels;
  double mean = -1, right = -1;
  view_examples(&x, &labels);
  labels.rows = ROWS;
  for (size_t s = 0; s < ROWS; s++)
    ((float *)weights.data)[s] = 0.5f;
  batch->x = &h;
  batch->y = &labels;
  batch->weights = &weights;
  EXPECT(dni_loss_kind(loss) == kind && dni_loss_kind_name(loss)[0]);
  CHECK(dni_loss_evaluate(loss, batch, &delta, &losses, &mean));
  EXPECT(mean > 0 && ((float *)losses.data)[0] > 0 && ((float *)delta.data)[0] < 0);
  if (dni_loss_classifies(loss)) CHECK(dni_loss_count_correct(loss, batch, &right));
  dni_loss_release(dni_loss_retain(loss));
  dni_loss_release(loss);
  drop(batch);
}

void use_losses(dni_context *context) {
  dni_loss_options *options = NEW(dni_loss_options);
  static const double class_weights[CLASSES] = {1, 2, 1};
  dni_loss *loss;
  options->label_smoothing = 0.1;
  options->class_weights = class_weights;
  options->class_count = CLASSES;
  CHECK(dni_loss_create_softmax_cross_entropy(context, options, &loss));
  use_loss(loss, DNI_LOSS_SOFTMAX_CROSS_ENTROPY);
  CHECK(dni_loss_create_sigmoid_cross_entropy(context, NULL, &loss));
  use_loss(loss, DNI_LOSS_SIGMOID_CROSS_ENTROPY);
  CHECK(dni_loss_create_squared_error(context, &loss));
  use_loss(loss, DNI_LOSS_SQUARED_ERROR);
  CHECK(dni_loss_create_absolute_error(context, &loss));
  use_loss(loss, DNI_LOSS_ABSOLUTE_ERROR);
  use_loss(make_own_loss(context), DNI_LOSS_CALLBACK);
  drop(options);
}

/* Optimisers. ---------------------------------------------------------------------------------- */

static void use_optimiser(dni_context *context, dni_optimiser *optimiser, dni_kind kind) {
  dni_matrix value = matrix(2, 3), gradient = matrix(2, 3);
  dni_schedule *schedule = NEW(dni_schedule);
  dni_layer *layer;
  dni_optimiser *second;
  double least, most, number;
  EXPECT(dni_optimiser_kind(optimiser) == kind && dni_optimiser_kind_name(optimiser)[0]);
  CHECK(dni_layer_create_dense(context, INPUTS, UNITS, DNI_ACTIVATION_RELU, &layer));
  CHECK(dni_optimiser_add_layer(optimiser, layer));
  dni_layer_release(layer);
  CHECK(dni_optimiser_add(optimiser, &value, &gradient, NULL, NULL));
  CHECK(dni_optimiser_changed(optimiser));
  EXPECT(dni_optimiser_has(optimiser, DNI_SETTING_CLIP_NORM));
  CHECK(dni_optimiser_bounds(optimiser, DNI_SETTING_CLIP_NORM, &least, &most));
  CHECK(dni_optimiser_set_f64(optimiser, DNI_SETTING_CLIP_NORM, 1));
  CHECK(dni_optimiser_get_f64(optimiser, DNI_SETTING_LEARNING_RATE, &number));
  own_schedule(schedule);
  CHECK(dni_optimiser_set_schedule(optimiser, schedule));
  CHECK(dni_optimiser_set_moment_dtype(optimiser, dni_optimiser_moment_dtype(optimiser)));
  ((float *)gradient.data)[0] = 1;
  CHECK(dni_optimiser_step(optimiser));
  EXPECT(((float *)value.data)[0] < 0 && ((float *)value.data)[1] == 0);
  EXPECT(dni_optimiser_rate(optimiser) == number / 2);
  CHECK(dni_optimiser_step_scaled(optimiser, 0.5));
  EXPECT(dni_optimiser_step_count(optimiser) == 2);
  CHECK(dni_optimiser_create_like(optimiser, &second));
  EXPECT(dni_optimiser_bytes(second) == 0);
  dni_optimiser_release(second);
  dni_optimiser_release(dni_optimiser_retain(optimiser));
  dni_optimiser_release(optimiser);
  drop(schedule);
}

void use_optimisers(dni_context *context) {
  dni_optimiser *optimiser;
  CHECK(dni_optimiser_create_sgd(context, 0.1, &optimiser));
  use_optimiser(context, optimiser, DNI_OPTIMISER_SGD);
  CHECK(dni_optimiser_create_adam(context, 0.1, &optimiser));
  use_optimiser(context, optimiser, DNI_OPTIMISER_ADAM);
  CHECK(dni_optimiser_create_adamw(context, 0.1, &optimiser));
  use_optimiser(context, optimiser, DNI_OPTIMISER_ADAMW);
}

/* Dropout, layer normalisation, leaky ReLU and GELU against their formulas in double precision
 * and against central differences; what all kinds share beyond that: states, copies, assigned
 * parameters, first weights, bounds of settings. Matrices are strided and lie between guards. */
#include "core/core.h"

#include "support/support.h"

static dni_matrix value_of(dni_layer *layer, size_t index) {
  dni_matrix value;
  EXPECT_OK(dni_layer_parameter(layer, index, &value, NULL));
  return value;
}

static dni_matrix gradient_of(dni_layer *layer, size_t index) {
  dni_matrix value, gradient;
  EXPECT_OK(dni_layer_parameter(layer, index, &value, &gradient));
  return gradient;
}

static double setting_of(const dni_layer *layer, dni_setting setting) {
  double value = -9;
  EXPECT_OK(dni_layer_get_f64(layer, setting, &value));
  return value;
}

static void set(dni_layer *layer, dni_setting setting, double value) {
  EXPECT_OK(dni_layer_set_f64(layer, setting, value));
}

/* Every parameter but running statistics gets numbers. */
static void randomise(dni_layer *layer) {
  for (size_t i = 0; i < dni_layer_parameter_count(layer); i++) {
    dni_matrix value = value_of(layer, i), gradient = gradient_of(layer, i);
    if (gradient.data) matrix_fill_random(&value, 0.7);
  }
  EXPECT_OK(dni_layer_changed(layer));
}

/* Central differences. ------------------------------------------------------------------------ */

/* What is perturbed: the mean over the rows of sum_c dy_c y_c. */
typedef struct probe {
  dni_layer *layer;
  dni_matrix x, y, dy;
} probe;

static double probe_loss(void *argument) {
  probe *p = argument;
  EXPECT_OK(support_forward(p->layer, DNI_MODE_TRAINING, &p->x, &p->y));
  double sum = 0;
  for (size_t s = 0; s < p->y.rows; s++)
    for (size_t c = 0; c < p->y.columns; c++)
      sum += matrix_get(&p->dy, s, c) * matrix_get(&p->y, s, c);
  return sum / (double)p->y.rows;
}

static void check_differences(probe *p, const dni_matrix *value, const dni_matrix *gradient,
                              double scale, const char *what) {
  for (size_t r = 0; r < value->rows; r++)
    for (size_t c = 0; c < value->columns; c++) {
      double slope = matrix_difference(value, r, c, 1e-5, probe_loss, p);
      expect_close(matrix_get(gradient, r, c), scale * slope, 1e-7, what);
    }
}

/* All gradients of a layer in double; dx is of each example, so rows times that of the mean. */
static void check_gradients(dni_layer *layer, size_t rows) {
  size_t inputs = dni_layer_inputs(layer), outputs = dni_layer_outputs(layer);
  probe p = {layer, matrix_random(DNI_F64, rows, inputs), matrix_make(DNI_F64, rows, outputs),
             matrix_random(DNI_F64, rows, outputs)};
  dni_matrix dx = matrix_make(DNI_F64, rows, inputs), dy = matrix_convert(&p.dy, DNI_F64);
  (void)probe_loss(&p);
  EXPECT_OK(support_backward(layer, DNI_GRADIENT_REPLACE, &p.x, &p.y, &dy, &dx));
  check_differences(&p, &p.x, &dx, (double)rows, "dx by differences");
  for (size_t i = 0; i < dni_layer_parameter_count(layer); i++) {
    dni_matrix value = value_of(layer, i), gradient = gradient_of(layer, i);
    check_differences(&p, &value, &gradient, 1, dni_layer_parameter_name(layer, i));
  }
}

/* Leaky ReLU and GELU. ------------------------------------------------------------------------ */

enum { LEAKY, GELU, ACTIVATIONS };

static const dni_activation activations[ACTIVATIONS] = {DNI_ACTIVATION_LEAKY_RELU,
                                                        DNI_ACTIVATION_GELU};

static double normal_below(double z) {
  return erfc(-z / sqrt(2)) / 2;
}

static double activate(int which, double slope, double z) {
  if (which == LEAKY) return z > 0 || isnan(z) ? z : slope * z;
  return z * normal_below(z);
}

static double derivative(int which, double slope, double z) {
  if (which == LEAKY) return z > 0 ? 1 : slope;
  return normal_below(z) + z * exp(-z * z / 2) / sqrt(2 * acos(-1));
}

static const double slopes[] = {0.01, 0.3, 0};

/* Ordinary numbers, zeros, both tails, and for leaky ReLU infinities and NaN. */
static void fill_extremes(int which, const dni_matrix *x) {
  static const double extremes[] = {0.0, -0.0, 1e-30, -1e-30, 4,        -4,        9,
                                    -9,  40,   -40,   1e4,    INFINITY, -INFINITY, NAN};
  size_t at = 0, count = which == LEAKY ? 14 : 11;
  for (size_t r = 0; r < x->rows; r++)
    for (size_t c = 0; c < x->columns; c++, at++)
      matrix_set(x, r, c, at % 3 ? 2 * support_normal() : extremes[at / 3 % count]);
}

START_TEST(activations_follow_their_formulas) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  double tolerance = support_tolerance(dtype, 1e-6, 1e-14);
  for (int turn = 0; turn < 6; turn++) {
    int which = turn % 2;
    double slope = slopes[turn / 2];
    dni_layer *layer = NULL;
    EXPECT_OK(dni_layer_create_activation(context, 37, activations[which], &layer));
    if (which == LEAKY) set(layer, DNI_SETTING_SLOPE, slope);
    dni_matrix x = matrix_make(dtype, 5, 37), y = matrix_make(dtype, 5, 37);
    dni_matrix again = matrix_make(dtype, 5, 37), expected = matrix_make(DNI_F64, 5, 37);
    fill_extremes(which, &x);
    for (size_t r = 0; r < 5; r++)
      for (size_t c = 0; c < 37; c++)
        matrix_set(&expected, r, c, activate(which, slope, matrix_get(&x, r, c)));
    EXPECT_OK(support_forward(layer, DNI_MODE_INFERENCE, &x, &y));
    matrix_expect_close(&y, &expected, tolerance, dni_activation_name(activations[which]));
    EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &again));
    matrix_expect_same(&again, &y, "y in training");
    if (which == LEAKY) {
      EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &x));
      matrix_expect_same(&x, &y, "y in place of x");
    }
    dni_layer_release(layer);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(activation_backward) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  for (int turn = 0; turn < 6; turn++) {
    int which = turn % 2;
    double slope = slopes[turn / 2];
    dni_layer *layer = NULL;
    EXPECT_OK(dni_layer_create_activation(context, 19, activations[which], &layer));
    if (which == LEAKY) set(layer, DNI_SETTING_SLOPE, slope);
    dni_matrix x = matrix_random(dtype, 13, 19), y = matrix_make(dtype, 13, 19);
    matrix_set(&x, 2, 3, 0);
    matrix_set(&x, 12, 18, -0.0);
    matrix_set(&x, 0, 0, 30);
    matrix_set(&x, 1, 0, -30);
    dni_matrix dy = matrix_random(dtype, 13, 19), dx = matrix_make(dtype, 13, 19);
    dni_matrix in_place = matrix_convert(&dy, dtype), expected = matrix_make(DNI_F64, 13, 19);
    for (size_t r = 0; r < 13; r++)
      for (size_t c = 0; c < 19; c++)
        matrix_set(&expected, r, c,
                   matrix_get(&dy, r, c) * derivative(which, slope, matrix_get(&x, r, c)));
    EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
    EXPECT_OK(support_backward(layer, DNI_GRADIENT_REPLACE, &x, &y, &dy, &dx));
    matrix_expect_close(&dx, &expected, support_tolerance(dtype, 1e-6, 1e-14), "dx");
    EXPECT_OK(support_backward(layer, DNI_GRADIENT_SKIP, &x, &y, &in_place, &in_place));
    matrix_expect_same(&in_place, &dx, "dx in place of dy");
    dni_layer_release(layer);
  }
  dni_context_release(context);
}
END_TEST

/* y, dL/dz, dx and both gradients of a dense layer, in double from x, W and b. */
static void check_dense(dni_context *context, int which, size_t rows, size_t inputs,
                        size_t outputs) {
  dni_dtype dtype = dni_context_dtype(context);
  double tolerance = support_tolerance(dtype, 3e-5, 1e-13), slope = 0.2, n = (double)rows;
  dni_layer *layer = NULL;
  EXPECT_OK(dni_layer_create_dense(context, inputs, outputs, activations[which], &layer));
  if (which == LEAKY) set(layer, DNI_SETTING_SLOPE, slope);
  dni_matrix weight = value_of(layer, 0), bias = value_of(layer, 1);
  matrix_fill_random(&bias, 0.5);
  dni_matrix x = matrix_random(dtype, rows, inputs), y = matrix_make(dtype, rows, outputs);
  dni_matrix dy = matrix_random(dtype, rows, outputs), dx = matrix_make(dtype, rows, inputs);
  dni_matrix expected = matrix_make(DNI_F64, rows, outputs), dz = matrix_convert(&dy, DNI_F64);
  for (size_t s = 0; s < rows; s++)
    for (size_t o = 0; o < outputs; o++) {
      double z = matrix_get(&bias, 0, o);
      for (size_t i = 0; i < inputs; i++)
        z += matrix_get(&x, s, i) * matrix_get(&weight, o, i);
      matrix_set(&expected, s, o, activate(which, slope, z));
      matrix_set(&dz, s, o, matrix_get(&dy, s, o) * derivative(which, slope, z));
    }
  EXPECT_OK(support_forward(layer, DNI_MODE_INFERENCE, &x, &y));
  matrix_expect_close(&y, &expected, tolerance, "y in inference");
  EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
  matrix_expect_close(&y, &expected, tolerance, "y");
  EXPECT_OK(support_backward(layer, DNI_GRADIENT_LEAVE_DZ, &x, &y, &dy, &dx));
  matrix_expect_close(&dy, &dz, tolerance, "dL/dz left in dy");
  dni_matrix weight_gradient = gradient_of(layer, 0), bias_gradient = gradient_of(layer, 1);
  for (size_t o = 0; o < outputs; o++) {
    double sum = 0;
    for (size_t s = 0; s < rows; s++)
      sum += matrix_get(&dz, s, o) / n;
    expect_close(matrix_get(&bias_gradient, 0, o), sum, tolerance, "bias gradient");
    for (size_t i = 0; i < inputs; i++) {
      sum = 0;
      for (size_t s = 0; s < rows; s++)
        sum += matrix_get(&dz, s, o) * matrix_get(&x, s, i) / n;
      expect_close(matrix_get(&weight_gradient, o, i), sum, tolerance, "weight gradient");
    }
  }
  for (size_t s = 0; s < rows; s++)
    for (size_t i = 0; i < inputs; i++) {
      double sum = 0;
      for (size_t o = 0; o < outputs; o++)
        sum += matrix_get(&dz, s, o) * matrix_get(&weight, o, i);
      expect_close(matrix_get(&dx, s, i), sum, tolerance, "dx");
    }
  dni_layer_release(layer);
}

START_TEST(dense_follows_its_formula) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  if (dni_context_compute(context) == DNI_BF16) { /* z near a kink may be on either side */
    dni_context_release(context);
    return;
  }
  static const size_t sizes[][3] = {{1, 1, 1}, {7, 13, 5}, {3, 1, 33}, {34, 17, 1}, {19, 65, 70}};
  for (size_t i = 0; i < 10; i++)
    check_dense(context, (int)(i % 2), sizes[i / 2][0], sizes[i / 2][1], sizes[i / 2][2]);
  dni_context_release(context);
}
END_TEST

START_TEST(gradients_equal_central_differences) {
  dni_context *context = support_context(DNI_F64);
  for (int which = 0; which < ACTIVATIONS; which++) {
    dni_layer *layer = NULL;
    EXPECT_OK(dni_layer_create_activation(context, 7, activations[which], &layer));
    check_gradients(layer, 6);
    dni_layer_release(layer);
    EXPECT_OK(dni_layer_create_dense(context, 4, 3, activations[which], &layer));
    randomise(layer);
    check_gradients(layer, 5);
    dni_layer_release(layer);
  }
  dni_context_release(context);
}
END_TEST

/* The slope is each layer's own, read at each forward; identity, ReLU and others have none. */
START_TEST(slopes_of_layers) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_layer *one = NULL, *two = NULL, *dense = NULL;
  EXPECT_OK(dni_layer_create_activation(context, 3, DNI_ACTIVATION_LEAKY_RELU, &one));
  EXPECT_OK(dni_layer_create_activation(context, 3, DNI_ACTIVATION_LEAKY_RELU, &two));
  EXPECT_OK(dni_layer_create_dense(context, 3, 3, DNI_ACTIVATION_LEAKY_RELU, &dense));
  EXPECT(setting_of(one, DNI_SETTING_SLOPE) == 0.01, "slope at first");
  EXPECT(setting_of(dense, DNI_SETTING_SLOPE) == 0.01, "slope at first");
  set(two, DNI_SETTING_SLOPE, 0.5);
  dni_matrix x = matrix_filled(dtype, 2, 3, -2), y = matrix_make(dtype, 2, 3);
  EXPECT_OK(support_forward(one, DNI_MODE_TRAINING, &x, &y));
  expect_close(matrix_get(&y, 1, 2), -0.02, 1e-7, "slope 0.01");
  EXPECT_OK(support_forward(two, DNI_MODE_TRAINING, &x, &y));
  expect_close(matrix_get(&y, 1, 2), -1, 0, "slope 0.5");
  for (dni_activation a = 0; a <= DNI_ACTIVATION_GELU; a++) {
    dni_layer *layers[2] = {NULL, NULL};
    EXPECT_OK(dni_layer_create_activation(context, 3, a, &layers[0]));
    EXPECT_OK(dni_layer_create_dense(context, 3, 3, a, &layers[1]));
    for (size_t l = 0; l < 2; l++) {
      EXPECT(dni_layer_activation(layers[l]) == a, "activation");
      EXPECT(dni_layer_has(layers[l], DNI_SETTING_SLOPE) == (a == DNI_ACTIVATION_LEAKY_RELU),
             "activation %d has a slope", (int)a);
      dni_layer_release(layers[l]);
    }
  }
  dni_layer_release(one);
  dni_layer_release(two);
  dni_layer_release(dense);
  dni_context_release(context);
}
END_TEST

START_TEST(nan_passes) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  for (int which = 0; which < ACTIVATIONS; which++) {
    dni_layer *layer = NULL;
    EXPECT_OK(dni_layer_create_dense(context, 3, 21, activations[which], &layer));
    dni_matrix x = matrix_random(dtype, 4, 3), y = matrix_make(dtype, 4, 21);
    matrix_set(&x, 1, 2, (double)NAN);
    EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
    for (size_t r = 0; r < 4; r++)
      for (size_t c = 0; c < 21; c++)
        EXPECT(isnan(matrix_get(&y, r, c)) == (r == 1), "(%zu, %zu)", r, c);
    dni_layer_release(layer);
  }
  dni_context_release(context);
}
END_TEST

/* Layer normalisation. ------------------------------------------------------------------------ */

enum { SCALE, SHIFT };

static dni_layer *make_layer_norm(dni_context *context, size_t units) {
  dni_layer *layer = NULL;
  EXPECT_OK(dni_layer_create_layer_norm(context, units, &layer));
  dni_matrix scale = value_of(layer, SCALE), shift = value_of(layer, SHIFT);
  for (size_t c = 0; c < units; c++) {
    matrix_set(&scale, 0, c, support_uniform(0.5, 2) * (c % 2 ? 1 : -1));
    matrix_set(&shift, 0, c, support_normal());
  }
  return layer;
}

/* Mean and sqrt(biased variance + epsilon) of a row. */
static void row_statistics(const dni_matrix *x, size_t row, double epsilon, double *mean,
                           double *deviation) {
  double n = (double)x->columns, variance = 0;
  *mean = 0;
  for (size_t c = 0; c < x->columns; c++)
    *mean += matrix_get(x, row, c) / n;
  for (size_t c = 0; c < x->columns; c++)
    variance += pow(matrix_get(x, row, c) - *mean, 2) / n;
  *deviation = sqrt(variance + epsilon);
}

/* (x - mean) / deviation of each row, in double. */
static dni_matrix normalised_rows(const dni_matrix *x, double epsilon) {
  dni_matrix n = matrix_make(DNI_F64, x->rows, x->columns);
  for (size_t r = 0; r < x->rows; r++) {
    double mean, deviation;
    row_statistics(x, r, epsilon, &mean, &deviation);
    for (size_t c = 0; c < x->columns; c++)
      matrix_set(&n, r, c, (matrix_get(x, r, c) - mean) / deviation);
  }
  return n;
}

static dni_matrix layer_norm_reference(dni_layer *layer, const dni_matrix *x) {
  dni_matrix scale = value_of(layer, SCALE), shift = value_of(layer, SHIFT);
  dni_matrix y = normalised_rows(x, setting_of(layer, DNI_SETTING_EPSILON));
  for (size_t r = 0; r < x->rows; r++)
    for (size_t c = 0; c < x->columns; c++)
      matrix_set(&y, r, c,
                 matrix_get(&scale, 0, c) * matrix_get(&y, r, c) + matrix_get(&shift, 0, c));
  return y;
}

/* Rows of different means and scales. */
static dni_matrix uneven_random(dni_dtype dtype, size_t rows, size_t columns) {
  dni_matrix x = matrix_random(dtype, rows, columns);
  for (size_t r = 0; r < rows; r++) {
    double mean = 3 * support_normal(), deviation = support_uniform(0.2, 5);
    for (size_t c = 0; c < columns; c++)
      matrix_set(&x, r, c, mean + deviation * matrix_get(&x, r, c));
  }
  return x;
}

static const size_t batches[][2] = {{1, 3}, {7, 2}, {33, 17}, {5, 130}};
enum { BATCHES = sizeof batches / sizeof batches[0] };

/* Both modes compute the formula, to the same bits, and nothing in the layer moves. */
START_TEST(layer_norm_forward) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  for (size_t i = 0; i < BATCHES; i++) {
    size_t rows = batches[i][0], units = batches[i][1];
    dni_layer *layer = make_layer_norm(context, units);
    if (i == 2) set(layer, DNI_SETTING_EPSILON, 0.3);
    dni_matrix x = uneven_random(dtype, rows, units), before = matrix_convert(&x, dtype);
    dni_matrix y = matrix_make(dtype, rows, units), again = matrix_make(dtype, rows, units);
    dni_matrix expected = layer_norm_reference(layer, &x);
    EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
    matrix_expect_close(&y, &expected, support_tolerance(dtype, units == 2 ? 1e-4 : 1e-5, 1e-12),
                        "y");
    EXPECT_OK(support_forward(layer, DNI_MODE_INFERENCE, &x, &again));
    matrix_expect_same(&again, &y, "y in inference");
    matrix_expect_same(&x, &before, "x");
    dni_layer_release(layer);
  }
  dni_context_release(context);
}
END_TEST

/* With g = scale dy and n the normalised x: dx = (g - mean(g) - n mean(g n)) / deviation. */
START_TEST(layer_norm_backward) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  double tolerance = support_tolerance(dtype, 5e-5, 1e-12);
  for (size_t i = 0; i < BATCHES; i++) {
    size_t rows = batches[i][0], units = batches[i][1];
    dni_layer *layer = make_layer_norm(context, units);
    set(layer, DNI_SETTING_EPSILON, 0.01);
    dni_matrix x = uneven_random(dtype, rows, units), y = matrix_make(dtype, rows, units);
    dni_matrix dy = matrix_random(dtype, rows, units), dx = matrix_make(dtype, rows, units);
    dni_matrix in_place = matrix_convert(&dy, dtype), up = matrix_convert(&dy, DNI_F64);
    dni_matrix n = normalised_rows(&x, 0.01), scale = value_of(layer, SCALE);
    dni_matrix expected = matrix_make(DNI_F64, rows, units);
    dni_matrix scale_gradient = matrix_filled(DNI_F64, 1, units, 0);
    dni_matrix shift_gradient = matrix_filled(DNI_F64, 1, units, 0);
    for (size_t r = 0; r < rows; r++) {
      double mean, deviation, sum = 0, sum_n = 0;
      row_statistics(&x, r, 0.01, &mean, &deviation);
      for (size_t c = 0; c < units; c++) {
        double g = matrix_get(&scale, 0, c) * matrix_get(&up, r, c);
        sum += g / (double)units, sum_n += g * matrix_get(&n, r, c) / (double)units;
        matrix_set(&shift_gradient, 0, c,
                   matrix_get(&shift_gradient, 0, c) + matrix_get(&up, r, c) / (double)rows);
        matrix_set(&scale_gradient, 0, c,
                   matrix_get(&scale_gradient, 0, c) +
                       matrix_get(&up, r, c) * matrix_get(&n, r, c) / (double)rows);
      }
      for (size_t c = 0; c < units; c++) {
        double g = matrix_get(&scale, 0, c) * matrix_get(&up, r, c);
        matrix_set(&expected, r, c, (g - sum - matrix_get(&n, r, c) * sum_n) / deviation);
      }
    }
    EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
    EXPECT_OK(support_backward(layer, DNI_GRADIENT_REPLACE, &x, &y, &dy, &dx));
    dni_matrix got_scale = gradient_of(layer, SCALE), got_shift = gradient_of(layer, SHIFT);
    matrix_expect_close(&dx, &expected, tolerance, "dx");
    matrix_expect_close(&got_scale, &scale_gradient, tolerance, "scale gradient");
    matrix_expect_close(&got_shift, &shift_gradient, tolerance, "shift gradient");
    EXPECT_OK(support_backward(layer, DNI_GRADIENT_SKIP, &x, &y, &in_place, &in_place));
    matrix_expect_same(&in_place, &dx, "dx in place of dy");
    dni_layer_release(layer);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(layer_norm_gradients_equal_central_differences) {
  dni_context *context = support_context(DNI_F64);
  for (size_t rows = 1; rows < 6; rows++) {
    dni_layer *layer = make_layer_norm(context, 5);
    set(layer, DNI_SETTING_EPSILON, 0.1);
    check_gradients(layer, rows);
    dni_layer_release(layer);
  }
  dni_context_release(context);
}
END_TEST

/* REPLACE, ADD and SKIP, as means and as sums. */
START_TEST(layer_norm_gradient_modes) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_layer *layer = make_layer_norm(context, 4);
  dni_matrix x = matrix_random(dtype, 9, 4), y = matrix_make(dtype, 9, 4);
  dni_matrix up = matrix_random(dtype, 9, 4), dy = matrix_convert(&up, dtype), once[2];
  EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
  EXPECT_OK(support_backward(layer, DNI_GRADIENT_REPLACE, &x, &y, &dy, NULL));
  for (size_t i = 0; i < 2; i++) {
    dni_matrix gradient = gradient_of(layer, i);
    once[i] = matrix_convert(&gradient, dtype);
  }
  for (int32_t which = 0; which < 6; which++) {
    int32_t mode = which % 3, sum = which < 3 ? 0 : DNI_GRADIENT_SUM;
    double start = mode ? 2 : (double)NAN, base = mode ? 2 : 0;
    double weight = mode == DNI_GRADIENT_SKIP ? 0 : sum ? 9 : 1;
    dni_matrix dx = matrix_make(dtype, 9, 4);
    for (size_t i = 0; i < 2; i++) {
      dni_matrix gradient = gradient_of(layer, i);
      matrix_fill(&gradient, start);
    }
    matrix_copy(&up, &dy);
    EXPECT_OK(support_backward(layer, mode | sum, &x, &y, &dy, &dx));
    for (size_t i = 0; i < 2; i++) {
      dni_matrix gradient = gradient_of(layer, i);
      for (size_t c = 0; c < 4; c++)
        expect_close(matrix_get(&gradient, 0, c), base + weight * matrix_get(&once[i], 0, c),
                     support_tolerance(dtype, 1e-5, 1e-13), "gradient");
    }
  }
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

/* Scale 1 and shift 0 at first; rows of one number, equal rows and rows far from 0; a NaN stays
 * in its row and is no error. */
START_TEST(layer_norm_at_the_edges) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  dni_layer *layer = NULL;
  EXPECT_OK(dni_layer_create_layer_norm(context, 21, &layer));
  for (size_t i = 0; i < 2; i++) {
    dni_matrix value = value_of(layer, i);
    EXPECT(value.rows == 1 && value.columns == 21, "shape");
    for (size_t c = 0; c < 21; c++)
      EXPECT(matrix_get(&value, 0, c) == (i == SCALE), "parameter %zu at first", i);
  }
  EXPECT(setting_of(layer, DNI_SETTING_EPSILON) == 1e-5, "epsilon at first");
  dni_matrix x = matrix_make(dtype, 4, 21), y = matrix_make(dtype, 4, 21);
  for (size_t r = 0; r < 4; r++)
    for (size_t c = 0; c < 21; c++)
      matrix_set(&x, r, c, r == 0 ? 1000.1 : r == 1 ? 4096 + support_normal() : support_normal());
  matrix_set(&x, 2, 7, (double)NAN);
  dni_matrix expected = layer_norm_reference(layer, &x);
  EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
  for (size_t r = 0; r < 4; r++)
    for (size_t c = 0; c < 21; c++)
      expect_close(matrix_get(&y, r, c), r == 0 ? 0 : matrix_get(&expected, r, c),
                   r == 1 ? support_tolerance(dtype, 2e-3, 1e-9) : 1e-5, "y");
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

/* Dropout. ------------------------------------------------------------------------------------ */

static dni_layer *make_dropout(dni_context *context, size_t units, double drop, uint64_t seed) {
  dni_random_options options = {.struct_size = sizeof options, .has_seed = 1, .seed = seed};
  dni_layer *layer = NULL;
  EXPECT_OK(dni_layer_create_dropout(context, units, drop, &options, &layer));
  return layer;
}

/* Element by element, row by row, an element is dropped if the next uniform number is below
 * drop. */
START_TEST(dropout_follows_its_stream) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  double drops[] = {0.5, 0.1, 0.9}, tolerance = support_tolerance(dtype, 1e-6, 1e-15);
  for (size_t i = 0; i < 3; i++) {
    double drop = drops[i];
    dni_layer *layer = make_dropout(context, 19, drop, 99);
    dni__random stream;
    dni__random_init(&stream, 99, 0);
    for (size_t rows = 1; rows < 40; rows += 12) { /* the stream goes on from batch to batch */
      dni_matrix x = matrix_random(dtype, rows, 19), y = matrix_make(dtype, rows, 19);
      dni_matrix dy = matrix_random(dtype, rows, 19), dx = matrix_make(dtype, rows, 19);
      dni_matrix expected = matrix_make(DNI_F64, rows, 19), down = matrix_make(DNI_F64, rows, 19);
      dni_matrix in_place = matrix_convert(&dy, dtype);
      for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < 19; c++) {
          double factor = dni__random_uniform(&stream) < drop ? 0 : 1 / (1 - drop);
          matrix_set(&expected, r, c, factor * matrix_get(&x, r, c));
          matrix_set(&down, r, c, factor * matrix_get(&dy, r, c));
        }
      EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
      matrix_expect_close(&y, &expected, tolerance, "y");
      dni_matrix other = matrix_make(dtype, rows, 19); /* inference draws nothing */
      EXPECT_OK(support_forward(layer, DNI_MODE_INFERENCE, &x, &other));
      matrix_expect_same(&other, &x, "y in inference");
      EXPECT_OK(support_backward(layer, DNI_GRADIENT_REPLACE, &x, &y, &dy, &dx));
      matrix_expect_close(&dx, &down, tolerance, "dx");
      EXPECT_OK(support_backward(layer, DNI_GRADIENT_SKIP, &x, &y, &in_place, &in_place));
      matrix_expect_same(&in_place, &dx, "dx in place of dy");
    }
    dni_layer_release(layer);
  }
  dni_context_release(context);
}
END_TEST

/* As many as it says, within five standard errors; drop 0 lets everything through; what is
 * dropped is 0 exactly. */
START_TEST(dropout_drops_its_share) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  enum { ROWS = 211, UNITS = 97 };
  static const double drops[] = {0, 0.1, 0.5, 0.8};
  dni_layer *layer = NULL;
  EXPECT_OK(dni_layer_create_dropout(context, UNITS, 0.3, NULL, &layer));
  EXPECT(setting_of(layer, DNI_SETTING_DROP) == 0.3, "drop at first");
  dni_matrix x = matrix_filled(dtype, ROWS, UNITS, 1), y = matrix_make(dtype, ROWS, UNITS);
  for (size_t i = 0; i < 4; i++) {
    set(layer, DNI_SETTING_DROP, drops[i]);
    EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
    double dropped = 0, count = ROWS * UNITS;
    for (size_t r = 0; r < ROWS; r++)
      for (size_t c = 0; c < UNITS; c++)
        dropped += matrix_get(&y, r, c) == 0;
    if (i == 0) matrix_expect_same(&y, &x, "drop 0");
    EXPECT(fabs(dropped / count - drops[i]) <= 5 * sqrt(drops[i] * (1 - drops[i]) / count),
           "%g dropped of %g", dropped / count, drops[i]);
  }
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

/* The mask of a training forward with x = 1. */
static dni_matrix mask_of(dni_layer *layer) {
  dni_dtype dtype = DNI_F32;
  dni_matrix x = matrix_filled(dtype, 16, 8, 1), y = matrix_make(dtype, 16, 8);
  EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
  return y;
}

static bool same(const dni_matrix *a, const dni_matrix *b) {
  for (size_t r = 0; r < a->rows; r++)
    for (size_t c = 0; c < a->columns; c++)
      if (matrix_get(a, r, c) != matrix_get(b, r, c)) return false;
  return true;
}

/* The same seed gives the same masks; two layers of one context, and a layer and its copy, others;
 * the same calls on another context of the same seed the same ones again. */
START_TEST(dropout_streams) {
  dni_matrix masks[2][5];
  for (size_t turn = 0; turn < 2; turn++) {
    dni_context *context = support_context(DNI_F32);
    dni_layer *layers[5] = {NULL};
    layers[0] = make_dropout(context, 8, 0.5, 7);
    layers[1] = make_dropout(context, 8, 0.5, 8);
    EXPECT_OK(dni_layer_create_dropout(context, 8, 0.5, NULL, &layers[2]));
    EXPECT_OK(dni_layer_create_dropout(context, 8, 0.5, NULL, &layers[3]));
    EXPECT_OK(dni_layer_copy(layers[2], &layers[4]));
    for (size_t l = 0; l < 5; l++) {
      masks[turn][l] = mask_of(layers[l]);
      dni_layer_release(layers[l]);
    }
    for (size_t a = 0; a < 5; a++)
      for (size_t b = 0; b < a; b++)
        EXPECT(!same(&masks[turn][a], &masks[turn][b]), "layers %zu and %zu drop the same", a, b);
    dni_context_release(context);
  }
  for (size_t l = 0; l < 5; l++)
    matrix_expect_same(&masks[1][l], &masks[0][l], "mask of the second run");
}
END_TEST

START_TEST(creation_refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_layer *layer = NULL;
  static const double bad[] = {-1e-9, 1, 2, NAN, INFINITY};
  for (size_t i = 0; i < 5; i++)
    EXPECT_ARGUMENT(dni_layer_create_dropout(context, 4, bad[i], NULL, &layer));
  dni_random_options options = {.struct_size = 3};
  EXPECT_ARGUMENT(dni_layer_create_dropout(context, 4, 0.5, &options, &layer));
  options = (dni_random_options){.struct_size = sizeof options, .reserved = 1};
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_layer_create_dropout(context, 4, 0.5, &options, &layer));
  EXPECT_ARGUMENT(dni_layer_create_dropout(NULL, 4, 0.5, NULL, &layer));
  EXPECT_ARGUMENT(dni_layer_create_dropout(context, 0, 0.5, NULL, &layer));
  EXPECT_ARGUMENT(dni_layer_create_dropout(context, 4, 0.5, NULL, NULL));
  EXPECT_ARGUMENT(dni_layer_create_layer_norm(NULL, 4, &layer));
  EXPECT_ARGUMENT(dni_layer_create_layer_norm(context, 0, &layer));
  EXPECT_ARGUMENT(dni_layer_create_layer_norm(context, 4, NULL));
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_layer_create_layer_norm(context, SIZE_MAX / 8, &layer));
  EXPECT(!layer, "something was made");
  dni_context_release(context);
}
END_TEST

/* Every kind. --------------------------------------------------------------------------------- */

/* A layer of the caller's own, y = factor x, whose state keeps the factor of the forward. */
typedef struct own_layer {
  dni_dtype dtype;
  double value[1], gradient[1]; /* of dtype */
  size_t destroyed, changed;
  dni_status copy_answer;
  struct own_layer *copy;
} own_layer;

static dni_status own_forward(void *user, const dni_layer_call *call) {
  own_layer *own = user;
  dni_matrix value = {own->value, 1, 1, 1, own->dtype, 0};
  double factor = matrix_get(&value, 0, 0);
  if (call->state) memcpy(call->state, &factor, sizeof factor);
  for (size_t r = 0; r < call->x->rows; r++)
    for (size_t c = 0; c < call->x->columns; c++)
      matrix_set(call->y, r, c, factor * matrix_get(call->x, r, c));
  return DNI_OK;
}

static dni_status own_backward(void *user, const dni_layer_call *call) {
  double factor;
  (void)user;
  memcpy(&factor, call->state, sizeof factor);
  for (size_t r = 0; call->dx && r < call->x->rows; r++)
    for (size_t c = 0; c < call->x->columns; c++)
      matrix_set(call->dx, r, c, factor * matrix_get(call->dy, r, c));
  return DNI_OK;
}

static dni_status own_parameter(void *user, size_t index, dni_matrix *value, dni_matrix *gradient) {
  own_layer *own = user;
  EXPECT(index == 0, "asked for parameter %zu", index);
  *value = (dni_matrix){own->value, 1, 1, 1, own->dtype, 0};
  *gradient = (dni_matrix){own->gradient, 1, 1, 1, own->dtype, 0};
  return DNI_OK;
}

static size_t own_state_bytes(void *user, size_t rows) {
  (void)user, (void)rows;
  return sizeof(double);
}

static void own_changed(void *user) {
  ((own_layer *)user)->changed++;
}

static dni_status own_copy(void *user, void **copy) {
  own_layer *own = user;
  if (own->copy_answer != DNI_OK) return own->copy_answer;
  *own->copy = (own_layer){.value = {own->value[0]}, .dtype = own->dtype};
  *copy = own->copy;
  return DNI_OK;
}

static void own_destroy(void *user) {
  ((own_layer *)user)->destroyed++;
}

static dni_layer *make_own(dni_context *context, own_layer *own, bool copies) {
  own->dtype = dni_context_dtype(context);
  dni_layer_callbacks callbacks = {.struct_size = sizeof callbacks,
                                   .user = own,
                                   .forward = own_forward,
                                   .backward = own_backward,
                                   .parameter_count = 1,
                                   .parameter = own_parameter,
                                   .state_bytes = own_state_bytes,
                                   .changed = own_changed,
                                   .copy = copies ? own_copy : NULL,
                                   .destroy = own_destroy};
  dni_layer *layer = NULL;
  EXPECT_OK(dni_layer_create_callback(context, 5, 5, &callbacks, &layer));
  randomise(layer);
  return layer;
}

/* One of each, 5 inputs and outputs. Those up to DENSE_GELU keep something in their state. */
enum { BATCH_NORM, DROPOUT, OWN, DENSE_GELU, DENSE, LEAKY_RELU, LAYER_NORM, KINDS };

static dni_layer *make_kind(dni_context *context, int kind, own_layer *own) {
  dni_layer *layer = NULL;
  switch (kind) {
  case BATCH_NORM:
    EXPECT_OK(dni_layer_create_batch_norm(context, 5, &layer));
    break;
  case DROPOUT:
    return make_dropout(context, 5, 0.4, 12);
  case OWN:
    return make_own(context, own, true);
  case DENSE_GELU:
    EXPECT_OK(dni_layer_create_dense(context, 5, 5, DNI_ACTIVATION_GELU, &layer));
    break;
  case DENSE:
    EXPECT_OK(dni_layer_create_dense(context, 5, 5, DNI_ACTIVATION_LEAKY_RELU, &layer));
    break;
  case LEAKY_RELU:
    EXPECT_OK(dni_layer_create_activation(context, 5, DNI_ACTIVATION_LEAKY_RELU, &layer));
    break;
  default:
    EXPECT_OK(dni_layer_create_layer_norm(context, 5, &layer));
  }
  randomise(layer);
  return layer;
}

/* The parameters of `from`. */
static void assign(dni_layer *to, dni_layer *from) {
  for (size_t i = 0; i < dni_layer_parameter_count(from); i++) {
    dni_matrix value = value_of(from, i);
    EXPECT_OK(dni_layer_set_parameter(to, i, &value));
  }
}

/* Several batches between forward and backward. ----------------------------------------------- */

enum { IN_FLIGHT = 3 };

/* Three batches of different rows forward, then backward in another order: each is as it is
 * alone, in the layer's own state. */
START_TEST(states_keep_batches_apart) {
  static const size_t order[IN_FLIGHT] = {1, 2, 0};
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  for (int kind = 0; kind < KINDS; kind++) {
    own_layer own[2] = {{0}};
    dni_layer *layer = make_kind(context, kind, &own[0]);
    dni_layer *alone = make_kind(context, kind, &own[1]);
    dni_state *states[IN_FLIGHT];
    dni_matrix x[IN_FLIGHT], y[IN_FLIGHT], up[IN_FLIGHT], dx[IN_FLIGHT], expected[IN_FLIGHT];
    dni_matrix gradients[IN_FLIGHT];
    size_t count = dni_layer_parameter_count(layer);
    assign(alone, layer);
    for (size_t b = 0; b < IN_FLIGHT; b++) {
      size_t rows = 4 + 3 * b;
      x[b] = matrix_random(dtype, rows, 5), y[b] = matrix_make(dtype, rows, 5);
      up[b] = matrix_random(dtype, rows, 5), dx[b] = matrix_make(dtype, rows, 5);
      expected[b] = matrix_make(dtype, rows, 5);
      dni_matrix dy = matrix_convert(&up[b], dtype), other = matrix_make(dtype, rows, 5);
      EXPECT_OK(support_forward(alone, DNI_MODE_TRAINING, &x[b], &other));
      EXPECT_OK(support_backward(alone, DNI_GRADIENT_REPLACE, &x[b], &other, &dy, &expected[b]));
      if (count > 0) {
        dni_matrix gradient = gradient_of(alone, 0);
        gradients[b] = matrix_convert(&gradient, dtype);
      }
      EXPECT_OK(dni_state_create(layer, rows + b, &states[b]));
      EXPECT(dni_state_rows(states[b]) == rows + b, "room for %zu rows", dni_state_rows(states[b]));
      EXPECT_OK(dni_layer_forward(layer, DNI_MODE_TRAINING, states[b], &x[b], &y[b]));
      matrix_expect_same(&y[b], &other, "y");
    }
    for (size_t i = 0; i < IN_FLIGHT; i++) {
      size_t b = order[i];
      dni_matrix dy = matrix_convert(&up[b], dtype), predicted = matrix_make(dtype, x[b].rows, 5);
      EXPECT_OK(dni_layer_forward(layer, DNI_MODE_INFERENCE, states[b], &x[b], &predicted));
      EXPECT_OK(dni_layer_backward(layer, 0, states[b], &x[b], &y[b], &dy, &dx[b]));
      matrix_expect_same(&dx[b], &expected[b], "dx");
      if (count > 0 && kind != OWN) {
        dni_matrix gradient = gradient_of(layer, 0);
        matrix_expect_same(&gradient, &gradients[b], "gradient");
      }
    }
    EXPECT(dni_state_retain(states[0]) == states[0], "another handle");
    dni_layer_release(layer); /* its states keep it */
    EXPECT(own[0].destroyed == 0, "destroyed under its states");
    for (size_t b = 0; b < IN_FLIGHT; b++)
      dni_state_release(states[b]);
    dni_state_release(states[0]);
    dni_layer_release(alone);
    EXPECT(kind != OWN || (own[0].destroyed == 1 && own[1].destroyed == 1), "destroyed");
  }
  dni_context_release(context);
}
END_TEST

/* Backward wants a training forward of as many rows in the same state. */
START_TEST(states_know_their_batch) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  for (int kind = 0; kind <= DENSE_GELU; kind++) {
    own_layer own = {0};
    dni_layer *layer = make_kind(context, kind, &own);
    dni_state *state = NULL;
    EXPECT_OK(dni_state_create(layer, 6, &state));
    dni_matrix x = matrix_random(dtype, 6, 5), y = matrix_make(dtype, 6, 5);
    dni_matrix dy = matrix_random(dtype, 6, 5), dx = matrix_make(dtype, 6, 5),
               few[4] = {x, y, dy, dx};
    dni_matrix before = matrix_convert(&dy, dtype);
    for (size_t i = 0; i < 4; i++)
      few[i].rows = 5;
    for (int own_state = 0; own_state < 2; own_state++) {
      dni_state *used = own_state ? NULL : state;
      EXPECT_STATUS(DNI_ERROR_STATE, dni_layer_backward(layer, 0, used, &x, &y, &dy, &dx));
      EXPECT_OK(dni_layer_forward(layer, DNI_MODE_INFERENCE, used, &x, &y));
      EXPECT_STATUS(DNI_ERROR_STATE, dni_layer_backward(layer, 0, used, &x, &y, &dy, &dx));
      EXPECT_OK(dni_layer_forward(layer, DNI_MODE_TRAINING, used, &x, &y));
      EXPECT_STATUS(DNI_ERROR_STATE,
                    dni_layer_backward(layer, 0, used, &few[0], &few[1], &few[2], &few[3]));
      matrix_expect_untouched(&dx, "dx after a refusal");
      matrix_expect_same(&dy, &before, "dy after a refusal");
    }
    EXPECT_OK(dni_layer_backward(layer, 0, state, &x, &y, &dy, &dx));
    dni_layer_release(layer);
    dni_state_release(state);
  }
  dni_context_release(context);
}
END_TEST

/* States of another layer and of too few rows; a forward that fails leaves no batch behind. */
START_TEST(states_that_do_not_fit) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  for (int kind = 0; kind < KINDS; kind++) {
    own_layer own[2] = {{0}};
    dni_layer *layer = make_kind(context, kind, &own[0]);
    dni_layer *other = make_kind(context, kind, &own[1]);
    dni_state *small = NULL, *foreign = NULL;
    EXPECT_OK(dni_state_create(layer, 5, &small));
    EXPECT_OK(dni_state_create(other, 6, &foreign));
    EXPECT_ARGUMENT(dni_state_create(layer, 5, NULL));
    dni_matrix x = matrix_random(dtype, 6, 5), y = matrix_make(dtype, 6, 5);
    dni_matrix dy = matrix_random(dtype, 6, 5), dx = matrix_make(dtype, 6, 5);
    EXPECT_ARGUMENT(dni_layer_forward(layer, DNI_MODE_TRAINING, small, &x, &y));
    EXPECT_ARGUMENT(dni_layer_forward(layer, DNI_MODE_TRAINING, foreign, &x, &y));
    matrix_expect_untouched(&y, "y");
    EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
    EXPECT_ARGUMENT(dni_layer_backward(layer, 0, foreign, &x, &y, &dy, &dx));
    matrix_expect_untouched(&dx, "dx");
    if (kind == BATCH_NORM) {
      matrix_set(&x, 1, 1, (double)NAN);
      EXPECT_STATUS(DNI_ERROR_NON_FINITE, support_forward(layer, DNI_MODE_TRAINING, &x, &y));
      EXPECT_STATUS(DNI_ERROR_STATE, support_backward(layer, 0, &x, &y, &dy, &dx));
    }
    dni_state_release(small);
    dni_state_release(foreign);
    dni_layer_release(layer);
    dni_layer_release(other);
  }
  dni_context_release(context);
}
END_TEST

/* A reserved layer asks for no memory; one that is not says so and still works for what it has. */
START_TEST(states_without_memory) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  for (int kind = 0; kind < KINDS; kind++) {
    own_layer own = {0};
    dni_layer *layer = make_kind(context, kind, &own);
    dni_matrix x = matrix_random(dtype, 3000, 5), y = matrix_make(dtype, 3000, 5);
    dni_matrix dy = matrix_random(dtype, 3000, 5), few[3] = {x, y, dy};
    for (size_t i = 0; i < 3; i++)
      few[i].rows = 4;
    EXPECT_OK(dni_layer_reserve(layer, 4));
    EXPECT_OK(dni_layer_reserve(layer, 2)); /* never shrinks under a reserved size */
    size_t bytes = support_watched.bytes;
    support_watched.fail_after = 0;
    EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &few[0], &few[1]));
    if (kind == DROPOUT || kind == DENSE_GELU) { /* whose state grows with the rows */
      dni_state *state = NULL;
      EXPECT_STATUS(DNI_ERROR_MEMORY, dni_layer_reserve(layer, 3000));
      EXPECT_STATUS(DNI_ERROR_MEMORY, support_forward(layer, DNI_MODE_TRAINING, &x, &y));
      EXPECT_STATUS(DNI_ERROR_MEMORY, dni_state_create(layer, 3000, &state));
      EXPECT(!state && support_watched.bytes == bytes, "bytes after a failure");
      EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &few[0], &few[1]));
    }
    EXPECT_OK(support_forward(layer, DNI_MODE_INFERENCE, &x, &y));
    EXPECT_OK(support_backward(layer, 0, &few[0], &few[1], &few[2], NULL));
    support_watched.fail_after = SIZE_MAX;
    EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
    EXPECT_OK(support_backward(layer, 0, &x, &y, &dy, NULL));
    dni_layer_release(layer);
  }
  dni_context_release(context);
}
END_TEST

/* Copies and assigned parameters. ------------------------------------------------------------- */

static const dni_setting all_settings[] = {DNI_SETTING_RATE_SCALE, DNI_SETTING_EPSILON,
                                           DNI_SETTING_STATISTICS_RATE, DNI_SETTING_DROP,
                                           DNI_SETTING_SLOPE};
enum { SETTINGS = sizeof all_settings / sizeof all_settings[0] };

/* Kind, settings and parameters, running statistics too; own memory, own gradients. */
START_TEST(copies) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  for (int kind = 0; kind < KINDS; kind++) {
    own_layer own = {0}, second = {0};
    own.copy = &second;
    dni_layer *layer = make_kind(context, kind, &own), *copy = NULL;
    for (size_t i = 0; i < SETTINGS; i++)
      if (dni_layer_has(layer, all_settings[i])) set(layer, all_settings[i], 0.125);
    dni_matrix x = matrix_random(dtype, 6, 5), y = matrix_make(dtype, 6, 5);
    EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y)); /* statistics move */
    EXPECT_OK(dni_layer_copy(layer, &copy));
    EXPECT_TEXT(dni_layer_kind_name(copy), dni_layer_kind_name(layer));
    EXPECT(dni_layer_kind(copy) == dni_layer_kind(layer) && dni_layer_inputs(copy) == 5 &&
               dni_layer_outputs(copy) == 5 &&
               dni_layer_activation(copy) == dni_layer_activation(layer) &&
               dni_layer_parameter_count(copy) == dni_layer_parameter_count(layer),
           "description");
    for (size_t i = 0; i < SETTINGS; i++) {
      EXPECT(dni_layer_has(copy, all_settings[i]) == dni_layer_has(layer, all_settings[i]), "has");
      if (dni_layer_has(copy, all_settings[i]))
        EXPECT(setting_of(copy, all_settings[i]) == 0.125, "setting %d", (int)all_settings[i]);
    }
    for (size_t i = 0; i < dni_layer_parameter_count(layer); i++) {
      dni_matrix from = value_of(layer, i), to = value_of(copy, i);
      EXPECT(from.data != to.data, "shared memory");
      matrix_expect_same(&to, &from, dni_layer_parameter_name(layer, i));
      EXPECT_TEXT(dni_layer_parameter_name(copy, i), dni_layer_parameter_name(layer, i));
    }
    dni_matrix predicted = matrix_make(dtype, 6, 5), expected = matrix_make(dtype, 6, 5);
    EXPECT_OK(support_forward(layer, DNI_MODE_INFERENCE, &x, &expected));
    EXPECT_OK(support_forward(copy, DNI_MODE_INFERENCE, &x, &predicted));
    matrix_expect_same(&predicted, &expected, "prediction of the copy");
    dni_layer_release(layer); /* nothing is shared */
    EXPECT_OK(support_forward(copy, DNI_MODE_INFERENCE, &x, &predicted));
    matrix_expect_same(&predicted, &expected, "prediction without the first");
    EXPECT_ARGUMENT(dni_layer_copy(copy, NULL));
    dni_layer_release(copy);
    EXPECT(kind != OWN || (own.destroyed == 1 && second.destroyed == 1), "destroyed");
  }
  dni_context_release(context);
}
END_TEST

/* Own layers without copy, and whose copy fails; each allocation failing leaves nothing. */
START_TEST(copies_that_fail) {
  dni_context *context = support_context(support_dtypes[_i]);
  own_layer plain = {0}, own = {.copy_answer = 1234}, second = {0};
  own.copy = &second;
  dni_layer *layer = make_own(context, &plain, false), *copy = NULL;
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_layer_copy(layer, &copy));
  dni_layer_release(layer);
  layer = make_own(context, &own, true);
  EXPECT_STATUS(1234, dni_layer_copy(layer, &copy));
  own.copy_answer = DNI_ERROR_IO;
  EXPECT_STATUS(DNI_ERROR_CALLBACK, dni_layer_copy(layer, &copy));
  EXPECT(!copy && second.destroyed == 0, "something was made or destroyed");
  dni_layer_release(layer);
  own.copy_answer = DNI_OK;
  for (int kind = 0; kind < KINDS; kind++) {
    layer = make_kind(context, kind, &own);
    size_t bytes = support_watched.bytes;
    for (size_t allowed = 0;; allowed++) {
      copy = NULL;
      support_watched.fail_after = allowed;
      dni_status status = dni_layer_copy(layer, &copy);
      support_watched.fail_after = SIZE_MAX;
      if (status == DNI_OK) break;
      EXPECT(status == DNI_ERROR_MEMORY && !copy && dni_last_message()[0], "%d", (int)status);
      EXPECT(support_watched.bytes == bytes, "kind %d: bytes left", kind);
    }
    dni_layer_release(copy);
    EXPECT(support_watched.bytes == bytes, "kind %d: bytes left", kind);
    dni_layer_release(layer);
  }
  dni_context_release(context);
}
END_TEST

/* set copies in, get copies out, whatever the strides; what does not fit is refused. */
START_TEST(assigned_parameters) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context), other = dtype == DNI_F32 ? DNI_F64 : DNI_F32;
  for (int kind = 0; kind < KINDS; kind++) {
    own_layer own = {0};
    dni_layer *layer = make_kind(context, kind, &own);
    size_t count = dni_layer_parameter_count(layer), changed = own.changed;
    for (size_t i = 0; i < count; i++) {
      dni_matrix value = value_of(layer, i),
                 given = matrix_random(dtype, value.rows, value.columns);
      dni_matrix got = matrix_make(dtype, value.rows, value.columns);
      dni_matrix bad[] = {matrix_random(dtype, value.rows + 1, value.columns),
                          matrix_random(dtype, value.rows, value.columns + 1),
                          matrix_random(other, value.rows, value.columns), given};
      bad[3].data = NULL;
      EXPECT_OK(dni_layer_set_parameter(layer, i, &given));
      matrix_expect_same(&value, &given, "value");
      EXPECT_OK(dni_layer_get_parameter(layer, i, &got));
      matrix_expect_same(&got, &given, "value got");
      for (size_t b = 0; b < 4; b++) {
        EXPECT_ARGUMENT(dni_layer_set_parameter(layer, i, &bad[b]));
        EXPECT_ARGUMENT(dni_layer_get_parameter(layer, i, &bad[b]));
      }
      EXPECT_ARGUMENT(dni_layer_set_parameter(layer, i, NULL));
      EXPECT_ARGUMENT(dni_layer_get_parameter(layer, i, NULL));
      matrix_expect_same(&value, &given, "value after refusals");
      EXPECT_ARGUMENT(dni_layer_set_parameter(layer, count, &given));
      EXPECT_ARGUMENT(dni_layer_get_parameter(layer, count, &got));
    }
    EXPECT(kind != OWN || own.changed == changed + 1, "changed was called %zu times",
           own.changed - changed);
    EXPECT_OK(dni_layer_changed(layer));
    dni_optimiser *sgd = NULL; /* a step writes too */
    changed = own.changed;
    EXPECT_OK(dni_optimiser_create_sgd(context, 0.5, &sgd));
    EXPECT_OK(dni_optimiser_add_layer(sgd, layer));
    EXPECT_OK(dni_optimiser_step(sgd));
    EXPECT(kind != OWN || own.changed == changed + 1, "a step told %zu times",
           own.changed - changed);
    dni_optimiser_release(sgd);
    dni_layer_release(layer);
  }
  dni_context_release(context);
}
END_TEST

/* First weights. ------------------------------------------------------------------------------ */

enum { INPUTS = 211, OUTPUTS = 97 };

static dni_layer *make_dense(dni_context *context, size_t inputs, size_t outputs,
                             dni_activation activation) {
  dni_layer *layer = NULL;
  EXPECT_OK(dni_layer_create_dense(context, inputs, outputs, activation, &layer));
  return layer;
}

/* Mean 0 and this variance within five standard errors, and a fourth moment as normal or as uniform
 * numbers have. */
static void expect_moments(const dni_matrix *weight, double variance, bool uniform) {
  double sum = 0, sum2 = 0, sum4 = 0, count = (double)(weight->rows * weight->columns);
  double fourth = uniform ? 1.8 : 3, spread4 = uniform ? 9.0 - 3.24 : 96;
  for (size_t o = 0; o < weight->rows; o++)
    for (size_t i = 0; i < weight->columns; i++) {
      double w = matrix_get(weight, o, i) / sqrt(variance);
      sum += w, sum2 += w * w, sum4 += w * w * w * w;
      EXPECT(!uniform || fabs(w) <= sqrt(3) * (1 + 1e-6), "%g deviations", w);
    }
  EXPECT(fabs(sum / count) < 5 / sqrt(count), "mean %g", sum / count);
  EXPECT(fabs(sum2 / count - 1) < 5 * sqrt((fourth - 1) / count), "variance %g of %g", sum2 / count,
         variance);
  EXPECT(fabs(sum4 / count - fourth) < 5 * sqrt(spread4 / count), "fourth moment %g", sum4 / count);
}

START_TEST(initialisers_have_their_moments) {
  static const struct {
    dni_initialiser kind;
    int32_t uniform, has_value;
    double value, variance;
  } cases[] = {
      {DNI_INITIALISER_DEFAULT, 0, 0, 0, 2.0 / INPUTS},
      {DNI_INITIALISER_DEFAULT, 0, 1, 7, 2.0 / INPUTS},
      {DNI_INITIALISER_NORMAL, 0, 1, 0.3, 0.09},
      {DNI_INITIALISER_NORMAL, 0, 0, 7, 1},
      {DNI_INITIALISER_FAN_IN, 0, 0, 7, 2.0 / INPUTS},
      {DNI_INITIALISER_FAN_IN, 0, 1, 5, 5.0 / INPUTS},
      {DNI_INITIALISER_FAN_IN, 1, 1, 5, 5.0 / INPUTS},
      {DNI_INITIALISER_XAVIER, 0, 0, 7, 2.0 / (INPUTS + OUTPUTS)},
      {DNI_INITIALISER_XAVIER, 1, 1, 3, 18.0 / (INPUTS + OUTPUTS)},
      {DNI_INITIALISER_HE, 0, 0, 7, 2.0 / INPUTS},
      {DNI_INITIALISER_HE, 1, 1, 0.5, 0.5 / INPUTS},
      {DNI_INITIALISER_UNIFORM, 0, 1, 0.6, 0.12},
      {DNI_INITIALISER_UNIFORM, 0, 0, 7, 1.0 / 3},
  };
  dni_context *context = support_context(support_dtypes[_i]);
  dni_layer *layer = make_dense(context, INPUTS, OUTPUTS, DNI_ACTIVATION_RELU);
  dni_matrix weight = value_of(layer, 0), bias = value_of(layer, 1);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    dni_initialiser_options options = {.struct_size = sizeof options,
                                       .kind = cases[i].kind,
                                       .uniform = cases[i].uniform,
                                       .has_value = cases[i].has_value,
                                       .value = cases[i].value};
    matrix_fill(&bias, 4);
    EXPECT_OK(dni_layer_initialise(layer, &options));
    expect_moments(&weight, cases[i].variance,
                   cases[i].uniform || cases[i].kind == DNI_INITIALISER_UNIFORM);
    for (size_t o = 0; o < OUTPUTS; o++)
      EXPECT(matrix_get(&bias, 0, o) == 0, "case %zu: bias %zu is not 0", i, o);
  }
  for (dni_activation a = 0; a <= DNI_ACTIVATION_GELU; a++) {
    dni_layer *other = make_dense(context, INPUTS, OUTPUTS, a);
    bool he = a == DNI_ACTIVATION_RELU || a >= DNI_ACTIVATION_LEAKY_RELU;
    dni_matrix first = value_of(other, 0);
    expect_moments(&first, (he ? 2.0 : 1.0) / INPUTS, false);
    EXPECT_OK(dni_layer_initialise(other, NULL));
    expect_moments(&first, (he ? 2.0 : 1.0) / INPUTS, false);
    dni_layer_release(other);
  }
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

/* The rows, or the columns if they are fewer, are at right angles and have this length. */
START_TEST(orthogonal_weights) {
  static const size_t sizes[][2] = {{1, 1}, {7, 7}, {31, 12}, {12, 31}, {1, 9}, {9, 1}, {64, 65}};
  dni_context *context = support_context(support_dtypes[_i]);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    size_t inputs = sizes[i][0], outputs = sizes[i][1];
    double length = i % 2 ? 1.5 : 1;
    dni_layer *layer = make_dense(context, inputs, outputs, DNI_ACTIVATION_TANH);
    dni_initialiser_options options = {.struct_size = sizeof options,
                                       .kind = DNI_INITIALISER_ORTHOGONAL,
                                       .has_value = i % 2,
                                       .value = 1.5};
    EXPECT_OK(dni_layer_initialise(layer, &options));
    dni_matrix w = value_of(layer, 0);
    bool rows = outputs <= inputs;
    size_t count = rows ? outputs : inputs, along = rows ? inputs : outputs;
    for (size_t a = 0; a < count; a++)
      for (size_t b = 0; b <= a; b++) {
        double product = 0;
        for (size_t k = 0; k < along; k++)
          product += rows ? matrix_get(&w, a, k) * matrix_get(&w, b, k)
                          : matrix_get(&w, k, a) * matrix_get(&w, k, b);
        expect_close(product, a == b ? length * length : 0,
                     support_tolerance(dni_context_dtype(context), 1e-6, 1e-13), "product");
      }
    dni_layer_release(layer);
  }
  dni_context_release(context);
}
END_TEST

/* The sign of an entry is as often + as -: no direction is preferred. */
START_TEST(orthogonal_signs) {
  dni_context *context = support_context(DNI_F64);
  dni_layer *layer = make_dense(context, 3, 3, DNI_ACTIVATION_TANH);
  dni_initialiser_options options = {.struct_size = sizeof options,
                                     .kind = DNI_INITIALISER_ORTHOGONAL};
  dni_matrix w = value_of(layer, 0);
  double positive[9] = {0};
  enum { DRAWS = 2000 };
  for (size_t draw = 0; draw < DRAWS; draw++) {
    EXPECT_OK(dni_layer_initialise(layer, &options));
    for (size_t i = 0; i < 9; i++)
      positive[i] += matrix_get(&w, i / 3, i % 3) > 0;
  }
  for (size_t i = 0; i < 9; i++)
    EXPECT(fabs(positive[i] / DRAWS - 0.5) < 5 * 0.5 / sqrt(DRAWS), "entry %zu: %g", i,
           positive[i] / DRAWS);
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

static const dni_initialiser drawn[] = {DNI_INITIALISER_DEFAULT,   DNI_INITIALISER_NORMAL,
                                        DNI_INITIALISER_UNIFORM,   DNI_INITIALISER_FAN_IN,
                                        DNI_INITIALISER_XAVIER,    DNI_INITIALISER_HE,
                                        DNI_INITIALISER_ORTHOGONAL};
enum { DRAWN = sizeof drawn / sizeof drawn[0] };

/* The same from the same seed, others from another and from the context; constants; and the
 * default is FAN_IN with 2 for ReLU to the bit. */
START_TEST(initialisers_and_seeds) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_layer *layer = make_dense(context, 9, 8, DNI_ACTIVATION_RELU);
  dni_matrix weight = value_of(layer, 0), last = {0};
  for (size_t i = 0; i < DRAWN; i++) {
    dni_matrix seen[5];
    for (size_t turn = 0; turn < 5; turn++) {
      dni_initialiser_options options = {.struct_size = sizeof options,
                                         .kind = drawn[i],
                                         .has_seed = turn < 3,
                                         .seed = turn < 3 ? 5 + turn / 2 : 0};
      EXPECT_OK(dni_layer_initialise(layer, &options));
      seen[turn] = matrix_convert(&weight, dtype);
    }
    matrix_expect_same(&seen[1], &seen[0], "the same seed");
    for (size_t turn = 2; turn < 5; turn++)
      EXPECT(!same(&seen[turn], &seen[turn - 1]), "draw %zu is the one before", turn);
    if (drawn[i] == DNI_INITIALISER_DEFAULT) last = seen[0];
    if (drawn[i] == DNI_INITIALISER_FAN_IN) matrix_expect_same(&seen[0], &last, "default, fan in");
  }
  dni_initialiser_options options = {.struct_size = sizeof options,
                                     .kind = DNI_INITIALISER_FAN_IN,
                                     .has_value = 1,
                                     .has_seed = 1,
                                     .value = 2,
                                     .seed = 5};
  EXPECT_OK(dni_layer_initialise(layer, &options));
  matrix_expect_same(&weight, &last, "fan in with 2");
  options.kind = DNI_INITIALISER_CONSTANT, options.value = -0.25;
  EXPECT_OK(dni_layer_initialise(layer, &options));
  dni_matrix constant = matrix_filled(dtype, 8, 9, -0.25);
  matrix_expect_same(&weight, &constant, "constant");
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

START_TEST(initialiser_refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_layer *layer = make_dense(context, 9, 8, DNI_ACTIVATION_RELU);
  dni_matrix weight = value_of(layer, 0), bias = value_of(layer, 1);
  matrix_fill_random(&bias, 1);
  dni_matrix before = matrix_convert(&weight, weight.dtype);
  dni_matrix bias_before = matrix_convert(&bias, bias.dtype);
  const dni_initialiser_options good = {
      .struct_size = sizeof good, .kind = DNI_INITIALISER_NORMAL, .has_value = 1, .value = 1};
  dni_initialiser_options bad = good;
  static const double values[] = {-1e-9, NAN, INFINITY};
  for (size_t i = 0; i < 3; i++)
    for (dni_initialiser kind = 1; kind <= DNI_INITIALISER_CONSTANT; kind++) {
      if (kind == DNI_INITIALISER_CONSTANT && i == 0) continue;
      bad.kind = kind, bad.value = values[i];
      EXPECT_ARGUMENT(dni_layer_initialise(layer, &bad));
    }
  bad = good, bad.kind = 8;
  EXPECT_ARGUMENT(dni_layer_initialise(layer, &bad));
  bad.kind = -1;
  EXPECT_ARGUMENT(dni_layer_initialise(layer, &bad));
  bad = good, bad.struct_size = 8;
  EXPECT_ARGUMENT(dni_layer_initialise(layer, &bad));
  struct {
    dni_initialiser_options known;
    uint64_t newer;
  } longer = {good, 1};
  longer.known.struct_size = sizeof longer;
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_layer_initialise(layer, &longer.known));
  bad = good, bad.kind = DNI_INITIALISER_ORTHOGONAL;
  support_watched.fail_after = 0;
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_layer_initialise(layer, &bad));
  support_watched.fail_after = SIZE_MAX;
  matrix_expect_same(&weight, &before, "weight");
  matrix_expect_same(&bias, &bias_before, "bias");
  own_layer own = {0};
  for (int kind = 0; kind < KINDS; kind++) {
    dni_layer *other = make_kind(context, kind, &own);
    if (dni_layer_kind(other) != DNI_LAYER_DENSE) {
      EXPECT_ARGUMENT(dni_layer_initialise(other, &good));
      EXPECT_ARGUMENT(dni_layer_initialise(other, NULL));
    }
    dni_layer_release(other);
  }
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

/* Bounds. ------------------------------------------------------------------------------------- */

START_TEST(bounds) {
  dni_dtype dtype = support_dtypes[_i];
  double above_zero = support_least(dtype), below_one = support_below_one(dtype);
  double finite = support_most(dtype);
  const struct {
    int kind;
    dni_setting setting;
    double first, least, most;
  } cases[] = {
      {LAYER_NORM, DNI_SETTING_EPSILON, 1e-5, above_zero, finite},
      {BATCH_NORM, DNI_SETTING_EPSILON, 1e-5, above_zero, finite},
      {BATCH_NORM, DNI_SETTING_STATISTICS_RATE, 0.1, above_zero, 1},
      {DROPOUT, DNI_SETTING_DROP, 0.4, 0, below_one},
      {LEAKY_RELU, DNI_SETTING_SLOPE, 0.01, 0, below_one},
      {DENSE, DNI_SETTING_SLOPE, 0.01, 0, below_one},
      {DENSE, DNI_SETTING_RATE_SCALE, 1, 0, finite},
      {LAYER_NORM, DNI_SETTING_RATE_SCALE, 1, 0, finite},
      {OWN, DNI_SETTING_RATE_SCALE, 1, 0, finite},
  };
  dni_context *context = support_context(dtype);
  own_layer own = {0};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    dni_layer *layer = make_kind(context, cases[i].kind, &own);
    dni_setting setting = cases[i].setting;
    double least = -9, most = -9;
    EXPECT(dni_layer_has(layer, setting) == 1, "case %zu: has", i);
    EXPECT(setting_of(layer, setting) == cases[i].first, "case %zu: at first", i);
    EXPECT_OK(dni_layer_bounds(layer, setting, &least, &most));
    EXPECT(least == cases[i].least && most == cases[i].most, "case %zu: %g to %g", i, least, most);
    set(layer, setting, least);
    set(layer, setting, most);
    EXPECT_ARGUMENT(dni_layer_set_f64(layer, setting, nextafter(least, -1)));
    EXPECT_ARGUMENT(dni_layer_set_f64(layer, setting, nextafter(most, INFINITY)));
    EXPECT_ARGUMENT(dni_layer_set_f64(layer, setting, (double)NAN));
    EXPECT(setting_of(layer, setting) == most, "case %zu: changed by a refused value", i);
    EXPECT(strstr(dni_last_message(), dni_setting_name(setting)), "message \"%s\"",
           dni_last_message());
    EXPECT_ARGUMENT(dni_layer_set_f64(layer, DNI_SETTING_MOMENTUM, 0.5));
    EXPECT(dni_layer_has(layer, DNI_SETTING_MOMENTUM) == 0, "a layer with momentum");
    dni_layer_release(layer);
  }
  dni_context_release(context);
}
END_TEST

static TCase *add_group(Suite *suite, const char *name) {
  TCase *group = tcase_create(name);
  tcase_add_checked_fixture(group, support_setup, support_teardown);
  suite_add_tcase(suite, group);
  return group;
}

int main(void) {
  Suite *suite = suite_create("layer kinds");
  TCase *group = add_group(suite, "leaky ReLU and GELU");
  tcase_add_loop_test(group, activations_follow_their_formulas, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, activation_backward, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, dense_follows_its_formula, 0, SUPPORT_MACHINES);
  tcase_add_test(group, gradients_equal_central_differences);
  tcase_add_loop_test(group, slopes_of_layers, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, nan_passes, 0, SUPPORT_MACHINES);
  group = add_group(suite, "layer normalisation");
  tcase_add_loop_test(group, layer_norm_forward, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, layer_norm_backward, 0, SUPPORT_MACHINES);
  tcase_add_test(group, layer_norm_gradients_equal_central_differences);
  tcase_add_loop_test(group, layer_norm_gradient_modes, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, layer_norm_at_the_edges, 0, SUPPORT_MACHINES);
  group = add_group(suite, "dropout");
  tcase_add_loop_test(group, dropout_follows_its_stream, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, dropout_drops_its_share, 0, SUPPORT_DTYPES);
  tcase_add_test(group, dropout_streams);
  tcase_add_loop_test(group, creation_refusals, 0, SUPPORT_DTYPES);
  group = add_group(suite, "states");
  tcase_add_loop_test(group, states_keep_batches_apart, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, states_know_their_batch, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, states_that_do_not_fit, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, states_without_memory, 0, SUPPORT_DTYPES);
  group = add_group(suite, "copies and parameters");
  tcase_add_loop_test(group, copies, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, copies_that_fail, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, assigned_parameters, 0, SUPPORT_DTYPES);
  group = add_group(suite, "first weights and bounds");
  tcase_add_loop_test(group, initialisers_have_their_moments, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, orthogonal_weights, 0, SUPPORT_DTYPES);
  tcase_add_test(group, orthogonal_signs);
  tcase_add_loop_test(group, initialisers_and_seeds, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, initialiser_refusals, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, bounds, 0, SUPPORT_DTYPES);
  return support_run(suite);
}

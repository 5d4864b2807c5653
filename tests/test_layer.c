/* Layers against their formulas in double precision and against central differences, on every
 * element type, instruction set and backend. Matrices are strided and lie between guards. */
#include "support/support.h"

typedef struct shape {
  size_t rows, inputs, outputs;
} shape;

static const shape shapes[] = {{1, 1, 1}, {7, 13, 5}, {3, 1, 33}, {34, 17, 1}, {19, 65, 70}};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static const dni_activation activations[] = {DNI_ACTIVATION_IDENTITY, DNI_ACTIVATION_RELU,
                                             DNI_ACTIVATION_TANH, DNI_ACTIVATION_SIGMOID};
enum { ACTIVATIONS = 4 };

/* Float sums over up to 70 products of normal numbers. */
static double tolerance_on(const dni_context *context) {
  return support_tolerance(dni_context_dtype(context), 2e-5, 1e-13);
}

static double activate(dni_activation activation, double z) {
  switch (activation) {
  case DNI_ACTIVATION_RELU:
    return z > 0 || isnan(z) ? z : 0;
  case DNI_ACTIVATION_TANH:
    return tanh(z);
  case DNI_ACTIVATION_SIGMOID:
    return z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z));
  default:
    return z;
  }
}

/* d activation / dz at the z with this y. */
static double slope(dni_activation activation, double y) {
  switch (activation) {
  case DNI_ACTIVATION_RELU:
    return y > 0;
  case DNI_ACTIVATION_TANH:
    return 1 - y * y;
  case DNI_ACTIVATION_SIGMOID:
    return y * (1 - y);
  default:
    return 1;
  }
}

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

/* Dense. ------------------------------------------------------------------------------------- */

static dni_layer *make_dense(dni_context *context, size_t inputs, size_t outputs,
                             dni_activation activation) {
  dni_layer *layer = NULL;
  EXPECT_OK(dni_layer_create_dense(context, inputs, outputs, activation, &layer));
  dni_matrix bias = value_of(layer, 1);
  matrix_fill_random(&bias, 0.5);
  return layer;
}

/* activation(x W^T + b) in double. */
static dni_matrix dense_reference(dni_layer *layer, const dni_matrix *x) {
  dni_matrix weight = value_of(layer, 0), bias = value_of(layer, 1);
  dni_matrix y = matrix_make(DNI_F64, x->rows, weight.rows);
  for (size_t s = 0; s < x->rows; s++)
    for (size_t o = 0; o < weight.rows; o++) {
      double z = matrix_get(&bias, 0, o);
      for (size_t i = 0; i < x->columns; i++)
        z += matrix_get(x, s, i) * matrix_get(&weight, o, i);
      matrix_set(&y, s, o, activate(dni_layer_activation(layer), z));
    }
  return y;
}

/* dz = dy slope(y) in double. */
static dni_matrix dz_reference(dni_activation activation, const dni_matrix *y,
                               const dni_matrix *dy) {
  dni_matrix dz = matrix_make(DNI_F64, y->rows, y->columns);
  for (size_t s = 0; s < y->rows; s++)
    for (size_t o = 0; o < y->columns; o++)
      matrix_set(&dz, s, o, matrix_get(dy, s, o) * slope(activation, matrix_get(y, s, o)));
  return dz;
}

/* mean over s of dz[s] x[s]^T; for the bias x is NULL, meaning 1. */
static dni_matrix mean_outer(const dni_matrix *dz, const dni_matrix *x, size_t rows,
                             size_t columns) {
  dni_matrix mean = matrix_filled(DNI_F64, rows, columns, 0);
  for (size_t s = 0; s < dz->rows; s++)
    for (size_t o = 0; o < dz->columns; o++)
      for (size_t i = 0; i < (x ? columns : 1); i++) {
        size_t r = x ? o : 0, c = x ? i : o;
        double term = matrix_get(dz, s, o) * (x ? matrix_get(x, s, i) : 1);
        matrix_set(&mean, r, c, matrix_get(&mean, r, c) + term / (double)dz->rows);
      }
  return mean;
}

/* dz W in double. */
static dni_matrix product(const dni_matrix *dz, const dni_matrix *weight) {
  dni_matrix dx = matrix_filled(DNI_F64, dz->rows, weight->columns, 0);
  for (size_t s = 0; s < dz->rows; s++)
    for (size_t i = 0; i < weight->columns; i++) {
      double sum = 0;
      for (size_t o = 0; o < dz->columns; o++)
        sum += matrix_get(dz, s, o) * matrix_get(weight, o, i);
      matrix_set(&dx, s, i, sum);
    }
  return dx;
}

static void check_dense(dni_context *context, const shape *size, dni_activation activation) {
  dni_dtype dtype = dni_context_dtype(context);
  double tolerance = tolerance_on(context);
  dni_layer *layer = make_dense(context, size->inputs, size->outputs, activation);
  dni_matrix x = matrix_random(dtype, size->rows, size->inputs);
  dni_matrix y = matrix_make(dtype, size->rows, size->outputs);
  dni_matrix dy = matrix_random(dtype, size->rows, size->outputs);
  dni_matrix dx = matrix_make(dtype, size->rows, size->inputs);
  dni_matrix x_before = matrix_convert(&x, dtype), weight = value_of(layer, 0);
  dni_matrix expected = dense_reference(layer, &x);
  EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
  matrix_expect_close(&y, &expected, tolerance, "y");

  dni_matrix y_before = matrix_convert(&y, dtype);
  dni_matrix dz = dz_reference(activation, &y, &dy);
  dni_matrix weight_gradient = mean_outer(&dz, &x, size->outputs, size->inputs);
  dni_matrix bias_gradient = mean_outer(&dz, NULL, 1, size->outputs);
  dni_matrix down = product(&dz, &weight);
  EXPECT_OK(
      support_backward(layer, DNI_GRADIENT_REPLACE | DNI_GRADIENT_LEAVE_DZ, &x, &y, &dy, &dx));
  dni_matrix got_weight = gradient_of(layer, 0), got_bias = gradient_of(layer, 1);
  matrix_expect_close(&dy, &dz, tolerance, "dL/dz left in dy");
  matrix_expect_close(&got_weight, &weight_gradient, tolerance, "weight gradient");
  matrix_expect_close(&got_bias, &bias_gradient, tolerance, "bias gradient");
  matrix_expect_close(&dx, &down, tolerance, "dx");
  matrix_expect_same(&x, &x_before, "x after backward");
  matrix_expect_same(&y, &y_before, "y after backward");
  dni_layer_release(layer);
}

START_TEST(dense_follows_its_formula) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  for (size_t i = 0; i < SHAPES; i++)
    for (size_t a = 0; a < ACTIVATIONS; a++)
      check_dense(context, &shapes[i], activations[a]);
  dni_context_release(context);
}
END_TEST

/* What central differences perturb: the mean over rows of sum_c dy_c y_c. */
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

/* gradient is d probe_loss / d value, times scale. */
static void check_differences(probe *p, const dni_matrix *value, const dni_matrix *gradient,
                              double scale, const char *what) {
  for (size_t r = 0; r < value->rows; r++)
    for (size_t c = 0; c < value->columns; c++) {
      double slope_here = matrix_difference(value, r, c, 1e-5, probe_loss, p);
      expect_close(matrix_get(gradient, r, c), scale * slope_here, 1e-7, what);
    }
}

/* All gradients of a layer in double; dx is per example, so rows times that of the mean. */
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
    if (gradient.data)
      check_differences(&p, &value, &gradient, 1, dni_layer_parameter_name(layer, i));
  }
}

START_TEST(gradients_equal_central_differences) {
  dni_context *context = support_context(DNI_F64);
  dni_activation activation = activations[_i];
  dni_layer *layer = make_dense(context, 4, 3, activation);
  check_gradients(layer, 5);
  dni_layer_release(layer);
  EXPECT_OK(dni_layer_create_activation(context, 7, activation, &layer));
  check_gradients(layer, 6);
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

/* REPLACE overwrites even NaN, ADD adds, SKIP leaves alone; dx and dz are the same each time. With
 * SUM it is sums over the rows in place of means. */
START_TEST(gradient_modes) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  double tolerance = tolerance_on(context);
  dni_layer *layer = make_dense(context, 9, 6, DNI_ACTIVATION_TANH);
  dni_matrix x = matrix_random(dtype, 11, 9), y = matrix_make(dtype, 11, 6);
  dni_matrix up = matrix_random(dtype, 11, 6), gradient = gradient_of(layer, 0);
  dni_matrix bias_gradient = gradient_of(layer, 1);
  EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
  dni_matrix dz = dz_reference(DNI_ACTIVATION_TANH, &y, &up);
  dni_matrix once = mean_outer(&dz, &x, 6, 9), bias_once = mean_outer(&dz, NULL, 1, 6);
  dni_matrix dx[6];
  for (int32_t which = 0; which < 6; which++) {
    int32_t mode = which % 3, sum = which < 3 ? 0 : DNI_GRADIENT_SUM;
    dni_matrix dy = matrix_convert(&up, dtype);
    double start = mode == DNI_GRADIENT_REPLACE ? (double)NAN : 0.75;
    double weight = mode == DNI_GRADIENT_SKIP ? 0 : sum ? 11 : 1, base = mode ? 0.75 : 0;
    matrix_fill(&gradient, start);
    matrix_fill(&bias_gradient, start);
    dx[which] = matrix_make(dtype, 11, 9);
    EXPECT_OK(support_backward(layer, mode | sum | DNI_GRADIENT_LEAVE_DZ, &x, &y, &dy, &dx[which]));
    matrix_expect_close(&dy, &dz, tolerance, "dz");
    for (size_t o = 0; o < 6; o++) {
      expect_close(matrix_get(&bias_gradient, 0, o), base + weight * matrix_get(&bias_once, 0, o),
                   tolerance, "bias gradient");
      for (size_t i = 0; i < 9; i++)
        expect_close(matrix_get(&gradient, o, i), base + weight * matrix_get(&once, o, i),
                     tolerance, "weight gradient");
    }
  }
  for (size_t which = 1; which < 6; which++)
    matrix_expect_same(&dx[which], &dx[0], "dx whatever becomes of the gradients");
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

START_TEST(gradients_without_dx) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  dni_layer *layers[3];
  layers[0] = make_dense(context, 5, 5, DNI_ACTIVATION_RELU);
  EXPECT_OK(dni_layer_create_activation(context, 5, DNI_ACTIVATION_SIGMOID, &layers[1]));
  EXPECT_OK(dni_layer_create_batch_norm(context, 5, &layers[2]));
  for (size_t l = 0; l < 3; l++) {
    dni_matrix x = matrix_random(dtype, 9, 5), y = matrix_make(dtype, 9, 5);
    dni_matrix up = matrix_random(dtype, 9, 5), dy = matrix_convert(&up, dtype);
    dni_matrix dx = matrix_make(dtype, 9, 5);
    EXPECT_OK(support_forward(layers[l], DNI_MODE_TRAINING, &x, &y));
    EXPECT_OK(support_backward(layers[l], DNI_GRADIENT_REPLACE, &x, &y, &dy, &dx));
    dni_matrix kept[2];
    size_t count = l == 1 ? 0 : 2;
    for (size_t i = 0; i < count; i++) {
      dni_matrix gradient = gradient_of(layers[l], i);
      kept[i] = matrix_convert(&gradient, dtype);
      matrix_fill(&gradient, (double)NAN);
    }
    matrix_copy(&up, &dy);
    EXPECT_OK(support_backward(layers[l], DNI_GRADIENT_REPLACE, &x, &y, &dy, NULL));
    for (size_t i = 0; i < count; i++) {
      dni_matrix gradient = gradient_of(layers[l], i);
      matrix_expect_same(&gradient, &kept[i], dni_layer_parameter_name(layers[l], i));
    }
    dni_layer_release(layers[l]);
  }
  dni_context_release(context);
}
END_TEST

/* Mean 0 and the documented variance within five standard errors; a fourth moment as normal
 * numbers have; other weights for other layers, the same for the same seed. */
START_TEST(dense_initial_weights) {
  dni_context *context = support_context(support_dtypes[_i]);
  for (size_t a = 0; a < ACTIVATIONS; a++) {
    enum { INPUTS = 211, OUTPUTS = 97 };
    dni_layer *layer = NULL;
    EXPECT_OK(dni_layer_create_dense(context, INPUTS, OUTPUTS, activations[a], &layer));
    dni_matrix weight = value_of(layer, 0), bias = value_of(layer, 1);
    double variance = (activations[a] == DNI_ACTIVATION_RELU ? 2.0 : 1.0) / INPUTS;
    double sum = 0, sum2 = 0, sum4 = 0, count = INPUTS * OUTPUTS;
    for (size_t o = 0; o < OUTPUTS; o++) {
      EXPECT(matrix_get(&bias, 0, o) == 0, "bias %zu is not 0", o);
      for (size_t i = 0; i < INPUTS; i++) {
        double w = matrix_get(&weight, o, i) / sqrt(variance);
        sum += w, sum2 += w * w, sum4 += w * w * w * w;
      }
    }
    EXPECT(fabs(sum / count) < 5 / sqrt(count), "mean %g", sum / count);
    EXPECT(fabs(sum2 / count - 1) < 5 * sqrt(2 / count), "variance %g", sum2 / count);
    EXPECT(fabs(sum4 / count - 3) < 5 * sqrt(96 / count), "fourth moment %g", sum4 / count);
    dni_layer_release(layer);
  }
  dni_context_release(context);
}
END_TEST

/* Activation. -------------------------------------------------------------------------------- */

/* Ordinary numbers, both tails, zeros, infinities, NaN. */
static void fill_extremes(const dni_matrix *x) {
  static const double extremes[] = {0.0,  -0.0, 1e-30, -1e-30,   20,        -20, 90,   -90,   1e4,
                                    -1e4, 1e30, -1e30, INFINITY, -INFINITY, NAN, 1e-4, -1e-4, 0.3};
  enum { COUNT = sizeof extremes / sizeof extremes[0] };
  size_t at = 0;
  for (size_t r = 0; r < x->rows; r++)
    for (size_t c = 0; c < x->columns; c++, at++)
      matrix_set(x, r, c, at % 3 ? 4 * support_normal() : extremes[at / 3 % COUNT]);
}

START_TEST(activations_follow_their_formulas) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  double tolerance = support_tolerance(dtype, 1e-6, 1e-14);
  for (size_t a = 0; a < ACTIVATIONS; a++) {
    dni_layer *layer = NULL;
    EXPECT_OK(dni_layer_create_activation(context, 37, activations[a], &layer));
    dni_matrix x = matrix_make(dtype, 5, 37), y = matrix_make(dtype, 5, 37);
    fill_extremes(&x);
    dni_matrix expected = matrix_make(DNI_F64, 5, 37);
    for (size_t r = 0; r < 5; r++)
      for (size_t c = 0; c < 37; c++)
        matrix_set(&expected, r, c, activate(activations[a], matrix_get(&x, r, c)));
    EXPECT_OK(support_forward(layer, DNI_MODE_INFERENCE, &x, &y));
    matrix_expect_close(&y, &expected, tolerance, dni_layer_kind_name(layer));
    EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &x));
    matrix_expect_same(&x, &y, "y in place of x");
    dni_layer_release(layer);
  }
  dni_context_release(context);
}
END_TEST

/* tanh and sigmoid keep their relative accuracy where they are small. */
START_TEST(small_values_are_accurate) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  double tolerance = support_tolerance(dtype, 3e-6, 1e-13);
  for (size_t a = 2; a < ACTIVATIONS; a++) {
    dni_layer *layer = NULL;
    EXPECT_OK(dni_layer_create_activation(context, 41, activations[a], &layer));
    dni_matrix x = matrix_make(dtype, 1, 41), y = matrix_make(dtype, 1, 41);
    for (size_t c = 0; c < 41; c++)
      matrix_set(&x, 0, c, a == 2 ? pow(10, -0.25 * (double)c) : -2.0 * (double)c);
    EXPECT_OK(support_forward(layer, DNI_MODE_INFERENCE, &x, &y));
    for (size_t c = 0; c < 41; c++) {
      double expected = activate(activations[a], matrix_get(&x, 0, c));
      expect_close(matrix_get(&y, 0, c) / expected, 1, tolerance, dni_layer_kind_name(layer));
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
  for (size_t a = 0; a < ACTIVATIONS; a++) {
    dni_layer *layer = NULL;
    EXPECT_OK(dni_layer_create_activation(context, 19, activations[a], &layer));
    dni_matrix x = matrix_random(dtype, 13, 19), y = matrix_make(dtype, 13, 19);
    matrix_set(&x, 2, 3, 0);
    matrix_set(&x, 12, 18, -0.0);
    dni_matrix dy = matrix_random(dtype, 13, 19), dx = matrix_make(dtype, 13, 19);
    EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
    dni_matrix dz = dz_reference(activations[a], &y, &dy);
    dni_matrix in_place = matrix_convert(&dy, dtype);
    EXPECT_OK(support_backward(layer, DNI_GRADIENT_REPLACE, &x, &y, &dy, &dx));
    matrix_expect_close(&dx, &dz, support_tolerance(dtype, 1e-6, 1e-14), "dx");
    EXPECT_OK(support_backward(layer, DNI_GRADIENT_SKIP, &x, &y, &in_place, &in_place));
    matrix_expect_same(&in_place, &dx, "dx in place of dy");
    dni_layer_release(layer);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(nan_passes_through_relu) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  dni_layer *layer = make_dense(context, 3, 21, DNI_ACTIVATION_RELU);
  dni_matrix x = matrix_random(dtype, 4, 3), y = matrix_make(dtype, 4, 21);
  matrix_set(&x, 1, 2, (double)NAN);
  EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
  for (size_t r = 0; r < 4; r++)
    for (size_t c = 0; c < 21; c++)
      EXPECT(isnan(matrix_get(&y, r, c)) == (r == 1), "(%zu, %zu): %g", r, c, matrix_get(&y, r, c));
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

/* Batch normalisation. ----------------------------------------------------------------------- */

enum { SCALE, SHIFT, RUNNING_MEAN, RUNNING_VARIANCE, STATISTICS };

static dni_layer *make_batch_norm(dni_context *context, size_t units) {
  dni_layer *layer = NULL;
  EXPECT_OK(dni_layer_create_batch_norm(context, units, &layer));
  dni_matrix scale = value_of(layer, SCALE), shift = value_of(layer, SHIFT);
  for (size_t c = 0; c < units; c++) {
    matrix_set(&scale, 0, c, support_uniform(0.5, 2) * (c % 2 ? 1 : -1));
    matrix_set(&shift, 0, c, support_normal());
  }
  return layer;
}

/* Mean and biased variance of a column. */
static void column_statistics(const dni_matrix *x, size_t column, double *mean, double *variance) {
  *mean = *variance = 0;
  for (size_t r = 0; r < x->rows; r++)
    *mean += matrix_get(x, r, column) / (double)x->rows;
  for (size_t r = 0; r < x->rows; r++) {
    double difference = matrix_get(x, r, column) - *mean;
    *variance += difference * difference / (double)x->rows;
  }
}

/* y in double, from the batch's statistics or from given ones [1][units]. */
static dni_matrix batch_norm_reference(dni_layer *layer, const dni_matrix *x,
                                       const dni_matrix *means, const dni_matrix *variances) {
  dni_matrix scale = value_of(layer, SCALE), shift = value_of(layer, SHIFT);
  dni_matrix y = matrix_make(DNI_F64, x->rows, x->columns);
  double epsilon = 0;
  EXPECT_OK(dni_layer_get_f64(layer, DNI_SETTING_EPSILON, &epsilon));
  for (size_t c = 0; c < x->columns; c++) {
    double mean, variance;
    column_statistics(x, c, &mean, &variance);
    if (means) mean = matrix_get(means, 0, c), variance = matrix_get(variances, 0, c);
    for (size_t r = 0; r < x->rows; r++)
      matrix_set(&y, r, c,
                 matrix_get(&scale, 0, c) * (matrix_get(x, r, c) - mean) /
                         sqrt(variance + epsilon) +
                     matrix_get(&shift, 0, c));
  }
  return y;
}

static const shape batches[] = {{2, 1, 1}, {7, 3, 3}, {33, 17, 17}, {130, 70, 70}};
enum { BATCHES = sizeof batches / sizeof batches[0] };

/* Columns of different means and scales. */
static dni_matrix uneven_random(dni_dtype dtype, size_t rows, size_t columns) {
  dni_matrix x = matrix_random(dtype, rows, columns);
  for (size_t c = 0; c < columns; c++) {
    double mean = 3 * support_normal(), deviation = support_uniform(0.2, 5);
    for (size_t r = 0; r < rows; r++)
      matrix_set(&x, r, c, mean + deviation * matrix_get(&x, r, c));
  }
  return x;
}

START_TEST(batch_norm_in_training) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  double tolerance = support_tolerance(dtype, 1e-5, 1e-12);
  for (size_t i = 0; i < BATCHES; i++) {
    size_t rows = batches[i].rows, units = batches[i].inputs;
    dni_layer *layer = make_batch_norm(context, units);
    double rate = i == 1 ? 0.25 : 0.1;
    if (i == 1) EXPECT_OK(dni_layer_set_f64(layer, DNI_SETTING_STATISTICS_RATE, rate));
    dni_matrix means = matrix_filled(DNI_F64, 1, units, 0);
    dni_matrix variances = matrix_filled(DNI_F64, 1, units, 1);
    for (size_t step = 0; step < 3; step++) {
      dni_matrix x = uneven_random(dtype, rows, units), y = matrix_make(dtype, rows, units);
      dni_matrix expected = batch_norm_reference(layer, &x, NULL, NULL);
      EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
      matrix_expect_close(&y, &expected, rows == 2 ? 10 * tolerance : tolerance, "y");
      for (size_t c = 0; c < units; c++) {
        double mean, variance;
        column_statistics(&x, c, &mean, &variance);
        variance *= (double)rows / (double)(rows - 1);
        matrix_set(&means, 0, c, (1 - rate) * matrix_get(&means, 0, c) + rate * mean);
        matrix_set(&variances, 0, c, (1 - rate) * matrix_get(&variances, 0, c) + rate * variance);
      }
    }
    dni_matrix mean = value_of(layer, RUNNING_MEAN), variance = value_of(layer, RUNNING_VARIANCE);
    matrix_expect_close(&mean, &means, tolerance, "running mean");
    matrix_expect_close(&variance, &variances, tolerance, "unbiased running variance");
    dni_layer_release(layer);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(batch_norm_in_inference) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  dni_layer *layer = make_batch_norm(context, 29);
  dni_matrix mean = value_of(layer, RUNNING_MEAN), variance = value_of(layer, RUNNING_VARIANCE);
  for (size_t c = 0; c < 29; c++) {
    expect_close(matrix_get(&mean, 0, c), 0, 0, "running mean at first");
    expect_close(matrix_get(&variance, 0, c), 1, 0, "running variance at first");
    matrix_set(&mean, 0, c, support_normal());
    matrix_set(&variance, 0, c, support_uniform(0.1, 4));
  }
  EXPECT_OK(dni_layer_set_f64(layer, DNI_SETTING_EPSILON, 0.03));
  dni_matrix mean_before = matrix_convert(&mean, dtype);
  dni_matrix variance_before = matrix_convert(&variance, dtype);
  dni_matrix x = uneven_random(dtype, 6, 29), y = matrix_make(dtype, 6, 29);
  dni_matrix expected = batch_norm_reference(layer, &x, &mean, &variance);
  EXPECT_OK(support_forward(layer, DNI_MODE_INFERENCE, &x, &y));
  matrix_expect_close(&y, &expected, support_tolerance(dtype, 1e-5, 1e-13), "y");
  matrix_expect_same(&mean, &mean_before, "running mean");
  matrix_expect_same(&variance, &variance_before, "running variance");
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

/* dx and the gradients of scale and shift, in double from x and dy, for every machine:
 * dx = scale / s (dy - mean(dy) - n mean(dy n)), n the normalised x, s the deviation. */
START_TEST(batch_norm_backward) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  double tolerance = support_tolerance(dtype, 3e-5, 1e-12);
  for (size_t i = 1; i < BATCHES; i++) {
    size_t rows = batches[i].rows, units = batches[i].inputs;
    double n = (double)rows;
    dni_layer *layer = make_batch_norm(context, units);
    dni_matrix x = uneven_random(dtype, rows, units), y = matrix_make(dtype, rows, units);
    dni_matrix dy = matrix_random(dtype, rows, units), dx = matrix_make(dtype, rows, units);
    dni_matrix scale = value_of(layer, SCALE), expected = matrix_make(DNI_F64, rows, units);
    dni_matrix scale_gradient = gradient_of(layer, SCALE);
    dni_matrix shift_gradient = gradient_of(layer, SHIFT);
    dni_matrix in_place = matrix_convert(&dy, dtype), up = matrix_convert(&dy, DNI_F64);
    EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
    EXPECT_OK(support_backward(layer, DNI_GRADIENT_REPLACE, &x, &y, &dy, &dx));
    for (size_t c = 0; c < units; c++) {
      double mean, variance, sum = 0, sum_normalised = 0;
      column_statistics(&x, c, &mean, &variance);
      double deviation = sqrt(variance + 1e-5);
      for (size_t r = 0; r < rows; r++) {
        sum += matrix_get(&up, r, c);
        sum_normalised += matrix_get(&up, r, c) * (matrix_get(&x, r, c) - mean) / deviation;
      }
      expect_close(matrix_get(&shift_gradient, 0, c), sum / n, tolerance, "shift gradient");
      expect_close(matrix_get(&scale_gradient, 0, c), sum_normalised / n, tolerance,
                   "scale gradient");
      for (size_t r = 0; r < rows; r++) {
        double normalised = (matrix_get(&x, r, c) - mean) / deviation;
        matrix_set(&expected, r, c,
                   matrix_get(&scale, 0, c) / deviation *
                       (matrix_get(&up, r, c) - sum / n - normalised * sum_normalised / n));
      }
    }
    matrix_expect_close(&dx, &expected, tolerance, "dx");
    EXPECT_OK(support_backward(layer, DNI_GRADIENT_SKIP, &x, &y, &in_place, &in_place));
    matrix_expect_same(&in_place, &dx, "dx in place of dy");
    dni_layer_release(layer);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(batch_norm_gradients_equal_central_differences) {
  dni_context *context = support_context(DNI_F64);
  for (size_t rows = 2; rows < 8; rows++) {
    dni_layer *layer = make_batch_norm(context, 3);
    /* Two rows normalise to +1 and -1 whatever they are; a large epsilon keeps a slope. */
    EXPECT_OK(dni_layer_set_f64(layer, DNI_SETTING_EPSILON, 0.5));
    check_gradients(layer, rows);
    dni_layer_release(layer);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(batch_norm_gradient_modes) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_layer *layer = make_batch_norm(context, 4);
  dni_matrix x = matrix_random(dtype, 9, 4), y = matrix_make(dtype, 9, 4);
  dni_matrix up = matrix_random(dtype, 9, 4), dy = matrix_convert(&up, dtype);
  EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
  for (size_t i = 0; i < 2; i++) {
    matrix_copy(&up, &dy);
    EXPECT_OK(support_backward(layer, DNI_GRADIENT_REPLACE, &x, &y, &dy, NULL));
    dni_matrix gradient = gradient_of(layer, i), once = matrix_convert(&gradient, dtype);
    matrix_fill(&gradient, 2);
    matrix_copy(&up, &dy);
    EXPECT_OK(support_backward(layer, DNI_GRADIENT_ADD, &x, &y, &dy, NULL));
    dni_matrix dx = matrix_make(dtype, 9, 4);
    matrix_copy(&up, &dy);
    EXPECT_OK(support_backward(layer, DNI_GRADIENT_SKIP, &x, &y, &dy, &dx));
    for (size_t c = 0; c < 4; c++)
      expect_close(matrix_get(&gradient, 0, c), 2 + matrix_get(&once, 0, c),
                   support_tolerance(dtype, 1e-5, 1e-13), "added gradient");
  }
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

/* One row has no variance: refused in training, and nothing changes; it has an inference. */
START_TEST(batch_norm_of_one_row) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  dni_layer *layer = make_batch_norm(context, 18);
  dni_matrix x = matrix_random(dtype, 1, 18), y = matrix_make(dtype, 1, 18);
  dni_matrix mean = value_of(layer, RUNNING_MEAN), variance = value_of(layer, RUNNING_VARIANCE);
  dni_matrix mean_before = matrix_convert(&mean, dtype);
  dni_matrix variance_before = matrix_convert(&variance, dtype);
  EXPECT_ARGUMENT(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
  EXPECT(strstr(dni_last_message(), "batch_norm: x has 1 row"), "%s", dni_last_message());
  matrix_expect_same(&mean, &mean_before, "running mean");
  matrix_expect_same(&variance, &variance_before, "running variance");
  matrix_expect_untouched(&y, "y");
  EXPECT_OK(support_forward(layer, DNI_MODE_INFERENCE, &x, &y));
  matrix_expect_written(&y, "y");
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

/* A mean far from 0 does not eat the variance, as sum of squares minus square of sum would. */
START_TEST(batch_norm_far_from_zero) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  dni_layer *layer = make_batch_norm(context, 21);
  dni_matrix x = matrix_random(dtype, 64, 21), y = matrix_make(dtype, 64, 21);
  double far = support_tolerance(dtype, 4096, 1e9);
  for (size_t r = 0; r < 64; r++)
    for (size_t c = 0; c < 21; c++)
      matrix_set(&x, r, c, far + matrix_get(&x, r, c));
  dni_matrix expected = batch_norm_reference(layer, &x, NULL, NULL);
  EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
  matrix_expect_close(&y, &expected, support_tolerance(dtype, 2e-3, 1e-5), "y");
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

/* Equal numbers have that mean and no variance, though their sum is rounded. */
START_TEST(batch_norm_of_equal_rows) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  dni_layer *layer = make_batch_norm(context, 21);
  dni_matrix x = matrix_make(dtype, 63, 21), y = matrix_make(dtype, 63, 21);
  for (size_t r = 0; r < 63; r++)
    for (size_t c = 0; c < 21; c++)
      matrix_set(&x, r, c, 1000.1 * (double)(c + 1));
  dni_matrix expected = batch_norm_reference(layer, &x, NULL, NULL);
  EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
  matrix_expect_close(&y, &expected, support_tolerance(dtype, 1e-6, 1e-6), "y");
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

START_TEST(batch_norm_refuses_non_finite_statistics) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  static const double bad[] = {NAN, INFINITY, -INFINITY};
  dni_layer *layer = make_batch_norm(context, 19);
  dni_matrix x = matrix_random(dtype, 8, 19), y = matrix_make(dtype, 8, 19);
  EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
  dni_matrix mean = value_of(layer, RUNNING_MEAN), variance = value_of(layer, RUNNING_VARIANCE);
  dni_matrix mean_before = matrix_convert(&mean, dtype);
  dni_matrix variance_before = matrix_convert(&variance, dtype);
  for (size_t i = 0; i < 3; i++)
    for (size_t c = 0; c < 19; c += 9) {
      double good = matrix_get(&x, 7, c);
      matrix_set(&x, 7, c, bad[i]);
      EXPECT_STATUS(DNI_ERROR_NON_FINITE, support_forward(layer, DNI_MODE_TRAINING, &x, &y));
      matrix_set(&x, 7, c, good);
    }
  matrix_expect_same(&mean, &mean_before, "running mean after a refusal");
  matrix_expect_same(&variance, &variance_before, "running variance after a refusal");
  matrix_set(&x, 7, 4, (double)NAN);
  EXPECT_OK(support_forward(layer, DNI_MODE_INFERENCE, &x, &y));
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

START_TEST(batch_norm_backward_belongs_to_the_last_training_forward) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_layer *layer = make_batch_norm(context, 3);
  dni_matrix x = matrix_random(dtype, 5, 3), y = matrix_make(dtype, 5, 3);
  dni_matrix dy = matrix_random(dtype, 5, 3), dx = matrix_make(dtype, 5, 3);
  EXPECT_STATUS(DNI_ERROR_STATE, support_backward(layer, 0, &x, &y, &dy, &dx));
  EXPECT_OK(support_forward(layer, DNI_MODE_INFERENCE, &x, &y));
  EXPECT_STATUS(DNI_ERROR_STATE, support_backward(layer, 0, &x, &y, &dy, &dx));
  EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
  dni_matrix fewer_x = matrix_random(dtype, 4, 3), fewer_y = matrix_random(dtype, 4, 3);
  dni_matrix fewer_dy = matrix_random(dtype, 4, 3), fewer_dx = matrix_make(dtype, 4, 3);
  EXPECT_STATUS(DNI_ERROR_STATE,
                support_backward(layer, 0, &fewer_x, &fewer_y, &fewer_dy, &fewer_dx));
  matrix_expect_untouched(&fewer_dx, "dx after a refusal");
  matrix_expect_untouched(&dx, "dx after a refusal");
  /* Inference in between changes nothing: y need not even be the same memory. */
  dni_matrix other = matrix_make(dtype, 4, 3), again = matrix_make(dtype, 5, 3);
  dni_matrix up = matrix_convert(&dy, dtype);
  EXPECT_OK(support_backward(layer, 0, &x, &y, &dy, &dx));
  EXPECT_OK(support_forward(layer, DNI_MODE_INFERENCE, &fewer_x, &other));
  EXPECT_OK(support_backward(layer, 0, &x, &y, &up, &again));
  matrix_expect_same(&again, &dx, "dx after inference in between");
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

/* The caller's own. -------------------------------------------------------------------------- */

/* y = 2 x with one parameter that only counts; answers `answer`. */
typedef struct own_layer {
  int32_t mode, flags;
  double scale;
  bool had_dx;
  const void *state;
  dni_status answer;
  size_t destroyed;
  double value[2], gradient[2];
  dni_dtype dtype;
} own_layer;

static dni_status own_forward(void *user, const dni_layer_call *call) {
  own_layer *own = user;
  const dni_matrix *x = call->x;
  EXPECT(call->struct_size >= sizeof *call && !call->weights, "bad call");
  own->mode = call->mode;
  own->state = call->state;
  for (size_t r = 0; own->answer == DNI_OK && r < x->rows; r++)
    for (size_t c = 0; c < x->columns; c++)
      matrix_set(call->y, r, c, 2 * matrix_get(x, r, c));
  if (call->state) memset(call->state, 0x5A, 3 * x->rows + 1);
  return own->answer;
}

static dni_status own_backward(void *user, const dni_layer_call *call) {
  own_layer *own = user;
  const dni_matrix *x = call->x, *y = call->y;
  own->flags = call->flags;
  own->scale = call->scale;
  own->had_dx = call->dx != NULL;
  own->state = call->state;
  EXPECT(x && y && x->dtype == own->dtype && y->dtype == own->dtype, "bad view");
  for (size_t i = 0; call->state && i < 3 * x->rows + 1; i++)
    EXPECT(((const unsigned char *)call->state)[i] == 0x5A, "byte %zu of the state", i);
  for (size_t r = 0; call->dx && r < x->rows; r++)
    for (size_t c = 0; c < x->columns; c++)
      matrix_set(call->dx, r, c, 2 * matrix_get(call->dy, r, c));
  return own->answer;
}

/* An odd number of bytes for each number of rows. */
static size_t own_state_bytes(void *user, size_t rows) {
  (void)user;
  return 3 * rows + 1;
}

static dni_status own_parameter(void *user, size_t index, dni_matrix *value, dni_matrix *gradient) {
  own_layer *own = user;
  EXPECT(index == 0, "asked for parameter %zu", index);
  *value = (dni_matrix){own->value, 1, 2, 2, own->dtype, 0};
  if (gradient) *gradient = (dni_matrix){own->gradient, 1, 2, 2, own->dtype, 0};
  return DNI_OK;
}

static void own_destroy(void *user) {
  ((own_layer *)user)->destroyed++;
}

START_TEST(callback_layer) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  own_layer own = {.dtype = dtype};
  dni_layer_callbacks callbacks = {.struct_size = sizeof callbacks,
                                   .user = &own,
                                   .forward = own_forward,
                                   .backward = own_backward,
                                   .parameter_count = 1,
                                   .parameter = own_parameter,
                                   .destroy = own_destroy};
  dni_layer *layer = NULL;
  EXPECT_OK(dni_layer_create_callback(context, 3, 3, &callbacks, &layer));
  EXPECT_TEXT(dni_layer_kind_name(layer), "callback");
  ck_assert_int_eq(dni_layer_kind(layer), DNI_LAYER_CALLBACK);
  ck_assert_uint_eq(dni_layer_parameter_count(layer), 1);
  dni_matrix value, gradient;
  EXPECT_OK(dni_layer_parameter(layer, 0, &value, &gradient));
  EXPECT(value.data == own.value && gradient.data == own.gradient, "other memory");
  EXPECT_ARGUMENT(dni_layer_parameter(layer, 1, &value, &gradient));

  dni_matrix x = matrix_random(dtype, 5, 3), y = matrix_make(dtype, 5, 3);
  dni_matrix dy = matrix_random(dtype, 5, 3), dx = matrix_make(dtype, 5, 3);
  EXPECT_OK(support_forward(layer, DNI_MODE_INFERENCE, &x, &y));
  ck_assert_int_eq(own.mode, DNI_MODE_INFERENCE);
  expect_close(matrix_get(&y, 4, 2), 2 * matrix_get(&x, 4, 2), 0, "y");
  EXPECT_OK(support_backward(layer, DNI_GRADIENT_SKIP, &x, &y, &dy, &dx));
  EXPECT(own.flags == DNI_GRADIENT_SKIP && own.had_dx && !own.state, "other arguments");
  EXPECT_OK(support_backward(layer, DNI_GRADIENT_ADD, &x, &y, &dy, NULL));
  EXPECT(own.flags == DNI_GRADIENT_ADD && !own.had_dx && own.scale == 1.0 / 5, "other arguments");
  EXPECT_OK(support_backward(layer, DNI_GRADIENT_REPLACE | DNI_GRADIENT_SUM, &x, &y, &dy, NULL));
  EXPECT(own.flags == DNI_GRADIENT_REPLACE && own.scale == 1, "scale of a sum: %g", own.scale);
  own.answer = DNI_ERROR_DATA;
  EXPECT_STATUS(DNI_ERROR_CALLBACK, support_forward(layer, DNI_MODE_TRAINING, &x, &y));
  own.answer = 12345;
  ck_assert_int_eq(support_backward(layer, 0, &x, &y, &dy, &dx), 12345);
  dni_matrix wide = matrix_random(dtype, 5, 4);
  EXPECT_ARGUMENT(support_forward(layer, 0, &wide, &y));

  EXPECT(dni_layer_retain(layer) == layer, "another handle");
  dni_layer_release(layer);
  ck_assert_uint_eq(own.destroyed, 0);
  dni_layer_release(layer);
  ck_assert_uint_eq(own.destroyed, 1);
  dni_context_release(context);
}
END_TEST

/* Memory of its own for each batch: the same in forward and backward, aligned, none in
 * inference. */
START_TEST(callback_layer_with_state) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  own_layer own = {.dtype = dtype};
  dni_layer_callbacks callbacks = {.struct_size = sizeof callbacks,
                                   .user = &own,
                                   .forward = own_forward,
                                   .backward = own_backward,
                                   .state_bytes = own_state_bytes,
                                   .destroy = own_destroy};
  dni_layer *layer = NULL;
  dni_state *states[2] = {NULL, NULL};
  EXPECT_OK(dni_layer_create_callback(context, 3, 3, &callbacks, &layer));
  dni_matrix x = matrix_random(dtype, 5, 3), y = matrix_make(dtype, 5, 3);
  dni_matrix dy = matrix_random(dtype, 5, 3), dx = matrix_make(dtype, 5, 3);
  EXPECT_STATUS(DNI_ERROR_STATE, support_backward(layer, 0, &x, &y, &dy, &dx));
  EXPECT_OK(support_forward(layer, DNI_MODE_INFERENCE, &x, &y));
  EXPECT(!own.state, "a state in inference");
  const void *seen[2];
  for (size_t s = 0; s < 2; s++) {
    EXPECT_OK(dni_state_create(layer, 7, &states[s]));
    EXPECT_OK(dni_layer_forward(layer, DNI_MODE_TRAINING, states[s], &x, &y));
    seen[s] = own.state;
    EXPECT(seen[s] && (uintptr_t)seen[s] % 64 == 0, "state %zu", s);
  }
  EXPECT(seen[0] != seen[1], "one state for two batches");
  for (size_t s = 0; s < 2; s++) {
    EXPECT_OK(dni_layer_backward(layer, 0, states[s], &x, &y, &dy, &dx));
    EXPECT(own.state == seen[s], "another state");
    dni_state_release(states[s]);
  }
  EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y)); /* the layer's own */
  EXPECT(own.state && (uintptr_t)own.state % 64 == 0, "the layer's own state");
  EXPECT_OK(support_backward(layer, 0, &x, &y, &dy, &dx));
  dni_layer_release(layer);
  ck_assert_uint_eq(own.destroyed, 1);
  dni_context_release(context);
}
END_TEST

START_TEST(callback_layer_refusals) {
  dni_context *context = support_context(DNI_F32);
  own_layer own = {.dtype = DNI_F32};
  const dni_layer_callbacks good = {.struct_size = sizeof good,
                                    .user = &own,
                                    .forward = own_forward,
                                    .backward = own_backward,
                                    .parameter_count = 1,
                                    .parameter = own_parameter,
                                    .destroy = own_destroy};
  dni_layer *layer = NULL;
  dni_layer_callbacks bad = good;
  bad.forward = NULL;
  EXPECT_ARGUMENT(dni_layer_create_callback(context, 3, 3, &bad, &layer));
  bad = good, bad.backward = NULL;
  EXPECT_ARGUMENT(dni_layer_create_callback(context, 3, 3, &bad, &layer));
  bad = good, bad.parameter = NULL;
  EXPECT_ARGUMENT(dni_layer_create_callback(context, 3, 3, &bad, &layer));
  bad = good, bad.struct_size = 8;
  EXPECT_ARGUMENT(dni_layer_create_callback(context, 3, 3, &bad, &layer));
  EXPECT_ARGUMENT(dni_layer_create_callback(context, 0, 3, &good, &layer));
  EXPECT_ARGUMENT(dni_layer_create_callback(context, 3, 0, &good, &layer));
  EXPECT_ARGUMENT(dni_layer_create_callback(context, 3, 3, NULL, &layer));
  EXPECT_ARGUMENT(dni_layer_create_callback(NULL, 3, 3, &good, &layer));
  EXPECT_ARGUMENT(dni_layer_create_callback(context, 3, 3, &good, NULL));
  struct {
    dni_layer_callbacks known;
    void *newer;
  } longer = {good, NULL};
  longer.known.struct_size = sizeof longer;
  longer.newer = &own;
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED,
                dni_layer_create_callback(context, 3, 3, &longer.known, &layer));
  EXPECT(layer == NULL && own.destroyed == 0, "something was made or destroyed");
  longer.newer = NULL;
  EXPECT_OK(dni_layer_create_callback(context, 3, 3, &longer.known, &layer));
  dni_layer_release(layer);
  ck_assert_uint_eq(own.destroyed, 1);
  dni_context_release(context);
}
END_TEST

/* What all kinds share. ---------------------------------------------------------------------- */

enum { KINDS = 8 };

typedef struct layer_set {
  dni_layer *all[KINDS];
} layer_set;

/* One of each, 4 inputs and 4 outputs. */
static layer_set make_layers(dni_context *context) {
  layer_set set;
  set.all[0] = make_dense(context, 4, 4, DNI_ACTIVATION_SIGMOID);
  for (int32_t a = 0; a < 4; a++)
    EXPECT_OK(dni_layer_create_activation(context, 4, a, &set.all[1 + a]));
  set.all[5] = make_batch_norm(context, 4);
  EXPECT_OK(dni_layer_create_dropout(context, 4, 0.25, NULL, &set.all[6]));
  EXPECT_OK(dni_layer_create_layer_norm(context, 4, &set.all[7]));
  return set;
}

static void release_layers(layer_set *set) {
  for (size_t l = 0; l < KINDS; l++)
    dni_layer_release(set->all[l]);
}

START_TEST(descriptions) {
  dni_context *context = support_context(support_dtypes[_i]);
  static const char *const names[] = {"dense",      "activation", "activation", "activation",
                                      "activation", "batch_norm", "dropout",    "layer_norm"};
  static const dni_kind kinds[] = {DNI_LAYER_DENSE,      DNI_LAYER_ACTIVATION, DNI_LAYER_ACTIVATION,
                                   DNI_LAYER_ACTIVATION, DNI_LAYER_ACTIVATION, DNI_LAYER_BATCH_NORM,
                                   DNI_LAYER_DROPOUT,    DNI_LAYER_LAYER_NORM};
  static const size_t parameters[] = {2, 0, 0, 0, 0, 4, 0, 2};
  layer_set set = make_layers(context);
  for (size_t l = 0; l < KINDS; l++) {
    EXPECT_TEXT(dni_layer_kind_name(set.all[l]), names[l]);
    ck_assert_int_eq(dni_layer_kind(set.all[l]), kinds[l]);
    ck_assert_uint_eq(dni_layer_inputs(set.all[l]), 4);
    ck_assert_uint_eq(dni_layer_outputs(set.all[l]), 4);
    ck_assert_uint_eq(dni_layer_parameter_count(set.all[l]), parameters[l]);
    EXPECT_TEXT(dni_layer_parameter_name(set.all[l], parameters[l]), "");
  }
  ck_assert_int_eq(dni_layer_activation(set.all[0]), DNI_ACTIVATION_SIGMOID);
  ck_assert_int_eq(dni_layer_activation(set.all[3]), DNI_ACTIVATION_TANH);
  for (size_t l = 5; l < KINDS; l++)
    ck_assert_int_eq(dni_layer_activation(set.all[l]), -1);
  static const char *const activation_names[] = {"identity", "relu",       "tanh",
                                                 "sigmoid",  "leaky_relu", "gelu"};
  for (dni_activation a = 0; a < 6; a++)
    EXPECT_TEXT(dni_activation_name(a), activation_names[a]);
  EXPECT_TEXT(dni_activation_name(6), "");
  EXPECT_TEXT(dni_activation_name(-1), "");
  EXPECT_TEXT(dni_layer_parameter_name(set.all[0], 0), "weight");
  EXPECT_TEXT(dni_layer_parameter_name(set.all[0], 1), "bias");
  for (size_t l = 5; l < KINDS; l += 2) {
    EXPECT_TEXT(dni_layer_parameter_name(set.all[l], SCALE), "scale");
    EXPECT_TEXT(dni_layer_parameter_name(set.all[l], SHIFT), "shift");
  }
  EXPECT_TEXT(dni_layer_parameter_name(set.all[5], RUNNING_MEAN), "running_mean");
  EXPECT_TEXT(dni_layer_parameter_name(set.all[5], RUNNING_VARIANCE), "running_variance");
  for (size_t i = 0; i < STATISTICS; i++) {
    dni_matrix value = value_of(set.all[5], i), gradient = gradient_of(set.all[5], i);
    EXPECT(value.rows == 1 && value.columns == 4, "shape");
    EXPECT((gradient.data != NULL) == (i < RUNNING_MEAN), "gradient of %zu", i);
  }
  release_layers(&set);
  dni_context_release(context);
}
END_TEST

START_TEST(null_layers) {
  dni_matrix view = {0};
  double value = 5;
  dni_layer *layer = NULL;
  dni_state *state = NULL;
  EXPECT(!dni_layer_retain(NULL) && !dni_state_retain(NULL), "a handle of NULL");
  dni_layer_release(NULL);
  dni_state_release(NULL);
  ck_assert_uint_eq(dni_state_rows(NULL), 0);
  ck_assert_int_eq(dni_layer_kind(NULL), 0);
  ck_assert_uint_eq(dni_layer_inputs(NULL), 0);
  ck_assert_uint_eq(dni_layer_outputs(NULL), 0);
  ck_assert_uint_eq(dni_layer_parameter_count(NULL), 0);
  EXPECT_TEXT(dni_layer_kind_name(NULL), "");
  EXPECT_TEXT(dni_layer_parameter_name(NULL, 0), "");
  ck_assert_int_eq(dni_layer_activation(NULL), -1);
  EXPECT_ARGUMENT(dni_layer_parameter(NULL, 0, &view, NULL));
  EXPECT_ARGUMENT(support_forward(NULL, 0, &view, &view));
  EXPECT_ARGUMENT(support_backward(NULL, 0, &view, &view, &view, &view));
  EXPECT_ARGUMENT(dni_layer_copy(NULL, &layer));
  EXPECT_ARGUMENT(dni_state_create(NULL, 1, &state));
  EXPECT_ARGUMENT(dni_layer_reserve(NULL, 1));
  EXPECT_ARGUMENT(dni_layer_changed(NULL));
  EXPECT_ARGUMENT(dni_layer_set_parameter(NULL, 0, &view));
  EXPECT_ARGUMENT(dni_layer_get_parameter(NULL, 0, &view));
  EXPECT_ARGUMENT(dni_layer_initialise(NULL, NULL));
  EXPECT(!layer && !state, "something was made");
  ck_assert_int_eq(dni_layer_has(NULL, DNI_SETTING_EPSILON), 0);
  EXPECT_ARGUMENT(dni_layer_bounds(NULL, DNI_SETTING_EPSILON, &value, &value));
  EXPECT_ARGUMENT(dni_layer_set_f64(NULL, DNI_SETTING_EPSILON, 1));
  EXPECT_ARGUMENT(dni_layer_get_f64(NULL, DNI_SETTING_EPSILON, &value));
  ck_assert_double_eq(value, 5);
}
END_TEST

START_TEST(creation_refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_layer *layer = NULL;
  EXPECT_ARGUMENT(dni_layer_create_dense(NULL, 1, 1, 0, &layer));
  EXPECT_ARGUMENT(dni_layer_create_dense(context, 0, 1, 0, &layer));
  EXPECT_ARGUMENT(dni_layer_create_dense(context, 1, 0, 0, &layer));
  EXPECT_ARGUMENT(dni_layer_create_dense(context, 1, 1, 6, &layer));
  EXPECT_ARGUMENT(dni_layer_create_dense(context, 1, 1, -1, &layer));
  EXPECT_ARGUMENT(dni_layer_create_dense(context, 1, 1, 0, NULL));
  EXPECT_ARGUMENT(dni_layer_create_activation(NULL, 1, 0, &layer));
  EXPECT_ARGUMENT(dni_layer_create_activation(context, 0, 0, &layer));
  EXPECT_ARGUMENT(dni_layer_create_activation(context, 1, 99, &layer));
  EXPECT_ARGUMENT(dni_layer_create_activation(context, 1, 0, NULL));
  EXPECT_ARGUMENT(dni_layer_create_batch_norm(NULL, 1, &layer));
  EXPECT_ARGUMENT(dni_layer_create_batch_norm(context, 0, &layer));
  EXPECT_ARGUMENT(dni_layer_create_batch_norm(context, 1, NULL));
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_layer_create_dense(context, SIZE_MAX, SIZE_MAX, 0, &layer));
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_layer_create_dense(context, SIZE_MAX / 2 + 1, 2, 0, &layer));
  EXPECT_STATUS(DNI_ERROR_MEMORY,
                dni_layer_create_dense(context, SIZE_MAX / 64 + 1, 16, 0, &layer));
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_layer_create_dense(context, 1, SIZE_MAX / 4, 0, &layer));
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_layer_create_batch_norm(context, SIZE_MAX / 8, &layer));
  EXPECT(layer == NULL, "out was written");
  dni_context_release(context);
}
END_TEST

/* Views that do not fit are refused before anything is written. */
START_TEST(call_refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context), other = dtype == DNI_F32 ? DNI_F64 : DNI_F32;
  layer_set set = make_layers(context);
  for (size_t l = 0; l < KINDS; l++) {
    dni_layer *layer = set.all[l];
    dni_matrix x = matrix_random(dtype, 5, 4), first = matrix_make(dtype, 5, 4);
    EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &first));
    dni_matrix y = matrix_make(dtype, 5, 4), dx = matrix_make(dtype, 5, 4);
    dni_matrix dy = matrix_random(dtype, 5, 4), dy_before = matrix_convert(&dy, dtype);
    dni_matrix bad[6] = {matrix_random(dtype, 5, 3),
                         matrix_random(dtype, 6, 4),
                         matrix_random(other, 5, 4),
                         x,
                         x,
                         x};
    bad[3].stride = 3;
    bad[4].data = NULL;
    bad[5].dtype = 7;
    for (size_t b = 0; b < 6; b++) {
      EXPECT_ARGUMENT(support_forward(layer, DNI_MODE_INFERENCE, &bad[b], &y));
      EXPECT_ARGUMENT(support_forward(layer, DNI_MODE_INFERENCE, &x, &bad[b]));
      EXPECT_ARGUMENT(support_backward(layer, 0, &bad[b], &first, &dy, &dx));
      EXPECT_ARGUMENT(support_backward(layer, 0, &x, &bad[b], &dy, &dx));
      EXPECT_ARGUMENT(support_backward(layer, 0, &x, &first, &bad[b], &dx));
      EXPECT_ARGUMENT(support_backward(layer, 0, &x, &first, &dy, &bad[b]));
    }
    EXPECT_ARGUMENT(support_forward(layer, DNI_MODE_INFERENCE, NULL, &y));
    EXPECT_ARGUMENT(support_forward(layer, DNI_MODE_INFERENCE, &x, NULL));
    EXPECT_ARGUMENT(support_backward(layer, 0, NULL, &first, &dy, &dx));
    EXPECT_ARGUMENT(support_backward(layer, 0, &x, NULL, &dy, &dx));
    EXPECT_ARGUMENT(support_backward(layer, 0, &x, &first, NULL, &dx));
    EXPECT_ARGUMENT(support_forward(layer, 2, &x, &y));
    EXPECT_ARGUMENT(support_forward(layer, -1, &x, &y));
    EXPECT_ARGUMENT(support_backward(layer, 3, &x, &first, &dy, &dx));
    EXPECT_ARGUMENT(support_backward(layer, -1, &x, &first, &dy, &dx));
    EXPECT_ARGUMENT(support_backward(layer, 4, &x, &first, &dy, &dx));
    EXPECT_ARGUMENT(support_backward(layer, 8, &x, &first, &dy, &dx));
    EXPECT_ARGUMENT(support_backward(layer, 64, &x, &first, &dy, &dx));
    if (l > 0)
      EXPECT_STATUS(DNI_ERROR_UNSUPPORTED,
                    support_backward(layer, DNI_GRADIENT_LEAVE_DZ, &x, &first, &dy, &dx));
    matrix_expect_untouched(&y, "y");
    matrix_expect_untouched(&dx, "dx");
    matrix_expect_same(&dy, &dy_before, "dy");
  }
  release_layers(&set);
  dni_context_release(context);
}
END_TEST

START_TEST(empty_batches) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  layer_set set = make_layers(context);
  dni_matrix empty = {NULL, 0, 4, 4, dtype, 0};
  for (size_t l = 0; l < KINDS; l++) {
    dni_layer *layer = set.all[l];
    EXPECT_OK(support_forward(layer, DNI_MODE_INFERENCE, &empty, &empty));
    EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &empty, &empty));
    for (int32_t mode = DNI_GRADIENT_SKIP; mode >= DNI_GRADIENT_REPLACE; mode--) {
      for (size_t i = 0; i < dni_layer_parameter_count(layer); i++) {
        dni_matrix gradient = gradient_of(layer, i);
        if (gradient.data) matrix_fill(&gradient, 3);
      }
      EXPECT_OK(support_backward(layer, mode, &empty, &empty, &empty, &empty));
      for (size_t i = 0; i < dni_layer_parameter_count(layer); i++) {
        dni_matrix gradient = gradient_of(layer, i);
        if (gradient.data)
          expect_close(matrix_get(&gradient, 0, 1), mode ? 3 : 0, 0, "gradient of nothing");
      }
    }
  }
  dni_matrix mean = value_of(set.all[5], RUNNING_MEAN);
  dni_matrix variance = value_of(set.all[5], RUNNING_VARIANCE);
  for (size_t c = 0; c < 4; c++)
    EXPECT(matrix_get(&mean, 0, c) == 0 && matrix_get(&variance, 0, c) == 1,
           "running statistics moved by an empty batch");
  release_layers(&set);
  dni_context_release(context);
}
END_TEST

START_TEST(calls_allocate_nothing) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  layer_set set = make_layers(context);
  for (size_t l = 0; l < KINDS; l++) {
    dni_matrix x = matrix_random(dtype, 67, 4), y = matrix_make(dtype, 67, 4);
    dni_matrix dy = matrix_random(dtype, 67, 4), dx = matrix_make(dtype, 67, 4);
    EXPECT_OK(dni_layer_reserve(set.all[l], 67));
    size_t calls = support_watched.calls;
    for (size_t step = 0; step < 3; step++) {
      EXPECT_OK(support_forward(set.all[l], DNI_MODE_TRAINING, &x, &y));
      EXPECT_OK(support_backward(set.all[l], DNI_GRADIENT_REPLACE, &x, &y, &dy, &dx));
    }
    EXPECT(support_watched.calls == calls, "layer %zu allocates", l);
  }
  release_layers(&set);
  dni_context_release(context);
}
END_TEST

START_TEST(settings) {
  dni_context *context = support_context(support_dtypes[_i]);
  layer_set set = make_layers(context);
  static const dni_setting own[] = {DNI_SETTING_EPSILON, DNI_SETTING_STATISTICS_RATE};
  static const double defaults[] = {1e-5, 0.1};
  for (size_t i = 0; i < 2; i++) {
    double least, most, value = -1;
    EXPECT_OK(dni_layer_bounds(set.all[5], own[i], &least, &most));
    EXPECT(least > 0 && least < most, "bounds %g %g", least, most);
    EXPECT_OK(dni_layer_get_f64(set.all[5], own[i], &value));
    ck_assert_double_eq(value, defaults[i]);
    EXPECT_OK(dni_layer_set_f64(set.all[5], own[i], least));
    EXPECT_OK(dni_layer_set_f64(set.all[5], own[i], most));
    EXPECT_ARGUMENT(dni_layer_set_f64(set.all[5], own[i], 0));
    EXPECT_ARGUMENT(dni_layer_set_f64(set.all[5], own[i], -1));
    EXPECT_ARGUMENT(dni_layer_set_f64(set.all[5], own[i], (double)NAN));
    EXPECT_ARGUMENT(dni_layer_set_f64(set.all[5], own[i], (double)INFINITY));
    EXPECT_OK(dni_layer_get_f64(set.all[5], own[i], &value));
    ck_assert_double_eq(value, most);
    EXPECT_ARGUMENT(dni_layer_get_f64(set.all[5], own[i], NULL));
    EXPECT_ARGUMENT(dni_layer_set_f64(set.all[0], own[i], 0.5));
    EXPECT_ARGUMENT(dni_layer_bounds(set.all[0], own[i], &least, &most));
    EXPECT_ARGUMENT(dni_layer_bounds(set.all[5], own[i], NULL, &most));
    EXPECT_ARGUMENT(dni_layer_bounds(set.all[5], own[i], &least, NULL));
    EXPECT(dni_layer_has(set.all[5], own[i]) == 1 && dni_layer_has(set.all[0], own[i]) == 0,
           "who has setting %d", own[i]);
  }
  for (size_t l = 0; l < KINDS; l++) { /* of all with trained parameters */
    bool has = l == 0 || l == 5 || l == 7;
    double least = -9, most = -9, value = -9;
    EXPECT(dni_layer_has(set.all[l], DNI_SETTING_RATE_SCALE) == has, "rate scale of %zu", l);
    if (!has) continue;
    EXPECT_OK(dni_layer_bounds(set.all[l], DNI_SETTING_RATE_SCALE, &least, &most));
    EXPECT(least == 0 && most == support_most(support_dtypes[_i]), "rate scale %g to %g", least,
           most);
    EXPECT_OK(dni_layer_get_f64(set.all[l], DNI_SETTING_RATE_SCALE, &value));
    ck_assert_double_eq(value, 1);
    EXPECT_OK(dni_layer_set_f64(set.all[l], DNI_SETTING_RATE_SCALE, 0));
    EXPECT_ARGUMENT(dni_layer_set_f64(set.all[l], DNI_SETTING_RATE_SCALE, -0.5));
    EXPECT_OK(dni_layer_get_f64(set.all[l], DNI_SETTING_RATE_SCALE, &value));
    ck_assert_double_eq(value, 0);
  }
  EXPECT_ARGUMENT(dni_layer_set_f64(set.all[5], DNI_SETTING_STATISTICS_RATE, 1.5));
  EXPECT_ARGUMENT(dni_layer_set_f64(set.all[5], DNI_SETTING_MOMENTUM, 0.5));
  EXPECT_ARGUMENT(dni_layer_set_f64(set.all[5], 999, 0.5));
  release_layers(&set);
  dni_context_release(context);
}
END_TEST

static Suite *layer_suite(void) {
  Suite *suite = suite_create("layer");
  TCase *formulas = tcase_create("formulas");
  tcase_add_checked_fixture(formulas, support_setup, support_teardown);
  tcase_add_loop_test(formulas, dense_follows_its_formula, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(formulas, gradients_equal_central_differences, 0, ACTIVATIONS);
  tcase_add_loop_test(formulas, gradient_modes, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(formulas, gradients_without_dx, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(formulas, dense_initial_weights, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(formulas, activations_follow_their_formulas, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(formulas, small_values_are_accurate, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(formulas, activation_backward, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(formulas, nan_passes_through_relu, 0, SUPPORT_MACHINES);
  suite_add_tcase(suite, formulas);

  TCase *batch_norm = tcase_create("batch normalisation");
  tcase_add_checked_fixture(batch_norm, support_setup, support_teardown);
  tcase_add_loop_test(batch_norm, batch_norm_in_training, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(batch_norm, batch_norm_in_inference, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(batch_norm, batch_norm_backward, 0, SUPPORT_MACHINES);
  tcase_add_test(batch_norm, batch_norm_gradients_equal_central_differences);
  tcase_add_loop_test(batch_norm, batch_norm_gradient_modes, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(batch_norm, batch_norm_of_one_row, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(batch_norm, batch_norm_far_from_zero, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(batch_norm, batch_norm_of_equal_rows, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(batch_norm, batch_norm_refuses_non_finite_statistics, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(batch_norm, batch_norm_backward_belongs_to_the_last_training_forward, 0,
                      SUPPORT_DTYPES);
  suite_add_tcase(suite, batch_norm);

  TCase *common = tcase_create("callbacks and what all share");
  tcase_add_checked_fixture(common, support_setup, support_teardown);
  tcase_add_loop_test(common, callback_layer, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(common, callback_layer_with_state, 0, SUPPORT_DTYPES);
  tcase_add_test(common, callback_layer_refusals);
  tcase_add_loop_test(common, descriptions, 0, SUPPORT_DTYPES);
  tcase_add_test(common, null_layers);
  tcase_add_loop_test(common, creation_refusals, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(common, call_refusals, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(common, empty_batches, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(common, calls_allocate_nothing, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(common, settings, 0, SUPPORT_DTYPES);
  suite_add_tcase(suite, common);
  return suite;
}

int main(void) {
  return support_run(layer_suite());
}

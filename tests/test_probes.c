/* Linear probes: the classifier against a gradient descent of its own in double, the regressor
 * against least squares by orthogonalisation in long double. */
#include <float.h>

#include "analysis.h"

/* Classifier. -------------------------------------------------------------------------------- */

static dni_probe_report classify(dni_context *context, const dni_matrix *h, const dni_matrix *y,
                                 const dni_probe_options *options) {
  dni_probe_report report;
  memset(&report, 0xFF, sizeof report);
  report.struct_size = sizeof report;
  EXPECT_OK(dni_analysis_classifier_probe(context, h, y, options, &report));
  EXPECT(isfinite(report.loss) && report.accuracy >= 0 && report.accuracy <= 1, "loss %g",
         report.loss);
  return report;
}

/* Class means far apart, columns of very different scales and offsets, one constant. */
static dni_matrix separable(dni_dtype dtype, const dni_matrix *y, size_t units) {
  dni_matrix h = matrix_random(dtype, y->rows, units);
  for (size_t r = 0; r < y->rows; r++)
    for (size_t c = 0; c < units; c++) {
      double value = 0.3 * matrix_get(&h, r, c) + 3 * (c < y->columns ? matrix_get(y, r, c) : 0);
      double scale = pow(10, (double)(c % 5) - 2);
      matrix_set(&h, r, c, c == units - 1 ? 7 : scale * (value + 10));
    }
  return h;
}

START_TEST(separable_data_are_separated) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix y = matrix_one_hot(dtype, 200, 4), h = separable(dtype, &y, 9);
  dni_probe_report report = classify(context, &h, &y, NULL);
  EXPECT(report.accuracy == 1, "accuracy %g", report.accuracy);
  EXPECT(report.loss < 0.05, "loss %g", report.loss);
  EXPECT(report.steps == 1000, "%llu steps", (unsigned long long)report.steps);
  dni_context_release(context);
}
END_TEST

enum { ROWS = 120, UNITS = 3, CLASSES = 3 };

/* Gradient of the mean softmax cross-entropy of z W^T + b, weights [CLASSES][UNITS + 1] with b
 * last; returns the loss. */
static double softmax_gradient(double z[ROWS][UNITS + 1], const size_t *label,
                               double w[CLASSES][UNITS + 1], double g[CLASSES][UNITS + 1]) {
  double loss = 0;
  memset(g, 0, sizeof(double[CLASSES][UNITS + 1]));
  for (size_t r = 0; r < ROWS; r++) {
    double p[CLASSES], sum = 0, most = -DBL_MAX;
    for (size_t k = 0; k < CLASSES; k++) {
      p[k] = 0;
      for (size_t c = 0; c <= UNITS; c++)
        p[k] += w[k][c] * z[r][c];
      most = fmax(most, p[k]);
    }
    for (size_t k = 0; k < CLASSES; k++)
      sum += p[k] = exp(p[k] - most);
    loss -= log(p[label[r]] / sum) / ROWS;
    for (size_t k = 0; k < CLASSES; k++)
      for (size_t c = 0; c <= UNITS; c++)
        g[k][c] += (p[k] / sum - (k == label[r])) * z[r][c] / ROWS;
  }
  return loss;
}

/* The least loss of any linear classifier, by plain gradient descent run to the end. */
static double least_loss(const dni_matrix *h, const dni_matrix *y, double *gradient) {
  static double z[ROWS][UNITS + 1];
  static size_t label[ROWS];
  double w[CLASSES][UNITS + 1] = {{0}}, g[CLASSES][UNITS + 1], loss = 0;
  for (size_t r = 0; r < ROWS; r++) {
    z[r][UNITS] = 1;
    for (size_t c = 0; c < UNITS; c++)
      z[r][c] = matrix_get(h, r, c);
    for (size_t k = 0; k < CLASSES; k++)
      if (matrix_get(y, r, k) > 0) label[r] = k;
  }
  for (int i = 0; i < 3000; i++) {
    loss = softmax_gradient(z, label, w, g);
    *gradient = 0;
    for (size_t k = 0; k < CLASSES; k++)
      for (size_t c = 0; c <= UNITS; c++) {
        w[k][c] -= 0.7 * g[k][c];
        *gradient += g[k][c] * g[k][c];
      }
  }
  return loss;
}

/* Labels that h says little about have a least loss that is not 0; the probe finds it whatever the
 * columns are multiplied with and moved by. */
START_TEST(random_labels_reach_the_least_loss) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_matrix h = matrix_random(dtype, ROWS, UNITS), y = matrix_one_hot(dtype, ROWS, CLASSES);
  double gradient, least = least_loss(&h, &y, &gradient);
  EXPECT(gradient < 1e-16, "the reference is not there yet: %g", gradient);
  EXPECT(least > 0.9 && least < log(CLASSES), "least loss %g", least);
  dni_matrix moved = matrix_make(dtype, ROWS, UNITS);
  for (size_t r = 0; r < ROWS; r++)
    for (size_t c = 0; c < UNITS; c++)
      matrix_set(&moved, r, c, (c == 1 ? 1e-4 : 50) * (matrix_get(&h, r, c) - 3));
  const dni_matrix *inputs[] = {&h, &moved};
  for (size_t i = 0; i < 2; i++) {
    dni_probe_report report = classify(context, inputs[i], &y, NULL);
    EXPECT(report.loss >= least - 1e-5 && report.loss < least + 1e-4, "loss %.9g, least %.9g",
           report.loss, least);
    EXPECT(report.accuracy > 1.0 / CLASSES, "accuracy %g", report.accuracy);
    dni_probe_options batches = {.struct_size = sizeof batches, .batch = 50, .steps = 4000};
    report = classify(context, inputs[i], &y, &batches);
    EXPECT(report.loss < least + 5e-3 && report.steps == 4000, "in batches %.9g, least %.9g",
           report.loss, least);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(classifier_of_odd_shapes) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_probe_options few = {.struct_size = sizeof few, .steps = 300};
  dni_matrix one = matrix_random(dtype, 1, 4), one_y = matrix_one_hot(dtype, 1, 3);
  EXPECT(classify(context, &one, &one_y, &few).accuracy == 1, "one row");
  dni_matrix h = matrix_random(dtype, 5, 2), wide = matrix_filled(dtype, 5, 7, 0);
  for (size_t r = 0; r < 5; r++)
    matrix_set(&wide, r, 6 - r, 1);
  EXPECT(classify(context, &h, &wide, &few).accuracy >= 0.4, "more classes than rows");
  dni_matrix constant = matrix_filled(dtype, 10, 2, 3e30), y = matrix_filled(dtype, 10, 2, 0);
  for (size_t r = 0; r < 10; r++)
    matrix_set(&y, r, r < 7, 1);
  few.learning_rate = 0.05;
  dni_probe_report report = classify(context, &constant, &y, &few);
  EXPECT(report.accuracy == 0.7, "accuracy %g of the most frequent class", report.accuracy);
  expect_close(report.loss, -0.7 * log(0.7) - 0.3 * log(0.3), 1e-4, "entropy of the classes");
  for (uint64_t steps = 1; steps < 12; steps++) {
    few.steps = steps;
    EXPECT(classify(context, &h, &wide, &few).steps == steps, "%llu steps",
           (unsigned long long)steps);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(steps_by_default) {
  dni_context *context = support_context(DNI_F32);
  dni_matrix h = matrix_random(DNI_F32, 130, 2), y = matrix_one_hot(DNI_F32, 130, 2);
  dni_probe_options options = {.struct_size = sizeof options, .batch = 2};
  EXPECT(classify(context, &h, &y, &options).steps == 1300, "not 20 passes");
  options.batch = 3; /* 43 batches and a rest */
  EXPECT(classify(context, &h, &y, &options).steps == 1000, "not 1000");
  options.batch = 131;
  EXPECT(classify(context, &h, &y, &options).steps == 1000, "not 1000");
  dni_context_release(context);
}
END_TEST

/* Numbers whose squares, and differences, leave the range. */
START_TEST(classifier_of_extreme_numbers) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  double most = dtype == DNI_F32 ? FLT_MAX : DBL_MAX;
  dni_matrix h = matrix_make(dtype, 8, 2), y = matrix_filled(dtype, 8, 2, 0);
  for (size_t r = 0; r < 8; r++) {
    matrix_set(&h, r, 0, r % 2 ? most : -most);
    matrix_set(&h, r, 1, r < 4 ? 1e-40 : 1e-38);
    matrix_set(&y, r, r % 2, 1);
  }
  EXPECT(classify(context, &h, &y, NULL).accuracy == 1, "not separated");
  dni_context_release(context);
}
END_TEST

/* The order of rows comes from the options' seed alone, and nothing is drawn from the context. */
START_TEST(same_seed_same_probe) {
  dni_dtype dtype = support_dtypes[_i];
  dni_matrix h = matrix_random(dtype, 90, 5), y = matrix_one_hot(dtype, 90, 3);
  dni_probe_options options = {.struct_size = sizeof options, .batch = 16, .steps = 200};
  dni_probe_report reports[4];
  dni_context *context = support_context(dtype);
  for (size_t i = 0; i < 4; i++) {
    options.seed = i < 2 ? 5 : 6 + i;
    reports[i] = classify(context, &h, &y, &options);
  }
  EXPECT(reports[0].loss == reports[1].loss, "%g, then %g", reports[0].loss, reports[1].loss);
  EXPECT(reports[0].loss != reports[2].loss && reports[2].loss != reports[3].loss,
         "%g with every seed", reports[0].loss);
  dni_context *fresh = support_context(dtype);
  dni_layer *after = NULL, *first = NULL;
  EXPECT_OK(dni_layer_create_dense(context, 3, 2, DNI_ACTIVATION_RELU, &after));
  EXPECT_OK(dni_layer_create_dense(fresh, 3, 2, DNI_ACTIVATION_RELU, &first));
  dni_matrix weight, same;
  EXPECT_OK(dni_layer_parameter(after, 0, &weight, NULL));
  EXPECT_OK(dni_layer_parameter(first, 0, &same, NULL));
  matrix_expect_same(&weight, &same, "weights drawn after the probes");
  dni_layer_release(after);
  dni_layer_release(first);
  dni_context_release(fresh);
  dni_context_release(context);
}
END_TEST

typedef struct classifier_call {
  dni_context *context;
  dni_matrix h, y;
} classifier_call;

static dni_status call_classifier(void *argument) {
  classifier_call *call = argument;
  dni_probe_options options = {.struct_size = sizeof options, .steps = 3};
  dni_probe_report report = {.struct_size = sizeof report, .loss = -9};
  dni_status status =
      dni_analysis_classifier_probe(call->context, &call->h, &call->y, &options, &report);
  EXPECT(status == DNI_OK || report.loss == -9, "written by a failed call");
  return status;
}

START_TEST(classifier_refusals) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_matrix h = matrix_random(dtype, 6, 4), y = matrix_one_hot(dtype, 6, 3);
  dni_matrix more = matrix_one_hot(dtype, 7, 3), none = matrix_make(dtype, 0, 4);
  dni_matrix none_y = matrix_make(dtype, 0, 3), narrow = matrix_make(dtype, 6, 0);
  dni_matrix other = matrix_random(support_dtypes[1 - _i], 6, 4);
  dni_probe_report out = {.struct_size = sizeof out, .loss = -9};
  EXPECT_ARGUMENT(dni_analysis_classifier_probe(NULL, &h, &y, NULL, &out));
  EXPECT_ARGUMENT(dni_analysis_classifier_probe(context, NULL, &y, NULL, &out));
  EXPECT_ARGUMENT(dni_analysis_classifier_probe(context, &h, NULL, NULL, &out));
  EXPECT_ARGUMENT(dni_analysis_classifier_probe(context, &h, &y, NULL, NULL));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "classifier probe: y has 7 rows",
                 dni_analysis_classifier_probe(context, &h, &more, NULL, &out));
  EXPECT_ARGUMENT(dni_analysis_classifier_probe(context, &none, &none_y, NULL, &out));
  EXPECT_ARGUMENT(dni_analysis_classifier_probe(context, &narrow, &y, NULL, &out));
  EXPECT_ARGUMENT(dni_analysis_classifier_probe(context, &h, &narrow, NULL, &out));
  EXPECT_ARGUMENT(dni_analysis_classifier_probe(context, &other, &y, NULL, &out));
  dni_matrix single = matrix_filled(dtype, 6, 1, 1);
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "1 class",
                 dni_analysis_classifier_probe(context, &h, &single, NULL, &out));
  static const double rates[] = {-1, NAN, INFINITY};
  for (size_t i = 0; i < 3; i++) {
    dni_probe_options wrong = {.struct_size = sizeof wrong, .learning_rate = rates[i]};
    EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "learning rate",
                   dni_analysis_classifier_probe(context, &h, &y, &wrong, &out));
  }
  struct {
    dni_probe_options known;
    size_t unknown;
  } longer = {{.struct_size = sizeof longer, .steps = 1}, 1};
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED,
                dni_analysis_classifier_probe(context, &h, &y, &longer.known, &out));
  dni_probe_options bad = {.struct_size = 4};
  EXPECT_ARGUMENT(dni_analysis_classifier_probe(context, &h, &y, &bad, &out));
  dni_probe_options wild = {.struct_size = sizeof wild, .learning_rate = support_most(dtype)};
  EXPECT_MESSAGE(DNI_ERROR_NON_FINITE, "diverged",
                 dni_analysis_classifier_probe(context, &h, &y, &wild, &out));
  classifier_call call = {context, h, y};
  EXPECT(run_out_of_memory(call_classifier, &call) > 10, "few blocks");
  matrix_set(&h, 5, 1, NAN);
  EXPECT_MESSAGE(DNI_ERROR_DATA, "h: row 5, column 1",
                 dni_analysis_classifier_probe(context, &h, &y, NULL, &out));
  EXPECT(out.loss == -9, "written by a refused call");
  out.struct_size = 8;
  EXPECT_ARGUMENT(dni_analysis_classifier_probe(context, &h, &y, NULL, &out));
  dni_context_release(context);
}
END_TEST

/* Regressor. --------------------------------------------------------------------------------- */

enum { MOST = 80 };

/* Take from `v` what lies along `q`, a vector of length 1; twice, against rounding. */
static void project_out(long double *v, const long double *q, size_t rows) {
  for (int again = 0; again < 2; again++) {
    long double product = 0;
    for (size_t r = 0; r < rows; r++)
      product += v[r] * q[r];
    for (size_t r = 0; r < rows; r++)
      v[r] -= product * q[r];
  }
}

static long double length(const long double *v, size_t rows) {
  long double square = 0;
  for (size_t r = 0; r < rows; r++)
    square += v[r] * v[r];
  return sqrtl(square);
}

static void column_of(const dni_matrix *view, size_t column, long double *out) {
  for (size_t r = 0; r < view->rows; r++)
    out[r] = matrix_get(view, r, column);
}

/* Gram-Schmidt on (1, h); the residual of x is what none of them reaches. */
static double mse_reference(const dni_matrix *h, const dni_matrix *x, size_t *rank) {
  static long double q[MOST + 1][MOST], v[MOST];
  size_t rows = h->rows, count = 1;
  for (size_t r = 0; r < rows; r++)
    q[0][r] = 1 / sqrtl((long double)rows);
  for (size_t c = 0; c < h->columns; c++) {
    column_of(h, c, v);
    long double before = length(v, rows);
    for (size_t k = 0; k < count; k++)
      project_out(v, q[k], rows);
    if (length(v, rows) <= 1e-7L * before) continue;
    for (size_t r = 0; r < rows; r++)
      q[count][r] = v[r] / length(v, rows);
    count++;
  }
  long double sum = 0;
  for (size_t c = 0; c < x->columns; c++) {
    column_of(x, c, v);
    for (size_t k = 0; k < count; k++)
      project_out(v, q[k], rows);
    sum += length(v, rows) * length(v, rows);
  }
  *rank = count - 1;
  return (double)(sum / (long double)(rows * x->columns));
}

static double regress(dni_context *context, const dni_matrix *h, const dni_matrix *x,
                      size_t *rank) {
  double mse = -9;
  EXPECT_OK(dni_analysis_regressor_probe(context, h, x, &mse, rank));
  EXPECT(mse >= 0 && isfinite(mse), "mse %g", mse);
  return mse;
}

static void expect_regression(dni_context *context, const dni_matrix *h, const dni_matrix *x,
                              double tolerance) {
  size_t rank = 99, known_rank;
  double known = mse_reference(h, x, &known_rank), mse = regress(context, h, x, &rank);
  EXPECT(fabs(mse - known) <= tolerance * known + 1e-25, "mse %.17g, expected %.17g", mse, known);
  EXPECT(rank == known_rank, "rank %zu, expected %zu", rank, known_rank);
}

START_TEST(regressor_equals_least_squares) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  static const size_t shapes[][3] = {{3, 1, 1}, {20, 4, 3}, {80, 33, 17}, {41, 39, 5}};
  for (size_t s = 0; s < 4; s++) {
    dni_matrix h = matrix_random(dtype, shapes[s][0], shapes[s][1]);
    dni_matrix x = matrix_random(dtype, shapes[s][0], shapes[s][2]);
    for (size_t r = 0; r < x.rows; r++) { /* x depends on h; scales and offsets differ */
      matrix_set(&x, r, 0, 100 + 30 * matrix_get(&h, r, 0) + matrix_get(&x, r, 0));
      matrix_set(&h, r, h.columns - 1, 1e-6 * matrix_get(&h, r, h.columns - 1) + 1e-3);
    }
    expect_regression(context, &h, &x, 1e-9);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(dependent_columns_change_nothing) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_matrix h = matrix_random(dtype, 60, 7), x = matrix_random(dtype, 60, 4);
  dni_matrix more = matrix_make(dtype, 60, 12);
  for (size_t r = 0; r < 60; r++)
    for (size_t c = 0; c < 12; c++) {
      double value = c < 7 ? matrix_get(&h, r, c) : 4 * matrix_get(&h, r, c - 7) - 8;
      if (c == 10) value = 5;
      if (c == 11) value = matrix_get(&h, r, 2) + matrix_get(&h, r, 4) - matrix_get(&h, r, 6);
      if (c == 7) value = matrix_get(&h, r, 0);
      matrix_set(&more, r, 11 - c, value);
    }
  size_t rank;
  double mse = regress(context, &h, &x, &rank), same;
  EXPECT(rank == 7, "rank %zu of 7", rank);
  same = regress(context, &more, &x, &rank);
  EXPECT(rank == 7, "rank %zu with dependent columns", rank);
  expect_close(same, mse, support_tolerance(dtype, 1e-6, 1e-12), "mse");
  double alone = -9;
  EXPECT_OK(dni_analysis_regressor_probe(context, &h, &x, &alone, NULL));
  EXPECT(alone == mse, "%g without rank", alone);
  dni_context_release(context);
}
END_TEST

START_TEST(linear_data_leave_nothing) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_matrix h = matrix_random(dtype, 300, 6), x = matrix_make(dtype, 300, 2);
  for (size_t r = 0; r < 300; r++) {
    matrix_set(&x, r, 0, 3 + matrix_get(&h, r, 1) - 2 * matrix_get(&h, r, 4));
    matrix_set(&x, r, 1, 1e3 * matrix_get(&h, r, 0));
  }
  size_t rank;
  double mse = regress(context, &h, &x, &rank);
  EXPECT(mse < support_tolerance(dtype, 1e-8, 1e-25) && rank == 6, "mse %g, rank %zu", mse, rank);
  dni_matrix wide = matrix_random(dtype, 12, 40), any = matrix_random(dtype, 12, 9);
  mse = regress(context, &wide, &any, &rank);
  EXPECT(mse < 1e-24 && rank == 11, "more units than rows: mse %g, rank %zu", mse, rank);
  dni_matrix one = matrix_random(dtype, 1, 3), one_x = matrix_random(dtype, 1, 2);
  mse = regress(context, &one, &one_x, &rank);
  EXPECT(mse == 0 && rank == 0, "one row: mse %g, rank %zu", mse, rank);
  dni_context_release(context);
}
END_TEST

/* Then the error is the variance of x. */
START_TEST(nothing_to_regress_on) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_matrix constant = matrix_filled(dtype, 4, 3, 0.1), x = matrix_make(dtype, 4, 2);
  for (size_t r = 0; r < 4; r++) {
    matrix_set(&x, r, 0, r % 2 ? 6 : 2); /* variance 4 */
    matrix_set(&x, r, 1, 1e6);           /* variance 0 */
  }
  size_t rank;
  expect_close(regress(context, &constant, &x, &rank), 2, 1e-14, "mse");
  EXPECT(rank == 0, "rank %zu of constants", rank);
  double most = dtype == DNI_F32 ? FLT_MAX : DBL_MAX;
  dni_matrix extreme = matrix_make(dtype, 4, 1), orthogonal = matrix_make(dtype, 4, 1);
  for (size_t r = 0; r < 4; r++) {
    matrix_set(&extreme, r, 0, r % 2 ? most : -most);
    matrix_set(&orthogonal, r, 0, r < 2 ? 1 : -1);
  }
  expect_close(regress(context, &extreme, &x, &rank), 0, 1e-14, "mse on extreme numbers");
  double mse = regress(context, &orthogonal, &extreme, &rank);
  if (dtype == DNI_F32) expect_close(mse / most / most, 1, 1e-12, "mse of extreme numbers");
  EXPECT(dtype == DNI_F32 || mse == DBL_MAX, "%g is not the nearest finite number", mse);
  dni_context_release(context);
}
END_TEST

typedef struct regressor_call {
  dni_context *context;
  dni_matrix h, x;
} regressor_call;

static dni_status call_regressor(void *argument) {
  regressor_call *call = argument;
  double mse = -9;
  size_t rank = 99;
  dni_status status = dni_analysis_regressor_probe(call->context, &call->h, &call->x, &mse, &rank);
  EXPECT(status == DNI_OK || (mse == -9 && rank == 99), "written by a failed call");
  return status;
}

START_TEST(regressor_refusals) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_matrix h = matrix_random(dtype, 6, 4), x = matrix_random(dtype, 6, 3);
  dni_matrix more = matrix_random(dtype, 7, 3), none = matrix_make(dtype, 0, 4);
  dni_matrix narrow = matrix_make(dtype, 6, 0), other = matrix_random(support_dtypes[1 - _i], 6, 4);
  double mse = -9;
  size_t rank = 99;
  EXPECT_ARGUMENT(dni_analysis_regressor_probe(NULL, &h, &x, &mse, &rank));
  EXPECT_ARGUMENT(dni_analysis_regressor_probe(context, NULL, &x, &mse, &rank));
  EXPECT_ARGUMENT(dni_analysis_regressor_probe(context, &h, NULL, &mse, &rank));
  EXPECT_ARGUMENT(dni_analysis_regressor_probe(context, &h, &x, NULL, &rank));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "regressor probe: x has 7 rows",
                 dni_analysis_regressor_probe(context, &h, &more, &mse, &rank));
  EXPECT_ARGUMENT(dni_analysis_regressor_probe(context, &none, &none, &mse, &rank));
  EXPECT_ARGUMENT(dni_analysis_regressor_probe(context, &narrow, &x, &mse, &rank));
  EXPECT_ARGUMENT(dni_analysis_regressor_probe(context, &h, &narrow, &mse, &rank));
  EXPECT_ARGUMENT(dni_analysis_regressor_probe(context, &h, &other, &mse, &rank));
  regressor_call call = {context, h, x};
  EXPECT(run_out_of_memory(call_regressor, &call) == 11, "more or fewer blocks than eleven");
  matrix_set(&x, 4, 2, INFINITY);
  EXPECT_MESSAGE(DNI_ERROR_DATA, "x: row 4, column 2",
                 dni_analysis_regressor_probe(context, &h, &x, &mse, &rank));
  matrix_set(&h, 3, 0, NAN);
  EXPECT_MESSAGE(DNI_ERROR_DATA, "h: row 3, column 0",
                 dni_analysis_regressor_probe(context, &h, &x, &mse, &rank));
  EXPECT(mse == -9 && rank == 99, "written by a refused call");
  dni_context_release(context);
}
END_TEST

static Suite *probes_suite(void) {
  Suite *suite = suite_create("probes");
  TCase *classifier = tcase_create("classifier");
  tcase_add_checked_fixture(classifier, support_setup, support_teardown);
  tcase_add_loop_test(classifier, separable_data_are_separated, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(classifier, random_labels_reach_the_least_loss, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(classifier, classifier_of_odd_shapes, 0, SUPPORT_DTYPES);
  tcase_add_test(classifier, steps_by_default);
  tcase_add_loop_test(classifier, classifier_of_extreme_numbers, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(classifier, same_seed_same_probe, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(classifier, classifier_refusals, 0, SUPPORT_DTYPES);
  suite_add_tcase(suite, classifier);
  TCase *regressor = tcase_create("regressor");
  tcase_add_checked_fixture(regressor, support_setup, support_teardown);
  tcase_add_loop_test(regressor, regressor_equals_least_squares, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(regressor, dependent_columns_change_nothing, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(regressor, linear_data_leave_nothing, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(regressor, nothing_to_regress_on, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(regressor, regressor_refusals, 0, SUPPORT_DTYPES);
  suite_add_tcase(suite, regressor);
  return suite;
}

int main(void) {
  return support_run(probes_suite());
}

/* Kernels that layers reach only in part: exp and tanh against libm over their whole range, inputs
 * of one-hot rows against sums in double, the largest of a row; on every element type and
 * instruction set. */
#include "math/kernels.h"

#include "support/support.h"

/* Element type and instruction set number `index`; NULL if this processor lacks it. */
enum { TABLES = 6 };

static const dni__kernels *find(int index, dni_dtype *dtype) {
  static const int32_t sets[] = {DNI_INSTRUCTIONS_BASELINE, DNI_INSTRUCTIONS_AVX2,
                                 DNI_INSTRUCTIONS_AVX512};
  *dtype = support_dtypes[index % 2];
  return dni__kernels_find(*dtype, sets[index / 2]);
}

/* exp and tanh. ------------------------------------------------------------------------------ */

enum { POINTS = 4096 };

/* The distance from a number of the element type to the next, at this size. */
static double spacing(dni_dtype dtype, double value) {
  double size = fabs(value);
  return dtype == DNI_F32 ? (double)nextafterf((float)size, INFINITY) - (double)(float)size
                          : nextafter(size, INFINITY) - size;
}

static double exact(dni_activation activation, double x) {
  return activation == DNI_ACTIVATION_TANH ? tanh(x) : (double)(1 / (1 + expl(-(long double)x)));
}

/* Both ways to the activation, within 4 units in the last place of what libm has in double. */
static void check_points(const dni__kernels *kernels, const dni_matrix *x,
                         dni_activation activation) {
  dni_matrix y = matrix_make(x->dtype, 1, x->columns), z = matrix_convert(x, x->dtype);
  dni_matrix bias = matrix_filled(x->dtype, 1, x->columns, 0);
  kernels->activation(1, x->columns, x->data, x->stride, y.data, y.stride, activation);
  kernels->bias_activation(1, x->columns, z.data, z.stride, bias.data, activation);
  matrix_expect_same(&z, &y, "with bias 0");
  for (size_t c = 0; c < x->columns; c++) {
    double at = matrix_get(x, 0, c), got = matrix_get(&y, 0, c), expected = exact(activation, at);
    double error = fabs(got - expected) / spacing(x->dtype, expected);
    EXPECT(error <= 4, "%s, activation %d of %.17g: %.17g, expected %.17g", kernels->name,
           (int)activation, at, got, expected);
  }
}

START_TEST(activations_are_accurate) {
  dni_dtype dtype;
  const dni__kernels *kernels = find(_i, &dtype);
  if (!kernels) return;
  dni_matrix x = matrix_make(dtype, 1, POINTS);
  for (int activation = DNI_ACTIVATION_TANH; activation <= DNI_ACTIVATION_SIGMOID; activation++) {
    /* evenly, then from tiny numbers to large ones; a sigmoid below e^-87 is no normal float */
    double most = dtype == DNI_F32 ? 87 : 700;
    for (double range = 0.01; range <= most;
         range = range * 3 < most || range == most ? range * 3 : most) {
      for (size_t c = 0; c < POINTS; c++)
        matrix_set(&x, 0, c, support_uniform(-range, range));
      check_points(kernels, &x, (dni_activation)activation);
    }
    for (size_t c = 0; c < POINTS; c++)
      matrix_set(&x, 0, c, (c % 2 ? 1 : -1) * pow(2, -30 + 36.0 * (double)c / POINTS));
    check_points(kernels, &x, (dni_activation)activation);
  }
}
END_TEST

START_TEST(activations_at_the_ends) {
  dni_dtype dtype;
  const dni__kernels *kernels = find(_i, &dtype);
  if (!kernels) return;
  static const double ends[] = {INFINITY, -INFINITY, NAN, -NAN, 0, 1e4, -1e4, 1e30, -1e30, 21, -21};
  enum { ENDS = sizeof ends / sizeof ends[0] };
  dni_matrix x = matrix_make(dtype, 1, ENDS), y = matrix_make(dtype, 1, ENDS);
  for (size_t c = 0; c < ENDS; c++)
    matrix_set(&x, 0, c, ends[c]);
  kernels->activation(1, ENDS, x.data, x.stride, y.data, y.stride, DNI_ACTIVATION_TANH);
  for (size_t c = 0; c < ENDS; c++)
    expect_close(matrix_get(&y, 0, c), tanh(ends[c]), 0, "tanh");
  kernels->activation(1, ENDS, x.data, x.stride, y.data, y.stride, DNI_ACTIVATION_SIGMOID);
  for (size_t c = 0; c < ENDS; c++)
    expect_close(matrix_get(&y, 0, c), exact(DNI_ACTIVATION_SIGMOID, ends[c]), 1e-6, "sigmoid");
  expect_close(matrix_get(&y, 0, 0), 1, 0, "sigmoid of infinity");
  expect_close(matrix_get(&y, 0, 8), 0, 0, "sigmoid of -1e30");
}
END_TEST

/* One-hot rows. ------------------------------------------------------------------------------ */

static bool one_hot(const dni__kernels *kernels, const dni_matrix *x, unsigned char *class_of) {
  return kernels->one_hot(x->rows, x->columns, x->data, x->stride, class_of);
}

START_TEST(one_hot_rows_are_recognised) {
  dni_dtype dtype;
  const dni__kernels *kernels = find(_i, &dtype);
  if (!kernels) return;
  static const size_t classes[] = {1, 2, 10, 16, 17, 31, DNI_ONE_HOT_MOST};
  static const double others[] = {0.5, -1, 2, 1 + 1e-6, 1e-30, NAN, INFINITY};
  unsigned char class_of[9];
  for (size_t k = 0; k < 7; k++) {
    dni_matrix x = matrix_one_hot(dtype, 9, classes[k]);
    EXPECT(one_hot(kernels, &x, class_of), "one-hot rows of %zu", classes[k]);
    for (size_t r = 0; r < 9; r++)
      EXPECT(matrix_get(&x, r, class_of[r]) == 1, "class %d of row %zu", class_of[r], r);
    size_t row = support_random() % 9, last = classes[k] - 1;
    size_t where = class_of[row];
    matrix_set(&x, row, where, 0);
    EXPECT(!one_hot(kernels, &x, class_of), "a row of zeros");
    for (size_t o = 0; o < 7; o++) {
      matrix_set(&x, row, where, others[o]);
      EXPECT(!one_hot(kernels, &x, class_of), "%g in place of 1", others[o]);
    }
    matrix_set(&x, row, where, 1);
    if (last == 0) continue;
    size_t zero = where == last ? 0 : last;
    for (size_t o = 0; o < 8; o++) {
      matrix_set(&x, row, zero, o < 7 ? others[o] : 1);
      EXPECT(!one_hot(kernels, &x, class_of), "another number beside 1");
    }
    matrix_set(&x, row, zero, -0.0);
    EXPECT(one_hot(kernels, &x, class_of), "-0 beside 1");
  }
}
END_TEST

typedef struct shape {
  size_t rows, columns, classes;
} shape;

/* The table holds 4,096 numbers: one block of columns, and several. */
static const shape shapes[] = {{1, 1, 1}, {5, 7, 3}, {33, 70, 10}, {64, 512, 10}, {17, 101, 128}};
enum { SHAPES = 5 };

static void check_forward(const dni__kernels *kernels, dni_dtype dtype, const shape *size,
                          dni_activation activation) {
  dni_matrix x = matrix_one_hot(dtype, size->rows, size->classes);
  dni_matrix z = matrix_random(dtype, size->rows, size->columns), got = matrix_convert(&z, dtype);
  dni_matrix weight = matrix_random(dtype, size->columns, size->classes);
  dni_matrix bias = matrix_random(dtype, 1, size->columns);
  unsigned char class_of[64];
  EXPECT(one_hot(kernels, &x, class_of), "one-hot rows");
  kernels->one_hot_forward(size->rows, size->columns, got.data, got.stride, bias.data,
                           size->classes, class_of, weight.data, weight.stride, activation);
  for (size_t r = 0; r < size->rows; r++)
    for (size_t c = 0; c < size->columns; c++) {
      double sum =
          matrix_get(&z, r, c) + matrix_get(&bias, 0, c) + matrix_get(&weight, c, class_of[r]);
      double value = activation == DNI_ACTIVATION_RELU ? fmax(sum, 0) : sum;
      expect_close(matrix_get(&got, r, c), value, support_tolerance(dtype, 1e-6, 1e-15), "z");
    }
}

static void check_backward(const dni__kernels *kernels, dni_dtype dtype, const shape *size,
                           dni_activation activation, double beta) {
  const double alpha = 0.25;
  dni_matrix x = matrix_one_hot(dtype, size->rows, size->classes);
  dni_matrix y = matrix_random(dtype, size->rows, size->columns);
  dni_matrix dy = matrix_random(dtype, size->rows, size->columns);
  dni_matrix dz = matrix_convert(&dy, DNI_F64), sums = matrix_random(dtype, 1, size->columns);
  dni_matrix gradient = matrix_random(dtype, size->columns, size->classes);
  dni_matrix expected = matrix_convert(&gradient, DNI_F64), totals = matrix_convert(&sums, DNI_F64);
  unsigned char class_of[64];
  if (beta == 0) { /* what was there is not read */
    matrix_fill(&gradient, NAN);
    matrix_fill(&sums, NAN);
  }
  EXPECT(one_hot(kernels, &x, class_of), "one-hot rows");
  bool relu = activation == DNI_ACTIVATION_RELU;
  for (size_t c = 0; c < size->columns; c++) {
    matrix_set(&totals, 0, c, beta * matrix_get(&totals, 0, c));
    for (size_t k = 0; k < size->classes; k++)
      matrix_set(&expected, c, k, beta * matrix_get(&expected, c, k));
    for (size_t r = 0; r < size->rows; r++) {
      if (relu && matrix_get(&y, r, c) <= 0) matrix_set(&dz, r, c, 0);
      double part = alpha * matrix_get(&dz, r, c);
      matrix_set(&totals, 0, c, matrix_get(&totals, 0, c) + part);
      matrix_set(&expected, c, class_of[r], matrix_get(&expected, c, class_of[r]) + part);
    }
  }
  kernels->one_hot_backward(size->rows, size->columns, relu ? y.data : NULL, y.stride, dy.data,
                            dy.stride, activation, alpha, beta, sums.data, size->classes, class_of,
                            gradient.data, gradient.stride);
  double tolerance = support_tolerance(dtype, 2e-6, 1e-14);
  matrix_expect_close(&dy, &dz, 0, "dz");
  matrix_expect_close(&sums, &totals, tolerance, "column sums");
  matrix_expect_close(&gradient, &expected, tolerance, "gradient");
}

START_TEST(one_hot_rows_pick_columns) {
  dni_dtype dtype;
  const dni__kernels *kernels = find(_i, &dtype);
  if (!kernels) return;
  for (size_t s = 0; s < SHAPES; s++)
    for (int activation = DNI_ACTIVATION_IDENTITY; activation <= DNI_ACTIVATION_RELU;
         activation++) {
      check_forward(kernels, dtype, &shapes[s], (dni_activation)activation);
      check_backward(kernels, dtype, &shapes[s], (dni_activation)activation, 0);
      check_backward(kernels, dtype, &shapes[s], (dni_activation)activation, 1);
    }
}
END_TEST

/* A NaN in z, or in dz, shows in its row, or in its column's gradient and sum. */
START_TEST(one_hot_rows_pass_nan) {
  dni_dtype dtype;
  const dni__kernels *kernels = find(_i, &dtype);
  if (!kernels) return;
  dni_matrix x = matrix_one_hot(dtype, 4, 3), z = matrix_filled(dtype, 4, 20, 1);
  dni_matrix weight = matrix_random(dtype, 20, 3), bias = matrix_random(dtype, 1, 20);
  dni_matrix sums = matrix_make(dtype, 1, 20), gradient = matrix_make(dtype, 20, 3);
  unsigned char class_of[4];
  matrix_set(&z, 2, 18, NAN);
  EXPECT(one_hot(kernels, &x, class_of), "one-hot rows");
  kernels->one_hot_backward(4, 20, NULL, 0, z.data, z.stride, DNI_ACTIVATION_IDENTITY, 1, 0,
                            sums.data, 3, class_of, gradient.data, gradient.stride);
  EXPECT(isnan(matrix_get(&sums, 0, 18)) && isnan(matrix_get(&gradient, 18, class_of[2])),
         "NaN lost");
  EXPECT(!isnan(matrix_get(&sums, 0, 17)), "NaN spread");
  kernels->one_hot_forward(4, 20, z.data, z.stride, bias.data, 3, class_of, weight.data,
                           weight.stride, DNI_ACTIVATION_RELU);
  EXPECT(isnan(matrix_get(&z, 2, 18)) && !isnan(matrix_get(&z, 1, 18)), "NaN lost or spread");
}
END_TEST

/* The largest of a row. ---------------------------------------------------------------------- */

START_TEST(largest_of_a_row) {
  dni_dtype dtype;
  const dni__kernels *kernels = find(_i, &dtype);
  if (!kernels) return;
  for (size_t count = 1; count < 70; count++) {
    dni_matrix x = matrix_filled(dtype, 1, count, -3);
    EXPECT(kernels->largest(count, x.data) == 0, "the first of equal ones of %zu", count);
    for (size_t where = 0; where < count; where++) {
      matrix_set(&x, 0, where, -2);
      size_t got = kernels->largest(count, x.data);
      EXPECT(got == where, "%zu of %zu, expected %zu", got, count, where);
      matrix_set(&x, 0, count - 1, where + 1 < count ? -2 : NAN);
      got = kernels->largest(count, x.data);
      EXPECT(got == (where + 1 < count ? where : count), "first of two, or NaN: %zu", got);
      matrix_set(&x, 0, where, NAN);
      EXPECT(kernels->largest(count, x.data) == count, "NaN at %zu of %zu", where, count);
      matrix_fill(&x, -3);
    }
    matrix_fill(&x, -INFINITY);
    EXPECT(kernels->largest(count, x.data) == 0, "of infinities");
  }
}
END_TEST

/* Threads. ----------------------------------------------------------------------------------- */

/* What a layer, an estimator and an optimiser make of the same numbers, with work enough to be
 * shared: everything they write, one below the other. */
enum { SHARED_ROWS = 150, SHARED_UNITS = 1000, SHARED_PARTS = 7 };

static void run_shared(dni_dtype dtype, int32_t threads, dni_matrix *results) {
  dni_context *context = support_context(dtype);
  dni_layer *norm = NULL;
  dni_sg *sg = NULL;
  dni_optimiser *optimiser = NULL;
  dni_matrix value, gradient;
  EXPECT_OK(dni_backend_set_threads(dni_context_backend(context), threads));
  EXPECT_OK(dni_layer_create_batch_norm(context, SHARED_UNITS, &norm));
  EXPECT_OK(dni_sg_create_synthetic(context, SHARED_UNITS, 10, NULL, &sg));
  EXPECT_OK(dni_optimiser_create_adam(context, 0.01, &optimiser));
  EXPECT_OK(dni_optimiser_add_sg(optimiser, sg));
  dni_matrix x = matrix_make(dtype, SHARED_ROWS, SHARED_UNITS);
  dni_matrix labels = matrix_filled(dtype, SHARED_ROWS, 10, 0);
  for (size_t r = 0; r < SHARED_ROWS; r++) {
    matrix_set(&labels, r, 7 * r % 10, 1);
    for (size_t c = 0; c < SHARED_UNITS; c++)
      matrix_set(&x, r, c, sin((double)(r * SHARED_UNITS + c)));
  }
  for (size_t i = 0; i < 3; i++)
    results[i] = matrix_make(dtype, SHARED_ROWS, SHARED_UNITS);
  EXPECT_OK(dni_layer_forward(norm, DNI_MODE_TRAINING, &x, &results[0]));
  matrix_copy(&x, &results[1]);
  EXPECT_OK(dni_sg_learn(sg, &results[0], &labels, &x, NULL, NULL, NULL));
  EXPECT_OK(
      dni_layer_backward(norm, DNI_GRADIENT_REPLACE, &results[0], &x, &results[1], &results[1]));
  EXPECT_OK(dni_optimiser_step(optimiser));
  EXPECT_OK(dni_sg_estimate(sg, &results[0], &labels, NULL, &results[2]));
  for (size_t i = 0; i < 4; i++) {
    EXPECT_OK(i < 2 ? dni_sg_parameter(sg, i, &value, &gradient)
                    : dni_layer_parameter(norm, i, &value, NULL));
    results[3 + i] = matrix_convert(&value, dtype);
  }
  dni_optimiser_release(optimiser);
  dni_sg_release(sg);
  dni_layer_release(norm);
  dni_context_release(context);
}

START_TEST(threads_change_no_bit) {
  dni_matrix one[SHARED_PARTS], many[SHARED_PARTS];
  run_shared(support_dtypes[_i], 1, one);
  for (int32_t threads = 2; threads <= 3; threads++) {
    run_shared(support_dtypes[_i], threads, many);
    for (size_t i = 0; i < SHARED_PARTS; i++)
      matrix_expect_same(&many[i], &one[i], "with several threads");
  }
}
END_TEST

static Suite *kernels_suite(void) {
  Suite *suite = suite_create("kernels");
  TCase *all = tcase_create("all");
  tcase_add_checked_fixture(all, support_setup, support_teardown);
  tcase_add_loop_test(all, activations_are_accurate, 0, TABLES);
  tcase_add_loop_test(all, activations_at_the_ends, 0, TABLES);
  tcase_add_loop_test(all, one_hot_rows_are_recognised, 0, TABLES);
  tcase_add_loop_test(all, one_hot_rows_pick_columns, 0, TABLES);
  tcase_add_loop_test(all, one_hot_rows_pass_nan, 0, TABLES);
  tcase_add_loop_test(all, largest_of_a_row, 0, TABLES);
  tcase_add_loop_test(all, threads_change_no_bit, 0, SUPPORT_DTYPES);
  suite_add_tcase(suite, all);
  return suite;
}

int main(void) {
  return support_run(kernels_suite());
}

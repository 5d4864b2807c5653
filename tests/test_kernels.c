/* Kernels that layers reach only in part: exp and tanh against libm over their whole range, inputs
 * of one-hot rows against sums in double, the largest of a row; on every element type and
 * instruction set. */
#include "math/kernels.h"

#include "support/support.h"

/* Element type and instruction set number `index`; NULL if this processor lacks it. */
enum { TABLES = 6 };

static const dni__kernels *find(int index, dni_dtype *dtype) {
  static const dni_instructions sets[] = {DNI_INSTRUCTIONS_BASELINE, DNI_INSTRUCTIONS_AVX2,
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

static bool one_hot(const dni__kernels *kernels, const dni_matrix *x, int32_t *class_of) {
  return kernels->one_hot(x->rows, x->columns, x->data, x->stride, class_of);
}

START_TEST(one_hot_rows_are_recognised) {
  dni_dtype dtype;
  const dni__kernels *kernels = find(_i, &dtype);
  if (!kernels) return;
  static const size_t classes[] = {1, 2, 10, 16, 17, 31, DNI_ONE_HOT_MOST};
  static const double others[] = {0.5, -1, 2, 1 + 1e-6, 1e-30, NAN, INFINITY};
  int32_t class_of[9];
  for (size_t k = 0; k < 7; k++) {
    dni_matrix x = matrix_one_hot(dtype, 9, classes[k]);
    EXPECT(one_hot(kernels, &x, class_of), "one-hot rows of %zu", classes[k]);
    for (size_t r = 0; r < 9; r++)
      EXPECT(matrix_get(&x, r, (size_t)class_of[r]) == 1, "class %d of row %zu", class_of[r], r);
    size_t row = support_below(9), last = classes[k] - 1;
    size_t where = (size_t)class_of[row];
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
/* More classes than the quick case has, more rows than a block. */
static const shape large_shapes[] = {{9, 20, 129}, {40, 33, 1000}, {5000, 3, 4}, {4097, 17, 300}};
enum { LARGE_SHAPES = 4 };

/* Classes of rows as a view of labels has them: every `step`th number; others are no class. Freed
 * by the caller. */
static int32_t *make_classes(const shape *size, size_t step) {
  int32_t *classes = malloc(size->rows * step * sizeof *classes);
  ck_assert_ptr_nonnull(classes);
  for (size_t i = 0; i < size->rows * step; i++)
    classes[i] = i % step ? -7 : (int32_t)(support_random() % size->classes);
  return classes;
}

static void check_forward(const dni__kernels *kernels, dni_dtype dtype, const shape *size,
                          dni_activation activation, size_t step) {
  dni_matrix z = matrix_random(dtype, size->rows, size->columns), got = matrix_convert(&z, dtype);
  dni_matrix weight = matrix_random(dtype, size->columns, size->classes);
  dni_matrix bias = matrix_random(dtype, 1, size->columns);
  int32_t *class_of = make_classes(size, step);
  kernels->one_hot_forward(size->rows, size->columns, got.data, got.stride, bias.data,
                           size->classes, class_of, step, weight.data, weight.stride, activation);
  for (size_t r = 0; r < size->rows; r++)
    for (size_t c = 0; c < size->columns; c++) {
      double sum = matrix_get(&z, r, c) + matrix_get(&bias, 0, c) +
                   matrix_get(&weight, c, (size_t)class_of[r * step]);
      double value = activation == DNI_ACTIVATION_RELU ? fmax(sum, 0) : sum;
      expect_close(matrix_get(&got, r, c), value, support_tolerance(dtype, 1e-6, 1e-15), "z");
    }
  free(class_of);
}

static void check_backward(const dni__kernels *kernels, dni_dtype dtype, const shape *size,
                           dni_activation activation, double beta, size_t step) {
  const double alpha = 0.25;
  dni_matrix y = matrix_random(dtype, size->rows, size->columns);
  dni_matrix dy = matrix_random(dtype, size->rows, size->columns);
  dni_matrix dz = matrix_convert(&dy, DNI_F64), sums = matrix_random(dtype, 1, size->columns);
  dni_matrix gradient = matrix_random(dtype, size->columns, size->classes);
  dni_matrix expected = matrix_convert(&gradient, DNI_F64), totals = matrix_convert(&sums, DNI_F64);
  int32_t *class_of = make_classes(size, step);
  if (beta == 0) { /* what was there is not read */
    matrix_fill(&gradient, NAN);
    matrix_fill(&sums, NAN);
  }
  bool relu = activation == DNI_ACTIVATION_RELU;
  for (size_t c = 0; c < size->columns; c++) {
    matrix_set(&totals, 0, c, beta * matrix_get(&totals, 0, c));
    for (size_t k = 0; k < size->classes; k++)
      matrix_set(&expected, c, k, beta * matrix_get(&expected, c, k));
    for (size_t r = 0; r < size->rows; r++) {
      size_t class = (size_t)class_of[r * step];
      if (relu && matrix_get(&y, r, c) <= 0) matrix_set(&dz, r, c, 0);
      double part = alpha * matrix_get(&dz, r, c);
      matrix_set(&totals, 0, c, matrix_get(&totals, 0, c) + part);
      matrix_set(&expected, c, class, matrix_get(&expected, c, class) + part);
    }
  }
  kernels->one_hot_backward(size->rows, size->columns, relu ? y.data : NULL, y.stride, dy.data,
                            dy.stride, activation, alpha, beta, sums.data, size->classes, class_of,
                            step, gradient.data, gradient.stride);
  double tolerance = support_tolerance(dtype, size->rows > 1000 ? 1e-5 : 2e-6, 1e-13);
  matrix_expect_close(&dy, &dz, 0, "dz");
  matrix_expect_close(&sums, &totals, tolerance, "column sums");
  matrix_expect_close(&gradient, &expected, tolerance, "gradient");
  free(class_of);
}

static void check_picking(const dni__kernels *kernels, dni_dtype dtype, const shape *size,
                          size_t step) {
  for (dni_activation activation = DNI_ACTIVATION_IDENTITY; activation <= DNI_ACTIVATION_RELU;
       activation++) {
    check_forward(kernels, dtype, size, activation, step);
    check_backward(kernels, dtype, size, activation, 0, step);
    check_backward(kernels, dtype, size, activation, 1, step);
  }
}

START_TEST(one_hot_rows_pick_columns) {
  dni_dtype dtype;
  const dni__kernels *kernels = find(_i, &dtype);
  if (!kernels) return;
  for (size_t i = 0; i < SHAPES; i++)
    check_picking(kernels, dtype, &shapes[i], 1 + i % 3);
  for (size_t i = 0; i < LARGE_SHAPES; i++)
    check_picking(kernels, dtype, &large_shapes[i], 1 + i % 2);
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
  int32_t class_of[4];
  matrix_set(&z, 2, 18, NAN);
  EXPECT(one_hot(kernels, &x, class_of), "one-hot rows");
  kernels->one_hot_backward(4, 20, NULL, 0, z.data, z.stride, DNI_ACTIVATION_IDENTITY, 1, 0,
                            sums.data, 3, class_of, 1, gradient.data, gradient.stride);
  EXPECT(isnan(matrix_get(&sums, 0, 18)) && isnan(matrix_get(&gradient, 18, (size_t)class_of[2])),
         "NaN lost");
  EXPECT(!isnan(matrix_get(&sums, 0, 17)), "NaN spread");
  kernels->one_hot_forward(4, 20, z.data, z.stride, bias.data, 3, class_of, 1, weight.data,
                           weight.stride, DNI_ACTIVATION_RELU);
  EXPECT(isnan(matrix_get(&z, 2, 18)) && !isnan(matrix_get(&z, 1, 18)), "NaN lost or spread");
}
END_TEST

/* One element after the other. ----------------------------------------------------------------- */

/* The normal distribution function and its density. */
static double phi(double x) {
  return 0.5 * erfc(-x / sqrt(2));
}

static double density(double x) {
  return exp(-x * x / 2) / sqrt(2 * acos(-1));
}

/* Numbers of both signs from tiny to large, 0 and -0 among them. */
static dni_matrix many_numbers(dni_dtype dtype, size_t rows, size_t columns) {
  dni_matrix x = matrix_random(dtype, rows, columns);
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++)
      matrix_set(&x, r, c, matrix_get(&x, r, c) * pow(10, (double)(c % 9) - 7));
  matrix_set(&x, 0, 0, 0);
  matrix_set(&x, 0, columns - 1, -0.0);
  return x;
}

START_TEST(leaky_relu_and_gelu) {
  dni_dtype dtype;
  const dni__kernels *kernels = find(_i, &dtype);
  if (!kernels) return;
  const double slope = 0.125, tolerance = support_tolerance(dtype, 4e-7, 1e-15);
  dni_matrix x = many_numbers(dtype, 5, 71), dy = matrix_random(dtype, 5, 71);
  dni_matrix y = matrix_make(dtype, 5, 71), dx = matrix_make(dtype, 5, 71);
  dni_matrix g = matrix_make(dtype, 5, 71), dg = matrix_make(dtype, 5, 71);
  kernels->leaky_relu(5, 71, x.data, x.stride, y.data, y.stride, slope);
  kernels->leaky_relu_backward(5, 71, y.data, y.stride, dy.data, dy.stride, dx.data, dx.stride,
                               slope);
  kernels->gelu(5, 71, x.data, x.stride, g.data, g.stride);
  kernels->gelu_backward(5, 71, x.data, x.stride, dy.data, dy.stride, dg.data, dg.stride);
  for (size_t r = 0; r < 5; r++)
    for (size_t c = 0; c < 71; c++) {
      double at = matrix_get(&x, r, c), d = matrix_get(&dy, r, c);
      expect_close(matrix_get(&y, r, c), at > 0 ? at : slope * at, 0, "leaky ReLU");
      expect_close(matrix_get(&dx, r, c), at > 0 ? d : slope * d, 0, "its derivative");
      expect_close(matrix_get(&g, r, c), at * phi(at), tolerance, "GELU");
      expect_close(matrix_get(&dg, r, c), d * (phi(at) + at * density(at)), 4 * tolerance,
                   "its derivative");
    }
  dni_matrix in_place = matrix_convert(&x, dtype);
  kernels->leaky_relu(5, 71, x.data, x.stride, x.data, x.stride, slope);
  matrix_expect_same(&x, &y, "leaky ReLU in place");
  kernels->gelu(5, 71, in_place.data, in_place.stride, in_place.data, in_place.stride);
  matrix_expect_same(&in_place, &g, "GELU in place");
}
END_TEST

START_TEST(dropped_and_weighted_rows) {
  dni_dtype dtype;
  const dni__kernels *kernels = find(_i, &dtype);
  if (!kernels) return;
  enum { LD_MASK = 75 };
  unsigned char mask[5 * LD_MASK];
  for (size_t i = 0; i < sizeof mask; i++)
    mask[i] = (unsigned char)(support_random() % 3);
  dni_matrix x = matrix_random(dtype, 5, 71), y = matrix_make(dtype, 5, 71);
  matrix_set(&x, 1, 3, NAN), mask[LD_MASK + 3] = 0; /* dropped, whatever it was */
  kernels->dropout(5, 71, x.data, x.stride, y.data, y.stride, mask, LD_MASK, 1.25);
  for (size_t r = 0; r < 5; r++)
    for (size_t c = 0; c < 71; c++)
      if (mask[r * LD_MASK + c])
        expect_close(matrix_get(&y, r, c), 1.25 * matrix_get(&x, r, c), 1e-7, "kept");
      else
        EXPECT(matrix_get(&y, r, c) == 0, "dropped: %g", matrix_get(&y, r, c));
  dni_matrix weights = matrix_random(dtype, 5, 1), m = matrix_convert(&y, dtype);
  kernels->scale_rows(5, 71, m.data, m.stride, weights.data, weights.stride);
  for (size_t r = 0; r < 5; r++)
    for (size_t c = 0; c < 71; c++)
      expect_close(matrix_get(&m, r, c), matrix_get(&weights, r, 0) * matrix_get(&y, r, c), 1e-7,
                   "weighted");
}
END_TEST

/* Against the definition: y of each row has mean 0 and variance 1 before scale and shift. */
START_TEST(layer_norm_by_definition) {
  dni_dtype dtype;
  const dni__kernels *kernels = find(_i, &dtype);
  if (!kernels) return;
  static const size_t widths[] = {1, 2, 7, 16, 33, 200};
  double tolerance = support_tolerance(dtype, 2e-5, 1e-13);
  for (size_t w = 0; w < 6; w++) {
    size_t columns = widths[w];
    dni_matrix x = matrix_random(dtype, 4, columns), y = matrix_make(dtype, 4, columns);
    dni_matrix scale = matrix_random(dtype, 1, columns), shift = matrix_random(dtype, 1, columns);
    double statistics[4 * 2]; /* room for either element type */
    kernels->layer_norm(4, columns, x.data, x.stride, y.data, y.stride, scale.data, shift.data,
                        1e-5, statistics);
    for (size_t r = 0; r < 4; r++) {
      double mean = 0, variance = 0;
      for (size_t c = 0; c < columns; c++)
        mean += matrix_get(&x, r, c) / (double)columns;
      for (size_t c = 0; c < columns; c++)
        variance += pow(matrix_get(&x, r, c) - mean, 2) / (double)columns;
      for (size_t c = 0; c < columns; c++) {
        double value = (matrix_get(&x, r, c) - mean) / sqrt(variance + 1e-5);
        expect_close(matrix_get(&y, r, c),
                     matrix_get(&scale, 0, c) * value + matrix_get(&shift, 0, c), tolerance, "y");
      }
    }
  }
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

/* What a layer, an SG and an optimiser make of the same numbers, with work enough to be
 * shared: everything they write, one below the other. */
enum { SHARED_ROWS = 150, SHARED_UNITS = 1000, SHARED_PARTS = 7 };

static void run_shared(dni_dtype dtype, size_t threads, dni_matrix *results) {
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
  EXPECT_OK(support_forward(norm, DNI_MODE_TRAINING, &x, &results[0]));
  matrix_copy(&x, &results[1]);
  EXPECT_OK(support_learn(sg, &results[0], &labels, &x, NULL, NULL, NULL));
  EXPECT_OK(
      support_backward(norm, DNI_GRADIENT_REPLACE, &results[0], &x, &results[1], &results[1]));
  EXPECT_OK(dni_optimiser_step(optimiser));
  EXPECT_OK(support_estimate(sg, &results[0], &labels, NULL, &results[2]));
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
  for (size_t threads = 2; threads <= 3; threads++) {
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
  tcase_add_loop_test(all, leaky_relu_and_gelu, 0, TABLES);
  tcase_add_loop_test(all, dropped_and_weighted_rows, 0, TABLES);
  tcase_add_loop_test(all, layer_norm_by_definition, 0, TABLES);
  tcase_add_loop_test(all, largest_of_a_row, 0, TABLES);
  tcase_add_loop_test(all, threads_change_no_bit, 0, SUPPORT_DTYPES);
  suite_add_tcase(suite, all);
  return suite;
}

int main(void) {
  return support_run(kernels_suite());
}

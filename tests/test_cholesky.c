/* Cholesky's factorisation by blocks, and solving with it, against Gaussian elimination in long
 * double: sizes around multiples of a block, columns that are left out, leading parts; and its kernel
 * on every instruction set. */
#include "sg/cholesky.h"
#include "support/support.h"

/* Making. ------------------------------------------------------------------------------------ */

typedef struct problem {
  size_t n, m;
  dni_matrix a, b; /* symmetric, positive definite [n][n]; right-hand sides [m][n] */
  dni__cholesky work;
  dni_matrix panel;
} problem;

/* A = Z^T Z / rows + I / 4, b of any numbers. */
static problem make_problem(dni_dtype dtype, size_t n, size_t m) {
  problem p = {.n = n, .m = m, .a = matrix_make(dtype, n, n), .b = matrix_random(dtype, m, n)};
  size_t rows = n / 2 + 3;
  dni_matrix z = matrix_random(dtype, rows, n);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) {
      double sum = 0;
      for (size_t r = 0; r < rows; r++)
        sum += matrix_get(&z, r, i) * matrix_get(&z, r, j) / (double)rows;
      matrix_set(&p.a, i, j, i == j ? sum + 0.25 : sum);
      matrix_set(&p.a, j, i, matrix_get(&p.a, i, j));
    }
  p.work.factor = matrix_make(dtype, n, n);
  p.work.inverses = matrix_make(dtype, n, DNI_CHOLESKY_BLOCK);
  p.work.least = matrix_filled(dtype, 1, n, 0);
  p.panel = matrix_make(dtype, n > m ? n : m, DNI_CHOLESKY_BLOCK);
  return p;
}

/* Only the lower triangle is given; what is above it is no number. */
static void factor(dni_context *context, const problem *p) {
  matrix_fill(&p->work.factor, NAN);
  for (size_t i = 0; i < p->n; i++)
    for (size_t j = 0; j <= i; j++)
      matrix_set(&p->work.factor, i, j, matrix_get(&p->a, i, j));
  EXPECT_OK(dni__cholesky_factor(context, context->backend, &p->work, &p->panel));
}

static dni_matrix solve(dni_context *context, const problem *p, size_t k) {
  dni_matrix x = matrix_make(p->b.dtype, p->m, k);
  for (size_t r = 0; r < p->m; r++)
    for (size_t c = 0; c < k; c++)
      matrix_set(&x, r, c, matrix_get(&p->b, r, c));
  EXPECT_OK(dni__cholesky_solve(context->backend, &p->work, &x, &p->panel));
  return x;
}

/* X A' = b for the columns of A that `kept` [k] names; 0 for the others. */
static dni_matrix solve_by_elimination(const problem *p, size_t k, const bool *kept) {
  size_t width = k + p->m;
  long double *a = calloc(k * width, sizeof *a);
  ck_assert_ptr_nonnull(a);
  for (size_t i = 0; i < k; i++) {
    for (size_t j = 0; j < k; j++)
      a[i * width + j] = kept[i] && kept[j] ? matrix_get(&p->a, i, j) : i == j;
    for (size_t r = 0; r < p->m; r++)
      a[i * width + k + r] = kept[i] ? matrix_get(&p->b, r, i) : 0;
  }
  for (size_t c = 0; c < k; c++)
    for (size_t i = c + 1; i < k; i++) {
      long double by = a[i * width + c] / a[c * width + c];
      for (size_t j = c; by != 0 && j < width; j++)
        a[i * width + j] -= by * a[c * width + j];
    }
  dni_matrix x = matrix_make(DNI_F64, p->m, k);
  for (size_t c = k; c-- > 0;)
    for (size_t r = 0; r < p->m; r++) {
      long double sum = a[c * width + k + r];
      for (size_t j = c + 1; j < k; j++)
        sum -= a[c * width + j] * matrix_get(&x, r, j);
      matrix_set(&x, r, c, (double)(sum / a[c * width + c]));
    }
  free(a);
  return x;
}

static bool *all_kept(size_t n) {
  bool *kept = malloc(n * sizeof *kept);
  ck_assert_ptr_nonnull(kept);
  for (size_t i = 0; i < n; i++)
    kept[i] = true;
  return kept;
}

/* Solving. ----------------------------------------------------------------------------------- */

static const size_t sizes[] = {1, 2, 63, 64, 65, 127, 128, 129, 200};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

START_TEST(solves) {
  dni_context *context = support_machine_context(_i % SUPPORT_MACHINES);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  size_t n = sizes[_i / SUPPORT_MACHINES];
  problem p = make_problem(dtype, n, n < 100 ? 7 : 1);
  bool *kept = all_kept(n);
  factor(context, &p);
  for (size_t k = n; k > 0; k = k > 64 ? k - 63 : k / 2) { /* leading parts */
    dni_matrix x = solve(context, &p, k), expected = solve_by_elimination(&p, k, kept);
    dni_matrix got = matrix_convert(&x, DNI_F64);
    matrix_expect_close(&got, &expected, support_tolerance(dtype, 2e-4, 1e-12), "solution");
  }
  free(kept);
  dni_context_release(context);
}
END_TEST

/* As large as least squares of 512 units and 10 classes. */
START_TEST(solves_a_large_one) {
  dni_context *context = support_context(support_dtypes[_i]);
  problem p = make_problem(support_dtypes[_i], 523, 3);
  bool *kept = all_kept(p.n);
  factor(context, &p);
  dni_matrix x = solve(context, &p, p.n), expected = solve_by_elimination(&p, p.n, kept);
  dni_matrix got = matrix_convert(&x, DNI_F64);
  matrix_expect_close(&got, &expected, support_tolerance(support_dtypes[_i], 1e-3, 1e-11), "large");
  free(kept);
  dni_context_release(context);
}
END_TEST

/* Columns that repeat others, and columns of zeros, are left out wherever they stand: the rest is
 * solved as if they were not there. */
START_TEST(leaves_dependent_columns_out) {
  static const size_t places[] = {0, 1, 62, 63, 64, 65, 127, 128, 139};
  enum { PLACES = sizeof places / sizeof places[0] };
  dni_dtype dtype = support_dtypes[_i % 2];
  dni_context *context = support_context(dtype);
  problem p = make_problem(dtype, 140, 3);
  bool *kept = all_kept(p.n);
  for (size_t i = 0; i < PLACES; i++) {
    size_t at = places[i], like = at - 1 - at / 3;
    if (_i / 2 == 0 && at < 2) continue; /* nothing before to repeat */
    kept[at] = false;
    for (size_t j = 0; j < p.n; j++) {
      double value = _i / 2    ? 0
                     : j == at ? matrix_get(&p.a, like, like)
                               : matrix_get(&p.a, like, j);
      matrix_set(&p.a, at, j, value);
      matrix_set(&p.a, j, at, value);
    }
  }
  for (size_t i = 0; i < p.n; i++)
    matrix_set(&p.work.least, 0, i, support_tolerance(dtype, 1e-5, 1e-13) * matrix_get(&p.a, i, i));
  factor(context, &p);
  dni_matrix x = solve(context, &p, p.n), expected = solve_by_elimination(&p, p.n, kept);
  dni_matrix got = matrix_convert(&x, DNI_F64);
  for (size_t c = 0; c < p.n; c++)
    if (!kept[c]) expect_close(matrix_get(&got, 0, c), 0, 0, "left out");
  matrix_expect_close(&got, &expected, support_tolerance(dtype, 2e-4, 1e-12), "the rest");
  free(kept);
  dni_context_release(context);
}
END_TEST

/* The kernel. -------------------------------------------------------------------------------- */

START_TEST(kernels_factor_and_invert) {
  static const dni_instructions sets[] = {DNI_INSTRUCTIONS_BASELINE, DNI_INSTRUCTIONS_AVX2,
                                          DNI_INSTRUCTIONS_AVX512};
  dni_dtype dtype = support_dtypes[_i % 2];
  const dni__kernels *kernels = dni__kernels_find(dtype, sets[_i / 2]);
  if (!kernels) return;
  for (size_t n = 1; n <= DNI_CHOLESKY_BLOCK; n++) {
    problem p = make_problem(dtype, n, 1);
    dni_matrix l = matrix_convert(&p.a, dtype), inverse = matrix_make(dtype, n, n);
    double tolerance = support_tolerance(dtype, 2e-5, 1e-13);
    for (size_t i = 0; i < n; i++)
      for (size_t j = i + 1; j < n; j++)
        matrix_set(&l, i, j, NAN);
    kernels->cholesky(n, l.data, l.stride, p.work.least.data, inverse.data, inverse.stride);
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++) {
        double product = 0, unit = 0;
        for (size_t k = 0; k <= (i < j ? i : j); k++)
          product += matrix_get(&l, i, k) * matrix_get(&l, j, k);
        for (size_t k = 0; k <= i; k++)
          unit += matrix_get(&l, i, k) * matrix_get(&inverse, k, j);
        expect_close(product, matrix_get(&p.a, i, j), tolerance, "L L^T");
        expect_close(unit, i == j, 10 * tolerance, "L L^-1");
        if (j > i) expect_close(matrix_get(&inverse, i, j), 0, 0, "above the diagonal");
        if (j > i) EXPECT(isnan(matrix_get(&l, i, j)), "written above the diagonal");
      }
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("cholesky");
  TCase *solving = tcase_create("solving");
  tcase_add_checked_fixture(solving, support_setup, support_teardown);
  tcase_set_timeout(solving, 120);
  tcase_add_loop_test(solving, solves, 0, SIZES * SUPPORT_MACHINES);
  tcase_add_loop_test(solving, solves_a_large_one, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(solving, leaves_dependent_columns_out, 0, 2 * SUPPORT_DTYPES);
  tcase_add_loop_test(solving, kernels_factor_and_invert, 0, 3 * SUPPORT_DTYPES);
  suite_add_tcase(suite, solving);
  return support_run(suite);
}

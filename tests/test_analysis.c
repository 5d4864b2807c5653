/* Comparing numbers: alignment, dissimilarity of representations, agreement. Against closed forms
 * and loops in long double. */
#include <float.h>

#include "analysis.h"

/* Alignment. --------------------------------------------------------------------------------- */

static dni_alignment align(const dni_matrix *estimate, const dni_matrix *truth) {
  dni_alignment known;
  memset(&known, 0xFF, sizeof known);
  known.struct_size = sizeof known;
  EXPECT_OK(dni_analysis_align(estimate, truth, &known));
  EXPECT(known.struct_size == sizeof known, "struct_size was changed");
  return known;
}

static int sign_of(double value) {
  return value > 0 ? 1 : value < 0 ? -1 : 0;
}

static dni_alignment align_reference(const dni_matrix *estimate, const dni_matrix *truth) {
  long double product = 0, e2 = 0, t2 = 0, d2 = 0, equal = 0;
  for (size_t r = 0; r < truth->rows; r++)
    for (size_t c = 0; c < truth->columns; c++) {
      long double e = matrix_get(estimate, r, c), t = matrix_get(truth, r, c);
      product += e * t, e2 += e * e, t2 += t * t, d2 += (e - t) * (e - t);
      equal += sign_of((double)e) == sign_of((double)t);
    }
  dni_alignment known = {.struct_size = sizeof known};
  known.cosine = (double)(product / sqrtl(e2 * t2));
  known.relative_error = (double)sqrtl(d2 / t2);
  known.sign_agreement = (double)(equal / (long double)(truth->rows * truth->columns));
  known.error_norm = (double)sqrtl(d2);
  known.estimate_norm = (double)sqrtl(e2);
  known.truth_norm = (double)sqrtl(t2);
  return known;
}

static void expect_alignment(const dni_alignment *actual, const dni_alignment *expected,
                             double tolerance) {
  expect_close(actual->cosine, expected->cosine, tolerance, "cosine");
  expect_close(actual->relative_error, expected->relative_error, tolerance, "relative error");
  expect_close(actual->sign_agreement, expected->sign_agreement, tolerance, "sign agreement");
  expect_close(actual->error_norm, expected->error_norm, tolerance, "error");
  expect_close(actual->estimate_norm, expected->estimate_norm, tolerance, "norm of estimate");
  expect_close(actual->truth_norm, expected->truth_norm, tolerance, "norm of truth");
}

START_TEST(alignment_follows_the_definition) {
  dni_dtype dtype = support_dtypes[_i];
  static const size_t shapes[][2] = {{1, 7}, {5, 1}, {13, 29}};
  for (size_t s = 0; s < 3; s++) {
    dni_matrix truth = matrix_random(dtype, shapes[s][0], shapes[s][1]);
    dni_matrix estimate = matrix_random(dtype, shapes[s][0], shapes[s][1]);
    matrix_set(&truth, 0, 0, 0);
    dni_alignment actual = align(&estimate, &truth), known = align_reference(&estimate, &truth);
    expect_alignment(&actual, &known, 1e-13);
    dni_alignment same = align(&truth, &truth);
    EXPECT(same.cosine == 1 && same.error_norm == 0 && same.relative_error == 0,
           "not equal to itself");
    EXPECT(same.sign_agreement == 1, "signs differ from themselves");
  }
}
END_TEST

START_TEST(alignment_at_the_edges) {
  dni_dtype dtype = support_dtypes[_i];
  dni_matrix zero = matrix_filled(dtype, 2, 3, 0), one = matrix_filled(dtype, 2, 3, 1);
  dni_matrix minus = matrix_filled(dtype, 2, 3, -1),
             negative_zero = matrix_filled(dtype, 2, 3, -0.0);
  dni_alignment a = align(&zero, &zero);
  EXPECT(a.cosine == 0 && a.relative_error == 0 && a.sign_agreement == 1 && a.error_norm == 0,
         "0, 0");
  a = align(&one, &zero);
  EXPECT(a.cosine == 0 && a.relative_error == DBL_MAX && a.sign_agreement == 0, "1, 0");
  expect_close(a.error_norm, sqrt(6), 1e-15, "error of 1 for 0");
  a = align(&zero, &one);
  EXPECT(a.cosine == 0 && a.relative_error == 1 && a.truth_norm > 0 && a.estimate_norm == 0,
         "0, 1");
  a = align(&minus, &one);
  EXPECT(a.cosine == -1 && a.relative_error == 2 && a.sign_agreement == 0, "-1, 1");
  a = align(&negative_zero, &zero);
  EXPECT(a.sign_agreement == 1, "-0 and 0 differ in sign");
  dni_matrix none = matrix_make(dtype, 0, 3), narrow = matrix_make(dtype, 2, 0);
  EXPECT(align(&none, &none).sign_agreement == 1, "no rows");
  EXPECT(align(&narrow, &narrow).sign_agreement == 1, "no columns");
}
END_TEST

/* Squares of these numbers leave the range of double. */
START_TEST(alignment_of_extreme_numbers) {
  dni_matrix most = matrix_filled(DNI_F64, 3, 4, DBL_MAX);
  dni_matrix least = matrix_filled(DNI_F64, 3, 4, -DBL_MAX);
  dni_alignment a = align(&least, &most);
  expect_close(a.cosine, -1, 1e-15, "cosine");
  expect_close(a.relative_error, 2, 1e-15, "relative error");
  EXPECT(a.error_norm == DBL_MAX && a.truth_norm == DBL_MAX, "not the nearest finite number");
  dni_matrix small = matrix_random(DNI_F64, 3, 4), half = matrix_make(DNI_F64, 3, 4);
  for (size_t r = 0; r < 3; r++)
    for (size_t c = 0; c < 4; c++) {
      matrix_set(&small, r, c, 1e-200 * matrix_get(&small, r, c));
      matrix_set(&half, r, c, 0.5 * matrix_get(&small, r, c));
    }
  a = align(&half, &small);
  expect_close(a.cosine, 1, 1e-15, "cosine of small numbers");
  expect_close(a.relative_error, 0.5, 1e-15, "relative error of small numbers");
  a = align(&most, &small);
  EXPECT(a.relative_error == DBL_MAX, "relative error %g", a.relative_error);
}
END_TEST

START_TEST(alignment_refusals) {
  dni_dtype dtype = support_dtypes[_i], other = support_dtypes[1 - _i];
  dni_matrix a = matrix_random(dtype, 3, 4), b = matrix_random(dtype, 3, 4);
  dni_matrix narrow = matrix_random(dtype, 3, 3), fewer = matrix_random(dtype, 2, 4);
  dni_matrix mixed = matrix_random(other, 3, 4), unknown = a;
  dni_alignment out = {.struct_size = sizeof out, .cosine = -9};
  EXPECT_ARGUMENT(dni_analysis_align(NULL, &b, &out));
  EXPECT_ARGUMENT(dni_analysis_align(&a, NULL, &out));
  EXPECT_ARGUMENT(dni_analysis_align(&a, &b, NULL));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "alignment: truth has 3 columns",
                 dni_analysis_align(&a, &narrow, &out));
  EXPECT_ARGUMENT(dni_analysis_align(&a, &fewer, &out));
  EXPECT_ARGUMENT(dni_analysis_align(&a, &mixed, &out));
  unknown.dtype = 7;
  EXPECT_ARGUMENT(dni_analysis_align(&unknown, &unknown, &out));
  matrix_set(&b, 2, 1, NAN);
  EXPECT_MESSAGE(DNI_ERROR_DATA, "truth: row 2, column 1", dni_analysis_align(&a, &b, &out));
  matrix_set(&a, 1, 3, -INFINITY);
  EXPECT_MESSAGE(DNI_ERROR_DATA, "estimate: row 1, column 3", dni_analysis_align(&a, &b, &out));
  out.struct_size = 8;
  EXPECT_ARGUMENT(dni_analysis_align(&a, &b, &out));
  EXPECT(out.cosine == -9, "written by a refused call");
}
END_TEST

/* Dissimilarity. ----------------------------------------------------------------------------- */

static double correlation_reference(const dni_matrix *h, size_t i, size_t j) {
  long double mean_i = 0, mean_j = 0, product = 0, i2 = 0, j2 = 0;
  long double units = (long double)h->columns;
  for (size_t c = 0; c < h->columns; c++) {
    mean_i += matrix_get(h, i, c) / units;
    mean_j += matrix_get(h, j, c) / units;
  }
  for (size_t c = 0; c < h->columns; c++) {
    long double a = matrix_get(h, i, c) - mean_i, b = matrix_get(h, j, c) - mean_j;
    product += a * b, i2 += a * a, j2 += b * b;
  }
  return (double)(product / sqrtl(i2) / sqrtl(j2));
}

static void expect_rdm(const dni_matrix *rdm) {
  for (size_t i = 0; i < rdm->rows; i++)
    for (size_t j = 0; j < rdm->rows; j++) {
      double value = matrix_get(rdm, i, j);
      EXPECT(value >= 0 && value <= 2, "%g is outside [0, 2]", value);
      EXPECT(value == matrix_get(rdm, j, i), "not symmetric at (%zu, %zu)", i, j);
      EXPECT(i != j || value == 0, "%g on the diagonal", value);
    }
}

START_TEST(rdm_is_one_minus_correlation) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  static const size_t shapes[][2] = {{1, 5}, {2, 2}, {9, 33}, {70, 17}};
  for (size_t s = 0; s < 4; s++) {
    dni_matrix h = matrix_random(dtype, shapes[s][0], shapes[s][1]);
    for (size_t c = 0; c < h.columns; c++) /* far from 0 */
      matrix_set(&h, 0, c, 1000 + matrix_get(&h, 0, c));
    dni_matrix rdm = matrix_make(dtype, h.rows, h.rows);
    EXPECT_OK(dni_analysis_rdm(context, &h, &rdm));
    expect_rdm(&rdm);
    for (size_t i = 0; i < h.rows; i++)
      for (size_t j = 0; j < i; j++)
        expect_close(matrix_get(&rdm, i, j), 1 - correlation_reference(&h, i, j),
                     support_tolerance(dtype, 2e-6, 1e-13), "rdm");
  }
  dni_context_release(context);
}
END_TEST

START_TEST(rdm_of_special_rows) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_matrix h = matrix_random(dtype, 6, 19), rdm = matrix_make(dtype, 6, 6);
  double most = dtype == DNI_F32 ? FLT_MAX : DBL_MAX, least = dtype == DNI_F32 ? 1e-44 : 5e-324;
  for (size_t c = 0; c < 19; c++) {
    matrix_set(&h, 1, c, 0.1);                       /* constant */
    matrix_set(&h, 2, c, matrix_get(&h, 0, c));      /* equal to row 0 */
    matrix_set(&h, 3, c, -3 * matrix_get(&h, 0, c)); /* opposite */
    matrix_set(&h, 4, c, c % 2 ? most : -most);
    matrix_set(&h, 5, c, c % 2 ? 4 * least : 0);
  }
  EXPECT_OK(dni_analysis_rdm(context, &h, &rdm));
  expect_rdm(&rdm);
  for (size_t j = 0; j < 6; j++)
    EXPECT(j == 1 || matrix_get(&rdm, 1, j) == 1, "a constant row correlates");
  double tolerance = support_tolerance(dtype, 1e-6, 1e-14);
  expect_close(matrix_get(&rdm, 0, 2), 0, tolerance, "equal rows");
  expect_close(matrix_get(&rdm, 0, 3), 2, tolerance, "opposite rows");
  expect_close(matrix_get(&rdm, 4, 5), 0, tolerance, "large and small rows");
  dni_matrix empty = matrix_make(dtype, 3, 0), ones = matrix_make(dtype, 3, 3);
  EXPECT_OK(dni_analysis_rdm(context, &empty, &ones));
  EXPECT(matrix_get(&ones, 0, 1) == 1 && matrix_get(&ones, 1, 1) == 0, "rows of no units");
  dni_context_release(context);
}
END_TEST

typedef struct rdm_call {
  dni_context *context;
  dni_matrix h, rdm;
} rdm_call;

static dni_status call_rdm(void *argument) {
  rdm_call *call = argument;
  return dni_analysis_rdm(call->context, &call->h, &call->rdm);
}

START_TEST(rdm_refusals) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_matrix h = matrix_random(dtype, 4, 3), rdm = matrix_make(dtype, 4, 4);
  dni_matrix wrong[] = {matrix_make(dtype, 4, 3), matrix_make(dtype, 3, 4),
                        matrix_make(support_dtypes[1 - _i], 4, 4)};
  dni_matrix none = matrix_make(dtype, 0, 3), none_rdm = matrix_make(dtype, 0, 0);
  for (size_t i = 0; i < 3; i++)
    EXPECT_ARGUMENT(dni_analysis_rdm(context, &h, &wrong[i]));
  EXPECT_ARGUMENT(dni_analysis_rdm(NULL, &h, &rdm));
  EXPECT_ARGUMENT(dni_analysis_rdm(context, NULL, &rdm));
  EXPECT_ARGUMENT(dni_analysis_rdm(context, &h, NULL));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "rdm: h has no rows",
                 dni_analysis_rdm(context, &none, &none_rdm));
  rdm_call call = {context, h, matrix_make(dtype, 4, 4)};
  EXPECT(run_out_of_memory(call_rdm, &call) == 2, "more or fewer blocks than two");
  matrix_set(&h, 3, 2, INFINITY);
  EXPECT_MESSAGE(DNI_ERROR_DATA, "row 3, column 2", dni_analysis_rdm(context, &h, &rdm));
  matrix_expect_untouched(&rdm, "rdm");
  dni_context_release(context);
}
END_TEST

START_TEST(rdm_distance_by_hand) {
  dni_dtype dtype = support_dtypes[_i];
  dni_matrix a = matrix_filled(dtype, 4, 4, 1), b = matrix_filled(dtype, 4, 4, 1);
  static const int32_t labels[] = {-5, 7, -5, 7};
  double distance = -9;
  EXPECT_OK(dni_analysis_rdm_distance(&a, &b, labels, 4, &distance));
  EXPECT(distance == 0, "%g between equals", distance);
  matrix_set(&a, 0, 2, 4);    /* same label: 3^2 */
  matrix_set(&b, 3, 1, 5);    /* same label: 4^2 */
  matrix_set(&a, 0, 1, 1000); /* other labels: not counted */
  EXPECT_OK(dni_analysis_rdm_distance(&a, &b, labels, 4, &distance));
  expect_close(distance, 5, 1e-15, "distance");
  dni_matrix flat = matrix_make(dtype, 4, 3), other = matrix_make(support_dtypes[1 - _i], 4, 4);
  dni_matrix small = matrix_make(dtype, 3, 3), none = matrix_make(dtype, 0, 0);
  EXPECT_ARGUMENT(dni_analysis_rdm_distance(NULL, &b, labels, 4, &distance));
  EXPECT_ARGUMENT(dni_analysis_rdm_distance(&a, NULL, labels, 4, &distance));
  EXPECT_ARGUMENT(dni_analysis_rdm_distance(&a, &b, NULL, 4, &distance));
  EXPECT_ARGUMENT(dni_analysis_rdm_distance(&a, &b, labels, 4, NULL));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "not square",
                 dni_analysis_rdm_distance(&flat, &flat, labels, 4, &distance));
  EXPECT_ARGUMENT(dni_analysis_rdm_distance(&a, &other, labels, 4, &distance));
  EXPECT_ARGUMENT(dni_analysis_rdm_distance(&a, &small, labels, 4, &distance));
  EXPECT_ARGUMENT(dni_analysis_rdm_distance(&none, &none, labels, 0, &distance));
  EXPECT_ARGUMENT(dni_analysis_rdm_distance(&a, &b, labels, 3, &distance));
  EXPECT_ARGUMENT(dni_analysis_rdm_distance(&a, &b, labels, 5, &distance));
  expect_close(distance, 5, 1e-15, "distance after refused calls");
}
END_TEST

/* Agreement. --------------------------------------------------------------------------------- */

/* Both numbers by loops over all pairs of rows: the mean of a row's group is found anew for each.
 */
static void agreement_reference(const dni_matrix *estimate, const dni_matrix *truth,
                                const int32_t *groups, double *correlation, double *r2) {
  long double product = 0, e2 = 0, t2 = 0, d2 = 0;
  for (size_t r = 0; r < truth->rows; r++) {
    long double e = 0, t = 0, count = 0;
    for (size_t s = 0; s < truth->rows; s++)
      if (!groups || groups[s] == groups[r]) {
        e += matrix_get(estimate, s, 0), t += matrix_get(truth, s, 0), count++;
      }
    e = matrix_get(estimate, r, 0) - e / count;
    t = matrix_get(truth, r, 0) - t / count;
    product += e * t, e2 += e * e, t2 += t * t, d2 += (e - t) * (e - t);
  }
  *correlation = (double)(product / sqrtl(e2 * t2));
  *r2 = (double)(1 - d2 / t2);
}

static void expect_agreement(dni_context *context, const dni_matrix *estimate,
                             const dni_matrix *truth, const int32_t *groups, double correlation,
                             double r2) {
  double actual[2] = {-9, -9};
  EXPECT_OK(dni_analysis_agreement(context, estimate, truth, groups, truth->rows, &actual[0],
                                   &actual[1]));
  expect_close(actual[0], correlation, 1e-11, "correlation");
  expect_close(actual[1], r2, 1e-11, "r2");
  double alone[2] = {-9, -9};
  EXPECT_OK(dni_analysis_agreement(context, estimate, truth, groups, truth->rows, &alone[0], NULL));
  EXPECT_OK(dni_analysis_agreement(context, estimate, truth, groups, truth->rows, NULL, &alone[1]));
  EXPECT(alone[0] == actual[0] && alone[1] == actual[1], "differs when asked for alone");
}

START_TEST(agreement_follows_the_definition) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  static int32_t groups[300];
  static const size_t rows[] = {2, 3, 17, 300};
  for (size_t s = 0; s < 4; s++) {
    dni_matrix truth = matrix_random(dtype, rows[s], 1),
               estimate = matrix_random(dtype, rows[s], 1);
    for (size_t r = 0; r < rows[s]; r++) {
      groups[r] = r < 2 ? 4 : (int32_t)(support_random() % 5) - 2; /* two are never alone */
      if (groups[r] == 2) groups[r] = INT32_MIN;
      matrix_set(&estimate, r, 0, matrix_get(&estimate, r, 0) + 100 * (groups[r] % 7));
    }
    double correlation, r2;
    agreement_reference(&estimate, &truth, groups, &correlation, &r2);
    expect_agreement(context, &estimate, &truth, groups, correlation, r2);
    agreement_reference(&estimate, &truth, NULL, &correlation, &r2);
    expect_agreement(context, &estimate, &truth, NULL, correlation, r2);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(agreement_by_hand) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  static const int32_t groups[] = {3, -1, 3, -1, 3};
  dni_matrix truth = matrix_random(dtype, 5, 1), estimate = matrix_make(dtype, 5, 1);
  dni_matrix constant = matrix_make(dtype, 5, 1);
  for (size_t r = 0; r < 5; r++) {
    matrix_set(&truth, r, 0, (double)(r * r)); /* exact in float, with constants too */
    matrix_set(&estimate, r, 0, (double)(r * r) + 512 * groups[r]);
    matrix_set(&constant, r, 0, groups[r] / 3.0);
  }
  expect_agreement(context, &estimate, &truth, groups, 1, 1);
  expect_agreement(context, &constant, &truth, groups, 0, 0);
  expect_agreement(context, &truth, &constant, groups, 0, 0);
  for (size_t r = 0; r < 5; r++)
    matrix_set(&estimate, r, 0, -matrix_get(&truth, r, 0) + 512 * groups[r]);
  expect_agreement(context, &estimate, &truth, groups, -1, -3);
  for (size_t r = 0; r < 5; r++)
    matrix_set(&estimate, r, 0, 2 * matrix_get(&truth, r, 0));
  expect_agreement(context, &estimate, &truth, groups, 1, 0);
  static const int32_t apart[] = {1, 2, 3, 4, 5};
  expect_agreement(context, &estimate, &truth, apart, 0, 0);
  dni_matrix one = matrix_random(dtype, 1, 1);
  expect_agreement(context, &one, &one, NULL, 0, 0);
  dni_context_release(context);
}
END_TEST

START_TEST(agreement_of_extreme_numbers) {
  dni_context *context = support_context(DNI_F64);
  dni_matrix large = matrix_make(DNI_F64, 9, 1), small = matrix_make(DNI_F64, 9, 1);
  for (size_t r = 0; r < 9; r++) {
    matrix_set(&large, r, 0, r % 2 ? DBL_MAX : -DBL_MAX);
    matrix_set(&small, r, 0, r % 2 ? 1e-300 : -1e-300);
  }
  double correlation, r2;
  EXPECT_OK(dni_analysis_agreement(context, &large, &small, NULL, 9, &correlation, &r2));
  expect_close(correlation, 1, 1e-14, "correlation");
  EXPECT(r2 == -DBL_MAX, "r2 %g is not the nearest finite number", r2);
  EXPECT_OK(dni_analysis_agreement(context, &small, &large, NULL, 9, &correlation, &r2));
  expect_close(correlation, 1, 1e-14, "correlation");
  expect_close(r2, 0, 1e-14, "r2");
  EXPECT_OK(dni_analysis_agreement(context, &large, &large, NULL, 9, &correlation, &r2));
  expect_close(r2, 1, 1e-14, "r2 of equals");
  dni_context_release(context);
}
END_TEST

typedef struct agreement_call {
  dni_context *context;
  dni_matrix estimate, truth;
} agreement_call;

static dni_status call_agreement(void *argument) {
  agreement_call *call = argument;
  static const int32_t groups[] = {1, 2, 1, 2};
  double correlation = -9, r2 = -9;
  dni_status status = dni_analysis_agreement(call->context, &call->estimate, &call->truth, groups,
                                             4, &correlation, &r2);
  EXPECT(status == DNI_OK || (correlation == -9 && r2 == -9), "written by a failed call");
  return status;
}

START_TEST(agreement_refusals) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_matrix a = matrix_random(dtype, 4, 1), b = matrix_random(dtype, 4, 1);
  dni_matrix wide = matrix_random(dtype, 4, 2), more = matrix_random(dtype, 5, 1);
  dni_matrix other = matrix_random(support_dtypes[1 - _i], 4, 1), none = matrix_make(dtype, 0, 1);
  double c = -9, r2 = -9;
  EXPECT_ARGUMENT(dni_analysis_agreement(NULL, &a, &b, NULL, 4, &c, &r2));
  EXPECT_ARGUMENT(dni_analysis_agreement(context, NULL, &b, NULL, 4, &c, &r2));
  EXPECT_ARGUMENT(dni_analysis_agreement(context, &a, NULL, NULL, 4, &c, &r2));
  EXPECT_ARGUMENT(dni_analysis_agreement(context, &wide, &b, NULL, 4, &c, &r2));
  EXPECT_ARGUMENT(dni_analysis_agreement(context, &a, &wide, NULL, 4, &c, &r2));
  EXPECT_ARGUMENT(dni_analysis_agreement(context, &a, &more, NULL, 4, &c, &r2));
  EXPECT_ARGUMENT(dni_analysis_agreement(context, &a, &other, NULL, 4, &c, &r2));
  static const int32_t groups[] = {1, 2, 1, 2};
  EXPECT_ARGUMENT(dni_analysis_agreement(context, &a, &b, groups, 3, &c, &r2));
  EXPECT_ARGUMENT(dni_analysis_agreement(context, &a, &b, groups, 5, &c, &r2));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "agreement: estimate has no rows",
                 dni_analysis_agreement(context, &none, &none, NULL, 0, &c, &r2));
  agreement_call call = {context, a, b};
  EXPECT(run_out_of_memory(call_agreement, &call) == 3, "more or fewer blocks than three");
  matrix_set(&b, 2, 0, NAN);
  EXPECT_MESSAGE(DNI_ERROR_DATA, "truth: row 2",
                 dni_analysis_agreement(context, &a, &b, NULL, 4, &c, &r2));
  matrix_set(&a, 1, 0, NAN);
  EXPECT_MESSAGE(DNI_ERROR_DATA, "estimate: row 1",
                 dni_analysis_agreement(context, &a, &b, NULL, 4, &c, &r2));
  EXPECT(c == -9 && r2 == -9, "written by a refused call");
  dni_context_release(context);
}
END_TEST

static Suite *analysis_suite(void) {
  Suite *suite = suite_create("analysis");
  TCase *alignment = tcase_create("alignment");
  tcase_add_checked_fixture(alignment, support_setup, support_teardown);
  tcase_add_loop_test(alignment, alignment_follows_the_definition, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(alignment, alignment_at_the_edges, 0, SUPPORT_DTYPES);
  tcase_add_test(alignment, alignment_of_extreme_numbers);
  tcase_add_loop_test(alignment, alignment_refusals, 0, SUPPORT_DTYPES);
  suite_add_tcase(suite, alignment);
  TCase *rdm = tcase_create("dissimilarity");
  tcase_add_checked_fixture(rdm, support_setup, support_teardown);
  tcase_add_loop_test(rdm, rdm_is_one_minus_correlation, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(rdm, rdm_of_special_rows, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(rdm, rdm_refusals, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(rdm, rdm_distance_by_hand, 0, SUPPORT_DTYPES);
  suite_add_tcase(suite, rdm);
  TCase *agreement = tcase_create("agreement");
  tcase_add_checked_fixture(agreement, support_setup, support_teardown);
  tcase_add_loop_test(agreement, agreement_follows_the_definition, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(agreement, agreement_by_hand, 0, SUPPORT_DTYPES);
  tcase_add_test(agreement, agreement_of_extreme_numbers);
  tcase_add_loop_test(agreement, agreement_refusals, 0, SUPPORT_DTYPES);
  suite_add_tcase(suite, agreement);
  return suite;
}

int main(void) {
  return support_run(analysis_suite());
}

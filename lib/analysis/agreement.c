/* How well one column of numbers follows another, up to a constant per group. In each group the
 * first member is taken off and then the mean of what is left, so that groups may lie far apart and
 * what is constant in a group becomes exactly 0. */
#include <math.h>

#include "analysis/numbers.h"
#include "dni/research.h"

typedef struct pair {
  size_t rows;
  const int32_t *groups;              /* [rows]; NULL: one group */
  size_t *order;                      /* [rows], by group, then row */
  double *estimate, *truth;           /* [rows], centred in the end */
  double estimate_scale, truth_scale; /* what they were multiplied with, so that sums fit */
} pair;

/* Order. ------------------------------------------------------------------------------------- */

static bool before(const pair *p, size_t a, size_t b) {
  return p->groups[a] != p->groups[b] ? p->groups[a] < p->groups[b] : a < b;
}

/* Let order[at] sink in the heap of the first `count`. */
static void sink(const pair *p, size_t at, size_t count) {
  size_t moved = p->order[at];
  for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
    if (child + 1 < count && before(p, p->order[child], p->order[child + 1])) child++;
    if (!before(p, moved, p->order[child])) break;
    p->order[at] = p->order[child];
    at = child;
  }
  p->order[at] = moved;
}

/* Heap sort: the C library's qsort may allocate. */
static void sort(const pair *p) {
  for (size_t i = 0; i < p->rows; i++)
    p->order[i] = i;
  if (!p->groups) return;
  for (size_t i = p->rows / 2; i-- > 0;)
    sink(p, i, p->rows);
  for (size_t last = p->rows - 1; last > 0; last--) {
    size_t moved = p->order[last];
    p->order[last] = p->order[0];
    p->order[0] = moved;
    sink(p, 0, last);
  }
}

/* Numbers. ----------------------------------------------------------------------------------- */

/* Numbers beyond 2^900 are made smaller; returns the factor, a power of 2. */
static double load(const dni_matrix *column, double *numbers) {
  double largest = 0;
  for (size_t r = 0; r < column->rows; r++) {
    numbers[r] = dni__matrix_get(column, r, 0);
    largest = fabs(numbers[r]) > largest ? fabs(numbers[r]) : largest;
  }
  if (largest <= 0x1p900) return 1;
  for (size_t r = 0; r < column->rows; r++)
    numbers[r] *= 0x1p-200;
  return 0x1p-200;
}

/* order[first .. end-1] are the rows of one group. */
static void centre_group(const pair *p, size_t first, size_t end, double *numbers) {
  double start = numbers[p->order[first]], sum = 0;
  for (size_t i = first; i < end; i++)
    sum += numbers[p->order[i]] -= start;
  for (size_t i = first; i < end; i++)
    numbers[p->order[i]] -= sum / (double)(end - first);
}

static void centre(const pair *p) {
  for (size_t first = 0, end; first < p->rows; first = end) {
    for (end = first + 1; end < p->rows; end++)
      if (p->groups && p->groups[p->order[end]] != p->groups[p->order[first]]) break;
    centre_group(p, first, end, p->estimate);
    centre_group(p, first, end, p->truth);
  }
}

static double correlate(const pair *p) {
  dni__norm estimate = {0, 0}, truth = {0, 0};
  double product = 0;
  for (size_t r = 0; r < p->rows; r++) {
    dni__norm_add(&estimate, p->estimate[r]);
    dni__norm_add(&truth, p->truth[r]);
  }
  if (estimate.largest == 0 || truth.largest == 0) return 0;
  for (size_t r = 0; r < p->rows; r++)
    product += p->estimate[r] / estimate.largest * (p->truth[r] / truth.largest);
  double value = product / sqrt(estimate.sum * truth.sum);
  return value > 1 ? 1 : value < -1 ? -1 : value;
}

/* 1 - |truth - estimate|^2 / |truth|^2, in the scale of truth. A factor of powers of 2 changes no
 * digits. */
static double explained(const pair *p) {
  dni__norm difference = {0, 0}, truth = {0, 0};
  double factor = p->truth_scale / p->estimate_scale;
  for (size_t r = 0; r < p->rows; r++) {
    double estimate = factor * p->estimate[r];
    dni__norm_add(&difference, dni__numbers_clamp(p->truth[r] - estimate));
    dni__norm_add(&truth, p->truth[r]);
  }
  if (truth.largest == 0) return 0;
  double ratio = dni__norm_ratio(&difference, &truth);
  return dni__numbers_clamp(1 - ratio * ratio);
}

/* The call. ---------------------------------------------------------------------------------- */

static dni_status check_inputs(const dni_context *context, const dni_matrix *estimate,
                               const dni_matrix *truth, size_t count) {
  if (!estimate) return dni__fail(DNI_ERROR_ARGUMENT, "estimate is NULL");
  DNI_TRY(dni__matrix_check(estimate, context->dtype, 1, "estimate"));
  if (estimate->rows == 0) return dni__fail(DNI_ERROR_ARGUMENT, "estimate has no rows");
  DNI_TRY(dni__matrix_check_rows(truth, context->dtype, estimate->rows, 1, "truth"));
  if (count != estimate->rows)
    return dni__fail(DNI_ERROR_ARGUMENT, "count is %zu, expected %zu groups", count,
                     estimate->rows);
  DNI_TRY(dni__numbers_finite(estimate, "estimate"));
  return dni__numbers_finite(truth, "truth");
}

static void compare(pair *p, const dni_matrix *estimate, const dni_matrix *truth,
                    double *correlation, double *r2) {
  p->estimate_scale = load(estimate, p->estimate);
  p->truth_scale = load(truth, p->truth);
  sort(p);
  centre(p);
  if (correlation) *correlation = correlate(p);
  if (r2) *r2 = explained(p);
}

dni_status dni_analysis_agreement(dni_context *context, const dni_matrix *estimate,
                                  const dni_matrix *truth, const int32_t *groups, size_t count,
                                  double *correlation, double *r2) {
  DNI_REQUIRE(context);
  dni_status status = check_inputs(context, estimate, truth, count);
  if (status != DNI_OK) return dni__fail_prefix(status, "agreement: ");
  dni__memory *memory = context->memory;
  pair p = {.rows = estimate->rows, .groups = groups};
  p.order = dni__allocate(memory, p.rows, sizeof *p.order);
  p.estimate = dni__allocate(memory, p.rows, sizeof *p.estimate);
  p.truth = dni__allocate(memory, p.rows, sizeof *p.truth);
  bool allocated = p.order && p.estimate && p.truth;
  if (allocated) compare(&p, estimate, truth, correlation, r2);
  dni__free(memory, p.truth);
  dni__free(memory, p.estimate);
  dni__free(memory, p.order);
  return allocated ? DNI_OK : dni__fail_prefix(DNI_ERROR_MEMORY, "agreement: ");
}

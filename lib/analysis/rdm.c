/* Representational dissimilarity (Figure 7): rows are centred and brought to length 1 in double,
 * and one product of the result with itself then gives all correlations. */
#include <float.h>
#include <math.h>

#include "analysis/numbers.h"
#include "backend/backend.h"
#include "dni/research.h"

/* Bring row [count] to mean 0 and length 1; all 0 if its numbers are equal. The middle between
 * least and most is taken off first and half their distance divided by, so that nothing overflows.
 */
static void normalise(double *row, size_t count) {
  double least = DBL_MAX, most = -DBL_MAX, mean = 0, square = 0;
  for (size_t c = 0; c < count; c++) {
    least = row[c] < least ? row[c] : least;
    most = row[c] > most ? row[c] : most;
  }
  double half = most / 2 - least / 2, centre = least + half;
  bool varies = half > 0; /* not if there are no numbers */
  for (size_t c = 0; c < count; c++)
    mean += row[c] = varies ? (row[c] - centre) / half : 0;
  for (size_t c = 0; c < count; c++) {
    row[c] -= mean / (double)count;
    square += row[c] * row[c];
  }
  for (size_t c = 0; c < count && varies; c++)
    row[c] /= sqrt(square);
}

/* From correlations to dissimilarities; of the two equal halves the upper one is taken. */
static void finish(const dni_matrix *rdm) {
  for (size_t i = 0; i < rdm->rows; i++) {
    dni__matrix_set(rdm, i, i, 0);
    for (size_t j = i + 1; j < rdm->rows; j++) {
      double value = 1 - dni__matrix_get(rdm, i, j);
      value = value < 0 ? 0 : value > 2 ? 2 : value;
      dni__matrix_set(rdm, i, j, value);
      dni__matrix_set(rdm, j, i, value);
    }
  }
}

/* z: [rows][units] to hold the normalised rows; row: [units] to work in. */
static dni_status correlate(const dni_context *context, const dni_matrix *h, const dni_matrix *z,
                            double *row, const dni_matrix *rdm) {
  for (size_t r = 0; r < h->rows; r++) {
    dni__numbers_row(h, r, row);
    normalise(row, h->columns);
    dni__numbers_store(row, z, r);
  }
  DNI_TRY(dni__gemm(context->backend, 0, 1, 1, z, z, 0, rdm));
  finish(rdm);
  return DNI_OK;
}

static dni_status check_rdm(const dni_context *context, const dni_matrix *h,
                            const dni_matrix *rdm) {
  if (!h) return dni__fail(DNI_ERROR_ARGUMENT, "h is NULL");
  DNI_TRY(dni__matrix_check(h, context->dtype, h->columns, "h"));
  if (h->rows == 0) return dni__fail(DNI_ERROR_ARGUMENT, "h has no rows");
  DNI_TRY(dni__matrix_check_rows(rdm, context->dtype, h->rows, h->rows, "rdm"));
  return dni__numbers_finite(h, "h");
}

static dni_status make_rdm(dni_context *context, const dni_matrix *h, const dni_matrix *rdm) {
  DNI_TRY(check_rdm(context, h, rdm));
  size_t elements = h->rows * h->columns; /* fits: the view was checked */
  void *data = dni__allocate(context->memory, elements, dni__dtype_size(context->dtype));
  if (!data) return DNI_ERROR_MEMORY;
  double *row = dni__allocate(context->memory, h->columns, sizeof *row);
  dni_matrix z = dni__matrix_make(data, h->rows, h->columns, context->dtype);
  dni_status status = row ? correlate(context, h, &z, row, rdm) : DNI_ERROR_MEMORY;
  dni__free(context->memory, row);
  dni__free(context->memory, data);
  return status;
}

dni_status dni_analysis_rdm(dni_context *context, const dni_matrix *h, dni_matrix *rdm) {
  DNI_REQUIRE(context);
  dni_status status = make_rdm(context, h, rdm);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "rdm: ");
}

static dni_status check_pair(const dni_matrix *a, const dni_matrix *b, size_t count) {
  if (!dni__dtype_is_real(a->dtype))
    return dni__fail(DNI_ERROR_ARGUMENT, "a has element type %d, expected float or double",
                     (int)a->dtype);
  DNI_TRY(dni__numbers_check(a, a->dtype, "a"));
  if (a->rows != a->columns)
    return dni__fail(DNI_ERROR_ARGUMENT, "a has %zu rows and %zu columns, which is not square",
                     a->rows, a->columns);
  if (count != a->rows)
    return dni__fail(DNI_ERROR_ARGUMENT, "count is %zu, expected %zu labels", count, a->rows);
  return dni__matrix_check_rows(b, a->dtype, a->rows, a->columns, "b");
}

dni_status dni_analysis_rdm_distance(const dni_matrix *a, const dni_matrix *b,
                                     const int32_t *labels, size_t count, double *distance) {
  DNI_REQUIRE(a);
  DNI_REQUIRE(b);
  DNI_REQUIRE(labels);
  DNI_REQUIRE(distance);
  dni_status status = check_pair(a, b, count);
  if (status != DNI_OK) return dni__fail_prefix(status, "rdm distance: ");
  dni__norm norm = {0, 0};
  for (size_t i = 0; i < a->rows; i++)
    for (size_t j = 0; j < a->rows; j++)
      if (labels[i] == labels[j])
        dni__norm_add(&norm,
                      dni__numbers_clamp(dni__matrix_get(a, i, j) - dni__matrix_get(b, i, j)));
  *distance = dni__norm_value(&norm);
  return DNI_OK;
}

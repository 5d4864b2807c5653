/* Checks and norms. Squares of doubles overflow from 1e154 on, and results are promised to be
 * finite, so norms carry their largest number apart (as LAPACK's dlassq does). */
#include "analysis/numbers.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/real.h"

dni_status dni__numbers_check(const dni_matrix *view, dni_dtype dtype, const char *name) {
  if (!view) return dni__fail(DNI_ERROR_ARGUMENT, "%s is NULL", name);
  DNI_TRY(dni__matrix_check(view, dtype, view->columns, name));
  if (view->rows == 0 || view->columns == 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s has %zu rows and %zu columns; both must be 1 or more",
                     name, view->rows, view->columns);
  return DNI_OK;
}

dni_status dni__numbers_finite(const dni_matrix *view, const char *name) {
  size_t row, column;
  if (!dni__matrix_finite(view, &row, &column))
    return dni__fail(DNI_ERROR_DATA, "%s: row %zu, column %zu is not finite (%g)", name, row,
                     column, dni__matrix_get(view, row, column));
  return DNI_OK;
}

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* Several numbers at a time. Denormal ones, which are rare and which the processor may take for 0, are
 * widened one by one. */
static void widen(const float *from, size_t count, double *out) {
  uint32_t denormal = 0;
  for (size_t c = 0; c < count; c++) {
    uint32_t bits = bits_of(from[c]);
    denormal |= (bits & UINT32_C(0x7f800000)) == 0 ? bits & UINT32_C(0x007fffff) : 0;
    out[c] = (double)from[c];
  }
  for (size_t c = 0; denormal != 0 && c < count; c++)
    out[c] = dni__real_widen(from[c]);
}

void dni__numbers_row(const dni_matrix *view, size_t row, double *out) {
  const void *data = dni__matrix_row(view, row);
  if (view->dtype == DNI_F32)
    widen(data, view->columns, out);
  else
    for (size_t c = 0; c < view->columns; c++)
      out[c] = ((const double *)data)[c];
}

void dni__numbers_store(const double *numbers, const dni_matrix *view, size_t row) {
  void *data = dni__matrix_row(view, row);
  if (view->dtype == DNI_F32)
    for (size_t c = 0; c < view->columns; c++)
      ((float *)data)[c] = (float)numbers[c];
  else
    for (size_t c = 0; c < view->columns; c++)
      ((double *)data)[c] = numbers[c];
}

double dni__numbers_clamp(double value) {
  return value > DBL_MAX ? DBL_MAX : value < -DBL_MAX ? -DBL_MAX : value;
}

void dni__norm_add(dni__norm *norm, double value) {
  double size = fabs(value);
  if (size == 0) return;
  if (size > norm->largest) {
    double ratio = norm->largest / size;
    norm->sum = 1 + norm->sum * ratio * ratio;
    norm->largest = size;
  } else {
    double ratio = size / norm->largest;
    norm->sum += ratio * ratio;
  }
}

void dni__norm_add_matrix(dni__norm *norm, const dni_matrix *view, double factor) {
  for (size_t r = 0; r < view->rows; r++)
    for (size_t c = 0; c < view->columns; c++)
      dni__norm_add(norm, dni__numbers_clamp(factor * dni__matrix_get(view, r, c)));
}

double dni__norm_value(const dni__norm *norm) {
  return dni__numbers_clamp(norm->largest * sqrt(norm->sum));
}

double dni__norm_ratio(const dni__norm *a, const dni__norm *b) {
  if (b->largest == 0) return a->largest == 0 ? 0 : DBL_MAX;
  return dni__numbers_clamp(a->largest / b->largest * sqrt(a->sum / b->sum));
}

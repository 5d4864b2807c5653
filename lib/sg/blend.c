/* Weighted sums of rows, in the element type. */
#include <string.h>

#include "sg/blend.h"

static void blend_f32(size_t columns, float a, const float *restrict e, float b,
                      float *restrict delta) {
  for (size_t c = 0; c < columns; c++)
    delta[c] = b == 0 ? a * e[c] : a * e[c] + b * delta[c];
}

static void blend_f64(size_t columns, double a, const double *restrict e, double b,
                      double *restrict delta) {
  for (size_t c = 0; c < columns; c++)
    delta[c] = b == 0 ? a * e[c] : a * e[c] + b * delta[c];
}

void dni__sg_blend(double a, const dni_matrix *e, double b, const dni_matrix *delta) {
  for (size_t r = 0; r < delta->rows; r++) {
    if (delta->dtype == DNI_F32)
      blend_f32(delta->columns, (float)a, dni__matrix_row(e, r), (float)b,
                dni__matrix_row(delta, r));
    else
      blend_f64(delta->columns, a, dni__matrix_row(e, r), b, dni__matrix_row(delta, r));
  }
}

void dni__sg_clear(const dni_matrix *delta) {
  for (size_t r = 0; r < delta->rows; r++)
    memset(dni__matrix_row(delta, r), 0, delta->columns * dni__dtype_size(delta->dtype));
}

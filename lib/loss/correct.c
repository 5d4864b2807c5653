/* Whether a row is classified right. */
#include "loss/loss.h"

static bool same_side(double h, double threshold, double y) {
  return h == h && (h > threshold) == (y > 0.5);
}

/* y in column `column`, be it a matrix or labels. */
static double target(const dni_matrix *y, size_t row, size_t column) {
  if (dni__is_labels(y)) return dni__label(y, row) == column ? 1 : 0;
  return dni__matrix_get(y, row, column);
}

bool dni__correct_largest(const dni__kernels *kernels, const dni_matrix *h, const dni_matrix *y,
                          size_t row) {
  if (h->columns == 0) return true;
  if (h->columns == 1) return same_side(dni__matrix_get(h, row, 0), 0.5, target(y, row, 0));
  size_t predicted = kernels->largest(h->columns, dni__matrix_row(h, row));
  if (predicted == h->columns) return false; /* a NaN */
  if (dni__is_labels(y)) return predicted == dni__label(y, row);
  return predicted == kernels->largest(y->columns, dni__matrix_row(y, row));
}

bool dni__correct_sign(const dni__kernels *kernels, const dni_matrix *h, const dni_matrix *y,
                       size_t row) {
  (void)kernels;
  for (size_t c = 0; c < h->columns; c++)
    if (!same_side(dni__matrix_get(h, row, c), 0, target(y, row, c))) return false;
  return true;
}

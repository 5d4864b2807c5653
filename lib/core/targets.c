/* Targets, labels and weights of a batch: the checks that every call which takes them makes. */
#include <math.h>

#include "core/real.h"

dni_status dni__labels_check(const dni_matrix *labels, size_t classes, const char *name) {
  const int32_t *label = labels->data;
  for (size_t row = 0; row < labels->rows; row++, label += labels->stride)
    if (*label < 0 || (size_t)*label >= classes)
      return dni__fail(DNI_ERROR_DATA, "%s: label %d in row %zu is not below %zu", name,
                       (int)*label, row, classes);
  return DNI_OK;
}

dni_status dni__targets_check(const dni_matrix *y, dni_dtype dtype, size_t rows, size_t columns,
                              const char *name) {
  if (!dni__is_labels(y)) return dni__matrix_check_rows(y, dtype, rows, columns, name);
  DNI_TRY(dni__matrix_check_rows(y, DNI_I32, rows, 1, name));
  if (columns == 1)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "%s: labels of 1 class are all the same: use a column of numbers", name);
  return dni__labels_check(y, columns, name);
}

/* Whether the element type holds a sum above 0 and one over it. */
static bool has_inverse(dni_dtype dtype, double total) {
  return dni__real_holds(dtype, total) && dni__real_holds(dtype, 1 / total);
}

/* A denormal double looks like 0 here, and is known by its bits. */
static dni_status check_weights(const dni_matrix *weights, dni_dtype dtype, double *total) {
  bool denormal = false;
  for (size_t row = 0; row < weights->rows; row++) {
    double weight = dni__matrix_get(weights, row, 0);
    if (!(weight >= 0 && isfinite(weight)))
      return dni__fail(DNI_ERROR_ARGUMENT, "weights: %g in row %zu is negative or not finite",
                       weight, row);
    *total += weight;
    denormal = denormal || !dni__real_holds(DNI_F64, weight);
  }
  if ((*total > 0 || denormal) && !has_inverse(dtype, *total))
    return dni__fail(DNI_ERROR_ARGUMENT, "weights: they sum to %g, by which nothing can be divided",
                     *total);
  return DNI_OK;
}

dni_status dni__weights_check(const dni_matrix *weights, dni_dtype dtype, size_t rows,
                              double *sum) {
  double total = weights ? 0 : (double)rows;
  if (weights) {
    DNI_TRY(dni__matrix_check_rows(weights, dtype, rows, 1, "weights"));
    DNI_TRY(check_weights(weights, dtype, &total));
  }
  if (sum) *sum = total;
  return DNI_OK;
}

double dni__weight(const dni_matrix *weights, size_t row) {
  return weights ? dni__matrix_get(weights, row, 0) : 1;
}

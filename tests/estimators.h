/* What the suites of SGs share: parameters as matrices, and the measures that lessons report,
 * computed from their definition. */
#ifndef TEST_ESTIMATORS_H
#define TEST_ESTIMATORS_H

#include "support/support.h"

static inline double tolerance_on(const dni_context *context) {
  return support_tolerance(dni_context_dtype(context), 3e-5, 1e-12);
}

static inline dni_matrix value_of(dni_sg *sg, size_t index) {
  dni_matrix value;
  EXPECT_OK(dni_sg_parameter(sg, index, &value, NULL));
  return value;
}

static inline dni_matrix gradient_of(dni_sg *sg, size_t index) {
  dni_matrix value, gradient;
  EXPECT_OK(dni_sg_parameter(sg, index, &value, &gradient));
  return gradient;
}

/* Give every parameter numbers, the zero last layer too. */
static inline void randomise(dni_sg *sg) {
  for (size_t i = 0; i < dni_sg_parameter_count(sg); i++) {
    dni_matrix value = value_of(sg, i);
    matrix_fill_random(&value, 1 / sqrt((double)value.columns));
  }
  EXPECT_OK(dni_sg_changed(sg));
}

/* The mean over the rows of || m - target ||^2, and the cosine of the angle between them, in
 * double. */
static inline double error_of(const dni_matrix *m, const dni_matrix *target) {
  double sum = 0;
  for (size_t r = 0; r < m->rows; r++)
    for (size_t c = 0; c < m->columns; c++)
      sum += pow(matrix_get(m, r, c) - matrix_get(target, r, c), 2);
  return sum / (double)m->rows;
}

static inline double cosine_of(const dni_matrix *m, const dni_matrix *target) {
  double product = 0, first = 0, second = 0;
  for (size_t r = 0; r < m->rows; r++)
    for (size_t c = 0; c < m->columns; c++) {
      double a = matrix_get(m, r, c), b = matrix_get(target, r, c);
      product += a * b, first += a * a, second += b * b;
    }
  return first > 0 && second > 0 ? product / sqrt(first * second) : 0;
}

#ifndef TEST_TRAINING_H /* which has one of its own */
static inline TCase *add_group(Suite *suite, const char *name) {
  TCase *group = tcase_create(name);
  tcase_add_checked_fixture(group, support_setup, support_teardown);
  suite_add_tcase(suite, group);
  return group;
}
#endif

#endif

/* Numbers as the analyses look at them: checked, in double whatever the element type, and with
 * norms that neither overflow nor underflow. Internal. */
#ifndef DNI_ANALYSIS_NUMBERS_H
#define DNI_ANALYSIS_NUMBERS_H

#include "core/context.h"

/* A usable view of this element type with at least one row and column. */
dni_status dni__numbers_check(const dni_matrix *view, dni_dtype dtype, const char *name);
/* DNI_ERROR_DATA, naming row and column, unless all of a usable view is finite. */
dni_status dni__numbers_finite(const dni_matrix *view, const char *name);

/* out [columns] = row `row` of the view. */
void dni__numbers_row(const dni_matrix *view, size_t row, double *out);
/* The other way, rounded to the view's element type. */
void dni__numbers_store(const double *numbers, const dni_matrix *view, size_t row);

/* `value`, or the nearest finite number if it overflowed. */
double dni__numbers_clamp(double value);

/* A 2-norm being added up: largest * sqrt(sum), each number divided by the largest before it is
 * squared. {0, 0} at first. */
typedef struct dni__norm {
  double largest, sum;
} dni__norm;

void dni__norm_add(dni__norm *norm, double value);
void dni__norm_add_matrix(dni__norm *norm, const dni_matrix *view, double factor);
/* At most DBL_MAX. */
double dni__norm_value(const dni__norm *norm);
/* a / b: 0 if both are zero, DBL_MAX if only b is or if it overflows. */
double dni__norm_ratio(const dni__norm *a, const dni__norm *b);

#endif

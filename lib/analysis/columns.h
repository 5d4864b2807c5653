/* Columns of a matrix brought to mean 0 and variance 1, in double. Internal. */
#ifndef DNI_ANALYSIS_COLUMNS_H
#define DNI_ANALYSIS_COLUMNS_H

#include "core/context.h"

/* Of each column: z = ((h - centre) * scale - mean) * inverse, where (h - centre) * scale lies in
 * [-1, 1] and has this mean and a deviation of 1 / inverse. inverse = 0 for a constant column. */
typedef struct dni__columns {
  size_t count;
  double *centre, *scale, *mean, *inverse; /* [count], in the block that begins with centre */
} dni__columns;

/* Measure the columns of a view of at least one row and column, all finite. DNI_ERROR_MEMORY: *out
 * is as before. */
dni_status dni__columns_create(dni__memory *memory, const dni_matrix *view, dni__columns *out);
void dni__columns_destroy(dni__memory *memory, dni__columns *columns); /* zeroed: nothing */

/* numbers [count], a row of the view: h in, z out. */
void dni__columns_standardise(const dni__columns *columns, double *numbers);
/* The deviation of a column of the view itself. */
double dni__columns_deviation(const dni__columns *columns, size_t column);

#endif

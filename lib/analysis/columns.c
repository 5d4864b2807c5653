/* Mean and deviation of columns in three passes over the rows. Numbers are first shifted to the
 * middle between least and most and divided by half their distance, so that nothing overflows, a
 * column of large numbers keeps its digits, and a constant one is known to be: one that spans less
 * than the least normal number, whose inverse would not be finite. */
#include "analysis/columns.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "analysis/numbers.h"

/* centre and scale, and inverse 1, or 0 for a constant column. least and most are rows to work in.
 */
static void find_ranges(const dni__columns *columns, const dni_matrix *view, double *row,
                        double *least, double *most) {
  dni__numbers_row(view, 0, least);
  dni__numbers_row(view, 0, most);
  for (size_t r = 1; r < view->rows; r++) {
    dni__numbers_row(view, r, row);
    for (size_t c = 0; c < columns->count; c++) {
      least[c] = row[c] < least[c] ? row[c] : least[c];
      most[c] = row[c] > most[c] ? row[c] : most[c];
    }
  }
  for (size_t c = 0; c < columns->count; c++) {
    double low = least[c], half = most[c] / 2 - low / 2;
    bool varies = half >= DBL_MIN;
    columns->centre[c] = varies ? low + half : low;
    columns->scale[c] = varies ? 1 / half : 0;
    columns->inverse[c] = varies;
  }
}

static void find_means(const dni__columns *columns, const dni_matrix *view, double *row) {
  for (size_t r = 0; r < view->rows; r++) {
    dni__numbers_row(view, r, row);
    for (size_t c = 0; c < columns->count; c++)
      columns->mean[c] += (row[c] - columns->centre[c]) * columns->scale[c];
  }
  for (size_t c = 0; c < columns->count; c++)
    columns->mean[c] *= columns->inverse[c] / (double)view->rows;
}

/* squares: [count] zeros to work in. */
static void find_deviations(const dni__columns *columns, const dni_matrix *view, double *row,
                            double *squares) {
  for (size_t r = 0; r < view->rows; r++) {
    dni__numbers_row(view, r, row);
    for (size_t c = 0; c < columns->count; c++) {
      double off = (row[c] - columns->centre[c]) * columns->scale[c] - columns->mean[c];
      squares[c] += off * off;
    }
  }
  for (size_t c = 0; c < columns->count; c++)
    if (columns->inverse[c] > 0) columns->inverse[c] = 1 / sqrt(squares[c] / (double)view->rows);
}

dni_status dni__columns_create(dni__memory *memory, const dni_matrix *view, dni__columns *out) {
  size_t n = view->columns;
  double *block = dni__allocate(memory, n, 4 * sizeof *block);
  if (!block) return DNI_ERROR_MEMORY;
  double *work = dni__allocate(memory, n, 3 * sizeof *work);
  if (!work) {
    dni__free(memory, block);
    return DNI_ERROR_MEMORY;
  }
  *out = (dni__columns){n, block, block + n, block + 2 * n, block + 3 * n};
  find_ranges(out, view, work, work + n, work + 2 * n);
  find_means(out, view, work);
  memset(work + n, 0, n * sizeof *work);
  find_deviations(out, view, work, work + n);
  dni__free(memory, work);
  return DNI_OK;
}

void dni__columns_destroy(dni__memory *memory, dni__columns *columns) {
  dni__free(memory, columns->centre);
}

void dni__columns_standardise(const dni__columns *columns, double *numbers) {
  for (size_t c = 0; c < columns->count; c++)
    numbers[c] = ((numbers[c] - columns->centre[c]) * columns->scale[c] - columns->mean[c]) *
                 columns->inverse[c];
}

double dni__columns_deviation(const dni__columns *columns, size_t column) {
  double inverse = columns->inverse[column];
  return inverse > 0 ? dni__numbers_clamp(1 / columns->scale[column] / inverse) : 0;
}

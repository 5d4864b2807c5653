/* Statistics over seeds. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

double mean_of(const double *values, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += values[i];
  return count > 0 ? sum / (double)count : NAN;
}

double least_of(const double *values, size_t count) {
  double least = NAN;
  for (size_t i = 0; i < count; i++)
    least = fmin(least, values[i]);
  return least;
}

double most_of(const double *values, size_t count) {
  double most = NAN;
  for (size_t i = 0; i < count; i++)
    most = fmax(most, values[i]);
  return most;
}

double deviation_of(const double *values, size_t count) {
  double mean = mean_of(values, count), sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += (values[i] - mean) * (values[i] - mean);
  if (count == 0) return NAN;
  return count > 1 ? sqrt(sum / (double)(count - 1)) : 0;
}

static int compare(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

double quantile_of(const double *values, size_t count, double share) {
  double *sorted = count > 0 ? malloc(count * sizeof *sorted) : NULL;
  if (!sorted) return NAN;
  memcpy(sorted, values, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, compare);
  double found = sorted[(size_t)(share * (double)(count - 1))];
  free(sorted);
  return found;
}

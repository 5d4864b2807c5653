/* Statistics over seeds. */
#include <math.h>

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

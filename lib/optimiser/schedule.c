/* Learning-rate schedules. */
#include "optimiser/schedule.h"

#include <math.h>
#include <string.h>

double dni__schedule_factor(const dni__schedule *schedule, uint64_t step) {
  if (schedule->every > 0) return pow(schedule->factor, (double)(step / schedule->every));
  double factor = 1;
  for (size_t i = 0; i < schedule->count && step >= schedule->boundaries[i]; i++)
    factor = schedule->factors[i];
  return factor;
}

static dni_status check_factor(double factor) {
  if (isfinite(factor) && factor >= 0) return DNI_OK;
  return dni__fail(DNI_ERROR_ARGUMENT, "schedule: factor %g is negative or not finite", factor);
}

dni_status dni__schedule_step(uint64_t every, double factor, dni__schedule *out) {
  if (every == 0) return dni__fail(DNI_ERROR_ARGUMENT, "schedule: steps is 0");
  DNI_TRY(check_factor(factor));
  *out = (dni__schedule){.every = every, .factor = factor};
  return DNI_OK;
}

dni_status dni__schedule_piecewise(dni__memory *memory, const uint64_t *boundaries,
                                   const double *factors, size_t count, dni__schedule *out) {
  for (size_t i = 0; i < count; i++) {
    DNI_TRY(check_factor(factors[i]));
    if (i > 0 && boundaries[i] <= boundaries[i - 1])
      return dni__fail(DNI_ERROR_ARGUMENT, "schedule: boundary %zu is not above the one before", i);
  }
  dni__schedule from = {.count = count};
  from.boundaries = dni__allocate(memory, count, sizeof *from.boundaries);
  from.factors = dni__allocate(memory, count, sizeof *from.factors);
  if (!from.boundaries || !from.factors) {
    dni__schedule_destroy(memory, &from);
    return DNI_ERROR_MEMORY;
  }
  if (count > 0) {
    memcpy(from.boundaries, boundaries, count * sizeof *boundaries);
    memcpy(from.factors, factors, count * sizeof *factors);
  }
  *out = from;
  return DNI_OK;
}

dni_status dni__schedule_copy(dni__memory *memory, const dni__schedule *from, dni__schedule *out) {
  if (from->count > 0)
    return dni__schedule_piecewise(memory, from->boundaries, from->factors, from->count, out);
  *out = (dni__schedule){.every = from->every, .factor = from->factor};
  return DNI_OK;
}

void dni__schedule_destroy(dni__memory *memory, dni__schedule *schedule) {
  dni__free(memory, schedule->boundaries);
  dni__free(memory, schedule->factors);
  *schedule = (dni__schedule){0};
}

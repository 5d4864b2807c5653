/* Learning-rate schedules: a factor on the rate as a function of the step. Internal. */
#ifndef DNI_OPTIMISER_SCHEDULE_H
#define DNI_OPTIMISER_SCHEDULE_H

#include "core/core.h"

/* All zero: no schedule. */
typedef struct dni__schedule {
  uint64_t every; /* step schedule: factor^(step / every); 0: not this kind */
  double factor;
  size_t count; /* piecewise: factors[i] from boundaries[i] on */
  uint64_t *boundaries;
  double *factors;
} dni__schedule;

double dni__schedule_factor(const dni__schedule *schedule, uint64_t step);

/* Checked makers; *out is untouched on failure. */
dni_status dni__schedule_step(uint64_t every, double factor, dni__schedule *out);
dni_status dni__schedule_piecewise(dni__memory *memory, const uint64_t *boundaries,
                                   const double *factors, size_t count, dni__schedule *out);
dni_status dni__schedule_copy(dni__memory *memory, const dni__schedule *from, dni__schedule *out);
void dni__schedule_destroy(dni__memory *memory, dni__schedule *schedule);

#endif

/* Schedules: a number that changes with the count of steps, as dni/schedule.h describes it.
 * Learning rates and lambdas of mixtures follow one. Internal. */
#ifndef DNI_CORE_RATE_SCHEDULE_H
#define DNI_CORE_RATE_SCHEDULE_H

#include "core/manifest.h"

/* A checked copy, arrays included, that several owners may share. It does not change after
 * creation: any number of threads may ask it at once. */
typedef struct dni__rate_schedule dni__rate_schedule;

/* Values are at most `most`, which is DBL_MAX for a factor on a rate and 1 for a lambda; an answer
 * of the caller's function above it counts as 0. After a failure destroy is not called and *out is
 * as it was. */
dni_status dni__rate_schedule_create(dni__memory *memory, const dni_schedule *given, double most,
                                     dni__rate_schedule **out);
/* Both allow NULL, which stands for no schedule. */
dni__rate_schedule *dni__rate_schedule_retain(dni__rate_schedule *schedule);
void dni__rate_schedule_release(dni__rate_schedule *schedule);

/* s(step); 1 if there is no schedule. */
double dni__rate_schedule_value(const dni__rate_schedule *schedule, uint64_t step);

/* List what it is, as text that has to be the same; NULL too. */
void dni__rate_schedule_list(const dni__rate_schedule *schedule, dni__manifest *manifest);

#endif

/* How schedule.c makes each kind. Internal to lib/schedule. */
#ifndef DNI_SCHEDULE_KINDS_H
#define DNI_SCHEDULE_KINDS_H

#include "schedule/schedule.h"

/* sequential.c: sequential and random. */
dni_status dni__sequential_create(dni__plan *plan, const dni__random *random, dni__schedule **out);

/* threads.c: pipelined and micro-batches. */
dni_status dni__pipeline_create(dni__plan *plan, dni__schedule **out);

#endif

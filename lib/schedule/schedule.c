/* Choosing the schedule. */
#include "schedule/schedule.h"

#include <unistd.h>

#include "schedule/kinds.h"

dni_status dni__schedule_create(dni__plan *plan, const dni__random *random, dni__schedule **out) {
  bool threads = plan->stage_count > 1 || plan->schedule == DNI_SCHEDULE_MICRO_BATCHES;
  return threads ? dni__pipeline_create(plan, out) : dni__sequential_create(plan, random, out);
}

void dni__schedule_destroy(dni__schedule *schedule) {
  if (schedule) schedule->vtable->destroy(schedule);
}

bool dni__schedule_is_orphan(const dni__schedule *schedule) {
  return schedule->process != 0 && schedule->process != getpid();
}

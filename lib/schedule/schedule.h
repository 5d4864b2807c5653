/* When and where a batch passes through the modules. Internal; the door of the room.
 *
 * Four schedules stand behind one table: sequential and random in the calling thread
 * (sequential.c), pipelined and micro-batches on a thread for each stage (pipeline.c). A schedule
 * moves no weight: it decides which pass (lib/pass) runs next, and where. */
#ifndef DNI_SCHEDULE_SCHEDULE_H
#define DNI_SCHEDULE_SCHEDULE_H

#include <sys/types.h>

#include "pass/pass.h"

/* How to deal layers to modules and modules to threads. */
typedef struct dni__deal {
  size_t threads;               /* 0: as the schedule likes */
  const size_t *layer_thread;   /* [layers]; NULL: the library deals */
  dni_kind balance;             /* DNI_BALANCE_ value */
  const dni_optimiser *pattern; /* for measuring */
} dni__deal;

/* deal.c: fill in modules (without optimisers) and stages (without memory). */
dni_status dni__schedule_deal(dni__plan *plan, const dni__deal *how);

typedef struct dni__schedule dni__schedule;

/* A checked batch on its way in. */
typedef struct dni__arrival {
  const dni_batch *batch;
  double total;   /* sum of the weights */
  uint64_t epoch; /* for the record */
} dni__arrival;

typedef struct dni__schedule_vtable {
  dni_status (*step)(dni__schedule *schedule, const dni__arrival *arrival);
  /* Until nothing is in flight. */
  dni_status (*flush)(dni__schedule *schedule);
  /* A callback was left by an exception or a jump while the calling thread was in here: drop what
   * was in flight, so that the next step starts afresh. */
  void (*abandon)(dni__schedule *schedule);
  /* Nothing is in flight: go on as if so many steps had been made. */
  void (*set_steps)(dni__schedule *schedule, uint64_t steps);
  /* List what it keeps besides the steps. NULL: nothing. */
  void (*list)(dni__schedule *schedule, dni__manifest *manifest);
  void (*destroy)(dni__schedule *schedule);
} dni__schedule_vtable;

/* Kinds embed this as their first member. */
struct dni__schedule {
  const dni__schedule_vtable *vtable;
  dni__plan *plan;
  atomic_uint_fast64_t steps; /* complete in all modules; any thread may read it */
  uint64_t submitted;         /* batches taken so far: the number of the next */
  size_t bytes;               /* of buffers */
  pid_t process;              /* that the threads live in; 0: there are none */
};

/* The schedule that plan->schedule says. The plan is complete. `random` is for the random one. */
dni_status dni__schedule_create(dni__plan *plan, const dni__random *random, dni__schedule **out);
void dni__schedule_destroy(dni__schedule *schedule); /* NULL: nothing */

/* Whether the calling thread is one of the schedule's own, so that a callback is running. */
bool dni__schedule_runs_here(const dni__schedule *schedule);

/* There the schedule cannot be destroyed: the thread ends when it is done with what it is at, and then
 * calls `end`, which destroys the schedule. */
void dni__schedule_leave(dni__schedule *schedule, void (*end)(void *argument), void *argument);

/* Whether this is a forked child, in which the schedule's threads do not exist. */
bool dni__schedule_is_orphan(const dni__schedule *schedule);

/* lags.c: record how late targets are learned in the next `steps` steps, or learn them as late as a
 * record says; see dni/research.h. */
dni_status dni__schedule_set_lags(dni__schedule *schedule, uint8_t *record, const uint8_t *replay,
                                  size_t count, size_t steps);

#endif

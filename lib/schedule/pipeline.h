/* The pipeline's parts. Internal to pipeline.c, worker.c, lags.c and threads.c. */
#ifndef DNI_SCHEDULE_PIPELINE_H
#define DNI_SCHEDULE_PIPELINE_H

#include <pthread.h>

#include "schedule/kinds.h"

#define DNI__PIPELINE_MESSAGE 512

/* A batch whose target has not come yet. */
typedef struct dni__waiting {
  dni__message message; /* without h; y and weights are the slot's */
  uint64_t lessons;     /* that the estimator had had when it answered */
} dni__waiting;

/* A stage at work. */
typedef struct dni__worker {
  struct dni__pipeline *pipeline;
  dni__stage *stage;
  pthread_t thread;
  pthread_cond_t wake;
  uint64_t taken, lessons;   /* (micro-)batches run, targets answered; lessons <= taken */
  uint64_t batch;            /* the one that it is working on or worked on last */
  atomic_uint_fast64_t done; /* whole batches that this stage has finished with */
} dni__worker;

struct dni__pipeline {
  dni__schedule base;
  pthread_mutex_t mutex; /* around sleeping and waking, and what follows */
  size_t started, parked;
  atomic_bool broken, ending;
  dni_status status; /* of the first failure, with its message and its batch */
  char message[DNI__PIPELINE_MESSAGE];
  uint64_t failed;
  int spins;
  /* Recording or replaying: lags [stages - 1][lag_steps] from step lag_first on. */
  uint8_t *record;
  const uint8_t *replay;
  size_t lag_steps;
  uint64_t lag_first;
  atomic_uint_fast64_t flushed; /* batches there are until a flush has ended; UINT64_MAX: any */
  dni__worker workers[];
};

/* pipeline.c. */
extern const dni__schedule_vtable dni__pipeline_vtable;

/* threads.c: end the threads and free everything. In a forked child there are none to end. */
void dni__pipeline_destroy(dni__schedule *schedule);

typedef bool (*dni__condition)(const dni__worker *w);

/* lags.c. Whether the next target has to be, or may be, learned now. */
bool dni__lag_due(const dni__worker *w, bool *must);
/* The next target is being learned. */
void dni__lag_note(const dni__worker *w, const dni__record *record);

/* worker.c. */
void *dni__worker_main(void *worker);
bool dni__worker_has_event(const dni__worker *w);
/* Do what is next, if there is anything. */
dni_status dni__worker_serve(dni__worker *w);
/* A batch from below. */
dni_status dni__worker_take(dni__worker *w, dni__message *message);
/* Until the condition holds or the pipeline is interrupted. */
void dni__worker_wait(dni__worker *w, dni__condition holds);
/* A message has come; the dni__arrived of the channels. */
void dni__worker_wake(void *worker);

/* While the mutex is held. */
void dni__pipeline_wake_all(struct dni__pipeline *pipeline);
bool dni__pipeline_interrupted(const struct dni__pipeline *pipeline);
/* Keep the failure of a stage, if it is the first, and stop everybody. */
void dni__pipeline_break(const dni__worker *w, dni_status status);
/* Steps complete in all stages. */
uint64_t dni__pipeline_complete(const struct dni__pipeline *pipeline);

#endif

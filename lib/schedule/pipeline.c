/* A thread for each stage: worker.c is what a stage does, lags.c when it learns a target, threads.c
 * how all begins and ends, and this the calling thread's side.
 *
 * A stage does two things: it takes a batch that has come from below through its modules, and it
 * gives the lesson of a batch whose target has come from above. Between two of these it decides
 * what is next:
 *
 *   - a target, if there is one: the fresher the estimator the better;
 *   - else a batch, if one is there and a slot is free to keep what its lesson will need;
 *   - else it waits.
 *
 * A stage has at most `slots` batches waiting for their target, so channels with room for that many
 * and the one being worked on never fill and sending never waits; nothing waits in a circle. How
 * many batches a target is late (its lag) is all that timing decides: recorded, it can be played
 * again.
 *
 * The calling thread runs stage 0, inside step and flush. A failure stops
 * all stages where they are; the call that reports it waits until they stand still and empties the
 * channels, so that training can begin again. Waiting is a short spin, then sleep on a condition
 * variable. */
#include "schedule/pipeline.h"

/* Failing. ----------------------------------------------------------------------------------- */

/* Batches that were under way are dropped; the next one has this number. */
static void start_afresh(struct dni__pipeline *pipeline, uint64_t next) {
  dni__schedule *base = &pipeline->base;
  base->submitted = next;
  base->steps = next;
  for (size_t i = 0; i < base->plan->stage_count; i++) {
    dni__worker *w = &pipeline->workers[i];
    if (w->stage->from_below) w->stage->from_below->vtable->clear(w->stage->from_below);
    if (w->stage->from_above) w->stage->from_above->vtable->clear(w->stage->from_above);
    w->taken = w->lessons = base->submitted;
    atomic_store(&w->done, base->submitted);
  }
  pipeline->record = NULL;
  pipeline->replay = NULL;
}

/* Once it is broken: wait until the other stages stand still. From then on the calling thread may
 * read and write what is theirs, until restart. */
static void wait_for_others(struct dni__pipeline *pipeline) {
  pthread_mutex_lock(&pipeline->mutex);
  while (pipeline->parked + 1 < pipeline->base.plan->stage_count)
    pthread_cond_wait(&pipeline->workers[0].wake, &pipeline->mutex);
  pthread_mutex_unlock(&pipeline->mutex);
}

/* Drop what is under way, and let the other stages go on. */
static void restart(struct dni__pipeline *pipeline, uint64_t next) {
  pthread_mutex_lock(&pipeline->mutex);
  start_afresh(pipeline, next);
  atomic_store(&pipeline->broken, false);
  dni__pipeline_wake_all(pipeline);
  while (pipeline->parked > 0) /* or a second failure could count them twice */
    pthread_cond_wait(&pipeline->workers[0].wake, &pipeline->mutex);
  pthread_mutex_unlock(&pipeline->mutex);
}

static void stop_and_go_on(struct dni__pipeline *pipeline, uint64_t next) {
  dni__pipeline_break(&pipeline->workers[0], DNI_ERROR_CALLBACK);
  wait_for_others(pipeline);
  restart(pipeline, next);
}

/* The numbers of what is dropped are given again. */
static void pipeline_abandon(dni__schedule *schedule) {
  struct dni__pipeline *pipeline = (struct dni__pipeline *)schedule;
  stop_and_go_on(pipeline, dni__pipeline_complete(pipeline));
}

static void pipeline_set_steps(dni__schedule *schedule, uint64_t steps) {
  stop_and_go_on((struct dni__pipeline *)schedule, steps);
}

/* Report the failure that broke it. Its cause may lie in any stage. */
static dni_status recover(struct dni__pipeline *pipeline) {
  wait_for_others(pipeline);
  dni_status status = dni__fail(pipeline->status, "%s", pipeline->message);
  (void)dni__network_blame(pipeline->base.plan->network, status);
  (void)dni__fail_prefix(status, "step %llu: ", (unsigned long long)(pipeline->failed + 1));
  restart(pipeline, dni__pipeline_complete(pipeline));
  return status;
}

/* Working. ----------------------------------------------------------------------------------- */

/* Serve one target, or wait until there is one, or until `enough` holds. */
static dni_status go_on(dni__worker *w, dni__condition enough) {
  if (!dni__worker_has_event(w)) dni__worker_wait(w, enough);
  return dni__pipeline_interrupted(w->pipeline) ? DNI_OK : dni__worker_serve(w);
}

static bool all_done(const dni__worker *w) {
  return dni__worker_has_event(w) ||
         dni__pipeline_complete(w->pipeline) == w->pipeline->base.submitted;
}

static bool has_room(const dni__worker *w) {
  bool must;
  if (!w->stage->from_above) return true;
  (void)dni__lag_due(w, &must);
  return !must && w->taken - w->lessons < w->stage->slots;
}

static bool has_room_or_event(const dni__worker *w) {
  return has_room(w) || dni__worker_has_event(w);
}

/* After whatever stage 0 did: its failure stops the others, theirs is reported. */
static dni_status settle(struct dni__pipeline *pipeline, dni_status status) {
  if (status != DNI_OK) dni__pipeline_break(&pipeline->workers[0], status);
  return atomic_load(&pipeline->broken) ? recover(pipeline) : DNI_OK;
}

static dni_status submit(dni__worker *w, dni__message *message) {
  while (!has_room(w) && !dni__pipeline_interrupted(w->pipeline))
    DNI_TRY(go_on(w, has_room_or_event));
  if (dni__pipeline_interrupted(w->pipeline)) return DNI_OK;
  return dni__worker_take(w, message);
}

/* Rows first .. first+rows-1 of a batch as a message. */
static dni_status part_of(const dni__schedule *schedule, const dni__arrival *arrival, size_t first,
                          size_t rows, dni__message *message) {
  const dni_batch *batch = arrival->batch;
  message->batch = schedule->submitted;
  message->total = arrival->total;
  message->h = dni__matrix_rows(batch->x, first, rows);
  message->y = dni__matrix_rows(batch->y, first, rows);
  message->weights = (dni_matrix){0};
  if (batch->weights) message->weights = dni__matrix_rows(batch->weights, first, rows);
  return dni__weights_check(batch->weights ? &message->weights : NULL,
                            schedule->plan->context->dtype, rows, &message->weight);
}

/* The batch, or its parts one after the other: part p of P has rows p n / P to (p + 1) n / P - 1,
 * rounded down. */
static dni_status submit_parts(dni__worker *w, const dni__arrival *arrival) {
  const dni__schedule *schedule = &w->pipeline->base;
  const dni__plan *plan = schedule->plan;
  size_t rows = arrival->batch->x->rows;
  size_t parts = plan->schedule == DNI_SCHEDULE_MICRO_BATCHES ? plan->micro_batches : 1;
  if (parts > rows) parts = rows;
  for (size_t p = 0; p < parts; p++) {
    size_t first = p * rows / parts, end = (p + 1) * rows / parts;
    dni__message message = {.part = (uint32_t)p, .parts = (uint32_t)parts};
    DNI_TRY(part_of(schedule, arrival, first, end - first, &message));
    DNI_TRY(submit(w, &message));
  }
  return DNI_OK;
}

/* Learn what has come without waiting. */
static dni_status serve_ready(dni__worker *w) {
  while (dni__worker_has_event(w) && !dni__pipeline_interrupted(w->pipeline))
    DNI_TRY(dni__worker_serve(w));
  return DNI_OK;
}

static dni_status pipeline_flush(dni__schedule *schedule);

static dni_status pipeline_step(dni__schedule *schedule, const dni__arrival *arrival) {
  struct dni__pipeline *pipeline = (struct dni__pipeline *)schedule;
  dni__plan *plan = schedule->plan;
  dni__worker *w = &pipeline->workers[0];
  DNI_TRY(settle(pipeline, DNI_OK));
  dni__record *record = dni__plan_record(plan, schedule->submitted);
  dni__record_clear(plan, record);
  record->rows = arrival->batch->x->rows;
  record->epoch = arrival->epoch;
  dni_status status = serve_ready(w);
  if (status == DNI_OK) status = submit_parts(w, arrival);
  if (status == DNI_OK) schedule->submitted++;
  if (status == DNI_OK) status = serve_ready(w);
  DNI_TRY(settle(pipeline, status));
  if (plan->schedule == DNI_SCHEDULE_MICRO_BATCHES) return pipeline_flush(schedule);
  schedule->steps = dni__pipeline_complete(pipeline);
  return DNI_OK;
}

/* Targets that are to be learned after further batches do not wait for these while none come. */
static void expect_batches(struct dni__pipeline *pipeline, uint64_t count) {
  if (!pipeline->replay) return;
  pthread_mutex_lock(&pipeline->mutex);
  atomic_store(&pipeline->flushed, count);
  dni__pipeline_wake_all(pipeline);
  pthread_mutex_unlock(&pipeline->mutex);
}

static dni_status pipeline_flush(dni__schedule *schedule) {
  struct dni__pipeline *pipeline = (struct dni__pipeline *)schedule;
  dni_status status = DNI_OK;
  expect_batches(pipeline, schedule->submitted);
  while (status == DNI_OK && !dni__pipeline_interrupted(pipeline) &&
         dni__pipeline_complete(pipeline) < schedule->submitted)
    status = go_on(&pipeline->workers[0], all_done);
  expect_batches(pipeline, UINT64_MAX);
  DNI_TRY(settle(pipeline, status));
  schedule->steps = dni__pipeline_complete(pipeline);
  return DNI_OK;
}

const dni__schedule_vtable dni__pipeline_vtable = {
    .step = pipeline_step,
    .flush = pipeline_flush,
    .abandon = pipeline_abandon,
    .set_steps = pipeline_set_steps,
    .destroy = dni__pipeline_destroy,
};

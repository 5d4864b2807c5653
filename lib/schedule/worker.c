/* A stage at work: what is next, and doing it. */
#include <string.h>

#include "schedule/pipeline.h"

typedef enum event { EVENT_NONE, EVENT_BATCH, EVENT_TARGET } event;

/* What is next? ------------------------------------------------------------------------------ */

static event next_event(const dni__worker *w) {
  const dni__stage *stage = w->stage;
  bool must = false;
  if (stage->from_above && dni__lag_due(w, &must) &&
      stage->from_above->vtable->ready(stage->from_above))
    return EVENT_TARGET;
  bool full = stage->from_above && w->taken - w->lessons >= stage->slots;
  if (must || full || !stage->from_below) return EVENT_NONE;
  return stage->from_below->vtable->ready(stage->from_below) ? EVENT_BATCH : EVENT_NONE;
}

bool dni__worker_has_event(const dni__worker *w) {
  return next_event(w) != EVENT_NONE;
}

/* Waking and waiting. ------------------------------------------------------------------------ */

static void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

void dni__worker_wake(void *worker) {
  dni__worker *w = worker;
  pthread_mutex_lock(&w->pipeline->mutex);
  pthread_cond_signal(&w->wake);
  pthread_mutex_unlock(&w->pipeline->mutex);
}

void dni__pipeline_wake_all(struct dni__pipeline *pipeline) {
  for (size_t i = 0; i < pipeline->base.plan->stage_count; i++)
    pthread_cond_signal(&pipeline->workers[i].wake);
}

bool dni__pipeline_interrupted(const struct dni__pipeline *pipeline) {
  return atomic_load(&pipeline->broken) || atomic_load(&pipeline->ending);
}

void dni__worker_wait(dni__worker *w, dni__condition holds) {
  struct dni__pipeline *pipeline = w->pipeline;
  for (int spin = 0; spin < pipeline->spins; spin++) {
    if (holds(w) || dni__pipeline_interrupted(pipeline)) return;
    pause_briefly();
  }
  pthread_mutex_lock(&pipeline->mutex);
  while (!holds(w) && !dni__pipeline_interrupted(pipeline))
    pthread_cond_wait(&w->wake, &pipeline->mutex);
  pthread_mutex_unlock(&pipeline->mutex);
}

/* Failing. ----------------------------------------------------------------------------------- */

void dni__pipeline_break(const dni__worker *w, dni_status status) {
  struct dni__pipeline *pipeline = w->pipeline;
  pthread_mutex_lock(&pipeline->mutex);
  if (!atomic_load(&pipeline->broken)) {
    pipeline->status = status;
    pipeline->failed = w->batch;
    memcpy(pipeline->message, dni_last_message(),
           strnlen(dni_last_message(), DNI__PIPELINE_MESSAGE - 1) + 1);
    pipeline->message[DNI__PIPELINE_MESSAGE - 1] = '\0';
    atomic_store(&pipeline->broken, true);
  }
  dni__pipeline_wake_all(pipeline);
  pthread_mutex_unlock(&pipeline->mutex);
}

/* Stand still until the failure has been reported. */
static void park(dni__worker *w) {
  struct dni__pipeline *pipeline = w->pipeline;
  pthread_mutex_lock(&pipeline->mutex);
  pipeline->parked++;
  pthread_cond_signal(&pipeline->workers[0].wake);
  while (dni__pipeline_interrupted(pipeline) && !atomic_load(&pipeline->ending))
    pthread_cond_wait(&w->wake, &pipeline->mutex);
  pipeline->parked--;
  pthread_cond_signal(&pipeline->workers[0].wake);
  pthread_mutex_unlock(&pipeline->mutex);
}

uint64_t dni__pipeline_complete(const struct dni__pipeline *pipeline) {
  uint64_t least = UINT64_MAX;
  for (size_t i = 0; i < pipeline->base.plan->stage_count; i++) {
    uint64_t done = atomic_load_explicit(&pipeline->workers[i].done, memory_order_acquire);
    if (done < least) least = done;
  }
  return least;
}

/* Working. ----------------------------------------------------------------------------------- */

static dni__pass pass_of(const dni__worker *w, dni__message *message) {
  return (dni__pass){
      .stage = w->stage,
      .x = message->h,
      .y = message->y,
      .weights = message->weights,
      .weight = message->weight,
      .total = message->total,
      .record = dni__plan_record(w->pipeline->base.plan, message->batch),
      .message = message,
      .flags = message->part > 0 ? DNI_GRADIENT_ADD : DNI_GRADIENT_REPLACE,
      .moves = message->part + 1 == message->parts,
  };
}

/* The stage has finished with a batch, or with a part of it. */
static void finish(dni__worker *w, const dni__message *message) {
  if (message->part + 1 < message->parts) return;
  atomic_fetch_add_explicit(&w->done, 1, memory_order_release);
  dni__worker_wake(&w->pipeline->workers[0]);
}

static dni_matrix kept_x(const dni__stage *stage, size_t slot, size_t rows) {
  const dni__plan *plan = stage->plan;
  return dni__matrix_make(stage->kept_x + slot * stage->x_bytes, rows,
                          plan->network->links[stage->first_layer].layer->inputs,
                          plan->context->dtype);
}

/* A copy of `from` in the slot's place for y, or for weights. */
static dni_matrix keep_matrix(const dni_matrix *from, unsigned char *place) {
  if (!from->data) return (dni_matrix){0};
  dni_matrix own = dni__matrix_make(place, from->rows, from->columns, from->dtype);
  dni__matrix_copy(from, &own);
  return own;
}

/* Put aside what the lesson will need, and let the pass work there. */
static void keep(const dni__worker *w, size_t slot, dni__pass *pass) {
  dni__stage *stage = w->stage;
  dni__message message = *pass->message;
  pass->y = keep_matrix(&pass->y, stage->kept_y + slot * stage->y_bytes);
  pass->weights = keep_matrix(&pass->weights, stage->kept_weights + slot * stage->weight_bytes);
  message.h = (dni_matrix){0};
  message.y = pass->y;
  message.weights = pass->weights;
  stage->waiting[slot] = (dni__waiting){message, w->lessons};
  if (stage->keeps_x) {
    dni_matrix x = kept_x(stage, slot, pass->x.rows);
    dni__matrix_copy(&pass->x, &x);
    pass->x = x;
  }
  dni__stage_use_slot(stage, slot);
}

dni_status dni__worker_take(dni__worker *w, dni__message *message) {
  dni__stage *stage = w->stage;
  dni__pass pass = pass_of(w, message);
  size_t slot = stage->slots > 0 ? (size_t)(w->taken % stage->slots) : 0;
  w->batch = message->batch;
  if (stage->slots > 0) keep(w, slot, &pass);
  DNI_TRY(dni__pass_run(&pass));
  w->taken++;
  if (stage->from_above) return DNI_OK;
  w->lessons++;
  finish(w, message);
  return DNI_OK;
}

/* Whether the estimator's answer to the batch is still there, and is what it would answer now: no
 * other batch has been through since, and it has learned nothing. */
static bool is_fresh(const dni__worker *w, const dni__waiting *waiting) {
  return w->taken - 1 == w->lessons && waiting->lessons == w->lessons;
}

/* A target from above. */
static dni_status learn(dni__worker *w, const dni__message *target) {
  dni__stage *stage = w->stage;
  size_t slot = (size_t)(w->lessons % stage->slots);
  dni__waiting *waiting = &stage->waiting[slot];
  w->batch = target->batch;
  if (target->batch != waiting->message.batch || target->part != waiting->message.part)
    return dni__fail(DNI_ERROR_STATE, "the target of batch %llu came instead of batch %llu's",
                     (unsigned long long)target->batch, (unsigned long long)waiting->message.batch);
  dni__pass pass = pass_of(w, &waiting->message);
  size_t top = stage->first_layer + stage->layer_count - 1;
  dni_matrix prediction = dni__matrix_make(stage->plan->interfaces[top].prediction, pass.y.rows,
                                           target->h.columns, stage->plan->context->dtype);
  if (stage->keeps_x) pass.x = kept_x(stage, slot, pass.y.rows);
  dni__stage_use_slot(stage, slot);
  DNI_TRY(dni__pass_lesson(&pass, &target->h, is_fresh(w, waiting) ? &prediction : NULL));
  dni__lag_note(w, pass.record);
  w->lessons++;
  finish(w, &waiting->message);
  return DNI_OK;
}

dni_status dni__worker_serve(dni__worker *w) {
  event what = next_event(w);
  if (what == EVENT_NONE) return DNI_OK;
  dni__channel *channel = what == EVENT_BATCH ? w->stage->from_below : w->stage->from_above;
  dni__message message;
  if (!channel->vtable->receive(channel, &message)) return DNI_OK;
  dni_status status = what == EVENT_BATCH ? dni__worker_take(w, &message) : learn(w, &message);
  channel->vtable->release(channel);
  return status;
}

/* The schedule that this thread was made for, NULL if it is the caller's; and what it does at its
 * end. */
static _Thread_local const dni__schedule *own_schedule;
static _Thread_local void (*own_end)(void *argument);
static _Thread_local void *own_argument;

bool dni__schedule_runs_here(const dni__schedule *schedule) {
  return schedule && own_schedule == schedule;
}

void dni__schedule_leave(dni__schedule *schedule, void (*end)(void *argument), void *argument) {
  struct dni__pipeline *pipeline = (struct dni__pipeline *)schedule;
  own_end = end;
  own_argument = argument;
  pthread_mutex_lock(&pipeline->mutex);
  atomic_store(&pipeline->ending, true);
  dni__pipeline_wake_all(pipeline);
  pthread_mutex_unlock(&pipeline->mutex);
}

void *dni__worker_main(void *argument) {
  DNI_FLUSH_DENORMALS;
  dni__worker *w = argument;
  struct dni__pipeline *pipeline = w->pipeline;
  own_schedule = &pipeline->base;
  while (!atomic_load(&pipeline->ending)) {
    dni__worker_wait(w, dni__worker_has_event);
    if (dni__pipeline_interrupted(pipeline)) {
      park(w);
      continue;
    }
    dni_status status = dni__worker_serve(w);
    if (status != DNI_OK) dni__pipeline_break(w, status);
  }
  if (own_end) own_end(own_argument);
  return NULL;
}

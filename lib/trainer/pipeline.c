/* A thread for each stage.
 *
 * A stage does two things: it takes a batch that has come from below through its modules, and it gives
 * the lesson of a batch whose target has come from above. Between two of these it decides what is next:
 *
 *   - a target, if there is one: the fresher the estimator the better;
 *   - else a batch, if one is there and a slot is free to keep what its lesson will need;
 *   - else it waits.
 *
 * A stage has at most `slots` batches waiting for their target, so channels with room for that many and
 * the one being worked on never fill and sending never waits; nothing waits in a circle. How many batches a target is late (its
 * lag) is all that timing decides: recorded, it can be played again.
 *
 * The calling thread runs stage 0, inside dni_trainer_step and dni_trainer_flush. A failure stops all
 * stages where they are; the call that reports it waits until they stand still and empties the channels,
 * so that training can begin again. Waiting is a short spin, then sleep on a condition variable. */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "trainer/trainer.h"

#define SPINS        1000
#define MESSAGE_SIZE 512

/* A batch whose target has not come yet. */
typedef struct dni__waiting {
  dni__message message; /* without its matrices */
  size_t rows;
  uint64_t lessons; /* that the estimator had had when it answered */
} dni__waiting;

/* A stage at work. */
typedef struct worker {
  struct dni__pipeline *pipeline;
  dni__stage *stage;
  pthread_t thread;
  pthread_cond_t wake;
  uint64_t taken, lessons;   /* (micro-)batches run, targets answered; lessons <= taken */
  atomic_uint_fast64_t done; /* whole batches that this stage has finished with */
} worker;

typedef enum event { EVENT_NONE, EVENT_BATCH, EVENT_TARGET } event;

struct dni__pipeline {
  dni_trainer *trainer;
  pthread_mutex_t mutex; /* around sleeping and waking, and what follows */
  size_t started, parked;
  atomic_bool broken, ending;
  dni_status status; /* of the first failure, with its message */
  char message[MESSAGE_SIZE];
  int spins;
  uint64_t submitted; /* whole batches; the number of the next */
  size_t channel_bytes;
  /* Recording or replaying: lags [stages - 1][lag_steps] from step lag_first on. */
  uint8_t *record;
  const uint8_t *replay;
  size_t lag_steps;
  uint64_t lag_first;
  worker workers[];
};

static void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

/* What is next? ------------------------------------------------------------------------------ */

static uint64_t done_of(const worker *w) {
  return atomic_load_explicit(&w->done, memory_order_acquire);
}

/* The place of a lag, if this batch is among those recorded or replayed. */
static bool lag_place(const worker *w, uint64_t batch, size_t *place) {
  const struct dni__pipeline *pipeline = w->pipeline;
  if (batch < pipeline->lag_first || batch - pipeline->lag_first >= pipeline->lag_steps)
    return false;
  *place = w->stage->index * pipeline->lag_steps + (size_t)(batch - pipeline->lag_first);
  return true;
}

/* Whether the next target has to be, or may be, learned now. */
static bool target_is_due(const worker *w, bool *must) {
  size_t place;
  *must = false;
  if (w->lessons == w->taken) return false;
  if (!w->pipeline->replay || !lag_place(w, w->lessons, &place)) return true;
  *must = w->taken - 1 - w->lessons >= w->pipeline->replay[place];
  return *must;
}

static event next_event(const worker *w) {
  const dni__stage *stage = w->stage;
  bool must = false;
  if (stage->from_above && target_is_due(w, &must) &&
      stage->from_above->vtable->ready(stage->from_above))
    return EVENT_TARGET;
  bool full = stage->from_above && w->taken - w->lessons >= stage->slots;
  if (must || full || !stage->from_below) return EVENT_NONE;
  return stage->from_below->vtable->ready(stage->from_below) ? EVENT_BATCH : EVENT_NONE;
}

/* Waking and waiting. ------------------------------------------------------------------------ */

static void wake_worker(worker *w) {
  pthread_mutex_lock(&w->pipeline->mutex);
  pthread_cond_signal(&w->wake);
  pthread_mutex_unlock(&w->pipeline->mutex);
}

static void arrived(void *argument) {
  wake_worker(argument);
}

static void wake_all(struct dni__pipeline *pipeline) { /* the mutex is held */
  for (size_t i = 0; i < pipeline->trainer->stage_count; i++)
    pthread_cond_signal(&pipeline->workers[i].wake);
}

static bool is_interrupted(const struct dni__pipeline *pipeline) {
  return atomic_load(&pipeline->broken) || atomic_load(&pipeline->ending);
}

typedef bool (*condition)(const worker *w);

/* Until the condition holds or the pipeline is interrupted. */
static void wait_until(worker *w, condition holds) {
  struct dni__pipeline *pipeline = w->pipeline;
  for (int spin = 0; spin < pipeline->spins; spin++) {
    if (holds(w) || is_interrupted(pipeline)) return;
    pause_briefly();
  }
  pthread_mutex_lock(&pipeline->mutex);
  while (!holds(w) && !is_interrupted(pipeline))
    pthread_cond_wait(&w->wake, &pipeline->mutex);
  pthread_mutex_unlock(&pipeline->mutex);
}

static bool has_event(const worker *w) {
  return next_event(w) != EVENT_NONE;
}

/* Failing. ----------------------------------------------------------------------------------- */

/* Keep the first failure and stop everybody. */
static void break_off(struct dni__pipeline *pipeline, dni_status status) {
  pthread_mutex_lock(&pipeline->mutex);
  if (!atomic_load(&pipeline->broken)) {
    pipeline->status = status;
    memcpy(pipeline->message, dni_last_message(),
           strnlen(dni_last_message(), MESSAGE_SIZE - 1) + 1);
    pipeline->message[MESSAGE_SIZE - 1] = '\0';
    atomic_store(&pipeline->broken, true);
  }
  wake_all(pipeline);
  pthread_mutex_unlock(&pipeline->mutex);
}

/* Stand still until the failure has been reported. */
static void park(worker *w) {
  struct dni__pipeline *pipeline = w->pipeline;
  pthread_mutex_lock(&pipeline->mutex);
  pipeline->parked++;
  pthread_cond_signal(&pipeline->workers[0].wake);
  while (is_interrupted(pipeline) && !atomic_load(&pipeline->ending))
    pthread_cond_wait(&w->wake, &pipeline->mutex);
  pipeline->parked--;
  pthread_cond_signal(&pipeline->workers[0].wake);
  pthread_mutex_unlock(&pipeline->mutex);
}

/* Steps complete in all stages. */
static uint64_t complete(const struct dni__pipeline *pipeline) {
  uint64_t least = UINT64_MAX;
  for (size_t i = 0; i < pipeline->trainer->stage_count; i++) {
    uint64_t done = done_of(&pipeline->workers[i]);
    if (done < least) least = done;
  }
  return least;
}

/* Batches that were under way are dropped, and their numbers given again. */
static void start_afresh(struct dni__pipeline *pipeline) {
  pipeline->submitted = complete(pipeline);
  for (size_t i = 0; i < pipeline->trainer->stage_count; i++) {
    worker *w = &pipeline->workers[i];
    if (w->stage->from_below) w->stage->from_below->vtable->clear(w->stage->from_below);
    if (w->stage->from_above) w->stage->from_above->vtable->clear(w->stage->from_above);
    w->taken = w->lessons = pipeline->submitted;
    atomic_store(&w->done, pipeline->submitted);
  }
  pipeline->trainer->steps = pipeline->submitted;
  pipeline->record = NULL;
  pipeline->replay = NULL;
}

/* Report the failure, once the other stages stand still. */
static dni_status recover(struct dni__pipeline *pipeline) {
  dni_trainer *trainer = pipeline->trainer;
  pthread_mutex_lock(&pipeline->mutex);
  while (pipeline->parked + 1 < trainer->stage_count)
    pthread_cond_wait(&pipeline->workers[0].wake, &pipeline->mutex);
  dni_status status = dni__fail(pipeline->status, "%s", pipeline->message);
  start_afresh(pipeline);
  atomic_store(&pipeline->broken, false);
  wake_all(pipeline);
  while (pipeline->parked > 0) /* or a second failure could count them twice */
    pthread_cond_wait(&pipeline->workers[0].wake, &pipeline->mutex);
  pthread_mutex_unlock(&pipeline->mutex);
  return status;
}

/* Working. ----------------------------------------------------------------------------------- */

static dni__pass pass_of(const worker *w, dni__message *message) {
  const dni_trainer *trainer = w->pipeline->trainer;
  return (dni__pass){
      .stage = w->stage,
      .x = message->first,
      .y = message->second,
      .record = &trainer->records[message->batch % trainer->record_count],
      .message = message,
      .gradient_mode = message->part > 0 ? DNI_GRADIENT_ADD : DNI_GRADIENT_REPLACE,
      .moves = message->part + 1 == message->parts,
  };
}

/* The stage has finished with a batch, or with a part of it. */
static void finish(worker *w, const dni__message *message) {
  if (message->part + 1 < message->parts) return;
  atomic_fetch_add_explicit(&w->done, 1, memory_order_release);
  wake_worker(&w->pipeline->workers[0]);
}

static dni_matrix kept_view(const dni__stage *stage, void *data, size_t rows, size_t columns) {
  return dni__matrix_make(data, rows, columns, stage->trainer->context->dtype);
}

static dni_matrix kept_x(const dni__stage *stage, size_t slot, size_t rows) {
  size_t inputs = stage->trainer->network->links[stage->first_layer].layer->inputs;
  return kept_view(stage, stage->kept_x + slot * stage->x_bytes, rows, inputs);
}

static dni_matrix kept_y(const dni__stage *stage, size_t slot, size_t rows) {
  size_t outputs = dni_network_outputs(stage->trainer->network);
  return kept_view(stage, stage->kept_y + slot * stage->y_bytes, rows, outputs);
}

/* Layers' own state between forward and backward, for a module that waits. */
static void exchange_state(const dni__stage *stage, size_t slot, bool back) {
  const dni_trainer *trainer = stage->trainer;
  const dni__train_module *last = &trainer->modules[stage->first_module + stage->module_count - 1];
  if (last->waits != DNI_WAITS_DELTA) return;
  unsigned char *place = stage->kept_state + slot * stage->state_bytes;
  for (size_t l = last->layers.first; l < last->layers.first + last->layers.count; l++) {
    dni_layer *layer = trainer->network->links[l].layer;
    dni__layer_exchange_state(layer, place, back);
    place += dni__layer_state_bytes(layer);
  }
}

/* Put aside what the lesson will need, and let the pass work there. */
static void keep(const worker *w, size_t slot, dni__pass *pass) {
  dni__stage *stage = w->stage;
  dni__message message = *pass->message;
  message.first = message.second = (dni_matrix){0};
  stage->waiting[slot] = (dni__waiting){message, pass->y.rows, w->lessons};
  dni_matrix x = kept_x(stage, slot, pass->x.rows), y = kept_y(stage, slot, pass->y.rows);
  dni__matrix_copy(&pass->y, &y);
  pass->y = y;
  if (stage->keeps_x) {
    dni__matrix_copy(&pass->x, &x);
    pass->x = x;
  }
  dni__stage_use_slot(stage, slot);
}

/* A batch from below. */
static dni_status take(worker *w, dni__message *message) {
  dni__stage *stage = w->stage;
  dni__pass pass = pass_of(w, message);
  size_t slot = stage->slots > 0 ? (size_t)(w->taken % stage->slots) : 0;
  if (stage->slots > 0) keep(w, slot, &pass);
  DNI_TRY(dni__pass_run(&pass));
  if (stage->slots > 0) exchange_state(stage, slot, false);
  w->taken++;
  if (stage->from_above) return DNI_OK;
  w->lessons++;
  finish(w, message);
  return DNI_OK;
}

/* A lag is measured in batches that the stage has been through since. */
static void note_lag(const worker *w, const dni__pass *pass) {
  struct dni__pipeline *pipeline = w->pipeline;
  const dni__stage *stage = w->stage;
  size_t lag = (size_t)(w->taken - 1 - w->lessons), place;
  const dni__train_interface *interface =
      &pipeline->trainer->interfaces[stage->first_layer + stage->layer_count - 1];
  if (interface->sg) pass->record->target_lag[interface->report] = lag;
  if (pipeline->record && lag_place(w, w->lessons, &place)) pipeline->record[place] = (uint8_t)lag;
}

/* A target from above. */
static dni_status learn(worker *w, const dni__message *target) {
  dni__stage *stage = w->stage;
  size_t slot = (size_t)(w->lessons % stage->slots);
  dni__waiting *waiting = &stage->waiting[slot];
  if (target->batch != waiting->message.batch || target->part != waiting->message.part)
    return dni__fail(DNI_ERROR_STATE, "the target of batch %llu came instead of batch %llu's",
                     (unsigned long long)target->batch, (unsigned long long)waiting->message.batch);
  dni__pass pass = pass_of(w, &waiting->message);
  pass.x = stage->keeps_x ? kept_x(stage, slot, waiting->rows) : (dni_matrix){0};
  pass.y = kept_y(stage, slot, waiting->rows);
  size_t top = stage->first_layer + stage->layer_count - 1;
  dni_matrix prediction = kept_view(stage, stage->trainer->interfaces[top].prediction,
                                    waiting->rows, target->first.columns);
  bool fresh = waiting->lessons == w->lessons;
  dni__stage_use_slot(stage, slot);
  exchange_state(stage, slot, true);
  DNI_TRY(dni__pass_lesson(&pass, &target->first, fresh ? &prediction : NULL));
  note_lag(w, &pass);
  w->lessons++;
  finish(w, &waiting->message);
  return DNI_OK;
}

static dni_status serve(worker *w, event what) {
  dni__channel *channel = what == EVENT_BATCH ? w->stage->from_below : w->stage->from_above;
  dni__message message;
  if (!channel->vtable->receive(channel, &message)) return DNI_OK;
  dni_status status = what == EVENT_BATCH ? take(w, &message) : learn(w, &message);
  channel->vtable->release(channel);
  if (status == DNI_OK) return DNI_OK;
  return dni__fail_prefix(status, "step %llu: ", (unsigned long long)(message.batch + 1));
}

static void *worker_main(void *argument) {
  worker *w = argument;
  struct dni__pipeline *pipeline = w->pipeline;
  while (!atomic_load(&pipeline->ending)) {
    wait_until(w, has_event);
    if (is_interrupted(pipeline)) {
      park(w);
      continue;
    }
    dni_status status = serve(w, next_event(w));
    if (status != DNI_OK) break_off(pipeline, status);
  }
  return NULL;
}

/* The calling thread's side. ------------------------------------------------------------------ */

/* Serve one target, or wait until there is one, or until `enough` holds. */
static dni_status go_on(worker *w, condition enough) {
  if (next_event(w) == EVENT_NONE) wait_until(w, enough);
  event what = next_event(w);
  return what == EVENT_NONE || is_interrupted(w->pipeline) ? DNI_OK : serve(w, what);
}

static bool all_done(const worker *w) {
  return has_event(w) || complete(w->pipeline) == w->pipeline->submitted;
}

static bool has_room(const worker *w) {
  bool must;
  if (!w->stage->from_above) return true;
  (void)target_is_due(w, &must);
  return !must && w->taken - w->lessons < w->stage->slots;
}

static bool has_room_or_event(const worker *w) {
  return has_room(w) || has_event(w);
}

/* After whatever stage 0 did: its failure stops the others, theirs is reported. */
static dni_status settle(struct dni__pipeline *pipeline, dni_status status) {
  if (status != DNI_OK) break_off(pipeline, status);
  return atomic_load(&pipeline->broken) ? recover(pipeline) : DNI_OK;
}

static dni_status submit(worker *w, dni__message *message) {
  while (!has_room(w) && !is_interrupted(w->pipeline))
    DNI_TRY(go_on(w, has_room_or_event));
  if (is_interrupted(w->pipeline)) return DNI_OK;
  dni_status status = take(w, message);
  if (status == DNI_OK) return DNI_OK;
  return dni__fail_prefix(status, "step %llu: ", (unsigned long long)(message->batch + 1));
}

/* The batch, or its parts one after the other. */
static dni_status submit_parts(worker *w, const dni_matrix *x, const dni_matrix *y) {
  const dni_trainer *trainer = w->pipeline->trainer;
  size_t parts = trainer->schedule == DNI_SCHEDULE_MICRO_BATCHES ? trainer->micro_batches : 1;
  if (parts > x->rows) parts = x->rows;
  for (size_t p = 0; p < parts; p++) {
    size_t first = p * x->rows / parts, rows = (p + 1) * x->rows / parts - first;
    dni__message message = {.batch = w->pipeline->submitted,
                            .part = (uint32_t)p,
                            .parts = (uint32_t)parts,
                            .share = (double)rows / (double)x->rows,
                            .first = dni__matrix_rows(x, first, rows),
                            .second = dni__matrix_rows(y, first, rows)};
    DNI_TRY(submit(w, &message));
  }
  return DNI_OK;
}

/* Learn what has come without waiting. */
static dni_status serve_ready(worker *w) {
  while (has_event(w) && !is_interrupted(w->pipeline))
    DNI_TRY(serve(w, next_event(w)));
  return DNI_OK;
}

static void publish(struct dni__pipeline *pipeline) {
  dni_trainer *trainer = pipeline->trainer;
  uint64_t steps = complete(pipeline);
  trainer->steps = steps;
  const dni__record *record =
      &trainer->records[steps > 0 ? (steps - 1) % trainer->record_count : trainer->record_count];
  dni__report_point(trainer, steps, record, steps == pipeline->submitted);
}

dni_status dni__pipeline_step(dni_trainer *trainer, const dni_matrix *x, const dni_matrix *y) {
  struct dni__pipeline *pipeline = trainer->pipeline;
  worker *w = &pipeline->workers[0];
  DNI_TRY(settle(pipeline, DNI_OK));
  dni__record_clear(trainer, &trainer->records[pipeline->submitted % trainer->record_count]);
  dni_status status = submit_parts(w, x, y);
  if (status == DNI_OK) pipeline->submitted++;
  if (status == DNI_OK) status = serve_ready(w);
  DNI_TRY(settle(pipeline, status));
  if (trainer->schedule == DNI_SCHEDULE_MICRO_BATCHES) return dni__pipeline_flush(trainer);
  publish(pipeline);
  return DNI_OK;
}

dni_status dni__pipeline_flush(dni_trainer *trainer) {
  struct dni__pipeline *pipeline = trainer->pipeline;
  dni_status status = DNI_OK;
  while (status == DNI_OK && !is_interrupted(pipeline) && complete(pipeline) < pipeline->submitted)
    status = go_on(&pipeline->workers[0], all_done);
  DNI_TRY(settle(pipeline, status));
  publish(pipeline);
  return DNI_OK;
}

static dni_status set_lags(dni_trainer *trainer, uint8_t *record, const uint8_t *replay,
                           size_t steps) {
  struct dni__pipeline *pipeline = trainer->pipeline;
  if ((record || replay) && steps == 0) return dni__fail(DNI_ERROR_ARGUMENT, "lags of 0 steps");
  if (!pipeline) return DNI_OK;
  if (atomic_load(&pipeline->broken) || complete(pipeline) < pipeline->submitted)
    return dni__fail(DNI_ERROR_STATE, "batches are in flight: call dni_trainer_flush first");
  pipeline->record = record;
  pipeline->replay = replay;
  pipeline->lag_steps = steps;
  pipeline->lag_first = pipeline->submitted;
  return DNI_OK;
}

dni_status dni_trainer_record(dni_trainer *trainer, uint8_t *lags, size_t steps) {
  DNI_REQUIRE(trainer);
  return set_lags(trainer, lags, NULL, steps);
}

dni_status dni_trainer_replay(dni_trainer *trainer, const uint8_t *lags, size_t steps) {
  DNI_REQUIRE(trainer);
  return set_lags(trainer, NULL, lags, steps);
}

/* Making and ending. ------------------------------------------------------------------------- */

size_t dni__pipeline_bytes(const dni_trainer *trainer) {
  return trainer->pipeline ? trainer->pipeline->channel_bytes : 0;
}

static dni_status create_channel(struct dni__pipeline *pipeline, size_t receiver, size_t units,
                                 size_t targets, size_t capacity, dni__channel **out) {
  const dni_trainer *trainer = pipeline->trainer;
  size_t columns[2] = {units, targets}, bytes;
  DNI_TRY(dni__queue_create(trainer->context->memory, trainer->context->dtype, capacity,
                            trainer->max_rows, columns, arrived, &pipeline->workers[receiver], out,
                            &bytes));
  pipeline->channel_bytes += bytes;
  return DNI_OK;
}

/* The two channels between a stage and the one above, and the slots of what waits there. */
static dni_status connect(struct dni__pipeline *pipeline, size_t index) {
  dni_trainer *trainer = pipeline->trainer;
  dni__stage *below = &trainer->stages[index], *above = below + 1;
  size_t units = trainer->network->links[above->first_layer].layer->inputs;
  size_t targets = dni_network_outputs(trainer->network);
  size_t capacity = below->slots + 1; /* one is being worked on */
  DNI_TRY(create_channel(pipeline, index + 1, units, targets, capacity, &above->from_below));
  DNI_TRY(create_channel(pipeline, index, units, 0, capacity, &below->from_above));
  below->waiting = dni__allocate(trainer->context->memory, below->slots, sizeof *below->waiting);
  return below->waiting ? DNI_OK : DNI_ERROR_MEMORY;
}

/* With all signals blocked: a signal handler of the program never runs on one. */
static dni_status start_threads(struct dni__pipeline *pipeline) {
  sigset_t all, before;
  int failed = 0;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (size_t i = 1; i < pipeline->trainer->stage_count && !failed; i++) {
    worker *w = &pipeline->workers[i];
    failed = pthread_create(&w->thread, NULL, worker_main, w);
    if (!failed) pipeline->started++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (failed)
    return dni__fail(DNI_ERROR_MEMORY, "cannot start thread %zu of %zu: error %d",
                     pipeline->started + 2, pipeline->trainer->stage_count, failed);
  return DNI_OK;
}

dni_status dni__pipeline_create(dni_trainer *trainer) {
  size_t stages = trainer->stage_count, bytes;
  if (!dni__multiply(stages, sizeof(worker), &bytes) ||
      !dni__add(bytes, sizeof(struct dni__pipeline), &bytes))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu threads", stages);
  struct dni__pipeline *pipeline = dni__allocate(trainer->context->memory, 1, bytes);
  if (!pipeline) return DNI_ERROR_MEMORY;
  trainer->pipeline = pipeline;
  pipeline->trainer = trainer;
  pipeline->spins = (long)stages <= sysconf(_SC_NPROCESSORS_ONLN) ? SPINS : 0;
  pthread_mutex_init(&pipeline->mutex, NULL);
  for (size_t i = 0; i < stages; i++) {
    pipeline->workers[i].pipeline = pipeline;
    pipeline->workers[i].stage = &trainer->stages[i];
    pthread_cond_init(&pipeline->workers[i].wake, NULL);
  }
  for (size_t i = 0; i + 1 < stages; i++)
    DNI_TRY(connect(pipeline, i));
  return start_threads(pipeline);
}

/* What is in flight is dropped. */
void dni__pipeline_destroy(dni_trainer *trainer) {
  struct dni__pipeline *pipeline = trainer->pipeline;
  if (!pipeline) return;
  pthread_mutex_lock(&pipeline->mutex);
  atomic_store(&pipeline->ending, true);
  wake_all(pipeline);
  pthread_mutex_unlock(&pipeline->mutex);
  for (size_t i = 1; i <= pipeline->started; i++)
    pthread_join(pipeline->workers[i].thread, NULL);
  for (size_t i = 0; i < trainer->stage_count; i++) {
    dni__stage *stage = &trainer->stages[i];
    if (stage->from_below) stage->from_below->vtable->destroy(stage->from_below);
    if (stage->from_above) stage->from_above->vtable->destroy(stage->from_above);
    dni__free(trainer->context->memory, stage->waiting);
    pthread_cond_destroy(&pipeline->workers[i].wake);
  }
  pthread_mutex_destroy(&pipeline->mutex);
  dni__free(trainer->context->memory, pipeline);
  trainer->pipeline = NULL;
}

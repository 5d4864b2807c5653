/* Making a pipeline and ending it: channels, slots of what waits, threads. */
#include <signal.h>
#include <unistd.h>

#include "trainer/pipeline.h"

#define SPINS 1000

size_t dni__pipeline_bytes(const dni_trainer *trainer) {
  return trainer->pipeline ? trainer->pipeline->channel_bytes : 0;
}

static dni_status create_channel(struct dni__pipeline *pipeline, size_t receiver, size_t units,
                                 size_t targets, size_t capacity, dni__channel **out) {
  const dni_trainer *trainer = pipeline->trainer;
  size_t columns[2] = {units, targets}, bytes;
  DNI_TRY(dni__queue_create(trainer->context->memory, trainer->context->dtype, capacity,
                            trainer->max_rows, columns, dni__worker_wake,
                            &pipeline->workers[receiver], out, &bytes));
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
    dni__worker *w = &pipeline->workers[i];
    failed = pthread_create(&w->thread, NULL, dni__worker_main, w);
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
  if (!dni__multiply(stages, sizeof(dni__worker), &bytes) ||
      !dni__add(bytes, sizeof(struct dni__pipeline), &bytes))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu threads", stages);
  struct dni__pipeline *pipeline = dni__allocate(trainer->context->memory, 1, bytes);
  if (!pipeline) return DNI_ERROR_MEMORY;
  trainer->pipeline = pipeline;
  pipeline->trainer = trainer;
  pipeline->spins = (long)stages <= sysconf(_SC_NPROCESSORS_ONLN) ? SPINS : 0;
  atomic_store(&pipeline->flushed, UINT64_MAX);
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
  dni__pipeline_wake_all(pipeline);
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

/* Making a pipeline and ending it: channels, slots of what waits, threads. */
#include <unistd.h>

#include "core/threads.h"
#include "schedule/pipeline.h"

#define SPINS 1000

static dni_status create_channel(struct dni__pipeline *pipeline, size_t receiver, size_t units,
                                 size_t targets, size_t capacity, dni__channel **out) {
  const dni__plan *plan = pipeline->base.plan;
  size_t bytes;
  DNI_TRY(dni__queue_create(plan->context->memory, plan->context->dtype, capacity, plan->max_rows,
                            units, targets, dni__worker_wake, &pipeline->workers[receiver], out,
                            &bytes));
  pipeline->base.bytes += bytes;
  return DNI_OK;
}

/* The two channels between a stage and the one above, and the slots of what waits there. */
static dni_status connect(struct dni__pipeline *pipeline, size_t index) {
  dni__plan *plan = pipeline->base.plan;
  dni__stage *below = &plan->stages[index], *above = below + 1;
  size_t units = plan->network->links[above->first_layer].layer->inputs;
  size_t targets = dni_network_outputs(plan->network);
  size_t capacity = below->slots + 1; /* one is being worked on */
  DNI_TRY(create_channel(pipeline, index + 1, units, targets, capacity, &above->from_below));
  DNI_TRY(create_channel(pipeline, index, units, 0, capacity, &below->from_above));
  below->waiting = dni__allocate(plan->context->memory, below->slots, sizeof *below->waiting);
  return below->waiting ? DNI_OK : DNI_ERROR_MEMORY;
}

static dni_status start_threads(struct dni__pipeline *pipeline) {
  int failed = 0;
  for (size_t i = 1; i < pipeline->base.plan->stage_count && !failed; i++) {
    dni__worker *w = &pipeline->workers[i];
    failed = dni__thread_create(&w->thread, dni__worker_main, w);
    if (!failed) pipeline->started++;
  }
  if (failed)
    return dni__fail(DNI_ERROR_SYSTEM, "cannot start thread %zu of %zu: error %d",
                     pipeline->started + 2, pipeline->base.plan->stage_count, failed);
  return DNI_OK;
}

static void pipeline_open(struct dni__pipeline *pipeline, dni__plan *plan) {
  pipeline->base.vtable = &dni__pipeline_vtable;
  pipeline->base.plan = plan;
  pipeline->base.process = plan->stage_count > 1 ? getpid() : 0;
  pipeline->spins = (long)plan->stage_count <= sysconf(_SC_NPROCESSORS_ONLN) ? SPINS : 0;
  atomic_store(&pipeline->flushed, UINT64_MAX);
  pthread_mutex_init(&pipeline->mutex, NULL);
  for (size_t i = 0; i < plan->stage_count; i++) {
    pipeline->workers[i].pipeline = pipeline;
    pipeline->workers[i].stage = &plan->stages[i];
    pthread_cond_init(&pipeline->workers[i].wake, NULL);
  }
}

dni_status dni__pipeline_create(dni__plan *plan, dni__schedule **out) {
  size_t stages = plan->stage_count, bytes;
  if (!dni__multiply(stages, sizeof(dni__worker), &bytes) ||
      !dni__add(bytes, sizeof(struct dni__pipeline), &bytes))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu threads", stages);
  struct dni__pipeline *pipeline = dni__allocate(plan->context->memory, 1, bytes);
  if (!pipeline) return DNI_ERROR_MEMORY;
  pipeline_open(pipeline, plan);
  dni_status status = DNI_OK;
  for (size_t i = 0; i + 1 < stages && status == DNI_OK; i++)
    status = connect(pipeline, i);
  if (status == DNI_OK) status = start_threads(pipeline);
  if (status != DNI_OK) {
    dni__pipeline_destroy(&pipeline->base);
    return status;
  }
  *out = &pipeline->base;
  return DNI_OK;
}

/* The calling thread may be one of them, at its end. */
static void end_threads(struct dni__pipeline *pipeline) {
  pthread_mutex_lock(&pipeline->mutex);
  atomic_store(&pipeline->ending, true);
  dni__pipeline_wake_all(pipeline);
  pthread_mutex_unlock(&pipeline->mutex);
  for (size_t i = 1; i <= pipeline->started; i++) {
    pthread_t thread = pipeline->workers[i].thread;
    (void)(pthread_equal(thread, pthread_self()) ? pthread_detach(thread)
                                                 : pthread_join(thread, NULL));
  }
  for (size_t i = 0; i < pipeline->base.plan->stage_count; i++)
    pthread_cond_destroy(&pipeline->workers[i].wake);
  pthread_mutex_destroy(&pipeline->mutex);
}

/* What is in flight is dropped. In a forked child the threads do not exist, and the mutex may be
 * held by one of them for ever. */
void dni__pipeline_destroy(dni__schedule *schedule) {
  struct dni__pipeline *pipeline = (struct dni__pipeline *)schedule;
  dni__plan *plan = schedule->plan;
  if (!dni__schedule_is_orphan(schedule)) end_threads(pipeline);
  for (size_t i = 0; i < plan->stage_count; i++) {
    dni__stage *stage = &plan->stages[i];
    if (stage->from_below) stage->from_below->vtable->destroy(stage->from_below);
    if (stage->from_above) stage->from_above->vtable->destroy(stage->from_above);
    dni__free(plan->context->memory, stage->waiting);
    stage->from_below = stage->from_above = NULL;
    stage->waiting = NULL;
  }
  dni__free(plan->context->memory, pipeline);
}

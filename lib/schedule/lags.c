/* How late targets are learned: recorded, or played again.
 *
 * The lag of a target is the number of batches that the stage has been through since the target's
 * own. A stage without threads around it would be deterministic; the lags are all that timing adds.
 * A table that no run could have left is refused, since a stage that followed it would wait for
 * ever. What can still be in the way of a possible lag is the end of a flush, before which no
 * further batch comes: a target that would have to wait for one is then learned at once. A record
 * never asks for that if the flushes are where they were. */
#include "schedule/pipeline.h"

/* The place of a lag, if this batch is among those recorded or replayed. */
static bool lag_place(const dni__worker *w, uint64_t batch, size_t *place) {
  const struct dni__pipeline *pipeline = w->pipeline;
  if (batch < pipeline->lag_first || batch - pipeline->lag_first >= pipeline->lag_steps)
    return false;
  *place = w->stage->index * pipeline->lag_steps + (size_t)(batch - pipeline->lag_first);
  return true;
}

bool dni__lag_due(const dni__worker *w, bool *must) {
  size_t place;
  *must = false;
  if (w->lessons == w->taken) return false;
  if (!w->pipeline->replay || !lag_place(w, w->lessons, &place)) return true;
  if (w->taken == atomic_load(&w->pipeline->flushed)) return true;
  *must = w->taken - 1 - w->lessons >= w->pipeline->replay[place];
  return *must;
}

void dni__lag_note(const dni__worker *w, const dni__record *record) {
  struct dni__pipeline *pipeline = w->pipeline;
  const dni__plan *plan = pipeline->base.plan;
  if (plan->schedule != DNI_SCHEDULE_PIPELINED) return;
  size_t lag = (size_t)(w->taken - 1 - w->lessons), place;
  size_t top = w->stage->first_layer + w->stage->layer_count - 1;
  if (dni__plan_wants_target(plan, top)) record->target_lag[top] = lag;
  if (pipeline->record && lag_place(w, w->lessons, &place)) pipeline->record[place] = (uint8_t)lag;
}

/* Whether targets leave a stage only when it has learned its own: a delayed module alone. */
static bool passes_on(const dni__plan *plan, const dni__stage *stage) {
  return stage->module_count == 1 && plan->modules[stage->first_module].waits == DNI_WAITS_DELTA;
}

/* Why no run can have left this lag; NULL: one can. */
static const char *impossible(const dni__plan *plan, const dni__stage *stage, const uint8_t *lags,
                              size_t steps, size_t step) {
  const uint8_t *own = lags + stage->index * steps, *above = own + steps;
  if (own[step] >= stage->slots) return "is not below in_flight";
  if (step > 0 && own[step] + 1 < own[step - 1])
    return "is more than one below the last step's, and targets are learned in order";
  if (passes_on(plan, stage + 1) && own[step] < above[step])
    return "is below that of the interface above, whose target is handed down";
  return NULL;
}

static dni_status check_lags(const struct dni__pipeline *pipeline, const uint8_t *lags,
                             size_t steps) {
  const dni__plan *plan = pipeline->base.plan;
  for (size_t s = 0; s + 1 < plan->stage_count; s++)
    for (size_t i = 0; i < steps; i++) {
      const dni__stage *stage = &plan->stages[s];
      const char *why = impossible(plan, stage, lags, steps, i);
      if (!why) continue;
      return dni__fail(DNI_ERROR_ARGUMENT, "interface after layer %zu, step %llu: a lag of %d %s",
                       stage->first_layer + stage->layer_count - 1,
                       (unsigned long long)(pipeline->base.submitted + i + 1),
                       (int)lags[s * steps + i], why);
    }
  return DNI_OK;
}

dni_status dni__schedule_set_lags(dni__schedule *schedule, uint8_t *record, const uint8_t *replay,
                                  size_t count, size_t steps) {
  const dni__plan *plan = schedule->plan;
  bool threads = plan->schedule == DNI_SCHEDULE_PIPELINED && plan->stage_count > 1;
  size_t expected = 0;
  if ((record || replay) && steps == 0) return dni__fail(DNI_ERROR_ARGUMENT, "lags of 0 steps");
  if (threads && !dni__multiply(plan->stage_count - 1, steps, &expected))
    return dni__fail(DNI_ERROR_ARGUMENT, "%zu steps are too many", steps);
  if ((record || replay) && count != expected)
    return dni__fail(DNI_ERROR_ARGUMENT, "count is %zu, expected %zu lags", count, expected);
  if (!threads) return DNI_OK;
  struct dni__pipeline *pipeline = (struct dni__pipeline *)schedule;
  if (atomic_load(&pipeline->broken) || dni__pipeline_complete(pipeline) < schedule->submitted)
    return dni__fail(DNI_ERROR_STATE, "batches are in flight: call dni_trainer_flush first");
  if (replay) DNI_TRY(check_lags(pipeline, replay, steps));
  pipeline->record = record;
  pipeline->replay = replay;
  pipeline->lag_steps = steps;
  pipeline->lag_first = schedule->submitted;
  return DNI_OK;
}

/* The sequential and the random schedule: a step is one pass through the only stage, in the calling
 * thread. In the random one a coin says for each module whether it moves. */
#include "schedule/kinds.h"

typedef struct sequential {
  dni__schedule base;
  dni__random random; /* of the random schedule */
} sequential;

/* Which modules move in this step. One number is drawn for each, whether it can move or not. */
static void choose_modules(sequential *own) {
  dni__plan *plan = own->base.plan;
  for (size_t m = 0; m < plan->module_count; m++) {
    bool moves = plan->schedule != DNI_SCHEDULE_RANDOM ||
                 dni__random_uniform(&own->random) < plan->update_probability;
    plan->module_updated[m] = moves && plan->modules[m].trained && !plan->modules[m].still;
  }
}

static dni_status sequential_step(dni__schedule *schedule, const dni__arrival *arrival) {
  dni__plan *plan = schedule->plan;
  const dni_batch *batch = arrival->batch;
  dni__record *record = dni__plan_record(plan, schedule->steps);
  dni__record_clear(plan, record);
  record->rows = batch->x->rows;
  record->epoch = arrival->epoch;
  choose_modules((sequential *)schedule);
  dni__pass pass = {.stage = &plan->stages[0],
                    .x = *batch->x,
                    .y = *batch->y,
                    .weight = arrival->total,
                    .total = arrival->total,
                    .record = record,
                    .flags = DNI_GRADIENT_REPLACE,
                    .moves = true};
  if (batch->weights) pass.weights = *batch->weights;
  dni_status status = dni__pass_run(&pass);
  if (status != DNI_OK) {
    (void)dni__network_blame(plan->network, status);
    return dni__fail_prefix(status, "step %llu: ", (unsigned long long)(schedule->steps + 1));
  }
  schedule->submitted = ++schedule->steps;
  return DNI_OK;
}

static dni_status sequential_flush(dni__schedule *schedule) {
  (void)schedule;
  return DNI_OK;
}

static void sequential_abandon(dni__schedule *schedule) {
  (void)schedule;
}

static void sequential_set_steps(dni__schedule *schedule, uint64_t steps) {
  schedule->submitted = steps;
  schedule->steps = steps;
}

static void sequential_list(dni__schedule *schedule, dni__manifest *manifest) {
  if (schedule->plan->schedule == DNI_SCHEDULE_RANDOM)
    dni__manifest_random(manifest, "random", &((sequential *)schedule)->random);
}

static void sequential_destroy(dni__schedule *schedule) {
  dni__free(schedule->plan->context->memory, schedule);
}

static const dni__schedule_vtable sequential_vtable = {
    .step = sequential_step,
    .flush = sequential_flush,
    .abandon = sequential_abandon,
    .set_steps = sequential_set_steps,
    .list = sequential_list,
    .destroy = sequential_destroy,
};

dni_status dni__sequential_create(dni__plan *plan, const dni__random *random, dni__schedule **out) {
  sequential *own = dni__allocate(plan->context->memory, 1, sizeof *own);
  if (!own) return DNI_ERROR_MEMORY;
  own->base.vtable = &sequential_vtable;
  own->base.plan = plan;
  own->random = *random;
  *out = &own->base;
  return DNI_OK;
}

/* Asking about a plan, and freeing what a pass works on. */
#include "pass/plan.h"

bool dni__plan_learns(const dni__plan *plan, size_t after, dni_learns from) {
  const dni_sg *sg = plan->interfaces[after].sg;
  return sg && sg->learns == from;
}

size_t dni__plan_module_of(const dni__plan *plan, size_t layer) {
  size_t low = 0, high = plan->module_count;
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (plan->modules[middle].layers.first <= layer)
      low = middle;
    else
      high = middle;
  }
  return low;
}

bool dni__plan_wants_target(const dni__plan *plan, size_t after) {
  size_t below = dni__plan_module_of(plan, after);
  if (below + 1 < plan->module_count && plan->modules[below + 1].still) return false;
  return plan->modules[below].waits == DNI_WAITS_DELTA ||
         dni__plan_learns(plan, after, DNI_SG_LEARNS_TARGET);
}

static void free_stage(dni__memory *memory, dni__stage *stage) {
  for (size_t i = 0; stage->kept_states && i < stage->slots * stage->layer_count; i++)
    dni_state_release(stage->kept_states[i]);
  dni__free(memory, stage->kept_states);
  dni__free(memory, stage->activations);
  dni__free(memory, stage->workspace);
}

void dni__plan_free(dni__plan *plan) {
  dni__memory *memory = plan->context->memory;
  for (size_t i = 0; i < plan->stage_count; i++)
    free_stage(memory, &plan->stages[i]);
  void *blocks[] = {plan->modules, plan->module_updated, plan->interfaces, plan->outputs,
                    plan->states,  plan->kept_offset,    plan->in_bf16,    plan->stages,
                    plan->records, plan->record_memory};
  for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
    dni__free(memory, blocks[i]);
}

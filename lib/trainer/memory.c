/* Bytes by purpose. */
#include "trainer/trainer.h"

static void count_parameters(const dni__parameter *parameters, size_t count,
                             dni_memory_report *report) {
  for (size_t i = 0; i < count; i++) {
    const dni_matrix *value = &parameters[i].value;
    size_t bytes = value->rows * value->columns * dni__dtype_size(value->dtype);
    report->parameter_bytes += bytes + dni__packed_bytes(parameters[i].packed);
    if (parameters[i].gradient.data) report->gradient_bytes += bytes;
  }
}

static void count_link(const dni__plan *plan, size_t index, dni_memory_report *report) {
  const dni__link *link = &plan->network->links[index];
  size_t size = dni__dtype_size(plan->context->dtype);
  count_parameters(link->layer->parameters, link->layer->parameter_count, report);
  report->workspace_bytes += dni__layer_state_bytes(link->layer, plan->max_rows);
  report->optimiser_bytes += dni_optimiser_bytes(plan->interfaces[index].optimiser);
  if (!link->sg) return;
  count_parameters(link->sg->parameters, link->sg->parameter_count, report);
  report->workspace_bytes +=
      link->sg->workspace_bytes + link->sg->prediction_rows * link->sg->units * size;
}

dni_status dni_trainer_memory(const dni_trainer *trainer, dni_memory_report *report) {
  DNI_REQUIRE(trainer);
  DNI_REQUIRE(report);
  DNI_TRY(dni__report_check(report, DNI__FIRST_SIZE_dni_memory_report, "dni_memory_report"));
  const dni__plan *plan = &trainer->plan;
  dni_memory_report known = {.struct_size = sizeof known};
  size_t row = dni_network_inputs(plan->network) + dni_network_outputs(plan->network);
  known.workspace_bytes =
      plan->max_batch * row * dni__dtype_size(plan->context->dtype) + trainer->schedule->bytes;
  for (size_t s = 0; s < plan->stage_count; s++) {
    known.activation_bytes += plan->stages[s].activation_bytes;
    known.workspace_bytes += plan->stages[s].workspace_bytes + plan->stages[s].state_bytes;
  }
  for (size_t i = 0; i < plan->network->count; i++)
    count_link(plan, i, &known);
  for (size_t m = 0; m < plan->module_count; m++)
    known.optimiser_bytes += dni_optimiser_bytes(plan->modules[m].optimiser);
  dni__report_fill(report, &known, sizeof known);
  return DNI_OK;
}

/* Bytes by purpose. */
#include "trainer/trainer.h"

static void count_parameters(const dni__parameter *parameters, size_t count,
                             dni_memory_report *report) {
  for (size_t i = 0; i < count; i++) {
    const dni_matrix *value = &parameters[i].value;
    size_t bytes = value->rows * value->columns * dni__dtype_size(value->dtype);
    report->parameter_bytes += bytes;
    if (parameters[i].gradient.data) report->gradient_bytes += bytes;
  }
}

dni_status dni_trainer_memory(const dni_trainer *trainer, dni_memory_report *report) {
  DNI_REQUIRE(trainer);
  DNI_REQUIRE(report);
  DNI_TRY(dni__report_check(report, sizeof *report, "dni_memory_report"));
  dni_memory_report known = {.struct_size = sizeof known};
  size_t row = dni_network_inputs(trainer->network) + dni_network_outputs(trainer->network);
  known.workspace_bytes = trainer->max_batch * row * dni__dtype_size(trainer->context->dtype) +
                          dni__pipeline_bytes(trainer);
  for (size_t s = 0; s < trainer->stage_count; s++) {
    known.activation_bytes += trainer->stages[s].activation_bytes;
    known.workspace_bytes += trainer->stages[s].workspace_bytes;
  }
  for (size_t i = 0; i < trainer->network->count; i++) {
    const dni__link *link = &trainer->network->links[i];
    count_parameters(link->layer->parameters, link->layer->parameter_count, &known);
    if (link->sg) {
      count_parameters(link->sg->parameters, link->sg->parameter_count, &known);
      known.workspace_bytes +=
          link->sg->workspace_bytes +
          link->sg->prediction_rows * link->sg->units * dni__dtype_size(trainer->context->dtype);
    }
    known.optimiser_bytes += dni_optimiser_bytes(trainer->interfaces[i].optimiser);
  }
  for (size_t m = 0; m < trainer->module_count; m++)
    known.optimiser_bytes += dni_optimiser_bytes(trainer->modules[m].optimiser);
  dni__report_fill(report, &known, sizeof known);
  return DNI_OK;
}

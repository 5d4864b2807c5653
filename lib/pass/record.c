/* What is measured of each batch: a ring of records, as many as batches can be in flight. */
#include <math.h>

#include "pass/plan.h"

void dni__record_clear(const dni__plan *plan, dni__record *record) {
  record->rows = 0;
  record->epoch = 0;
  record->loss = record->accuracy = record->metric = NAN;
  for (size_t l = 0; l < plan->network->count; l++) {
    record->sg_mse[l] = record->sg_cosine[l] = NAN;
    record->target_lag[l] = DNI_NONE;
  }
  for (size_t m = 0; m < plan->module_count; m++) {
    record->gradient_norm[m] = 0;
    record->rate[m] = NAN;
  }
}

/* One more than can be in flight is being read, one is being begun, and a blank one comes last. */
dni_status dni__plan_create_records(dni__plan *plan) {
  dni__memory *memory = plan->context->memory;
  size_t layers = plan->network->count, numbers, lags, each, all;
  plan->record_count = 2 + (plan->stage_count - 1) * (plan->in_flight + 1);
  size_t count = plan->record_count + 1;
  if (!dni__multiply(layers, 2 * sizeof(double) + sizeof(size_t), &each) ||
      !dni__add(each, plan->module_count * 2 * sizeof(double), &each) ||
      !dni__multiply(each, count, &all))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu records do not fit", count);
  plan->records = dni__allocate(memory, count, sizeof *plan->records);
  plan->record_memory = dni__allocate(memory, 1, all);
  if (!plan->records || !plan->record_memory) return DNI_ERROR_MEMORY;
  numbers = 2 * layers + 2 * plan->module_count;
  lags = numbers * count;
  double *first = plan->record_memory;
  size_t *first_lag = (size_t *)(void *)(first + lags);
  for (size_t i = 0; i < count; i++) {
    plan->records[i].sg_mse = first + i * numbers;
    plan->records[i].sg_cosine = plan->records[i].sg_mse + layers;
    plan->records[i].gradient_norm = plan->records[i].sg_cosine + layers;
    plan->records[i].rate = plan->records[i].gradient_norm + plan->module_count;
    plan->records[i].target_lag = first_lag + i * layers;
    dni__record_clear(plan, &plan->records[i]);
  }
  return DNI_OK;
}

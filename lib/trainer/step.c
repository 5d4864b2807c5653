/* One step, and what else the user does between two: flush, cancel, rates, records of lags. */
#include <math.h>

#include "core/setting.h"
#include "dni/research.h"
#include "trainer/trainer.h"

/* Whether the SG after a layer is asked in a step, and takes numbers alone. */
static bool refuses_labels(const dni__plan *plan, size_t after) {
  const dni_sg *sg = plan->interfaces[after].sg;
  if (!sg || !dni__sg_root(sg)->vtable->refuses_labels) return false;
  const dni__train_module *module = &plan->modules[dni__plan_module_of(plan, after)];
  return module->trained && !module->still;
}

static dni_status check_labels(const dni__plan *plan, const dni_matrix *y) {
  for (size_t l = 0; dni__is_labels(y) && l < plan->network->count; l++)
    if (refuses_labels(plan, l))
      return dni__fail(DNI_ERROR_ARGUMENT,
                       "interface after layer %zu: %s takes numbers for y, not labels", l,
                       dni_sg_kind_name(plan->interfaces[l].sg));
  return DNI_OK;
}

dni_status dni__trainer_check_rows(const dni_trainer *trainer, size_t rows) {
  const dni__plan *plan = &trainer->plan;
  if (rows >= plan->least_batch) return DNI_OK;
  const dni_layer *layer = plan->network->links[plan->statistics_layer].layer;
  return dni__fail(
      DNI_ERROR_ARGUMENT,
      "a batch of %zu rows, expected %zu or more: layer %zu (%s) takes statistics of %s", rows,
      plan->least_batch, plan->statistics_layer, dni_layer_kind_name(layer),
      plan->schedule == DNI_SCHEDULE_MICRO_BATCHES ? "each part" : "the batch");
}

dni_status dni__trainer_check_batch(const dni_trainer *trainer, const dni_batch *batch,
                                    dni_batch *known, double *total) {
  const dni__plan *plan = &trainer->plan;
  dni_dtype dtype = trainer->context->dtype;
  DNI_TRY(dni__options_copy(DNI__OPTIONS(known, batch, dni_batch)));
  DNI_TRY(dni__matrix_check(known->x, dtype, dni_network_inputs(plan->network), "x"));
  size_t rows = known->x->rows;
  if (rows == 0 || rows > plan->max_batch)
    return dni__fail(DNI_ERROR_ARGUMENT, "x has %zu rows, expected 1 to %zu", rows,
                     plan->max_batch);
  DNI_TRY(dni__trainer_check_rows(trainer, rows));
  DNI_TRY(dni__targets_check(known->y, dtype, rows, dni_network_outputs(plan->network), "y"));
  DNI_TRY(check_labels(plan, known->y));
  DNI_TRY(dni__weights_check(known->weights, dtype, rows, total));
  if (!(*total > 0 && isfinite(*total)))
    return dni__fail(DNI_ERROR_ARGUMENT, "the weights sum to %g", *total);
  return DNI_OK;
}

dni_status dni__trainer_submit(dni_trainer *trainer, const dni_batch *batch, double total,
                               uint64_t epoch) {
  dni__arrival arrival = {batch, total, epoch};
  return trainer->schedule->vtable->step(trainer->schedule, &arrival);
}

/* Of the latest step that is complete. */
static void fill_report(const dni_trainer *trainer, dni_step_report *report) {
  dni_step_report full;
  dni__trainer_report(trainer, trainer->schedule->steps, &full);
  dni__report_fill(report, &full, sizeof full);
}

dni_status dni_trainer_step(dni_trainer *trainer, const dni_batch *batch, dni_step_report *report) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(trainer);
  DNI_REQUIRE(batch);
  dni_batch known;
  double total;
  DNI_VISIT(visit);
  if (report)
    DNI_TRY(dni__report_check(report, DNI__FIRST_SIZE_dni_step_report, "dni_step_report"));
  DNI_TRY(dni__trainer_check_batch(trainer, batch, &known, &total));
  DNI_TRY(dni__visit_begin(trainer, &visit, "dni_trainer_step"));
  trainer->validation.step = trainer->earlier_validation.step = 0;
  trainer->progress.fitting = trainer->progress.goes_on = false;
  dni_status status = dni__trainer_submit(trainer, &known, total, 0);
  if (status == DNI_OK && report) fill_report(trainer, report);
  dni__visit_end(&visit);
  return status;
}

dni_status dni_trainer_report(const dni_trainer *trainer, dni_step_report *report) {
  DNI_REQUIRE(trainer);
  DNI_REQUIRE(report);
  DNI_TRY(dni__report_check(report, DNI__FIRST_SIZE_dni_step_report, "dni_step_report"));
  if (dni__schedule_runs_here(trainer->schedule))
    return dni__fail(
        DNI_ERROR_STATE,
        "dni_trainer_report was called from a callback on a thread of the trainer's own");
  fill_report(trainer, report);
  return DNI_OK;
}

dni_status dni_trainer_flush(dni_trainer *trainer) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(trainer);
  DNI_VISIT(visit);
  DNI_TRY(dni__visit_begin(trainer, &visit, "dni_trainer_flush"));
  dni_status status = trainer->schedule->vtable->flush(trainer->schedule);
  dni__visit_end(&visit);
  return status;
}

void dni_trainer_cancel(dni_trainer *trainer) {
  if (trainer) atomic_store(&trainer->cancelled, true);
}

dni_status dni_trainer_set_rate_factor(dni_trainer *trainer, size_t module, double factor) {
  DNI_REQUIRE(trainer);
  dni__plan *plan = &trainer->plan;
  if (module != DNI_ALL && module >= plan->module_count)
    return dni__fail(DNI_ERROR_ARGUMENT, "there is no module %zu, only %zu", module,
                     plan->module_count);
  if (!(isfinite(factor) && factor >= 0))
    return dni__fail(DNI_ERROR_ARGUMENT, "rate factor %g is negative or not finite", factor);
  for (size_t m = 0; m < plan->module_count; m++)
    if (module == DNI_ALL || module == m) atomic_store(&plan->modules[m].rate_factor, factor);
  return DNI_OK;
}

/* Not from a callback: the caller's thread is inside, and so is what would be changed. */
static dni_status set_lags(dni_trainer *trainer, uint8_t *record, const uint8_t *replay,
                           size_t count, size_t steps, const char *call) {
  DNI_VISIT(visit);
  DNI_TRY(dni__visit_begin(trainer, &visit, call));
  dni_status status = dni__schedule_set_lags(trainer->schedule, record, replay, count, steps);
  dni__visit_end(&visit);
  return status;
}

dni_status dni_trainer_record(dni_trainer *trainer, uint8_t *lags, size_t count, size_t steps) {
  DNI_REQUIRE(trainer);
  return set_lags(trainer, lags, NULL, count, steps, "dni_trainer_record");
}

dni_status dni_trainer_replay(dni_trainer *trainer, const uint8_t *lags, size_t count,
                              size_t steps) {
  DNI_REQUIRE(trainer);
  return set_lags(trainer, NULL, lags, count, steps, "dni_trainer_replay");
}

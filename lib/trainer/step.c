/* A step: what the caller calls. Without threads it is one pass through the only stage. */
#include <math.h>
#include <stddef.h>

#include "trainer/trainer.h"

void dni__record_clear(const dni_trainer *trainer, dni__record *record) {
  record->loss = record->accuracy = NAN;
  for (size_t i = 0; i < trainer->report.interface_count; i++) {
    record->sg_error[i] = record->sg_cosine[i] = NAN;
    record->target_lag[i] = 0;
  }
}

void dni__report_point(dni_trainer *trainer, uint64_t step, const dni__record *record,
                       bool settled) {
  dni_step_report *report = &trainer->report;
  report->step = step;
  report->loss = record->loss;
  report->accuracy = record->accuracy;
  report->sg_error = record->sg_error;
  report->sg_cosine = record->sg_cosine;
  report->target_lag = record->target_lag;
  report->settled = settled;
}

/* Which modules are updated in this step. */
static void choose_modules(dni_trainer *trainer) {
  for (size_t m = 0; m < trainer->module_count; m++) {
    bool moves = trainer->schedule != DNI_SCHEDULE_RANDOM ||
                 dni__random_uniform(&trainer->random) < trainer->update_probability;
    trainer->module_updated[m] = moves && trainer->modules[m].trained;
  }
}

static dni_status step_alone(dni_trainer *trainer, const dni_matrix *x, const dni_matrix *y) {
  dni__record *record = &trainer->records[trainer->steps % trainer->record_count];
  dni__record_clear(trainer, record);
  choose_modules(trainer);
  dni__pass pass = {.stage = &trainer->stages[0],
                    .x = *x,
                    .y = *y,
                    .record = record,
                    .gradient_mode = DNI_GRADIENT_REPLACE,
                    .moves = true};
  dni_status status = dni__pass_run(&pass);
  if (status != DNI_OK)
    return dni__fail_prefix(status, "step %llu: ", (unsigned long long)(trainer->steps + 1));
  trainer->steps++;
  dni__report_point(trainer, trainer->steps, record, true);
  return DNI_OK;
}

static dni_status check_batch(const dni_trainer *trainer, const dni_matrix *x,
                              const dni_matrix *y) {
  dni_dtype dtype = trainer->context->dtype;
  DNI_TRY(dni__matrix_check(x, dtype, dni_network_inputs(trainer->network), "x"));
  DNI_TRY(dni__matrix_check_rows(y, dtype, x->rows, dni_network_outputs(trainer->network), "y"));
  if (x->rows == 0 || x->rows > trainer->max_batch)
    return dni__fail(DNI_ERROR_ARGUMENT, "x has %zu rows, expected 1 to %zu", x->rows,
                     trainer->max_batch);
  return DNI_OK;
}

dni_status dni_trainer_step(dni_trainer *trainer, const dni_matrix *x, const dni_matrix *y,
                            dni_step_report *report) {
  DNI_REQUIRE(trainer);
  if (report)
    DNI_TRY(dni__report_check(report, offsetof(dni_step_report, target_lag), "dni_step_report"));
  DNI_TRY(check_batch(trainer, x, y));
  DNI_TRY(trainer->pipeline ? dni__pipeline_step(trainer, x, y) : step_alone(trainer, x, y));
  if (report) dni__report_fill(report, &trainer->report, sizeof trainer->report);
  return DNI_OK;
}

dni_status dni_trainer_flush(dni_trainer *trainer) {
  DNI_REQUIRE(trainer);
  return trainer->pipeline ? dni__pipeline_flush(trainer) : DNI_OK;
}

void dni_trainer_cancel(dni_trainer *trainer) {
  if (trainer && atomic_load(&trainer->in_fit)) atomic_store(&trainer->cancelled, true);
}

/* What the user is told of a step. */
#include <math.h>

#include "trainer/trainer.h"

static double gradient_norm(const dni__plan *plan, const dni__record *record) {
  double norm = 0;
  if (!plan->measures_norm) return NAN;
  for (size_t m = 0; m < plan->module_count; m++)
    norm = hypot(norm, record->gradient_norm[m]);
  return norm;
}

/* Of the lowest module that moved. */
static double lowest_rate(const dni__plan *plan, const dni__record *record) {
  size_t m = 0;
  while (m + 1 < plan->module_count && isnan(record->rate[m]))
    m++;
  return record->rate[m];
}

static void add_validation(const dni_trainer *trainer, dni_step_report *report) {
  bool later = trainer->validation.step > report->step;
  const dni__validation *known = later ? &trainer->earlier_validation : &trainer->validation;
  bool any = known->step > 0 && known->step <= report->step;
  report->validated = known->step > 0 && known->step == report->step;
  report->validation_loss = any ? known->found.loss : NAN;
  report->validation_accuracy = any ? known->found.accuracy : NAN;
  report->validation_metric = any ? known->found.metric : NAN;
}

void dni__trainer_report(const dni_trainer *trainer, uint64_t step, dni_step_report *report) {
  const dni__plan *plan = &trainer->plan;
  const dni__schedule *schedule = trainer->schedule;
  const dni__record *record =
      step > 0 ? dni__plan_record(plan, step - 1) : &plan->records[plan->record_count];
  *report = (dni_step_report){
      .struct_size = sizeof *report,
      .step = step,
      .loss = record->loss,
      .accuracy = record->accuracy,
      .metric = record->metric,
      .rate = lowest_rate(plan, record),
      .gradient_norm = step > 0 ? gradient_norm(plan, record) : (double)NAN,
      .rows = record->rows,
      .epoch = record->epoch,
      .settled = schedule->steps == schedule->submitted,
      .layer_count = plan->network->count,
      .sg_mse = record->sg_mse,
      .sg_cosine = record->sg_cosine,
      .target_lag = record->target_lag,
      .module_count = plan->module_count,
      .module_updated = plan->module_updated,
      .checkpointed = step > 0 && step == trainer->checkpoint_step,
      .checkpoint_status = trainer->checkpoint_status,
  };
  add_validation(trainer, report);
}

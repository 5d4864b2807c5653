/* Up through a module, and the loss at the top. */
#include <math.h>

#include "loss/loss.h"
#include "pass/parts.h"

dni_status dni__forward_module(const dni__pass *pass, const dni__module *layers) {
  const dni__plan *plan = dni__plan_of(pass);
  for (size_t l = layers->first; l < layers->first + layers->count; l++) {
    dni_matrix x = dni__input_of(pass, l), y = dni__output_of(pass, l);
    DNI_TRY(dni__network_forward(plan->network, l, DNI_MODE_TRAINING, plan->states[l], &x,
                                 dni__weights_of(pass), &y));
    dni__keep_output(pass, l);
  }
  return DNI_OK;
}

/* Add a mean over this part to the mean over the batch. */
static void add_mean(const dni__pass *pass, double mean, double *to) {
  bool first = !pass->message || pass->message->part == 0;
  *to = (pass->weight > 0 ? pass->weight / pass->total * mean : 0) + (first ? 0 : *to);
}

static dni_status evaluate_metric(const dni__pass *pass, const dni_batch *batch) {
  const dni_metric *metric = &dni__plan_of(pass)->metric;
  double value = NAN;
  if (!metric->evaluate) return DNI_OK;
  const dni__callback begun = dni__callback_begin();
  dni_status answer = metric->evaluate(metric->user, batch, &value);
  DNI_TRY(dni__callback_end(begun, answer, "metric"));
  add_mean(pass, value, &pass->record->metric);
  return DNI_OK;
}

dni_status dni__evaluate_loss(const dni__pass *pass) {
  const dni__stage *stage = pass->stage;
  const dni__plan *plan = stage->plan;
  dni_matrix h = dni__output_of(pass, plan->network->count - 1);
  dni_matrix error = dni__pass_view(pass, stage->output_error, h.columns);
  dni_matrix losses = dni__pass_view(pass, stage->losses, 1);
  dni_matrix right = dni__pass_view(pass, stage->right, 1);
  dni_batch batch = {sizeof batch, &h, &pass->y, dni__weights_of(pass)};
  double loss, correct;
  DNI_TRY(dni_loss_evaluate(plan->loss, &batch, &error, stage->losses ? &losses : NULL, &loss));
  if (dni_loss_classifies(plan->loss)) {
    DNI_TRY(dni__loss_count_correct(plan->loss, &batch, stage->right ? &right : NULL, &correct));
    add_mean(pass, correct / pass->weight, &pass->record->accuracy);
  }
  DNI_TRY(evaluate_metric(pass, &batch));
  add_mean(pass, loss, &pass->record->loss);
  return isfinite(loss) ? DNI_OK : dni__network_loss_failed(plan->network);
}

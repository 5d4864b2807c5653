/* One training: the SG learns and answers, the guard decides, the model moves. */
#include <math.h>
#include <string.h>

#include "guard.h"

/* Lower's gradients as `delta` makes them; it is left as it is. */
static void backward_lower(machine *on, const dni_matrix *delta) {
  must(dni_matrix_copy(delta, &on->scratch));
  must(dni_layer_backward(on->lower, DNI_GRADIENT_REPLACE, NULL, &on->x, &on->h, &on->scratch,
                          NULL));
}

static double forward(machine *on) {
  double mean;
  dni_batch answers = {.struct_size = sizeof answers, .x = &on->out, .y = &on->y};
  must(dni_layer_forward(on->lower, DNI_MODE_TRAINING, NULL, &on->x, &on->h));
  must(dni_layer_forward(on->upper, DNI_MODE_TRAINING, NULL, &on->h, &on->out));
  must(dni_loss_evaluate(on->loss, &answers, &on->delta_out, NULL, &mean));
  return mean;
}

/* The rate of exact line search, to the SG's optimiser. False when the SG has diverged. */
static bool search_rate(machine *on) {
  double rate;
  must(dni_sg_line_search(on->sg, &on->h, &on->y, &rate));
  if (!isfinite(rate)) return false;
  must(dni_optimiser_set_f64(on->sg_step, DNI_SETTING_LEARNING_RATE, rate));
  return true;
}

/* The SG's own training on the true gradient, then its answer. False when it has diverged. */
static bool train_sg(machine *on, uint64_t steps, int setting) {
  dni_query query = {.struct_size = sizeof query, .h = &on->h, .y = &on->y};
  dni_lesson lesson = {.struct_size = sizeof lesson, .h = &on->h, .y = &on->y};
  lesson.target = &on->target;
  for (uint64_t i = 0; i < steps; i++) {
    must(dni_sg_learn(on->sg, &lesson, NULL));
    if (setting == SEARCHED && !search_rate(on)) return false;
    dni_status status = dni_optimiser_step(on->sg_step);
    if (status == DNI_ERROR_NON_FINITE) return false;
    must(status);
  }
  must(dni_sg_estimate(on->sg, &query, &on->delta));
  return true;
}

/* Leaves the synthetic gradients in lower. The error is a bound from above: what was measured and
 * what rounding may have hidden. */
static terms find_terms(machine *on) {
  terms found;
  dni_alignment delta = {.struct_size = sizeof delta};
  must(dni_analysis_align(&on->delta, &on->target, &delta));
  found.error = (delta.error_norm + ROUNDING * delta.truth_norm) / (double)on->h.rows;
  found.floor = ROUNDING * delta.truth_norm / (double)on->h.rows;
  backward_lower(on, &on->target);
  memcpy(on->truth, on->weight.data, HIDDEN * INPUTS * sizeof(double));
  memcpy(on->truth + HIDDEN * INPUTS, on->bias.data, HIDDEN * sizeof(double));
  found.gradient = norm_of(on->truth, HIDDEN * (INPUTS + 1));
  backward_lower(on, &on->delta);
  double *w = on->weight.data, *bias = on->bias.data;
  double dot =
      dot_of(w, on->truth, HIDDEN * INPUTS) + dot_of(bias, on->truth + HIDDEN * INPUTS, HIDDEN);
  double norm = hypot(norm_of(w, HIDDEN * INPUTS), norm_of(bias, HIDDEN));
  found.cosine = norm > 0 && found.gradient > 0 ? dot / norm / found.gradient : 0;
  return found;
}

/* At every step up to 20, then at steps that grow by a fiftieth. */
static void remember(run *out, uint64_t step, double gap, double ratio) {
  double last = out->points > 0 ? out->curve[out->points - 1].step : 0;
  if (out->points == POINTS_MOST || (step > 20 && (double)step < 1.02 * last)) return;
  out->curve[out->points++] = (point){.step = (double)step, .gap = gap, .ratio = ratio};
}

/* The corollary's epsilon, "a small learning rate" chosen in each iteration: --guarded-lr, or less
 * where the step would exceed --lr, the rate of the other modes. */
static void limit_rate(machine *on, const settings *with, const problem *of, const terms *at) {
  double margin = THRESHOLD * at->gradient / of->jacobian - at->error, rate = with->guarded_rate;
  if (margin > 0) rate = fmin(rate, with->rate / margin);
  must(dni_optimiser_set_f64(on->step, DNI_SETTING_LEARNING_RATE, rate));
}

/* Move, or not; answers whether. */
static bool move(machine *on, const settings *with, const problem *of, int mode, const terms *at) {
  int32_t accepted = 1;
  if (mode == GUARDED) limit_rate(on, with, of, at);
  if (mode == GUARDED || mode == GATED) {
    must(dni_guard_step(on->guard, at->error, of->jacobian, at->gradient, &accepted));
    return accepted == 1;
  }
  if (mode == BACKPROP) backward_lower(on, &on->target);
  must(dni_optimiser_step(on->step));
  return true;
}

/* False when the training has diverged. */
static bool train_step(machine *on, const settings *with, const problem *of, run *out) {
  terms at = {0}, check = {0};
  double mean = forward(on);
  must(dni_layer_backward(on->upper, DNI_GRADIENT_REPLACE, NULL, &on->h, &on->out, &on->delta_out,
                          &on->target));
  if (!isfinite(mean)) return false;
  if (out->mode != BACKPROP) {
    if (!train_sg(on, with->sg_steps, out->setting)) return false;
    at = find_terms(on);
    check = measure(on);
    if (!isfinite(at.error) || !isfinite(at.gradient)) return false;
  }
  bool rounded = at.gradient <= at.floor * of->jacobian;
  remember(out, ++out->steps, mean - of->optimum,
           rounded ? NAN : at.error * of->jacobian / at.gradient);
  if (!move(on, with, of, out->mode, &at)) return true;
  out->accepted++;
  if (out->mode == BACKPROP || rounded) return true;
  if (!(check.error * of->jacobian < THRESHOLD * check.gradient)) out->violations++;
  out->least_cosine = fmin(out->least_cosine, check.cosine);
  return true;
}

void train(const settings *with, run *out) {
  problem of = {.samples = (size_t)with->samples};
  machine on = {.context = doubles_context(out->seed)};
  bool finite = true;
  make_problem(on.context, &of);
  open_machine(&on, with, &of, out);
  out->optimum = of.optimum;
  out->jacobian = of.jacobian;
  out->least_cosine = 1;
  for (uint64_t k = 0; k < with->steps && finite; k++) {
    finite = train_step(&on, with, &of, out);
    if (k % 1000 == 0)
      progress("%s, %s, seed %llu: step %llu of %llu", setting_names[out->setting],
               mode_names[out->mode], (unsigned long long)out->seed, (unsigned long long)k,
               (unsigned long long)with->steps);
  }
  out->loss = finite ? forward(&on) : NAN;
  close_machine(&on);
  free_problem(&of);
}

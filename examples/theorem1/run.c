/* The theorem's iteration, and what is measured in it. */
#include <math.h>
#include <string.h>

#include <dni/research.h>

#include "theorem1.h"

/* The SG's optimiser moves it along the gradients of the lesson. */
static void line_search(machine *on) {
  double nu;
  must(dni_sg_line_search(on->sg, &on->p, &on->y, &nu));
  must(dni_optimiser_set_f64(on->sg_step, DNI_SETTING_LEARNING_RATE, nu));
  must(dni_optimiser_step(on->sg_step));
}

/* Both move from the same old values: rate mu for W, line search or the solution for omega. */
static void move(machine *on, double mu) {
  dni_batch answers = {.struct_size = sizeof answers, .x = &on->p, .y = &on->y};
  dni_query query = {.struct_size = sizeof query, .h = &on->p, .y = &on->y};
  dni_lesson lesson = {.struct_size = sizeof lesson, .h = &on->p, .y = &on->y};
  lesson.target = &on->target;
  must(dni_sg_estimate(on->sg, &query, &on->delta));
  must(dni_loss_evaluate(on->loss, &answers, &on->target, NULL, NULL));
  must(dni_layer_backward(on->model, DNI_GRADIENT_REPLACE, NULL, &on->x, &on->p, &on->delta, NULL));
  must(dni_sg_learn(on->sg, &lesson, NULL));
  if (on->sg_step) line_search(on);
  /* The layer's gradients are means over the samples, the theorem's are sums. */
  must(dni_optimiser_set_f64(on->model_step, DNI_SETTING_LEARNING_RATE, mu * (double)on->p.rows));
  must(dni_optimiser_step(on->model_step));
}

/* At every iteration up to 20, then at iterations that grow by a fiftieth. */
static void remember(run *out) {
  uint64_t last = out->points > 0 ? out->at[out->points - 1] : 0;
  if (out->points == CURVE_MOST) return;
  if (out->iterations > 20 && (double)out->iterations < 1.02 * (double)last) return;
  out->at[out->points] = out->iterations;
  out->curve_w[out->points] = out->w_error;
  out->curve_xi[out->points++] = out->xi_norm / out->y_norm;
}

/* Half of the bound. */
static double find_rate(const problem *of, int bound, double q) {
  double first = of->least / of->most / of->most;
  if (bound == DESCENT) return 1 / of->most;
  return 0.5 * fmin(first, bound == PRINTED ? 1 - q / 2 : q / (2 * of->most));
}

/* What line search promises. */
static void check_contraction(machine *on, double q, double xi, run *out) {
  double violation = find_xi(on) - sqrt(fmax(0, 1 - q)) * xi;
  out->max_violation = fmax(out->max_violation, violation / out->y_norm);
  if (xi > CHECKED * out->y_norm)
    out->max_violation_relative = fmax(out->max_violation_relative, violation / xi);
}

static void iterate(machine *on, const problem *of, run *out) {
  double xi = 0, q = out->of.sg == LINE_SEARCH ? find_q(on, &xi) : 1;
  move(on, find_rate(of, out->of.bound, q));
  if (out->of.sg == LINE_SEARCH) check_contraction(on, q, xi, out);
  out->w_error = find_w_error(on, of);
  out->xi_norm = find_xi(on);
  if (out->iterations++ == 0) out->xi_first = out->xi_norm;
  if (out->reached == 0 && out->w_error <= 1e-12) out->reached = out->iterations;
  remember(out);
}

/* W has stopped: no better than `best` by a hundredth in several times the iterations in which the
 * slowest direction loses a factor of e. A ridge leaves an error in the SG, so that of W stays. */
static bool stalled(const run *out, double *best, uint64_t *since) {
  if (out->w_error < 0.99 * *best) {
    *best = out->w_error;
    *since = out->iterations;
  }
  double patience = 1000 + 10 * out->condition * (out->of.bound == DESCENT ? 1 : out->condition);
  bool exact = out->xi_norm <= ROUNDED * out->y_norm || out->of.ridge > 0;
  return exact && (double)(out->iterations - *since) > patience;
}

static void train(machine *on, const problem *of, const settings *with, run *out) {
  uint64_t since = 0;
  double best = INFINITY, total = INFINITY;
  out->w_error = find_w_error(on, of);
  out->xi_norm = find_xi(on);
  remember(out);
  while (out->iterations < with->iterations) {
    iterate(on, of, out);
    if (!isfinite(out->w_error) || !isfinite(out->xi_norm)) break;
    double before = total;
    total = find_explainable(on, of) + out->xi_norm;
    if (total > before && total > ROUNDED * out->y_norm) out->rises++;
    if (out->w_error <= ROUNDED && out->xi_norm <= ROUNDED * out->y_norm) break;
    if (stalled(out, &best, &since)) break;
    if (out->iterations % 10000 == 0)
      progress("d = %zu, S = %zu: iteration %llu, error of W %.1e", of->inputs, of->samples,
               (unsigned long long)out->iterations, out->w_error);
  }
}

void run_theorem(const settings *with, run *out) {
  problem of = {.inputs = out->inputs, .samples = out->samples};
  machine on = {.context = doubles_context(with->common.seed)};
  make_problem(on.context, &of);
  open_machine(&on, &of, &out->of);
  memcpy(of.optimum, on.weight.data, of.inputs * sizeof *of.optimum);
  solve_directly(&of);
  out->condition = of.most / of.least;
  out->y_norm = norm_of(of.y, of.samples);
  if (out->of.sg != LINE_SEARCH) out->max_violation = out->max_violation_relative = NAN;
  train(&on, &of, with, out);
  out->sg_condition = find_sg_condition(&on);
  close_machine(&on);
  free_problem(&of);
}

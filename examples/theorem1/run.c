/* The theorem's iteration, and what is measured in it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <dni/research.h>

#include "theorem1.h"

/* The pieces of the library and the matrices between them. */
typedef struct machine {
  dni_context *context;
  dni_layer *model;
  dni_loss *loss;
  dni_sg *sg;
  dni_optimiser *model_step, *sg_step;
  dni_matrix x, y, p, delta, target, weight, bias, omega;
  double *xi;
} machine;

static void open_machine(machine *on, const problem *of) {
  size_t samples = of->samples;
  must(dni_layer_create_dense(on->context, of->inputs, 1, DNI_ACTIVATION_IDENTITY, &on->model));
  must(dni_loss_create_squared_error(on->context, &on->loss));
  must(dni_sg_create_theorem(on->context, 1, &on->sg));
  must(dni_sg_reserve(on->sg, samples));
  must(dni_optimiser_create_sgd(on->context, 0, &on->model_step));
  must(dni_optimiser_create_sgd(on->context, 0, &on->sg_step));
  must(dni_optimiser_add_layer(on->model_step, on->model));
  must(dni_optimiser_add_sg(on->sg_step, on->sg));
  must(dni_layer_parameter(on->model, 0, &on->weight, NULL));
  must(dni_layer_parameter(on->model, 1, &on->bias, NULL));
  must(dni_sg_parameter(on->sg, 0, &on->omega, NULL));
  on->x = matrix_of(of->x, samples, of->inputs);
  on->y = matrix_of(of->y, samples, 1);
  on->p = matrix_of(numbers(samples), samples, 1);
  on->delta = matrix_of(numbers(samples), samples, 1);
  on->target = matrix_of(numbers(samples), samples, 1);
  on->xi = numbers(samples);
}

static void close_machine(machine *on) {
  free(on->xi);
  free(on->target.data);
  free(on->delta.data);
  free(on->p.data);
  dni_optimiser_release(on->sg_step);
  dni_optimiser_release(on->model_step);
  dni_sg_release(on->sg);
  dni_loss_release(on->loss);
  dni_layer_release(on->model);
  dni_context_release(on->context);
}

/* A v of the current p, into xi; answers its norm. With v = omega it is the SG's error. */
static double apply_a(const machine *on, const double *v) {
  const double *p = on->p.data, *y = on->y.data;
  for (size_t s = 0; s < on->p.rows; s++)
    on->xi[s] = v[0] * p[s] - v[1] * y[s] + v[2];
  return norm_of(on->xi, on->p.rows);
}

/* q = |A^T xi|^4 / (|A A^T xi|^2 |xi|^2), at most 1; 1 of xi = 0. */
static double find_q(const machine *on, double *xi_norm) {
  size_t samples = on->p.rows;
  double g[3] = {0, 0, 0};
  *xi_norm = apply_a(on, on->omega.data);
  if (*xi_norm == 0) return 1;
  g[0] = dot_of(on->p.data, on->xi, samples);
  g[1] = -dot_of(on->y.data, on->xi, samples);
  for (size_t s = 0; s < samples; s++)
    g[2] += on->xi[s];
  double square = dot_of(g, g, 3), image = apply_a(on, g);
  double root = square / (image * *xi_norm);
  return root * root;
}

/* Both move from the same old values: rate mu for W, line search for omega. */
static void move(machine *on, double mu) {
  double nu;
  dni_batch answers = {.struct_size = sizeof answers, .x = &on->p, .y = &on->y};
  dni_query query = {.struct_size = sizeof query, .h = &on->p, .y = &on->y};
  dni_lesson lesson = {.struct_size = sizeof lesson, .h = &on->p, .y = &on->y};
  lesson.target = &on->target;
  must(dni_sg_estimate(on->sg, &query, &on->delta));
  must(dni_loss_evaluate(on->loss, &answers, &on->target, NULL, NULL));
  must(dni_sg_learn(on->sg, &lesson, NULL));
  must(dni_sg_line_search(on->sg, &on->p, &on->y, &nu));
  must(dni_layer_backward(on->model, DNI_GRADIENT_REPLACE, NULL, &on->x, &on->p, &on->delta, NULL));
  /* The layer's gradients are means over the samples, the theorem's are sums. */
  must(dni_optimiser_set_f64(on->model_step, DNI_SETTING_LEARNING_RATE, mu * (double)on->p.rows));
  must(dni_optimiser_set_f64(on->sg_step, DNI_SETTING_LEARNING_RATE, nu));
  must(dni_optimiser_step(on->model_step));
  must(dni_optimiser_step(on->sg_step));
}

/* p of the weights as they now are; answers |W - W*| / |W*|. */
static double look(machine *on, const problem *of) {
  size_t d = of->inputs;
  const double *w = on->weight.data, *bias = on->bias.data;
  double sum = (bias[0] - of->optimum[d]) * (bias[0] - of->optimum[d]);
  for (size_t k = 0; k < d; k++)
    sum += (w[k] - of->optimum[k]) * (w[k] - of->optimum[k]);
  must(dni_layer_forward(on->model, DNI_MODE_TRAINING, NULL, &on->x, &on->p));
  return sqrt(sum) / norm_of(of->optimum, d + 1);
}

/* |f|: the part of y - p that a linear model explains is the difference of the direct solution's p
 * from this one's. */
static double find_explainable(const machine *on, const problem *of) {
  const double *w = on->weight.data, *bias = on->bias.data;
  double square = 0;
  for (size_t s = 0; s < of->samples; s++) {
    double sum = of->optimum[of->inputs] - bias[0];
    for (size_t k = 0; k < of->inputs; k++)
      sum += (of->optimum[k] - w[k]) * of->x[s * of->inputs + k];
    square += sum * sum;
  }
  return sqrt(square);
}

/* Keep every stride-th point; when the curve is full, every second of those. */
static void remember(run *out) {
  if (out->iterations % out->stride != 0) return;
  if (out->points == CURVE_MOST) {
    for (size_t i = 0; i < CURVE_MOST / 2; i++) {
      out->at[i] = out->at[2 * i];
      out->curve_w[i] = out->curve_w[2 * i];
      out->curve_xi[i] = out->curve_xi[2 * i];
    }
    out->points = CURVE_MOST / 2;
    out->stride *= 2;
    if (out->iterations % out->stride != 0) return;
  }
  out->at[out->points] = out->iterations;
  out->curve_w[out->points] = out->w_error;
  out->curve_xi[out->points++] = out->xi_norm / out->y_norm;
}

static double find_rate(const problem *of, int bound, double q) {
  double first = of->least / of->most / of->most;
  return 0.5 * fmin(first, bound == PRINTED ? 1 - q / 2 : q / (2 * of->most));
}

static void iterate(machine *on, const problem *of, run *out) {
  double xi, q = find_q(on, &xi);
  move(on, find_rate(of, out->bound, q));
  double violation = apply_a(on, on->omega.data) - sqrt(fmax(0, 1 - q)) * xi;
  out->max_violation = fmax(out->max_violation, violation / out->y_norm);
  if (xi > CHECKED * out->y_norm)
    out->max_violation_relative = fmax(out->max_violation_relative, violation / xi);
  out->w_error = look(on, of);
  out->xi_norm = apply_a(on, on->omega.data);
  out->iterations++;
  if (out->reached == 0 && out->w_error <= 1e-12) out->reached = out->iterations;
  remember(out);
}

/* W has stopped: no better than `best` by a hundredth in several times the iterations in which the
 * slowest direction loses a factor of e. */
static bool stalled(const run *out, double *best, uint64_t *since) {
  if (out->w_error < 0.99 * *best) {
    *best = out->w_error;
    *since = out->iterations;
  }
  double patience = 1000 + 10 * out->condition * out->condition;
  return out->xi_norm <= ROUNDED * out->y_norm && (double)(out->iterations - *since) > patience;
}

static void train(machine *on, const problem *of, const settings *with, run *out) {
  uint64_t since = 0;
  double best = INFINITY, total = INFINITY;
  out->w_error = look(on, of);
  out->xi_norm = apply_a(on, on->omega.data);
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
  open_machine(&on, &of);
  memcpy(of.optimum, on.weight.data, of.inputs * sizeof *of.optimum);
  solve_directly(&of);
  out->condition = of.most / of.least;
  out->y_norm = norm_of(of.y, of.samples);
  out->stride = 1;
  train(&on, &of, with, out);
  close_machine(&on);
  free_problem(&of);
}

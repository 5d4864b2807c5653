/* The pieces of the library that the theorem is about, and its quantities. */
#include <math.h>
#include <stdlib.h>

#include <dni/research.h>

#include "theorem1.h"

/* The paper's SG, which an optimiser moves at the rate of line search. */
static void open_line_search(machine *on) {
  must(dni_sg_create_theorem(on->context, 1, &on->sg));
  must(dni_optimiser_create_sgd(on->context, 0, &on->sg_step));
  must(dni_optimiser_add_sg(on->sg_step, on->sg));
}

/* The exact solution of the last lesson; ridge 0 has to be set, as 0 in the options is default. */
static void open_least_squares(machine *on, double ridge) {
  dni_least_squares_options options = {.struct_size = sizeof options, .forgetting = 1};
  must(dni_sg_create_least_squares(on->context, 1, 1, &options, &on->sg));
  must(dni_sg_set_f64(on->sg, DNI_SETTING_RIDGE, ridge));
}

static void make_matrices(machine *on, const problem *of) {
  size_t samples = of->samples;
  on->x = matrix_of(of->x, samples, of->inputs);
  on->y = matrix_of(of->y, samples, 1);
  on->p = matrix_of(numbers(samples), samples, 1);
  on->delta = matrix_of(numbers(samples), samples, 1);
  on->target = matrix_of(numbers(samples), samples, 1);
  on->xi = numbers(samples);
}

void open_machine(machine *on, const problem *of, const variant *as) {
  must(dni_layer_create_dense(on->context, of->inputs, 1, DNI_ACTIVATION_IDENTITY, &on->model));
  must(dni_loss_create_squared_error(on->context, &on->loss));
  must(dni_optimiser_create_sgd(on->context, 0, &on->model_step));
  must(dni_optimiser_add_layer(on->model_step, on->model));
  must(dni_layer_parameter(on->model, 0, &on->weight, NULL));
  must(dni_layer_parameter(on->model, 1, &on->bias, NULL));
  if (as->sg == LINE_SEARCH)
    open_line_search(on);
  else
    open_least_squares(on, as->ridge);
  must(dni_sg_reserve(on->sg, of->samples));
  make_matrices(on, of);
}

void close_machine(machine *on) {
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

/* A v of the current p, A = [p, -y, 1], into xi; answers its norm. */
static double apply_a(const machine *on, const double *v) {
  const double *p = on->p.data, *y = on->y.data;
  for (size_t s = 0; s < on->p.rows; s++)
    on->xi[s] = v[0] * p[s] - v[1] * y[s] + v[2];
  return norm_of(on->xi, on->p.rows);
}

/* A omega. Of least squares SG = w0 p + w1 + w2 y, so omega = (w0 - 1, -w2 - 1, w1); asking for its
 * weights is what brings them up to date. */
double find_xi(machine *on) {
  dni_matrix weight;
  must(dni_sg_parameter(on->sg, 0, &weight, NULL));
  const double *w = weight.data;
  if (on->sg_step) return apply_a(on, w);
  const double omega[3] = {w[0] - 1, -w[2] - 1, w[1]};
  return apply_a(on, omega);
}

/* q = |A^T xi|^4 / (|A A^T xi|^2 |xi|^2) */
double find_q(machine *on, double *xi_norm) {
  size_t samples = on->p.rows;
  double g[3] = {0, 0, 0};
  *xi_norm = find_xi(on);
  if (*xi_norm == 0) return 1;
  g[0] = dot_of(on->p.data, on->xi, samples);
  g[1] = -dot_of(on->y.data, on->xi, samples);
  for (size_t s = 0; s < samples; s++)
    g[2] += on->xi[s];
  double square = dot_of(g, g, 3), image = apply_a(on, g);
  double root = square / (image * *xi_norm);
  return root * root;
}

double find_sg_condition(const machine *on) {
  const double *p = on->p.data, *y = on->y.data;
  long double gram[9] = {0};
  double least, most;
  for (size_t s = 0; s < on->p.rows; s++) {
    const double row[3] = {p[s], -y[s], 1};
    for (size_t i = 0; i < 9; i++)
      gram[i] += (long double)row[i / 3] * row[i % 3];
  }
  find_eigenvalues(gram, 3, &least, &most);
  return most / least;
}

double find_w_error(machine *on, const problem *of) {
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
double find_explainable(const machine *on, const problem *of) {
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

/* The paper's counterexample, as an estimator of one's own: a critic phi that is the loss itself
 * at every training point and constant in a ball around each. Nothing is left to learn, and its
 * gradient is 0 at all of them. Between the balls it is Shepard's interpolation of the losses with
 * weights 1 / (distance to the ball)^2, so it is continuous, but neither that nor anything else
 * outside the balls is ever seen in training. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "critic.h"

/* The training points, their losses, and the radius of the balls. */
typedef struct balls {
  const dni_matrix *h, *losses;
  double radius;
} balls;

static double distance(const double *a, const double *b, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sqrt(sum);
}

/* phi at one point. */
static double evaluate_phi(const balls *of, const double *at) {
  const double *points = of->h->data, *losses = of->losses->data;
  double sum = 0, weights = 0;
  for (size_t s = 0; s < of->h->rows; s++) {
    double gap = distance(at, points + s * of->h->columns, of->h->columns) - of->radius;
    if (gap <= 0) return losses[s];
    sum += losses[s] / (gap * gap);
    weights += 1 / (gap * gap);
  }
  return sum / weights;
}

/* Its gradient: inside a ball 0; outside the quotient rule. */
static void differentiate_phi(const balls *of, const double *at, double *gradient) {
  const double *points = of->h->data, *losses = of->losses->data;
  size_t units = of->h->columns;
  double weights = 0, phi = evaluate_phi(of, at);
  memset(gradient, 0, units * sizeof *gradient);
  for (size_t s = 0; s < of->h->rows; s++) {
    const double *point = points + s * units;
    double far = distance(at, point, units), gap = far - of->radius;
    if (gap <= 0) {
      memset(gradient, 0, units * sizeof *gradient);
      return;
    }
    weights += 1 / (gap * gap);
    double factor = -2 * (losses[s] - phi) / (gap * gap * gap * far);
    for (size_t i = 0; i < units; i++)
      gradient[i] += factor * (at[i] - point[i]);
  }
  for (size_t i = 0; i < units; i++)
    gradient[i] /= weights;
}

static dni_status answer(void *user, const dni_sg_call *call) {
  const balls *of = user;
  for (size_t s = 0; s < call->h->rows; s++)
    differentiate_phi(of, (const double *)call->h->data + s * call->h->stride,
                      (double *)call->delta->data + s * call->delta->stride);
  return DNI_OK;
}

/* A third of the least distance of two points, so that no two balls touch. Points that coincide
 * have equal h and, if their labels differ, two losses: no function of h alone could be both. */
static double find_radius(const dni_matrix *h) {
  const double *points = h->data;
  double least = INFINITY;
  for (size_t i = 0; i < h->rows; i++)
    for (size_t j = 0; j < i; j++)
      least = fmin(least, distance(points + i * h->columns, points + j * h->columns, h->columns));
  return least / 3;
}

/* The norm of phi's gradient at all training points, by central differences. */
static double difference_norm(const balls *of) {
  size_t units = of->h->columns;
  double *at = numbers(units), step = of->radius / 2, square = 0;
  for (size_t s = 0; s < of->h->rows; s++) {
    memcpy(at, (const double *)of->h->data + s * units, units * sizeof *at);
    for (size_t i = 0; i < units; i++) {
      double here = at[i];
      at[i] = here + step;
      double above = evaluate_phi(of, at);
      at[i] = here - step;
      double slope = (above - evaluate_phi(of, at)) / (2 * step);
      at[i] = here;
      square += slope * slope;
    }
  }
  free(at);
  return sqrt(square);
}

/* The norm of phi's gradient halfway between each training point and the next. */
static double outside_norm(const balls *of, dni_sg *sg, batch *all) {
  const double *points = of->h->data;
  double *middles = numbers(of->h->rows * of->h->columns);
  dni_matrix view = matrix_of(middles, of->h->rows, of->h->columns);
  for (size_t s = 0; s < of->h->rows; s++)
    for (size_t i = 0; i < of->h->columns; i++)
      middles[s * of->h->columns + i] =
          (points[s * of->h->columns + i] + points[(s + 1) % of->h->rows * of->h->columns + i]) / 2;
  dni_query query = {.struct_size = sizeof query, .h = &view, .y = &all->y};
  must(dni_sg_estimate(sg, &query, &all->estimate));
  free(middles);
  return norm_of(all->estimate.data, all->rows * all->estimate.columns);
}

static double squared_error(const balls *of) {
  const double *points = of->h->data, *losses = of->losses->data;
  double sum = 0;
  for (size_t s = 0; s < of->h->rows; s++) {
    double rest = evaluate_phi(of, points + s * of->h->columns) - losses[s];
    sum += rest * rest;
  }
  return sum / (double)of->h->rows;
}

counterexample show_counterexample(const settings *with) {
  model on;
  batch all = make_batch(with, (size_t)with->examples);
  dni_sg *sg;
  open_model(&on, with, with->common.seed);
  must(dni_dataset_batch(on.data, 0, &all.x, &all.y));
  (void)evaluate(&on, &all);
  balls of = {.h = &all.h, .losses = &all.losses, .radius = find_radius(&all.h)};
  dni_sg_callbacks callbacks = {.struct_size = sizeof callbacks, .user = &of, .estimate = answer};
  must(dni_sg_create_callback(on.context, (size_t)with->units, CLASSES, 0, &callbacks, &sg));
  dni_query query = {.struct_size = sizeof query, .h = &all.h, .y = &all.y};
  must(dni_sg_estimate(sg, &query, &all.estimate));
  size_t count = all.rows * (size_t)with->units;
  counterexample shown = {.critic_error = squared_error(&of),
                          .gradient_norm = norm_of(all.estimate.data, count),
                          .difference = difference_norm(&of),
                          .true_gradient = norm_of(all.delta.data, count),
                          .radius = of.radius};
  shown.outside = outside_norm(&of, sg, &all);
  dni_sg_release(sg);
  close_model(&on);
  free_batch(&all);
  return shown;
}

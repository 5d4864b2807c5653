/* Where training ends, computed without training.
 *
 * The least squared error of an affine map solves the normal equations. The least log loss is found
 * by Newton's method with a step that is halved until the loss falls. If the data are separable it
 * does not exist: the infimum is exactly 0. The rule for that: as soon as one of Newton's iterates
 * has every example strictly on its label's side, a separating plane is found, which is a proof.
 *
 * A shallow model with a linear SG at its output ends where the SG's gradient for the model is 0,
 * sum over s of SG(x_s) [x_s, 1] = 0, and where the SG is the least-squares fit of the true
 * gradient p - y. The logits are then a f + c, f the least-squares fit of y on [x, 1]; and as p - y
 * is orthogonal to f and 1, a and c minimise the log loss. But for a and c, such a model is
 * linear regression. With two outputs the same holds for the difference of the logits. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "optimum.h"

enum { MAX_NEWTON = 500, MAX_HALVINGS = 60 };
#define DECREMENT 1e-14 /* twice the loss that is still to be won */
#define RIDGE     1e-13 /* of the matrix's mean diagonal: it stays positive definite in rounding */

/* Solve a x = b by Cholesky; a is symmetric [n][n], of which the lower half is read and lost, and b
 * becomes x. */
static bool solve(double *a, double *b, size_t n) {
  for (size_t j = 0; j < n; j++)
    for (size_t i = j; i < n; i++) {
      double sum = a[i * n + j];
      for (size_t k = 0; k < j; k++)
        sum -= a[i * n + k] * a[j * n + k];
      if (i == j && !(sum > 0)) return false;
      a[i * n + j] = i == j ? sqrt(sum) : sum / a[j * n + j];
    }
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < i; k++)
      b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; k++)
      b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
  return true;
}

/* The lower half of the sum over rows of weight x x^T; weights NULL: 1. */
static void add_squares(const design *of, const double *weights, double *into) {
  size_t n = of->columns;
  double trace = 0;
  memset(into, 0, n * n * sizeof *into);
  for (size_t s = 0; s < of->rows; s++) {
    const double *x = of->x + s * n;
    for (size_t i = 0; i < n; i++) {
      double factor = weights ? weights[s] * x[i] : x[i];
      for (size_t j = 0; j <= i; j++)
        into[i * n + j] += factor * x[j];
    }
  }
  for (size_t i = 0; i < n; i++)
    trace += into[i * n + i];
  for (size_t i = 0; i < n; i++)
    into[i * n + i] += RIDGE * trace / (double)n;
}

/* sum over rows of factors x */
static void add_rows(const design *of, const double *factors, double *into) {
  memset(into, 0, of->columns * sizeof *into);
  for (size_t s = 0; s < of->rows; s++)
    for (size_t i = 0; i < of->columns; i++)
      into[i] += factors[s] * of->x[s * of->columns + i];
}

/* x w */
static void apply(const design *of, const double *w, double *into) {
  for (size_t s = 0; s < of->rows; s++) {
    into[s] = 0;
    for (size_t i = 0; i < of->columns; i++)
      into[s] += of->x[s * of->columns + i] * w[i];
  }
}

bool fit_squares(const design *of, double *fitted, double *mean_square) {
  size_t n = of->columns;
  double *squares = malloc((n * n + n) * sizeof *squares);
  if (!squares) return false;
  double *w = squares + n * n;
  add_squares(of, NULL, squares);
  add_rows(of, of->y, w);
  bool solved = solve(squares, w, n);
  if (solved) apply(of, w, fitted);
  free(squares);
  *mean_square = 0;
  for (size_t s = 0; solved && s < of->rows; s++)
    *mean_square += (fitted[s] - of->y[s]) * (fitted[s] - of->y[s]) / (double)of->rows;
  return solved;
}

/* The memory of Newton's method. */
typedef struct newton {
  double *squares, *step, *w, *trial, *logits, *errors, *weights;
} newton;

/* log(1 + exp(z)) - y z without overflow */
static double log_loss(const design *of, const double *logits) {
  double sum = 0;
  for (size_t s = 0; s < of->rows; s++) {
    double margin = of->y[s] > 0.5 ? logits[s] : -logits[s];
    sum += margin > 0 ? log1p(exp(-margin)) : log1p(exp(margin)) - margin;
  }
  return sum / (double)of->rows;
}

static bool separates(const design *of, const double *logits) {
  for (size_t s = 0; s < of->rows; s++)
    if (!(of->y[s] > 0.5 ? logits[s] > 0 : logits[s] < 0)) return false;
  return true;
}

/* Newton's direction into at->step; the answer is twice the decrease that it promises, or negative
 * if there is no direction. */
static double find_direction(const design *of, const newton *at) {
  double promise = 0, *gradient = at->trial;
  for (size_t s = 0; s < of->rows; s++) {
    double p = 1 / (1 + exp(-at->logits[s]));
    at->errors[s] = (p - of->y[s]) / (double)of->rows;
    at->weights[s] = p * (1 - p) / (double)of->rows;
  }
  add_rows(of, at->errors, gradient);
  add_squares(of, at->weights, at->squares);
  memcpy(at->step, gradient, of->columns * sizeof *gradient);
  if (!solve(at->squares, at->step, of->columns)) return -1;
  for (size_t i = 0; i < of->columns; i++)
    promise += gradient[i] * at->step[i];
  return promise;
}

/* Along it, halved until the loss falls by some of what is promised; false: it never does. */
static bool walk(const design *of, const newton *at, double promise, double *loss) {
  double length = 1;
  for (int halving = 0; halving < MAX_HALVINGS; halving++, length /= 2) {
    for (size_t i = 0; i < of->columns; i++)
      at->trial[i] = at->w[i] - length * at->step[i];
    apply(of, at->trial, at->logits);
    double reached = log_loss(of, at->logits);
    if (!(reached <= *loss - 1e-4 * length * promise)) continue;
    memcpy(at->w, at->trial, of->columns * sizeof *at->w);
    *loss = reached;
    return true;
  }
  return false;
}

static bool descend(const design *of, const newton *at, double *loss, bool *separable) {
  *loss = log_loss(of, at->logits);
  for (int i = 0; i < MAX_NEWTON; i++) {
    double promise = find_direction(of, at);
    if (promise < 0) return false;
    if (promise < DECREMENT) return true;
    if (!walk(of, at, promise, loss)) return false;
    *separable = separates(of, at->logits);
    if (*separable) *loss = 0;
    if (*separable) return true;
  }
  return false;
}

bool fit_logistic(const design *of, double *loss, bool *separable) {
  size_t n = of->columns;
  double *memory = calloc(n * n + 3 * n + 3 * of->rows, sizeof *memory);
  if (!memory) return false;
  double *after = memory + n * n + 3 * n;
  newton at = {.squares = memory,
               .step = memory + n * n,
               .w = memory + n * n + n,
               .trial = memory + n * n + 2 * n,
               .logits = after,
               .errors = after + of->rows,
               .weights = after + 2 * of->rows};
  *separable = false;
  bool found = descend(of, &at, loss, separable);
  free(memory);
  return found;
}

bool fit_synthetic(const design *of, double *loss, bool *separable) {
  double mean_square, *fitted = malloc(3 * of->rows * sizeof *fitted);
  if (!fitted) return false;
  bool found = fit_squares(of, fitted, &mean_square);
  double *pairs = fitted + of->rows;
  for (size_t s = 0; found && s < of->rows; s++) {
    pairs[2 * s] = fitted[s];
    pairs[2 * s + 1] = 1;
  }
  design family = {.x = pairs, .y = of->y, .rows = of->rows, .columns = 2};
  found = found && fit_logistic(&family, loss, separable);
  free(fitted);
  return found;
}

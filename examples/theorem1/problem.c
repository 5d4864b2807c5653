/* Random regression problems, solved directly. */
#include <math.h>
#include <stdlib.h>

#include "theorem1.h"

static double element(const problem *of, size_t sample, size_t column) {
  return column < of->inputs ? of->x[sample * of->inputs + column] : 1;
}

/* X X^T or X^T X, whichever is smaller: their eigenvalues that are not 0 are the same. */
static void make_gram(const problem *of, bool by_samples, size_t n, long double *gram) {
  size_t length = by_samples ? of->inputs + 1 : of->samples;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      long double sum = 0;
      for (size_t k = 0; k < length; k++)
        sum += by_samples ? (long double)element(of, i, k) * element(of, j, k)
                          : (long double)element(of, k, i) * element(of, k, j);
      gram[i * n + j] = sum;
    }
}

/* gram v = right, by Cholesky in place; the solution replaces `right`. False if not definite. */
static bool solve(long double *gram, size_t n, long double *right) {
  for (size_t j = 0; j < n; j++)
    for (size_t i = j; i < n; i++) {
      long double sum = gram[i * n + j];
      for (size_t k = 0; k < j; k++)
        sum -= gram[i * n + k] * gram[j * n + k];
      if (i == j && !(sum > 0)) return false;
      gram[i * n + j] = i == j ? sqrtl(sum) : sum / gram[j * n + j];
    }
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < i; k++)
      right[i] -= gram[i * n + k] * right[k];
    right[i] /= gram[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; k++)
      right[i] -= gram[k * n + i] * right[k];
    right[i] /= gram[i * n + i];
  }
  return true;
}

/* From the first weights in of->optimum to the solution: add r X^T (X X^T)^-1, or, of fewer samples
 * than weights, r (X^T X)^-1 X^T, r = y - p. */
static void move_to_optimum(problem *of, bool by_samples, size_t n, long double *gram) {
  long double *right = calloc(n, sizeof *right);
  if (!right) exit(fail("out of memory"));
  for (size_t s = 0; s < of->samples; s++) {
    long double r = of->y[s];
    for (size_t k = 0; k <= of->inputs; k++)
      r -= (long double)of->optimum[k] * element(of, s, k);
    for (size_t k = 0; k <= of->inputs && !by_samples; k++)
      right[k] += r * element(of, s, k);
    if (by_samples) right[s] = r;
  }
  if (!solve(gram, n, right)) exit(fail("the data of d = %zu are degenerate", of->inputs));
  for (size_t k = 0; k <= of->inputs; k++) {
    long double sum = by_samples ? 0 : right[k];
    for (size_t s = 0; s < n && by_samples; s++)
      sum += right[s] * element(of, s, k);
    of->optimum[k] = (double)(of->optimum[k] + sum);
  }
  free(right);
}

void solve_directly(problem *of) {
  bool by_samples = of->samples <= of->inputs;
  size_t n = by_samples ? of->samples : of->inputs + 1;
  long double *gram = calloc(n * n, sizeof *gram);
  if (!gram) exit(fail("out of memory"));
  make_gram(of, by_samples, n, gram);
  find_eigenvalues(gram, n, &of->least, &of->most);
  move_to_optimum(of, by_samples, n, gram);
  free(gram);
}

/* y = a random affine function of x, of variance 1, and noise. */
void make_problem(dni_context *context, problem *of) {
  size_t d = of->inputs;
  double *truth = numbers(d + 1), *noise = numbers(of->samples);
  of->x = numbers(of->samples * d);
  of->y = numbers(of->samples);
  of->optimum = numbers(d + 1);
  normals(context, of->samples, d, of->x);
  normals(context, 1, d + 1, truth);
  normals(context, of->samples, 1, noise);
  for (size_t s = 0; s < of->samples; s++) {
    for (size_t k = 0; k <= d; k++)
      of->y[s] += truth[k] * element(of, s, k) / norm_of(truth, d + 1);
    of->y[s] += NOISE * noise[s];
  }
  free(noise);
  free(truth);
}

void free_problem(problem *of) {
  free(of->optimum);
  free(of->y);
  free(of->x);
}

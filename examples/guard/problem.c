/* Random regression problems, with what is known of them in closed form. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"

enum { N = INPUTS + 1 };

#define NOISE 0.5

static long double element(const problem *of, size_t sample, size_t column) {
  return column < INPUTS ? of->x[sample * INPUTS + column] : 1;
}

static void make_gram(const problem *of, long double gram[N][N]) {
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++) {
      gram[i][j] = 0;
      for (size_t s = 0; s < of->samples; s++)
        gram[i][j] += element(of, s, i) * element(of, s, j);
    }
}

/* The root of the largest eigenvalue of the Gram matrix, by power iteration. */
static double find_jacobian(long double gram[N][N]) {
  long double v[N], image[N], norm = 1;
  for (size_t i = 0; i < N; i++)
    v[i] = 1 + (long double)i / N;
  for (int k = 0; k < 20000; k++) {
    long double square = 0;
    for (size_t i = 0; i < N; i++) {
      image[i] = 0;
      for (size_t j = 0; j < N; j++)
        image[i] += gram[i][j] * v[j];
      square += image[i] * image[i];
    }
    norm = sqrtl(square);
    for (size_t i = 0; i < N; i++)
      v[i] = image[i] / norm;
  }
  return (double)sqrtl(norm);
}

/* Gauss-Jordan on [gram | right]; the Gram matrix of more samples than columns is definite, so no
 * pivoting. The solution replaces `right`. */
static void solve(long double gram[N][N], long double right[N][OUTPUTS]) {
  for (size_t k = 0; k < N; k++) {
    if (!(gram[k][k] > 0)) exit(fail("the data are degenerate"));
    for (size_t i = 0; i < N; i++) {
      long double factor = gram[i][k] / gram[k][k];
      if (i == k) continue;
      for (size_t j = k; j < N; j++)
        gram[i][j] -= factor * gram[k][j];
      for (size_t c = 0; c < OUTPUTS; c++)
        right[i][c] -= factor * right[k][c];
    }
  }
  for (size_t k = 0; k < N; k++)
    for (size_t c = 0; c < OUTPUTS; c++)
      right[k][c] /= gram[k][k];
}

/* HIDDEN >= OUTPUTS: the deep model can be any affine map, so this is its optimum too. */
static double find_optimum(const problem *of, long double gram[N][N]) {
  long double map[N][OUTPUTS], sum = 0;
  memset(map, 0, sizeof map);
  for (size_t s = 0; s < of->samples; s++)
    for (size_t i = 0; i < N; i++)
      for (size_t c = 0; c < OUTPUTS; c++)
        map[i][c] += element(of, s, i) * of->y[s * OUTPUTS + c];
  solve(gram, map);
  for (size_t s = 0; s < of->samples; s++)
    for (size_t c = 0; c < OUTPUTS; c++) {
      long double rest = of->y[s * OUTPUTS + c];
      for (size_t i = 0; i < N; i++)
        rest -= element(of, s, i) * map[i][c];
      sum += rest * rest;
    }
  return (double)(sum / 2 / (long double)of->samples);
}

void make_problem(dni_context *context, problem *of) {
  double map[N * OUTPUTS];
  long double gram[N][N];
  of->x = numbers(of->samples * INPUTS);
  of->y = numbers(of->samples * OUTPUTS);
  normals(context, of->samples, INPUTS, of->x);
  normals(context, N, OUTPUTS, map);
  normals(context, of->samples, OUTPUTS, of->y);
  for (size_t s = 0; s < of->samples; s++)
    for (size_t c = 0; c < OUTPUTS; c++) {
      of->y[s * OUTPUTS + c] *= NOISE;
      for (size_t i = 0; i < N; i++)
        of->y[s * OUTPUTS + c] += (double)element(of, s, i) * map[i * OUTPUTS + c] / sqrt(N);
    }
  make_gram(of, gram);
  of->jacobian = find_jacobian(gram);
  of->optimum = find_optimum(of, gram);
}

void free_problem(problem *of) {
  free(of->y);
  free(of->x);
}

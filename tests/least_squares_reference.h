/* What dni/sg.h says of least-squares SGs, written down once more in plain loops of long double, with
 * Gaussian elimination in the place of Cholesky's factorisation. Nothing here is from the library. */
#ifndef TEST_LEAST_SQUARES_REFERENCE_H
#define TEST_LEAST_SQUARES_REFERENCE_H

#include "support/support.h"

enum { MOST_UNITS = 24, MOST_TARGETS = 8, MOST_INPUTS = MOST_UNITS + 2 * MOST_TARGETS + 1 };

typedef struct reference {
  dni_least_squares_options options; /* no field is 0 but condition and, perhaps, loss and ridge */
  size_t units, targets, inputs;
  uint64_t lessons;
  bool begins; /* the next rows begin a lesson in any case */
  long double gram[MOST_INPUTS][MOST_INPUTS];
  long double moment[MOST_UNITS][MOST_INPUTS], weight[MOST_UNITS][MOST_INPUTS];
  /* of the guess: U and its bias in one, and Adam's moments */
  long double guess[MOST_TARGETS][MOST_UNITS + 1];
  long double first[MOST_TARGETS][MOST_UNITS + 1], second[MOST_TARGETS][MOST_UNITS + 1];
  uint64_t guess_steps;
} reference;

static inline bool reference_sees_h(const reference *ref) {
  return ref->options.condition == DNI_CONDITION_HY || ref->options.condition == DNI_CONDITION_H;
}

static inline bool reference_sees_y(const reference *ref) {
  return ref->options.condition == DNI_CONDITION_HY || ref->options.condition == DNI_CONDITION_Y;
}

static inline reference *reference_make(size_t units, size_t targets,
                                        const dni_least_squares_options *options) {
  reference *ref = calloc(1, sizeof *ref);
  ck_assert_ptr_nonnull(ref);
  ref->options = *options;
  ref->units = units;
  ref->targets = targets;
  ref->begins = true;
  ref->inputs = (reference_sees_h(ref) ? units : 0) + (reference_sees_y(ref) ? targets : 0) + 1 +
                (options->loss ? targets : 0);
  return ref;
}

/* y, of labels as the one-hot row. */
static inline long double reference_y(const dni_matrix *y, size_t row, size_t column) {
  if (y->dtype != DNI_I32) return matrix_get(y, row, column);
  return (size_t)((const int32_t *)y->data)[row * y->stride] == column ? 1 : 0;
}

/* r = dL(g, y)/dg for g = U [h, 1]. */
static inline void reference_residual(const reference *ref, const dni_matrix *h,
                                      const dni_matrix *y, size_t row, long double *residual) {
  long double g[MOST_TARGETS], most = -INFINITY, sum = 0;
  dni_kind kind = dni_loss_kind(ref->options.loss);
  for (size_t t = 0; t < ref->targets; t++) {
    g[t] = ref->guess[t][ref->units];
    for (size_t u = 0; u < ref->units; u++)
      g[t] += ref->guess[t][u] * matrix_get(h, row, u);
    most = g[t] > most ? g[t] : most;
  }
  for (size_t t = 0; t < ref->targets; t++)
    sum += expl(g[t] - most);
  for (size_t t = 0; t < ref->targets; t++) {
    if (kind == DNI_LOSS_SOFTMAX_CROSS_ENTROPY) g[t] = expl(g[t] - most) / sum;
    if (kind == DNI_LOSS_SIGMOID_CROSS_ENTROPY) g[t] = 1 / (1 + expl(-g[t]));
    residual[t] = g[t] - reference_y(y, row, t);
  }
}

/* z = [h, 1, y, r], without what is not seen. */
static inline void reference_z(const reference *ref, const dni_matrix *h, const dni_matrix *y,
                               size_t row, long double *z) {
  size_t at = 0;
  for (size_t u = 0; reference_sees_h(ref) && u < ref->units; u++)
    z[at++] = matrix_get(h, row, u);
  z[at++] = 1;
  for (size_t t = 0; reference_sees_y(ref) && t < ref->targets; t++)
    z[at++] = reference_y(y, row, t);
  if (ref->options.loss) reference_residual(ref, h, y, row, z + at);
}

/* W (C + lambda (tr C / n) I) = R, each row by elimination with the largest pivots. */
static inline void reference_solve(reference *ref) {
  size_t n = ref->inputs;
  static long double a[MOST_INPUTS][MOST_INPUTS + MOST_UNITS];
  long double trace = 0;
  for (size_t i = 0; i < n; i++)
    trace += ref->gram[i][i];
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++)
      a[i][j] = ref->gram[i][j] + (i == j ? ref->options.ridge * trace / n : 0);
    for (size_t u = 0; u < ref->units; u++)
      a[i][n + u] = ref->moment[u][i];
  }
  for (size_t k = 0; k < n; k++) {
    size_t best = k;
    for (size_t i = k + 1; i < n; i++)
      if (fabsl(a[i][k]) > fabsl(a[best][k])) best = i;
    for (size_t j = 0; j < n + ref->units; j++) {
      long double swap = a[k][j];
      a[k][j] = a[best][j];
      a[best][j] = swap;
    }
    for (size_t i = 0; i < n; i++) {
      long double factor = i == k ? 0 : a[i][k] / a[k][k];
      for (size_t j = k; j < n + ref->units; j++)
        a[i][j] -= factor * a[k][j];
    }
  }
  for (size_t u = 0; u < ref->units; u++)
    for (size_t i = 0; i < n; i++)
      ref->weight[u][i] = a[i][n + u] / a[i][i];
}

/* Adam (Kingma and Ba 2015) with its usual constants. */
static inline void reference_adam(reference *ref, long double (*gradient)[MOST_UNITS + 1]) {
  long double t = (long double)++ref->guess_steps;
  for (size_t k = 0; k < ref->targets; k++)
    for (size_t u = 0; u <= ref->units; u++) {
      long double g = gradient[k][u], *m = &ref->first[k][u], *v = &ref->second[k][u];
      *m = 0.9L * *m + 0.1L * g;
      *v = 0.999L * *v + 0.001L * g * g;
      ref->guess[k][u] -= ref->options.guess_rate * (*m / (1 - powl(0.9L, t))) /
                          (sqrtl(*v / (1 - powl(0.999L, t))) + 1e-8L);
    }
}

static inline long double reference_weight_of(const dni_lesson *lesson, size_t row) {
  return lesson->weights ? matrix_get(lesson->weights, row, 0) : 1;
}

static inline void reference_add_row(reference *ref, const dni_lesson *lesson, size_t row,
                                     long double scale, long double (*gradient)[MOST_UNITS + 1]) {
  long double z[MOST_INPUTS], weight = reference_weight_of(lesson, row);
  reference_z(ref, lesson->h, lesson->y, row, z);
  for (size_t i = 0; i < ref->inputs; i++) {
    for (size_t j = 0; j < ref->inputs; j++)
      ref->gram[i][j] += ref->options.forgetting * scale * weight * z[i] * z[j];
    for (size_t u = 0; u < ref->units; u++)
      ref->moment[u][i] +=
          ref->options.forgetting * scale * matrix_get(lesson->target, row, u) * z[i];
  }
  const long double *residual = z + ref->inputs - ref->targets;
  for (size_t t = 0; ref->options.loss && t < ref->targets; t++)
    for (size_t u = 0; u <= ref->units; u++)
      gradient[t][u] += scale * weight * residual[t] *
                        (u < ref->units ? (long double)matrix_get(lesson->h, row, u) : 1);
}

static inline void reference_forget(reference *ref) {
  for (size_t i = 0; i < ref->inputs; i++) {
    for (size_t j = 0; j < ref->inputs; j++)
      ref->gram[i][j] *= 1 - (long double)ref->options.forgetting;
    for (size_t u = 0; u < ref->units; u++)
      ref->moment[u][i] *= 1 - (long double)ref->options.forgetting;
  }
}

static inline void reference_learn(reference *ref, const dni_lesson *lesson) {
  long double gradient[MOST_TARGETS][MOST_UNITS + 1] = {{0}}, sum = 0;
  bool begins = ref->begins || !(lesson->flags & DNI_GRADIENT_ADD);
  for (size_t r = 0; r < lesson->target->rows; r++)
    sum += reference_weight_of(lesson, r);
  ref->begins = begins && sum == 0;
  if (sum == 0) return;
  if (begins) reference_forget(ref);
  for (size_t r = 0; r < lesson->target->rows; r++)
    if (reference_weight_of(lesson, r) > 0)
      reference_add_row(ref, lesson, r, lesson->flags & DNI_GRADIENT_SUM ? 1 : 1 / sum, gradient);
  if (ref->options.loss) reference_adam(ref, gradient);
  if (begins) ref->lessons++;
  if ((ref->lessons - 1) % ref->options.solve_every == 0) reference_solve(ref);
}

static inline long double reference_answer(const reference *ref, const dni_matrix *h,
                                           const dni_matrix *y, size_t row, size_t unit) {
  long double z[MOST_INPUTS], sum = 0;
  reference_z(ref, h, y, row, z);
  for (size_t i = 0; i < ref->inputs; i++)
    sum += ref->weight[unit][i] * z[i];
  return sum;
}

#endif

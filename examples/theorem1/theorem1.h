/* Theorem 1 in numbers: what the files of this program share. */
#ifndef THEOREM1_H
#define THEOREM1_H

#include "../common/common.h"

enum { RUNS_MOST = 2 * LIST_MOST * LIST_MOST, CURVE_MOST = 400 };
enum { PRINTED, CORRECTED, BOTH };

#define NOISE   0.5   /* standard deviation of y beside its linear part, whose own is 1 */
#define ROUNDED 1e-13 /* of |y| or W: convergence is over */
#define CHECKED 1e-6  /* of |y|: |xi| above it has digits enough for a relative violation */

extern const char *const bound_names[]; /* output.c */

typedef struct settings {
  common_options common;
  count_list dims, samples;
  uint64_t iterations;
  int bound;
} settings;

/* The regression. d = inputs + 1 columns of x, the last of ones. */
typedef struct problem {
  size_t inputs, samples;
  double *x, *y, *optimum; /* [samples][inputs], [samples], [inputs + 1] with the bias last */
  double least, most;      /* b and |B| */
} problem;

typedef struct run {
  size_t inputs, samples;
  int bound;
  uint64_t iterations, reached; /* made; until w_error <= 1e-12, 0: never */
  double w_error, xi_norm, y_norm, condition;
  double max_violation;          /* over |y|, of all iterations */
  double max_violation_relative; /* over |xi_k|, while that is above CHECKED |y| */
  uint64_t rises;
  size_t points; /* of the curve */
  uint64_t stride, at[CURVE_MOST];
  double curve_w[CURVE_MOST], curve_xi[CURVE_MOST];
} run;

/* problem.c: data from the next streams of the context; then, with the first weights in
 * of->optimum, the solution and the eigenvalues */
void make_problem(dni_context *context, problem *of);
void solve_directly(problem *of);
void free_problem(problem *of);

/* run.c: fill in a run whose sizes and bound are set */
void run_theorem(const settings *with, run *out);

/* output.c: tables, figure, JSON or text */
int report(const settings *with, const run *runs, size_t count);

#endif

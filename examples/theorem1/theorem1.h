/* Theorem 1 in numbers: what the files of this program share. */
#ifndef THEOREM1_H
#define THEOREM1_H

#include "../common/common.h"

enum { VARIANTS = 8, RUNS_MOST = VARIANTS * LIST_MOST * LIST_MOST, CURVE_MOST = 1024 };
enum { LINE_SEARCH, LEAST_SQUARES, EITHER };    /* how the SG learns */
enum { PRINTED, CORRECTED, DESCENT, BOTH = 2 }; /* the bound on mu; DESCENT is 2 / |B| */

#define NOISE   0.5   /* standard deviation of y beside its linear part, whose own is 1 */
#define ROUNDED 1e-13 /* of |y| or W: convergence is over */
#define CHECKED 1e-6  /* of |y|: |xi| above it has digits enough for a relative violation */

extern const char *const sg_names[], *const bound_names[]; /* output.c */

typedef struct settings {
  common_options common;
  count_list dims, samples;
  uint64_t iterations;
  int sg, bound; /* EITHER, BOTH: all */
} settings;

/* How the SG learns, its ridge, and the bound on the model's rate. */
typedef struct variant {
  int sg, bound;
  double ridge;
} variant;

/* The regression. d = inputs + 1 columns of x, the last of ones. */
typedef struct problem {
  size_t inputs, samples;
  double *x, *y, *optimum; /* [samples][inputs], [samples], [inputs + 1] with the bias last */
  double least, most;      /* b and |B| */
} problem;

typedef struct run {
  size_t inputs, samples;
  variant of;
  uint64_t iterations, reached; /* made; until w_error <= 1e-12, 0: never */
  double w_error, xi_norm, y_norm, condition;
  double xi_first;               /* |xi| after the first lesson */
  double sg_condition;           /* largest over smallest eigenvalue of A^T A, at the end */
  double max_violation;          /* over |y|, of all iterations */
  double max_violation_relative; /* over |xi_k|, while that is above CHECKED |y| */
  uint64_t rises;
  size_t points; /* of the curve */
  uint64_t at[CURVE_MOST];
  double curve_w[CURVE_MOST], curve_xi[CURVE_MOST];
} run;

/* eigenvalues.c: of gram [n][n], which is symmetric */
void find_eigenvalues(const long double *gram, size_t n, double *least, double *most);

/* problem.c: data from the next streams of the context; then, with the first weights in
 * of->optimum, the solution and the eigenvalues */
void make_problem(dni_context *context, problem *of);
void solve_directly(problem *of);
void free_problem(problem *of);

/* run.c: fill in a run whose sizes and variant are set */
void run_theorem(const settings *with, run *out);

/* machine.c: the pieces of the library, and the theorem's quantities at the current p */
typedef struct machine {
  dni_context *context;
  dni_layer *model;
  dni_loss *loss;
  dni_sg *sg;
  dni_optimiser *model_step, *sg_step; /* sg_step: NULL of least squares */
  dni_matrix x, y, p, delta, target, weight, bias;
  double *xi;
} machine;

void open_machine(machine *on, const problem *of, const variant *as);
void close_machine(machine *on);
double find_xi(machine *on);                 /* xi and its norm */
double find_q(machine *on, double *xi_norm); /* at most 1; 1 of xi = 0 */
double find_sg_condition(const machine *on);
double find_w_error(machine *on, const problem *of); /* |W - W*| / |W*|; p of this W */
double find_explainable(const machine *on, const problem *of);

/* output.c: tables, JSON or text */
int report(const settings *with, const run *runs, size_t count);

/* figure.c: from the tables; two figures */
int draw(const settings *with);

#endif

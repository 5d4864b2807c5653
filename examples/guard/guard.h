/* The guard of Corollary 1 in numbers: what the files of this program share. */
#ifndef GUARD_H
#define GUARD_H

#include <dni/research.h>

#include "../common/common.h"

enum { INPUTS = 5, HIDDEN = 4, OUTPUTS = 2, POINTS_MOST = 512 };
enum { BACKPROP, GUARDED, GATED, UNGUARDED, MODES };
enum { SEARCHED, LAGGING, SETTINGS, BOTH = SETTINGS }; /* how the SG starts and learns */

#define COSINE    0.5         /* delta of Proposition 2 */
#define THRESHOLD (1.0 / 3.0) /* (1 - COSINE) / (1 + COSINE) */
#define ROUNDING  1e-12       /* of dL/dh */

typedef struct settings {
  common_options common;
  int setting;
  uint64_t seeds, steps, samples, sg_steps;
  double rate, guarded_rate;
  double sg_rate, sg_start; /* lagging: Adam's rate; deviation of the first weights */
} settings;

/* y = M x + m and noise; x: [samples][INPUTS], y: [samples][OUTPUTS]. */
typedef struct problem {
  size_t samples;
  double *x, *y;
  double optimum;  /* the least mean loss of any affine map */
  double jacobian; /* |dh/dtheta|: the largest singular value of x with a column of ones */
} problem;

/* One step on its way, for the curves: step, loss - optimum, ratio. */
typedef struct point {
  double step, gap, ratio;
} point;

typedef struct run {
  int setting, mode;
  uint64_t seed;
  double optimum, jacobian; /* of its problem */
  double loss;              /* NaN: diverged */
  uint64_t steps, accepted;
  uint64_t violations; /* accepted steps that the condition, measured independently, forbids */
  double least_cosine; /* of synthetic and true gradient of theta, in accepted steps */
  size_t points;
  point curve[POINTS_MOST];
} run;

/* Model, loss, SG, and the matrices between them. */
typedef struct machine {
  dni_context *context;
  dni_layer *lower, *upper;
  dni_loss *loss;
  dni_sg *sg;
  dni_optimiser *step, *sg_step;
  dni_guard *guard;
  dni_matrix x, y, h, out, delta, target, delta_out, scratch;
  dni_matrix weight, bias; /* gradients of lower */
  double *truth;           /* copy of them as the true delta makes them */
} machine;

/* What decides a step: |SG - dL/dh|, |dL/dtheta|; the cosine of both gradients of theta; and below
 * what dL/dh is rounding error. */
typedef struct terms {
  double error, gradient, cosine, floor;
} terms;

/* problem.c */
void make_problem(dni_context *context, problem *of);
void free_problem(problem *of);

/* machine.c */
void open_machine(machine *on, const settings *with, const problem *of, const run *in);
void close_machine(machine *on);

/* measure.c: the terms by the formulas of a linear model, from the parameters alone, in long
 * double */
terms measure(const machine *on);

/* train.c: fill in a run whose setting, mode and seed are set */
void train(const settings *with, run *out);

/* output.c */
extern const char *const setting_names[SETTINGS], *const mode_names[MODES];
int report(const settings *with, const run *runs, size_t count);

/* figure.c: of the curves in guard_curves.tsv */
int draw(const settings *with);

#endif

/* Proposition 2 on MNIST: what the files of this program share. */
#ifndef PROPOSITION2_H
#define PROPOSITION2_H

#include <dni/research.h>

#include "../common/common.h"

enum { KINDS = 3, DEPTH_MOST = 100, STEPS_MOST = 1000000000 };
enum { PROBES_MOST = DEPTH_MOST * 28 }; /* 1, 2, 5, ... up to STEPS_MOST are 28 steps */

#define COSINE    0.5         /* delta of Proposition 2 */
#define THRESHOLD (1.0 / 3.0) /* (1 - COSINE) / (1 + COSINE) */

typedef struct settings {
  common_options common;
  uint64_t depth, width, batch, steps, seeds;
  double rate;
  const char *data;
} settings;

/* One interface at one step. All is of the mean loss of the batch. */
typedef struct probe {
  uint64_t step;
  size_t layer;             /* hidden layer, from 1 */
  double error;             /* eps = |SG - dL/dh| */
  double jacobian;          /* |dh/dtheta|, the operator norm */
  double jacobian_estimate; /* of its Frobenius norm */
  double gradient;          /* |dL/dtheta| */
  double ratio;             /* error * jacobian / gradient */
  double deviation;         /* |what the SG makes of dL/dtheta - dL/dtheta| / gradient */
  double cosine;            /* of the two */
} probe;

typedef struct run {
  int kind;
  uint64_t seed;
  double accuracy; /* on the test set */
  size_t count;
  probe probes[PROBES_MOST];
} run;

extern const char *const kind_names[KINDS]; /* output.c */
extern const sg_plan kind_plans[KINDS];     /* train.c */

/* A copy of the lower part of a network in doubles, on one batch. */
typedef struct twin twin;

/* norm.c: the twin of deep_build()'s networks; the largest singular value of dh/dtheta, theta the
 * parameters of layers 0 to `after` of `network` and h what they make of x */
twin *twin_create(const deep_plan *plan, const dni_matrix *x, size_t classes);
double twin_jacobian(twin *on, dni_network *network, size_t after);
void twin_free(twin *on);

/* train.c: fill in a run whose kind and seed are set */
int train(const settings *with, const data_source *source, run *out);

/* output.c */
int report(const settings *with, const data_source *source, const run *runs, size_t count);

/* figure.c: from proposition2.tsv, of the first seed */
int draw(const settings *with);

#endif

/* Critics beside synthetic gradients: what the files of this program share. */
#ifndef CRITIC_H
#define CRITIC_H

#include "../common/common.h"

enum { CLASSES = 2, SEEDS_MOST = 100, POINTS_MOST = 401 };
/* In the order of their runs. */
enum { CRITIC, LINEAR_CRITIC, LINEAR_SG, DEEP_SG, ESTIMATORS };

typedef struct settings {
  common_options common;
  uint64_t steps, seeds, examples, inputs, units, batch;
  double rate;
} settings;

/* One estimator beside one training, measured on all examples. */
typedef struct run {
  int estimator;
  uint64_t seed;
  size_t points;
  double step[POINTS_MOST], cosine[POINTS_MOST];
  double error[POINTS_MOST]; /* relative: of a critic |phi - L| / |L|, of an SG |SG - d| / |d| */
  double gradient_error[POINTS_MOST]; /* |estimate - d| / |d|, d the true dL/dh */
} run;

typedef struct counterexample {
  double critic_error;  /* mean (phi - L)^2 over the training points */
  double gradient_norm; /* of d phi / dh at them */
  double difference;    /* the same by central differences of phi */
  double true_gradient; /* |dL/dh| at them */
  double radius;        /* of the balls in which phi is constant */
  double outside;       /* |d phi / dh| between the points: phi is no constant */
} counterexample;

/* The network, dense (tanh) and dense, its data, and the matrices between: h has the interface. */
typedef struct model {
  dni_context *context;
  dni_dataset *data;
  dni_order *order; /* of the examples, in batches */
  dni_layer *lower, *upper;
  dni_loss *loss;
  dni_optimiser *adam;
} model;

typedef struct batch {
  size_t rows;
  dni_matrix x, y, h, out, delta_out, delta, estimate, losses, guess;
} batch;

/* model.c */
void open_model(model *on, const settings *with, uint64_t seed);
void close_model(model *on);
batch make_batch(const settings *with, size_t rows);
void free_batch(batch *of);
/* From x and y: h, the examples' losses, and delta = the true dL/dh. Leaves upper's gradients. */
double evaluate(model *on, batch *of);

/* counterexample.c */
counterexample show_counterexample(const settings *with);

/* train.c: runs[0 .. ESTIMATORS-1] of one seed */
void train_beside(const settings *with, uint64_t seed, run *runs);

/* output.c */
double final_of(const run *of, const double *values); /* mean of the last tenth */
int report(const settings *with, const counterexample *shown, const run *runs, size_t count);

#endif

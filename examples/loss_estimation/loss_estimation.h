/* The loss inside an SG: what the files of this program share. */
#ifndef LOSS_ESTIMATION_H
#define LOSS_ESTIMATION_H

#include <dni/research.h>

#include "../common/common.h"

enum { EXAMPLES = 100, SNAPSHOTS = 50, GRID = EXAMPLES * SNAPSHOTS };
enum { PROBLEMS = 2, LOSSES = 2, CONDITIONS = 3, PLACES = 2 };
enum { VARIANTS = PROBLEMS * LOSSES * CONDITIONS * PLACES };

extern const char *const problem_names[PROBLEMS], *const loss_names[LOSSES];
extern const char *const condition_names[CONDITIONS], *const place_names[PLACES];
extern const char *const activation_names[];

typedef struct settings {
  common_options common;
  uint64_t iterations, seeds, depth, width, threads;
  double rate;
  int activation; /* index of activation_names */
} settings;

/* One training with SGs, and one by backprop of the same first weights and data. */
typedef struct run {
  int problem, loss, condition, place; /* indices of the names above */
  uint64_t seed;
  double correlation, r2; /* over all examples and snapshots */
  double defect, final_loss, accuracy, backprop_loss;
  double correlation_at[SNAPSHOTS]; /* over the examples at one time */
  double loss_at[SNAPSHOTS];        /* mean true loss */
  double *truth, *extracted;        /* [SNAPSHOTS][EXAMPLES] */
  int32_t labels[EXAMPLES];
} run;

typedef struct results {
  const settings *of;
  run *runs;
  size_t count;
} results;

/* model.c: the objects of a training, in the order in which they are made */
typedef struct training {
  const settings *of;
  const run *in;
  dni_context *context;
  dni_dataset *data;
  dni_network *network;
  dni_loss *loss;
  dni_loss *classifier; /* under which accuracies are counted: squared error has none */
  dni_sg *middle;       /* borrowed from the network; NULL: backprop */
  dni_optimiser *adam;
  dni_trainer *trainer;
  size_t middle_after;
} training;

dni_status open_training(training *work, bool with_sg);
void close_training(training *work);

/* watch.c */
/* The iterations after which a snapshot is taken: equal factors lie between them. */
uint64_t snapshot_time(const settings *of, size_t index);
int fill_run(const settings *of, run *in);

/* output.c, maps.c */
int report(const results *all);
int draw_maps(const results *all);

#endif

/* Table 2 on artificial data: what the files of this program share. */
#ifndef ARTIFICIAL_H
#define ARTIFICIAL_H

#include <dni/research.h>

#include "../common/common.h"
#include "optimum.h"

enum {
  PROBLEMS = 6,
  LOSSES = 2,
  MODELS = 2,
  DATASETS_MOST = 1000,
  SETS_MOST = 10000,
  CHECKPOINTS_MOST = 32
};
enum { SHALLOW, DEEP, BOTH };
enum { SQUARED, LOG };

typedef struct settings {
  common_options common;
  uint64_t datasets;   /* on which every cell is trained */
  uint64_t sets;       /* on which the ends known in closed form are computed */
  uint64_t slow;       /* of the data sets, also at SLOWER times the rate */
  uint64_t iterations; /* the most of a training; 0: TRAVEL_MOST or TRAVEL_DEEP / rate */
  uint64_t depth, width, threads;
  double rate, tolerance;
  int model;   /* SHALLOW, DEEP or BOTH */
  int problem; /* 0: all, else 1 + the index of one */
  int sigmoid; /* 1: one output and the sigmoid's log loss, 0: two and the softmax's */
  count_list sg_at;
} settings;

/* A step of Adam moves a parameter by about the rate at most. So rate times steps is a length, and
 * both lengths of the stopping rule (train.c) are of this kind: the window and the most that a
 * training may take. */
#define TRAVEL_WINDOW 0.1
#define TRAVEL_MOST   30.0
#define TRAVEL_DEEP   6.0 /* the most of a deep model: its layers move together */
#define SLOWER        0.1

/* problem.c */
typedef struct problem {
  const char *name;
  int32_t kind;
  size_t inputs, examples;
} problem;

/* What the paper prints; NaN where it prints nothing. */
double printed(int model, int loss, int which);

extern const problem problems[PROBLEMS];
extern const char *const model_names[MODELS];
extern const char *const loss_names[LOSSES];

/* Of the context's next stream: the same seed gives the same data with one output and with two. */
dni_status create_data(dni_context *context, int which, int outputs, dni_dataset **out);

/* What is known of a data set without training; see optimum.c. */
typedef struct known {
  double squared;   /* the least squared error of an affine map */
  double logarithm; /* the infimum of the log loss of an affine map; 0 if `separable` */
  double end;       /* the log loss at which a shallow model with a linear SG ends */
  bool separable, end_separable;
} known;

int find_known(int which, uint64_t seed, known *out);

/* model.c */
typedef struct plan {
  int model, loss, problem; /* indices of the names above */
  uint64_t seed;
  bool with_sg;
  double rate;
} plan;

typedef struct training {
  const settings *of;
  plan as;
  dni_context *context;
  dni_dataset *data;
  dni_network *network;
  dni_loss *loss;
  dni_optimiser *adam;
  dni_trainer *trainer;
} training;

dni_status open_training(training *work);
void close_training(training *work);

/* train.c */
typedef struct course {
  double loss; /* at the end */
  double at[CHECKPOINTS_MOST];
  uint64_t iterations;
  bool settled; /* false: stopped at the most iterations */
} course;

/* 1, 2, 5, 10, ... times 10, and the last iteration. */
size_t find_checkpoints(uint64_t iterations, uint64_t *points);
uint64_t steps_for(double travel, double rate); /* at least 1 */
uint64_t most_iterations(const settings *of, int model);
int train(const settings *of, const plan *as, course *out);

/* cells.c: the table, a cell for each model, loss and problem */
typedef struct trained {
  course backprop, sg;
  double slow; /* the SG's loss at SLOWER times the rate; NaN: not trained so */
} trained;

typedef struct cell {
  int model, loss, problem;
  trained *sets; /* [datasets] */
} cell;

typedef struct results {
  const settings *of;
  known *known; /* [PROBLEMS][known_count]; set d has seed of->common.seed + d */
  size_t known_count;
  cell cells[MODELS * LOSSES * PROBLEMS];
  size_t cell_count;
} results;

int fill_table(results *all);
void free_table(results *all);

/* measures.c: what a training on a data set says */
typedef double measure(const cell *in, const known *about, const trained *ran);
measure optimum, backprop_loss, sg_loss, sg_minus_optimum, sg_minus_backprop, closed_end,
    sg_minus_closed, slow_minus_sg, backprop_iterations, sg_iterations, backprop_settled,
    sg_settled, is_separable;

/* One for each data set; those that are NaN are left out. */
typedef struct summary {
  double each[DATASETS_MOST];
  size_t count;
} summary;

summary summarise(const results *all, const cell *in, measure *what);
double difference_at(const results *all, const cell *in, bool from_optimum, size_t checkpoint);

/* Of a shallow cell of the log loss, in closed form: end minus optimum of all sets. */
typedef struct closed_form {
  double mean, deviation;
  double low, high; /* 95 % of the means of TABLE_SETS data sets lie between */
  size_t sets, end_separable;
} closed_form;

enum { TABLE_SETS = 10 }; /* the paper's number of data sets */
bool has_closed_form(const cell *in);
closed_form find_closed_form(const results *all, const cell *in);

/* output.c, files.c */
int report(const results *all);
int write_files(const results *all);

#endif

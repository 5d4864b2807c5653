/* What the files of the mnist program share, besides what they share with others. */
#ifndef MNIST_H
#define MNIST_H

#include "../common/common.h"

/* options.c */
typedef struct options {
  method methods[METHOD_COUNT];
  size_t method_count;
  bool sg_at[MAX_DEPTH + 1]; /* method sg: [i] is true for an SG after hidden layer i, from 1 */
  size_t depth, width, batch;
  uint64_t epochs, steps; /* 0: no limit; not both */
  size_t eval_every;      /* 0: a sixteenth of the run */
  double learning_rate, sg_learning_rate;
  bool learning_rate_chosen; /* by depth, not by the user */
  int32_t sg_hidden, condition;
  double update_probability; /* 0: the sequential schedule */
  uint64_t seed;
  const char *backend;
  dni_dtype dtype;
  int32_t threads;
  bool threads_asked; /* by the user, not by default */
  size_t train_limit; /* 0: all */
  const char *data, *out, *save;
  bool json;
} options;

enum { OPTIONS_RUN = -1 }; /* go on; anything else is the exit status */

int options_parse(int argc, char **argv, options *parsed);
const char *condition_name(int32_t condition);

/* help.c; both answer 0 */
int print_help(void);
int print_version(void);

/* run.c */
typedef struct curve_point {
  uint64_t step;
  double seconds; /* of training, without evaluations */
  double test_accuracy;
  double loss; /* mean of up to LOSS_WINDOW training steps until here */
} curve_point;

enum { LOSS_WINDOW = 100 };

typedef struct run_result {
  method which;
  size_t train_examples, test_examples, features, classes;
  uint64_t steps;
  double train_accuracy, test_accuracy; /* fractions, inference mode */
  double final_loss;                    /* mean of the last LOSS_WINDOW steps, as the next two */
  double sg_error, sg_cosine;           /* mean over the interfaces; NaN if nothing learned there */
  double seconds, ms_per_step;          /* of training, without evaluations */
  char backend[NAME_SIZE];
  int32_t threads; /* 0: the backend has no such setting */
  curve_point *curve;
  size_t curve_count, curve_capacity;
} run_result;

/* Train and measure one method. *result is released by run_release, also after a failure. */
int run_method(const options *settings, const data_source *source, method which,
               run_result *result);
void run_release(run_result *result);

/* The name --save gives this method's file, into path. */
int save_path(const options *settings, method which, char path[PATH_SIZE]);

/* report.c */
typedef struct result_set {
  const options *settings;
  const data_source *source;
  const run_result *runs;
  size_t run_count;
} result_set;

void report_heading(const options *settings, const data_source *source);
void report_table(const result_set *results);
void report_json(const result_set *results);
int report_write_tables(const result_set *results); /* results.tsv and curves.tsv in --out */

/* output.c: what can be known about files before training */
int output_prepare(const options *settings);

/* figure.c */
int figure_write(const result_set *results); /* accuracy.svg in --out */

#endif

/* What the files of the mnist program share, besides what they share with others. */
#ifndef MNIST_H
#define MNIST_H

#include "../common/common.h"

/* options.c */
typedef struct options {
  method methods[METHOD_COUNT];
  size_t method_count;       /* 0: all, until the options are complete */
  bool sg_at[MAX_DEPTH + 1]; /* as in deep_plan, unless modules says otherwise */
  dni_kind schedule;         /* DNI_SCHEDULE_ value: sequential, pipelined or micro-batches */
  size_t modules;            /* n > 0: estimators are where they make n modules of equal time */
  size_t in_flight, micro_batches; /* 0: not asked, until the options are complete */
  size_t depth, width, batch;
  uint64_t epochs, steps;                 /* 0: no limit; not both */
  size_t eval_every;                      /* 0: a sixteenth of the run */
  double until;                           /* test accuracy to stop at; 0: none */
  double learning_rate, sg_learning_rate; /* 0: chosen for each method, see rates_of */
  uint64_t warm_up;                       /* steps; WARM_UP_CHOSEN: chosen */
  bool cosine;                            /* the rate falls to 0 along a cosine */
  sg_plan sg;
  bool condition_asked;
  double shrink;             /* of delayed gradients; 0: not asked, until complete */
  double update_probability; /* 0: the sequential schedule */
  uint64_t seed;
  const char *backend;
  dni_dtype dtype; /* DNI_BF16: floats whose products are of bf16 */
  bool bf16_activations, bf16_moments;
  size_t threads;     /* that run modules, if the schedule has such; else of a matrix product */
  bool threads_asked; /* by the user, not by default */
  size_t train_limit; /* 0: all */
  const char *data, *out, *save;
  const char *checkpoint;    /* NULL: none */
  uint64_t checkpoint_every; /* steps; 0: at the end of each epoch and of the run */
  bool resume;               /* go on from the checkpoint, if there is one */
  bool json;
} options;

enum { OPTIONS_RUN = -1 }; /* go on; anything else is the exit status */

int options_parse(int argc, char **argv, options *parsed);
const char *options_dtype_name(const options *settings);
const char *condition_name(const sg_plan *sg); /* "hy", "r", "hyr" and so on */
const char *sg_kind_name(sg_kind kind);        /* "least-squares", "adam" */

/* What a method is trained with. */
typedef struct rates {
  double network, sg;
} rates;
rates rates_of(const options *settings, method which);
#define WARM_UP_CHOSEN UINT64_MAX
uint64_t warm_up_of(const options *settings, uint64_t steps);

/* options_schedule.c: what depends on several options at once. sg_at: the option's text, or NULL */
int options_complete(options *parsed, const char *sg_at);
int set_schedule(const char *text, options *parsed);
const char *schedule_name(dni_kind schedule);
bool has_threads(dni_kind schedule); /* of its own, that run modules */

/* help.c; both answer 0 */
int print_help(void);
int print_version(void);

/* session.c: the objects of a run, in the order in which they are made */
typedef struct session {
  dni_context *context;
  dni_dataset *train, *test;
  dni_network *network;
  dni_loss *loss;
  dni_optimiser *optimiser, *sg_optimiser;
  dni_trainer *trainer;
} session;

typedef struct run_result run_result;

/* Fills in what *result says of data, backend, modules and memory. Close it after a failure too. */
int session_open(const options *settings, const data_source *source, session *objects,
                 run_result *result);
void session_close(session *objects);

/* With the backend of the settings. *backend_threads: 0 if it has no such setting */
dni_status context_open(const options *settings, size_t *backend_threads, dni_context **out);

/* balance.c: mark hidden layers in plan->sg_at, so that settings->modules modules with the method's
 * estimators between them take equally long on this machine. */
dni_status balance_modules(const options *settings, size_t features, size_t classes,
                           deep_plan *plan);

/* run.c */
typedef struct curve_point {
  uint64_t step;
  double seconds; /* of training, without evaluations */
  double test_accuracy;
  double loss; /* mean of up to LOSS_WINDOW training steps until here */
} curve_point;

enum { LOSS_WINDOW = 100 };

struct run_result {
  method which;
  rates learning_rates;
  uint64_t total_steps, warm_up; /* planned */
  bool sg_at[MAX_DEPTH + 1];     /* where the estimators are, of all methods */
  size_t train_examples, test_examples, features, classes;
  uint64_t steps;
  double train_accuracy, test_accuracy; /* fractions, inference mode */
  double final_loss;                    /* mean of the last LOSS_WINDOW steps, as the next two */
  double sg_error, sg_cosine;           /* mean over the interfaces; NaN if nothing learned there */
  double target_lag;           /* mean over steps and interfaces between modules; NaN if none */
  double seconds, ms_per_step; /* of training, without evaluations */
  double seconds_to_975;       /* until a test accuracy of 97.5 % was seen; NaN if never */
  char backend[NAME_SIZE];
  size_t backend_threads;  /* 0: the backend has no such setting */
  size_t modules, threads; /* of the trainer */
  dni_memory_report memory;
  curve_point *curve;
  size_t curve_count, curve_capacity;
};

/* Train and measure one method. *result is released by run_release, also after a failure. */
int run_method(const options *settings, const data_source *source, method which,
               run_result *result);
void run_release(run_result *result);

/* The name of this method's file, into path: what `option` says, with the method behind it if there are
 * several. */
int method_path(const options *settings, const char *option, const char *file, method which,
                char path[PATH_SIZE]);

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

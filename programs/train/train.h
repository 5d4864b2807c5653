/* What the files of dni-train share. */
#ifndef TRAIN_H
#define TRAIN_H

#include "../common/programs.h"

/* options.c */
#define COUNT_UNSET UINT64_MAX
enum { CHOICE_UNSET = -1 };

/* In the order of the words that --sg, --loss and so on take. */
typedef enum sg_choice {
  SGS_NONE,
  SGS_SYNTHETIC,
  SGS_LEAST_SQUARES,
  SGS_LEAST_SQUARES_R, /* of the residual of a local guess alone */
  SGS_LOCAL,
  SGS_DFA,
  SGS_FA,
  SGS_CRITIC,
  SGS_DELAYED,
  SGS_ZERO
} sg_choice;

typedef enum loss_choice { LOSS_SOFTMAX, LOSS_SIGMOID, LOSS_SQUARED, LOSS_ABSOLUTE } loss_choice;

typedef enum optimiser_choice { OPTIMISER_SGD, OPTIMISER_ADAM, OPTIMISER_ADAMW } optimiser_choice;
typedef enum dtype_choice { DTYPE_F32, DTYPE_F64, DTYPE_BF16 } dtype_choice;

/* What is COUNT_UNSET, CHOICE_UNSET, NAN or NULL was not asked for. */
typedef struct settings {
  const char *data, *labels, *validation, *validation_labels;
  double split;
  uint64_t target_columns, classes, header_lines;
  bool targets_first;
  int separator;
  count_list layers, sg_after;
  uint64_t depth, width;
  int activation, batch_norm;
  double dropout;
  const char *load;
  int sg;
  uint64_t sg_every;
  double sg_rate;
  int loss, optimiser, decay;
  double rate, momentum, weight_decay, clip_norm;
  uint64_t warm_up, batch, epochs, steps, evaluate_every, seed;
  int dtype, schedule;
  uint64_t threads, in_flight, micro_batches;
  double update_probability;
  const char *checkpoint, *save, *predict, *json_file, *figure;
  uint64_t checkpoint_every;
  bool resume;
} settings;

/* ARGUMENTS_RUN: go on; anything else is the exit status. */
int options_parse(int argc, char **argv, settings *set);

/* The words of choices, as they are written on the command line. */
typedef enum choice {
  WORDS_SG,
  WORDS_LOSS,
  WORDS_OPTIMISER,
  WORDS_SCHEDULE,
  WORDS_DTYPE,
  WORDS_DECAY,
  WORDS_ACTIVATION,
  WORDS_SWITCH,
  WORDS_SEPARATOR
} choice;
const char *choice_words(choice which); /* "sgd|adam|adamw" */
/* One of them, into a text of NAME_SIZE. */
const char *choice_word(choice which, int index, char text[NAME_SIZE]);

/* check.c: what depends on several options at once; 0, or USAGE after one line. */
int options_check(const settings *set);

/* files.c: the same of the files that options name */
int files_check(const settings *set);

/* elements.c: numbers of the context's type */
dni_matrix view_of(dni_dtype type, void *elements, size_t rows, size_t columns);
double get_element(dni_dtype type, const void *elements, size_t at);
void set_element(dni_dtype type, void *elements, size_t at, double value);

/* scale.c: a network that is trained on scaled numbers, and answers the file's own in the end */
typedef struct scaling {
  size_t features, targets;              /* 0: not scaled */
  double *feature_mean, *feature_factor; /* x becomes (x - mean) factor */
  double *target_mean, target_factor;    /* y too: one factor for all targets */
} scaling;

/* Some columns of a file, next to each other, that will be elements of this type. */
typedef struct columns_of {
  const double *values; /* [rows][count], rows `stride` apart */
  size_t rows, count, stride;
  const char *path;
  size_t first; /* the first of them in the file, counted from 0 */
  dni_dtype type;
  bool saved; /* will the network be saved, which then takes and gives these numbers? */
} columns_of;

/* 0, or the exit status after a message: the numbers are too large or too small to be scaled. `keep`: a column
 * that does not change is left as it is, else it becomes 0. */
int scaling_of_features(scaling *scale, const columns_of *of, bool keep);
int scaling_of_targets(scaling *scale, const columns_of *of);
void scaling_release(scaling *scale);
/* May it be undone, by a dense layer at that end? */
bool network_takes_scaled(dni_network *network);
bool network_gives_scaled(dni_network *network);
/* Make a network of the file's numbers into one of scaled numbers, or back. */
dni_status network_scale(dni_network *network, const scaling *scale);
dni_status network_unscale(dni_network *network, const scaling *scale);

/* data.c */
typedef struct data {
  dni_dataset *train, *validation; /* NULL: none */
  dni_dataset *whole; /* for --predict: of the examples in their order; NULL: not wanted */
  size_t features, targets, classes; /* classes 0: the targets are numbers */
  bool unlabelled;                   /* there are no targets: made up ones stand for them */
  const char *format;                /* "MNIST", "IDX", "CSV" */
  scaling scale;                     /* of CSV files */
} data;

/* A regular file that begins as IDX files do. Whoever opens it next says why it cannot be read. */
bool file_is_idx(const char *path);
/* The labels of IDX images are in the file of the same name with other words; false: there are no such
 * words. */
bool labels_name(const char *images, char path[PATH_SIZE]);
/* `loaded`, if it is not NULL, is the network that the data is for. */
int data_open(const settings *set, dni_context *context, dni_network *loaded, data *out);
void data_close(data *d);

/* table_data.c: the same of a CSV file */
int table_open(const settings *set, dni_context *context, dni_network *loaded, data *out);

/* How many classes the labels have to be of; 0: nobody has said so. */
size_t classes_wanted(const settings *set, const dni_network *loaded);
/* How many of the examples are kept for validation. */
size_t split_count(const settings *set, size_t examples);

/* network.c */
int network_load(const settings *set, dni_context *context, dni_network **out);
int network_build(const settings *set, dni_context *context, const data *d, dni_network **out);
int network_check(const settings *set, dni_network *network, const data *d);
int network_add_sgs(const settings *set, dni_context *context, const data *d, dni_loss *loss,
                    dni_network *network);
/* Hidden layers: places where an SG may be. */
size_t network_hidden_layers(dni_network *network);

/* session.c: the objects of a run, in the order in which they are made */
typedef struct session {
  const settings *set;
  dni_context *context;
  dni_network *network;
  data d;
  dni_loss *loss;
  loss_choice loss_kind;
  dni_optimiser *optimiser, *sg_optimiser;
  dni_trainer *trainer; /* NULL: nothing is trained */
  size_t batch;
  uint64_t steps_of_epoch, total_steps, warm_up;
  double rate, sg_rate;
  double loss_factor; /* from scaled numbers to the file's own */
} session;

/* Close it after a failure too. */
int session_open(const settings *set, session *s);
void session_close(session *s);

/* run.c */
typedef struct point { /* of the figure and of the JSON file */
  uint64_t step, epoch;
  double seconds, loss, accuracy; /* of the batches since the point before */
  double validation_loss, validation_accuracy, rate;
} point;

typedef struct point_list {
  point *points;
  size_t count, room;
} point_list;

typedef struct run {
  session *s;
  point_list epochs, curve;         /* evaluations; means of batches in between */
  uint64_t resumed_at;              /* steps */
  double seconds;                   /* in all */
  dni_evaluation train, validation; /* in the end, of the file's own numbers */
  int signal;                       /* that stopped it; 0: none */
} run;

enum { INTERRUPTED = -2 }; /* an answer of run_training: the training has stopped at a signal */
int run_training(session *s, run *r);
int run_evaluate(session *s, run *r);
void run_release(run *r);

/* report.c */
void report_heading(const session *s);
void report_epoch(const session *s, const point *p);
void report_end(const run *r);
int report_json(const run *r); /* --json-file */

/* figure.c */
int figure_write(const run *r); /* --figure */

/* predict.c */
int predict_write(session *s); /* --predict */

#endif

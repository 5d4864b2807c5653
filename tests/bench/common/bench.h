/* What the programs of tests/bench share: time and medians (measure.c), options and output
 * (output.c), networks under training (model.c), MNIST (mnist.c). What goes wrong ends the program, with one line.
 */
#ifndef BENCH_COMMON_BENCH_H
#define BENCH_COMMON_BENCH_H

#include <dni.h>
#include <stddef.h>
#include <stdint.h>

/* Time and numbers. ---------------------------------------------------------------------------- */

double bench_now(void);                            /* seconds, of a clock that never goes back */
double bench_median(double *values, size_t count); /* sorts them */
float *bench_numbers(size_t count); /* in [0, 1), the same ones each time; free() it */
void *bench_memory(size_t bytes);   /* aligned to 64; free() it */

/* Options and output. -------------------------------------------------------------------------- */

/* An option with a value: a positive number, or a word if `word` is set. A list ends with {0}. */
typedef struct bench_option {
  const char *name; /* "--depth" */
  size_t *number;
  const char **word;
  const char *help;
} bench_option;

/* Reads the command line. Every program also has --help, --json (JSON on stdout in place of text)
 * and
 * --json-file FILE (JSON into FILE, text on stdout). Begins both outputs; bench_end ends them. */
void bench_begin(int count, char **words, const char *name, const char *about,
                 const bench_option *options);
void bench_end(void);

/* Formatted text; nothing with --json. */
void bench_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One object of the JSON's list "runs"; the format is of what is between the braces. */
void bench_record(const char *format, ...) __attribute__((format(printf, 1, 2)));

void bench_fail(const char *what, const char *why) __attribute__((noreturn));
void bench_must(dni_status status, const char *what);

/* Networks under training. --------------------------------------------------------------------- */

enum { BENCH_INPUTS = 784, BENCH_CLASSES = 10 };

#define BENCH_EVERYWHERE SIZE_MAX

/* BENCH_INPUTS, then depth x (dense layer with ReLU, batch normalisation), then BENCH_CLASSES,
 * softmax cross-entropy, Adam, float, on one batch of random numbers that is the same in every
 * step unless the caller writes another one into x and y. */
typedef struct bench_plan {
  size_t depth, width, batch;
  int plain;    /* no batch normalisation */
  int sigmoid;  /* in place of ReLU */
  int momentum; /* SGD with momentum 0.9 in place of Adam */
  size_t sg;    /* an SG after this hidden layer, from 1; 0: none; or BENCH_EVERYWHERE */
  const unsigned char *sg_at; /* and where this is not 0, [depth + 1]; NULL: nowhere */
  const char *estimator;      /* "sg" (NULL: that), linear; "local", linear; "delayed"; "zero";
                                 "least squares", "least squares / 4", "least squares r" */
  const char *backend;        /* "builtin" or "cblas" */
  int bf16;                   /* products of operands rounded to bf16 */
  int bf16_activations;       /* and outputs inside modules kept as bf16 */
  int bf16_moments;           /* moments of the optimisers kept as bf16 */
  size_t backend_threads;     /* 0: 1 */
  int32_t schedule;           /* DNI_SCHEDULE_ value */
  size_t threads, in_flight, micro_batches; /* of the schedule, as in dni_trainer_options */
  double rate;                              /* of Adam; 0: 3e-5 */
} bench_plan;

typedef struct bench_model {
  bench_plan plan;
  dni_context *context;
  dni_network *network;
  dni_trainer *trainer;
  float *x, *y; /* [batch][BENCH_INPUTS], [batch][BENCH_CLASSES] */
} bench_model;

void bench_model_build(bench_model *model, const bench_plan *plan);
void bench_model_drop(bench_model *model);
void bench_model_step(bench_model *model, dni_step_report *report); /* report may be NULL */
dni_memory_report bench_model_memory(const bench_model *model);

/* MNIST from a folder of its IDX files. A batch of step t is the t-th of the file, again and again;
 * train answers the seconds of the steps alone, without loading. report may be NULL. */
void bench_mnist_open(const char *folder);
void bench_mnist_close(void);
double bench_mnist_train(bench_model *model, size_t first, size_t steps, dni_step_report *report);

/* Floating-point operations of the matrix products of one step. */
double bench_model_operations(const bench_model *model);

/* "backprop", "sg-all", "sg". */
const char *bench_method(size_t sg);

dni_backend *bench_backend(const char *name, size_t threads);
int bench_has_cblas(void);
dni_matrix bench_view(const float *data, size_t rows, size_t columns);

/* The SG after a layer; NULL where the gradient is exact. */
dni_sg *bench_sg(dni_network *network, size_t after);

#endif

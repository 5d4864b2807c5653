/* What the programs of examples/ share, and partly those of programs/: messages, the command line,
 * output files, figures, MNIST, and the deep networks of the MNIST experiments. Functions that return
 * int answer 0, or the exit status (1 failure, 2 usage) after having printed the one line that says
 * why. */
#ifndef COMMON_H
#define COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <dni.h>

enum { PATH_SIZE = 4096, NAME_SIZE = 256, USAGE = 2 };

/* messages.c */
extern const char *program_name; /* begins every message */
/* The first call of main. Ends the program if there is no standard output: files that are opened
 * later would be taken for it. Where standard input or error is closed, it is /dev/null then. */
void begin(const char *name);
/* One line, whatever is in the names that it has. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Control characters as \x0a: a name cannot begin a line, or tell a terminal anything. "..." after `most`
 * bytes. */
void print_visible(FILE *file, const char *text, size_t most);
int library_failure(void); /* prints dni_last_message() */
/* "--option value: expected ..."; answers USAGE */
int usage(const char *option, const char *value, const char *expected);
/* A progress line on stderr if that is a terminal, over the one before; NULL removes it. */
void progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "--option is given twice"; answers USAGE */
int usage_twice(const char *option);
/* The last call of main: close standard output; a write that failed makes a success a failure. */
int finish(int status);
double seconds_now(void); /* of a clock that only goes forward */

/* arguments.c: the command line as a table */
typedef enum argument_kind {
  ARGUMENT_FLAG,   /* bool */
  ARGUMENT_COUNT,  /* uint64_t in [least, most] */
  ARGUMENT_NUMBER, /* double, finite, in [least, most] */
  ARGUMENT_TEXT,   /* const char *, not empty */
  ARGUMENT_LIST,   /* count_list, "1,2,5", each in [least, most] */
  ARGUMENT_CHOICE, /* int: index of a word of `choices`, "printed|corrected" */
  ARGUMENT_HEADING /* none: `help` stands above the options that follow; its name is "" */
} argument_kind;

enum { LIST_MOST = 32 };

typedef struct count_list {
  uint64_t values[LIST_MOST];
  size_t count;
} count_list;

typedef struct argument {
  const char *name; /* without -- */
  argument_kind kind;
  void *place;
  double least, most; /* COUNT, NUMBER, LIST */
  const char *choices;
  const char *help; /* one or more lines, the default in it */
} argument;

/* What every experiment has. */
typedef struct common_options {
  bool json;
  const char *out; /* NULL: no files */
  uint64_t seed;
} common_options;

enum { ARGUMENTS_RUN = -1 }; /* go on; anything else is the exit status */

/* Digits and nothing else, below 2^64. */
bool whole_number(const char *text, uint64_t *value);

/* `about` is the text before the list of options in --help. Besides `table`, which ends with a name
 * of NULL, --json, --out, --seed, --help and --version are understood; if `options` is NULL, only
 * --help and --version. The output directory has been made when this answers ARGUMENTS_RUN. */
int arguments_parse(int argc, char **argv, const char *about, const argument *table,
                    common_options *options);
/* Words beside the options: paths, which --help calls by this name. At least one. */
typedef struct argument_words {
  const char *name;
  const char **values; /* [most] */
  size_t most, count;
} argument_words;

/* The same for a program that is given such words, wherever they stand. */
int arguments_parse_words(int argc, char **argv, const char *about, const argument *table,
                          common_options *options, argument_words *words);
/* The same for one word. */
int arguments_parse_file(int argc, char **argv, const char *about, const argument *table,
                         common_options *options, const char *name, const char **file);

/* output.c: files in a directory */
int output_writable(const char *option,
                    const char *directory); /* is it a directory, and writable? */
int output_directory(const char *option, const char *directory); /* as mkdir -p; writable? */
/* Can a file be made or replaced at `path`? */
int output_file_writable(const char *option, const char *path);
int output_open(const char *directory, const char *name, FILE **file);
int output_close(const char *directory, const char *name, FILE *file);
/* Of a file that an option names. */
int file_close(const char *option, const char *path, FILE *file);

/* A JSON or TSV number with all its digits; null or nan where it is not finite. */
void json_number(FILE *file, double value);
void tsv_number(FILE *file, double value);
/* "text": strings of JSON are UTF-8 and hold no control character as it is. */
void json_text(FILE *file, const char *text);
/* [1, 2, 3] */
void json_numbers(FILE *file, const double *values, size_t count);

/* figure.c: write directory/name.gp, a gnuplot script whose working directory is `directory` and
 * which draws name.svg, and run it. `width` x `height` in points. The script begins with settings
 * all figures share: fonts, `palette` for maps, the line styles of style.c (style s has number
 * s + 1), and `eval legend`, after which a plot at the end of a multiplot is its legend, up to
 * `set tmargin at screen` HEIGHT. No gnuplot is no failure: one line on stderr says so, and the script stays. */
int figure_draw(const char *directory, const char *name, int width, int height, const char *script);

/* svg.c: pieces of figures that a program draws by itself */
/* White, with the letters of all figures. */
void svg_begin(FILE *file, double width, double height);
void svg_escaped(FILE *file, const char *text); /* as text between tags */
void svg_end(FILE *file);
/* The distance of ticks from 0 to `most` > 0: 1, 2 or 5 times a power of ten, at most 8 of them. */
double svg_tick_step(double most);

/* Near 100 % the interesting differences are between 98.0 and 98.5 %: accuracies, fractions of 1, are spaced
 * by the logarithm of the error. */
typedef struct accuracy_axis {
  double top, bottom;
  size_t first, last; /* ticks at the bottom and the top */
} accuracy_axis;
accuracy_axis accuracy_axis_of(double top, double bottom, double least, double most);
double accuracy_axis_y(const accuracy_axis *axis, double accuracy);
void accuracy_axis_draw(const accuracy_axis *axis, FILE *file, double left, double right,
                        const char *title);

/* parallel.c: work(shared, 0) to work(shared, count - 1), `threads` of them at a time; the answer
 * is the last problem, after which no more is begun. Less threads if the system starts no more. */
enum { THREADS_MOST = 64 };
int parallel_work(size_t count, uint64_t threads, int (*work)(void *shared, size_t index),
                  void *shared);

/* statistics.c; of no values NaN */
double mean_of(const double *values, size_t count);
double least_of(const double *values, size_t count);
double most_of(const double *values, size_t count);
double quantile_of(const double *values, size_t count, double share); /* share of them below it */
double deviation_of(const double *values, size_t count); /* sample standard deviation; 0 of one */

/* pieces.c: for programs that end, with status 1 and one line, when a call fails */
void must(dni_status status);
double *numbers(size_t count); /* zeros, to be freed */
dni_matrix matrix_of(double *data, size_t rows, size_t columns);
dni_context *doubles_context(uint64_t seed); /* its objects have elements of type double */
/* Fill into[rows * columns] with independent normal numbers, mean 0 and variance 1, from the next
 * random stream of a context of doubles. */
void normals(dni_context *context, size_t rows, size_t columns, double *into);
void append_dense(dni_context *context, dni_network *network, size_t inputs, size_t outputs,
                  dni_activation activation);
/* count - 1 dense layers, widths[0] inputs to widths[count - 1] outputs; the last is linear. */
dni_network *dense_network(dni_context *context, dni_activation hidden, const size_t *widths,
                           size_t count);
/* x ~ N(0, I) [examples][inputs], in a context of doubles, and the label of each example. */
dni_dataset *labelled_normals(dni_context *context, size_t examples, size_t inputs,
                              int32_t (*label)(const double *x));
int32_t same_sign(const double *x); /* of the first two: no linear model can tell */
double norm_of(const double *values, size_t count);
double dot_of(const double *a, const double *b, size_t count);

/* differences.c: the largest difference between the gradients of a layer of doubles, towards its
 * parameters and its input of `rows` rows, and central differences. It draws two random streams. */
double gradient_error(dni_context *context, dni_layer *layer, size_t rows);

/* digit_files.c: the four files of MNIST in a directory */
typedef struct data_source {
  char directory[PATH_SIZE];
  char name[NAME_SIZE]; /* "mnist", "mnist-sample", "fashion-mnist", or the directory's own */
  char train_images[PATH_SIZE], train_labels[PATH_SIZE];
  char test_images[PATH_SIZE], test_labels[PATH_SIZE];
  char note[1024]; /* why it is the sample and not the real MNIST; "" if it is not */
} data_source;

/* In `directory`, under any of their usual names. Messages begin with `before`, as in "--data ". */
int data_in_directory(const char *directory, const char *before, data_source *source);
bool path_is_directory(const char *path);

/* digits.c: where the digits are: in `directory` if it is not NULL, else wherever they can be had. */
int data_find(const char *directory, data_source *source);

/* Load both sets, pixels in [0, 1], all or the first `train_limit` > 0 training examples. Both
 * outputs are NULL after a failure. */
int data_load(dni_context *context, const data_source *source, size_t train_limit,
              dni_dataset **train, dni_dataset **test);

/* fetch.c */
typedef enum fetch_result {
  FETCH_DONE,
  FETCH_NO_TOOL,
  FETCH_NO_DOWNLOAD,
  FETCH_BAD_CONTENT,
  FETCH_NO_ROOM,
  FETCH_NO_SHELL
} fetch_result;

/* Put the four files of MNIST, verified, into `directory`, which is all there or not at all. */
fetch_result fetch_from_npm(const char *directory);
fetch_result fetch_from_url(const char *directory, const char *base_address);
const char *fetch_reason(fetch_result result); /* why it failed */

/* deep.c */
enum { MAX_DEPTH = 1000 };

typedef enum method {
  METHOD_BACKPROP,
  METHOD_SG_ALL,
  METHOD_SG,
  METHOD_DFA,
  METHOD_FA,
  METHOD_LOCAL,
  METHOD_DELAYED,
  METHOD_NONE,
  METHOD_SG_ALL_ADAM,
  METHOD_COUNT
} method;

/* "backprop", "sg-all", "sg", "dfa", "fa", "local", "delayed", "none"; "sg-all-adam" is sg-all with
 * SGs that Adam trains, whatever the plan says */
const char *method_name(method which);
/* sg, local, delayed, none: the plan says after which hidden layers, not the method */
bool method_is_placed(method which);

/* What trains synthetic gradients, and what they see. */
typedef enum sg_kind { SG_LEAST_SQUARES, SG_ADAM } sg_kind;

typedef struct sg_plan {
  sg_kind kind;
  dni_condition condition;
  bool residual;     /* the residual of a local guess too (DNI_CONDITION_RESIDUAL: alone) */
  size_t hidden;     /* hidden layers of SGs by Adam and of local classifiers */
  double guess_rate; /* of least-squares SGs; 0: the library's */
  uint64_t mixture;  /* lessons in which answers go from exact to synthetic; 0: none */
} sg_plan;

/* Where nothing is said: by least squares from the residual alone; by Adam from (h, y), the paper's. */
sg_plan sg_plan_default(sg_kind kind);
bool method_has_sgs(method which); /* synthetic gradients */
sg_kind method_sg_kind(method which, const sg_plan *plan);

/* style.c: how a method looks in every figure. Its first styles are those of the methods. */
enum { STYLE_LEAST_SQUARES = METHOD_COUNT, STYLE_COUNT };

typedef struct method_style {
  const char *title, *colour; /* title: the method's name in figures */
  const char *dash;           /* lengths of lines and gaps, "9,4"; "" for a whole line */
  const char *marker;         /* SVG path around (0, 0) */
  int point;                  /* the same marker in gnuplot */
} method_style;

extern const method_style method_styles[STYLE_COUNT];
/* Index of the style of a method with these SGs. */
size_t style_of(method which, const sg_plan *sg);

typedef struct deep_plan {
  size_t depth, width;
  method which;
  bool sg_at[MAX_DEPTH + 1]; /* placed: [i] is true for an estimator after hidden layer i, from 1 */
  sg_plan sg;
  double shrink; /* of delayed gradients; 0: 1 */
} deep_plan;

bool deep_has_estimator(const deep_plan *plan, size_t hidden_layer); /* after it, from 1 */

/* `depth` hidden layers, each dense (ReLU) then batch normalisation; dense (identity) on top; the
 * method's estimators at its interfaces. Hidden layer i, from 1, ends with layer 2 i - 1 of the
 * chain. */
dni_status deep_build(dni_context *context, const deep_plan *plan, size_t features, size_t classes,
                      dni_network **out);

/* representation.c: the networks of the experiments on representations, in the order of their tables
 * and figures */
enum {
  COMPARED_BACKPROP,
  COMPARED_SG,
  COMPARED_SG_ALL,     /* by Adam, as the paper's */
  COMPARED_SG_MATCHED, /* loss-matched, by least squares */
  COMPARED_DFA,
  COMPARED_NETWORKS
};

typedef struct compared_network {
  const char *name; /* in tables and file names */
  method which;     /* and its style: SGs everywhere are as if nothing is said of them */
  double last_rate; /* where the rate ends, as a share of its highest */
} compared_network;

extern const compared_network compared_networks[COMPARED_NETWORKS];

/* trained.c: deep networks trained once and kept in files */
typedef struct training_plan {
  size_t depth, width, batch;
  uint64_t steps[COMPARED_NETWORKS];
  double rates[COMPARED_NETWORKS]; /* Adam's, of the network and its SGs, at its highest */
  uint64_t seed;                   /* of the run */
  size_t train_limit;              /* 0: all */
  const char *networks;            /* directory of trained networks; NULL: train, keep nothing */
} training_plan;

/* Network `index` of compared_networks with the settings of the plan, on `context`, without its
 * estimators: loaded if plan->networks has it, else trained on the digits of `source`, and kept
 * there. Programs that want the same networks at the same time share the work. The single SG of method sg sits after hidden layer depth / 2 + 1. */
int trained_network(dni_context *context, const training_plan *plan, size_t index,
                    const data_source *source, dni_network **out);

/* Command line arguments for a plan: as an initialiser of rows in a table of arguments. */
typedef struct representation_options {
  uint64_t depth, width, batch, steps, sg_all_steps, seeds, train_limit;
  double rate, sg_all_rate;
  const char *data, *networks;
} representation_options;

extern const representation_options representation_defaults;
training_plan representation_plan(const representation_options *options, uint64_t seed);
/* Fill in the rows of `table` that read `options`; answers how many. */
enum { REPRESENTATION_ARGUMENTS = 11 };
size_t representation_arguments(representation_options *options, argument *table);

#endif

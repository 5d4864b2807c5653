/* Random trainers: what the files of tests/random share. main.c says what the program does.
 *
 * A world is a network with its SGs, its loss and its trainer, made and driven by the numbers of one
 * stream, which a seed begins. */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "dni.h"
#include "dni/research.h"

/* Chance (support.c). ------------------------------------------------------------------------- */

void chance_begin(uint64_t seed);
uint64_t random_bits(void);
size_t below(size_t limit);
bool chance(int percent);
double uniform(double least, double most);

/* Faults (support.c). ------------------------------------------------------------------------- */

/* What the program is at, for the line that a fault prints. */
extern const char *volatile activity;
extern volatile uint64_t present_seed;
extern const char *program;

/* Say seed, activity and fault, and how to run the seed again; then abort. Any thread. */
_Noreturn void fault(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The line with seed and command, with functions that a signal handler may call. */
void print_seed(void);

#define EXPECT(condition, ...)                                                                     \
  do {                                                                                             \
    if (!(condition)) fault(__VA_ARGS__);                                                          \
  } while (0)

/* Statuses as sets. */
#define BIT(status) (1u << (status))
enum {
  FINE = 1u << DNI_OK,
  REFUSED = 1u << DNI_ERROR_ARGUMENT,
  WRONG_STATE = 1u << DNI_ERROR_STATE,
  NO_MEMORY = 1u << DNI_ERROR_MEMORY,
  BAD_DATA = 1u << DNI_ERROR_DATA,
  UNSUPPORTED = 1u << DNI_ERROR_UNSUPPORTED,
  NON_FINITE = 1u << DNI_ERROR_NON_FINITE,
  CANCELLED = 1u << DNI_ERROR_CANCELLED,
  CALLBACK_FAILED = 1u << DNI_ERROR_CALLBACK | 1u << 30 /* the callers' own statuses */
};

/* The status is one of the set; a failure has left a message and a status. Answers the status. */
dni_status expect_status(unsigned allowed, dni_status status, const char *call);
/* Marks the message, so that one which a failing call did not write is found. */
void forget_message(void);
#define EXPECT_IN(allowed, call) (forget_message(), expect_status((allowed), (call), #call))
#define EXPECT_FINE(call)        ((void)EXPECT_IN(FINE, call))

/* Memory (support.c). ------------------------------------------------------------------------- */

extern const dni_allocator watched_allocator;
extern atomic_size_t memory_blocks, memory_calls, memory_left; /* left: SIZE_MAX is no limit */

/* Matrices (support.c). ----------------------------------------------------------------------- */

enum { LAYERS_MOST = 8, WIDEST = 9, ROWS_MOST = 16, EXAMPLES_MOST = 60 };

dni_matrix view(dni_dtype dtype, void *data, size_t rows, size_t columns, size_t stride);
double get(const dni_matrix *matrix, size_t row, size_t column);
void set(const dni_matrix *matrix, size_t row, size_t column, double value);
uint64_t hash_matrix(uint64_t hash, const dni_matrix *matrix);

/* A world (world.c, parts.c). ----------------------------------------------------------------- */

typedef enum kept_kind { CONTEXT, BACKEND, LAYER, SG, LOSS, OPTIMISER, NETWORK } kept_kind;

typedef struct world {
  dni_dtype dtype;
  dni_context *context;
  dni_network *network, *first; /* first: a copy of how it began */
  size_t layers, width[LAYERS_MOST + 1];
  dni_loss *loss;
  dni_optimiser *optimiser, *sg_optimiser; /* NULL: the trainer's own choice */
  dni_trainer *trainer;
  dni_kind schedule;
  size_t max_batch, in_flight, parts; /* parts of a micro-batch trainer's batches; else 1 */
  bool odd;                           /* given numbers may be NaN, infinite, huge or denormal */
  bool has_own;                       /* some part is the program's own function */
  bool numbers_only;                  /* some SG takes no labels */
  bool norms;                         /* statistics of one row may be refused */
  bool again;                         /* made twice, alike: modules are not dealt by measuring */
  bool metric;
  struct {
    kept_kind kind;
    void *thing;
  } kept[4 * LAYERS_MOST + 16]; /* released at the end, in any order */
  size_t kept_count;
  uint64_t steps_seen; /* complete ones, at the last look */
} world;

void *keep(world *w, kept_kind kind, void *thing);
/* Each answers the first status that is not DNI_OK. */
dni_status world_build(world *w);
dni_status world_train(world *w); /* makes the trainer */
dni_dtype any_activations(const world *w); /* that the context allows */
/* Gives everything back and expects that nothing is left. */
void world_end(world *w);
size_t world_inputs(const world *w);
size_t world_outputs(const world *w);
/* Of all parameters of layers and SGs; only while nothing is in flight. */
uint64_t world_hash(const world *w);
/* packs.c: what is kept of weights in bf16 is what their values say; only while nothing is in flight. */
void check_packs(const world *w);

/* parts.c: one of each family, of a random kind. */
dni_status make_layer(world *w, size_t inputs, bool top, dni_layer **out);
dni_status make_sg(world *w, size_t after, dni_sg **out);
dni_status make_loss(world *w, dni_loss **out);
dni_status make_optimiser(world *w, dni_optimiser **out);

/* The program's own functions (own.c). -------------------------------------------------------- */

typedef enum conduct {
  ANSWER,       /* a status */
  JUMP,         /* by longjmp, on the thread that called the library */
  CALL_TRAINER, /* which refuses */
  CANCEL,
  SET_RATE,
  CONDUCTS
} conduct;

/* After so many calls one of the functions behaves like that, once. */
void own_misbehave(size_t calls, conduct how, dni_trainer *trainer);
void own_behave(void);
/* One call in a hundred / percent sleeps a little. */
void own_sleep(int percent);
/* How many objects of the program's own the library keeps. */
int own_alive(void);

dni_status own_layer(world *w, size_t units, dni_layer **out);
dni_status own_sg(world *w, size_t units, dni_needs needs, dni_learns learns, dni_sg **out);
dni_status own_loss(world *w, dni_loss **out);
dni_metric own_metric(void); /* counts as alive; own_metric_refused takes that back */
void own_metric_refused(void);
dni_status own_dataset(world *w, size_t examples, size_t classes, dni_dataset **out);
dni_status own_turn(void); /* what each of the functions calls first */

/* Where JUMP goes. */
#include <setjmp.h>
extern jmp_buf own_exit;

/* Batches (batch.c). -------------------------------------------------------------------------- */

typedef struct example_batch {
  double x[ROWS_MOST * (WIDEST + 3)], y[ROWS_MOST * (WIDEST + 3)], w[ROWS_MOST];
  dni_matrix x_view, y_view, w_view;
  dni_batch batch;
} example_batch;

void batch_fill(const world *w, example_batch *batch, size_t rows);
/* The statuses that a step on a random batch may answer. */
unsigned usual(const world *w);
/* One step on a random batch; statuses in `more` are allowed besides. */
dni_status random_step(world *w, unsigned more);
/* Until nothing is in flight; what has failed meanwhile is among the usual statuses or `more`. */
void settle(world *w, unsigned more);
dni_status random_dataset(world *w, dni_dataset **out);

/* What is done with a trainer (actions.c, fits.c, beside.c). ----------------------------------- */

void act(world *w);
void random_fit(world *w);
/* A plain fit, which a callback may leave by a jump; `dataset` outlives it. */
void plain_fit(world *w, dni_dataset *dataset, unsigned more);
void predict_together(world *w);
void replay_lags(world *w);
/* Threads beside the trainer: they cancel, change rates, take references, predict with a copy. */
void beside_begin(world *w);
void beside_end(void);

#endif

/* Random sequences of public calls: what the files of this folder share. main.c says what is done. */
#ifndef TEST_FUZZ_CALLS_H
#define TEST_FUZZ_CALLS_H

#include "../fuzz.h"

#include "dni/research.h"

typedef enum kind {
  CONTEXT,
  LAYER,
  STATE,
  LOSS,
  SG,
  OPTIMISER,
  GUARD,
  NETWORK,
  PREDICTOR,
  DATASET,
  ORDER,
  TRAINER,
  CHECKPOINT,
  KINDS
} kind;

enum { SLOTS = 4, ROWS_MOST = 6, COLUMNS_MOST = 8, FILES = 3 };

/* What an input has made so far. */
typedef struct world {
  fuzz_input input;
  dni_dtype dtype;           /* of most things */
  void *slots[KINDS][SLOTS]; /* handles, or NULL */
  fuzz_bytes files[FILES];   /* what was written */
} world;

/* Decoding (decode.c). ------------------------------------------------------------------------ */

/* A handle of the kind, or NULL: there may be none, and one time in sixteen NULL is meant. */
void *pick(world *w, kind of);
/* Most times the first context, sometimes that of the other element type, seldom NULL. */
dni_context *context(world *w);
/* Keep what a call has made, in the place of another thing. */
void place(world *w, kind of, dni_status status, void *made);
void put_back(kind of, void *handle); /* release */
void *take(kind of, void *handle);    /* retain */

bool chance(world *w, size_t percent);
size_t size(world *w);                    /* 1 to 4, sometimes 0, seldom huge */
size_t rows(world *w);                    /* 0 to ROWS_MOST */
double real(world *w);                    /* ordinary, at the ends of what there is, or none */
int32_t number(world *w, int32_t limit);  /* 0 to limit - 1, sometimes another */
size_t struct_size(world *w, size_t all); /* all, sometimes less */

/* A view of the pool, which is memory of the program's own that always stays: of these rows and columns
 * and of the element type; sometimes of others, or one that is not valid. NULL, seldom. */
dni_matrix *view(world *w, dni_matrix *room, dni_dtype dtype, size_t rows, size_t columns);
/* Targets of so many columns, as numbers or as labels. */
dni_matrix *targets(world *w, dni_matrix *room, dni_dtype dtype, size_t rows, size_t columns);
void fill_pool(world *w);
void begin_pool(void);
int32_t *label_pool(void);

/* A schedule with the arrays that it needs, or NULL. */
typedef struct schedule_room {
  dni_schedule schedule;
  uint64_t boundaries[3];
  double values[3];
} schedule_room;
const dni_schedule *schedule(world *w, schedule_room *room);
const dni_random_options *random_options(world *w, dni_random_options *room);

/* The program's own functions (own.c). -------------------------------------------------------- */

void own_begin(void);
void own_fail(world *w); /* one of the next calls fails */
dni_layer_callbacks own_layer(world *w);
dni_sg_callbacks own_sg(world *w);
dni_loss_callbacks own_loss(world *w);
dni_metric own_metric(void);
dni_dataset_callbacks own_dataset(world *w);
dni_stream own_stream(world *w, size_t columns);
dni_writer own_writer(world *w, fuzz_bytes *to);
/* How many of the things that were given away with a destroy function live. */
int own_alive(void);
/* A call that answered so was given a destroy function, or was not. */
void own_given(dni_status status, bool has_destroy);
void own_destroy(void *user);

/* Calls. -------------------------------------------------------------------------------------- */

typedef void (*action)(world *w);

extern const action layer_actions[], piece_actions[], sg_actions[], data_actions[],
    network_actions[], trainer_actions[], analysis_actions[]; /* each ends with NULL */

/* Statuses that everything which computes may answer. */
enum {
  COMPUTES = FINE | REFUSED | UNSUPPORTED | CALLBACK_FAILED,
  MAKES = FINE | REFUSED | NO_MEMORY
};

#endif

/* What every optimiser kind has in common, and the table a kind fills in. Internal. */
#ifndef DNI_OPTIMISER_OPTIMISER_H
#define DNI_OPTIMISER_OPTIMISER_H

#include "core/context.h"
#include "core/rate_schedule.h"
#include "math/kernels.h"

/* The settings of all kinds together; a kind's list says which it has. */
typedef struct dni__optimiser_settings {
  double learning_rate, momentum, weight_decay, beta1, beta2, epsilon, clip_norm, clip_value;
} dni__optimiser_settings;

/* What an update does to each element, by kind. */
typedef union dni__optimiser_update {
  dni__adam_step adam;
  dni__sgd_step sgd;
} dni__optimiser_update;

/* A parameter being moved. Moments are contiguous [rows][columns] whatever the views' strides. */
typedef struct dni__moved {
  dni_matrix value, gradient;
  void *moments[2]; /* as many as the kind has; NULL beyond */
  size_t owner; /* index of its owner */
} dni__moved;

/* Whose parameters first .. first+count-1 are: one of layer, sg, or neither for memory of the
 * caller's. It is kept while they are moved. */
typedef struct dni__owner {
  dni_layer *layer;
  dni_sg *sg;
  dni_destroy_callback destroy; /* of the caller's memory; may be NULL */
  void *user;
  size_t first, count;
  bool has_rate_scale; /* DNI_SETTING_RATE_SCALE; else 1 */
} dni__owner;

typedef struct dni__optimiser_kind {
  dni_kind kind;
  const char *name;
  size_t moment_count;
  const char *moments[2];      /* their names in files */
  const dni_setting *settings; /* ends with 0 */
  /* Fill in the update; settings, steps and rate are there. Gradients are multiplied with
   * gradient_scale and then limited to gradient_limit. */
  void (*prepare)(dni_optimiser *optimiser, double gradient_scale, double gradient_limit);
  /* Multiply the rate of an update with a factor. */
  void (*scale_rate)(dni__optimiser_update *update, double factor);
  /* Update `count` contiguous elements; moments point at the first element's, of floats or of bf16. */
  void (*apply)(const dni__kernels *kernels, const dni__optimiser_update *update, size_t count,
                void *value, const void *gradient, void *const *moments, bool bf16,
                const dni__chance *chance);
} dni__optimiser_kind;

/* What a step does to gradients: g becomes scale * g limited to +-limit. With `apart` this is then
 * divided by `norm` and multiplied with `most`, in double and before the update, because the quotient
 * is too small for the element type; else the quotient is in scale and limit. */
typedef struct dni__clip {
  double scale, limit, norm, most;
  bool apart;
} dni__clip;

struct dni_optimiser {
  dni__references references;
  dni_context *context;
  const dni__optimiser_kind *kind;
  dni__optimiser_settings settings;
  dni_dtype moment_dtype;       /* the context's, or DNI_BF16 */
  dni__rate_schedule *schedule; /* NULL: none */
  bool owned;                   /* by a trainer: the user adds no parameters and makes no steps */
  /* Made so far; during an update already counts the one being made. The thread that trains writes
   * it, any thread may read it. */
  atomic_uint_fast64_t steps;
  double rate;    /* of the update being made, rate scales not included */
  dni__clip clip; /* of the update being made */
  dni__optimiser_update update;
  dni__moved *moved;
  size_t count, capacity;
  dni__owner *owners;
  size_t owner_count, owner_capacity;
  /* A hash table of the values' memory, so that none is moved twice: slots hold an index of `moved`
   * plus 1, or 0. slot_count is a power of 2 and at least twice the capacity. */
  size_t *slots, slot_count;
};

dni_status dni__optimiser_create(dni_context *context, const dni__optimiser_kind *kind,
                                 const dni__optimiser_settings *settings, dni_optimiser **out);

/* Give back everything that is moved (parameters.c). */
void dni__optimiser_drop_parameters(dni_optimiser *optimiser);

/* List what an optimiser consists of; of what it moves the moments alone (manifest.c). */
void dni__optimiser_list(dni_optimiser *optimiser, dni__manifest *manifest);

/* List what a guard of dni/research.h counts (guard.c). */
struct dni_guard;
void dni__guard_list(struct dni_guard *guard, dni__manifest *manifest);

/* Where a setting is kept; NULL if this kind does not have it. */
double *dni__optimiser_setting(dni_optimiser *optimiser, dni_setting setting);

/* DNI_ERROR_STATE if a trainer owns it. */
dni_status dni__optimiser_check_free(const dni_optimiser *optimiser);

/* An update in parts, so that parameters can be moved while their gradients are in cache. A step is
 * one begin, which counts it and fixes rate and settings, and then every parameter moved once, in
 * any order; dni_optimiser_step is begin and all of them, to the same bits.
 *
 * With a clip norm begin measures the gradients, so they must all be there before it; without one
 * (by_layer true) they may come between begin and the move of their layer. A norm that
 * is not finite makes begin fail, and so does a rate beyond the element type; a begin that fails has
 * counted nothing. Gradients are multiplied with
 * gradient_scale before clipping, the rate with rate_factor. */
bool dni__optimiser_by_layer(const dni_optimiser *optimiser);
dni_status dni__optimiser_begin(dni_optimiser *optimiser, double gradient_scale,
                                double rate_factor);
/* The parameters of a layer given to dni_optimiser_add_layer; one that was not: nothing. Quickest
 * if layers come in the order they were added or in reverse. */
void dni__optimiser_move(dni_optimiser *optimiser, const dni_layer *layer);
/* All parameters. */
void dni__optimiser_move_all(dni_optimiser *optimiser);
/* 2-norm of the gradients of a layer (NULL: of all parameters that are not frozen), as they are before
 * clipping. */
double dni__optimiser_norm(const dni_optimiser *optimiser, const dni_layer *layer);
/* Whether the value that `data` points to is moved by this optimiser. */
bool dni__optimiser_moves(const dni_optimiser *optimiser, const void *data);

/* What the files of this room share. --------------------------------------------------------- */

/* Find what a step does to gradients that are multiplied with gradient_scale first (clip.c).
 * DNI_ERROR_NON_FINITE: with a clip norm, their norm is not finite. */
dni_status dni__clip_find(const dni_optimiser *optimiser, double gradient_scale, dni__clip *clip);
/* All of it, into `out`: for a clip whose `apart` is true. */
void dni__clip_apart(const dni__clip *clip, dni_dtype dtype, size_t count, const void *gradient,
                     void *out);

/* A parameter's elements as runs of contiguous ones: one in all, or one per row (step.c). */
typedef struct dni__runs {
  size_t count, length;
} dni__runs;
dni__runs dni__runs_of(const dni__moved *moved);
/* What the rate is multiplied with for the parameters of an owner; 0: they are frozen (step.c). */
double dni__owner_rate_scale(const dni__owner *owner);

/* The owner of a layer's parameters, NULL if there is none (parameters.c). */
const dni__owner *dni__optimiser_find(const dni_optimiser *optimiser, const dni_layer *layer);

#endif

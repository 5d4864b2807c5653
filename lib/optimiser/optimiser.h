/* What every optimiser kind has in common, and the table a kind fills in. Internal. */
#ifndef DNI_OPTIMISER_OPTIMISER_H
#define DNI_OPTIMISER_OPTIMISER_H

#include "core/context.h"
#include "math/kernels.h"
#include "optimiser/schedule.h"

/* The settings of all kinds together; a kind's tunables say which it has. */
typedef struct dni__optimiser_settings {
  double learning_rate, momentum, weight_decay, beta1, beta2, epsilon, clip_norm, clip_value;
} dni__optimiser_settings;

/* A parameter being moved. Moments are contiguous [rows][columns] whatever the views' strides. */
typedef struct dni__moved {
  dni_matrix value, gradient;
  void *moments[2]; /* as many as the kind has; NULL beyond */
  dni_layer *layer; /* kept while this parameter is moved; NULL if it is not a layer's */
  dni_sg *sg;
} dni__moved;

typedef struct dni__optimiser_kind {
  const char *name;
  size_t moment_count;
  const dni_param *tunables; /* ends with 0 */
  /* Fill in the step, once an update; settings, steps and rate are there. */
  void (*prepare)(dni_optimiser *optimiser, double gradient_scale);
  /* Update `count` contiguous elements; moments point at the first element's. */
  void (*update)(const dni_optimiser *optimiser, size_t count, void *value, const void *gradient,
                 void *const *moments);
} dni__optimiser_kind;

struct dni_optimiser {
  dni__references references;
  dni_context *context;
  const dni__optimiser_kind *kind;
  dni__optimiser_settings settings;
  dni__schedule schedule;
  uint64_t steps; /* made so far; during an update already counts the one being made */
  double rate;    /* of the update being made */
  union {
    dni__adam_step adam;
    dni__sgd_step sgd;
  } step; /* likewise, by kind */
  dni__moved *moved;
  size_t count, capacity;
  size_t last_found; /* index of the first parameter of the layer moved last */
};

dni_status dni__optimiser_create(dni_context *context, const dni__optimiser_kind *kind,
                                 const dni__optimiser_settings *settings, dni_optimiser **out);

/* An update in parts, so that parameters can be moved while their gradients are in cache. A step is
 * one begin, which counts it and fixes rate and settings, and then every parameter moved once, in
 * any order; dni_optimiser_step is begin and all of them, to the same bits.
 *
 * With a clip norm begin measures the gradients, so they must all be there before it; without one
 * (by_layer true) they may come between begin and the move of their layer. Only that norm can make
 * begin fail, and a begin that fails has counted nothing. */
bool dni__optimiser_by_layer(const dni_optimiser *optimiser);
dni_status dni__optimiser_begin(dni_optimiser *optimiser);
/* The parameters of a layer given to dni_optimiser_add_layer once; one that was not: nothing.
 * Quickest if layers come in the order they were added or in reverse. */
void dni__optimiser_move(dni_optimiser *optimiser, const dni_layer *layer);
/* All parameters. */
void dni__optimiser_move_all(dni_optimiser *optimiser);

#endif

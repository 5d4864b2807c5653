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
  /* Update `count` contiguous elements; moments point at the first element's. */
  void (*update)(const dni_optimiser *optimiser, double gradient_scale, size_t count, void *value,
                 const void *gradient, void *const *moments);
} dni__optimiser_kind;

struct dni_optimiser {
  dni__references references;
  dni_context *context;
  const dni__optimiser_kind *kind;
  dni__optimiser_settings settings;
  dni__schedule schedule;
  uint64_t steps; /* made so far; during an update already counts the one being made */
  double rate;    /* of the update being made */
  dni__moved *moved;
  size_t count, capacity;
};

dni_status dni__optimiser_create(dni_context *context, const dni__optimiser_kind *kind,
                                 const dni__optimiser_settings *settings, dni_optimiser **out);

#endif

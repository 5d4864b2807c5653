/* What every layer kind has in common, and the table a kind fills in. Internal. */
#ifndef DNI_LAYER_LAYER_H
#define DNI_LAYER_LAYER_H

#include "backend/backend.h"
#include "layer/parameter.h"

typedef struct dni__layer_vtable {
  int32_t kind;
  bool keeps_dy; /* backward leaves dy as it was */
  /* Views are checked before these are called. */
  dni_status (*forward)(dni_layer *layer, int32_t mode, const dni_matrix *x, const dni_matrix *y);
  dni_status (*backward)(dni_layer *layer, int32_t gradient_mode, const dni_matrix *x,
                         const dni_matrix *y, const dni_matrix *dy, const dni_matrix *dx);
  /* The place of a tunable, or NULL if the kind does not have it. NULL entry: it has none. */
  double *(*tunable)(dni_layer *layer, dni_param parameter);
  void (*destroy)(dni_layer *layer); /* the kind's own parts but the parameters; NULL: none */
  /* What the kind keeps from forward to backward, for batches that overtake each other: its size,
   * and copying it out or, if back, in. NULL: nothing. */
  size_t (*state_bytes)(const dni_layer *layer);
  void (*exchange_state)(dni_layer *layer, void *memory, bool back);
} dni__layer_vtable;

/* Kinds embed this as their first member. */
struct dni_layer {
  dni__references references;
  dni_context *context;
  dni_backend *backend;
  const dni__layer_vtable *vtable;
  size_t inputs, outputs;
  dni_activation activation;  /* of dense and activation layers */
  dni__parameter *parameters; /* parameter_count of them */
  size_t parameter_count;
  bool owns_parameters; /* values and gradients are ours to free (not a callback layer's) */
};

/* A layer of `size` bytes with its base filled in and room for `parameter_count` parameters, all
 * empty; NULL with the message set. dni_layer_release frees it whatever of it has been filled in.
 */
dni_layer *dni__layer_allocate(dni_context *context, size_t size, const dni__layer_vtable *vtable,
                               size_t inputs, size_t outputs, size_t parameter_count);

/* context, out and sizes of a create call. `kind` is for the message. */
dni_status dni__layer_check_create(const dni_context *context, const void *out, size_t inputs,
                                   size_t outputs, const char *kind);

/* dni_layer_forward and _backward without the kind's name in front of messages: the network says
 * "layer 3 (dense): " instead. */
dni_status dni__layer_forward(dni_layer *layer, int32_t mode, const dni_matrix *x,
                              const dni_matrix *y);
dni_status dni__layer_backward(dni_layer *layer, int32_t gradient_mode, const dni_matrix *x,
                               const dni_matrix *y, const dni_matrix *dy, const dni_matrix *dx);

/* What a layer keeps from the last training forward to its backward, in memory of this size. */
size_t dni__layer_state_bytes(const dni_layer *layer);
void dni__layer_exchange_state(dni_layer *layer, void *memory, bool back);

bool dni__activation_known(dni_activation activation);

#endif

/* What every layer kind has in common, and the table a kind fills in. Internal. */
#ifndef DNI_LAYER_LAYER_H
#define DNI_LAYER_LAYER_H

#include "backend/backend.h"
#include "core/manifest.h"
#include "layer/parameter.h"

/* Calls use the public dni_layer_call: `state` is the memory of the state, NULL in inference and
 * for kinds that keep nothing; `flags` is REPLACE, ADD or SKIP, LEAVE_DZ apart, SUM having become
 * `scale`. */
typedef struct dni__layer_vtable {
  dni_kind kind;
  bool keeps_dy;     /* backward leaves dy as it was */
  bool in_place;     /* dx may be dy */
  size_t least_rows; /* of a batch in training that is not empty; 0: one is enough */
  /* Views are checked before these are called. */
  dni_status (*forward)(dni_layer *layer, const dni_layer_call *call);
  dni_status (*backward)(dni_layer *layer, const dni_layer_call *call);
  /* What the kind keeps of a batch of `rows` rows from forward to backward, in bytes; SIZE_MAX:
   * does not fit. NULL: nothing. Not called for a layer whose keeps_state is false. */
  size_t (*state_bytes)(const dni_layer *layer, size_t rows);
  /* The place of a setting, or NULL if the kind does not have it. NULL entry: it has none.
   * DNI_SETTING_RATE_SCALE is the base's. */
  double *(*setting)(dni_layer *layer, dni_setting setting);
  /* A second layer of the kind with the same settings; parameters are copied by the base. NULL: it
   * cannot be copied. */
  dni_status (*copy)(const dni_layer *layer, dni_layer **out);
  /* List what the kind keeps besides settings and parameters. NULL: nothing. */
  void (*list)(dni_layer *layer, dni__manifest *manifest);
  void (*changed)(dni_layer *layer); /* values were written; NULL: nothing to do */
  void (*destroy)(dni_layer *layer); /* the kind's own parts but the parameters; NULL: none */
} dni__layer_vtable;

/* What a batch leaves in a layer. `filled` is the rows of the training forward it holds, SIZE_MAX
 * if none. */
struct dni_state {
  dni__references references;
  dni_layer *layer; /* kept, but not by the layer's own state */
  size_t rows, filled;
  void *memory; /* NULL if the kind keeps nothing */
};

/* Kinds embed this as their first member. */
struct dni_layer {
  dni__references references;
  dni_context *context;
  dni_backend *backend;
  const dni__layer_vtable *vtable;
  size_t inputs, outputs;
  dni_activation activation;  /* of dense and activation layers; else -1 */
  double slope;               /* of leaky ReLU */
  double rate_scale;          /* DNI_SETTING_RATE_SCALE; 0: frozen */
  dni__parameter *parameters; /* parameter_count of them */
  size_t parameter_count;
  bool owns_parameters; /* values and gradients are ours to free (not a callback layer's) */
  bool keeps_state;     /* backward needs the state of its forward */
  dni_state own;        /* used where a call is given no state */
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
 * "layer 3 (dense): " instead. state NULL: the layer's own. Parameter gradients are `scale` times
 * the sum over the rows, whether flags has SUM or not. */
dni_status dni__layer_forward(dni_layer *layer, dni_mode mode, dni_state *state,
                              const dni_matrix *x, const dni_matrix *weights, const dni_matrix *y);
dni_status dni__layer_backward(dni_layer *layer, dni_gradient_flags flags, double scale,
                               dni_state *state, const dni_matrix *x, const dni_matrix *weights,
                               const dni_matrix *y, const dni_matrix *dy, const dni_matrix *dx);

/* Bytes that a state for `rows` rows has; 0 for layers that keep nothing; SIZE_MAX: too many. */
size_t dni__layer_state_bytes(const dni_layer *layer, size_t rows);

/* Make room for `rows` rows in the layer's own state; it is then no longer filled, unless the
 * memory could stay. */
dni_status dni__layer_grow(dni_layer *layer, size_t rows);

/* The library has written the parameters' values. */
void dni__layer_changed(dni_layer *layer);

/* List what a layer consists of (manifest.c). */
void dni__layer_list(dni_layer *layer, dni__manifest *manifest);

/* Where a setting is; NULL if the layer does not have it (settings.c). */
double *dni__layer_setting(dni_layer *layer, dni_setting setting);

/* dni_layer_copy, but it takes no random stream of the context: a dropout layer's starts anywhere. */
dni_status dni__layer_twin(const dni_layer *layer, dni_layer **out);

/* A dense layer of checked arguments whose weights and biases are 0 (dense.c). */
dni_status dni__dense_create_zero(dni_context *context, size_t inputs, size_t outputs,
                                  dni_activation activation, dni_layer **out);

/* Whether any parameter is trained, and not frozen. */
bool dni__layer_moves(const dni_layer *layer);

bool dni__activation_known(dni_activation activation);

#endif

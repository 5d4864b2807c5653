/* What synthetic gradients, critics and local losses are made of: up to three affine maps in a row
 * with units of one activation between them. h and y are the two parts of the first map's input and
 * are never joined. Internal. */
#ifndef DNI_SG_STACK_H
#define DNI_SG_STACK_H

#include "layer/affine.h"
#include "sg/sg.h"

#define DNI_STACK_HIDDEN_MOST 2

/* Kinds embed this as their first member, or are just this. */
typedef struct dni__stack {
  dni_sg base; /* parameters: weight, bias of each map */
  size_t map_count, hidden_units;
  bool sees_h, sees_y;       /* parts of the first map's input; with a loss y is [y, r] (guess.h) */
  dni_condition condition;
  dni_activation activation; /* of the hidden units */
  void *hidden[DNI_STACK_HIDDEN_MOST]; /* [rows][hidden_units], outputs of the hidden layers */
  void *hidden_delta[DNI_STACK_HIDDEN_MOST]; /* derivatives towards them */
} dni__stack;

/* What sets one kind of stack apart from another. */
typedef struct dni__stack_kind {
  size_t size; /* of the kind's struct */
  const dni__sg_vtable *vtable;
  dni_activation activation;
  size_t hidden_layers; /* without options */
  bool may_see_y_alone;
  bool may_have_guess; /* loss-matched inputs; the kind fills in its two last parameters */
  bool slopes;         /* its answer is a derivative towards h */
  bool one_output;     /* else as many as units, or: */
  bool auxiliary;      /* of h alone, [targets] outputs, no condition; the last map is drawn too */
} dni__stack_kind;

/* The last map is zero unless the kind is auxiliary; hidden weights are normal as a dense layer's.
 * options may be NULL. An auxiliary stack looks at y, but the functions below get NULL for it. */
dni_status dni__stack_create(dni_context *context, const dni__stack_kind *kind, size_t units,
                             size_t targets, const dni_sg_options *options, dni_sg **out);

/* The map `index` of a stack. */
dni__affine dni__stack_map(const dni__stack *stack, size_t index);

/* The first map's input: (h, y), (h) or (y). Labels are always its second part: where the stack
 * sees them alone the first one is `none`, which has no columns. */
void dni__stack_input(const dni__stack *stack, const dni_matrix *h, const dni_matrix *y,
                      dni_matrix *none, const dni_matrix **x1, const dni_matrix **x2);

/* The hidden layers' outputs alone; then also the last map's. */
dni_status dni__stack_forward_hidden(const dni__stack *stack, const dni_matrix *h,
                                     const dni_matrix *y, size_t rows);
dni_status dni__stack_forward(const dni__stack *stack, const dni_matrix *h, const dni_matrix *y,
                              const dni_matrix *out);

/* From dout, the derivative towards the last map's output (overwritten), with the hidden layers'
 * outputs there: gradients of all maps as flags and scale of the call say, and dh (may be NULL),
 * the derivative towards h. Of the call only flags, scale and h are looked at. */
dni_status dni__stack_backward(const dni__stack *stack, const dni_sg_call *call,
                               const dni_matrix *y, const dni_matrix *dout, const dni_matrix *dh);

/* The stack's workspace for `rows`, more than it has, and in *block a block [rows][columns] of the
 * kind's own. After a failure both are as they were. */
dni_status dni__stack_reserve_with(dni_sg *sg, size_t rows, size_t columns, void **block);

/* List how many hidden layers it has. */
void dni__stack_list(const dni__stack *stack, dni__manifest *manifest);

/* vtable functions. */
dni_status dni__stack_reserve(dni_sg *sg, size_t rows);
void dni__stack_destroy(dni_sg *sg);

#endif

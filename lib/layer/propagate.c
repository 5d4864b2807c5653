/* Forward and backward: checks every view once, then calls the kind. */
#include "layer/layer.h"

#define FLAGS_RESERVED (4 | 8)
#define FLAGS_KNOWN                                                                                \
  (DNI_GRADIENT_ADD | DNI_GRADIENT_SKIP | DNI_GRADIENT_SUM | DNI_GRADIENT_LEAVE_DZ)

static bool same_memory(const dni_matrix *a, const dni_matrix *b) {
  return a->data && a->data == b->data && a->rows > 0;
}

/* Forward. ------------------------------------------------------------------------------------ */

static dni_status check_forward(const dni_layer *layer, dni_mode mode, const dni_matrix *x,
                                const dni_matrix *y) {
  if (mode != DNI_MODE_TRAINING && mode != DNI_MODE_INFERENCE)
    return dni__fail(DNI_ERROR_ARGUMENT, "mode %d is unknown", (int)mode);
  DNI_TRY(dni__matrix_check(x, layer->context->dtype, layer->inputs, "x"));
  DNI_TRY(dni__matrix_check_rows(y, layer->context->dtype, x->rows, layer->outputs, "y"));
  bool may_be_x =
      layer->vtable->kind == DNI_LAYER_ACTIVATION && layer->activation != DNI_ACTIVATION_GELU;
  if (!may_be_x && same_memory(x, y))
    return dni__fail(DNI_ERROR_ARGUMENT, "y is the memory of x, which is still needed");
  return DNI_OK;
}

/* A state that the caller gave is one of this layer's and has room. */
static dni_status check_state(const dni_layer *layer, const dni_state *state, size_t rows) {
  if (state->layer != layer) return dni__fail(DNI_ERROR_ARGUMENT, "state is another layer's");
  if (rows > state->rows)
    return dni__fail(DNI_ERROR_ARGUMENT, "state has room for %zu rows, x has %zu", state->rows,
                     rows);
  return DNI_OK;
}

/* Until the kind has filled it, a state holds nothing: a forward that fails leaves it so. A layer that
 * keeps nothing is not written: it may be at several places, which several threads run at once. */
static dni_status forward_training(dni_layer *layer, dni_state *state, dni_layer_call *call) {
  size_t rows = call->x->rows;
  if (rows > 0 && rows < layer->vtable->least_rows)
    return dni__fail(DNI_ERROR_ARGUMENT, "x has %zu row: training takes statistics of %zu or more",
                     rows, layer->vtable->least_rows);
  DNI_TRY(state ? check_state(layer, state, rows) : dni__layer_grow(layer, rows));
  if (!layer->keeps_state) return layer->vtable->forward(layer, call);
  if (!state) state = &layer->own;
  state->filled = SIZE_MAX;
  call->state = state->memory;
  DNI_TRY(layer->vtable->forward(layer, call));
  state->filled = rows;
  return DNI_OK;
}

dni_status dni__layer_forward(dni_layer *layer, dni_mode mode, dni_state *state,
                              const dni_matrix *x, const dni_matrix *weights, const dni_matrix *y) {
  DNI_TRY(check_forward(layer, mode, x, y));
  dni_matrix out = *y;
  dni_layer_call call = {
      .struct_size = sizeof call, .mode = mode, .x = x, .y = &out, .weights = weights};
  if (mode == DNI_MODE_TRAINING) return forward_training(layer, state, &call);
  return layer->vtable->forward(layer, &call);
}

dni_status dni_layer_forward(dni_layer *layer, dni_mode mode, dni_state *state, const dni_matrix *x,
                             dni_matrix *y) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(layer);
  dni_status status = dni__layer_forward(layer, mode, state, x, NULL, y);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "%s: ", dni_layer_kind_name(layer));
}

/* Backward. ----------------------------------------------------------------------------------- */

static dni_status check_flags(dni_gradient_flags flags) {
  if (flags & FLAGS_RESERVED)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "flags %d: bits 4 (keep dy) and 8 (add to dx) are reserved", (int)flags);
  if (flags & ~FLAGS_KNOWN)
    return dni__fail(DNI_ERROR_ARGUMENT, "flags %d: bits %d are unknown", (int)flags,
                     (int)(flags & ~FLAGS_KNOWN));
  if ((flags & DNI_GRADIENT_ADD) && (flags & DNI_GRADIENT_SKIP))
    return dni__fail(DNI_ERROR_ARGUMENT, "flags %d: both DNI_GRADIENT_ADD and DNI_GRADIENT_SKIP",
                     (int)flags);
  return DNI_OK;
}

/* What is read after it has been overwritten would give wrong numbers without a word. */
static dni_status check_overlap(const dni_layer *layer, const dni_matrix *y, const dni_matrix *dy,
                                const dni_matrix *dx) {
  if (dx && !layer->vtable->in_place && same_memory(dx, dy))
    return dni__fail(DNI_ERROR_ARGUMENT, "dx is the memory of dy, which is still needed");
  bool reads_y =
      layer->activation > DNI_ACTIVATION_IDENTITY && layer->activation != DNI_ACTIVATION_GELU;
  if (reads_y && same_memory(dy, y))
    return dni__fail(DNI_ERROR_ARGUMENT, "dy is the memory of y, which is still needed");
  return DNI_OK;
}

static dni_status check_backward(const dni_layer *layer, dni_gradient_flags flags,
                                 const dni_matrix *x, const dni_matrix *y, const dni_matrix *dy,
                                 const dni_matrix *dx) {
  dni_dtype dtype = layer->context->dtype;
  DNI_TRY(check_flags(flags));
  DNI_TRY(dni__matrix_check(x, dtype, layer->inputs, "x"));
  DNI_TRY(dni__matrix_check_rows(y, dtype, x->rows, layer->outputs, "y"));
  DNI_TRY(dni__matrix_check_rows(dy, dtype, x->rows, layer->outputs, "dy"));
  if (dx) DNI_TRY(dni__matrix_check_rows(dx, dtype, x->rows, layer->inputs, "dx"));
  DNI_TRY(check_overlap(layer, y, dy, dx));
  if ((flags & DNI_GRADIENT_LEAVE_DZ) && layer->vtable->kind != DNI_LAYER_DENSE)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "DNI_GRADIENT_LEAVE_DZ is for dense layers");
  return DNI_OK;
}

/* The state holds the forward of this batch, as far as its rows tell. */
static dni_status check_filled(const dni_layer *layer, const dni_state *state, size_t rows) {
  if (state->layer != layer) return dni__fail(DNI_ERROR_ARGUMENT, "state is another layer's");
  if (!layer->keeps_state || state->filled == rows) return DNI_OK;
  if (state->filled == SIZE_MAX)
    return dni__fail(DNI_ERROR_STATE, "the state holds no training forward");
  return dni__fail(DNI_ERROR_STATE, "x has %zu rows, the training forward in the state had %zu",
                   rows, state->filled);
}

dni_status dni__layer_backward(dni_layer *layer, dni_gradient_flags flags, double scale,
                               dni_state *state, const dni_matrix *x, const dni_matrix *weights,
                               const dni_matrix *y, const dni_matrix *dy, const dni_matrix *dx) {
  DNI_TRY(check_backward(layer, flags, x, y, dy, dx));
  if (!state) state = &layer->own;
  DNI_TRY(check_filled(layer, state, x->rows));
  dni_matrix output = *y, given = *dy, wanted = {0};
  if (dx) wanted = *dx;
  dni_layer_call call = {.struct_size = sizeof call,
                         .mode = DNI_MODE_TRAINING,
                         .flags = flags & ~DNI_GRADIENT_SUM,
                         .x = x,
                         .y = &output,
                         .dy = &given,
                         .dx = dx ? &wanted : NULL,
                         .state = state->memory,
                         .weights = weights,
                         .scale = scale};
  return layer->vtable->backward(layer, &call);
}

dni_status dni_layer_backward(dni_layer *layer, dni_gradient_flags flags, dni_state *state,
                              const dni_matrix *x, const dni_matrix *y, dni_matrix *dy,
                              dni_matrix *dx) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(layer);
  double rows = x ? (double)x->rows : 0, scale = rows > 0 ? 1.0 / rows : 0;
  if (flags & DNI_GRADIENT_SUM) scale = 1;
  dni_status status = dni__layer_backward(layer, flags, scale, state, x, NULL, y, dy, dx);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "%s: ", dni_layer_kind_name(layer));
}

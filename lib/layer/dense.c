/* y = activation(x W^T + b). The activation is part of the layer so that bias and activation are
 * one pass over the product, and its derivative and the bias gradient another. Leaky ReLU and GELU
 * are passes of their own. The derivative of GELU needs z = x W^T + b, which the state keeps. */
#include "layer/dense.h"

#include "layer/activation.h"
#include "layer/affine.h"

static dni__affine affine_of(const dni_layer *layer) {
  return (dni__affine){layer->parameters[DNI_DENSE_WEIGHT], layer->parameters[DNI_DENSE_BIAS]};
}

/* Whether the activation is a pass of its own. */
static bool is_apart(const dni_layer *layer) {
  return layer->activation == DNI_ACTIVATION_LEAKY_RELU || layer->activation == DNI_ACTIVATION_GELU;
}

/* z in the state, or y where nothing is kept. */
static dni_matrix z_of(const dni_layer *layer, const dni_layer_call *call) {
  if (!layer->keeps_state || !call->state) return *call->y;
  return dni__matrix_make(call->state, call->y->rows, layer->outputs, layer->context->dtype);
}

static dni_status dense_forward(dni_layer *layer, const dni_layer_call *call) {
  dni__affine affine = affine_of(layer);
  if (!is_apart(layer))
    return dni__affine_forward(layer->context, layer->backend, &affine, call->x, NULL,
                               layer->activation, call->y);
  dni_matrix z = z_of(layer, call);
  DNI_TRY(dni__affine_forward(layer->context, layer->backend, &affine, call->x, NULL,
                              DNI_ACTIVATION_IDENTITY, &z));
  dni__activate(layer, &z, call->y);
  return DNI_OK;
}

static dni_status dense_backward(dni_layer *layer, const dni_layer_call *call) {
  dni__affine affine = affine_of(layer);
  dni_activation activation = layer->activation;
  if (is_apart(layer)) {
    dni_matrix seen = z_of(layer, call);
    dni__activate_backward(layer, &seen, call->dy, call->dy);
    activation = DNI_ACTIVATION_IDENTITY;
  }
  DNI_TRY(dni__affine_backward(layer->context, layer->backend, &affine, call->flags, call->scale,
                               call->x, NULL, call->y, activation, call->dy));
  if (!call->dx) return DNI_OK;
  return dni__affine_backward_input(layer->backend, &affine, call->dy, call->dx);
}

/* Of GELU. */
static size_t dense_state_bytes(const dni_layer *layer, size_t rows) {
  size_t elements, bytes;
  bool fits = dni__multiply(rows, layer->outputs, &elements) &&
              dni__multiply(elements, dni__dtype_size(layer->context->dtype), &bytes);
  return fits ? bytes : SIZE_MAX;
}

static dni_status dense_copy(const dni_layer *layer, dni_layer **out) {
  return dni__dense_create_zero(layer->context, layer->inputs, layer->outputs, layer->activation,
                                out);
}

static const dni__layer_vtable dense_vtable = {
    .kind = DNI_LAYER_DENSE,
    .forward = dense_forward,
    .backward = dense_backward,
    .state_bytes = dense_state_bytes,
    .copy = dense_copy,
};

dni_status dni__dense_create_zero(dni_context *context, size_t inputs, size_t outputs,
                                  dni_activation activation, dni_layer **out) {
  dni_layer *layer = dni__layer_allocate(context, sizeof *layer, &dense_vtable, inputs, outputs, 2);
  if (!layer) return DNI_ERROR_MEMORY;
  layer->activation = activation;
  layer->keeps_state = activation == DNI_ACTIVATION_GELU;
  dni__affine affine;
  dni_status status =
      dni__affine_create(context, inputs, inputs, outputs, DNI__FORWARD | DNI__BACKWARD, &affine);
  if (status != DNI_OK) {
    dni_layer_release(layer);
    return status;
  }
  layer->parameters[DNI_DENSE_WEIGHT] = affine.weight;
  layer->parameters[DNI_DENSE_BIAS] = affine.bias;
  *out = layer;
  return DNI_OK;
}

dni_status dni_layer_create_dense(dni_context *context, size_t inputs, size_t outputs,
                                  dni_activation activation, dni_layer **out) {
  DNI_TRY(dni__layer_check_create(context, out, inputs, outputs, "dense"));
  if (!dni__activation_known(activation))
    return dni__fail(DNI_ERROR_ARGUMENT, "dense layer: activation %d is unknown", (int)activation);
  dni_layer *layer;
  DNI_TRY(dni__dense_create_zero(context, inputs, outputs, activation, &layer));
  dni__dense_draw(layer);
  dni__layer_changed(layer);
  *out = layer;
  return DNI_OK;
}

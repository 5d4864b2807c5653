/* Element-wise functions, as part of layers and as layers of their own. */
#include "layer/activation.h"

#include "math/kernels.h"

typedef struct pass {
  const dni_layer *layer;
  const dni_matrix *seen; /* x of forward */
  const dni_matrix *dy;   /* of backward */
  const dni_matrix *to;
} pass;

static void forward_columns(void *argument, size_t first, size_t end) {
  const pass *p = argument;
  const dni__kernels *kernels = p->layer->context->kernels;
  dni_matrix x = dni__matrix_columns(p->seen, first, end - first);
  dni_matrix y = dni__matrix_columns(p->to, first, end - first);
  switch (p->layer->activation) {
  case DNI_ACTIVATION_LEAKY_RELU:
    kernels->leaky_relu(x.rows, x.columns, x.data, x.stride, y.data, y.stride, p->layer->slope);
    break;
  case DNI_ACTIVATION_GELU:
    kernels->gelu(x.rows, x.columns, x.data, x.stride, y.data, y.stride);
    break;
  default:
    kernels->activation(x.rows, x.columns, x.data, x.stride, y.data, y.stride,
                        p->layer->activation);
  }
}

static void backward_columns(void *argument, size_t first, size_t end) {
  const pass *p = argument;
  const dni__kernels *kernels = p->layer->context->kernels;
  size_t count = end - first;
  dni_matrix seen = dni__matrix_columns(p->seen, first, count);
  dni_matrix dy = dni__matrix_columns(p->dy, first, count);
  dni_matrix dx = dni__matrix_columns(p->to, first, count);
  switch (p->layer->activation) {
  case DNI_ACTIVATION_LEAKY_RELU:
    kernels->leaky_relu_backward(seen.rows, count, seen.data, seen.stride, dy.data, dy.stride,
                                 dx.data, dx.stride, p->layer->slope);
    break;
  case DNI_ACTIVATION_GELU:
    kernels->gelu_backward(seen.rows, count, seen.data, seen.stride, dy.data, dy.stride, dx.data,
                           dx.stride);
    break;
  default:
    kernels->activation_backward(seen.rows, count, seen.data, seen.stride, dy.data, dy.stride,
                                 dx.data, dx.stride, p->layer->activation);
  }
}

void dni__activate(const dni_layer *layer, const dni_matrix *x, const dni_matrix *y) {
  pass p = {.layer = layer, .seen = x, .to = y};
  dni__share(layer->backend, x->rows * x->columns, x->columns, forward_columns, &p);
}

void dni__activate_backward(const dni_layer *layer, const dni_matrix *seen, const dni_matrix *dy,
                            const dni_matrix *dx) {
  pass p = {.layer = layer, .seen = seen, .dy = dy, .to = dx};
  dni__share(layer->backend, dy->rows * dy->columns, dy->columns, backward_columns, &p);
}

/* The layer. ---------------------------------------------------------------------------------- */

static dni_status activation_forward(dni_layer *layer, const dni_layer_call *call) {
  dni__activate(layer, call->x, call->y);
  return DNI_OK;
}

static dni_status activation_backward(dni_layer *layer, const dni_layer_call *call) {
  const dni_matrix *seen = layer->activation == DNI_ACTIVATION_GELU ? call->x : call->y;
  if (call->dx) dni__activate_backward(layer, seen, call->dy, call->dx);
  return DNI_OK;
}

static dni_status activation_copy(const dni_layer *layer, dni_layer **out) {
  return dni_layer_create_activation(layer->context, layer->inputs, layer->activation, out);
}

static const dni__layer_vtable activation_vtable = {
    .kind = DNI_LAYER_ACTIVATION,
    .keeps_dy = true,
    .in_place = true,
    .forward = activation_forward,
    .backward = activation_backward,
    .copy = activation_copy,
};

dni_status dni_layer_create_activation(dni_context *context, size_t units,
                                       dni_activation activation, dni_layer **out) {
  DNI_TRY(dni__layer_check_create(context, out, units, units, "activation"));
  if (!dni__activation_known(activation))
    return dni__fail(DNI_ERROR_ARGUMENT, "activation layer: activation %d is unknown",
                     (int)activation);
  dni_layer *layer =
      dni__layer_allocate(context, sizeof *layer, &activation_vtable, units, units, 0);
  if (!layer) return DNI_ERROR_MEMORY;
  layer->activation = activation;
  *out = layer;
  return DNI_OK;
}

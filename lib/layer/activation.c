/* Element-wise functions as layers of their own, for use around layers that are not ours. */
#include "layer/layer.h"
#include "math/kernels.h"

static dni_status activation_forward(dni_layer *layer, int32_t mode, const dni_matrix *x,
                                     const dni_matrix *y) {
  (void)mode;
  layer->context->kernels->activation(x->rows, x->columns, x->data, x->stride, y->data, y->stride,
                                      layer->activation);
  return DNI_OK;
}

static dni_status activation_backward(dni_layer *layer, int32_t gradient_mode, const dni_matrix *x,
                                      const dni_matrix *y, const dni_matrix *dy,
                                      const dni_matrix *dx) {
  (void)gradient_mode;
  (void)x;
  if (dx)
    layer->context->kernels->activation_backward(y->rows, y->columns, y->data, y->stride, dy->data,
                                                 dy->stride, dx->data, dx->stride,
                                                 layer->activation);
  return DNI_OK;
}

static const dni__layer_vtable activation_vtable = {
    .kind = DNI_LAYER_ACTIVATION,
    .keeps_dy = true,
    .forward = activation_forward,
    .backward = activation_backward,
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

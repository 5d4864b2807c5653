/* y = activation(x W^T + b). The activation is part of the layer so that bias and activation are
 * one pass over the product, and its derivative and the bias gradient another. */
#include <math.h>

#include "layer/affine.h"
#include "layer/layer.h"

/* The affine map's parameters are the layer's, in this order. */
enum { WEIGHT = 0, BIAS = 1 };

static dni__affine affine_of(const dni_layer *layer) {
  return (dni__affine){layer->parameters[WEIGHT], layer->parameters[BIAS]};
}

static dni_status dense_forward(dni_layer *layer, int32_t mode, const dni_matrix *x,
                                const dni_matrix *y) {
  (void)mode;
  dni__affine affine = affine_of(layer);
  return dni__affine_forward(layer->context, layer->backend, &affine, x, NULL, layer->activation,
                             y);
}

static dni_status dense_backward(dni_layer *layer, int32_t gradient_mode, const dni_matrix *x,
                                 const dni_matrix *y, const dni_matrix *dy, const dni_matrix *dx) {
  dni__affine affine = affine_of(layer);
  DNI_TRY(dni__affine_backward(layer->context, layer->backend, &affine, gradient_mode, x, NULL, y,
                               layer->activation, dy));
  return dx ? dni__affine_backward_input(layer->backend, &affine, dy, dx) : DNI_OK;
}

static const dni__layer_vtable dense_vtable = {
    .kind = DNI_LAYER_DENSE,
    .forward = dense_forward,
    .backward = dense_backward,
};

/* Weights normal with variance gain / inputs, from a new stream; biases 0. */
static void draw(dni_layer *layer, double gain) {
  dni_matrix *weight = &layer->parameters[WEIGHT].value;
  dni__random random;
  dni__context_random(layer->context, &random);
  dni__random_fill_normal(&random, weight->dtype, weight->data, weight->rows * weight->columns,
                          sqrt(gain / (double)layer->inputs));
  dni__parameter_fill(&layer->parameters[BIAS], 0);
}

dni_status dni_layer_initialise(dni_layer *layer, double gain) {
  DNI_REQUIRE(layer);
  if (layer->vtable != &dense_vtable)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: only dense layers have weights to draw",
                     dni_layer_kind_name(layer));
  if (!isfinite(gain) || gain < 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "dense: gain %g is negative or not finite", gain);
  draw(layer, gain);
  return DNI_OK;
}

/* The gain keeps the variance of activations from layer to layer: 2 where ReLU halves it (He et al.
 * 2015, eq. 10), 1 otherwise (LeCun et al. 1998). */
dni_status dni_layer_create_dense(dni_context *context, size_t inputs, size_t outputs,
                                  dni_activation activation, dni_layer **out) {
  DNI_TRY(dni__layer_check_create(context, out, inputs, outputs, "dense"));
  if (!dni__activation_known(activation))
    return dni__fail(DNI_ERROR_ARGUMENT, "dense layer: activation %d is unknown", (int)activation);
  dni_layer *layer = dni__layer_allocate(context, sizeof *layer, &dense_vtable, inputs, outputs, 2);
  if (!layer) return DNI_ERROR_MEMORY;
  layer->activation = activation;
  dni__affine affine;
  dni_status status = dni__affine_create(context, inputs, outputs, &affine);
  if (status != DNI_OK) {
    dni_layer_release(layer);
    return status;
  }
  layer->parameters[WEIGHT] = affine.weight;
  layer->parameters[BIAS] = affine.bias;
  draw(layer, activation == DNI_ACTIVATION_RELU ? 2 : 1);
  *out = layer;
  return DNI_OK;
}

/* The caller's own layer behind the same interface. */
#include "layer/layer.h"

typedef struct callback_layer {
  dni_layer base;
  dni_layer_callbacks callbacks;
} callback_layer;

static dni_status callback_forward(dni_layer *layer, int32_t mode, const dni_matrix *x,
                                   const dni_matrix *y) {
  const dni_layer_callbacks *callbacks = &((callback_layer *)layer)->callbacks;
  dni_status status = callbacks->forward(callbacks->user, mode, x, y);
  return status == DNI_OK ? DNI_OK : dni__fail(status, "forward answered %d", (int)status);
}

static dni_status callback_backward(dni_layer *layer, int32_t gradient_mode, const dni_matrix *x,
                                    const dni_matrix *y, const dni_matrix *dy,
                                    const dni_matrix *dx) {
  const dni_layer_callbacks *callbacks = &((callback_layer *)layer)->callbacks;
  dni_status status = callbacks->backward(callbacks->user, gradient_mode, x, y, dy, dx);
  return status == DNI_OK ? DNI_OK : dni__fail(status, "backward answered %d", (int)status);
}

static void callback_destroy(dni_layer *layer) {
  const dni_layer_callbacks *callbacks = &((callback_layer *)layer)->callbacks;
  if (callbacks->destroy) callbacks->destroy(callbacks->user);
}

static const dni__layer_vtable callback_vtable = {
    .kind = DNI_LAYER_CALLBACK,
    .forward = callback_forward,
    .backward = callback_backward,
    .destroy = callback_destroy,
};

static dni_status check_callbacks(const dni_layer_callbacks *callbacks) {
  if (!callbacks->forward || !callbacks->backward)
    return dni__fail(DNI_ERROR_ARGUMENT, "callback layer: forward or backward is NULL");
  if (callbacks->parameter_count > 0 && !callbacks->parameter)
    return dni__fail(DNI_ERROR_ARGUMENT, "callback layer: %zu parameters but no parameter function",
                     callbacks->parameter_count);
  return DNI_OK;
}

dni_status dni_layer_create_callback(dni_context *context, size_t inputs, size_t outputs,
                                     const dni_layer_callbacks *callbacks, dni_layer **out) {
  DNI_TRY(dni__layer_check_create(context, out, inputs, outputs, "callback"));
  DNI_REQUIRE(callbacks);
  dni_layer_callbacks known;
  DNI_TRY(dni__options_copy(&known, sizeof known, sizeof known, callbacks, "dni_layer_callbacks"));
  DNI_TRY(check_callbacks(&known));
  dni_layer *layer = dni__layer_allocate(context, sizeof(callback_layer), &callback_vtable, inputs,
                                         outputs, known.parameter_count);
  if (!layer) return DNI_ERROR_MEMORY;
  layer->owns_parameters = false;
  dni_status status = dni__parameters_fetch(known.parameter, known.user, known.parameter_count,
                                            context->dtype, "callback layer", layer->parameters);
  if (status != DNI_OK) {
    dni_layer_release(layer); /* its destroy is not set yet: the caller keeps `user` */
    return status;
  }
  ((callback_layer *)layer)->callbacks = known;
  *out = layer;
  return DNI_OK;
}

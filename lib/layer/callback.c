/* The caller's own layer behind the same interface. */
#include "layer/layer.h"

typedef struct callback_layer {
  dni_layer base;
  dni_layer_callbacks callbacks;
} callback_layer;

static const dni_layer_callbacks *callbacks_of(const dni_layer *layer) {
  return &((const callback_layer *)layer)->callbacks;
}

static dni_status callback_forward(dni_layer *layer, const dni_layer_call *call) {
  const dni_layer_callbacks *callbacks = callbacks_of(layer);
  const dni__callback begun = dni__callback_begin();
  dni_status answer = callbacks->forward(callbacks->user, call);
  return dni__callback_end(begun, answer, "forward");
}

static dni_status callback_backward(dni_layer *layer, const dni_layer_call *call) {
  const dni_layer_callbacks *callbacks = callbacks_of(layer);
  const dni__callback begun = dni__callback_begin();
  dni_status answer = callbacks->backward(callbacks->user, call);
  return dni__callback_end(begun, answer, "backward");
}

static size_t callback_state_bytes(const dni_layer *layer, size_t rows) {
  const dni_layer_callbacks *callbacks = callbacks_of(layer);
  return callbacks->state_bytes(callbacks->user, rows);
}

static void callback_changed(dni_layer *layer) {
  const dni_layer_callbacks *callbacks = callbacks_of(layer);
  dni__callback_notify(callbacks->changed, callbacks->user);
}

static void callback_destroy(dni_layer *layer) {
  const dni_layer_callbacks *callbacks = callbacks_of(layer);
  dni__callback_notify(callbacks->destroy, callbacks->user);
}

static dni_status create(dni_context *context, size_t inputs, size_t outputs,
                         const dni_layer_callbacks *callbacks, dni_layer **out);

static dni_status callback_copy(const dni_layer *layer, dni_layer **out) {
  dni_layer_callbacks second = *callbacks_of(layer);
  if (!second.copy) return dni__fail(DNI_ERROR_UNSUPPORTED, "its callbacks have no copy");
  void *user = NULL;
  const dni__callback begun = dni__callback_begin();
  dni_status answer = second.copy(second.user, &user);
  DNI_TRY(dni__callback_end(begun, answer, "copy"));
  second.user = user;
  dni_status status = create(layer->context, layer->inputs, layer->outputs, &second, out);
  if (status != DNI_OK) dni__callback_notify(second.destroy, user); /* the copy is nobody's yet */
  return status;
}

static const dni__layer_vtable callback_vtable = {
    .kind = DNI_LAYER_CALLBACK,
    .forward = callback_forward,
    .backward = callback_backward,
    .state_bytes = callback_state_bytes,
    .copy = callback_copy,
    .changed = callback_changed,
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

static dni_status create(dni_context *context, size_t inputs, size_t outputs,
                         const dni_layer_callbacks *callbacks, dni_layer **out) {
  dni_layer *layer = dni__layer_allocate(context, sizeof(callback_layer), &callback_vtable, inputs,
                                         outputs, callbacks->parameter_count);
  if (!layer) return DNI_ERROR_MEMORY;
  layer->owns_parameters = false;
  layer->keeps_state = callbacks->state_bytes != NULL;
  dni_status status =
      dni__parameters_fetch(callbacks->parameter, callbacks->user, callbacks->parameter_count,
                            context->dtype, "callback layer", layer->parameters);
  if (status != DNI_OK) {
    dni_layer_release(layer); /* its destroy is not set yet: the caller keeps `user` */
    return status;
  }
  ((callback_layer *)layer)->callbacks = *callbacks;
  *out = layer;
  return DNI_OK;
}

dni_status dni_layer_create_callback(dni_context *context, size_t inputs, size_t outputs,
                                     const dni_layer_callbacks *callbacks, dni_layer **out) {
  DNI_TRY(dni__layer_check_create(context, out, inputs, outputs, "callback"));
  DNI_REQUIRE(callbacks);
  dni_layer_callbacks known;
  DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, callbacks, dni_layer_callbacks)));
  DNI_TRY(check_callbacks(&known));
  return create(context, inputs, outputs, &known, out);
}

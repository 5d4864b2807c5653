/* The public face of layers: checks every view once, then calls the kind. */
#include "layer/layer.h"

#include "core/tunable.h"

static const char *const activation_names[] = {"identity", "relu", "tanh", "sigmoid"};

bool dni__activation_known(dni_activation activation) {
  return activation >= DNI_ACTIVATION_IDENTITY && activation <= DNI_ACTIVATION_SIGMOID;
}

dni_status dni__layer_check_create(const dni_context *context, const void *out, size_t inputs,
                                   size_t outputs, const char *kind) {
  if (!context) return dni__fail(DNI_ERROR_ARGUMENT, "%s layer: context is NULL", kind);
  if (!out) return dni__fail(DNI_ERROR_ARGUMENT, "%s layer: out is NULL", kind);
  if (inputs == 0 || outputs == 0)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "%s layer: %zu inputs and %zu outputs; both must be 1 or more", kind, inputs,
                     outputs);
  return DNI_OK;
}

dni_layer *dni__layer_allocate(dni_context *context, size_t size, const dni__layer_vtable *vtable,
                               size_t inputs, size_t outputs, size_t parameter_count) {
  dni_layer *layer = dni__allocate(context->memory, 1, size);
  if (!layer) return NULL;
  layer->parameters = dni__allocate(context->memory, parameter_count, sizeof *layer->parameters);
  if (!layer->parameters) {
    dni__free(context->memory, layer);
    return NULL;
  }
  dni__references_init(&layer->references);
  dni_context_retain(context);
  layer->context = context;
  layer->backend = context->backend;
  dni_backend_retain(layer->backend);
  layer->vtable = vtable;
  layer->inputs = inputs;
  layer->outputs = outputs;
  layer->parameter_count = parameter_count;
  layer->owns_parameters = true;
  return layer;
}

void dni_layer_retain(dni_layer *layer) {
  if (layer) dni__references_add(&layer->references);
}

void dni_layer_release(dni_layer *layer) {
  if (!layer || !dni__references_drop(&layer->references)) return;
  dni_context *context = layer->context;
  if (layer->vtable->destroy) layer->vtable->destroy(layer);
  if (layer->owns_parameters)
    for (size_t i = 0; i < layer->parameter_count; i++)
      dni__parameter_destroy(context, &layer->parameters[i]);
  dni__free(context->memory, layer->parameters);
  dni_backend_release(layer->backend);
  dni__free(context->memory, layer);
  dni_context_release(context);
}

int32_t dni_layer_kind(const dni_layer *layer) {
  return layer ? layer->vtable->kind : 0;
}

size_t dni_layer_inputs(const dni_layer *layer) {
  return layer ? layer->inputs : 0;
}

size_t dni_layer_outputs(const dni_layer *layer) {
  return layer ? layer->outputs : 0;
}

dni_activation dni_layer_activation(const dni_layer *layer) {
  return layer ? layer->activation : DNI_ACTIVATION_IDENTITY;
}

const char *dni_layer_kind_name(const dni_layer *layer) {
  switch (dni_layer_kind(layer)) {
  case DNI_LAYER_DENSE:
    return "dense";
  case DNI_LAYER_ACTIVATION:
    return activation_names[layer->activation];
  case DNI_LAYER_BATCH_NORM:
    return "batch_norm";
  case DNI_LAYER_CALLBACK:
    return "callback";
  default:
    return "";
  }
}

static dni_status check_forward(const dni_layer *layer, int32_t mode, const dni_matrix *x,
                                const dni_matrix *y) {
  if (mode != DNI_MODE_TRAINING && mode != DNI_MODE_INFERENCE)
    return dni__fail(DNI_ERROR_ARGUMENT, "mode %d is unknown", (int)mode);
  DNI_TRY(dni__matrix_check(x, layer->context->dtype, layer->inputs, "x"));
  return dni__matrix_check_rows(y, layer->context->dtype, x->rows, layer->outputs, "y");
}

dni_status dni__layer_forward(dni_layer *layer, int32_t mode, const dni_matrix *x,
                              const dni_matrix *y) {
  DNI_TRY(check_forward(layer, mode, x, y));
  return layer->vtable->forward(layer, mode, x, y);
}

dni_status dni_layer_forward(dni_layer *layer, int32_t mode, const dni_matrix *x,
                             const dni_matrix *y) {
  DNI_REQUIRE(layer);
  dni_status status = dni__layer_forward(layer, mode, x, y);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "%s: ", dni_layer_kind_name(layer));
}

static dni_status check_backward(const dni_layer *layer, int32_t gradient_mode, const dni_matrix *x,
                                 const dni_matrix *y, const dni_matrix *dy, const dni_matrix *dx) {
  dni_dtype dtype = layer->context->dtype;
  if (gradient_mode < DNI_GRADIENT_REPLACE || gradient_mode > DNI_GRADIENT_SKIP)
    return dni__fail(DNI_ERROR_ARGUMENT, "gradient_mode %d is unknown", (int)gradient_mode);
  DNI_TRY(dni__matrix_check(x, dtype, layer->inputs, "x"));
  DNI_TRY(dni__matrix_check_rows(y, dtype, x->rows, layer->outputs, "y"));
  DNI_TRY(dni__matrix_check_rows(dy, dtype, x->rows, layer->outputs, "dy"));
  return dx ? dni__matrix_check_rows(dx, dtype, x->rows, layer->inputs, "dx") : DNI_OK;
}

dni_status dni__layer_backward(dni_layer *layer, int32_t gradient_mode, const dni_matrix *x,
                               const dni_matrix *y, const dni_matrix *dy, const dni_matrix *dx) {
  DNI_TRY(check_backward(layer, gradient_mode, x, y, dy, dx));
  return layer->vtable->backward(layer, gradient_mode, x, y, dy, dx);
}

dni_status dni_layer_backward(dni_layer *layer, int32_t gradient_mode, const dni_matrix *x,
                              const dni_matrix *y, const dni_matrix *dy, const dni_matrix *dx) {
  DNI_REQUIRE(layer);
  dni_status status = dni__layer_backward(layer, gradient_mode, x, y, dy, dx);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "%s: ", dni_layer_kind_name(layer));
}

size_t dni__layer_state_bytes(const dni_layer *layer) {
  return layer->vtable->state_bytes ? layer->vtable->state_bytes(layer) : 0;
}

void dni__layer_exchange_state(dni_layer *layer, void *memory, bool back) {
  if (layer->vtable->exchange_state) layer->vtable->exchange_state(layer, memory, back);
}

size_t dni_layer_parameter_count(const dni_layer *layer) {
  return layer ? layer->parameter_count : 0;
}

dni_status dni_layer_parameter(dni_layer *layer, size_t index, dni_matrix *value,
                               dni_matrix *gradient) {
  DNI_REQUIRE(layer);
  DNI_REQUIRE(value);
  return dni__parameter_view(layer->parameters, layer->parameter_count, index, value, gradient);
}

const char *dni_layer_parameter_name(const dni_layer *layer, size_t index) {
  return layer && index < layer->parameter_count ? layer->parameters[index].name : "";
}

static double *tunable(const dni_layer *layer, dni_param parameter) {
  dni_layer *owner = (dni_layer *)(uintptr_t)layer; /* the getter only reads through it */
  return layer->vtable->tunable ? layer->vtable->tunable(owner, parameter) : NULL;
}

dni_status dni_layer_set_f64(dni_layer *layer, dni_param parameter, double value) {
  DNI_REQUIRE(layer);
  return dni__tunable_set(tunable(layer, parameter), dni_layer_kind_name(layer), parameter, value);
}

dni_status dni_layer_get_f64(const dni_layer *layer, dni_param parameter, double *value) {
  DNI_REQUIRE(layer);
  DNI_REQUIRE(value);
  return dni__tunable_get(tunable(layer, parameter), dni_layer_kind_name(layer), parameter, value);
}

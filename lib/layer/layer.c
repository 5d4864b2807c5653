/* What every layer has: references, size, kind, parameters. */
#include "layer/layer.h"

static const char *const activation_names[] = {"identity", "relu",       "tanh",
                                               "sigmoid",  "leaky_relu", "gelu"};

bool dni__activation_known(dni_activation activation) {
  return activation >= DNI_ACTIVATION_IDENTITY && activation <= DNI_ACTIVATION_GELU;
}

const char *dni_activation_name(dni_activation activation) {
  return dni__activation_known(activation) ? activation_names[activation] : "";
}

/* Creating and releasing. --------------------------------------------------------------------- */

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
  layer->context = dni_context_retain(context);
  layer->backend = dni_backend_retain(context->backend);
  layer->vtable = vtable;
  layer->inputs = inputs;
  layer->outputs = outputs;
  layer->activation = -1;
  layer->slope = 0.01;
  layer->rate_scale = 1;
  layer->parameter_count = parameter_count;
  layer->owns_parameters = true;
  layer->keeps_state = vtable->state_bytes != NULL;
  layer->own.layer = layer;
  layer->own.filled = SIZE_MAX;
  return layer;
}

dni_layer *dni_layer_retain(dni_layer *layer) {
  if (layer) dni__references_add(&layer->references);
  return layer;
}

void dni_layer_release(dni_layer *layer) {
  if (!layer || !dni__references_drop(&layer->references)) return;
  dni_context *context = layer->context;
  if (layer->vtable->destroy) layer->vtable->destroy(layer);
  if (layer->owns_parameters)
    for (size_t i = 0; i < layer->parameter_count; i++)
      dni__parameter_destroy(context, &layer->parameters[i]);
  dni__free(context->memory, layer->parameters);
  dni__free(context->memory, layer->own.memory);
  dni_backend_release(layer->backend);
  dni__free(context->memory, layer);
  dni_context_release(context);
}

static dni_status copy(const dni_layer *layer, dni_layer **out) {
  dni_layer *second;
  DNI_TRY(layer->vtable->copy(layer, &second));
  second->slope = layer->slope;
  second->rate_scale = layer->rate_scale;
  if (layer->owns_parameters)
    for (size_t i = 0; i < layer->parameter_count; i++)
      dni__matrix_copy(&layer->parameters[i].value, &second->parameters[i].value);
  dni__parameters_changed(second->parameters, second->parameter_count);
  *out = second;
  return DNI_OK;
}

dni_status dni_layer_copy(const dni_layer *layer, dni_layer **out) {
  DNI_REQUIRE(layer);
  DNI_REQUIRE(out);
  dni_status status = copy(layer, out);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "%s: ", dni_layer_kind_name(layer));
}

dni_status dni__layer_twin(const dni_layer *layer, dni_layer **out) {
  if (layer->vtable->kind != DNI_LAYER_DROPOUT) return dni_layer_copy(layer, out);
  dni_random_options seeded = {.struct_size = sizeof seeded, .has_seed = 1};
  double drop;
  DNI_TRY(dni_layer_get_f64(layer, DNI_SETTING_DROP, &drop));
  return dni_layer_create_dropout(layer->context, layer->inputs, drop, &seeded, out);
}

/* What it is. --------------------------------------------------------------------------------- */

dni_kind dni_layer_kind(const dni_layer *layer) {
  return layer ? layer->vtable->kind : 0;
}

const char *dni_layer_kind_name(const dni_layer *layer) {
  switch (dni_layer_kind(layer)) {
  case DNI_LAYER_DENSE:
    return "dense";
  case DNI_LAYER_ACTIVATION:
    return "activation";
  case DNI_LAYER_BATCH_NORM:
    return "batch_norm";
  case DNI_LAYER_CALLBACK:
    return "callback";
  case DNI_LAYER_DROPOUT:
    return "dropout";
  case DNI_LAYER_LAYER_NORM:
    return "layer_norm";
  default:
    return "";
  }
}

size_t dni_layer_inputs(const dni_layer *layer) {
  return layer ? layer->inputs : 0;
}

size_t dni_layer_outputs(const dni_layer *layer) {
  return layer ? layer->outputs : 0;
}

dni_activation dni_layer_activation(const dni_layer *layer) {
  return layer ? layer->activation : -1;
}

/* Parameters. --------------------------------------------------------------------------------- */

size_t dni_layer_parameter_count(const dni_layer *layer) {
  return layer ? layer->parameter_count : 0;
}

const char *dni_layer_parameter_name(const dni_layer *layer, size_t index) {
  return layer && index < layer->parameter_count ? layer->parameters[index].name : "";
}

dni_status dni_layer_parameter(dni_layer *layer, size_t index, dni_matrix *value,
                               dni_matrix *gradient) {
  DNI_REQUIRE(layer);
  DNI_REQUIRE(value);
  dni_status status =
      dni__parameter_view(layer->parameters, layer->parameter_count, index, value, gradient);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "%s: ", dni_layer_kind_name(layer));
}

void dni__layer_changed(dni_layer *layer) {
  dni__parameters_changed(layer->parameters, layer->parameter_count);
  if (layer->vtable->changed) layer->vtable->changed(layer);
}

dni_status dni_layer_changed(dni_layer *layer) {
  DNI_REQUIRE(layer);
  dni__layer_changed(layer);
  return DNI_OK;
}

dni_status dni_layer_set_parameter(dni_layer *layer, size_t index, const dni_matrix *value) {
  DNI_REQUIRE(layer);
  dni_status status = dni__parameter_set(layer->parameters, layer->parameter_count, index, value);
  if (status != DNI_OK) return dni__fail_prefix(status, "%s: ", dni_layer_kind_name(layer));
  dni__layer_changed(layer);
  return DNI_OK;
}

dni_status dni_layer_get_parameter(const dni_layer *layer, size_t index, dni_matrix *value) {
  DNI_REQUIRE(layer);
  dni_status status = dni__parameter_get(layer->parameters, layer->parameter_count, index, value);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "%s: ", dni_layer_kind_name(layer));
}

/* What a layer consists of. */
#include "core/setting.h"
#include "layer/layer.h"

static void list_settings(dni_layer *layer, dni__manifest *manifest) {
  dni_setting setting;
  for (size_t i = 0; (setting = dni__setting_number(i)); i++) {
    double *place = dni__layer_setting(layer, setting);
    if (place) dni__manifest_setting(manifest, setting, layer->context->dtype, place);
  }
}

static void changed(void *layer) {
  dni__layer_changed(layer);
}

void dni__layer_list(dni_layer *layer, dni__manifest *manifest) {
  dni__manifest_fixed(manifest, "kind", dni_layer_kind_name(layer));
  dni__manifest_fixed_count(manifest, "inputs", layer->inputs);
  dni__manifest_fixed_count(manifest, "outputs", layer->outputs);
  if (layer->activation >= 0)
    dni__manifest_fixed(manifest, "activation", dni_activation_name(layer->activation));
  list_settings(layer, manifest);
  dni__parameters_list(layer->parameters, layer->parameter_count, manifest);
  if (layer->vtable->list) layer->vtable->list(layer, manifest);
  dni__manifest_after_load(manifest, changed, layer);
}

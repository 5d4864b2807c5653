/* Settings of layers. */
#include "core/setting.h"
#include "layer/layer.h"

static bool is_trained(const dni_layer *layer) {
  for (size_t i = 0; i < layer->parameter_count; i++)
    if (layer->parameters[i].gradient.data) return true;
  return false;
}

bool dni__layer_moves(const dni_layer *layer) {
  return layer->rate_scale > 0 && is_trained(layer);
}

double *dni__layer_setting(dni_layer *layer, dni_setting setting) {
  if (setting == DNI_SETTING_RATE_SCALE) return is_trained(layer) ? &layer->rate_scale : NULL;
  if (setting == DNI_SETTING_SLOPE)
    return layer->activation == DNI_ACTIVATION_LEAKY_RELU ? &layer->slope : NULL;
  return layer->vtable->setting ? layer->vtable->setting(layer, setting) : NULL;
}

/* For calls that only read through it. */
static const double *place_of(const dni_layer *layer, dni_setting setting) {
  return dni__layer_setting((dni_layer *)(uintptr_t)layer, setting);
}

int32_t dni_layer_has(const dni_layer *layer, dni_setting setting) {
  return layer && place_of(layer, setting);
}

dni_status dni_layer_bounds(const dni_layer *layer, dni_setting setting, double *least,
                            double *most) {
  DNI_REQUIRE(layer);
  DNI_REQUIRE(least);
  DNI_REQUIRE(most);
  return dni__setting_bounds(place_of(layer, setting), dni_layer_kind_name(layer),
                             layer->context->dtype, setting, least, most);
}

dni_status dni_layer_set_f64(dni_layer *layer, dni_setting setting, double value) {
  DNI_REQUIRE(layer);
  return dni__setting_set(dni__layer_setting(layer, setting), dni_layer_kind_name(layer), layer->context->dtype,
                          setting, value);
}

dni_status dni_layer_get_f64(const dni_layer *layer, dni_setting setting, double *value) {
  DNI_REQUIRE(layer);
  DNI_REQUIRE(value);
  return dni__setting_get(place_of(layer, setting), dni_layer_kind_name(layer), setting, value);
}

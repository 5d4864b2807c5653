/* Walks over the parameters of a network, in the order of layers and indices. */
#include "analysis/parameters.h"

/* The sum fits: all of it is in memory. */
size_t dni__parameters_count(const dni_network *network, size_t layers, bool trained) {
  size_t elements = 0;
  for (size_t l = 0; l < layers; l++) {
    const dni_layer *layer = network->links[l].layer;
    for (size_t i = 0; i < layer->parameter_count; i++) {
      const dni__parameter *parameter = &layer->parameters[i];
      if ((parameter->gradient.data != NULL) == trained)
        elements += parameter->value.rows * parameter->value.columns;
    }
  }
  return elements;
}

/* Contiguous numbers at `place`, of the parameter's shape, and where they end. */
static dni_matrix packed(const dni_matrix *parameter, void *place, void **end) {
  size_t bytes = parameter->rows * parameter->columns * dni__dtype_size(parameter->dtype);
  *end = (unsigned char *)place + bytes;
  return dni__matrix_make(place, parameter->rows, parameter->columns, parameter->dtype);
}

void *dni__parameter_pack(const dni_matrix *parameter, void *place) {
  void *end;
  dni_matrix own = packed(parameter, place, &end);
  dni__matrix_copy(parameter, &own);
  return end;
}

static void move_statistics(const dni_network *network, bool save, void *place) {
  for (size_t l = 0; l < network->count; l++) {
    const dni_layer *layer = network->links[l].layer;
    for (size_t i = 0; i < layer->parameter_count; i++) {
      const dni_matrix *value = &layer->parameters[i].value;
      if (layer->parameters[i].gradient.data) continue;
      dni_matrix own = packed(value, place, &place);
      dni__matrix_copy(save ? value : &own, save ? &own : value);
    }
  }
}

void dni__statistics_save(const dni_network *network, void *place) {
  move_statistics(network, true, place);
}

void dni__statistics_restore(const dni_network *network, void *place) {
  move_statistics(network, false, place);
  for (size_t l = 0; l < network->count; l++)
    dni__layer_changed(network->links[l].layer);
}

/* The chain of layers: building it and asking about it. */
#include "network/network.h"

#include <string.h>

dni_status dni_network_create(dni_context *context, dni_network **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  dni_network *network = dni__allocate(context->memory, 1, sizeof *network);
  if (!network) return DNI_ERROR_MEMORY;
  dni__references_init(&network->references);
  dni_context_retain(context);
  network->context = context;
  *out = network;
  return DNI_OK;
}

void dni_network_retain(dni_network *network) {
  if (network) dni__references_add(&network->references);
}

void dni_network_release(dni_network *network) {
  if (!network || !dni__references_drop(&network->references)) return;
  dni_context *context = network->context;
  for (size_t i = 0; i < network->count; i++) {
    dni_layer_release(network->links[i].layer);
    dni_sg_release(network->links[i].sg);
  }
  dni__free(context->memory, network->links);
  dni__free(context->memory, network->buffers[0]);
  dni__free(context->memory, network->buffers[1]);
  dni__free(context->memory, network);
  dni_context_release(context);
}

static dni_status make_room(dni_network *network) {
  if (network->count < network->capacity) return DNI_OK;
  dni__memory *memory = network->context->memory;
  size_t capacity = network->capacity ? 2 * network->capacity : 16;
  dni__link *links = dni__allocate(memory, capacity, sizeof *links);
  if (!links) return DNI_ERROR_MEMORY;
  if (network->count > 0) memcpy(links, network->links, network->count * sizeof *links);
  dni__free(memory, network->links);
  network->links = links;
  network->capacity = capacity;
  return DNI_OK;
}

/* The prediction buffers are for the layers there were. */
static void drop_buffers(dni_network *network) {
  for (int i = 0; i < 2; i++) {
    dni__free(network->context->memory, network->buffers[i]);
    network->buffers[i] = NULL;
  }
  network->rows = 0;
}

/* A layer's gradients and statistics are for one place in the chain. */
static dni_status check_unused(const dni_network *network, const dni_layer *layer) {
  for (size_t i = 0; i < network->count && layer->parameter_count > 0; i++)
    if (network->links[i].layer == layer)
      return dni__fail(DNI_ERROR_ARGUMENT, "layer %zu (%s): is layer %zu already", network->count,
                       dni_layer_kind_name(layer), i);
  return DNI_OK;
}

static dni_status check_layer(const dni_network *network, const dni_layer *layer) {
  if (network->fixed)
    return dni__fail(DNI_ERROR_STATE, "the network is being trained: its layers are fixed");
  if (layer->context->dtype != network->context->dtype)
    return dni__fail(DNI_ERROR_ARGUMENT, "layer %zu (%s): element type differs from the network's",
                     network->count, dni_layer_kind_name(layer));
  if (network->count > 0 && dni_network_outputs(network) != layer->inputs)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "layer %zu (%s): has %zu inputs, the layer below %zu outputs", network->count,
                     dni_layer_kind_name(layer), layer->inputs, dni_network_outputs(network));
  return check_unused(network, layer);
}

dni_status dni_network_add(dni_network *network, dni_layer *layer) {
  DNI_REQUIRE(network);
  DNI_REQUIRE(layer);
  DNI_TRY(check_layer(network, layer));
  DNI_TRY(make_room(network));
  drop_buffers(network);
  dni_layer_retain(layer);
  network->links[network->count++] = (dni__link){layer, NULL};
  return DNI_OK;
}

/* What an fa estimator's B stands in for must be there and fit. */
static dni_status check_above(const dni_network *network, size_t after, const dni_sg *sg) {
  if (sg->needs != DNI_SG_NEEDS_DELTA_ABOVE) return DNI_OK;
  if (after + 1 >= network->count)
    return dni__fail(DNI_ERROR_STATE, "interface after layer %zu: %s needs the layer above first",
                     after, sg->vtable->name);
  const dni_layer *above = network->links[after + 1].layer;
  if (dni_layer_kind(above) != DNI_LAYER_DENSE)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "interface after layer %zu: %s needs a dense layer above, layer %zu is %s",
                     after, sg->vtable->name, after + 1, dni_layer_kind_name(above));
  if (sg->error_units != above->outputs)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "interface after layer %zu: %s has %zu error units, layer %zu %zu outputs",
                     after, sg->vtable->name, sg->error_units, after + 1, above->outputs);
  return DNI_OK;
}

static dni_status check_sg(const dni_network *network, size_t after, const dni_sg *sg) {
  if (sg->context->dtype != network->context->dtype)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "interface after layer %zu: the element type of %s differs from the network's",
                     after, sg->vtable->name);
  if (sg->units != network->links[after].layer->outputs)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "interface after layer %zu: %s has %zu units, the layer %zu", after,
                     sg->vtable->name, sg->units, network->links[after].layer->outputs);
  return check_above(network, after, sg);
}

dni_status dni_network_set_sg(dni_network *network, size_t after, dni_sg *sg) {
  DNI_REQUIRE(network);
  if (network->fixed)
    return dni__fail(DNI_ERROR_STATE, "the network is being trained: its estimators are fixed");
  if (after >= network->count)
    return dni__fail(DNI_ERROR_ARGUMENT, "there is no layer %zu, only %zu layers", after,
                     network->count);
  if (sg) DNI_TRY(check_sg(network, after, sg));
  dni_sg_retain(sg);
  dni_sg_release(network->links[after].sg);
  network->links[after].sg = sg;
  return DNI_OK;
}

size_t dni_network_inputs(const dni_network *network) {
  return network && network->count > 0 ? network->links[0].layer->inputs : 0;
}

size_t dni_network_outputs(const dni_network *network) {
  return network && network->count > 0 ? network->links[network->count - 1].layer->outputs : 0;
}

size_t dni_network_layer_count(const dni_network *network) {
  return network ? network->count : 0;
}

dni_layer *dni_network_layer(const dni_network *network, size_t index) {
  return network && index < network->count ? network->links[index].layer : NULL;
}

dni_sg *dni_network_sg(const dni_network *network, size_t after) {
  return network && after < network->count ? network->links[after].sg : NULL;
}

static dni_status say_layer(const dni_network *network, size_t index, dni_status status) {
  if (status == DNI_OK) return DNI_OK;
  return dni__fail_prefix(status, "layer %zu (%s): ", index,
                          dni_layer_kind_name(network->links[index].layer));
}

dni_status dni__network_forward(dni_network *network, size_t index, int32_t mode,
                                const dni_matrix *x, const dni_matrix *y) {
  return say_layer(network, index, dni__layer_forward(network->links[index].layer, mode, x, y));
}

dni_status dni__network_backward(dni_network *network, size_t index, int32_t gradient_mode,
                                 const dni_matrix *x, const dni_matrix *y, const dni_matrix *dy,
                                 const dni_matrix *dx) {
  return say_layer(network, index,
                   dni__layer_backward(network->links[index].layer, gradient_mode, x, y, dy, dx));
}

dni_status dni__network_blame(const dni_network *network) {
  for (size_t i = 0; i < network->count; i++) {
    const dni_layer *layer = network->links[i].layer;
    for (size_t k = 0; k < layer->parameter_count; k++) {
      size_t row, column;
      if (!dni__matrix_finite(&layer->parameters[k].value, &row, &column))
        return dni__fail(DNI_ERROR_NON_FINITE, "layer %zu (%s): %s[%zu][%zu] is not finite", i,
                         dni_layer_kind_name(layer), layer->parameters[k].name, row, column);
    }
  }
  size_t last = network->count - 1;
  return dni__fail(DNI_ERROR_NON_FINITE, "layer %zu (%s): the loss of its output is not finite",
                   last, dni_layer_kind_name(network->links[last].layer));
}

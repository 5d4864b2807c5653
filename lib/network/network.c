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

dni_network *dni_network_retain(dni_network *network) {
  if (network) dni__references_add(&network->references);
  return network;
}

/* The predictor is for the layers there were. */
static void drop_predictor(dni_network *network) {
  dni_predictor_release(atomic_exchange(&network->predictor, NULL));
}

void dni_network_release(dni_network *network) {
  if (!network || !dni__references_drop(&network->references)) return;
  dni_context *context = network->context;
  drop_predictor(network);
  for (size_t i = 0; i < network->count; i++) {
    dni_layer_release(network->links[i].layer);
    dni_sg_release(network->links[i].sg);
  }
  dni__free(context->memory, network->links);
  dni__leftovers_release(context->memory, network->leftovers);
  dni__pointer_set_destroy(context->memory, &network->layers);
  dni__pointer_set_destroy(context->memory, &network->sgs);
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

/* Gradients, statistics and random streams of a layer are for one place in the chain. */
static bool for_one_place(const dni_layer *layer) {
  return layer->parameter_count > 0 || layer->keeps_state;
}

static dni_status check_unused(const dni_network *network, const dni_layer *layer) {
  if (!dni__pointer_set_has(&network->layers, layer)) return DNI_OK;
  size_t index = 0;
  while (network->links[index].layer != layer)
    index++;
  return dni__fail(DNI_ERROR_ARGUMENT, "layer %zu (%s): is layer %zu already", network->count,
                   dni_layer_kind_name(layer), index);
}

static dni_status check_layer(const dni_network *network, const dni_layer *layer) {
  if (atomic_load(&network->trainers) > 0)
    return dni__fail(DNI_ERROR_STATE, "a trainer of the network exists: its layers are fixed");
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
  if (for_one_place(layer)) {
    DNI_TRY(dni__pointer_set_reserve(network->context->memory, &network->layers));
    dni__pointer_set_add(&network->layers, layer);
  }
  drop_predictor(network);
  network->links[network->count++] = (dni__link){dni_layer_retain(layer), NULL};
  return DNI_OK;
}

/* What B of feedback alignment stands in for must be there and fit. */
static dni_status check_above(const dni_network *network, size_t after, const dni_sg *sg) {
  if (sg->needs != DNI_SG_NEEDS_DELTA_ABOVE) return DNI_OK;
  if (after + 1 >= network->count)
    return dni__fail(DNI_ERROR_STATE, "interface after layer %zu: %s needs the layer above first",
                     after, dni_sg_kind_name(sg));
  const dni_layer *above = network->links[after + 1].layer;
  if (dni_layer_kind(above) != DNI_LAYER_DENSE)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "interface after layer %zu: %s needs a dense layer above, layer %zu is %s",
                     after, dni_sg_kind_name(sg), after + 1, dni_layer_kind_name(above));
  if (sg->signal_units != above->outputs)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "interface after layer %zu: %s has %zu signal units, layer %zu %zu outputs",
                     after, dni_sg_kind_name(sg), sg->signal_units, after + 1, above->outputs);
  return DNI_OK;
}

/* An SG answers before it learns and has one optimiser, which is right at one interface only. */
static dni_status check_sg_unused(const dni_network *network, size_t after, const dni_sg *sg) {
  const dni_sg *root = dni__sg_root(sg), *here = network->links[after].sg;
  if (here && dni__sg_root(here) == root) return DNI_OK;
  if (!dni__pointer_set_has(&network->sgs, root)) return DNI_OK;
  size_t index = 0;
  while (!network->links[index].sg || dni__sg_root(network->links[index].sg) != root)
    index++;
  return dni__fail(DNI_ERROR_ARGUMENT,
                   "interface after layer %zu: %s is at the interface after layer %zu already",
                   after, dni_sg_kind_name(root), index);
}

static dni_status check_sg(const dni_network *network, size_t after, const dni_sg *sg) {
  if (sg->context->dtype != network->context->dtype)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "interface after layer %zu: the element type of %s differs from the network's",
                     after, dni_sg_kind_name(sg));
  if (sg->units != network->links[after].layer->outputs)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "interface after layer %zu: %s has %zu units, the layer %zu", after,
                     dni_sg_kind_name(sg), sg->units, network->links[after].layer->outputs);
  DNI_TRY(check_above(network, after, sg));
  return check_sg_unused(network, after, sg);
}

static dni_status check_index(const dni_network *network, size_t index) {
  if (index < network->count) return DNI_OK;
  return dni__fail(DNI_ERROR_ARGUMENT, "there is no layer %zu, only %zu layers", index,
                   network->count);
}

/* There is room for one more in the set of SGs. */
static void replace_sg(dni_network *network, size_t after, dni_sg *sg) {
  dni_sg *old = network->links[after].sg;
  if (old) dni__pointer_set_remove(&network->sgs, dni__sg_root(old));
  if (sg) dni__pointer_set_add(&network->sgs, dni__sg_root(sg));
  network->links[after].sg = dni_sg_retain(sg);
  dni_sg_release(old);
}

dni_status dni_network_set_sg(dni_network *network, size_t after, dni_sg *sg) {
  DNI_REQUIRE(network);
  if (atomic_load(&network->trainers) > 0)
    return dni__fail(DNI_ERROR_STATE, "a trainer of the network exists: its SGs are fixed");
  DNI_TRY(check_index(network, after));
  if (sg) {
    DNI_TRY(check_sg(network, after, sg));
    DNI_TRY(dni__pointer_set_reserve(network->context->memory, &network->sgs));
  }
  replace_sg(network, after, sg);
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

dni_layer *dni_network_layer(dni_network *network, size_t index) {
  return network && index < network->count ? network->links[index].layer : NULL;
}

dni_status dni_network_sg(dni_network *network, size_t after, dni_sg **sg) {
  DNI_REQUIRE(network);
  DNI_REQUIRE(sg);
  DNI_TRY(check_index(network, after));
  *sg = network->links[after].sg;
  return DNI_OK;
}

dni_status dni__network_say(const dni_layer *layer, size_t index, dni_status status) {
  if (status == DNI_OK) return DNI_OK;
  return dni__fail_prefix(status, "layer %zu (%s): ", index, dni_layer_kind_name(layer));
}

dni_status dni__network_forward(const dni_network *network, size_t index, dni_mode mode,
                                dni_state *state, const dni_matrix *x, const dni_matrix *weights,
                                const dni_matrix *y) {
  dni_layer *layer = network->links[index].layer;
  return dni__network_say(layer, index, dni__layer_forward(layer, mode, state, x, weights, y));
}

dni_status dni__network_backward(const dni_network *network, size_t index, dni_gradient_flags flags,
                                 double scale, dni_state *state, const dni_matrix *x,
                                 const dni_matrix *weights, const dni_matrix *y,
                                 const dni_matrix *dy, const dni_matrix *dx) {
  dni_layer *layer = network->links[index].layer;
  return dni__network_say(layer, index,
                          dni__layer_backward(layer, flags, scale, state, x, weights, y, dy, dx));
}

dni_status dni__network_loss_failed(const dni_network *network) {
  size_t last = network->count - 1;
  dni_status status = dni__fail(DNI_ERROR_NON_FINITE, "the loss of its output is not finite");
  return dni__network_say(network->links[last].layer, last, status);
}

/* Why a layer is to blame. Returns `status`, or DNI_OK if it is not. */
static dni_status blame_layer(const dni_layer *layer, size_t index, dni_status status) {
  size_t row, column;
  for (size_t k = 0; k < layer->parameter_count; k++)
    if (!dni__matrix_finite(&layer->parameters[k].value, &row, &column))
      return dni__fail_prefix(status, "layer %zu (%s): %s[%zu][%zu] is not finite; ", index,
                              dni_layer_kind_name(layer), layer->parameters[k].name, row, column);
  return DNI_OK;
}

dni_status dni__network_blame(const dni_network *network, dni_status status) {
  if (status != DNI_ERROR_NON_FINITE) return status;
  for (size_t i = 0; i < network->count; i++)
    if (blame_layer(network->links[i].layer, i, status) != DNI_OK) break;
  return status;
}

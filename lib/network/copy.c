/* Second networks, and carrying parameters from one to another. */
#include "network/network.h"

typedef dni_status (*copier)(const dni_layer *layer, dni_layer **out);

static dni_status add_copy(dni_network *to, const dni_layer *layer, size_t index,
                           copier copy_layer) {
  dni_layer *copy;
  dni_status status = copy_layer(layer, &copy);
  if (status != DNI_OK) return dni__network_say(layer, index, status);
  status = dni_network_add(to, copy);
  dni_layer_release(copy); /* the network has its own reference */
  return status;
}

static dni_status copy_network(const dni_network *network, copier copy_layer, dni_network **out) {
  dni_network *made;
  DNI_TRY(dni_network_create(network->context, &made));
  for (size_t i = 0; i < network->count; i++) {
    dni_status status = add_copy(made, network->links[i].layer, i, copy_layer);
    if (status == DNI_OK) continue;
    dni_network_release(made);
    return status;
  }
  *out = made;
  return DNI_OK;
}

dni_status dni_network_copy(const dni_network *network, dni_network **out) {
  DNI_REQUIRE(network);
  DNI_REQUIRE(out);
  return copy_network(network, dni_layer_copy, out);
}

dni_status dni__network_twin(const dni_network *network, dni_network **out) {
  return copy_network(network, dni__layer_twin, out);
}

/* Assigning. ----------------------------------------------------------------------------------- */

static bool same_shape(const dni_matrix *a, const dni_matrix *b) {
  return a->rows == b->rows && a->columns == b->columns && a->dtype == b->dtype;
}

static bool same_parameters(const dni_layer *to, const dni_layer *from) {
  if (to->parameter_count != from->parameter_count) return false;
  for (size_t i = 0; i < to->parameter_count; i++)
    if (!same_shape(&to->parameters[i].value, &from->parameters[i].value)) return false;
  return true;
}

static dni_status check_pair(const dni_layer *to, const dni_layer *from, size_t index) {
  if (to->vtable->kind != from->vtable->kind)
    return dni__fail(DNI_ERROR_ARGUMENT, "layer %zu is %s in one network and %s in the other",
                     index, dni_layer_kind_name(to), dni_layer_kind_name(from));
  if (to->inputs != from->inputs || to->outputs != from->outputs)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "layer %zu (%s) has %zu inputs and %zu outputs in one network, %zu and %zu in "
                     "the other",
                     index, dni_layer_kind_name(to), to->inputs, to->outputs, from->inputs,
                     from->outputs);
  if (!same_parameters(to, from))
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "layer %zu (%s): its parameters differ in number, shape or element type",
                     index, dni_layer_kind_name(to));
  return DNI_OK;
}

dni_status dni__network_check_alike(const dni_network *to, const dni_network *from) {
  for (size_t i = 0; i < to->count && i < from->count; i++)
    DNI_TRY(check_pair(to->links[i].layer, from->links[i].layer, i));
  if (to->count == from->count) return DNI_OK;
  return dni__fail(DNI_ERROR_ARGUMENT, "there is no layer %zu in one of the networks: %zu and %zu",
                   to->count < from->count ? to->count : from->count, to->count, from->count);
}

static void assign(dni_layer *to, const dni_layer *from) {
  if (to == from || to->parameter_count == 0) return;
  for (size_t i = 0; i < to->parameter_count; i++)
    dni__matrix_copy(&from->parameters[i].value, &to->parameters[i].value);
  dni__layer_changed(to);
}

dni_status dni_network_assign(dni_network *to, const dni_network *from) {
  DNI_REQUIRE(to);
  DNI_REQUIRE(from);
  DNI_TRY(dni__network_check_alike(to, from));
  for (size_t i = 0; i < to->count; i++)
    assign(to->links[i].layer, from->links[i].layer);
  return DNI_OK;
}

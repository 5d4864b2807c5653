/* Cutting a network into modules. An estimator that needs the delta from above cannot answer before
 * the layers above have run backward, so its interface is no cut. */
#include "network/network.h"

bool dni__network_joined(const dni_network *network, size_t index) {
  const dni_sg *sg = network->links[index].sg;
  return !sg || sg->needs == DNI_SG_NEEDS_DELTA || sg->needs == DNI_SG_NEEDS_DELTA_ABOVE;
}

size_t dni__network_module_count(const dni_network *network) {
  size_t count = 1;
  for (size_t i = 0; i + 1 < network->count; i++)
    count += !dni__network_joined(network, i);
  return count;
}

void dni__network_modules(const dni_network *network, dni__module *modules) {
  size_t first = 0;
  for (size_t i = 0; i < network->count; i++) {
    bool last = i + 1 == network->count;
    if (!last && dni__network_joined(network, i)) continue;
    *modules++ = (dni__module){first, i + 1 - first, last ? NULL : network->links[i].sg};
    first = i + 1;
  }
}

/* Where a network may be cut into modules. An SG that needs the delta from above cannot
 * answer before the layers above have run backward, so its interface is no cut. */
#include "network/network.h"

bool dni__network_joined(const dni_network *network, size_t index) {
  const dni_sg *sg = network->links[index].sg;
  return !sg || sg->needs == DNI_SG_NEEDS_DELTA || sg->needs == DNI_SG_NEEDS_DELTA_ABOVE ||
         sg->needs == DNI_SG_NEEDS_DELTA_LATER;
}

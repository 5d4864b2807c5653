/* The parameters of a network as rows of numbers, one after the other. Internal. */
#ifndef DNI_ANALYSIS_PARAMETERS_H
#define DNI_ANALYSIS_PARAMETERS_H

#include "network/network.h"

/* Elements of the parameters of the first `layers` layers that have gradients, or of those that
 * have none. */
size_t dni__parameters_count(const dni_network *network, size_t layers, bool trained);

/* Copy a value or gradient, whatever its stride, to `place`; returns the place after it. */
void *dni__parameter_pack(const dni_matrix *parameter, void *place);

/* Keep what training mode changes, the parameters of all layers that have no gradients, in
 * `place`, and put it back. */
void dni__statistics_save(const dni_network *network, void *place);
void dni__statistics_restore(const dni_network *network, void *place);

#endif

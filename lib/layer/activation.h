/* Element-wise functions of layers, shared among the backend's threads. Internal. */
#ifndef DNI_LAYER_ACTIVATION_H
#define DNI_LAYER_ACTIVATION_H

#include "layer/layer.h"

/* y = activation(x) with the layer's activation; y may be x. */
void dni__activate(const dni_layer *layer, const dni_matrix *x, const dni_matrix *y);

/* dx = dy * activation'; dx may be dy. `seen` is what the derivative is computed from: x for GELU,
 * y for the others. */
void dni__activate_backward(const dni_layer *layer, const dni_matrix *seen, const dni_matrix *dy,
                            const dni_matrix *dx);

#endif

/* What dense.c and initialise.c share. Internal. */
#ifndef DNI_LAYER_DENSE_H
#define DNI_LAYER_DENSE_H

#include "layer/layer.h"

/* The affine map's parameters are the layer's, in this order. */
enum { DNI_DENSE_WEIGHT = 0, DNI_DENSE_BIAS = 1 };

/* Weights as dni_layer_create_dense describes, from the context's next stream; biases 0. */
void dni__dense_draw(dni_layer *layer);

#endif

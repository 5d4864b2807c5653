/* The affine map that dense layers and synthetic gradients are made of: z = [x1, x2] W^T + b.
 *
 * The input may come in two parts (a synthetic gradient's h and y) that lie in different buffers;
 * each meets its own columns of W, so nothing is concatenated. Internal. */
#ifndef DNI_LAYER_AFFINE_H
#define DNI_LAYER_AFFINE_H

#include "backend/backend.h"
#include "layer/parameter.h"

typedef struct dni__affine {
  dni__parameter weight; /* [outputs][inputs] */
  dni__parameter bias;   /* [1][outputs] */
} dni__affine;

/* Parameters of zero. `first`: how many of the inputs are x1's. `uses`: DNI__FORWARD, with DNI__BACKWARD
 * if there will be a dx; 0: all products are of floats, whatever the context computes in. */
dni_status dni__affine_create(dni_context *context, size_t inputs, size_t first, size_t outputs,
                              int uses, dni__affine *out);
void dni__affine_destroy(dni_context *context, dni__affine *affine);

/* y = activation([x1, x2] W^T + b). Shapes fit. x2 may be NULL, and it may be labels, which count
 * as the one-hot rows that they stand for. The activation is one of the first four; layers apply
 * the others by themselves. */
dni_status dni__affine_forward(dni_context *context, dni_backend *backend,
                               const dni__affine *affine, const dni_matrix *x1,
                               const dni_matrix *x2, dni_activation activation,
                               const dni_matrix *y);

/* dy becomes dz = dy * activation'(y); dW and db are `scale` times the sums over the rows,
 * replaced, added to or skipped as `flags` says, of which other bits are not looked at. y is not
 * read for identity. */
dni_status dni__affine_backward(dni_context *context, dni_backend *backend, dni__affine *affine,
                                dni_gradient_flags flags, double scale, const dni_matrix *x1,
                                const dni_matrix *x2, const dni_matrix *y,
                                dni_activation activation, const dni_matrix *dy);

/* dx1 = dz W, the columns of W that x1 meets. */
dni_status dni__affine_backward_input(dni_backend *backend, const dni__affine *affine,
                                      const dni_matrix *dz, const dni_matrix *dx);

#endif

/* The affine map and its gradients: three matrix products and the fused passes around them. */
#include "layer/affine.h"

#include "math/kernels.h"

dni_status dni__affine_create(dni_context *context, size_t inputs, size_t outputs,
                              dni__affine *out) {
  DNI_TRY(dni__parameter_create(context, "weight", outputs, inputs, true, &out->weight));
  dni_status status = dni__parameter_create(context, "bias", 1, outputs, true, &out->bias);
  if (status != DNI_OK) dni__parameter_destroy(context, &out->weight);
  return status;
}

void dni__affine_destroy(dni_context *context, dni__affine *affine) {
  dni__parameter_destroy(context, &affine->weight);
  dni__parameter_destroy(context, &affine->bias);
}

/* Most rows whose classes fit on the stack. */
#define PICKS_MOST 4096

/* Whether the second input only picks columns of its part of W, as labels do next to a synthetic
 * gradient's h; that takes no product. */
static bool picks_columns(const dni__kernels *kernels, const dni_matrix *x2,
                          unsigned char class_of[PICKS_MOST]) {
  return x2 && x2->rows <= PICKS_MOST && x2->columns >= 1 && x2->columns <= DNI_ONE_HOT_MOST &&
         kernels->one_hot(x2->rows, x2->columns, x2->data, x2->stride, class_of);
}

dni_status dni__affine_forward(dni_context *context, dni_backend *backend,
                               const dni__affine *affine, const dni_matrix *x1,
                               const dni_matrix *x2, dni_activation activation,
                               const dni_matrix *y) {
  const dni__kernels *kernels = context->kernels;
  const void *bias = affine->bias.value.data;
  unsigned char class_of[PICKS_MOST];
  dni_matrix weight = dni__matrix_columns(&affine->weight.value, 0, x1->columns);
  DNI_TRY(dni__gemm(backend, 0, 1, 1, x1, &weight, 0, y));
  if (x2) weight = dni__matrix_columns(&affine->weight.value, x1->columns, x2->columns);
  if (picks_columns(kernels, x2, class_of)) {
    kernels->one_hot_forward(y->rows, y->columns, y->data, y->stride, bias, x2->columns, class_of,
                             weight.data, weight.stride, activation);
    return DNI_OK;
  }
  if (x2) DNI_TRY(dni__gemm(backend, 0, 1, 1, x2, &weight, 1, y));
  kernels->bias_activation(y->rows, y->columns, y->data, y->stride, bias, activation);
  return DNI_OK;
}

dni_status dni__affine_backward(dni_context *context, dni_backend *backend, dni__affine *affine,
                                int32_t gradient_mode, const dni_matrix *x1, const dni_matrix *x2,
                                const dni_matrix *y, dni_activation activation,
                                const dni_matrix *dy) {
  const dni__kernels *kernels = context->kernels;
  const void *outputs = y ? y->data : NULL;
  size_t stride = y ? y->stride : 0;
  if (gradient_mode == DNI_GRADIENT_SKIP) {
    if (activation != DNI_ACTIVATION_IDENTITY)
      kernels->activation_backward(dy->rows, dy->columns, outputs, stride, dy->data, dy->stride,
                                   dy->data, dy->stride, activation);
    return DNI_OK;
  }
  double alpha = dy->rows > 0 ? 1.0 / (double)dy->rows : 0;
  double beta = gradient_mode == DNI_GRADIENT_ADD ? 1 : 0;
  void *sums = affine->bias.gradient.data;
  unsigned char class_of[PICKS_MOST];
  bool picks = picks_columns(kernels, x2, class_of);
  dni_matrix gradient = affine->weight.gradient;
  if (x2) gradient = dni__matrix_columns(&affine->weight.gradient, x1->columns, x2->columns);
  if (picks)
    kernels->one_hot_backward(dy->rows, dy->columns, outputs, stride, dy->data, dy->stride,
                              activation, alpha, beta, sums, x2->columns, class_of, gradient.data,
                              gradient.stride);
  else
    kernels->activation_backward_bias(dy->rows, dy->columns, outputs, stride, dy->data, dy->stride,
                                      activation, alpha, beta, sums);
  if (x2 && !picks) DNI_TRY(dni__gemm(backend, 1, 0, alpha, dy, x2, beta, &gradient));
  gradient = dni__matrix_columns(&affine->weight.gradient, 0, x1->columns);
  return dni__gemm(backend, 1, 0, alpha, dy, x1, beta, &gradient);
}

dni_status dni__affine_backward_input(dni_backend *backend, const dni__affine *affine,
                                      const dni_matrix *dz, const dni_matrix *dx) {
  return dni__gemm(backend, 0, 0, 1, dz, &affine->weight.value, 0, dx);
}

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

dni_status dni__affine_forward(dni_context *context, dni_backend *backend,
                               const dni__affine *affine, const dni_matrix *x1,
                               const dni_matrix *x2, dni_activation activation,
                               const dni_matrix *y) {
  dni_matrix weight = dni__matrix_columns(&affine->weight.value, 0, x1->columns);
  DNI_TRY(dni__gemm(backend, 0, 1, 1, x1, &weight, 0, y));
  if (x2) {
    weight = dni__matrix_columns(&affine->weight.value, x1->columns, x2->columns);
    DNI_TRY(dni__gemm(backend, 0, 1, 1, x2, &weight, 1, y));
  }
  context->kernels->bias_activation(y->rows, y->columns, y->data, y->stride,
                                    affine->bias.value.data, activation);
  return DNI_OK;
}

dni_status dni__affine_backward(dni_context *context, dni_backend *backend, dni__affine *affine,
                                int32_t gradient_mode, const dni_matrix *x1, const dni_matrix *x2,
                                const dni_matrix *y, dni_activation activation,
                                const dni_matrix *dy) {
  const dni__kernels *kernels = context->kernels;
  if (gradient_mode == DNI_GRADIENT_SKIP) {
    if (activation != DNI_ACTIVATION_IDENTITY)
      kernels->activation_backward(dy->rows, dy->columns, y->data, y->stride, dy->data, dy->stride,
                                   dy->data, dy->stride, activation);
    return DNI_OK;
  }
  double alpha = dy->rows > 0 ? 1.0 / (double)dy->rows : 0;
  double beta = gradient_mode == DNI_GRADIENT_ADD ? 1 : 0;
  kernels->activation_backward_bias(dy->rows, dy->columns, y ? y->data : NULL, y ? y->stride : 0,
                                    dy->data, dy->stride, activation, alpha, beta,
                                    affine->bias.gradient.data);
  dni_matrix gradient = dni__matrix_columns(&affine->weight.gradient, 0, x1->columns);
  DNI_TRY(dni__gemm(backend, 1, 0, alpha, dy, x1, beta, &gradient));
  if (!x2) return DNI_OK;
  gradient = dni__matrix_columns(&affine->weight.gradient, x1->columns, x2->columns);
  return dni__gemm(backend, 1, 0, alpha, dy, x2, beta, &gradient);
}

dni_status dni__affine_backward_input(dni_backend *backend, const dni__affine *affine,
                                      const dni_matrix *dz, const dni_matrix *dx) {
  return dni__gemm(backend, 0, 0, 1, dz, &affine->weight.value, 0, dx);
}

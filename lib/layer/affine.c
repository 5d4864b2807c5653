/* The affine map and its gradients: three matrix products and the fused passes around them. */
#include "layer/affine.h"

#include "math/kernels.h"

dni_status dni__affine_create(dni_context *context, size_t inputs, size_t first, size_t outputs,
                              int uses, dni__affine *out) {
  DNI_TRY(dni__parameter_create(context, "weight", outputs, inputs, true, &out->weight));
  dni_status status =
      dni__packed_create(context, context->backend, outputs, first, uses, &out->weight.packed);
  if (status == DNI_OK)
    status = dni__parameter_create(context, "bias", 1, outputs, true, &out->bias);
  if (status != DNI_OK) dni__parameter_destroy(context, &out->weight);
  return status;
}

void dni__affine_destroy(dni_context *context, dni__affine *affine) {
  dni__parameter_destroy(context, &affine->weight);
  dni__parameter_destroy(context, &affine->bias);
}

/* Most rows whose classes fit on the stack. */
#define PICKS_MOST 4096

/* The pass over z or dz next to the products. Its columns, which are rows of the weights, may be
 * shared among threads. */
typedef struct pass {
  const dni__kernels *kernels;
  dni_activation activation;
  const dni_matrix *z, *y; /* y of backward; NULL: identity */
  dni_matrix bias;         /* [1][columns], of values or gradients */
  dni_matrix weight;       /* [columns][classes], likewise; used if classes is not 0 */
  double alpha, beta;      /* of the gradients */
  size_t classes;          /* of a second input that is one-hot or labels; 0: it is neither */
  const int32_t *class_of; /* [rows] with `step` from one to the next */
  size_t step;
} pass;

/* The part of a pass for columns first .. first+count-1. */
static pass cut(const pass *all, size_t first, size_t count, dni_matrix *z, dni_matrix *y) {
  pass part = *all;
  *z = dni__matrix_columns(all->z, first, count);
  if (all->y) *y = dni__matrix_columns(all->y, first, count);
  part.bias = dni__matrix_columns(&all->bias, first, count);
  part.weight = dni__matrix_rows(&all->weight, first, count);
  return part;
}

static void forward_columns(void *argument, size_t first, size_t end) {
  dni_matrix z, y;
  const pass p = cut(argument, first, end - first, &z, &y);
  if (p.classes > 0)
    p.kernels->one_hot_forward(z.rows, z.columns, z.data, z.stride, p.bias.data, p.classes,
                               p.class_of, p.step, p.weight.data, p.weight.stride, p.activation);
  else
    p.kernels->bias_activation(z.rows, z.columns, z.data, z.stride, p.bias.data, p.activation);
}

static void backward_columns(void *argument, size_t first, size_t end) {
  dni_matrix dz, y = {0};
  const pass p = cut(argument, first, end - first, &dz, &y);
  if (p.classes > 0)
    p.kernels->one_hot_backward(dz.rows, dz.columns, y.data, y.stride, dz.data, dz.stride,
                                p.activation, p.alpha, p.beta, p.bias.data, p.classes, p.class_of,
                                p.step, p.weight.data, p.weight.stride);
  else
    p.kernels->activation_backward_bias(dz.rows, dz.columns, y.data, y.stride, dz.data, dz.stride,
                                        p.activation, p.alpha, p.beta, p.bias.data);
}

/* Whether the second input only picks columns of its part of W, as targets do next to a synthetic
 * gradient's h; that takes no product. Fills in classes, class_of and step; `found` [PICKS_MOST]
 * keeps what is found in one-hot rows. */
static bool picks_columns(pass *p, const dni_matrix *x2, int32_t *found) {
  if (dni__is_labels(x2)) {
    p->classes = p->weight.columns;
    p->class_of = x2->data;
    p->step = x2->stride;
    return true;
  }
  if (x2->rows > PICKS_MOST || x2->columns == 0 || x2->columns > DNI_ONE_HOT_MOST ||
      !p->kernels->one_hot(x2->rows, x2->columns, x2->data, x2->stride, found))
    return false;
  p->classes = x2->columns;
  p->class_of = found;
  p->step = 1;
  return true;
}

static void run_pass(dni_backend *backend, pass *p, dni__range_work columns) {
  dni__share(backend, p->z->rows * p->z->columns, p->z->columns, columns, p);
}

/* The pass, if the second input only picks columns; else nothing is done. Never inlined: what it
 * has on the stack must not lie under the products. */
static __attribute__((noinline)) bool
run_picking_pass(dni_backend *backend, pass *p, const dni_matrix *x2, dni__range_work columns) {
  int32_t found[PICKS_MOST];
  if (!picks_columns(p, x2, found)) return false;
  run_pass(backend, p, columns);
  return true;
}

/* A product with another matrix than the first part of W. */
static dni_status multiply(const dni__affine *affine, dni_backend *backend, int32_t transpose_a,
                           int32_t transpose_b, double alpha, const dni_matrix *a,
                           const dni_matrix *b, double beta, const dni_matrix *c) {
  return affine->weight.packed
             ? dni__gemm_bf16(backend, transpose_a, transpose_b, alpha, a, b, beta, c)
             : dni__gemm(backend, transpose_a, transpose_b, alpha, a, b, beta, c);
}

/* W, or its gradient, without the columns that x1 meets. */
static dni_matrix second_part(const dni_matrix *weight, const dni_matrix *x1) {
  return dni__matrix_columns(weight, x1->columns, weight->columns - x1->columns);
}

dni_status dni__affine_forward(dni_context *context, dni_backend *backend,
                               const dni__affine *affine, const dni_matrix *x1,
                               const dni_matrix *x2, dni_activation activation,
                               const dni_matrix *y) {
  pass p = {.kernels = context->kernels,
            .activation = activation,
            .z = y,
            .bias = affine->bias.value,
            .weight = second_part(&affine->weight.value, x1)};
  const dni__parameter *weight = &affine->weight;
  DNI_TRY(dni__gemm_forward(backend, x1, &weight->value, weight->packed, y));
  if (x2 && run_picking_pass(backend, &p, x2, forward_columns)) return DNI_OK;
  if (x2) DNI_TRY(multiply(affine, backend, 0, 1, 1, x2, &p.weight, 1, y));
  run_pass(backend, &p, forward_columns);
  return DNI_OK;
}

static void skip_gradients(const dni__kernels *kernels, const dni_matrix *y,
                           dni_activation activation, const dni_matrix *dy) {
  if (activation != DNI_ACTIVATION_IDENTITY)
    kernels->activation_backward(dy->rows, dy->columns, y->data, y->stride, dy->data, dy->stride,
                                 dy->data, dy->stride, activation);
}

dni_status dni__affine_backward(dni_context *context, dni_backend *backend, dni__affine *affine,
                                dni_gradient_flags flags, double scale, const dni_matrix *x1,
                                const dni_matrix *x2, const dni_matrix *y,
                                dni_activation activation, const dni_matrix *dy) {
  if (flags & DNI_GRADIENT_SKIP) {
    skip_gradients(context->kernels, y, activation, dy);
    return DNI_OK;
  }
  pass p = {.kernels = context->kernels,
            .activation = activation,
            .z = dy,
            .y = y,
            .bias = affine->bias.gradient,
            .weight = second_part(&affine->weight.gradient, x1),
            .alpha = scale,
            .beta = flags & DNI_GRADIENT_ADD ? 1 : 0};
  bool picks = x2 && run_picking_pass(backend, &p, x2, backward_columns);
  if (!picks) run_pass(backend, &p, backward_columns);
  if (x2 && !picks) DNI_TRY(multiply(affine, backend, 1, 0, p.alpha, dy, x2, p.beta, &p.weight));
  dni_matrix gradient = dni__matrix_columns(&affine->weight.gradient, 0, x1->columns);
  return multiply(affine, backend, 1, 0, p.alpha, dy, x1, p.beta, &gradient);
}

dni_status dni__affine_backward_input(dni_backend *backend, const dni__affine *affine,
                                      const dni_matrix *dz, const dni_matrix *dx) {
  const dni__parameter *weight = &affine->weight;
  return dni__gemm_backward(backend, dz, &weight->value, weight->packed, dx);
}

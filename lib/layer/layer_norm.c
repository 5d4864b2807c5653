/* Layer normalisation (Ba et al. 2016): for each row
 *
 *   xhat = (x - mean) / sqrt(variance + epsilon),   y = scale * xhat + shift
 *
 * with mean and biased variance of the row. With g = dy * scale, and means over the columns,
 *
 *   dx = (g - mean(g) - xhat * mean(g xhat)) / sqrt(variance + epsilon),
 *   dscale = sum over rows of dy xhat,   dshift = sum over rows of dy.
 *
 * The state keeps mean and inverse deviation of each row; xhat is recomputed from x. */
#include "layer/layer.h"
#include "math/kernels.h"

enum { SCALE = 0, SHIFT = 1 };

typedef struct layer_norm {
  dni_layer base;
  double epsilon;
} layer_norm;

/* One call; its rows, and for parameter gradients its columns, may be shared among threads. */
typedef struct pass {
  const layer_norm *norm;
  const dni_layer_call *call;
} pass;

/* Mean and inverse deviation of rows `first` on; NULL in inference. */
static void *statistics_from(const pass *p, size_t first) {
  if (!p->call->state) return NULL;
  size_t rows = p->call->x->rows;
  dni_matrix all = dni__matrix_make(p->call->state, rows, 2, p->norm->base.context->dtype);
  return dni__matrix_row(&all, first);
}

static void *value(const pass *p, size_t which) {
  return p->norm->base.parameters[which].value.data;
}

static void forward_rows(void *argument, size_t first, size_t end) {
  const pass *p = argument;
  dni_matrix x = dni__matrix_rows(p->call->x, first, end - first);
  dni_matrix y = dni__matrix_rows(p->call->y, first, end - first);
  p->norm->base.context->kernels->layer_norm(x.rows, x.columns, x.data, x.stride, y.data, y.stride,
                                             value(p, SCALE), value(p, SHIFT), p->norm->epsilon,
                                             statistics_from(p, first));
}

static void backward_rows(void *argument, size_t first, size_t end) {
  const pass *p = argument;
  dni_matrix x = dni__matrix_rows(p->call->x, first, end - first);
  dni_matrix dy = dni__matrix_rows(p->call->dy, first, end - first);
  dni_matrix dx = dni__matrix_rows(p->call->dx, first, end - first);
  p->norm->base.context->kernels->layer_norm_backward(x.rows, x.columns, x.data, x.stride, dy.data,
                                                      dy.stride, dx.data, dx.stride,
                                                      value(p, SCALE), statistics_from(p, first));
}

static void gradient_columns(void *argument, size_t first, size_t end) {
  const pass *p = argument;
  const dni_layer *layer = &p->norm->base;
  size_t count = end - first;
  dni_matrix x = dni__matrix_columns(p->call->x, first, count);
  dni_matrix dy = dni__matrix_columns(p->call->dy, first, count);
  dni_matrix scale = dni__matrix_columns(&layer->parameters[SCALE].gradient, first, count);
  dni_matrix shift = dni__matrix_columns(&layer->parameters[SHIFT].gradient, first, count);
  layer->context->kernels->layer_norm_gradients(
      x.rows, count, x.data, x.stride, dy.data, dy.stride, statistics_from(p, 0), p->call->scale,
      p->call->flags & DNI_GRADIENT_ADD ? 1 : 0, scale.data, shift.data);
}

static dni_status layer_norm_forward(dni_layer *layer, const dni_layer_call *call) {
  pass p = {(const layer_norm *)layer, call};
  size_t rows = call->x->rows;
  dni__share(layer->backend, rows * layer->inputs, rows, forward_rows, &p);
  return DNI_OK;
}

/* Parameter gradients first: dx may be dy. */
static dni_status layer_norm_backward(dni_layer *layer, const dni_layer_call *call) {
  pass p = {(const layer_norm *)layer, call};
  size_t rows = call->x->rows, numbers = rows * layer->inputs;
  if (!(call->flags & DNI_GRADIENT_SKIP))
    dni__share(layer->backend, numbers, layer->inputs, gradient_columns, &p);
  if (call->dx) dni__share(layer->backend, numbers, rows, backward_rows, &p);
  return DNI_OK;
}

static size_t layer_norm_state_bytes(const dni_layer *layer, size_t rows) {
  size_t bytes;
  return dni__multiply(rows, 2 * dni__dtype_size(layer->context->dtype), &bytes) ? bytes : SIZE_MAX;
}

static double *layer_norm_setting(dni_layer *layer, dni_setting setting) {
  return setting == DNI_SETTING_EPSILON ? &((layer_norm *)layer)->epsilon : NULL;
}

static dni_status layer_norm_copy(const dni_layer *layer, dni_layer **out) {
  DNI_TRY(dni_layer_create_layer_norm(layer->context, layer->inputs, out));
  ((layer_norm *)*out)->epsilon = ((const layer_norm *)layer)->epsilon;
  return DNI_OK;
}

static const dni__layer_vtable layer_norm_vtable = {
    .kind = DNI_LAYER_LAYER_NORM,
    .keeps_dy = true,
    .in_place = true,
    .forward = layer_norm_forward,
    .backward = layer_norm_backward,
    .state_bytes = layer_norm_state_bytes,
    .setting = layer_norm_setting,
    .copy = layer_norm_copy,
};

dni_status dni_layer_create_layer_norm(dni_context *context, size_t units, dni_layer **out) {
  DNI_TRY(dni__layer_check_create(context, out, units, units, "layer_norm"));
  if (units == 1)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "layer_norm layer: of 1 unit the output is `shift`, whatever the input is");
  dni_layer *layer =
      dni__layer_allocate(context, sizeof(layer_norm), &layer_norm_vtable, units, units, 2);
  if (!layer) return DNI_ERROR_MEMORY;
  ((layer_norm *)layer)->epsilon = 1e-5;
  dni__parameter *parameters = layer->parameters;
  dni_status status = dni__parameter_create(context, "scale", 1, units, true, &parameters[SCALE]);
  if (status == DNI_OK)
    status = dni__parameter_create(context, "shift", 1, units, true, &parameters[SHIFT]);
  if (status != DNI_OK) {
    dni_layer_release(layer);
    return status;
  }
  dni__parameter_fill(&parameters[SCALE], 1);
  *out = layer;
  return DNI_OK;
}

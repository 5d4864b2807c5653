/* Batch normalisation (Ioffe and Szegedy 2015):
 *
 *   xhat = (x - mean) / sqrt(variance + epsilon),   y = scale * xhat + shift
 *
 * Forward in training is three passes over x (mean, variance, result): two passes for the
 * statistics because the one-pass formula loses digits when the mean is large. Backward is two,
 *
 *   dshift = sum dy,   dscale = sum dy xhat,
 *   dx = scale / sqrt(variance + epsilon) * (dy - dshift / rows - xhat * dscale / rows),
 *
 * with per-column factors prepared in between. xhat is recomputed from x, so nothing batch-sized is
 * kept. Statistics and factors are in the state; inference needs none and writes y alone. */
#include <math.h>
#include <string.h>

#include "layer/layer.h"
#include "math/kernels.h"

enum { SCALE = 0, SHIFT = 1, RUNNING_MEAN = 2, RUNNING_VARIANCE = 3 };

/* What the state holds, each [units]. */
enum { MEAN, INVERSE_DEVIATION, FACTOR, OFFSET, SLOPE, SUM_DY, SUM_DY_DEVIATION, COLUMN_COUNT };

typedef struct batch_norm {
  dni_layer base;
  double epsilon, statistics_rate;
} batch_norm;

/* One pass over the batch; its columns may be shared among threads. */
typedef struct pass {
  const batch_norm *norm;
  const dni_layer_call *call;
} pass;

static dni_matrix column(const pass *p, size_t which) {
  const dni_layer *layer = &p->norm->base;
  dni_matrix all =
      dni__matrix_make(p->call->state, COLUMN_COUNT, layer->inputs, layer->context->dtype);
  return dni__matrix_rows(&all, which, 1);
}

static void *at(const dni_matrix *row, size_t first) {
  return dni__matrix_columns(row, first, 1).data;
}

/* What the kernels work on, from column `first` on. In inference the columns of the state are NULL.
 */
static dni__norm_columns columns_from(const pass *p, size_t first) {
  const batch_norm *norm = p->norm;
  const dni__parameter *parameters = norm->base.parameters;
  size_t rows = p->call->x->rows;
  dni_matrix own[COLUMN_COUNT];
  for (size_t i = 0; i < COLUMN_COUNT; i++)
    own[i] = column(p, i);
  return (dni__norm_columns){
      .mean = at(&own[MEAN], first),
      .inverse = at(&own[INVERSE_DEVIATION], first),
      .factor = at(&own[FACTOR], first),
      .offset = at(&own[OFFSET], first),
      .slope = at(&own[SLOPE], first),
      .sum_dy = at(&own[SUM_DY], first),
      .sum_dy_deviation = at(&own[SUM_DY_DEVIATION], first),
      .scale = at(&parameters[SCALE].value, first),
      .shift = at(&parameters[SHIFT].value, first),
      .running_mean = at(&parameters[RUNNING_MEAN].value, first),
      .running_variance = at(&parameters[RUNNING_VARIANCE].value, first),
      .scale_gradient = at(&parameters[SCALE].gradient, first),
      .shift_gradient = at(&parameters[SHIFT].gradient, first),
      .epsilon = norm->epsilon,
      .rate = norm->statistics_rate,
      .unbiased = rows > 1 ? (double)rows / (double)(rows - 1) : 1,
      .share = rows > 0 ? 1 / (double)rows : 0,
      .gradient_share = p->call->scale,
  };
}

static void take_statistics(void *argument, size_t first, size_t end) {
  const pass *p = argument;
  dni_matrix x = dni__matrix_columns(p->call->x, first, end - first);
  dni__norm_columns columns = columns_from(p, first);
  p->norm->base.context->kernels->column_statistics(x.rows, x.columns, x.data, x.stride,
                                                    columns.mean, columns.inverse);
}

/* Before anything is made of them: running statistics stay as they were if this fails. */
static dni_status check_statistics(const pass *p) {
  const dni__kernels *kernels = p->norm->base.context->kernels;
  dni_matrix mean = column(p, MEAN), variance = column(p, INVERSE_DEVIATION);
  size_t units = p->norm->base.inputs, c = 0;
  if (kernels->non_finite(units, mean.data) + kernels->non_finite(units, variance.data) == 0)
    return DNI_OK;
  while (isfinite(dni__matrix_get(&mean, 0, c)) && isfinite(dni__matrix_get(&variance, 0, c)))
    c++;
  return dni__fail(DNI_ERROR_NON_FINITE, "the batch's statistics of unit %zu are not finite", c);
}

static void normalise_training(void *argument, size_t first, size_t end) {
  const pass *p = argument;
  const dni__kernels *kernels = p->norm->base.context->kernels;
  dni_matrix x = dni__matrix_columns(p->call->x, first, end - first);
  dni_matrix y = dni__matrix_columns(p->call->y, first, end - first);
  dni__norm_columns columns = columns_from(p, first);
  kernels->norm_training(x.columns, &columns);
  kernels->normalise(x.rows, x.columns, x.data, x.stride, y.data, y.stride, columns.mean,
                     columns.factor, columns.shift);
}

static void normalise_inference(void *argument, size_t first, size_t end) {
  const pass *p = argument;
  dni_matrix x = dni__matrix_columns(p->call->x, first, end - first);
  dni_matrix y = dni__matrix_columns(p->call->y, first, end - first);
  dni__norm_columns columns = columns_from(p, first);
  p->norm->base.context->kernels->norm_inference(x.rows, x.columns, x.data, x.stride, y.data,
                                                 y.stride, &columns);
}

static void share(pass *p, dni__range_work work) {
  const dni_matrix *x = p->call->x;
  dni__share(p->norm->base.backend, x->rows * x->columns, x->columns, work, p);
}

static size_t batch_norm_state_bytes(const dni_layer *layer, size_t rows) {
  (void)rows;
  size_t bytes;
  bool fits =
      dni__multiply(layer->inputs, COLUMN_COUNT * dni__dtype_size(layer->context->dtype), &bytes);
  return fits ? bytes : SIZE_MAX;
}

static dni_status batch_norm_forward(dni_layer *layer, const dni_layer_call *call) {
  pass p = {(const batch_norm *)layer, call};
  if (call->mode == DNI_MODE_INFERENCE) {
    share(&p, normalise_inference);
    return DNI_OK;
  }
  if (call->x->rows == 0) { /* its sums are 0, whatever an older batch has left */
    memset(call->state, 0, batch_norm_state_bytes(layer, 0));
    return DNI_OK;
  }
  share(&p, take_statistics);
  DNI_TRY(check_statistics(&p));
  share(&p, normalise_training);
  return DNI_OK;
}

static void backward_columns(void *argument, size_t first, size_t end) {
  const pass *p = argument;
  const dni__kernels *kernels = p->norm->base.context->kernels;
  dni_gradient_flags flags = p->call->flags;
  size_t count = end - first;
  dni_matrix x = dni__matrix_columns(p->call->x, first, count);
  dni_matrix dy = dni__matrix_columns(p->call->dy, first, count);
  dni__norm_columns columns = columns_from(p, first);
  kernels->normalise_sums(x.rows, count, x.data, x.stride, dy.data, dy.stride, columns.mean,
                          columns.sum_dy, columns.sum_dy_deviation);
  kernels->norm_slopes(count, &columns);
  if (!(flags & DNI_GRADIENT_SKIP))
    kernels->norm_gradients(count, &columns, flags & DNI_GRADIENT_ADD);
  if (!p->call->dx) return;
  dni_matrix dx = dni__matrix_columns(p->call->dx, first, count);
  kernels->normalise_backward(x.rows, count, x.data, x.stride, dy.data, dy.stride, dx.data,
                              dx.stride, columns.mean, columns.factor, columns.offset,
                              columns.slope);
}

static dni_status batch_norm_backward(dni_layer *layer, const dni_layer_call *call) {
  pass p = {(const batch_norm *)layer, call};
  share(&p, backward_columns);
  return DNI_OK;
}

static double *batch_norm_setting(dni_layer *layer, dni_setting setting) {
  batch_norm *norm = (batch_norm *)layer;
  switch (setting) {
  case DNI_SETTING_EPSILON:
    return &norm->epsilon;
  case DNI_SETTING_STATISTICS_RATE:
    return &norm->statistics_rate;
  default:
    return NULL;
  }
}

static dni_status batch_norm_copy(const dni_layer *layer, dni_layer **out) {
  const batch_norm *norm = (const batch_norm *)layer;
  DNI_TRY(dni_layer_create_batch_norm(layer->context, layer->inputs, out));
  ((batch_norm *)*out)->epsilon = norm->epsilon;
  ((batch_norm *)*out)->statistics_rate = norm->statistics_rate;
  return DNI_OK;
}

static const dni__layer_vtable batch_norm_vtable = {
    .kind = DNI_LAYER_BATCH_NORM,
    .keeps_dy = true,
    .in_place = true,
    .least_rows = 2, /* one has no variance, and its output would be `shift` whatever it is */
    .forward = batch_norm_forward,
    .backward = batch_norm_backward,
    .state_bytes = batch_norm_state_bytes,
    .setting = batch_norm_setting,
    .copy = batch_norm_copy,
};

static dni_status create_parameters(batch_norm *norm) {
  static const char *const names[] = {"scale", "shift", "running_mean", "running_variance"};
  for (size_t i = 0; i < norm->base.parameter_count; i++)
    DNI_TRY(dni__parameter_create(norm->base.context, names[i], 1, norm->base.inputs,
                                  i == SCALE || i == SHIFT, &norm->base.parameters[i]));
  dni__parameter_fill(&norm->base.parameters[SCALE], 1);
  dni__parameter_fill(&norm->base.parameters[RUNNING_VARIANCE], 1);
  return DNI_OK;
}

dni_status dni_layer_create_batch_norm(dni_context *context, size_t units, dni_layer **out) {
  DNI_TRY(dni__layer_check_create(context, out, units, units, "batch_norm"));
  dni_layer *layer =
      dni__layer_allocate(context, sizeof(batch_norm), &batch_norm_vtable, units, units, 4);
  if (!layer) return DNI_ERROR_MEMORY;
  batch_norm *norm = (batch_norm *)layer;
  norm->epsilon = 1e-5;
  norm->statistics_rate = 0.1;
  dni_status status = create_parameters(norm);
  if (status != DNI_OK) {
    dni_layer_release(layer);
    return status;
  }
  *out = layer;
  return DNI_OK;
}

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
 * kept. */
#include <math.h>
#include <string.h>

#include "backend/backend.h"
#include "layer/layer.h"
#include "math/kernels.h"

enum { SCALE = 0, SHIFT = 1, RUNNING_MEAN = 2, RUNNING_VARIANCE = 3 };

/* Per-column working space, each [units]. */
enum { MEAN, INVERSE_DEVIATION, FACTOR, OFFSET, SLOPE, SUM_DY, SUM_DY_DEVIATION, COLUMN_COUNT };

typedef struct batch_norm {
  dni_layer base;
  double epsilon, statistics_rate;
  size_t rows; /* of the last training forward; 0: none yet */
  void *columns;
} batch_norm;

static dni_matrix column(const batch_norm *norm, size_t which) {
  size_t units = norm->base.inputs;
  dni_matrix all = dni__matrix_make(norm->columns, COLUMN_COUNT, units, norm->base.context->dtype);
  return dni__matrix_rows(&all, which, 1);
}

/* One pass over the batch; its columns may be shared among threads. */
typedef struct pass {
  batch_norm *norm;
  const dni_matrix *x;
  const dni_matrix *y;  /* of forward */
  const dni_matrix *dy; /* of backward */
  const dni_matrix *dx; /* NULL: not wanted */
  int32_t gradient_mode;
} pass;

static void *at(const dni_matrix *row, size_t first) {
  return dni__matrix_columns(row, first, 1).data;
}

/* What the kernels work on, from column `first` on. */
static dni__norm_columns columns_from(const batch_norm *norm, size_t rows, size_t first) {
  const dni__parameter *parameters = norm->base.parameters;
  dni_matrix own[COLUMN_COUNT];
  for (size_t i = 0; i < COLUMN_COUNT; i++)
    own[i] = column(norm, i);
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
  };
}

static void take_statistics(void *argument, size_t first, size_t end) {
  const pass *p = argument;
  dni_matrix x = dni__matrix_columns(p->x, first, end - first);
  dni__norm_columns columns = columns_from(p->norm, x.rows, first);
  p->norm->base.context->kernels->column_statistics(x.rows, x.columns, x.data, x.stride,
                                                    columns.mean, columns.inverse);
}

static dni_status check_statistics(const batch_norm *norm) {
  const dni__kernels *kernels = norm->base.context->kernels;
  dni_matrix mean = column(norm, MEAN), variance = column(norm, INVERSE_DEVIATION);
  size_t units = norm->base.inputs, c = 0;
  if (kernels->non_finite(units, mean.data) + kernels->non_finite(units, variance.data) == 0)
    return DNI_OK;
  while (isfinite(dni__matrix_get(&mean, 0, c)) && isfinite(dni__matrix_get(&variance, 0, c)))
    c++;
  return dni__fail(DNI_ERROR_NON_FINITE, "the batch's statistics of unit %zu are not finite", c);
}

static void normalise_training(void *argument, size_t first, size_t end) {
  const pass *p = argument;
  const dni__kernels *kernels = p->norm->base.context->kernels;
  dni_matrix x = dni__matrix_columns(p->x, first, end - first);
  dni_matrix y = dni__matrix_columns(p->y, first, end - first);
  dni__norm_columns columns = columns_from(p->norm, x.rows, first);
  kernels->norm_training(x.columns, &columns);
  kernels->normalise(x.rows, x.columns, x.data, x.stride, y.data, y.stride, columns.mean,
                     columns.factor, columns.shift);
}

/* FACTOR is shared with training, whose backward computes it anew. */
static void normalise_inference(void *argument, size_t first, size_t end) {
  const pass *p = argument;
  const dni__kernels *kernels = p->norm->base.context->kernels;
  dni_matrix x = dni__matrix_columns(p->x, first, end - first);
  dni_matrix y = dni__matrix_columns(p->y, first, end - first);
  dni__norm_columns columns = columns_from(p->norm, x.rows, first);
  kernels->norm_inference(x.columns, &columns);
  kernels->normalise(x.rows, x.columns, x.data, x.stride, y.data, y.stride, columns.running_mean,
                     columns.factor, columns.shift);
}

static void share(pass *p, dni__range_work work) {
  dni__share(p->norm->base.backend, p->x->rows * p->x->columns, p->x->columns, work, p);
}

static dni_status batch_norm_forward(dni_layer *layer, int32_t mode, const dni_matrix *x,
                                     const dni_matrix *y) {
  batch_norm *norm = (batch_norm *)layer;
  pass p = {.norm = norm, .x = x, .y = y};
  if (mode != DNI_MODE_TRAINING) {
    share(&p, normalise_inference);
    return DNI_OK;
  }
  norm->rows = 0;
  if (x->rows == 0) return DNI_OK;
  share(&p, take_statistics);
  DNI_TRY(check_statistics(norm));
  share(&p, normalise_training);
  norm->rows = x->rows;
  return DNI_OK;
}

static void backward_columns(void *argument, size_t first, size_t end) {
  const pass *p = argument;
  const dni__kernels *kernels = p->norm->base.context->kernels;
  size_t count = end - first;
  dni_matrix x = dni__matrix_columns(p->x, first, count);
  dni_matrix dy = dni__matrix_columns(p->dy, first, count);
  dni__norm_columns columns = columns_from(p->norm, x.rows, first);
  kernels->normalise_sums(x.rows, count, x.data, x.stride, dy.data, dy.stride, columns.mean,
                          columns.sum_dy, columns.sum_dy_deviation);
  kernels->norm_slopes(count, &columns);
  if (p->gradient_mode != DNI_GRADIENT_SKIP)
    kernels->norm_gradients(count, &columns, p->gradient_mode == DNI_GRADIENT_ADD);
  if (!p->dx) return;
  dni_matrix dx = dni__matrix_columns(p->dx, first, count);
  kernels->normalise_backward(x.rows, count, x.data, x.stride, dy.data, dy.stride, dx.data,
                              dx.stride, columns.mean, columns.factor, columns.offset,
                              columns.slope);
}

static dni_status batch_norm_backward(dni_layer *layer, int32_t gradient_mode, const dni_matrix *x,
                                      const dni_matrix *y, const dni_matrix *dy,
                                      const dni_matrix *dx) {
  (void)y;
  batch_norm *norm = (batch_norm *)layer;
  if (x->rows != norm->rows)
    return dni__fail(DNI_ERROR_STATE, "x has %zu rows, the last training forward had %zu", x->rows,
                     norm->rows);
  pass p = {.norm = norm, .x = x, .dy = dy, .dx = dx, .gradient_mode = gradient_mode};
  share(&p, backward_columns);
  return DNI_OK;
}

static double *batch_norm_tunable(dni_layer *layer, dni_param parameter) {
  batch_norm *norm = (batch_norm *)layer;
  switch (parameter) {
  case DNI_PARAM_EPSILON:
    return &norm->epsilon;
  case DNI_PARAM_STATISTICS_RATE:
    return &norm->statistics_rate;
  default:
    return NULL;
  }
}

static void batch_norm_destroy(dni_layer *layer) {
  dni__free(layer->context->memory, ((batch_norm *)layer)->columns);
}

/* Mean and inverse deviation lie side by side; the number of rows comes first. */
static size_t statistics_bytes(const dni_layer *layer) {
  return 2 * layer->inputs * dni__dtype_size(layer->context->dtype);
}

static size_t batch_norm_state_bytes(const dni_layer *layer) {
  return statistics_bytes(layer) + DNI_ALIGNMENT;
}

static void batch_norm_exchange_state(dni_layer *layer, void *memory, bool back) {
  batch_norm *norm = (batch_norm *)layer;
  unsigned char *statistics = (unsigned char *)memory + DNI_ALIGNMENT;
  memcpy(back ? (void *)&norm->rows : memory, back ? memory : (void *)&norm->rows,
         sizeof norm->rows);
  memcpy(back ? norm->columns : (void *)statistics, back ? (void *)statistics : norm->columns,
         statistics_bytes(layer));
}

static const dni__layer_vtable batch_norm_vtable = {
    .kind = DNI_LAYER_BATCH_NORM,
    .keeps_dy = true,
    .forward = batch_norm_forward,
    .backward = batch_norm_backward,
    .tunable = batch_norm_tunable,
    .destroy = batch_norm_destroy,
    .state_bytes = batch_norm_state_bytes,
    .exchange_state = batch_norm_exchange_state,
};

static dni_status create_parameters(batch_norm *norm) {
  static const char *const names[] = {"scale", "shift", "running_mean", "running_variance"};
  for (size_t i = 0; i < norm->base.parameter_count; i++)
    DNI_TRY(dni__parameter_create(norm->base.context, names[i], 1, norm->base.inputs,
                                  i == SCALE || i == SHIFT, &norm->base.parameters[i]));
  dni__parameter_fill(&norm->base.parameters[SCALE], 1);
  dni__parameter_fill(&norm->base.parameters[RUNNING_VARIANCE], 1);
  size_t elements;
  if (!dni__multiply(norm->base.inputs, COLUMN_COUNT, &elements))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu units", norm->base.inputs);
  norm->columns = dni__allocate(norm->base.context->memory, elements,
                                dni__dtype_size(norm->base.context->dtype));
  return norm->columns ? DNI_OK : DNI_ERROR_MEMORY;
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

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

/* What the kernels of columns work on. */
static dni__norm_columns norm_of(const batch_norm *norm, size_t rows) {
  const dni__parameter *parameters = norm->base.parameters;
  return (dni__norm_columns){
      .mean = column(norm, MEAN).data,
      .inverse = column(norm, INVERSE_DEVIATION).data,
      .factor = column(norm, FACTOR).data,
      .offset = column(norm, OFFSET).data,
      .slope = column(norm, SLOPE).data,
      .sum_dy = column(norm, SUM_DY).data,
      .sum_dy_deviation = column(norm, SUM_DY_DEVIATION).data,
      .scale = parameters[SCALE].value.data,
      .running_mean = parameters[RUNNING_MEAN].value.data,
      .running_variance = parameters[RUNNING_VARIANCE].value.data,
      .scale_gradient = parameters[SCALE].gradient.data,
      .shift_gradient = parameters[SHIFT].gradient.data,
      .epsilon = norm->epsilon,
      .rate = norm->statistics_rate,
      .unbiased = rows > 1 ? (double)rows / (double)(rows - 1) : 1,
      .share = rows > 0 ? 1 / (double)rows : 0,
  };
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

static void normalise(const batch_norm *norm, const dni_matrix *mean, const dni_matrix *factor,
                      const dni_matrix *x, const dni_matrix *y) {
  norm->base.context->kernels->normalise(x->rows, x->columns, x->data, x->stride, y->data,
                                         y->stride, mean->data, factor->data,
                                         norm->base.parameters[SHIFT].value.data);
}

static dni_status forward_training(batch_norm *norm, const dni_matrix *x, const dni_matrix *y) {
  dni_matrix mean = column(norm, MEAN), variance = column(norm, INVERSE_DEVIATION);
  dni_matrix factor = column(norm, FACTOR);
  norm->rows = 0;
  if (x->rows == 0) return DNI_OK;
  norm->base.context->kernels->column_statistics(x->rows, x->columns, x->data, x->stride, mean.data,
                                                 variance.data);
  DNI_TRY(check_statistics(norm));
  dni__norm_columns columns = norm_of(norm, x->rows);
  norm->base.context->kernels->norm_training(x->columns, &columns);
  normalise(norm, &mean, &factor, x, y);
  norm->rows = x->rows;
  return DNI_OK;
}

/* FACTOR is shared with training, whose backward computes it anew. */
static dni_status forward_inference(batch_norm *norm, const dni_matrix *x, const dni_matrix *y) {
  const dni__parameter *parameters = norm->base.parameters;
  dni_matrix factor = column(norm, FACTOR);
  dni__norm_columns columns = norm_of(norm, x->rows);
  norm->base.context->kernels->norm_inference(x->columns, &columns);
  normalise(norm, &parameters[RUNNING_MEAN].value, &factor, x, y);
  return DNI_OK;
}

static dni_status batch_norm_forward(dni_layer *layer, int32_t mode, const dni_matrix *x,
                                     const dni_matrix *y) {
  batch_norm *norm = (batch_norm *)layer;
  return mode == DNI_MODE_TRAINING ? forward_training(norm, x, y) : forward_inference(norm, x, y);
}

static dni_status batch_norm_backward(dni_layer *layer, int32_t gradient_mode, const dni_matrix *x,
                                      const dni_matrix *y, const dni_matrix *dy,
                                      const dni_matrix *dx) {
  (void)y;
  batch_norm *norm = (batch_norm *)layer;
  const dni__kernels *kernels = layer->context->kernels;
  if (x->rows != norm->rows)
    return dni__fail(DNI_ERROR_STATE, "x has %zu rows, the last training forward had %zu", x->rows,
                     norm->rows);
  dni_matrix mean = column(norm, MEAN), factor = column(norm, FACTOR);
  dni_matrix offset = column(norm, OFFSET), slope = column(norm, SLOPE);
  dni_matrix sum_dy = column(norm, SUM_DY), sum_deviation = column(norm, SUM_DY_DEVIATION);
  kernels->normalise_sums(x->rows, x->columns, x->data, x->stride, dy->data, dy->stride, mean.data,
                          sum_dy.data, sum_deviation.data);
  dni__norm_columns columns = norm_of(norm, x->rows);
  kernels->norm_slopes(x->columns, &columns);
  if (gradient_mode != DNI_GRADIENT_SKIP)
    kernels->norm_gradients(x->columns, &columns, gradient_mode == DNI_GRADIENT_ADD);
  if (dx)
    kernels->normalise_backward(x->rows, x->columns, x->data, x->stride, dy->data, dy->stride,
                                dx->data, dx->stride, mean.data, factor.data, offset.data,
                                slope.data);
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

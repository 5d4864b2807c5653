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

static double get(const dni_matrix *row, size_t c) {
  return dni__matrix_get(row, 0, c);
}

static void set(const dni_matrix *row, size_t c, double value) {
  dni__matrix_set(row, 0, c, value);
}

/* From the batch's mean and variance: the inverse deviation and factor = scale * it, and the
 * running statistics. The variance arrives in INVERSE_DEVIATION's place. */
static dni_status use_batch_statistics(batch_norm *norm, size_t rows) {
  const dni__parameter *parameters = norm->base.parameters;
  dni_matrix mean = column(norm, MEAN), inverse = column(norm, INVERSE_DEVIATION);
  dni_matrix factor = column(norm, FACTOR);
  double rate = norm->statistics_rate;
  double unbiased = rows > 1 ? (double)rows / (double)(rows - 1) : 1;
  for (size_t c = 0; c < norm->base.inputs; c++)
    if (!isfinite(get(&mean, c)) || !isfinite(get(&inverse, c)))
      return dni__fail(DNI_ERROR_NON_FINITE, "the batch's statistics of unit %zu are not finite",
                       c);
  for (size_t c = 0; c < norm->base.inputs; c++) {
    double m = get(&mean, c), variance = get(&inverse, c);
    set(&inverse, c, 1 / sqrt(variance + norm->epsilon));
    set(&factor, c, get(&parameters[SCALE].value, c) / sqrt(variance + norm->epsilon));
    double running_mean = get(&parameters[RUNNING_MEAN].value, c);
    double running_variance = get(&parameters[RUNNING_VARIANCE].value, c);
    set(&parameters[RUNNING_MEAN].value, c, running_mean + rate * (m - running_mean));
    set(&parameters[RUNNING_VARIANCE].value, c,
        running_variance + rate * (unbiased * variance - running_variance));
  }
  return DNI_OK;
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
  DNI_TRY(use_batch_statistics(norm, x->rows));
  normalise(norm, &mean, &factor, x, y);
  norm->rows = x->rows;
  return DNI_OK;
}

/* FACTOR is shared with training, whose backward computes it anew. */
static dni_status forward_inference(batch_norm *norm, const dni_matrix *x, const dni_matrix *y) {
  const dni__parameter *parameters = norm->base.parameters;
  dni_matrix factor = column(norm, FACTOR);
  for (size_t c = 0; c < norm->base.inputs; c++)
    set(&factor, c,
        get(&parameters[SCALE].value, c) /
            sqrt(get(&parameters[RUNNING_VARIANCE].value, c) + norm->epsilon));
  normalise(norm, &parameters[RUNNING_MEAN].value, &factor, x, y);
  return DNI_OK;
}

static dni_status batch_norm_forward(dni_layer *layer, int32_t mode, const dni_matrix *x,
                                     const dni_matrix *y) {
  batch_norm *norm = (batch_norm *)layer;
  return mode == DNI_MODE_TRAINING ? forward_training(norm, x, y) : forward_inference(norm, x, y);
}

/* Parameter gradients (means over the rows) and the columns of the dx formula, from the two sums.
 */
static void use_gradient_sums(batch_norm *norm, int32_t gradient_mode, size_t rows) {
  const dni__parameter *parameters = norm->base.parameters;
  dni_matrix inverse = column(norm, INVERSE_DEVIATION), factor = column(norm, FACTOR);
  dni_matrix offset = column(norm, OFFSET), slope = column(norm, SLOPE);
  dni_matrix sum_dy = column(norm, SUM_DY), sum_deviation = column(norm, SUM_DY_DEVIATION);
  double share = rows > 0 ? 1 / (double)rows : 0;
  for (size_t c = 0; c < norm->base.inputs; c++) {
    double mean_dy = get(&sum_dy, c) * share;
    double mean_dy_xhat = get(&sum_deviation, c) * get(&inverse, c) * share;
    set(&factor, c, get(&parameters[SCALE].value, c) * get(&inverse, c));
    set(&offset, c, mean_dy);
    set(&slope, c, mean_dy_xhat * get(&inverse, c));
    if (gradient_mode == DNI_GRADIENT_SKIP) continue;
    bool add = gradient_mode == DNI_GRADIENT_ADD;
    const dni_matrix *dscale = &parameters[SCALE].gradient, *dshift = &parameters[SHIFT].gradient;
    set(dscale, c, mean_dy_xhat + (add ? get(dscale, c) : 0));
    set(dshift, c, mean_dy + (add ? get(dshift, c) : 0));
  }
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
  use_gradient_sums(norm, gradient_mode, x->rows);
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

static const dni__layer_vtable batch_norm_vtable = {
    DNI_LAYER_BATCH_NORM, true, batch_norm_forward, batch_norm_backward, batch_norm_tunable,
    batch_norm_destroy,
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

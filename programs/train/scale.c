/* Numbers of a table, brought to mean 0 and a spread of about 1, and a network made fit for that or for the
 * file's own numbers again.
 *
 * A network whose first and last layers are dense needs no part of its own for scaling: W (x - mean) factor is
 * another W and another bias. So what is saved takes and gives the file's own numbers, and any program can use
 * it. All targets have one factor, so the loss is that of the file's own numbers but for a factor. */
#include <math.h>
#include <stdlib.h>

#include "train.h"

/* A column may go so far from its mean: rare numbers of a column of mostly 0 stay tame. */
static const double reach_most = 10;

typedef struct spread {
  double mean, deviation, reach; /* reach: the largest distance from the mean */
} spread;

static spread look_at(const double *values, size_t rows, size_t stride) {
  spread c = {0};
  double least = values[0], most = values[0], squares = 0;
  for (size_t i = 0; i < rows; i++) {
    const double value = values[i * stride];
    c.mean += value / (double)rows;
    least = fmin(least, value);
    most = fmax(most, value);
  }
  if (least == most) c.mean = least; /* exactly, so that nothing is left of it */
  for (size_t i = 0; i < rows; i++)
    squares += (values[i * stride] - c.mean) * (values[i * stride] - c.mean) / (double)rows;
  c.deviation = sqrt(squares);
  c.reach = fmax(most - c.mean, c.mean - least);
  return c;
}

bool scaling_of_features(scaling *scale, const double *x, size_t rows, size_t features,
                         size_t stride, bool keep) {
  scale->feature_mean = calloc(features, sizeof *scale->feature_mean);
  scale->feature_factor = calloc(features, sizeof *scale->feature_factor);
  if (!scale->feature_mean || !scale->feature_factor) return false;
  scale->features = features;
  for (size_t i = 0; i < features; i++) {
    const spread c = look_at(x + i, rows, stride);
    const double unit = fmax(c.deviation, c.reach / reach_most);
    scale->feature_mean[i] = c.mean;
    scale->feature_factor[i] = unit > 0 ? 1 / unit : keep ? 1 : 0;
  }
  return true;
}

bool scaling_of_targets(scaling *scale, const double *y, size_t rows, size_t targets,
                        size_t stride) {
  double squares = 0;
  scale->target_mean = calloc(targets, sizeof *scale->target_mean);
  if (!scale->target_mean) return false;
  scale->targets = targets;
  for (size_t i = 0; i < targets; i++) {
    const spread c = look_at(y + i, rows, stride);
    scale->target_mean[i] = c.mean;
    squares += c.deviation * c.deviation / (double)targets;
  }
  scale->target_factor = squares > 0 ? 1 / sqrt(squares) : 1;
  return true;
}

void scaling_release(scaling *scale) {
  free(scale->feature_mean);
  free(scale->feature_factor);
  free(scale->target_mean);
  *scale = (scaling){0};
}

/* The network. ----------------------------------------------------------------------------------- */

static dni_layer *last_layer(dni_network *network) {
  return dni_network_layer(network, dni_network_layer_count(network) - 1);
}

bool network_takes_scaled(dni_network *network) {
  return dni_layer_kind(dni_network_layer(network, 0)) == DNI_LAYER_DENSE;
}

bool network_gives_scaled(dni_network *network) {
  const dni_layer *last = last_layer(network);
  return dni_layer_kind(last) == DNI_LAYER_DENSE &&
         dni_layer_activation(last) == DNI_ACTIVATION_IDENTITY;
}

static double get(const dni_matrix *m, size_t row, size_t at) {
  return get_element(m->dtype, m->data, row * m->stride + at);
}

static void set(const dni_matrix *m, size_t row, size_t at, double value) {
  set_element(m->dtype, m->data, row * m->stride + at, value);
}

typedef struct affine {
  dni_layer *layer;
  dni_matrix weight, bias;
} affine;

static dni_status open_affine(dni_layer *layer, affine *a) {
  a->layer = layer;
  dni_status status = dni_layer_parameter(layer, 0, &a->weight, NULL);
  return status == DNI_OK ? dni_layer_parameter(layer, 1, &a->bias, NULL) : status;
}

/* x = mean + (x scaled) / factor, and the other way round. Column by column: the bias takes what a shift of x
 * makes of W x. */
static dni_status change_inputs(dni_layer *layer, const scaling *scale, bool to_scaled) {
  affine a;
  dni_status status = open_affine(layer, &a);
  if (status != DNI_OK) return status;
  for (size_t row = 0; row < a.weight.rows; row++) {
    double bias = get(&a.bias, 0, row);
    for (size_t i = 0; i < scale->features; i++) {
      const double weight = get(&a.weight, row, i), factor = scale->feature_factor[i];
      const double other = to_scaled ? (factor > 0 ? weight / factor : weight) : weight * factor;
      bias += to_scaled ? weight * scale->feature_mean[i] : -other * scale->feature_mean[i];
      set(&a.weight, row, i, other);
    }
    set(&a.bias, 0, row, bias);
  }
  return dni_layer_changed(layer);
}

/* y scaled = (y - mean) factor. */
static dni_status change_outputs(dni_layer *layer, const scaling *scale, bool to_scaled) {
  affine a;
  dni_status status = open_affine(layer, &a);
  if (status != DNI_OK) return status;
  const double factor = to_scaled ? scale->target_factor : 1 / scale->target_factor;
  for (size_t row = 0; row < scale->targets; row++) {
    const double bias = get(&a.bias, 0, row), mean = scale->target_mean[row];
    for (size_t i = 0; i < a.weight.columns; i++)
      set(&a.weight, row, i, get(&a.weight, row, i) * factor);
    set(&a.bias, 0, row, to_scaled ? (bias - mean) * factor : bias * factor + mean);
  }
  return dni_layer_changed(layer);
}

static dni_status change(dni_network *network, const scaling *scale, bool to_scaled) {
  dni_status status = DNI_OK;
  if (scale->features > 0) status = change_inputs(dni_network_layer(network, 0), scale, to_scaled);
  if (status == DNI_OK && scale->targets > 0)
    status = change_outputs(last_layer(network), scale, to_scaled);
  return status;
}

dni_status network_scale(dni_network *network, const scaling *scale) {
  return change(network, scale, true);
}

dni_status network_unscale(dni_network *network, const scaling *scale) {
  return change(network, scale, false);
}

/* Numbers of a table, brought to mean 0 and a spread of about 1, and a network made fit for that or for the
 * file's own numbers again.
 *
 * A network whose first and last layers are dense needs no part of its own for scaling: W (x - mean) factor is
 * another W and another bias. So what is saved takes and gives the file's own numbers, and any program can use
 * it. All targets have one factor, so the loss is that of the file's own numbers but for a factor. */
#include <float.h>
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

/* Weights are divided by spreads, and what is saved takes the numbers as they are: both have to be numbers
 * of the element type, with room to spare. */
static bool is_in_range(dni_dtype type, const spread *c, double unit) {
  const double most = type == DNI_F64 ? 1e150 : 1e30;
  return fabs(c->mean) <= most && c->reach <= most && (unit <= 0 || unit >= 1 / most);
}

/* 0, or the exit status after a message. */
static int check_range(const columns_of *of, size_t column, const spread *c, double unit) {
  if (is_in_range(of->type, c, unit)) return 0;
  return fail("%s: column %zu: mean %g, and up to %g from it: %s", of->path, of->first + column + 1,
              c->mean, c->reach,
              of->type == DNI_F64 ? "only sizes from 1e-150 to 1e150 can be scaled"
                                  : "floats are scaled from 1e-30 to 1e30, --dtype f64 takes more");
}

/* What is saved has the mean in its biases, and where that is much larger than the spread, there are few digits
 * left for this. It is no failure: answers in this run come from scaled numbers. */
static void note_digits(const columns_of *of, size_t column, const spread *c, double unit) {
  const double digits = of->type == DNI_F64 ? DBL_EPSILON : FLT_EPSILON;
  if (!of->saved || unit <= 0 || fabs(c->mean) * digits <= 1e-2 * unit) return;
  (void)fail("note: %s: column %zu: mean %g, spread %g: the network of --save loses digits%s",
             of->path, of->first + column + 1, c->mean, unit,
             of->type == DNI_F64 ? "" : ", --dtype f64 keeps more");
}

int scaling_of_features(scaling *scale, const columns_of *of, bool keep) {
  scale->feature_mean = calloc(of->count, sizeof *scale->feature_mean);
  scale->feature_factor = calloc(of->count, sizeof *scale->feature_factor);
  if (!scale->feature_mean || !scale->feature_factor) return fail("out of memory");
  scale->features = of->count;
  for (size_t i = 0; i < of->count; i++) {
    const spread c = look_at(of->values + i, of->rows, of->stride);
    const double unit = fmax(c.deviation, c.reach / reach_most);
    if (check_range(of, i, &c, unit) != 0) return EXIT_FAILURE;
    note_digits(of, i, &c, unit);
    scale->feature_mean[i] = c.mean;
    scale->feature_factor[i] = unit > 0 ? 1 / unit : keep ? 1 : 0;
  }
  return 0;
}

/* The spread of all, which have one factor. */
static double joint_unit(const columns_of *of) {
  double squares = 0;
  for (size_t i = 0; i < of->count; i++) {
    const spread c = look_at(of->values + i, of->rows, of->stride);
    squares += c.deviation * c.deviation / (double)of->count;
  }
  return sqrt(squares);
}

int scaling_of_targets(scaling *scale, const columns_of *of) {
  const double unit = joint_unit(of);
  scale->target_mean = calloc(of->count, sizeof *scale->target_mean);
  if (!scale->target_mean) return fail("out of memory");
  scale->targets = of->count;
  for (size_t i = 0; i < of->count; i++) {
    const spread c = look_at(of->values + i, of->rows, of->stride);
    if (check_range(of, i, &c, unit) != 0) return EXIT_FAILURE;
    note_digits(of, i, &c, unit);
    scale->target_mean[i] = c.mean;
  }
  scale->target_factor = unit > 0 ? 1 / unit : 1;
  return 0;
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

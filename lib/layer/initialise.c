/* First weights of dense layers. */
#include <math.h>

#include "core/setting.h"
#include "layer/dense.h"

/* The gain keeps the variance of activations from layer to layer: 2 where about half of it is lost
 * (He et al. 2015, eq. 10), 1 otherwise (LeCun et al. 1998). */
static double default_gain(const dni_layer *layer) {
  switch (layer->activation) {
  case DNI_ACTIVATION_RELU:
  case DNI_ACTIVATION_LEAKY_RELU:
  case DNI_ACTIVATION_GELU:
    return 2;
  default:
    return 1;
  }
}

static dni_matrix weight_of(const dni_layer *layer) {
  return layer->parameters[DNI_DENSE_WEIGHT].value;
}

static void fill_normal(const dni_layer *layer, dni__random *random, double deviation) {
  dni_matrix weight = weight_of(layer);
  dni__random_fill_normal(random, weight.dtype, weight.data, weight.rows * weight.columns,
                          deviation);
}

/* Uniform in [-limit, limit), row by row. */
static void fill_uniform(const dni_layer *layer, dni__random *random, double limit) {
  dni_matrix weight = weight_of(layer);
  for (size_t r = 0; r < weight.rows; r++)
    for (size_t c = 0; c < weight.columns; c++)
      dni__matrix_set(&weight, r, c, limit * (2 * dni__random_uniform(random) - 1));
}

void dni__dense_draw(dni_layer *layer) {
  dni__random random;
  dni__context_random(layer->context, &random);
  fill_normal(layer, &random, sqrt(default_gain(layer) / (double)layer->inputs));
  dni__parameter_fill(&layer->parameters[DNI_DENSE_BIAS], 0);
}

/* Orthogonal weights (Saxe et al. 2014). ------------------------------------------------------ */

/* In several sums, so that the processor need not wait for each addition. */
static double dot(size_t count, const double *a, const double *b) {
  double sums[8] = {0};
  size_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (size_t l = 0; l < 8; l++)
      sums[l] += a[i + l] * b[i + l];
  for (; i < count; i++)
    sums[0] += a[i] * b[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/* Take off `vector` what it has in common with `before` vectors [before][length] of length 1, which
 * lie in front of it in memory; answers the length that is left. */
static double take_off(const double *vectors, size_t before, size_t length, double *vector) {
  for (size_t i = 0; i < before; i++) {
    const double *other = vectors + i * length;
    double common = dot(length, vector, other);
    for (size_t c = 0; c < length; c++)
      vector[c] -= common * other[c];
  }
  return sqrt(dot(length, vector, vector));
}

/* `count` orthonormal vectors [count][length], count <= length: vectors of normal numbers, each
 * without its part along those before it (modified Gram-Schmidt). A vector keeps the sign of what
 * is left of it, so every orthogonal matrix is equally likely. Where little is left, rounding would
 * show; a second round removes it. */
static void draw_orthonormal(dni__random *random, size_t count, size_t length, double *vectors) {
  for (size_t i = 0; i < count; i++) {
    double *vector = vectors + i * length, whole, left = 0;
    while (!(left > 0)) {
      for (size_t c = 0; c < length; c++)
        vector[c] = dni__random_normal(random);
      whole = sqrt(dot(length, vector, vector));
      left = take_off(vectors, i, length, vector);
      if (left < 0.1 * whole) left = take_off(vectors, i, length, vector);
    }
    for (size_t c = 0; c < length; c++)
      vector[c] /= left;
  }
}

/* The vectors become the rows of W, or its columns if these are fewer. */
static void fill_orthogonal(const dni_layer *layer, dni__random *random, double value,
                            double *vectors) {
  dni_matrix weight = weight_of(layer);
  bool by_rows = weight.rows <= weight.columns;
  size_t count = by_rows ? weight.rows : weight.columns;
  size_t length = by_rows ? weight.columns : weight.rows;
  draw_orthonormal(random, count, length, vectors);
  for (size_t i = 0; i < count; i++)
    for (size_t c = 0; c < length; c++)
      dni__matrix_set(&weight, by_rows ? i : c, by_rows ? c : i, value * vectors[i * length + c]);
}

/* The public call. ---------------------------------------------------------------------------- */

static bool is_uniform_kind(dni_initialiser kind) {
  return kind == DNI_INITIALISER_FAN_IN || kind == DNI_INITIALISER_XAVIER ||
         kind == DNI_INITIALISER_HE;
}

static dni_status check_options(const dni_initialiser_options *options, dni_dtype dtype) {
  if (options->kind < DNI_INITIALISER_DEFAULT || options->kind > DNI_INITIALISER_CONSTANT)
    return dni__fail(DNI_ERROR_ARGUMENT, "kind %d is unknown", (int)options->kind);
  if (options->uniform < 0 || options->uniform > 1 || options->has_value < 0 ||
      options->has_value > 1)
    return dni__fail(DNI_ERROR_ARGUMENT, "uniform is %d and has_value %d; each must be 0 or 1",
                     (int)options->uniform, (int)options->has_value);
  if (options->uniform && !is_uniform_kind(options->kind))
    return dni__fail(DNI_ERROR_ARGUMENT, "uniform is for FAN_IN, XAVIER and HE only");
  bool used = options->has_value && options->kind != DNI_INITIALISER_DEFAULT;
  bool negative = options->value < 0 && options->kind != DNI_INITIALISER_CONSTANT;
  if (used && (!isfinite(options->value) || negative))
    return dni__fail(DNI_ERROR_ARGUMENT, "value %g is %s", options->value,
                     negative ? "negative" : "not finite");
  return used ? dni__setting_check_held("a weight", "value", dtype, options->value) : DNI_OK;
}

/* The variance that a kind which looks at the layer's size asks for. */
static double variance_of(const dni_layer *layer, const dni_initialiser_options *options) {
  double inputs = (double)layer->inputs, outputs = (double)layer->outputs;
  double value = options->has_value ? options->value : 1;
  switch (options->kind) {
  case DNI_INITIALISER_FAN_IN:
    return (options->has_value ? value : default_gain(layer)) / inputs;
  case DNI_INITIALISER_XAVIER:
    return 2 * value * value / (inputs + outputs);
  case DNI_INITIALISER_HE:
    return 2 * value * value / inputs;
  default:
    return default_gain(layer) / inputs;
  }
}

static void fill(dni_layer *layer, const dni_initialiser_options *options, dni__random *random,
                 double *vectors) {
  double value = options->has_value ? options->value : 1;
  double deviation =
      options->kind == DNI_INITIALISER_NORMAL ? value : sqrt(variance_of(layer, options));
  if (options->kind == DNI_INITIALISER_CONSTANT)
    dni__parameter_fill(&layer->parameters[DNI_DENSE_WEIGHT], value);
  else if (options->kind == DNI_INITIALISER_ORTHOGONAL)
    fill_orthogonal(layer, random, value, vectors);
  else if (options->kind == DNI_INITIALISER_UNIFORM)
    fill_uniform(layer, random, value);
  else if (options->uniform)
    fill_uniform(layer, random, sqrt(3) * deviation);
  else
    fill_normal(layer, random, deviation);
  dni__parameter_fill(&layer->parameters[DNI_DENSE_BIAS], 0);
}

/* Memory comes first, so that a failure takes no stream. A constant takes none either. */
static dni_status initialise(dni_layer *layer, const dni_initialiser_options *options) {
  DNI_TRY(check_options(options, layer->context->dtype));
  dni__memory *memory = layer->context->memory;
  double *vectors = NULL;
  if (options->kind == DNI_INITIALISER_ORTHOGONAL) {
    vectors = dni__allocate(memory, layer->inputs * layer->outputs, sizeof *vectors);
    if (!vectors) return DNI_ERROR_MEMORY;
  }
  dni__random random = {{0}};
  dni_status status = DNI_OK;
  if (options->kind != DNI_INITIALISER_CONSTANT)
    status = dni__context_random_seeded(layer->context, options->has_seed, options->seed, &random);
  if (status == DNI_OK) {
    fill(layer, options, &random, vectors);
    dni__layer_changed(layer);
  }
  dni__free(memory, vectors);
  return status;
}

dni_status dni_layer_initialise(dni_layer *layer, const dni_initialiser_options *options) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(layer);
  if (layer->vtable->kind != DNI_LAYER_DENSE)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: only dense layers have weights to draw",
                     dni_layer_kind_name(layer));
  dni_initialiser_options known = {.struct_size = sizeof known};
  if (options) DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, options, dni_initialiser_options)));
  dni_status status = initialise(layer, &known);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "dense: dni_initialiser_options: ");
}

/* The element-wise and reduction kernels, ordinary C for one element type; see kernels.h for what
 * each computes. Included with REAL, FN(name), REAL_SQRT and what exp_template.h needs defined;
 * no include guard.
 *
 * Loops run along rows, where memory is contiguous and columns are independent, so the compiler can
 * vectorise sums over rows without reordering any column's additions. Sums over everything use
 * LANES partial sums per row, a fixed order whatever the vector width the compiler picks. */

#define LANES 16

#include "math/exp_template.h"

static void FN(bias_activation_row)(size_t columns, REAL *restrict z, const REAL *restrict bias,
                                    dni_activation activation) {
  switch (activation) {
  case DNI_ACTIVATION_RELU:
    for (size_t c = 0; c < columns; c++) {
      REAL value = z[c] + bias[c];
      z[c] = value < 0 ? 0 : value; /* NaN is not below 0 and stays */
    }
    break;
  case DNI_ACTIVATION_TANH:
    for (size_t c = 0; c < columns; c++)
      z[c] = FN(hyperbolic_tangent)(z[c] + bias[c]);
    break;
  case DNI_ACTIVATION_SIGMOID:
    for (size_t c = 0; c < columns; c++)
      z[c] = 1 / (1 + FN(exponential)(-(z[c] + bias[c])));
    break;
  default:
    for (size_t c = 0; c < columns; c++)
      z[c] += bias[c];
  }
}

static void FN(bias_activation)(size_t rows, size_t columns, void *z, size_t ldz, const void *bias,
                                dni_activation activation) {
  for (size_t r = 0; r < rows; r++)
    FN(bias_activation_row)(columns, (REAL *)z + r * ldz, bias, activation);
}

/* x and y may be the same row, so neither is restrict. */
static void FN(activation_row)(size_t columns, const REAL *x, REAL *y, dni_activation activation) {
  switch (activation) {
  case DNI_ACTIVATION_RELU:
    for (size_t c = 0; c < columns; c++)
      y[c] = x[c] < 0 ? 0 : x[c];
    break;
  case DNI_ACTIVATION_TANH:
    for (size_t c = 0; c < columns; c++)
      y[c] = FN(hyperbolic_tangent)(x[c]);
    break;
  case DNI_ACTIVATION_SIGMOID:
    for (size_t c = 0; c < columns; c++)
      y[c] = 1 / (1 + FN(exponential)(-x[c]));
    break;
  default:
    for (size_t c = 0; c < columns; c++)
      y[c] = x[c];
  }
}

static void FN(activation)(size_t rows, size_t columns, const void *x, size_t ldx, void *y,
                           size_t ldy, dni_activation activation) {
  for (size_t r = 0; r < rows; r++)
    FN(activation_row)(columns, (const REAL *)x + r * ldx, (REAL *)y + r * ldy, activation);
}

static void FN(activation_backward_row)(size_t columns, const REAL *y, const REAL *dy, REAL *dx,
                                        dni_activation activation) {
  switch (activation) {
  case DNI_ACTIVATION_RELU:
    for (size_t c = 0; c < columns; c++)
      dx[c] = y[c] > 0 ? dy[c] : 0;
    break;
  case DNI_ACTIVATION_TANH:
    for (size_t c = 0; c < columns; c++)
      dx[c] = dy[c] * (1 - y[c] * y[c]);
    break;
  case DNI_ACTIVATION_SIGMOID:
    for (size_t c = 0; c < columns; c++)
      dx[c] = dy[c] * y[c] * (1 - y[c]);
    break;
  default:
    if (dx != dy) memcpy(dx, dy, columns * sizeof *dx);
  }
}

static void FN(activation_backward)(size_t rows, size_t columns, const void *y, size_t ldy,
                                    const void *dy, size_t lddy, void *dx, size_t lddx,
                                    dni_activation activation) {
  for (size_t r = 0; r < rows; r++)
    FN(activation_backward_row)
  (columns, (const REAL *)y + r * ldy, (const REAL *)dy + r * lddy, (REAL *)dx + r * lddx,
   activation);
}

static void FN(add_row)(size_t columns, const REAL *restrict row, REAL factor,
                        REAL *restrict sums) {
  for (size_t c = 0; c < columns; c++)
    sums[c] += factor * row[c];
}

static void FN(activation_backward_bias)(size_t rows, size_t columns, const void *y, size_t ldy,
                                         void *dy, size_t lddy, dni_activation activation,
                                         double alpha, double beta, void *column_sums) {
  REAL *sums = column_sums;
  for (size_t c = 0; c < columns; c++)
    sums[c] = beta == 0 ? 0 : (REAL)beta * sums[c];
  for (size_t r = 0; r < rows; r++) {
    REAL *dz = (REAL *)dy + r * lddy;
    if (activation != DNI_ACTIVATION_IDENTITY)
      FN(activation_backward_row)(columns, (const REAL *)y + r * ldy, dz, dz, activation);
    FN(add_row)(columns, dz, (REAL)alpha, sums);
  }
}

static void FN(dropout_row)(size_t columns, const REAL *x, REAL *y,
                            const unsigned char *restrict mask, REAL scale) {
  for (size_t c = 0; c < columns; c++)
    y[c] = mask[c] ? x[c] * scale : 0;
}

static void FN(dropout)(size_t rows, size_t columns, const void *x, size_t ldx, void *y, size_t ldy,
                        const unsigned char *mask, size_t ldmask, double scale) {
  for (size_t r = 0; r < rows; r++)
    FN(dropout_row)
  (columns, (const REAL *)x + r * ldx, (REAL *)y + r * ldy, mask + r * ldmask, (REAL)scale);
}

static void FN(scale_rows)(size_t rows, size_t columns, void *m, size_t ldm, const void *weights,
                           size_t stride) {
  const REAL *weight = weights;
  for (size_t r = 0; r < rows; r++, weight += stride) {
    REAL *row = (REAL *)m + r * ldm;
    const REAL factor = *weight;
    for (size_t c = 0; c < columns; c++)
      row[c] *= factor;
  }
}

/* The sum of LANES partial sums, pairwise. */
static double FN(lanes_total)(const REAL *lanes) {
  double sums[LANES];
  for (size_t l = 0; l < LANES; l++)
    sums[l] = (double)lanes[l];
  for (size_t half = LANES / 2; half > 0; half /= 2)
    for (size_t l = 0; l < half; l++)
      sums[l] += sums[l + half];
  return sums[0];
}

/* The nearest number to a positive one: at most the largest. */
static REAL FN(nearest)(double value) {
  return value > REAL_MOST ? (REAL)REAL_MOST : (REAL)value;
}

#include "math/activation_template.h"
#include "math/one_hot_template.h"
#include "math/batch_norm_template.h"
#include "math/layer_norm_template.h"
#include "math/pair_template.h"
#include "math/cholesky_template.h"

/* x - x is NaN where x is not finite, and 0 elsewhere. */
static REAL FN(or_nan)(REAL value, REAL x) {
  return value + (x - x);
}

/* In two comparisons that are an instruction each; NaN passes. */
static REAL FN(limited)(REAL value, REAL limit) {
  REAL high = limit < value ? limit : value;
  return -limit > high ? -limit : high;
}

/* The gradient that an update uses: g times scale, limited, plus decay times w. */
static REAL FN(used_gradient)(REAL g, REAL w, REAL scale, REAL limit, REAL decay) {
  REAL scaled = g * scale;
  return FN(or_nan)(FN(limited)(scaled, limit), g) + decay * w;
}

/* A gradient whose square would be too large counts as REAL_ROOT_MOST. m / sqrt(v) is then what it
 * should be, since it does not depend on the size of gradients, and v stays finite; where weight decay
 * alone makes it infinite, w becomes NaN rather than stay where it is for ever. */
static void FN(adam_arrays)(size_t count, REAL *restrict w, const REAL *restrict g,
                            REAL *restrict m, REAL *restrict v, const dni__adam_step *step) {
  const REAL rate = FN(nearest)(step->rate), inverse_bias2 = (REAL)step->inverse_bias2;
  const REAL beta1 = (REAL)step->beta1, beta2 = (REAL)step->beta2, epsilon = (REAL)step->epsilon;
  const REAL rest1 = (REAL)(1 - step->beta1), rest2 = (REAL)(1 - step->beta2);
  const REAL decay = (REAL)step->decay, shrink = FN(nearest)(step->shrink);
  const REAL scale = (REAL)step->gradient_scale;
  const REAL limit = (REAL)fmin(step->gradient_limit, REAL_ROOT_MOST);
  for (size_t i = 0; i < count; i++) {
    REAL gradient = FN(used_gradient)(g[i], w[i], scale, limit, decay);
    m[i] = beta1 * m[i] + rest1 * gradient;
    v[i] = beta2 * v[i] + rest2 * gradient * gradient;
    REAL moved = w[i] - (shrink * w[i] + rate * m[i] / (REAL_SQRT(v[i]) * inverse_bias2 + epsilon));
    w[i] = FN(or_nan)(moved, moved + v[i]);
  }
}

static void FN(adam)(size_t count, void *w, const void *g, void *m, void *v,
                     const dni__adam_step *step) {
  FN(adam_arrays)(count, w, g, m, v, step);
}

static void FN(sgd_plain)(size_t count, REAL *restrict w, const REAL *restrict g,
                          const dni__sgd_step *step) {
  const REAL rate = FN(nearest)(step->rate), decay = (REAL)step->decay;
  const REAL scale = (REAL)step->gradient_scale, limit = (REAL)step->gradient_limit;
  for (size_t i = 0; i < count; i++) {
    REAL moved = w[i] - rate * FN(used_gradient)(g[i], w[i], scale, limit, decay);
    w[i] = FN(or_nan)(moved, moved);
  }
}

static void FN(sgd_momentum)(size_t count, REAL *restrict w, const REAL *restrict g,
                             REAL *restrict v, const dni__sgd_step *step) {
  const REAL rate = FN(nearest)(step->rate), decay = (REAL)step->decay;
  const REAL momentum = (REAL)step->momentum;
  const REAL scale = (REAL)step->gradient_scale, limit = (REAL)step->gradient_limit;
  for (size_t i = 0; i < count; i++) {
    v[i] = momentum * v[i] + FN(used_gradient)(g[i], w[i], scale, limit, decay);
    REAL moved = w[i] - rate * v[i];
    w[i] = FN(or_nan)(moved, moved);
  }
}

static void FN(sgd)(size_t count, void *w, const void *g, void *v, const dni__sgd_step *step) {
  if (v)
    FN(sgd_momentum)(count, w, g, v, step);
  else
    FN(sgd_plain)(count, w, g, step);
}

/* In double: a float's square may be too large or too small for float. */
static double FN(limited_square)(REAL g, double scale, double limit) {
  double scaled = (double)g * scale, size = fabs(scaled) > limit ? limit : scaled;
  return size * size + (scaled - scaled); /* not finite: NaN */
}

static double FN(sum_squares)(size_t count, const void *values, double scale, double limit) {
  const REAL *g = values;
  double lanes[LANES] = {0}, total = 0;
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (size_t l = 0; l < LANES; l++)
      lanes[l] += FN(limited_square)(g[i + l], scale, limit);
  for (size_t l = 0; i < count; i++, l++)
    lanes[l] += FN(limited_square)(g[i], scale, limit);
  for (size_t l = 0; l < LANES; l++)
    total += lanes[l];
  return total;
}

static REAL FN(larger)(REAL a, REAL b) {
  return a > b ? a : b;
}

/* The largest value first, in lanes, then where it is. */
static size_t FN(largest)(size_t count, const void *values) {
  const REAL *x = values;
  REAL lanes[LANES], most = x[0];
  int32_t nans[LANES] = {0}, any = 0;
  for (size_t l = 0; l < LANES; l++)
    lanes[l] = x[0];
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (size_t l = 0; l < LANES; l++) {
      lanes[l] = FN(larger)(x[i + l], lanes[l]);
      nans[l] += x[i + l] != x[i + l];
    }
  for (; i < count; i++) {
    most = FN(larger)(x[i], most);
    any += x[i] != x[i];
  }
  for (size_t l = 0; l < LANES; l++) {
    most = FN(larger)(lanes[l], most);
    any += nans[l];
  }
  if (any > 0) return count;
  for (i = 0; x[i] != most;)
    i++;
  return i;
}

#undef LANES

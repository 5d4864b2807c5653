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

static void FN(bf16_keep)(size_t count, void *values, uint16_t *kept) {
  REAL *value = values;
  for (size_t i = 0; i < count; i++) {
    const uint32_t rounded = dni__bf16_round((float)value[i]);
    kept[i] = (uint16_t)rounded;
    value[i] = dni__float_of(rounded << 16);
  }
}

static void FN(bf16_restore)(size_t count, const uint16_t *kept, void *values) {
  REAL *value = values;
  for (size_t i = 0; i < count; i++)
    value[i] = dni__float_of((uint32_t)kept[i] << 16);
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

/* A moment of 16 bits, and one rounded to them: away from 0 with the probability of what is cut off (`random`: 16 bits
 * of chance). Infinity stays, and so do the NaNs that arithmetic makes; where another one is lost, the parameter is
 * NaN already. */
static REAL FN(widened)(uint16_t moment) {
  return (REAL)dni__float_of((uint32_t)moment << 16);
}

static uint16_t FN(rounded_by_chance)(REAL moment, uint32_t random) {
  return (uint16_t)((dni__bits_of((float)moment) + random) >> 16);
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

#define MOMENT               REAL
#define MOMENT_ROOT_MOST     REAL_ROOT_MOST
#define UPDATE(name)         FN(name)
#define LOAD(moment)         (moment)
#define KEEP(moment, random) ((void)(random), (moment))
#include "math/update_template.h"
#define MOMENT               uint16_t
#define MOMENT_ROOT_MOST     0x1p63 /* bf16 has the range of float */
#define UPDATE(name)         FN(name##_bf16)
#define LOAD(moment)         FN(widened)(moment)
#define KEEP(moment, random) FN(rounded_by_chance)(moment, random)
#include "math/update_template.h"

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

/* Kernels of batch normalisation, for one element type; see kernels.h. Included by
 * kernels_template.h. Sums over rows take a few rows at a
 * time, in order. */

static void FN(add_differences)(size_t rows, size_t columns, const REAL *restrict x, size_t ldx,
                                const REAL *restrict from, REAL *restrict sums) {
  size_t r = 0;
  for (; r + 4 <= rows; r += 4, x += 4 * ldx)
    for (size_t c = 0; c < columns; c++)
      sums[c] = sums[c] + (x[c] - from[c]) + (x[ldx + c] - from[c]) + (x[2 * ldx + c] - from[c]) +
                (x[3 * ldx + c] - from[c]);
  for (; r < rows; r++, x += ldx)
    for (size_t c = 0; c < columns; c++)
      sums[c] += x[c] - from[c];
}

static REAL FN(squared)(REAL value) {
  return value * value;
}

static void FN(add_squared_deviations)(size_t rows, size_t columns, const REAL *restrict x,
                                       size_t ldx, const REAL *restrict mean, REAL *restrict sums) {
  size_t r = 0;
  for (; r + 4 <= rows; r += 4, x += 4 * ldx)
    for (size_t c = 0; c < columns; c++)
      sums[c] = sums[c] + FN(squared)(x[c] - mean[c]) + FN(squared)(x[ldx + c] - mean[c]) +
                FN(squared)(x[2 * ldx + c] - mean[c]) + FN(squared)(x[3 * ldx + c] - mean[c]);
  for (; r < rows; r++, x += ldx)
    for (size_t c = 0; c < columns; c++)
      sums[c] += FN(squared)(x[c] - mean[c]);
}

static void FN(column_statistics)(size_t rows, size_t columns, const void *values, size_t ldx,
                                  void *mean, void *variance) {
  const REAL *x = values;
  REAL *m = mean, *v = variance, share = 1 / (REAL)rows;
  memset(m, 0, columns * sizeof *m);
  memset(v, 0, columns * sizeof *v);
  FN(add_differences)(rows - 1, columns, x + ldx, ldx, x, m);
  for (size_t c = 0; c < columns; c++)
    m[c] = x[c] + share * m[c];
  FN(add_squared_deviations)(rows, columns, x, ldx, m, v);
  for (size_t c = 0; c < columns; c++)
    v[c] *= share;
}

static size_t FN(non_finite)(size_t count, const void *values) {
  const REAL *x = values;
  size_t bad = 0;
  for (size_t i = 0; i < count; i++)
    bad += !(x[i] - x[i] == 0);
  return bad;
}

/* The arithmetic of columns is in double, as there are few of them. */
static void FN(norm_training)(size_t columns, const dni__norm_columns *norm) {
  const REAL *restrict mean = norm->mean, *restrict scale = norm->scale;
  REAL *restrict inverse = norm->inverse, *restrict factor = norm->factor;
  REAL *restrict running_mean = norm->running_mean;
  REAL *restrict running_variance = norm->running_variance;
  const double epsilon = norm->epsilon, rate = norm->rate, unbiased = norm->unbiased;
  for (size_t c = 0; c < columns; c++) {
    double variance = (double)inverse[c], root = sqrt(variance + epsilon);
    double m = (double)running_mean[c], v = (double)running_variance[c];
    inverse[c] = (REAL)(1 / root);
    factor[c] = (REAL)((double)scale[c] / root);
    running_mean[c] = (REAL)(m + rate * ((double)mean[c] - m));
    running_variance[c] = (REAL)(v + rate * (unbiased * variance - v));
  }
}

static void FN(normalise_row)(size_t columns, const REAL *x, REAL *y, const REAL *restrict mean,
                              const REAL *restrict factor, const REAL *restrict shift) {
  for (size_t c = 0; c < columns; c++)
    y[c] = (x[c] - mean[c]) * factor[c] + shift[c];
}

static void FN(normalise)(size_t rows, size_t columns, const void *x, size_t ldx, void *y,
                          size_t ldy, const void *mean, const void *factor, const void *shift) {
  for (size_t r = 0; r < rows; r++)
    FN(normalise_row)(columns, (const REAL *)x + r * ldx, (REAL *)y + r * ldy, mean, factor, shift);
}

/* Columns whose factors are on the stack at a time. */
#define INFERENCE_BLOCK 512

static void FN(inference_factors)(size_t columns, const REAL *restrict scale,
                                  const REAL *restrict variance, double epsilon,
                                  REAL *restrict factor) {
  for (size_t c = 0; c < columns; c++)
    factor[c] = (REAL)((double)scale[c] / sqrt((double)variance[c] + epsilon));
}

static void FN(norm_inference)(size_t rows, size_t columns, const void *x, size_t ldx, void *y,
                               size_t ldy, const dni__norm_columns *norm) {
  const REAL *scale = norm->scale, *shift = norm->shift;
  const REAL *mean = norm->running_mean, *variance = norm->running_variance;
  REAL factor[INFERENCE_BLOCK];
  if (rows == 0) return; /* x and y may be NULL */
  for (size_t first = 0, width; first < columns; first += width) {
    width = columns - first < INFERENCE_BLOCK ? columns - first : INFERENCE_BLOCK;
    FN(inference_factors)(width, scale + first, variance + first, norm->epsilon, factor);
    FN(normalise)
    (rows, width, (const REAL *)x + first, ldx, (REAL *)y + first, ldy, mean + first, factor,
     shift + first);
  }
}

#undef INFERENCE_BLOCK

static void FN(add_normalise_sums)(size_t rows, size_t columns, const REAL *restrict x, size_t ldx,
                                   const REAL *restrict dy, size_t lddy, const REAL *restrict mean,
                                   REAL *restrict sums, REAL *restrict products) {
  size_t r = 0;
  for (; r + 2 <= rows; r += 2, x += 2 * ldx, dy += 2 * lddy)
    for (size_t c = 0; c < columns; c++) {
      sums[c] = sums[c] + dy[c] + dy[lddy + c];
      products[c] = products[c] + dy[c] * (x[c] - mean[c]) + dy[lddy + c] * (x[ldx + c] - mean[c]);
    }
  for (; r < rows; r++, x += ldx, dy += lddy)
    for (size_t c = 0; c < columns; c++) {
      sums[c] += dy[c];
      products[c] += dy[c] * (x[c] - mean[c]);
    }
}

static void FN(normalise_sums)(size_t rows, size_t columns, const void *x, size_t ldx,
                               const void *dy, size_t lddy, const void *mean, void *sum_dy,
                               void *sum_dy_deviation) {
  memset(sum_dy, 0, columns * sizeof(REAL));
  memset(sum_dy_deviation, 0, columns * sizeof(REAL));
  FN(add_normalise_sums)
  (rows, columns, x, ldx, dy, lddy, mean, sum_dy, sum_dy_deviation);
}

static void FN(norm_slopes)(size_t columns, const dni__norm_columns *norm) {
  const REAL *restrict inverse = norm->inverse, *restrict scale = norm->scale;
  const REAL *restrict sum_dy = norm->sum_dy, *restrict sum_deviation = norm->sum_dy_deviation;
  REAL *restrict factor = norm->factor, *restrict offset = norm->offset;
  REAL *restrict slope = norm->slope;
  for (size_t c = 0; c < columns; c++) {
    double i = (double)inverse[c];
    factor[c] = (REAL)((double)scale[c] * i);
    offset[c] = (REAL)((double)sum_dy[c] * norm->share);
    slope[c] = (REAL)((double)sum_deviation[c] * i * norm->share * i);
  }
}

static void FN(norm_gradients)(size_t columns, const dni__norm_columns *norm, bool add) {
  const REAL *restrict inverse = norm->inverse;
  const REAL *restrict sum_dy = norm->sum_dy, *restrict sum_deviation = norm->sum_dy_deviation;
  REAL *restrict dscale = norm->scale_gradient, *restrict dshift = norm->shift_gradient;
  for (size_t c = 0; c < columns; c++) {
    double of_scale = (double)sum_deviation[c] * (double)inverse[c] * norm->gradient_share;
    double of_shift = (double)sum_dy[c] * norm->gradient_share;
    dscale[c] = (REAL)(of_scale + (add ? (double)dscale[c] : 0));
    dshift[c] = (REAL)(of_shift + (add ? (double)dshift[c] : 0));
  }
}

static void FN(normalise_backward_row)(size_t columns, const REAL *restrict x, const REAL *dy,
                                       REAL *dx, const REAL *restrict mean,
                                       const REAL *restrict factor, const REAL *restrict offset,
                                       const REAL *restrict slope) {
  for (size_t c = 0; c < columns; c++)
    dx[c] = factor[c] * (dy[c] - offset[c] - (x[c] - mean[c]) * slope[c]);
}

static void FN(normalise_backward)(size_t rows, size_t columns, const void *x, size_t ldx,
                                   const void *dy, size_t lddy, void *dx, size_t lddx,
                                   const void *mean, const void *factor, const void *offset,
                                   const void *slope) {
  for (size_t r = 0; r < rows; r++)
    FN(normalise_backward_row)
  (columns, (const REAL *)x + r * ldx, (const REAL *)dy + r * lddy, (REAL *)dx + r * lddx, mean,
   factor, offset, slope);
}

/* Kernels of layer normalisation, for one element type; see kernels.h. Included by
 * kernels_template.h. With g = dy * scale and xhat = (x - mean) * inverse,
 *
 *   dx = inverse * (g - mean of g - xhat * mean of (g xhat)),
 *
 * the means being those over the columns of the row. */

/* Sum over a row of x - from, and below of (x - from)^2. */
static double FN(row_differences)(size_t columns, const REAL *x, REAL from) {
  REAL lanes[LANES] = {0};
  size_t c = 0;
  for (; c + LANES <= columns; c += LANES)
    for (size_t l = 0; l < LANES; l++)
      lanes[l] += x[c + l] - from;
  for (size_t l = 0; c < columns; c++, l++)
    lanes[l] += x[c] - from;
  return FN(lanes_total)(lanes);
}

static double FN(row_squares)(size_t columns, const REAL *x, REAL from) {
  REAL lanes[LANES] = {0};
  size_t c = 0;
  for (; c + LANES <= columns; c += LANES)
    for (size_t l = 0; l < LANES; l++)
      lanes[l] += FN(squared)(x[c + l] - from);
  for (size_t l = 0; c < columns; c++, l++)
    lanes[l] += FN(squared)(x[c] - from);
  return FN(lanes_total)(lanes);
}

/* The sum over a row of (scale (x - mean))^2. */
static double FN(row_squares_in_double)(size_t columns, const REAL *x, double mean, double scale) {
  double sum = 0;
  for (size_t c = 0; c < columns; c++) {
    double scaled = (REAL_WIDEN(x[c]) - mean) * scale;
    sum += scaled * scaled;
  }
  return sum;
}

/* The same row where squares leave the range of the element type. */
static void FN(layer_norm_far_row)(size_t columns, const REAL *x, REAL *y,
                                   const REAL *restrict scale, const REAL *restrict shift,
                                   double epsilon, REAL *statistics) {
  double first = REAL_WIDEN(x[0]), sum = 0, count = (double)columns;
  for (size_t c = 0; c < columns; c++)
    sum += REAL_WIDEN(x[c]) - first;
  double mean = first + sum / count, squares = FN(row_squares_in_double)(columns, x, mean, 1);
  double range = dni__squares_range(squares);
  if (range != 1) squares = FN(row_squares_in_double)(columns, x, mean, range);
  double inverse = 1 / hypot(sqrt(squares / count) / range, sqrt(epsilon));
  for (size_t c = 0; c < columns; c++)
    y[c] = (REAL)((REAL_WIDEN(x[c]) - mean) * inverse * (double)scale[c] + (double)shift[c]);
  statistics[0] = (REAL)mean;
  statistics[1] = (REAL)(inverse < REAL_LEAST ? REAL_LEAST : inverse);
}

/* Differences are from the first element, so that a row of equal numbers has exactly that mean and
 * variance 0. */
static void FN(layer_norm_row)(size_t columns, const REAL *x, REAL *y, const REAL *restrict scale,
                               const REAL *restrict shift, double epsilon, REAL *statistics) {
  double count = (double)columns;
  REAL mean = (REAL)((double)x[0] + FN(row_differences)(columns, x, x[0]) / count);
  double variance = FN(row_squares)(columns, x, mean) / count;
  if (!(variance + epsilon >= REAL_SQUARE_LEAST && variance <= REAL_MOST)) {
    FN(layer_norm_far_row)(columns, x, y, scale, shift, epsilon, statistics);
    return;
  }
  REAL inverse = (REAL)(1 / sqrt(variance + epsilon));
  for (size_t c = 0; c < columns; c++)
    y[c] = (x[c] - mean) * inverse * scale[c] + shift[c];
  statistics[0] = mean;
  statistics[1] = inverse;
}

static void FN(layer_norm)(size_t rows, size_t columns, const void *x, size_t ldx, void *y,
                           size_t ldy, const void *scale, const void *shift, double epsilon,
                           void *statistics) {
  REAL unwanted[2];
  for (size_t r = 0; r < rows; r++)
    FN(layer_norm_row)
  (columns, (const REAL *)x + r * ldx, (REAL *)y + r * ldy, scale, shift, epsilon,
   statistics ? (REAL *)statistics + 2 * r : unwanted);
}

static void FN(layer_norm_backward_row)(size_t columns, const REAL *restrict x, const REAL *dy,
                                        REAL *dx, const REAL *restrict scale, REAL mean,
                                        REAL inverse) {
  REAL sums[LANES] = {0}, products[LANES] = {0};
  size_t c = 0;
  for (; c + LANES <= columns; c += LANES)
    for (size_t l = 0; l < LANES; l++) {
      REAL g = dy[c + l] * scale[c + l];
      sums[l] += g;
      products[l] += g * ((x[c + l] - mean) * inverse);
    }
  for (size_t l = 0; c < columns; c++, l++) {
    REAL g = dy[c] * scale[c];
    sums[l] += g;
    products[l] += g * ((x[c] - mean) * inverse);
  }
  REAL offset = (REAL)(FN(lanes_total)(sums) / (double)columns);
  REAL slope = (REAL)(FN(lanes_total)(products) / (double)columns);
  for (c = 0; c < columns; c++)
    dx[c] = inverse * (dy[c] * scale[c] - offset - (x[c] - mean) * inverse * slope);
}

static void FN(layer_norm_backward)(size_t rows, size_t columns, const void *x, size_t ldx,
                                    const void *dy, size_t lddy, void *dx, size_t lddx,
                                    const void *scale, const void *statistics) {
  const REAL *row = statistics;
  for (size_t r = 0; r < rows; r++, row += 2)
    FN(layer_norm_backward_row)
  (columns, (const REAL *)x + r * ldx, (const REAL *)dy + r * lddy, (REAL *)dx + r * lddx, scale,
   row[0], row[1]);
}

static void FN(layer_norm_gradients_row)(size_t columns, const REAL *restrict x,
                                         const REAL *restrict dy, REAL mean, REAL inverse,
                                         REAL alpha, REAL *restrict dscale, REAL *restrict dshift) {
  for (size_t c = 0; c < columns; c++) {
    REAL share = alpha * dy[c];
    dscale[c] += share * ((x[c] - mean) * inverse);
    dshift[c] += share;
  }
}

static void FN(layer_norm_gradients)(size_t rows, size_t columns, const void *x, size_t ldx,
                                     const void *dy, size_t lddy, const void *statistics,
                                     double alpha, double beta, void *scale_gradient,
                                     void *shift_gradient) {
  const REAL *row = statistics;
  REAL *dscale = scale_gradient, *dshift = shift_gradient;
  for (size_t c = 0; c < columns; c++) {
    dscale[c] = beta == 0 ? 0 : (REAL)beta * dscale[c];
    dshift[c] = beta == 0 ? 0 : (REAL)beta * dshift[c];
  }
  for (size_t r = 0; r < rows; r++, row += 2)
    FN(layer_norm_gradients_row)
  (columns, (const REAL *)x + r * ldx, (const REAL *)dy + r * lddy, row[0], row[1], (REAL)alpha,
   dscale, dshift);
}

/* Kernels of leaky ReLU and GELU, for one element type; see kernels.h. Included by
 * kernels_template.h. In each, the two matrices of a row may be the same memory. */

static void FN(leaky_relu_row)(size_t columns, const REAL *x, REAL *y, REAL slope) {
  for (size_t c = 0; c < columns; c++)
    y[c] = x[c] > 0 ? x[c] : slope * x[c];
}

static void FN(leaky_relu)(size_t rows, size_t columns, const void *x, size_t ldx, void *y,
                           size_t ldy, double slope) {
  for (size_t r = 0; r < rows; r++)
    FN(leaky_relu_row)(columns, (const REAL *)x + r * ldx, (REAL *)y + r * ldy, (REAL)slope);
}

static void FN(leaky_relu_backward_row)(size_t columns, const REAL *y, const REAL *dy, REAL *dx,
                                        REAL slope) {
  for (size_t c = 0; c < columns; c++)
    dx[c] = y[c] > 0 ? dy[c] : slope * dy[c];
}

static void FN(leaky_relu_backward)(size_t rows, size_t columns, const void *y, size_t ldy,
                                    const void *dy, size_t lddy, void *dx, size_t lddx,
                                    double slope) {
  for (size_t r = 0; r < rows; r++)
    FN(leaky_relu_backward_row)
  (columns, (const REAL *)y + r * ldy, (const REAL *)dy + r * lddy, (REAL *)dx + r * lddx,
   (REAL)slope);
}

/* Phi(x), the normal distribution, and *bell = exp(-x^2 / 2). For u = |x|
 *
 *   1 - Phi(u) = exp(-u^2 / 2) p(s) / (u + 4),   s = (u - 4) / (u + 4) in [-1, 1],
 *
 * where p is a polynomial fitted to rounding, so that also far from 0 the digits of a small Phi are
 * right; 1 + erf(x) would lose them. */
static inline REAL FN(normal_distribution)(REAL x, REAL *bell) {
  REAL u = x < 0 ? -x : x, share = 1 / (u + 4), p = 0;
  REAL s = 1 - 8 * share; /* also where u is infinite */
#define TERM(coefficient) p = p * s + (REAL)(coefficient)
  REAL_NORMAL_TERMS
#undef TERM
  *bell = FN(exponential)((REAL)-0.5 * u * u);
  REAL above = *bell * p * share;
  return x < 0 ? above : 1 - above;
}

static void FN(gelu_row)(size_t columns, const REAL *x, REAL *y) {
  for (size_t c = 0; c < columns; c++) {
    REAL bell;
    y[c] = x[c] * FN(normal_distribution)(x[c], &bell);
  }
}

static void FN(gelu)(size_t rows, size_t columns, const void *x, size_t ldx, void *y, size_t ldy) {
  for (size_t r = 0; r < rows; r++)
    FN(gelu_row)(columns, (const REAL *)x + r * ldx, (REAL *)y + r * ldy);
}

/* The derivative is Phi(x) + x phi(x), phi(x) = exp(-x^2 / 2) / sqrt(2 pi). */
static void FN(gelu_backward_row)(size_t columns, const REAL *x, const REAL *dy, REAL *dx) {
  for (size_t c = 0; c < columns; c++) {
    REAL bell, distribution = FN(normal_distribution)(x[c], &bell);
    dx[c] = dy[c] * (distribution + x[c] * bell * (REAL)0.398942280401432677940);
  }
}

static void FN(gelu_backward)(size_t rows, size_t columns, const void *x, size_t ldx,
                              const void *dy, size_t lddy, void *dx, size_t lddx) {
  for (size_t r = 0; r < rows; r++)
    FN(gelu_backward_row)
  (columns, (const REAL *)x + r * ldx, (const REAL *)dy + r * lddy, (REAL *)dx + r * lddx);
}

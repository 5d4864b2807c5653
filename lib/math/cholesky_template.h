/* A diagonal block of a Cholesky factorisation, for one element type; see kernels.h. Included by
 * kernels_template.h. Inner loops run along rows, which are contiguous. */

/* Column k of L, from the pivot down, also into `column` [n]. A pivot that is not above its least
 * leaves the column out. */
static void FN(cholesky_column)(size_t n, size_t k, REAL *a, size_t lda, REAL least, REAL *column,
                                REAL *pivots) {
  REAL pivot = a[k * lda + k];
  bool kept = pivot > least;
  a[k * lda + k] = kept ? REAL_SQRT(pivot) : 0;
  pivots[k] = kept ? 1 / a[k * lda + k] : 0;
  for (size_t i = k + 1; i < n; i++) {
    a[i * lda + k] = kept ? a[i * lda + k] * pivots[k] : 0;
    column[i] = a[i * lda + k];
  }
}

/* Row i of L^-1 from the rows above it. */
static void FN(cholesky_inverse_row)(size_t n, size_t i, const REAL *restrict a, REAL pivot,
                                     REAL *restrict inverse, size_t ldi) {
  REAL *row = inverse + i * ldi;
  for (size_t c = 0; c < n; c++)
    row[c] = 0;
  for (size_t k = 0; k < i; k++) {
    REAL factor = -pivot * a[k];
    const REAL *above = inverse + k * ldi;
    for (size_t c = 0; c <= k; c++)
      row[c] += factor * above[c];
  }
  row[i] = pivot;
}

static void FN(cholesky)(size_t n, void *matrix, size_t lda, const void *least, void *inverse,
                         size_t ldi) {
  REAL *a = matrix, column[DNI_CHOLESKY_BLOCK], pivots[DNI_CHOLESKY_BLOCK];
  for (size_t k = 0; k < n; k++) {
    FN(cholesky_column)(n, k, a, lda, ((const REAL *)least)[k], column, pivots);
    for (size_t i = k + 1; i < n; i++) {
      REAL *restrict row = a + i * lda, factor = column[i];
      for (size_t j = k + 1; j <= i; j++)
        row[j] -= factor * column[j];
    }
  }
  for (size_t i = 0; i < n; i++)
    FN(cholesky_inverse_row)(n, i, a + i * lda, pivots[i], inverse, ldi);
}

/* Products of very few rows with a transposed B, for one element type; included by
 * gemm_template.h. Every element of C is a dot product of two rows that are read where they are,
 * with vectors along k: one partial sum per lane, added pairwise, then what is left of k. */

/* sums[j] = a . b[j], j in 0 .. count-1. Always inlined, with count constant. */
static inline __attribute__((always_inline)) void
FN(dot_rows)(size_t count, size_t depth, const REAL *a, const REAL *b, size_t ldb, REAL *sums) {
  VECTOR lanes[DOTS] = {0};
  size_t p = 0;
  for (; p + LANES <= depth; p += LANES) {
    VECTOR a_part = *(const UNALIGNED *)(a + p);
#pragma GCC unroll 8
    for (size_t j = 0; j < count; j++)
      lanes[j] += a_part * *(const UNALIGNED *)(b + j * ldb + p);
  }
#pragma GCC unroll 8
  for (size_t j = 0; j < count; j++) {
    REAL part[LANES], rest = 0;
    memcpy(part, &lanes[j], sizeof part);
    for (size_t half = LANES / 2; half > 0; half /= 2)
      for (size_t l = 0; l < half; l++)
        part[l] += part[l + half];
    for (size_t q = p; q < depth; q++)
      rest += a[q] * b[j * ldb + q];
    sums[j] = part[0] + rest;
  }
}

static void FN(dots)(const dni_product *call) {
  const REAL alpha = (REAL)call->alpha, beta = (REAL)call->beta;
  for (size_t j = 0, count; j < call->n; j += count) {
    const REAL *b = (const REAL *)call->b + j * call->ldb;
    count = call->n - j >= DOTS ? DOTS : 1;
    for (size_t i = 0; i < call->m; i++) {
      const REAL *a = (const REAL *)call->a + i * call->lda;
      REAL sums[DOTS], *c = (REAL *)call->c + i * call->ldc + j;
      if (count == DOTS)
        FN(dot_rows)(DOTS, call->k, a, b, call->ldb, sums);
      else
        FN(dot_rows)(1, call->k, a, b, call->ldb, sums);
      for (size_t q = 0; q < count; q++)
        c[q] = beta == 0 ? alpha * sums[q] : alpha * sums[q] + beta * c[q];
    }
  }
}

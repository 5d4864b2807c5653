/* Kernels over a pair of matrices M and D, for one element type; see kernels.h. Included by
 * kernels_template.h. */

static void FN(pair_row)(size_t columns, const REAL *restrict m, const REAL *restrict d,
                         dni__pair_sums *sums) {
  REAL difference2[LANES] = {0}, product[LANES] = {0}, first2[LANES] = {0}, second2[LANES] = {0};
  size_t c = 0;
  for (; c + LANES <= columns; c += LANES)
    for (size_t l = 0; l < LANES; l++) {
      REAL prediction = m[c + l], target = d[c + l], difference = prediction - target;
      difference2[l] += difference * difference;
      product[l] += prediction * target;
      first2[l] += prediction * prediction;
      second2[l] += target * target;
    }
  for (size_t l = 0; c < columns; c++, l++) {
    REAL prediction = m[c], target = d[c], difference = prediction - target;
    difference2[l] += difference * difference;
    product[l] += prediction * target;
    first2[l] += prediction * prediction;
    second2[l] += target * target;
  }
  sums->difference2 += FN(lanes_total)(difference2);
  sums->product += FN(lanes_total)(product);
  sums->first2 += FN(lanes_total)(first2);
  sums->second2 += FN(lanes_total)(second2);
}

static void FN(pair_sums)(size_t rows, size_t columns, const void *m, size_t ldm, const void *d,
                          size_t ldd, dni__pair_sums *sums) {
  *sums = (dni__pair_sums){.scale = {1, 1, 1}};
  for (size_t r = 0; r < rows; r++)
    FN(pair_row)(columns, (const REAL *)m + r * ldm, (const REAL *)d + r * ldd, sums);
}

/* Lane l of the four sums of scaled numbers. */
static void FN(add_in_double)(REAL m, REAL d, const dni__pair_scale *scale, size_t l,
                              double sums[4][LANES]) {
  double prediction = REAL_WIDEN(m), target = REAL_WIDEN(d);
  double difference = (prediction - target) * scale->difference;
  prediction *= scale->first;
  target *= scale->second;
  sums[0][l] += difference * difference;
  sums[1][l] += prediction * target;
  sums[2][l] += prediction * prediction;
  sums[3][l] += target * target;
}

static void FN(pair_row_in_double)(size_t columns, const REAL *restrict m, const REAL *restrict d,
                                   dni__pair_sums *sums) {
  const dni__pair_scale scale = sums->scale;
  double lanes[4][LANES] = {{0}};
  size_t c = 0;
  for (; c + LANES <= columns; c += LANES)
    for (size_t l = 0; l < LANES; l++)
      FN(add_in_double)(m[c + l], d[c + l], &scale, l, lanes);
  for (size_t l = 0; c < columns; c++, l++)
    FN(add_in_double)(m[c], d[c], &scale, l, lanes);
  for (size_t l = 0; l < LANES; l++) {
    sums->difference2 += lanes[0][l];
    sums->product += lanes[1][l];
    sums->first2 += lanes[2][l];
    sums->second2 += lanes[3][l];
  }
}

static void FN(pair_sums_in_double)(size_t rows, size_t columns, const void *m, size_t ldm,
                                    const void *d, size_t ldd, const dni__pair_scale *scale,
                                    dni__pair_sums *sums) {
  *sums = (dni__pair_sums){.scale = *scale};
  for (size_t r = 0; r < rows; r++)
    FN(pair_row_in_double)(columns, (const REAL *)m + r * ldm, (const REAL *)d + r * ldd, sums);
}

static void FN(residual_row)(size_t columns, REAL *restrict m, const REAL *restrict d, REAL scale) {
  for (size_t c = 0; c < columns; c++)
    m[c] = scale * (m[c] - d[c]);
}

static void FN(residual)(size_t rows, size_t columns, void *m, size_t ldm, const void *d,
                         size_t ldd, double scale) {
  for (size_t r = 0; r < rows; r++)
    FN(residual_row)(columns, (REAL *)m + r * ldm, (const REAL *)d + r * ldd, (REAL)scale);
}

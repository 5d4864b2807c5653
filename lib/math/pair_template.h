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

static void FN(pair_row_in_double)(size_t columns, const REAL *restrict m, const REAL *restrict d,
                                   dni__pair_sums *sums) {
  double difference2[LANES] = {0}, product[LANES] = {0}, first2[LANES] = {0}, second2[LANES] = {0};
  for (size_t c = 0; c < columns; c++) {
    double prediction = REAL_WIDEN(m[c]), target = REAL_WIDEN(d[c]);
    double difference = (prediction - target) * sums->scale.difference;
    prediction *= sums->scale.first;
    target *= sums->scale.second;
    difference2[c % LANES] += difference * difference;
    product[c % LANES] += prediction * target;
    first2[c % LANES] += prediction * prediction;
    second2[c % LANES] += target * target;
  }
  for (size_t l = 0; l < LANES; l++) {
    sums->difference2 += difference2[l];
    sums->product += product[l];
    sums->first2 += first2[l];
    sums->second2 += second2[l];
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

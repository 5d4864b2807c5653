/* One row of softmax cross-entropy; see softmax_cross_entropy.c. */
static inline double FN(row)(size_t columns, const REAL *h, const REAL *y, size_t label,
                             const dni__loss_terms *terms, REAL *delta) {
  double largest = -INFINITY, sum = 0, weight = 0, cross = 0;
  for (size_t c = 0; c < columns; c++)
    if ((double)h[c] > largest) largest = (double)h[c]; /* a NaN comes in with the sum */
  for (size_t c = 0; c < columns; c++) {
    double target = FN(term_weight)(terms, c) * FN(target)(y, label, terms, c);
    sum += exp((double)h[c] - largest);
    weight += target;
    if (target != 0) cross += target * ((double)h[c] - largest);
  }
  if (delta)
    for (size_t c = 0; c < columns; c++)
      delta[c] = (REAL)(weight * exp((double)h[c] - largest) / sum -
                        FN(term_weight)(terms, c) * FN(target)(y, label, terms, c));
  return weight * log(sum) - cross;
}

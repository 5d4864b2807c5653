/* One row of sigmoid cross-entropy; see sigmoid_cross_entropy.c. */
static inline double FN(row)(size_t columns, const REAL *h, const REAL *y, size_t label,
                             const dni__loss_terms *terms, REAL *delta) {
  double loss = 0;
  for (size_t c = 0; c < columns; c++) {
    double logit = (double)h[c], target = FN(target)(y, label, terms, c);
    double weight = FN(term_weight)(terms, c), tail = exp(-fabs(logit));
    loss += weight * ((logit < 0 ? 0 : logit) - target * logit + log1p(tail));
    if (delta) delta[c] = (REAL)(weight * ((logit >= 0 ? 1 : tail) / (1 + tail) - target));
  }
  return loss;
}

/* One row of sigmoid cross-entropy; see sigmoid_cross_entropy.c. */
static double FN(row)(size_t columns, const void *logits, const void *targets, void *gradient) {
  const REAL *h = logits, *y = targets;
  REAL *delta = gradient;
  double loss = 0;
  for (size_t c = 0; c < columns; c++) {
    double logit = (double)h[c], target = (double)y[c];
    double tail = exp(-fabs(logit));
    loss += (logit < 0 ? 0 : logit) - target * logit + log1p(tail);
    if (delta) delta[c] = (REAL)((logit >= 0 ? 1 : tail) / (1 + tail) - target);
  }
  return loss;
}

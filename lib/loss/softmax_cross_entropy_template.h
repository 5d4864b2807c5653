/* One row of softmax cross-entropy; see softmax_cross_entropy.c. */
static double FN(row)(size_t columns, const void *logits, const void *targets, void *gradient) {
  const REAL *h = logits, *y = targets;
  REAL *delta = gradient;
  double largest = -INFINITY, sum = 0, weight = 0, cross = 0;
  for (size_t c = 0; c < columns; c++)
    if ((double)h[c] > largest) largest = (double)h[c]; /* a NaN comes in with the sum */
  for (size_t c = 0; c < columns; c++) {
    sum += exp((double)h[c] - largest);
    weight += (double)y[c];
    if (y[c] != 0) cross += (double)y[c] * ((double)h[c] - largest);
  }
  if (delta)
    for (size_t c = 0; c < columns; c++)
      delta[c] = (REAL)(weight * exp((double)h[c] - largest) / sum - (double)y[c]);
  return columns > 0 ? weight * log(sum) - cross : 0;
}

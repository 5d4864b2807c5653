/* One row of absolute error; see absolute_error.c. */
static double FN(row)(size_t columns, const void *outputs, const void *targets, void *gradient) {
  const REAL *h = outputs, *y = targets;
  REAL *delta = gradient;
  double loss = 0;
  for (size_t c = 0; c < columns; c++) {
    double difference = (double)h[c] - (double)y[c];
    loss += fabs(difference);
    if (delta) delta[c] = (REAL)(difference > 0 ? 1 : difference < 0 ? -1 : difference);
  }
  return loss;
}

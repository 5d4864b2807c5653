/* One row of absolute error; see absolute_error.c. */
static inline double FN(row)(size_t columns, const REAL *h, const REAL *y, size_t label,
                             const dni__loss_terms *terms, REAL *delta) {
  double loss = 0;
  for (size_t c = 0; c < columns; c++) {
    double difference = (double)h[c] - FN(target)(y, label, terms, c);
    loss += fabs(difference);
    if (delta) delta[c] = (REAL)(difference > 0 ? 1 : difference < 0 ? -1 : difference);
  }
  return loss;
}

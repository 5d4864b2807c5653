/* The row functions of a kind, for one element type, made of its FN(row). */
static double FN(dense)(size_t columns, const void *h, const void *y, size_t label, void *delta) {
  (void)label;
  return columns > 0 ? FN(row)(columns, h, y, 0, NULL, delta) : 0;
}

static double FN(labelled)(size_t columns, const void *h, const void *y, size_t label,
                           void *delta) {
  (void)y;
  return FN(row)(columns, h, NULL, label, NULL, delta);
}

static double FN(general)(size_t columns, const void *h, const void *y, size_t label,
                          const dni__loss_terms *terms, void *delta) {
  return columns > 0 ? FN(row)(columns, h, y, label, terms, delta) : 0;
}

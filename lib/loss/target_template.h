/* What a row is compared with, for one element type. Included by each kind before its own template,
 * as row_template.h is after it. The callers there say which pointers are NULL, and the compiler
 * leaves out what is not used. terms NULL: no options. */

/* y'_c: column c of a row y, or of label `label` where y is NULL, after smoothing. */
static inline double FN(target)(const REAL *y, size_t label, const dni__loss_terms *terms,
                                size_t c) {
  double target = y ? (double)y[c] : c == label ? 1 : 0;
  return terms ? terms->keep * target + terms->spread : target;
}

/* w_c */
static inline double FN(term_weight)(const dni__loss_terms *terms, size_t c) {
  return terms && terms->weights ? terms->weights[c] : 1;
}

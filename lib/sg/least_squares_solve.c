/* From the sums of a least-squares SG to its weights. */
#include <float.h>
#include <math.h>

#include "sg/least_squares.h"

static double mean_diagonal(const dni_matrix *gram) {
  double trace = 0;
  for (size_t i = 0; i < gram->rows; i++)
    trace += dni__matrix_get(gram, i, i) / (double)gram->rows;
  return trace;
}

/* L's place becomes C + lambda (tr C / n) I. A pivot that is all rounding error belongs to a column
 * that others give already, which is left out: its weights are 0. */
static void fill_factor(const dni__least_squares *ls) {
  const dni_matrix *gram = &ls->base.parameters[DNI__LS_GRAM].value;
  const dni_matrix *factor = &ls->cholesky.factor;
  double epsilon = gram->dtype == DNI_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
  double ridge = ls->ridge * mean_diagonal(gram);
  for (size_t r = 0; r < gram->rows; r++) {
    dni_matrix from = dni__matrix_rows(gram, r, 1), to = dni__matrix_rows(factor, r, 1);
    from.columns = to.columns = r + 1;
    dni__matrix_copy(&from, &to);
    double diagonal = dni__matrix_get(gram, r, r) + ridge;
    dni__matrix_set(factor, r, r, diagonal);
    dni__matrix_set(&ls->cholesky.least, 0, r, 4 * epsilon * diagonal);
  }
}

/* W = 2^-exponent times the solution. */
static void put_weight(const dni__least_squares *ls) {
  const dni_matrix *weight = &ls->base.parameters[DNI__LS_WEIGHT].value;
  dni__matrix_copy(&ls->solution, weight);
  if (ls->exponent == 0) return;
  for (size_t r = 0; r < weight->rows; r++)
    for (size_t c = 0; c < weight->columns; c++)
      dni__matrix_set(weight, r, c, ldexp(dni__matrix_get(weight, r, c), -ls->exponent));
}

dni_status dni__ls_solve(const dni__least_squares *ls) {
  const dni_sg *sg = &ls->base;
  fill_factor(ls);
  DNI_TRY(dni__cholesky_factor(sg->context, sg->backend, &ls->cholesky, &ls->panel));
  dni__matrix_copy(&sg->parameters[DNI__LS_MOMENT].value, &ls->solution);
  DNI_TRY(dni__cholesky_solve(sg->backend, &ls->cholesky, &ls->solution, &ls->panel));
  if (sg->context->kernels->non_finite(sg->units * ls->inputs, ls->solution.data) > 0)
    return dni__fail(DNI_ERROR_NON_FINITE, "the solution is not finite");
  put_weight(ls);
  return DNI_OK;
}

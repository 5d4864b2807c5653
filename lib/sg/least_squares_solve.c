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
 * that others give already, which is left out: its weights are 0. Errors of n subtractions grow with
 * the root of n; the largest of a matrix was seen at sqrt(n) epsilon. */
static void fill_factor(const dni__least_squares *ls) {
  const dni_matrix *gram = &ls->base.parameters[DNI__LS_GRAM].value;
  const dni_matrix *factor = &ls->cholesky.factor;
  double epsilon = gram->dtype == DNI_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
  double least = 4 * sqrt((double)gram->rows) * epsilon;
  double ridge = ls->ridge * mean_diagonal(gram);
  for (size_t r = 0; r < gram->rows; r++) {
    dni_matrix from = dni__matrix_rows(gram, r, 1), to = dni__matrix_rows(factor, r, 1);
    from.columns = to.columns = r + 1;
    dni__matrix_copy(&from, &to);
    double diagonal = dni__matrix_get(gram, r, r) + ridge;
    dni__matrix_set(factor, r, r, diagonal);
    dni__matrix_set(&ls->cholesky.least, 0, r, least * diagonal);
  }
}

dni_status dni__ls_factor(dni__least_squares *ls) {
  const dni_sg *sg = &ls->base;
  if (ls->factored) return DNI_OK;
  fill_factor(ls);
  DNI_TRY(dni__cholesky_factor(sg->context, sg->backend, &ls->cholesky, &ls->panel));
  ls->factored = true;
  return DNI_OK;
}

static dni_status check_finite(const dni_sg *sg, const dni_matrix *solution) {
  size_t count = solution->rows * solution->columns;
  if (sg->context->kernels->non_finite(count, solution->data) == 0) return DNI_OK;
  return dni__fail(DNI_ERROR_NON_FINITE, "the solution is not finite");
}

/* The sums are of 2^-exponent z, and W is of z. */
dni_status dni__ls_solve(dni__least_squares *ls) {
  const dni_sg *sg = &ls->base;
  const dni_matrix *weight = &sg->parameters[DNI__LS_WEIGHT].value;
  dni__matrix_copy(&sg->parameters[DNI__LS_MOMENT].value, weight);
  DNI_TRY(dni__cholesky_solve(sg->backend, &ls->cholesky, weight, &ls->panel));
  DNI_TRY(check_finite(sg, weight));
  for (size_t r = 0; ls->exponent != 0 && r < weight->rows; r++)
    for (size_t c = 0; c < weight->columns; c++)
      dni__matrix_set(weight, r, c, ldexp(dni__matrix_get(weight, r, c), -ls->exponent));
  ls->behind = false;
  return DNI_OK;
}

bool dni__ls_answers(const dni__least_squares *ls, size_t rows) {
  return ls->behind && ls->exponent == 0 && rows < ls->base.units;
}

/* M^T = R (C + lambda (tr C / n) I)^-1 Z^T, from the right. */
dni_status dni__ls_answer(const dni__least_squares *ls, const dni_matrix *h,
                          const dni_matrix *delta) {
  const dni_sg *sg = &ls->base;
  dni_matrix x = dni__matrix_rows(&ls->x, 0, delta->rows), tail = dni__ls_tail(ls, delta->rows);
  dni_matrix x_h = dni__matrix_columns(&x, 0, ls->h_columns);
  dni_matrix x_tail = dni__matrix_columns(&x, ls->h_columns, tail.columns);
  if (ls->h_columns > 0) dni__matrix_copy(h, &x_h);
  dni__matrix_copy(&tail, &x_tail);
  DNI_TRY(dni__cholesky_solve(sg->backend, &ls->cholesky, &x, &ls->panel));
  DNI_TRY(check_finite(sg, &x));
  return dni__gemm(sg->backend, 0, 1, 1, &x, &sg->parameters[DNI__LS_MOMENT].value, 0, delta);
}

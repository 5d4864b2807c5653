/* Sums over an SG's prediction M and the target D, with the weights of examples.
 *
 * In a weighted batch row s of both is w_s times what it would be without, so w_s times the square
 * of the unweighted row is the square of the weighted row divided by w_s. */
#include "sg/sg.h"

static void add_sums(dni__pair_sums *sums, const dni__pair_sums *row, double weight) {
  sums->difference2 += row->difference2 / weight;
  sums->product += row->product / weight;
  sums->first2 += row->first2 / weight;
  sums->second2 += row->second2 / weight;
}

static void clear_row(const dni_matrix *view, size_t row) {
  for (size_t c = 0; c < view->columns; c++)
    dni__matrix_set(view, row, c, 0);
}

/* Row by row, since each has a weight. */
static void weighted_residual(const dni_sg *sg, const dni_sg_call *call, double factor,
                              dni__pair_sums *sums) {
  const dni_matrix *m = call->prediction, *d = call->target;
  *sums = (dni__pair_sums){0, 0, 0, 0};
  for (size_t r = 0; r < d->rows; r++) {
    double weight = dni__weight(call->weights, r);
    dni__pair_sums row;
    if (weight > 0) {
      sg->context->kernels->residual(1, d->columns, dni__matrix_row(m, r), m->stride,
                                     dni__matrix_row(d, r), d->stride, factor, &row);
      add_sums(sums, &row, weight);
    } else
      clear_row(m, r);
  }
}

void dni__sg_residual(const dni_sg *sg, const dni_sg_call *call, double factor,
                      dni__pair_sums *sums) {
  const dni_matrix *m = call->prediction, *d = call->target;
  if (call->weights)
    weighted_residual(sg, call, factor, sums);
  else
    sg->context->kernels->residual(d->rows, d->columns, m->data, m->stride, d->data, d->stride,
                                   factor, sums);
}

void dni__sg_compare(const dni_sg_call *call, dni__pair_sums *sums) {
  const dni_matrix *target = call->target;
  *sums = (dni__pair_sums){0, 0, 0, 0};
  for (size_t r = 0; r < target->rows; r++) {
    double weight = dni__weight(call->weights, r);
    if (weight == 0) continue;
    for (size_t c = 0; c < target->columns; c++) {
      double m = dni__matrix_get(call->prediction, r, c), d = dni__matrix_get(target, r, c);
      dni__pair_sums element = {(m - d) * (m - d), m * d, m * m, d * d};
      add_sums(sums, &element, weight);
    }
  }
}

void dni__sg_leave_out(const dni_sg_call *call) {
  if (!call->weights) return;
  for (size_t r = 0; r < call->target->rows; r++) {
    if (dni__weight(call->weights, r) != 0) continue;
    dni_matrix from = dni__matrix_rows(call->target, r, 1);
    dni_matrix to = dni__matrix_rows(call->prediction, r, 1);
    dni__matrix_copy(&from, &to);
  }
}

void dni__sg_put_gradient(const dni_matrix *gradient, size_t column, const dni_sg_call *call,
                          double value) {
  if (call->flags & DNI_GRADIENT_SKIP) return;
  if (call->flags & DNI_GRADIENT_ADD) value += dni__matrix_get(gradient, 0, column);
  dni__matrix_set(gradient, 0, column, value);
}

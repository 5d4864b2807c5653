/* Sums over an SG's prediction M and the target D, with the weights of examples.
 *
 * In a weighted batch row s of both is w_s times what it would be without, so w_s times the square
 * of the unweighted row is the square of the weighted row divided by w_s.
 *
 * They are added up the quick way first. If a sum shows that squares were too large or too small for
 * that, they are added up again in double, of numbers brought into range by a power of 2. */
#include <math.h>

#include "core/real.h"
#include "sg/sg.h"

#define ELEMENTS_AT_A_TIME 4096

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

/* Rows first .. first+rows-1; scale NULL: the quick way. */
static void sum_rows(const dni_sg *sg, const dni_sg_call *call, size_t first, size_t rows,
                     const dni__pair_scale *scale, dni__pair_sums *sums) {
  const dni__kernels *kernels = sg->context->kernels;
  dni_matrix m = dni__matrix_rows(call->prediction, first, rows);
  dni_matrix d = dni__matrix_rows(call->target, first, rows);
  if (scale)
    kernels->pair_sums_in_double(rows, d.columns, m.data, m.stride, d.data, d.stride, scale, sums);
  else
    kernels->pair_sums(rows, d.columns, m.data, m.stride, d.data, d.stride, sums);
}

/* Rows with weights one by one, since each has one. */
static void sum(const dni_sg *sg, const dni_sg_call *call, size_t first, size_t rows,
                const dni__pair_scale *scale, dni__pair_sums *sums) {
  if (!call->weights) {
    sum_rows(sg, call, first, rows, scale, sums);
    return;
  }
  sum_rows(sg, call, first, 0, scale, sums);
  for (size_t r = first; r < first + rows; r++) {
    double weight = dni__weight(call->weights, r);
    dni__pair_sums row;
    if (weight == 0) continue;
    sum_rows(sg, call, r, 1, scale, &row);
    add_sums(sums, &row, weight);
  }
}

/* Whether squares that were too small for the element type, and so left out, are too few to matter.
 * With weights nothing can be said: squares of weighted rows are divided by the weights afterwards. */
static bool is_right(dni_dtype dtype, double squares, size_t count) {
  double least = (double)count * (dtype == DNI_F32 ? 0x1p-100 : 0x1p-900);
  return squares >= least && squares <= 0x1p1000;
}

/* Squares of floats are within the range of double. */
static double scale_of(dni_dtype dtype, double squares) {
  return dtype == DNI_F32 ? 1 : dni__squares_range(squares);
}

static void compare(const dni_sg *sg, const dni_sg_call *call, size_t first, size_t rows,
                    dni__pair_sums *sums) {
  dni_dtype dtype = sg->context->dtype;
  size_t count = rows * call->target->columns;
  sum(sg, call, first, rows, NULL, sums);
  if (!call->weights && is_right(dtype, sums->first2, count) &&
      is_right(dtype, sums->second2, count) && is_right(dtype, sums->difference2, count))
    return;
  dni__pair_scale scale = {
      .first = scale_of(dtype, sums->first2),
      .second = scale_of(dtype, sums->second2),
      .difference = scale_of(dtype, sums->difference2),
  };
  sum(sg, call, first, rows, &scale, sums);
}

void dni__sg_compare(const dni_sg *sg, const dni_sg_call *call, dni__pair_sums *sums) {
  compare(sg, call, 0, call->target->rows, sums);
}

static void put_residual(const dni_sg *sg, const dni_sg_call *call, size_t first, size_t rows,
                         double factor) {
  dni_matrix m = dni__matrix_rows(call->prediction, first, rows);
  dni_matrix d = dni__matrix_rows(call->target, first, rows);
  sg->context->kernels->residual(rows, d.columns, m.data, m.stride, d.data, d.stride, factor);
  for (size_t r = 0; call->weights && r < rows; r++)
    if (dni__weight(call->weights, first + r) == 0) clear_row(&m, r);
}

/* In a few rows at a time, which stay in the cache between their sums and their residual. Sums of
 * double may come scaled, each by a power of its own, and are therefore made of all rows at once. */
void dni__sg_residual(const dni_sg *sg, const dni_sg_call *call, double factor,
                      dni__pair_sums *sums) {
  const size_t rows = call->target->rows, columns = call->target->columns;
  const bool in_parts = sg->context->dtype == DNI_F32;
  const size_t most = in_parts ? 1 + ELEMENTS_AT_A_TIME / (columns + 1) : rows;
  sum_rows(sg, call, 0, 0, NULL, sums);
  for (size_t first = 0; first < rows; first += most) {
    const size_t count = rows - first < most ? rows - first : most;
    dni__pair_sums part;
    compare(sg, call, first, count, &part);
    add_sums(sums, &part, 1);
    sums->scale = part.scale;
    put_residual(sg, call, first, count, factor);
  }
}

double dni__sg_mean_square(const dni__pair_sums *sums, double weight) {
  double scale = sums->scale.difference, sum = sums->difference2;
  if (weight == 0 || !isfinite(sum)) return weight == 0 ? 0 : sum;
  return dni__real_limit(DNI_F64, sum / scale / weight / scale);
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

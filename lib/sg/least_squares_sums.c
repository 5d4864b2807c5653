/* The sums C and R of least-squares SGs.
 *
 * As a rule Z is not written down: its columns of h lie where the layer put them, the others are few,
 * and C is symmetric, so that blocks above its diagonal are left out. Examples with weights, and
 * numbers whose squares the element type does not hold, take the long way: a few rows of Z at a time.
 * Huge h are scaled with a power of 2, which C and R then have in them. */
#include <math.h>

#include "core/real.h"
#include "sg/least_squares.h"

#define GRAM_BLOCK 64 /* columns of C at a time */

/* Powers of 2 below which numbers stay, so that sums over a batch of their products are finite: of h
 * before it is scaled, and of targets. `relax` is how much of the scale is taken back at a time. */
typedef struct limits {
  int h, target, relax;
} limits;

static limits limits_of(dni_dtype dtype) {
  return dtype == DNI_F32 ? (limits){20, 90, 10} : (limits){300, 600, 80};
}

/* Adding. ------------------------------------------------------------------------------------- */

/* C += left^T right and R += target^T right, each in the two parts of z. left is right, but for the
 * weights of the examples. */
typedef struct z_rows {
  dni_matrix left_h, left_tail, right_h, right_tail, target;
} z_rows;

static dni_matrix part(const dni_matrix *matrix, size_t first, size_t end, size_t from, size_t to) {
  dni_matrix rows = dni__matrix_rows(matrix, first, end - first);
  return dni__matrix_columns(&rows, from, to - from);
}

static dni_status add_gram_of_h(const dni__least_squares *ls, const z_rows *z, double alpha,
                                double beta) {
  const dni_matrix *gram = &ls->base.parameters[DNI__LS_GRAM].value;
  size_t end;
  for (size_t first = 0; first < ls->h_columns; first = end) {
    end = ls->h_columns - first < GRAM_BLOCK ? ls->h_columns : first + GRAM_BLOCK;
    dni_matrix block = part(gram, first, end, 0, end);
    dni_matrix left = dni__matrix_columns(&z->left_h, first, end - first);
    dni_matrix right = dni__matrix_columns(&z->right_h, 0, end);
    DNI_TRY(dni__gemm(ls->base.backend, 1, 0, alpha, &left, &right, beta, &block));
  }
  return DNI_OK;
}

/* C = beta C + alpha left^T right, R likewise. */
static dni_status add_rows(const dni__least_squares *ls, const z_rows *z, double alpha,
                           double beta) {
  dni_backend *backend = ls->base.backend;
  const dni_matrix *gram = &ls->base.parameters[DNI__LS_GRAM].value;
  const dni_matrix *moment = &ls->base.parameters[DNI__LS_MOMENT].value;
  size_t h = ls->h_columns, n = ls->inputs;
  dni_matrix gram_h = part(gram, h, n, 0, h), gram_tail = part(gram, h, n, h, n);
  dni_matrix moment_h = dni__matrix_columns(moment, 0, h);
  dni_matrix moment_tail = dni__matrix_columns(moment, h, n - h);
  DNI_TRY(dni__gemm(backend, 1, 0, alpha, &z->left_tail, &z->right_tail, beta, &gram_tail));
  DNI_TRY(dni__gemm(backend, 1, 0, alpha, &z->target, &z->right_tail, beta, &moment_tail));
  if (h == 0) return DNI_OK;
  DNI_TRY(add_gram_of_h(ls, z, alpha, beta));
  DNI_TRY(dni__gemm(backend, 1, 0, alpha, &z->left_tail, &z->right_h, beta, &gram_h));
  return dni__gemm(backend, 1, 0, alpha, &z->target, &z->right_h, beta, &moment_h);
}

/* Rows first .. first+rows-1 of Z, scaled, and the same with weights. */
static void write_chunk(const dni__least_squares *ls, const dni_sg_call *call, size_t first,
                        size_t rows) {
  dni_matrix tail = dni__ls_tail(ls, call->target->rows);
  for (size_t r = 0; r < rows; r++) {
    double weight = dni__weight(call->weights, first + r);
    for (size_t c = 0; c < ls->inputs; c++) {
      double value = c < ls->h_columns ? dni__matrix_get(call->h, first + r, c)
                                       : dni__matrix_get(&tail, first + r, c - ls->h_columns);
      value = ldexp(value, -ls->exponent);
      dni__matrix_set(&ls->chunks[0], r, c, value);
      dni__matrix_set(&ls->chunks[1], r, c, weight * value);
    }
  }
}

static dni_status add_chunks(const dni__least_squares *ls, const dni_sg_call *call, double alpha,
                             double beta) {
  size_t rows = call->target->rows, h = ls->h_columns, n = ls->inputs, count;
  for (size_t first = 0; first < rows; first += count) {
    count = rows - first < DNI__LS_CHUNK ? rows - first : DNI__LS_CHUNK;
    write_chunk(ls, call, first, count);
    z_rows z = {
        .left_h = part(&ls->chunks[1], 0, count, 0, h),
        .left_tail = part(&ls->chunks[1], 0, count, h, n),
        .right_h = part(&ls->chunks[0], 0, count, 0, h),
        .right_tail = part(&ls->chunks[0], 0, count, h, n),
        .target = dni__matrix_rows(call->target, first, count),
    };
    DNI_TRY(add_rows(ls, &z, alpha, first == 0 ? beta : 1));
  }
  return DNI_OK;
}

static dni_status add_in_place(const dni__least_squares *ls, const dni_sg_call *call, double alpha,
                               double beta) {
  dni_matrix tail = dni__ls_tail(ls, call->target->rows);
  z_rows z = {.left_tail = tail, .right_tail = tail, .target = *call->target};
  if (ls->h_columns > 0) z.left_h = z.right_h = *call->h;
  return add_rows(ls, &z, alpha, beta);
}

/* Size. --------------------------------------------------------------------------------------- */

/* *exponent: the least power of 2 that all numbers are below; of zeros alone a very small one. */
static dni_status find_exponent(const dni_matrix *view, const char *name, int *exponent) {
  double largest = 0;
  size_t row, column;
  if (!dni__matrix_finite(view, &row, &column))
    return dni__fail(DNI_ERROR_NON_FINITE, "%s is not finite in row %zu, column %zu", name, row,
                     column);
  for (row = 0; row < view->rows; row++)
    for (column = 0; column < view->columns; column++)
      largest = fmax(largest, fabs(dni__matrix_get(view, row, column)));
  *exponent = largest > 0 ? ilogb(largest) + 1 : -10000;
  return DNI_OK;
}

/* Whether a look at the squares, added up the quick way, shows that nothing is out of the ordinary. */
static bool is_ordinary(const dni__least_squares *ls, const dni_sg_call *call) {
  const dni_matrix *target = call->target, *h = ls->sees_h ? call->h : target;
  limits most = limits_of(target->dtype);
  dni__pair_sums sums;
  ls->base.context->kernels->pair_sums(target->rows, target->columns, h->data, h->stride,
                                       target->data, target->stride, &sums);
  return sums.first2 < ldexp(1, 2 * most.h) && sums.second2 < ldexp(1, 2 * most.h);
}

/* Multiply C with 4^by and R with 2^by. */
static void scale_sums(dni__least_squares *ls, int by) {
  const dni_matrix *gram = &ls->base.parameters[DNI__LS_GRAM].value;
  const dni_matrix *moment = &ls->base.parameters[DNI__LS_MOMENT].value;
  for (size_t c = 0; c < ls->inputs; c++) {
    for (size_t r = 0; r < ls->inputs; r++)
      dni__matrix_set(gram, r, c, ldexp(dni__matrix_get(gram, r, c), 2 * by));
    for (size_t r = 0; r < moment->rows; r++)
      dni__matrix_set(moment, r, c, ldexp(dni__matrix_get(moment, r, c), by));
  }
  ls->exponent -= by;
}

/* Choose the scale for this lesson. */
static dni_status fit_scale(dni__least_squares *ls, const dni_sg_call *call) {
  limits most = limits_of(call->target->dtype);
  int of_h = 0, of_target;
  if (is_ordinary(ls, call)) return DNI_OK;
  if (ls->sees_h) DNI_TRY(find_exponent(call->h, "h", &of_h));
  DNI_TRY(find_exponent(call->target, "target", &of_target));
  if (of_target > most.target)
    return dni__fail(DNI_ERROR_NON_FINITE, "target reaches 2^%d; it must be below 2^%d", of_target,
                     most.target);
  if (of_h > most.h && of_h > ls->exponent) scale_sums(ls, ls->exponent - of_h);
  return DNI_OK;
}

/* Where a huge h has been forgotten, its scale is taken back, a little at a time. */
static void relax_scale(dni__least_squares *ls) {
  const dni_matrix *gram = &ls->base.parameters[DNI__LS_GRAM].value;
  double most = 0;
  if (ls->exponent == 0) return;
  for (size_t i = 0; i < ls->inputs; i++)
    most = fmax(most, dni__matrix_get(gram, i, i));
  int by = limits_of(gram->dtype).relax;
  if (most < ldexp(1, -2 * by)) scale_sums(ls, by < ls->exponent ? by : ls->exponent);
}

dni_status dni__ls_add(dni__least_squares *ls, const dni_sg_call *call) {
  DNI_TRY(fit_scale(ls, call));
  double alpha = ls->forgetting * call->scale;
  double beta = call->flags & DNI_GRADIENT_ADD ? 1 : 1 - ls->forgetting;
  bool in_place = !call->weights && ls->exponent == 0;
  DNI_TRY(in_place ? add_in_place(ls, call, alpha, beta) : add_chunks(ls, call, alpha, beta));
  relax_scale(ls);
  return DNI_OK;
}

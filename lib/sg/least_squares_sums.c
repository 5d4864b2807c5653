/* The sums C and R of least-squares SGs.
 *
 * As a rule Z is not written down: its columns of h lie where the layer put them, the others are few,
 * and C is symmetric, so that blocks above its diagonal are left out. Examples with weights, and
 * numbers whose squares the element type does not hold, take the long way: a few rows of Z at a time.
 * A huge Z is scaled with a power of 2, which C and R then have in them. */
#include <math.h>

#include "core/real.h"
#include "sg/least_squares.h"

#define GRAM_BLOCK 64 /* columns of C at a time */

/* Powers of 2 below which numbers stay, so that sums over a batch of their products are finite: of z
 * before it is scaled, of targets, and of the products of h and residuals, from which the guess
 * learns. `relax` is how much of the scale is taken back at a time. */
typedef struct limits {
  int z, target, product, relax;
} limits;

static limits limits_of(dni_dtype dtype) {
  return dtype == DNI_F32 ? (limits){20, 90, 100, 10} : (limits){300, 600, 900, 80};
}

/* Adding. ------------------------------------------------------------------------------------- */

/* C += of_gram left^T right and R += of_moment target^T right, each in the two parts of z. left is
 * right, but for the weights of the examples, which the target has already. */
typedef struct z_rows {
  dni_matrix left_h, left_tail, right_h, right_tail, target;
  double of_gram, of_moment;
} z_rows;

static dni_matrix part(const dni_matrix *matrix, size_t first, size_t end, size_t from, size_t to) {
  dni_matrix rows = dni__matrix_rows(matrix, first, end - first);
  return dni__matrix_columns(&rows, from, to - from);
}

static dni_status add_gram_of_h(const dni__least_squares *ls, const z_rows *z, double beta) {
  const dni_matrix *gram = &ls->base.parameters[DNI__LS_GRAM].value;
  size_t end;
  for (size_t first = 0; first < ls->h_columns; first = end) {
    end = ls->h_columns - first < GRAM_BLOCK ? ls->h_columns : first + GRAM_BLOCK;
    dni_matrix block = part(gram, first, end, 0, end);
    dni_matrix left = dni__matrix_columns(&z->left_h, first, end - first);
    dni_matrix right = dni__matrix_columns(&z->right_h, 0, end);
    DNI_TRY(dni__gemm(ls->base.backend, 1, 0, z->of_gram, &left, &right, beta, &block));
  }
  return DNI_OK;
}

/* C = beta C + of_gram left^T right, R likewise. */
static dni_status add_rows(const dni__least_squares *ls, const z_rows *z, double beta) {
  dni_backend *backend = ls->base.backend;
  const dni_matrix *gram = &ls->base.parameters[DNI__LS_GRAM].value;
  const dni_matrix *moment = &ls->base.parameters[DNI__LS_MOMENT].value;
  size_t h = ls->h_columns, n = ls->inputs;
  dni_matrix gram_h = part(gram, h, n, 0, h), gram_tail = part(gram, h, n, h, n);
  dni_matrix moment_h = dni__matrix_columns(moment, 0, h);
  dni_matrix moment_tail = dni__matrix_columns(moment, h, n - h);
  DNI_TRY(dni__gemm(backend, 1, 0, z->of_gram, &z->left_tail, &z->right_tail, beta, &gram_tail));
  DNI_TRY(dni__gemm(backend, 1, 0, z->of_moment, &z->target, &z->right_tail, beta, &moment_tail));
  if (h == 0) return DNI_OK;
  DNI_TRY(add_gram_of_h(ls, z, beta));
  DNI_TRY(dni__gemm(backend, 1, 0, z->of_gram, &z->left_tail, &z->right_h, beta, &gram_h));
  return dni__gemm(backend, 1, 0, z->of_moment, &z->target, &z->right_h, beta, &moment_h);
}

/* Rows first .. first+rows-1 of Z, scaled, and the same with weights. The weights have the scale of
 * the mean in them, so that large ones do no harm. */
static void write_chunk(const dni__least_squares *ls, const dni_sg_call *call, size_t first,
                        size_t rows) {
  dni_matrix tail = dni__ls_tail(ls, call->target->rows);
  for (size_t r = 0; r < rows; r++) {
    double weight = call->scale * dni__weight(call->weights, first + r);
    for (size_t c = 0; c < ls->inputs; c++) {
      double value = c < ls->h_columns ? dni__matrix_get(call->h, first + r, c)
                                       : dni__matrix_get(&tail, first + r, c - ls->h_columns);
      value = ldexp(value, -ls->exponent);
      dni__matrix_set(&ls->chunks[0], r, c, value);
      dni__matrix_set(&ls->chunks[1], r, c, weight * value);
    }
  }
}

/* How many rows from `first` on, up to a chunk, have a weight above 0. */
static size_t present_rows(const dni_sg_call *call, size_t first) {
  size_t rows = call->target->rows - first, count = 0;
  while (count < rows && count < DNI__LS_CHUNK && dni__weight(call->weights, first + count) > 0)
    count++;
  return count;
}

static dni_status add_chunks(const dni__least_squares *ls, const dni_sg_call *call, double beta) {
  size_t rows = call->target->rows, h = ls->h_columns, n = ls->inputs, count;
  for (size_t first = 0; first < rows; first += count) {
    count = present_rows(call, first);
    if (count == 0) {
      count = 1;
      continue;
    }
    write_chunk(ls, call, first, count);
    z_rows z = {
        .left_h = part(&ls->chunks[1], 0, count, 0, h),
        .left_tail = part(&ls->chunks[1], 0, count, h, n),
        .right_h = part(&ls->chunks[0], 0, count, 0, h),
        .right_tail = part(&ls->chunks[0], 0, count, h, n),
        .target = dni__matrix_rows(call->target, first, count),
        .of_gram = ls->forgetting,
        .of_moment = ls->forgetting * call->scale,
    };
    DNI_TRY(add_rows(ls, &z, beta));
    beta = 1;
  }
  return DNI_OK;
}

static dni_status add_in_place(const dni__least_squares *ls, const dni_sg_call *call, double beta) {
  dni_matrix tail = dni__ls_tail(ls, call->target->rows);
  z_rows z = {.left_tail = tail, .right_tail = tail, .target = *call->target};
  if (ls->h_columns > 0) z.left_h = z.right_h = *call->h;
  z.of_gram = z.of_moment = ls->forgetting * call->scale;
  return add_rows(ls, &z, beta);
}

/* Size. --------------------------------------------------------------------------------------- */

/* What a lesson is made of; views that are not looked at have no columns. */
typedef struct parts {
  dni_matrix h, y, residual, target;
} parts;

static parts parts_of(const dni__least_squares *ls, const dni_sg_call *call) {
  dni_matrix tail = dni__ls_tail(ls, call->target->rows);
  size_t y = ls->sees_y ? ls->base.targets : 0;
  parts of = {
      .h = ls->base.looks_at_h ? *call->h : dni__matrix_columns(&tail, 0, 0),
      .y = dni__matrix_columns(&tail, 1, y),
      .residual = dni__matrix_columns(&tail, 1 + y, tail.columns - 1 - y),
      .target = *call->target,
  };
  return of;
}

/* *exponent: the least power of 2 that all numbers are below, at least 0. Rows of weight 0 do not
 * count; `everywhere`: they have to be finite, too. */
static dni_status find_exponent(const dni_matrix *view, const dni_matrix *weights, bool everywhere,
                                const char *name, int *exponent) {
  double largest = 0;
  for (size_t r = 0; r < view->rows; r++) {
    bool counts = dni__weight(weights, r) > 0;
    for (size_t c = 0; c < view->columns && (counts || everywhere); c++) {
      double size = fabs(dni__matrix_get(view, r, c));
      if (!isfinite(size))
        return dni__fail(DNI_ERROR_NON_FINITE, "%s is not finite in row %zu, column %zu", name, r,
                         c);
      if (counts) largest = fmax(largest, size);
    }
  }
  *exponent = largest >= 1 ? ilogb(largest) + 1 : 0;
  return DNI_OK;
}

/* Whether a look at the squares, added up the quick way, shows that nothing is out of the ordinary. */
static bool is_ordinary(const dni__least_squares *ls, const parts *of) {
  double most = ldexp(1, 2 * limits_of(of->target.dtype).z);
  const dni_matrix *pairs[][2] = {{&of->target, of->h.columns > 0 ? &of->h : &of->target},
                                  {&of->y, &of->y},
                                  {&of->residual, &of->residual}};
  for (size_t i = 0; i < 3; i++) {
    const dni_matrix *a = pairs[i][0], *b = pairs[i][1];
    dni__pair_sums sums;
    ls->base.context->kernels->pair_sums(a->rows, a->columns, a->data, a->stride, b->data,
                                         b->stride, &sums);
    if (!(sums.first2 < most && sums.second2 < most)) return false;
  }
  return true;
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

/* Where a huge z has been forgotten, its scale is taken back, a little at a time; at once where beta,
 * what the sums are multiplied with next, is 0. */
static void relax_scale(dni__least_squares *ls, double beta) {
  const dni_matrix *gram = &ls->base.parameters[DNI__LS_GRAM].value;
  double most = 0;
  if (beta == 0) ls->exponent = 0;
  if (ls->exponent == 0) return;
  for (size_t i = 0; i < ls->inputs; i++)
    most = fmax(most, dni__matrix_get(gram, i, i));
  int by = limits_of(gram->dtype).relax;
  if (most < ldexp(1, -2 * by)) scale_sums(ls, by < ls->exponent ? by : ls->exponent);
}

static int larger(int a, int b) {
  return a > b ? a : b;
}

static dni_status check_limits(limits most, int h, int residual, int target) {
  if (target > most.target)
    return dni__fail(DNI_ERROR_NON_FINITE, "target reaches 2^%d; it must be below 2^%d", target,
                     most.target);
  if (h + residual > most.product)
    return dni__fail(DNI_ERROR_NON_FINITE,
                     "h reaches 2^%d and the residual 2^%d; their product must be below 2^%d", h,
                     residual, most.product);
  return DNI_OK;
}

/* *exponent: the least power of 2 that all numbers in z are below; 0 if none is out of the ordinary.
 * What a guess looks at has to be finite even in rows of weight 0, since 0 times infinity is NaN. */
static dni_status size_of_z(const dni__least_squares *ls, const dni_sg_call *call, int *exponent) {
  parts of = parts_of(ls, call);
  const dni_matrix *weights = call->weights;
  int h, y, residual, target;
  *exponent = 0;
  if (is_ordinary(ls, &of)) return DNI_OK;
  DNI_TRY(find_exponent(&of.h, weights, true, "h", &h));
  DNI_TRY(find_exponent(&of.y, weights, true, "y", &y));
  DNI_TRY(find_exponent(&of.residual, weights, true, "the residual of the guess", &residual));
  DNI_TRY(find_exponent(&of.target, weights, false, "target", &target));
  *exponent = larger(ls->h_columns > 0 ? h : 0, larger(y, residual));
  return check_limits(limits_of(of.target.dtype), ls->guess.loss ? h : 0, residual, target);
}

dni_status dni__ls_add(dni__least_squares *ls, const dni_sg_call *call, bool begins) {
  double beta = begins ? 1 - ls->forgetting : 1;
  int of_z;
  DNI_TRY(size_of_z(ls, call, &of_z));
  relax_scale(ls, beta);
  if (of_z > limits_of(call->target->dtype).z && of_z > ls->exponent)
    scale_sums(ls, ls->exponent - of_z);
  bool in_place = !call->weights && ls->exponent == 0;
  return (in_place ? add_in_place : add_chunks)(ls, call, beta);
}

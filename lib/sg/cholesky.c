/* Cholesky's factorisation by blocks of columns, each from the finished ones on its left, so that each
 * takes one long product. Diagonal blocks are inverted: solving with them is then a product too. */
#include "sg/cholesky.h"

static size_t block_at(const dni_matrix *matrix, size_t first) {
  size_t left = matrix->columns - first;
  return left < DNI_CHOLESKY_BLOCK ? left : DNI_CHOLESKY_BLOCK;
}

/* Rows first .. end-1 and columns from .. to-1. */
static dni_matrix part(const dni_matrix *matrix, size_t first, size_t end, size_t from, size_t to) {
  dni_matrix rows = dni__matrix_rows(matrix, first, end - first);
  return dni__matrix_columns(&rows, from, to - from);
}

static dni_matrix inverse_at(const dni__cholesky *cholesky, size_t first, size_t block) {
  return part(&cholesky->inverses, first, first + block, 0, block);
}

/* columns = columns op(T), through a copy. */
static dni_status multiply_by_inverse(dni_backend *backend, const dni_matrix *columns,
                                      int32_t transpose, const dni_matrix *inverse,
                                      const dni_matrix *panel) {
  dni_matrix copy = part(panel, 0, columns->rows, 0, columns->columns);
  dni__matrix_copy(columns, &copy);
  return dni__gemm(backend, 0, transpose, 1, &copy, inverse, 0, columns);
}

/* columns -= left op(right); nothing if left has no columns. */
static dni_status subtract(dni_backend *backend, const dni_matrix *left, int32_t transpose,
                           const dni_matrix *right, const dni_matrix *columns) {
  return left->columns > 0 ? dni__gemm(backend, 0, transpose, -1, left, right, 1, columns) : DNI_OK;
}

dni_status dni__cholesky_factor(const dni_context *context, dni_backend *backend,
                                const dni__cholesky *cholesky, const dni_matrix *panel) {
  const dni_matrix *l = &cholesky->factor;
  size_t n = l->rows, size = dni__dtype_size(l->dtype), block;
  for (size_t first = 0; first < n; first += block) {
    block = block_at(l, first);
    size_t end = first + block;
    dni_matrix columns = part(l, first, n, first, end), left = part(l, first, n, 0, first);
    dni_matrix beside = part(l, first, end, 0, first), below = part(l, end, n, first, end);
    dni_matrix inverse = inverse_at(cholesky, first, block);
    const char *least = (const char *)cholesky->least.data + first * size;
    DNI_TRY(subtract(backend, &left, 1, &beside, &columns));
    context->kernels->cholesky(block, columns.data, columns.stride, least, inverse.data,
                               inverse.stride);
    if (end < n) DNI_TRY(multiply_by_inverse(backend, &below, 1, &inverse, panel));
  }
  return DNI_OK;
}

/* Where a range of columns is cut in two: a whole number of blocks from its first, so that both parts
 * are about as wide and products are as large as can be. */
static size_t middle_of(size_t first, size_t end) {
  size_t blocks = (end - first + DNI_CHOLESKY_BLOCK - 1) / DNI_CHOLESKY_BLOCK;
  return first + (blocks + 1) / 2 * DNI_CHOLESKY_BLOCK;
}

/* What a solve works on. */
typedef struct solving {
  dni_backend *backend;
  const dni__cholesky *cholesky;
  const dni_matrix *rows, *panel;
} solving;

static dni_status solve_block(const solving *s, size_t first, size_t end, int32_t transpose) {
  dni_matrix columns = part(s->rows, 0, s->rows->rows, first, end);
  dni_matrix inverse = inverse_at(s->cholesky, first, end - first);
  return multiply_by_inverse(s->backend, &columns, transpose, &inverse, s->panel);
}

/* Columns first .. end-1 of rows become V, where V L^T = rows and L has these columns alone. */
static dni_status solve_upper(const solving *s, size_t first, size_t end) {
  if (end - first <= DNI_CHOLESKY_BLOCK) return solve_block(s, first, end, 1);
  size_t middle = middle_of(first, end), m = s->rows->rows;
  dni_matrix left = part(s->rows, 0, m, first, middle), right = part(s->rows, 0, m, middle, end);
  dni_matrix under = part(&s->cholesky->factor, middle, end, first, middle);
  DNI_TRY(solve_upper(s, first, middle));
  DNI_TRY(dni__gemm(s->backend, 0, 1, -1, &left, &under, 1, &right));
  return solve_upper(s, middle, end);
}

/* The same, where V L = rows. */
static dni_status solve_lower(const solving *s, size_t first, size_t end) {
  if (end - first <= DNI_CHOLESKY_BLOCK) return solve_block(s, first, end, 0);
  size_t middle = middle_of(first, end), m = s->rows->rows;
  dni_matrix left = part(s->rows, 0, m, first, middle), right = part(s->rows, 0, m, middle, end);
  dni_matrix under = part(&s->cholesky->factor, middle, end, first, middle);
  DNI_TRY(solve_lower(s, middle, end));
  DNI_TRY(dni__gemm(s->backend, 0, 0, -1, &right, &under, 1, &left));
  return solve_lower(s, first, middle);
}

dni_status dni__cholesky_solve(dni_backend *backend, const dni__cholesky *cholesky,
                               const dni_matrix *rows, const dni_matrix *panel) {
  solving s = {backend, cholesky, rows, panel};
  DNI_TRY(solve_upper(&s, 0, rows->columns));
  return solve_lower(&s, 0, rows->columns);
}

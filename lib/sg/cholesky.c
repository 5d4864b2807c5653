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

/* rows = V, where V L^T = rows, from the left. */
static dni_status solve_upper(dni_backend *backend, const dni__cholesky *cholesky,
                              const dni_matrix *rows, const dni_matrix *panel) {
  size_t m = rows->rows, block;
  for (size_t first = 0; first < rows->columns; first += block) {
    block = block_at(rows, first);
    size_t end = first + block;
    dni_matrix columns = part(rows, 0, m, first, end), left = part(rows, 0, m, 0, first);
    dni_matrix beside = part(&cholesky->factor, first, end, 0, first);
    dni_matrix inverse = inverse_at(cholesky, first, block);
    DNI_TRY(subtract(backend, &left, 1, &beside, &columns));
    DNI_TRY(multiply_by_inverse(backend, &columns, 1, &inverse, panel));
  }
  return DNI_OK;
}

/* rows = X, where X L = rows, from the right. */
static dni_status solve_lower(dni_backend *backend, const dni__cholesky *cholesky,
                              const dni_matrix *rows, const dni_matrix *panel) {
  size_t m = rows->rows, k = rows->columns, block;
  for (size_t end = k; end > 0; end -= block) {
    block = (end - 1) % DNI_CHOLESKY_BLOCK + 1;
    size_t first = end - block;
    dni_matrix columns = part(rows, 0, m, first, end), right = part(rows, 0, m, end, k);
    dni_matrix under = part(&cholesky->factor, end, k, first, end);
    dni_matrix inverse = inverse_at(cholesky, first, block);
    DNI_TRY(subtract(backend, &right, 0, &under, &columns));
    DNI_TRY(multiply_by_inverse(backend, &columns, 0, &inverse, panel));
  }
  return DNI_OK;
}

dni_status dni__cholesky_solve(dni_backend *backend, const dni__cholesky *cholesky,
                               const dni_matrix *rows, const dni_matrix *panel) {
  DNI_TRY(solve_upper(backend, cholesky, rows, panel));
  return solve_lower(backend, cholesky, rows, panel);
}

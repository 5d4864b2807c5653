/* Products whose operands are rounded to bf16, and weights that are rounded once for all products until
 * they change. What cannot do it computes in the element type. */
#include "backend/kinds.h"

bool dni__backend_prepare(dni_backend *backend, dni_dtype compute) {
  if (compute != DNI_BF16 || !backend->vtable->gemm_bf16 ||
      !dni__backend_supports(backend, DNI_BF16))
    return false;
  if (backend->vtable->prepare) backend->vtable->prepare(backend);
  return true;
}

void dni__backend_expect(dni_backend *backend, size_t threads) {
  if (backend->vtable->expect) backend->vtable->expect(backend, threads);
}

static dni_status multiply(dni_backend *backend, const dni_product *product, const dni_matrix *c,
                           const uint32_t *panels) {
  const dni__bf16_product call = {*product, panels, NULL};
  return dni__product_is_trivial(product, c) ? DNI_OK : backend->vtable->gemm_bf16(backend, &call);
}

dni_status dni__gemm_bf16(dni_backend *backend, int32_t transpose_a, int32_t transpose_b,
                          double alpha, const dni_matrix *a, const dni_matrix *b, double beta,
                          const dni_matrix *c) {
  dni_product call = dni__product_describe(transpose_a, transpose_b, alpha, a, b, beta, c);
  return multiply(backend, &call, c, NULL);
}

/* C = X op(W). */
static dni_status multiply_weight(dni_backend *backend, int32_t transpose, const dni_matrix *x,
                                  const dni_matrix *weight, const dni__packed *packed,
                                  const dni_matrix *c) {
  dni_matrix used = dni__matrix_columns(weight, 0, transpose ? x->columns : c->columns);
  if (!packed) return dni__gemm(backend, 0, transpose, 1, x, &used, 0, c);
  const uint32_t *panels = transpose ? packed->forward : packed->backward;
  dni_product call = dni__product_describe(0, transpose, 1, x, &used, 0, c);
  return multiply(backend, &call, c, used.columns == packed->columns ? panels : NULL);
}

dni_status dni__gemm_forward(dni_backend *backend, const dni_matrix *x, const dni_matrix *weight,
                             const dni__packed *packed, const dni_matrix *y) {
  return multiply_weight(backend, 1, x, weight, packed, y);
}

dni_status dni__gemm_backward(dni_backend *backend, const dni_matrix *dz, const dni_matrix *weight,
                              const dni__packed *packed, const dni_matrix *dx) {
  return multiply_weight(backend, 0, dz, weight, packed, dx);
}

/* Packed weights. ------------------------------------------------------------------------------ */

/* Pairs in panels over `columns` columns of `k` elements; SIZE_MAX: too many. */
static size_t panel_pairs(const dni_backend *backend, size_t k, size_t columns) {
  size_t width = backend->vtable->panel_columns(backend), all, count;
  bool fits = dni__add(columns, width - 1, &all) &&
              dni__multiply(all / width * width,
                            dni__padded_pairs(k, backend->vtable->panel_unit(backend)), &count);
  return fits ? count : SIZE_MAX;
}

void dni__packed_destroy(dni_context *context, dni__packed *packed) {
  if (!packed) return;
  dni__free(context->memory, packed->forward);
  dni__free(context->memory, packed->backward);
  dni__free(context->memory, packed);
}

/* true: there is memory for it. */
static bool allocate(dni_context *context, size_t pairs, bool wanted, uint32_t **out) {
  if (wanted) *out = dni__allocate(context->memory, pairs, sizeof **out);
  return !wanted || *out;
}

dni_status dni__packed_create(dni_context *context, dni_backend *backend, size_t rows,
                              size_t columns, int uses, dni__packed **out) {
  *out = NULL;
  if (context->compute != DNI_BF16 || uses == 0 || rows == 0 || columns == 0) return DNI_OK;
  dni__packed *packed = dni__allocate(context->memory, 1, sizeof *packed);
  if (!packed) return DNI_ERROR_MEMORY;
  *packed = (dni__packed){.backend = backend, .rows = rows, .columns = columns};
  size_t forward = panel_pairs(backend, columns, rows);
  size_t backward = panel_pairs(backend, rows, columns);
  if (allocate(context, forward, uses & DNI__FORWARD, &packed->forward) &&
      allocate(context, backward, uses & DNI__BACKWARD, &packed->backward)) {
    *out = packed;
    return DNI_OK;
  }
  dni__packed_destroy(context, packed);
  return DNI_ERROR_MEMORY;
}

/* A weight to be packed. */
typedef struct packing {
  const dni_matrix *weight;
  const dni__packed *to;
} packing;

static void pack_rows(void *argument, size_t first, size_t end) {
  const packing *all = argument;
  all->to->backend->vtable->pack(all->to->backend, all->weight, first, end, all->to);
}

void dni__packed_write(const dni_matrix *weight, const dni__packed *packed) {
  if (!packed) return;
  packing all = {weight, packed};
  dni__share(packed->backend, packed->rows * packed->columns, packed->rows, pack_rows, &all);
}

size_t dni__packed_bytes(const dni__packed *packed) {
  size_t pairs = 0;
  if (packed && packed->forward)
    pairs += panel_pairs(packed->backend, packed->columns, packed->rows);
  if (packed && packed->backward)
    pairs += panel_pairs(packed->backend, packed->rows, packed->columns);
  return pairs * sizeof(uint32_t);
}

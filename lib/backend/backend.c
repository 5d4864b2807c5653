/* What all backends share: creation, life time, checks, and the products that need no backend. */
#include "backend/kinds.h"

dni_backend *dni__backend_allocate(dni__memory *memory, size_t size,
                                   const dni__backend_vtable *vtable, size_t largest) {
  dni_backend *backend = dni__allocate(memory, 1, size);
  if (!backend) return NULL;
  dni__references_init(&backend->references);
  backend->memory = dni__memory_retain(memory);
  backend->vtable = vtable;
  backend->name = dni_backend_kind_name(backend);
  backend->largest = largest;
  return backend;
}

dni_status dni__backend_create(const dni_backend_options *options, dni__backend_make make,
                               const void *what, dni_backend **out) {
  dni_backend_options known = {.struct_size = sizeof known};
  if (options) DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, options, dni_backend_options)));
  if (known.reserved != 0)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "dni_backend_options: reserved is not 0");
  dni__memory *memory;
  DNI_TRY(dni__memory_create(known.allocator, &memory));
  dni_backend *backend = NULL;
  dni_status status = make(memory, &known, what, &backend);
  if (status == DNI_OK && known.threads > 0)
    status = dni_backend_set_threads(backend, known.threads);
  if (status == DNI_OK) {
    dni__memory_adopt(memory);
    *out = backend;
  } else {
    dni_backend_release(backend);
  }
  dni__memory_release(memory);
  return status;
}

dni_backend *dni_backend_retain(dni_backend *backend) {
  if (backend) dni__references_add(&backend->references);
  return backend;
}

void dni_backend_release(dni_backend *backend) {
  if (!backend || !dni__references_drop(&backend->references)) return;
  if (backend->vtable->destroy) backend->vtable->destroy(backend);
  dni__memory *memory = backend->memory;
  dni__free(memory, backend);
  dni__memory_release(memory);
}

dni_kind dni_backend_kind(const dni_backend *backend) {
  return backend ? backend->vtable->kind : 0;
}

const char *dni_backend_kind_name(const dni_backend *backend) {
  switch (dni_backend_kind(backend)) {
  case DNI_BACKEND_BUILTIN:
    return "builtin";
  case DNI_BACKEND_CBLAS:
    return "cblas";
  case DNI_BACKEND_DYNAMIC:
    return "dynamic";
  case DNI_BACKEND_CALLBACK:
    return "callback";
  default:
    return "";
  }
}

const char *dni_backend_name(const dni_backend *backend) {
  return backend ? backend->name : "";
}

bool dni__backend_supports(const dni_backend *backend, dni_dtype dtype) {
  return !backend->vtable->supports || backend->vtable->supports(backend, dtype);
}

dni_status dni__backend_create_default(dni__memory *memory, dni_instructions instructions,
                                       dni_backend **out) {
  return dni__backend_make_builtin(memory, instructions, out);
}

dni_status dni_backend_set_threads(dni_backend *backend, size_t threads) {
  DNI_REQUIRE(backend);
  if (threads == 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: threads is 0, expected at least 1", __func__);
  if (!backend->vtable->set_threads)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "backend %s: its number of threads cannot be set",
                     dni__shown(backend->name).text);
  return backend->vtable->set_threads(backend, threads);
}

/* Numbers below which sharing costs more than it gains. */
#define SHARE_LEAST 131072

void dni__share(const dni_backend *backend, size_t numbers, size_t size, dni__range_work work,
                void *argument) {
  if (backend->vtable->share && numbers >= SHARE_LEAST)
    backend->vtable->share(backend, size, work, argument);
  else
    work(argument, 0, size);
}

/* C = beta C, never reading C if beta is 0. */
static void scale_f32(const dni_matrix *c, float beta) {
  for (size_t i = 0; i < c->rows; i++) {
    float *row = (float *)c->data + i * c->stride;
    for (size_t j = 0; j < c->columns; j++)
      row[j] = beta == 0 ? 0 : beta * row[j];
  }
}

static void scale_f64(const dni_matrix *c, double beta) {
  for (size_t i = 0; i < c->rows; i++) {
    double *row = (double *)c->data + i * c->stride;
    for (size_t j = 0; j < c->columns; j++)
      row[j] = beta == 0 ? 0 : beta * row[j];
  }
}

static dni_status check_sizes(const dni_backend *backend, const dni_product *call) {
  const struct {
    const char *what;
    size_t size;
  } sizes[] = {{"m", call->m},     {"n", call->n},     {"k", call->k},
               {"lda", call->lda}, {"ldb", call->ldb}, {"ldc", call->ldc}};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
    if (sizes[i].size > backend->largest)
      return dni__fail(DNI_ERROR_UNSUPPORTED,
                       "backend %s: %s of the product is %zu, more than its integers hold (%zu)",
                       dni__shown(backend->name).text, sizes[i].what, sizes[i].size,
                       backend->largest);
  return DNI_OK;
}

bool dni__product_is_trivial(const dni_product *call, const dni_matrix *c) {
  bool nothing_added =
      call->k == 0 || (c->dtype == DNI_F32 ? (float)call->alpha == 0 : call->alpha == 0);
  if (call->m == 0 || call->n == 0) return true;
  if (!nothing_added) return false;
  if (c->dtype == DNI_F32)
    scale_f32(c, (float)call->beta);
  else
    scale_f64(c, call->beta);
  return true;
}

dni_product dni__product_describe(int32_t transpose_a, int32_t transpose_b, double alpha,
                                  const dni_matrix *a, const dni_matrix *b, double beta,
                                  const dni_matrix *c) {
  return (dni_product){.struct_size = sizeof(dni_product),
                       .dtype = c->dtype,
                       .transpose_a = transpose_a,
                       .transpose_b = transpose_b,
                       .m = c->rows,
                       .n = c->columns,
                       .k = transpose_a ? a->rows : a->columns,
                       .alpha = alpha,
                       .a = a->data,
                       .lda = a->stride,
                       .b = b->data,
                       .ldb = b->stride,
                       .beta = beta,
                       .c = c->data,
                       .ldc = c->stride};
}

dni_status dni__gemm(dni_backend *backend, int32_t transpose_a, int32_t transpose_b, double alpha,
                     const dni_matrix *a, const dni_matrix *b, double beta, const dni_matrix *c) {
  dni_product call = dni__product_describe(transpose_a, transpose_b, alpha, a, b, beta, c);
  if (dni__product_is_trivial(&call, c)) return DNI_OK;
  DNI_TRY(check_sizes(backend, &call));
  return backend->vtable->gemm(backend, &call);
}

static dni_status check_transpose(int32_t transpose, const char *name) {
  if (transpose == 0 || transpose == 1) return DNI_OK;
  return dni__fail(DNI_ERROR_ARGUMENT, "dni_backend_gemm: %s is %d, expected 0 or 1", name,
                   (int)transpose);
}

static dni_status check_product(const dni_backend *backend, int32_t transpose_a,
                                int32_t transpose_b, const dni_matrix *a, const dni_matrix *b,
                                const dni_matrix *c) {
  if (!dni__dtype_is_real(c->dtype))
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "c holds elements of type %d (%s), expected float or double", (int)c->dtype,
                     dni__dtype_name(c->dtype));
  size_t m = c->rows, n = c->columns, k = transpose_a ? a->rows : a->columns;
  DNI_TRY(dni__matrix_check(c, c->dtype, n, "c"));
  DNI_TRY(dni__matrix_check_rows(a, c->dtype, transpose_a ? k : m, transpose_a ? m : k, "a"));
  DNI_TRY(dni__matrix_check_rows(b, c->dtype, transpose_b ? n : k, transpose_b ? k : n, "b"));
  if (!dni__backend_supports(backend, c->dtype))
    return dni__fail(DNI_ERROR_UNSUPPORTED, "backend %s has no product for %s elements",
                     dni__shown(backend->name).text, dni__dtype_name(c->dtype));
  return DNI_OK;
}

dni_status dni_backend_gemm(dni_backend *backend, int32_t transpose_a, int32_t transpose_b,
                            double alpha, const dni_matrix *a, const dni_matrix *b, double beta,
                            dni_matrix *c) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(backend);
  DNI_REQUIRE(a);
  DNI_REQUIRE(b);
  DNI_REQUIRE(c);
  DNI_TRY(check_transpose(transpose_a, "transpose_a"));
  DNI_TRY(check_transpose(transpose_b, "transpose_b"));
  DNI_TRY(check_product(backend, transpose_a, transpose_b, a, b, c));
  return dni__gemm(backend, transpose_a, transpose_b, alpha, a, b, beta, c);
}

/* Calling a CBLAS through pointers.
 *
 * Its integers are 32 bits (LP64) or 64 (ILP64), and nothing in the library says which, so one call
 * that is harmless either way finds out. Sizes are checked before any call (dni__gemm, by
 * `largest`), because a BLAS answers a bad argument by ending the process. */
#include <limits.h>
#include <string.h>

#include "backend/cblas_common.h"

/* Values fixed by the CBLAS standard. */
enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111, TRANSPOSE = 112 };

typedef void (*sgemm_32)(int, int, int, int32_t, int32_t, int32_t, float, const float *, int32_t,
                         const float *, int32_t, float, float *, int32_t);
typedef void (*dgemm_32)(int, int, int, int32_t, int32_t, int32_t, double, const double *, int32_t,
                         const double *, int32_t, double, double *, int32_t);
typedef void (*sgemm_64)(int, int, int, int64_t, int64_t, int64_t, float, const float *, int64_t,
                         const float *, int64_t, float, float *, int64_t);
typedef void (*dgemm_64)(int, int, int, int64_t, int64_t, int64_t, double, const double *, int64_t,
                         const double *, int64_t, double, double *, int64_t);

typedef struct cblas {
  dni_backend base;
  dni__cblas_functions functions;
  bool wide; /* 64-bit integers */
  char path[];
} cblas;

static void call_32(const dni__cblas_functions *functions, const dni_product *g) {
  int ta = g->transpose_a ? TRANSPOSE : NO_TRANSPOSE,
      tb = g->transpose_b ? TRANSPOSE : NO_TRANSPOSE;
  int32_t m = (int32_t)g->m, n = (int32_t)g->n, k = (int32_t)g->k;
  int32_t lda = (int32_t)g->lda, ldb = (int32_t)g->ldb, ldc = (int32_t)g->ldc;
  if (g->dtype == DNI_F32)
    ((sgemm_32)functions->sgemm)(ROW_MAJOR, ta, tb, m, n, k, (float)g->alpha, g->a, lda, g->b, ldb,
                                 (float)g->beta, g->c, ldc);
  else
    ((dgemm_32)functions->dgemm)(ROW_MAJOR, ta, tb, m, n, k, g->alpha, g->a, lda, g->b, ldb,
                                 g->beta, g->c, ldc);
}

static void call_64(const dni__cblas_functions *functions, const dni_product *g) {
  int ta = g->transpose_a ? TRANSPOSE : NO_TRANSPOSE,
      tb = g->transpose_b ? TRANSPOSE : NO_TRANSPOSE;
  int64_t m = (int64_t)g->m, n = (int64_t)g->n, k = (int64_t)g->k;
  int64_t lda = (int64_t)g->lda, ldb = (int64_t)g->ldb, ldc = (int64_t)g->ldc;
  if (g->dtype == DNI_F32)
    ((sgemm_64)functions->sgemm)(ROW_MAJOR, ta, tb, m, n, k, (float)g->alpha, g->a, lda, g->b, ldb,
                                 (float)g->beta, g->c, ldc);
  else
    ((dgemm_64)functions->dgemm)(ROW_MAJOR, ta, tb, m, n, k, g->alpha, g->a, lda, g->b, ldb,
                                 g->beta, g->c, ldc);
}

static dni_status cblas_gemm(dni_backend *backend, const dni_product *call) {
  const cblas *own = (const cblas *)backend;
  if (own->wide)
    call_64(&own->functions, call);
  else
    call_32(&own->functions, call);
  return DNI_OK;
}

static dni_status cblas_set_threads(dni_backend *backend, size_t threads) {
  const dni__cblas_functions *functions = &((const cblas *)backend)->functions;
  if (threads > INT_MAX)
    return dni__fail(DNI_ERROR_UNSUPPORTED,
                     "backend %s: %zu threads are more than its integers hold", dni__shown(backend->name).text,
                     threads);
  if (functions->openblas_set_threads)
    ((void (*)(int))functions->openblas_set_threads)((int)threads);
  else if (functions->blis_set_threads) /* its dim_t */
    ((void (*)(intptr_t))functions->blis_set_threads)((intptr_t)threads);
  else if (functions->mkl_set_threads)
    ((void (*)(int))functions->mkl_set_threads)((int)threads);
  else
    return dni__fail(DNI_ERROR_UNSUPPORTED,
                     "backend %s: it has no known function to set its number of threads",
                     dni__shown(backend->name).text);
  return DNI_OK;
}

static const dni__backend_vtable cblas_vtable = {
    .kind = DNI_BACKEND_CBLAS,
    .gemm = cblas_gemm,
    .set_threads = cblas_set_threads,
};

static const dni__backend_vtable dynamic_vtable = {
    .kind = DNI_BACKEND_DYNAMIC,
    .gemm = cblas_gemm,
    .set_threads = cblas_set_threads,
};

/* isamax of n = 0xffffffff00000003 elements: 32-bit integers see n = 3 and answer 2, the place of
 * the largest; 64-bit ones see a negative n, for which the answer is 0. The answer's own width is
 * not known either; its low half will do. */
static bool integers_are_wide(const dni__cblas_functions *functions) {
  if (sizeof(void *) == 4) return false;
  float x[3] = {1, 2, 4};
  int64_t n = -INT64_C(0xfffffffd);
  uint64_t place = ((uint64_t(*)(int64_t, const float *, int64_t))functions->isamax)(n, x, 1);
  return (uint32_t)place != 2;
}

/* The check before use: C = 2 A B^T - C with strides, small whole numbers, so any order of
 * summation gives the exact result. */
enum { CHECK_M = 3, CHECK_N = 5, CHECK_K = 7, CHECK_LD = 9 };

static double check_a(size_t i, size_t p) {
  return (double)(i * 3 + p) - 6;
}

static double check_b(size_t j, size_t p) {
  return (double)(p * 2) - (double)(j * 5);
}

static double check_c(size_t i, size_t j) {
  double sum = 0;
  for (size_t p = 0; p < CHECK_K; p++)
    sum += check_a(i, p) * check_b(j, p);
  return 2 * sum - (double)(i + j);
}

/* Memory for any of its matrices in either element type. */
typedef union check_memory {
  float f32[CHECK_N * CHECK_LD];
  double f64[CHECK_N * CHECK_LD];
} check_memory;

static bool product_is_right(dni_backend *backend, dni_dtype dtype) {
  check_memory a, b, c;
  dni_matrix a_view = {&a, CHECK_M, CHECK_K, CHECK_LD, dtype, 0};
  dni_matrix b_view = {&b, CHECK_N, CHECK_K, CHECK_LD, dtype, 0};
  dni_matrix c_view = {&c, CHECK_M, CHECK_N, CHECK_LD, dtype, 0};
  for (size_t p = 0; p < CHECK_K; p++) {
    for (size_t i = 0; i < CHECK_M; i++)
      dni__matrix_set(&a_view, i, p, check_a(i, p));
    for (size_t j = 0; j < CHECK_N; j++)
      dni__matrix_set(&b_view, j, p, check_b(j, p));
  }
  for (size_t i = 0; i < CHECK_M; i++)
    for (size_t j = 0; j < CHECK_N; j++)
      dni__matrix_set(&c_view, i, j, (double)(i + j));
  if (dni__gemm(backend, 0, 1, 2, &a_view, &b_view, -1, &c_view) != DNI_OK) return false;
  for (size_t i = 0; i < CHECK_M; i++)
    for (size_t j = 0; j < CHECK_N; j++)
      if (dni__matrix_get(&c_view, i, j) != check_c(i, j)) return false;
  return true;
}

dni_status dni__cblas_make(dni__memory *memory, const dni__cblas_functions *functions,
                           const char *path, dni_kind kind, dni_backend **out) {
  size_t length = strlen(path), bytes;
  if (!dni__add(sizeof(cblas) + 1, length, &bytes))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: the backend's path is too long");
  bool wide = integers_are_wide(functions), dynamic = kind == DNI_BACKEND_DYNAMIC;
  dni_backend *backend = dni__backend_allocate(
      memory, bytes, dynamic ? &dynamic_vtable : &cblas_vtable, wide ? PTRDIFF_MAX : INT32_MAX);
  if (!backend) return DNI_ERROR_MEMORY;
  cblas *own = (cblas *)backend;
  own->functions = *functions;
  own->wide = wide;
  memcpy(own->path, path, length);
  if (dynamic) backend->name = own->path;
  if (!product_is_right(backend, DNI_F32) || !product_is_right(backend, DNI_F64)) {
    dni_backend_release(backend);
    return dni__fail(DNI_ERROR_BACKEND, "%s: its cblas_sgemm or cblas_dgemm computes wrong numbers",
                     dni__shown(path).text);
  }
  *out = backend;
  return DNI_OK;
}

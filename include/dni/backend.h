/* dni_backend: the matrix core, C = alpha op(A) op(B) + beta C. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_BACKEND_H
#define DNI_BACKEND_H

/* The caller's own matrix core. Zeroed, then struct_size and the functions set. Copied.
 *
 * sgemm/dgemm: C[m][n] = alpha op(A)[m][k] op(B)[k][n] + beta C, row-major, op = transpose where
 * the flag is 1. lda, ldb, ldc are elements from row to row of the matrices as stored. Called with
 * m, n, k >= 1, valid strides and non-overlapping C; empty products and beta = 0 on uninitialised C
 * need no care: the library handles k = 0 itself, and with beta = 0 C must be written, not read.
 * Return 0, or anything else to make the calling operation fail with DNI_ERROR_BACKEND.
 * They may be called from several threads at once. One of the two may be NULL. destroy (may be
 * NULL) is called once, at the last release. */
typedef struct dni_backend_callbacks {
  size_t struct_size; /* sizeof(dni_backend_callbacks) */
  void *user;
  int32_t (*sgemm)(void *user, int32_t transpose_a, int32_t transpose_b, size_t m, size_t n,
                   size_t k, float alpha, const float *a, size_t lda, const float *b, size_t ldb,
                   float beta, float *c, size_t ldc);
  int32_t (*dgemm)(void *user, int32_t transpose_a, int32_t transpose_b, size_t m, size_t n,
                   size_t k, double alpha, const double *a, size_t lda, const double *b, size_t ldb,
                   double beta, double *c, size_t ldc);
  int32_t (*set_threads)(void *user, int32_t threads); /* NULL: not adjustable */
  void (*destroy)(void *user);
} dni_backend_callbacks;

/* The library's own matrix core: cache-blocked, vectorised, no dependency, one thread unless
 * dni_backend_set_threads() asks for more.
 *
 *   DNI_ERROR_ARGUMENT     NULL
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_backend_create_builtin(dni_context *context, dni_backend **out);

/* The CBLAS this library was linked with (see dni_build_info()).
 *
 *   DNI_ERROR_ARGUMENT     NULL
 *   DNI_ERROR_UNSUPPORTED  built with BLAS=none
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_backend_create_cblas(dni_context *context, dni_backend **out);

/* Any CBLAS, from the shared library at `path` (a path, or a name the dynamic loader finds). The
 * symbol suffix ("", "_64", "64_", "_64_") and integer width (32 or 64 bits) are probed, and one
 * small product is checked before use. The library stays loaded until the process ends, since a
 * threaded BLAS cannot be unloaded safely.
 *
 *   DNI_ERROR_ARGUMENT     NULL
 *   DNI_ERROR_IO           the loader cannot open path; the message has its reason
 *   DNI_ERROR_BACKEND      no cblas_sgemm and cblas_dgemm in it, or they compute wrong numbers
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_backend_create_dynamic(dni_context *context, const char *path,
                                                           dni_backend **out);

/* The caller's own.
 *
 *   DNI_ERROR_ARGUMENT     NULL, both products NULL, wrong struct_size; destroy is then not
 *                          called
 *   DNI_ERROR_UNSUPPORTED  unknown non-zero fields
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_backend_create_callback(dni_context *context,
                                                            const dni_backend_callbacks *callbacks,
                                                            dni_backend **out);

/* Any thread. A backend keeps a copy of its context's allocator, not the context, and may be given
 * to several contexts. */
DNI_API void dni_backend_retain(dni_backend *backend);
DNI_API void dni_backend_release(dni_backend *backend);

/* "builtin", "cblas", the path of a dynamic one, or "callback". "" for NULL. Valid as long as the
 * backend. */
DNI_API const char *dni_backend_name(const dni_backend *backend);

/* Ask for `threads` >= 1 threads in each product. For builtin the setting is the handle's own;
 * for a CBLAS it is what that library offers, as a rule one setting for the whole process. Not
 * while another thread uses the backend.
 *
 *   DNI_ERROR_ARGUMENT     NULL or threads < 1
 *   DNI_ERROR_UNSUPPORTED  this backend has no such setting
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_backend_set_threads(dni_backend *backend, int32_t threads);

/* C = alpha op(A) op(B) + beta C on any backend, with the same behaviour everywhere: with beta =
 * 0 C is not read; k = 0 scales C by beta; an empty C is no work. With alpha = 0, A and B are not
 * read. The flags transpose_a and transpose_b are 0 or 1. Shapes: op(A) is [m][k], op(B) [k][n],
 * C [m][n]; C must not overlap A or B. Several threads may call it at once on one backend.
 *
 *   DNI_ERROR_ARGUMENT     NULL, shapes that do not fit, mixed element types, bad strides
 *   DNI_ERROR_UNSUPPORTED  the backend lacks this element type, or a size exceeds its integers
 *   DNI_ERROR_BACKEND      a callback failed; C is then undefined */
DNI_API DNI_MUST_USE dni_status dni_backend_gemm(dni_backend *backend, int32_t transpose_a,
                                                 int32_t transpose_b, double alpha,
                                                 const dni_matrix *a, const dni_matrix *b,
                                                 double beta, const dni_matrix *c);

#endif

/** \file
 * dni_backend: the matrix product, C = alpha op(A) op(B) + beta C. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_BACKEND_H
#define DNI_BACKEND_H

enum {
  DNI_BACKEND_BUILTIN = 1, /**< The library's own product. */
  DNI_BACKEND_CBLAS = 2,   /**< The CBLAS that the library was built with. */
  DNI_BACKEND_DYNAMIC = 3, /**< A CBLAS loaded by its path. */
  DNI_BACKEND_CALLBACK = 4 /**< The caller's own. */
};

/** How to make a backend. Zero means default; NULL in place of the struct is all defaults. */
typedef struct dni_backend_options {
  size_t struct_size;             /**< sizeof(dni_backend_options). */
  const dni_allocator *allocator; /**< NULL: posix_memalign and free. */
  size_t threads;                 /**< Threads in each product; 0: as the kind starts. */
  dni_instructions instructions;  /**< Of the builtin kind; 0: the best that there are. */
  int32_t reserved;               /**< 0. */
} dni_backend_options;

/** The library's own product: cache-blocked, vectorised, without dependency. It starts with one
 * thread. The number of threads changes no bit of a result.
 *
 * - DNI_ERROR_ARGUMENT: out is NULL, a bad struct_size, unknown instructions.
 * - DNI_ERROR_UNSUPPORTED: this processor lacks the instructions; unknown non-zero fields.
 * - DNI_ERROR_MEMORY: no memory.
 * - DNI_ERROR_SYSTEM: the system starts no more threads. */
DNI_API DNI_MUST_USE dni_status dni_backend_create_builtin(const dni_backend_options *options,
                                                           dni_backend **out);

/** The CBLAS that this library was built with; dni_build_info() names it.
 *
 * The first call loads it, and with it what it brings: memory and, as a rule, threads. From then on
 * it is as a dynamic one, see dni_backend_create_dynamic().
 *
 * - DNI_ERROR_ARGUMENT: out is NULL, a bad struct_size.
 * - DNI_ERROR_UNSUPPORTED: built with BLAS=none; unknown non-zero fields; threads given, and this
 *   CBLAS has no known way to set them.
 * - DNI_ERROR_IO: the loader cannot open it; the message has its name and the reason.
 * - DNI_ERROR_BACKEND: no cblas_sgemm and cblas_dgemm in it, or they compute wrong numbers.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_backend_create_cblas(const dni_backend_options *options,
                                                         dni_backend **out);

/** Any CBLAS, from the shared library at `path`: a path, or a name that the dynamic loader finds.
 *
 * The names of its functions ("", "_64", "64_", "_64_") and the width of its integers are found
 * out, and a small product is checked before use. The library stays loaded until the process ends,
 * because a BLAS with threads cannot be unloaded safely.
 *
 * - DNI_ERROR_ARGUMENT: NULL, a bad struct_size.
 * - DNI_ERROR_IO: the loader cannot open path; the message has its reason.
 * - DNI_ERROR_BACKEND: no cblas_sgemm and cblas_dgemm in it, or they compute wrong numbers.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields; threads given that cannot be set.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_backend_create_dynamic(const dni_backend_options *options,
                                                           const char *path, dni_backend **out);

/** One product, as a callback sees it. Fields beyond struct_size do not exist.
 *
 * C[m][n] = alpha op(A)[m][k] op(B)[k][n] + beta C, row-major. op transposes where the flag is 1.
 * lda, ldb and ldc are elements from row to row of the matrices as they are stored. m, n and k are
 * at least 1, strides are valid and C overlaps nothing. With beta = 0 C must be written without
 * being read. dtype, DNI_F32 or DNI_F64, is the type of A, B and C. DNI_BF16, for a backend that
 * asked for it, is the type of A and B alone: uint16_t, the upper halves of floats. C and the sums
 * are then of floats. */
typedef struct dni_product {
  size_t struct_size;  /**< Set by the library. */
  dni_dtype dtype;     /**< Of A and B; and of C, unless it is DNI_BF16. */
  int32_t transpose_a; /**< 1: A is stored as [k][m]. */
  int32_t transpose_b; /**< 1: B is stored as [n][k]. */
  int32_t reserved;    /**< 0. */
  size_t m;            /**< Rows of C. */
  size_t n;            /**< Columns of C. */
  size_t k;            /**< Length of each sum. */
  double alpha;        /**< Factor of the product. */
  const void *a;       /**< A. */
  size_t lda;          /**< Stride of A. */
  const void *b;       /**< B. */
  size_t ldb;          /**< Stride of B. */
  double beta;         /**< Factor of the old C. */
  void *c;             /**< C. */
  size_t ldc;          /**< Stride of C. */
} dni_product;

/** The caller's own product. Set everything to 0, then the fields. The struct is copied.
 *
 * The functions may be called by several threads at once. They must return normally: no exception
 * and no longjmp may leave them. */
typedef struct dni_backend_callbacks {
  size_t struct_size; /**< sizeof(dni_backend_callbacks). */
  void *user;         /**< Handed to the functions. */
  /** Computes the product. 0 is success; anything else makes the call that needed the product fail,
   * as described at dni_fail(). */
  dni_status(DNI_CALL *product)(void *user, const dni_product *call);
  int32_t f32; /**< 1: it can do DNI_F32. */
  int32_t f64; /**< 1: it can do DNI_F64. */
  /** Uses so many threads from now on. NULL: it has no such setting. */
  dni_status(DNI_CALL *set_threads)(void *user, size_t threads);
  dni_destroy_callback destroy; /**< Called with user at the last release; NULL: nothing to do. */
  /** 1: it can do DNI_BF16, for contexts with that `compute`. Then memory for the rounded operands
   * is taken in each product. 0: such contexts compute in float. */
  int32_t bf16;
  int32_t reserved; /**< 0. */
} dni_backend_callbacks;

/** A backend of the caller's own function.
 *
 * - DNI_ERROR_ARGUMENT: NULL, product missing, neither f32 nor f64, a bad struct_size.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields; threads given without set_threads.
 * - DNI_ERROR_MEMORY: no memory.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: threads given, and set_threads failed.
 *
 * After a failure destroy is not called. */
DNI_API DNI_MUST_USE dni_status dni_backend_create_callback(const dni_backend_options *options,
                                                            const dni_backend_callbacks *callbacks,
                                                            dni_backend **out);

/** Take a reference; answers `backend`. NULL is allowed. Any thread. */
DNI_API dni_backend *dni_backend_retain(dni_backend *backend);

/** Give a reference back. NULL is allowed. Any thread. Contexts and objects keep what they use. In
 * a forked child it frees memory, calls destroy, and does nothing else. */
DNI_API void dni_backend_release(dni_backend *backend);

/** Which kind it is: a DNI_BACKEND_ value; 0 for NULL. */
DNI_API dni_kind dni_backend_kind(const dni_backend *backend);

/** "builtin", "cblas", "dynamic" or "callback"; "" for NULL. Never NULL; static. */
DNI_API const char *dni_backend_kind_name(const dni_backend *backend);

/** The path of a dynamic backend, else the name of the kind. "" for NULL. Valid as long as the
 * backend. */
DNI_API const char *dni_backend_name(const dni_backend *backend);

/** Use `threads` threads, at least 1, in each product from now on.
 *
 * For the builtin kind the setting is the handle's own. For a CBLAS it is what that library offers,
 * as a rule one setting for the whole process. Call it while no other thread uses the backend.
 * - DNI_ERROR_ARGUMENT: NULL, or threads is 0.
 * - DNI_ERROR_UNSUPPORTED: this backend has no such setting.
 * - DNI_ERROR_MEMORY: no memory; the setting is as it was.
 * - DNI_ERROR_SYSTEM: the system starts no more threads; the setting is as it was. */
DNI_API DNI_MUST_USE dni_status dni_backend_set_threads(dni_backend *backend, size_t threads);

/** Compute C = alpha op(A) op(B) + beta C; the same on every backend.
 *
 * op(A) is [m][k], op(B) is [k][n], c is [m][n]; op transposes where the flag is 1. c is written
 * and must not overlap a or b. With beta = 0 the old c is not read; with alpha = 0 or k = 0 a and b
 * are not read; an empty c is no work. Several threads may call it at once on one backend.
 * - DNI_ERROR_ARGUMENT: NULL, shapes that do not fit, mixed element types, bad strides.
 * - DNI_ERROR_UNSUPPORTED: the backend has no product for this element type, or a size exceeds its
 *   integers.
 * - DNI_ERROR_BACKEND: it failed; c is then undefined. Also a status of a callback's own. */
DNI_API DNI_MUST_USE dni_status dni_backend_gemm(dni_backend *backend, int32_t transpose_a,
                                                 int32_t transpose_b, double alpha,
                                                 const dni_matrix *a, const dni_matrix *b,
                                                 double beta, dni_matrix *c);

#endif

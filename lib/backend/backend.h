/* The matrix core as the rest of the library sees it. Internal.
 *
 * Each kind fills in a vtable; dni__gemm checks nothing but handles what must be the same on every
 * backend (empty products, k = 0 or alpha = 0, which do not read A and B) before it calls one. */
#ifndef DNI_BACKEND_BACKEND_H
#define DNI_BACKEND_BACKEND_H

#include "core/context.h"

/* Ranges of shared work begin at multiples of this: whole cache lines of elements, whole panels of rows. */
#define DNI__RANGE_UNIT 64

/* Elements first .. end-1 of some work of `size` elements. Must not fail. */
typedef void (*dni__range_work)(void *argument, size_t first, size_t end);

/* What a weight is packed for: x W^T, dz W. */
enum { DNI__FORWARD = 1, DNI__BACKWARD = 2 };

/* A weight W [rows][columns] rounded to bf16, as the products of a backend read it: panels of W^T
 * for x W^T, and of W for dz W. */
typedef struct dni__packed {
  const dni_backend *backend; /* that of the weight's owner, who keeps it */
  size_t rows, columns;
  uint32_t *forward, *backward; /* NULL: it is rounded in each such product */
} dni__packed;

/* A product of float matrices whose elements are rounded to bf16. panels: of op(B), packed before;
 * NULL: there are none. */
typedef struct dni__bf16_product {
  dni_product product;
  const uint32_t *panels;
  uint32_t *block; /* for a rounded A: blocks.h; NULL: the kernel's own */
} dni__bf16_product;

/* Pairs of neighbours in k; an odd last one is beside a 0. And how many a panel has, a multiple of
 * `unit`; no k that an operand in memory has overflows. */
static inline size_t dni__pairs(size_t k) {
  return k / 2 + k % 2;
}
static inline size_t dni__padded_pairs(size_t k, size_t unit) {
  return (dni__pairs(k) + unit - 1) / unit * unit;
}

typedef struct dni__backend_vtable {
  dni_kind kind;
  dni_status (*gemm)(dni_backend *backend, const dni_product *call);
  /* The four of bf16 are there together or not at all: the product, the width of a panel and what its
   * pairs are a multiple of, and rounding rows first .. end-1 of a weight, `first` a multiple of the width. */
  dni_status (*gemm_bf16)(dni_backend *backend, const dni__bf16_product *call);
  size_t (*panel_columns)(const dni_backend *backend);
  size_t (*panel_unit)(const dni_backend *backend);
  void (*pack)(const dni_backend *backend, const dni_matrix *weight, size_t first, size_t end,
               const dni__packed *to);
  void (*prepare)(dni_backend *backend); /* before the first of them; NULL: nothing to do */
  /* So many threads will run them at a time; NULL: nothing to do. */
  void (*expect)(dni_backend *backend, size_t threads);
  dni_status (*set_threads)(dni_backend *backend, size_t threads); /* NULL: unsupported */
  void (*destroy)(dni_backend *backend); /* the kind's own parts; NULL: none */
  bool (*supports)(const dni_backend *backend, dni_dtype dtype); /* NULL: both */
  /* Do the work in ranges on the backend's threads; NULL: it has none of its own */
  void (*share)(const dni_backend *backend, size_t size, dni__range_work work, void *argument);
} dni__backend_vtable;

/* Kinds embed this as their first member. */
struct dni_backend {
  dni__references references;
  dni__memory *memory; /* kept; a backend does not keep its context, which keeps the backend */
  const dni__backend_vtable *vtable;
  const char *name;
  size_t largest; /* most that a dimension or stride may be; SIZE_MAX: anything */
};

/* Zeroed memory for a kind of `size` bytes with its base filled in, the kind's name as its name;
 * NULL with the message set. */
dni_backend *dni__backend_allocate(dni__memory *memory, size_t size,
                                   const dni__backend_vtable *vtable, size_t largest);

/* What all public create functions do: check `options`, which may be NULL, make memory of their
 * allocator, let `make` make the backend in it (`what` is make's own), and set the threads that the
 * options ask for. */
typedef dni_status (*dni__backend_make)(dni__memory *memory, const dni_backend_options *options,
                                        const void *what, dni_backend **out);
dni_status dni__backend_create(const dni_backend_options *options, dni__backend_make make,
                               const void *what, dni_backend **out);

bool dni__backend_supports(const dni_backend *backend, dni_dtype dtype);
/* Whether it has products that round A and B to `compute`; they are then ready to be used. */
bool dni__backend_prepare(dni_backend *backend, dni_dtype compute);

/* So many threads of the caller will run such products at a time. */
void dni__backend_expect(dni_backend *backend, size_t threads);

/* The backend a new context starts with: builtin, even where there is a CBLAS. It is about as
 * fast, gives the same bits for any number of threads, shares no settings with the rest of the
 * process, and cannot be several times slower than the processor, as an older OpenBLAS is on one
 * that it does not know. */
dni_status dni__backend_create_default(dni__memory *memory, dni_instructions instructions,
                                       dni_backend **out);

/* Do element-wise work in ranges that begin at multiples of DNI__RANGE_UNIT, on as many threads as the backend
 * was given, if it touches so many numbers in all that waking them is worth it; else at once. */
void dni__share(const dni_backend *backend, size_t numbers, size_t size, dni__range_work work,
                void *argument);

/* C = alpha op(A) op(B) + beta C for views that are already known to fit (layers check shapes once,
 * at their own boundary). Sizes are still checked against the backend's integers. */
dni_status dni__gemm(dni_backend *backend, int32_t transpose_a, int32_t transpose_b, double alpha,
                     const dni_matrix *a, const dni_matrix *b, double beta, const dni_matrix *c);

/* The same of float matrices, A and B rounded to bf16. The backend has such products. */
dni_status dni__gemm_bf16(dni_backend *backend, int32_t transpose_a, int32_t transpose_b,
                          double alpha, const dni_matrix *a, const dni_matrix *b, double beta,
                          const dni_matrix *c);

/* Room for the first `columns` columns of a weight of `rows` rows, all zero, for the products of `uses`.
 * *out is NULL if there are none, or if the context does not compute in bf16: all products with that weight
 * are then of floats. */
dni_status dni__packed_create(dni_context *context, dni_backend *backend, size_t rows,
                              size_t columns, int uses, dni__packed **out);
void dni__packed_destroy(dni_context *context, dni__packed *packed);
/* The weight's values have changed. packed may be NULL. */
void dni__packed_write(const dni_matrix *weight, const dni__packed *packed);
size_t dni__packed_bytes(const dni__packed *packed);

/* Y = X W^T and dX = dZ W for the first columns of a weight, as many as x or dx has: of bf16 if the
 * weight is packed, else of floats. */
dni_status dni__gemm_forward(dni_backend *backend, const dni_matrix *x, const dni_matrix *weight,
                             const dni__packed *packed, const dni_matrix *y);
dni_status dni__gemm_backward(dni_backend *backend, const dni_matrix *dz, const dni_matrix *weight,
                              const dni__packed *packed, const dni_matrix *dx);

#endif

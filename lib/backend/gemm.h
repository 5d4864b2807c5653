/* The library's own product, one thread: a table per element type and instruction set. Internal. */
#ifndef DNI_BACKEND_GEMM_H
#define DNI_BACKEND_GEMM_H

#include "backend/backend.h"
#include "backend/blocks.h"

/* The largest part when `size` is cut into as few parts of at most `most` as can be, all of about
 * the same size, a multiple of `unit`. */
static inline size_t dni__gemm_share(size_t size, size_t most, size_t unit) {
  size_t parts = (size - 1) / most + 1, share = (size - 1) / parts + 1;
  return (share + unit - 1) / unit * unit;
}

typedef struct dni__gemm_kernel {
  void (*run)(const dni_product *call);
  /* Quicker for at most dots_rows rows of C if A is as stored and B transposed. Adds up in another
   * order, so all parts of a product must go the same way. */
  void (*dots)(const dni_product *call);
  size_t dots_rows;
  /* Rows and columns of C that one pass keeps in registers; parts for several threads are best cut
   * at multiples. Where they are cut changes no bit of the result. */
  size_t tile_rows, tile_columns;
} dni__gemm_kernel;

/* A and B are rounded to bf16 in pairs of neighbours in k, and B is read as panels of tile_columns
 * columns, [pairs of k][tile_columns]. */
typedef struct dni__bf16_kernel {
  void (*run)(const dni__bf16_product *call);
  /* Rows first .. end-1 of a weight; `first` is a multiple of tile_columns. */
  void (*pack)(const dni_matrix *weight, size_t first, size_t end, const dni__packed *to);
  size_t tile_rows, tile_columns;
  size_t pair_unit; /* panels are a multiple of so many pairs long */
} dni__bf16_kernel;

extern const dni__gemm_kernel dni__gemm_baseline_f32, dni__gemm_baseline_f64;
extern const dni__bf16_kernel dni__gemm_baseline_bf16;
#if defined(__x86_64__)
extern const dni__gemm_kernel dni__gemm_avx2_f32, dni__gemm_avx2_f64;
extern const dni__gemm_kernel dni__gemm_avx512_f32, dni__gemm_avx512_f64;
extern const dni__bf16_kernel dni__gemm_avx2_bf16, dni__gemm_avx512_bf16;
extern const dni__bf16_kernel dni__gemm_amx_bf16;
extern const dni__bf16_kernel dni__gemm_avx512_bf16_bf16; /* AVX-512 with its BF16 part */
#endif

#endif

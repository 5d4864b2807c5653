/* What gemm_template.h needs of an instruction set: vectors, scalar * vector + vector, and how many
 * accumulators fit in the registers. Included after math/vector.h has chosen the target.
 *
 * The multiply-add is an intrinsic because -std=c11 forbids gcc to fuse a * b + c by itself. */
#ifndef DNI_BACKEND_GEMM_VECTOR_H
#define DNI_BACKEND_GEMM_VECTOR_H

typedef float vector_f32 __attribute__((vector_size(DNI_VECTOR_BYTES)));
typedef double vector_f64 __attribute__((vector_size(DNI_VECTOR_BYTES)));
/* The same at any element's address. On i386 a double in a struct is aligned to 4. */
#define ALIGNMENT_F64 _Alignof(struct { double number; })
typedef float unaligned_f32
    __attribute__((vector_size(DNI_VECTOR_BYTES), aligned(sizeof(float)), may_alias));
typedef double unaligned_f64
    __attribute__((vector_size(DNI_VECTOR_BYTES), aligned(ALIGNMENT_F64), may_alias));

/* TILE_ROWS x 2 accumulators, 2 vectors of B and 1 element of A: 31 of AVX-512's 32 registers, 15
 * of the 16 that the others have at least. */
#if DNI_VECTOR_SET >= DNI_SET_AVX512
#define TILE_ROWS 14
#else
#define TILE_ROWS 6
#endif

/* Rows of B that a row of A meets at a time in dot products, and the most rows of A for which they
 * are quicker than tiles. */
#define DOTS 8
#if DNI_VECTOR_SET == DNI_SET_BASELINE
#define DOTS_ROWS 1
#else
#define DOTS_ROWS 6
#endif

/* `scalar * vector` is not written anywhere: where the compiler computes in a wider type
 * (FLT_EVAL_METHOD is not 0: i386, s390x), -std=c11 makes it an error. */
static inline vector_f32 broadcast_f32(float a) {
#if DNI_VECTOR_SET >= DNI_SET_AVX512
  return (vector_f32)_mm512_set1_ps(a);
#elif DNI_VECTOR_SET == DNI_SET_AVX2
  return (vector_f32)_mm256_set1_ps(a);
#else
  return (vector_f32){a, a, a, a};
#endif
}

static inline vector_f64 broadcast_f64(double a) {
#if DNI_VECTOR_SET >= DNI_SET_AVX512
  return (vector_f64)_mm512_set1_pd(a);
#elif DNI_VECTOR_SET == DNI_SET_AVX2
  return (vector_f64)_mm256_set1_pd(a);
#else
  return (vector_f64){a, a};
#endif
}

static inline vector_f32 multiply_add_f32(float a, vector_f32 b, vector_f32 c) {
#if DNI_VECTOR_SET >= DNI_SET_AVX512
  return (vector_f32)_mm512_fmadd_ps((__m512)broadcast_f32(a), (__m512)b, (__m512)c);
#elif DNI_VECTOR_SET == DNI_SET_AVX2
  return (vector_f32)_mm256_fmadd_ps((__m256)broadcast_f32(a), (__m256)b, (__m256)c);
#else
  return broadcast_f32(a) * b + c;
#endif
}

static inline vector_f64 multiply_add_f64(double a, vector_f64 b, vector_f64 c) {
#if DNI_VECTOR_SET >= DNI_SET_AVX512
  return (vector_f64)_mm512_fmadd_pd((__m512d)broadcast_f64(a), (__m512d)b, (__m512d)c);
#elif DNI_VECTOR_SET == DNI_SET_AVX2
  return (vector_f64)_mm256_fmadd_pd((__m256d)broadcast_f64(a), (__m256d)b, (__m256d)c);
#else
  return broadcast_f64(a) * b + c;
#endif
}

/* Squares of 16 bytes a side, transposed in registers. Compilers without the shuffle builtin (gcc
 * before 12) move element by element. */
#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define HAVE_SHUFFLE
#endif
#endif

typedef float quad_f32 __attribute__((vector_size(16), aligned(sizeof(float)), may_alias));
typedef double quad_f64 __attribute__((vector_size(16), aligned(ALIGNMENT_F64), may_alias));

/* to[p * to_ld + j] = from[j * from_ld + p], j and p in 0 .. 3 */
static inline void transpose_square_f32(const float *from, size_t from_ld, float *to,
                                        size_t to_ld) {
#if defined(HAVE_SHUFFLE)
  quad_f32 row[4], low[2], high[2];
  for (size_t j = 0; j < 4; j++)
    row[j] = *(const quad_f32 *)(from + j * from_ld);
  for (size_t h = 0; h < 2; h++) {
    low[h] = __builtin_shufflevector(row[2 * h], row[2 * h + 1], 0, 4, 1, 5);
    high[h] = __builtin_shufflevector(row[2 * h], row[2 * h + 1], 2, 6, 3, 7);
  }
  *(quad_f32 *)to = __builtin_shufflevector(low[0], low[1], 0, 1, 4, 5);
  *(quad_f32 *)(to + to_ld) = __builtin_shufflevector(low[0], low[1], 2, 3, 6, 7);
  *(quad_f32 *)(to + 2 * to_ld) = __builtin_shufflevector(high[0], high[1], 0, 1, 4, 5);
  *(quad_f32 *)(to + 3 * to_ld) = __builtin_shufflevector(high[0], high[1], 2, 3, 6, 7);
#else
  for (size_t j = 0; j < 4; j++)
    for (size_t p = 0; p < 4; p++)
      to[p * to_ld + j] = from[j * from_ld + p];
#endif
}

/* The same, j and p in 0 .. 1 */
static inline void transpose_square_f64(const double *from, size_t from_ld, double *to,
                                        size_t to_ld) {
#if defined(HAVE_SHUFFLE)
  quad_f64 first = *(const quad_f64 *)from, second = *(const quad_f64 *)(from + from_ld);
  *(quad_f64 *)to = __builtin_shufflevector(first, second, 0, 2);
  *(quad_f64 *)(to + to_ld) = __builtin_shufflevector(first, second, 1, 3);
#else
  for (size_t j = 0; j < 2; j++)
    for (size_t p = 0; p < 2; p++)
      to[p * to_ld + j] = from[j * from_ld + p];
#endif
}

#endif

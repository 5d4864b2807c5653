/* What gemm_bf16_template.h needs of an instruction set: pairs of bf16 made of floats, and sums of
 * products of pairs. Included after gemm_vector.h.
 *
 * A pair is two neighbours in k, the first in the lower half. Its products are added one after the other,
 * the upper first. They are exact, also where they are too large or too small for a float; each sum is
 * rounded. That is what vdpbf16ps does, so that all sets give the same bits. */
#ifndef DNI_BACKEND_GEMM_BF16_VECTOR_H
#define DNI_BACKEND_GEMM_BF16_VECTOR_H

#include "core/bf16.h"

typedef uint32_t pairs __attribute__((vector_size(DNI_VECTOR_BYTES)));
typedef uint32_t unaligned_pairs
    __attribute__((vector_size(DNI_VECTOR_BYTES), aligned(4), may_alias));
typedef uint32_t quad_pairs __attribute__((vector_size(16), aligned(4), may_alias));

/* The most rows of a tile. */
#if DNI_VECTOR_SET >= DNI_SET_AVX512
#define BF16_TILE_ROWS 14
#else
#define BF16_TILE_ROWS 4
#endif

enum { PAIR_LANES = DNI_VECTOR_BYTES / 4 };

static inline uint32_t pair_of(float first, float second) {
  return dni__bf16_round(first) | dni__bf16_round(second) << 16;
}

#if DNI_VECTOR_SET >= DNI_SET_AVX512_BF16
/* sum + a b. */
static inline vector_f32 add_products(uint32_t a, pairs b, vector_f32 sum) {
  return (vector_f32)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_epi32((int)a),
                                      (__m512bh)b);
}

/* to[p] = (from[2p], from[2p + 1]), p in 0 .. 15. */
static inline void pairs_along_vector(const float *from, uint32_t *to) {
  *(unaligned_pairs *)to =
      (pairs)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + 16), _mm512_loadu_ps(from));
}

/* to[c] = (first[c], second[c]), c in 0 .. 15. */
static inline void pairs_across_vector(const float *first, const float *second, uint32_t *to) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24,
                                         8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  __m512i both = (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(second), _mm512_loadu_ps(first));
  *(unaligned_pairs *)to = (pairs)_mm512_permutexvar_epi16(order, both);
}
#else
/* sum + a b, rounded once. A double holds each product of two bf16. It also holds every sum that is close
 * to the middle between two floats, so that rounding a second time, to float, changes nothing. Numbers are
 * converted one by one: of vectors gcc 12 leaves out the conversion to float and back, and so the rounding. */
static inline vector_f32 add_product(float a, vector_f32 b, vector_f32 sum) {
#if DNI_VECTOR_SET >= DNI_SET_AVX2
  return multiply_add_f32(a, b, sum);
#else
  for (size_t i = 0; i < PAIR_LANES; i++)
#if defined(__FP_FAST_FMAF)
    sum[i] = __builtin_fmaf(a, b[i], sum[i]);
#else
    sum[i] = (float)((double)a * (double)b[i] + (double)sum[i]);
#endif
  return sum;
#endif
}

static inline vector_f32 add_products(uint32_t a, pairs b, vector_f32 sum) {
  vector_f32 upper = add_product(dni__float_of(a & 0xffff0000), (vector_f32)(b & 0xffff0000), sum);
  return add_product(dni__float_of(a << 16), (vector_f32)(b << 16), upper);
}

static inline void pairs_along_vector(const float *from, uint32_t *to) {
  for (size_t p = 0; p < PAIR_LANES; p++)
    to[p] = pair_of(from[2 * p], from[2 * p + 1]);
}

static inline void pairs_across_vector(const float *first, const float *second, uint32_t *to) {
  for (size_t c = 0; c < PAIR_LANES; c++)
    to[c] = pair_of(first[c], second[c]);
}
#endif

#if DNI_VECTOR_SET >= DNI_SET_AVX512_BF16
enum { BLOCK_HEIGHT = 16 };

/* Squares of 2, 4, 8 and 16 pairs a side are transposed after each other; row p goes to to[p]. */
static inline void transpose_16(__m512i *rows, uint32_t *to, size_t to_ld) {
  __m512i half[16];
  for (size_t r = 0; r < 16; r += 2) {
    half[r] = _mm512_unpacklo_epi32(rows[r], rows[r + 1]);
    half[r + 1] = _mm512_unpackhi_epi32(rows[r], rows[r + 1]);
  }
  for (size_t r = 0; r < 16; r += 4)
    for (size_t i = 0; i < 2; i++) {
      rows[r + 2 * i] = _mm512_unpacklo_epi64(half[r + i], half[r + i + 2]);
      rows[r + 2 * i + 1] = _mm512_unpackhi_epi64(half[r + i], half[r + i + 2]);
    }
  for (size_t r = 0; r < 16; r += 8)
    for (size_t i = 0; i < 4; i++) {
      half[r + i] = _mm512_shuffle_i32x4(rows[r + i], rows[r + i + 4], 0x88);
      half[r + i + 4] = _mm512_shuffle_i32x4(rows[r + i], rows[r + i + 4], 0xdd);
    }
  for (size_t i = 0; i < 8; i++) {
    rows[i] = _mm512_shuffle_i32x4(half[i], half[i + 8], 0x88);
    rows[i + 8] = _mm512_shuffle_i32x4(half[i], half[i + 8], 0xdd);
  }
  for (size_t p = 0; p < 16; p++)
    *(unaligned_pairs *)(to + p * to_ld) = (pairs)rows[p];
}

/* to[p][r] = (from[r][2p], from[r][2p + 1]), r and p in 0 .. 15. */
static inline void pairs_transposed_block(const float *from, size_t from_ld, uint32_t *to,
                                          size_t to_ld) {
  __m512i rows[16];
  for (size_t r = 0; r < 16; r++, from += from_ld)
    rows[r] = (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + 16), _mm512_loadu_ps(from));
  transpose_16(rows, to, to_ld);
}
#else
enum { BLOCK_HEIGHT = 4 };

/* to[p * to_ld + j] = from[j * from_ld + p], j and p in 0 .. 3. */
static inline void transpose_pairs(const uint32_t *from, size_t from_ld, uint32_t *to,
                                   size_t to_ld) {
#if defined(HAVE_SHUFFLE)
  quad_pairs row[4], low[2], high[2];
  for (size_t j = 0; j < 4; j++)
    row[j] = *(const quad_pairs *)(from + j * from_ld);
  for (size_t h = 0; h < 2; h++) {
    low[h] = __builtin_shufflevector(row[2 * h], row[2 * h + 1], 0, 4, 1, 5);
    high[h] = __builtin_shufflevector(row[2 * h], row[2 * h + 1], 2, 6, 3, 7);
  }
  *(quad_pairs *)to = __builtin_shufflevector(low[0], low[1], 0, 1, 4, 5);
  *(quad_pairs *)(to + to_ld) = __builtin_shufflevector(low[0], low[1], 2, 3, 6, 7);
  *(quad_pairs *)(to + 2 * to_ld) = __builtin_shufflevector(high[0], high[1], 0, 1, 4, 5);
  *(quad_pairs *)(to + 3 * to_ld) = __builtin_shufflevector(high[0], high[1], 2, 3, 6, 7);
#else
  for (size_t j = 0; j < 4; j++)
    for (size_t p = 0; p < 4; p++)
      to[p * to_ld + j] = from[j * from_ld + p];
#endif
}

/* to[p][r] = (from[r][2p], from[r][2p + 1]), r in 0 .. 3, p of a vector. */
static inline void pairs_transposed_block(const float *from, size_t from_ld, uint32_t *to,
                                          size_t to_ld) {
  uint32_t rows[4 * PAIR_LANES];
  for (size_t r = 0; r < 4; r++)
    pairs_along_vector(from + r * from_ld, rows + r * PAIR_LANES);
  for (size_t p = 0; p < PAIR_LANES; p += 4)
    transpose_pairs(rows + p, PAIR_LANES, to + p * to_ld, to_ld);
}
#endif

#endif

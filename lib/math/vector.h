/* For a file that is compiled for one instruction set: sets the target for everything after it. The
 * file defines DNI_VECTOR_SET as one of the numbers below and includes its system headers before, vector_end.h
 * last.
 *
 * The target is set in the source, not by compiler flags, so that any build system (or a bare `cc
 * lib/<folder>/<file>.c`) makes the same library. gcc and clang spell it differently. */
#define DNI_SET_BASELINE    1
#define DNI_SET_AVX2        2
#define DNI_SET_AVX512      3
#define DNI_SET_AVX512_BF16 4
#define DNI_SET_AMX         5

#if DNI_VECTOR_SET == DNI_SET_AMX
#define DNI_VECTOR_BYTES 64
#if defined(__clang__)
#pragma clang attribute push(                                                                      \
    __attribute__((                                                                                \
        target("amx-tile,amx-bf16,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma"))),      \
    apply_to = function)
#else
#pragma GCC target(                                                                                \
    "amx-tile,amx-bf16,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,prefer-vector-width=512")
#endif
#elif DNI_VECTOR_SET == DNI_SET_AVX512_BF16
#define DNI_VECTOR_BYTES 64
#if defined(__clang__)
#pragma clang attribute push(                                                                      \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma"))),             \
    apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,prefer-vector-width=512")
#endif
#elif DNI_VECTOR_SET == DNI_SET_AVX512
#define DNI_VECTOR_BYTES 64
#if defined(__clang__)
#pragma clang attribute push(                                                                      \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,prefer-vector-width=512")
#endif
#elif DNI_VECTOR_SET == DNI_SET_AVX2
#define DNI_VECTOR_BYTES 32
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#else
#define DNI_VECTOR_BYTES 16
#endif

/* gcc's -O2 vectorises only loops of known length; these files are what -O3 is for. */
#if defined(__OPTIMIZE__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif

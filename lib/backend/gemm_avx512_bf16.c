/* The product of bf16 operands for x86-64 with AVX-512 F, BW, DQ, VL and BF16. */
#include <string.h>

#include "backend/gemm.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define DNI_VECTOR_SET 4
#include "math/vector.h"

#include "backend/gemm_vector.h"

#define FN(name) name##_bf16
#define KERNEL   dni__gemm_avx512_bf16_bf16
#define PAIR_UNIT 1
#include "backend/gemm_bf16_vector.h"

#include "backend/bf16_round_template.h"

#include "backend/gemm_bf16_template.h"
#include "math/vector_end.h"
#endif

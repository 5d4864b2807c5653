/* The product for x86-64 with AVX-512 F, BW, DQ, VL. */
#include <string.h>

#include "backend/gemm.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define DNI_VECTOR_SET 3
#include "math/vector.h"
#define SET avx512
#include "backend/gemm_table.h"
#include "math/vector_end.h"
#endif

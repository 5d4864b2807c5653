/* The product for x86-64 with AVX2 and FMA. */
#include <string.h>

#include "backend/gemm.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define DNI_VECTOR_SET 2
#include "math/vector.h"
#define SET avx2
#include "backend/gemm_table.h"
#include "math/vector_end.h"
#endif

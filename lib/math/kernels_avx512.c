/* The kernels for x86-64 with AVX-512 F, BW, DQ, VL. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/bf16.h"
#include "core/real.h"
#include "math/kernels.h"

#if defined(__x86_64__)
#define DNI_VECTOR_SET 3
#include "math/vector.h"
#define SET avx512
#include "math/kernels_table.h"
#include "math/vector_end.h"
#endif

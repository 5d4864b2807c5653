/* The kernels for x86-64 with AVX2 and FMA. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/bf16.h"
#include "core/real.h"
#include "math/kernels.h"

#if defined(__x86_64__)
#define DNI_VECTOR_SET 2
#include "math/vector.h"
#define SET avx2
#include "math/kernels_table.h"
#include "math/vector_end.h"
#endif

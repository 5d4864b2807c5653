/* The kernels for the compiler's own target. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/bf16.h"
#include "core/real.h"
#include "math/kernels.h"

#define DNI_VECTOR_SET 1
#include "math/vector.h"
#define SET baseline
#include "math/kernels_table.h"
#include "math/vector_end.h"

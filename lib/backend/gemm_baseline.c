/* The product in what the compiler's target guarantees. */
#include <string.h>

#include "backend/gemm.h"

#define DNI_VECTOR_SET 1
#include "math/vector.h"
#define SET baseline
#include "backend/gemm_table.h"
#include "math/vector_end.h"

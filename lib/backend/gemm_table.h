/* The body of each gemm_<set>.c: the templates for float, double and bf16. Included with SET
 * (baseline, avx2, avx512) defined, after math/vector.h has chosen the target. */
#include "backend/gemm_vector.h"

#define JOIN_(a, b, c) a##b##c
#define JOIN(a, b, c)  JOIN_(a, b, c)

#define REAL             float
#define VECTOR           vector_f32
#define UNALIGNED        unaligned_f32
#define BROADCAST        broadcast_f32
#define MULTIPLY_ADD     multiply_add_f32
#define TRANSPOSE_SQUARE transpose_square_f32
#define QUAD             quad_f32
#define FN(name)         JOIN(name, _f32_, SET)
#define KERNEL           JOIN(dni__gemm_, SET, _f32)
#include "backend/gemm_template.h"
#undef REAL
#undef VECTOR
#undef UNALIGNED
#undef BROADCAST
#undef MULTIPLY_ADD
#undef TRANSPOSE_SQUARE
#undef QUAD
#undef FN
#undef KERNEL

#define REAL             double
#define VECTOR           vector_f64
#define UNALIGNED        unaligned_f64
#define BROADCAST        broadcast_f64
#define MULTIPLY_ADD     multiply_add_f64
#define TRANSPOSE_SQUARE transpose_square_f64
#define QUAD             quad_f64
#define FN(name)         JOIN(name, _f64_, SET)
#define KERNEL           JOIN(dni__gemm_, SET, _f64)
#include "backend/gemm_template.h"

#undef REAL
#undef VECTOR
#undef UNALIGNED
#undef BROADCAST
#undef MULTIPLY_ADD
#undef TRANSPOSE_SQUARE
#undef QUAD
#undef FN
#undef KERNEL

#define FN(name) JOIN(name, _bf16_, SET)
#define KERNEL   JOIN(dni__gemm_, SET, _bf16)
#define PAIR_UNIT 1
#include "backend/gemm_bf16_vector.h"

#include "backend/bf16_round_template.h"

#include "backend/gemm_bf16_template.h"

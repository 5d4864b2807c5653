/* The body of each kernels_<set>.c: the template for float and for double, and their tables.
 * Included with SET (baseline, avx2, avx512) defined, after math/vector.h has chosen the target. */
#define JOIN_(a, b, c, d) a##b##c##d
#define JOIN(a, b, c, d)  JOIN_(a, b, c, d)
#define TEXT_(x)          #x
#define TEXT(x)           TEXT_(x)

#define TABLE                                                                                      \
  {                                                                                                \
    .name = TEXT(SET), .bias_activation = FN(bias_activation), .activation = FN(activation),       \
    .activation_backward = FN(activation_backward),                                                \
    .activation_backward_bias = FN(activation_backward_bias), .one_hot = FN(one_hot),              \
    .one_hot_forward = FN(one_hot_forward), .one_hot_backward = FN(one_hot_backward),              \
    .column_statistics = FN(column_statistics), .non_finite = FN(non_finite),                      \
    .norm_training = FN(norm_training), .norm_inference = FN(norm_inference),                      \
    .normalise = FN(normalise), .normalise_sums = FN(normalise_sums),                              \
    .norm_slopes = FN(norm_slopes), .norm_gradients = FN(norm_gradients),                          \
    .normalise_backward = FN(normalise_backward), .residual = FN(residual), .adam = FN(adam),      \
    .sgd = FN(sgd), .sum_squares = FN(sum_squares), .largest = FN(largest),                        \
  }

#define REAL float
/* For exp_template.h. 1 / k! from k = 7 down to 2 */
#define REAL_INT      int32_t
#define REAL_BITS     uint32_t
#define REAL_BIAS     127
#define REAL_MANTISSA 23
#define REAL_ROUNDER  0x1.8p23
#define REAL_LN2_HIGH 0.693359375
#define REAL_LN2_LOW  -2.12194440054690583e-4
#define REAL_EXP_MOST 105
#define REAL_TERMS                                                                                 \
  TERM(5040.0);                                                                                    \
  TERM(720.0);                                                                                     \
  TERM(120.0);                                                                                     \
  TERM(24.0);                                                                                      \
  TERM(6.0);                                                                                       \
  TERM(2.0);
#define REAL_SQRT sqrtf
#define FN(name)  JOIN(name, _f32_, SET, )
#include "math/kernels_template.h"
const dni__kernels JOIN(dni__kernels_, f32_, SET, ) = TABLE;
#undef REAL
#undef REAL_INT
#undef REAL_BITS
#undef REAL_BIAS
#undef REAL_MANTISSA
#undef REAL_ROUNDER
#undef REAL_LN2_HIGH
#undef REAL_LN2_LOW
#undef REAL_EXP_MOST
#undef REAL_TERMS
#undef REAL_SQRT
#undef FN

#define REAL double
/* From k = 13 */
#define REAL_INT      int64_t
#define REAL_BITS     uint64_t
#define REAL_BIAS     1023
#define REAL_MANTISSA 52
#define REAL_ROUNDER  0x1.8p52
#define REAL_LN2_HIGH 6.93147180369123816490e-01
#define REAL_LN2_LOW  1.90821492927058770002e-10
#define REAL_EXP_MOST 750
#define REAL_TERMS                                                                                 \
  TERM(6227020800.0);                                                                              \
  TERM(479001600.0);                                                                               \
  TERM(39916800.0);                                                                                \
  TERM(3628800.0);                                                                                 \
  TERM(362880.0);                                                                                  \
  TERM(40320.0);                                                                                   \
  TERM(5040.0);                                                                                    \
  TERM(720.0);                                                                                     \
  TERM(120.0);                                                                                     \
  TERM(24.0);                                                                                      \
  TERM(6.0);                                                                                       \
  TERM(2.0);
#define REAL_SQRT sqrt
#define FN(name)  JOIN(name, _f64_, SET, )
#include "math/kernels_template.h"
const dni__kernels JOIN(dni__kernels_, f64_, SET, ) = TABLE;

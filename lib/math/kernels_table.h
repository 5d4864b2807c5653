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
    .sgd = FN(sgd), .sum_squares = FN(sum_squares),                                                \
  }

#define REAL      float
#define REAL_EXP  expf
#define REAL_TANH tanhf
#define REAL_SQRT sqrtf
#define FN(name)  JOIN(name, _f32_, SET, )
#include "math/kernels_template.h"
const dni__kernels JOIN(dni__kernels_, f32_, SET, ) = TABLE;
#undef REAL
#undef REAL_EXP
#undef REAL_TANH
#undef REAL_SQRT
#undef FN

#define REAL      double
#define REAL_EXP  exp
#define REAL_TANH tanh
#define REAL_SQRT sqrt
#define FN(name)  JOIN(name, _f64_, SET, )
#include "math/kernels_template.h"
const dni__kernels JOIN(dni__kernels_, f64_, SET, ) = TABLE;

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
    .activation_backward_bias = FN(activation_backward_bias), .leaky_relu = FN(leaky_relu),        \
    .leaky_relu_backward = FN(leaky_relu_backward), .gelu = FN(gelu),                              \
    .gelu_backward = FN(gelu_backward), .dropout = FN(dropout), .scale_rows = FN(scale_rows),      \
    .one_hot = FN(one_hot), .one_hot_forward = FN(one_hot_forward),                                \
    .one_hot_backward = FN(one_hot_backward), .column_statistics = FN(column_statistics),          \
    .non_finite = FN(non_finite), .norm_training = FN(norm_training),                              \
    .norm_inference = FN(norm_inference), .normalise = FN(normalise),                              \
    .normalise_sums = FN(normalise_sums), .norm_slopes = FN(norm_slopes),                          \
    .norm_gradients = FN(norm_gradients), .normalise_backward = FN(normalise_backward),            \
    .layer_norm = FN(layer_norm), .layer_norm_backward = FN(layer_norm_backward),                  \
    .layer_norm_gradients = FN(layer_norm_gradients), .pair_sums = FN(pair_sums),                  \
    .pair_sums_in_double = FN(pair_sums_in_double), .residual = FN(residual), .adam = FN(adam), .adam_bf16 = FN(adam_bf16), .sgd_bf16 = FN(sgd_bf16),    \
    .bf16_keep = FN(bf16_keep),           \
    .bf16_restore = FN(bf16_restore), .sgd = FN(sgd), .sum_squares = FN(sum_squares), .largest = FN(largest),                        \
    .cholesky = FN(cholesky),                                                                      \
  }

#define REAL float
/* For exp_template.h; 1 / k! from k = 7 down to 2 */
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
/* Of p in activation_template.h, from the highest power down */
#define REAL_NORMAL_TERMS                                                                          \
  TERM(-0.0001255583856);                                                                          \
  TERM(0.0001889965194);                                                                           \
  TERM(0.001566881688);                                                                            \
  TERM(-0.003520972824);                                                                           \
  TERM(-0.007525402418);                                                                           \
  TERM(0.06040618551);                                                                             \
  TERM(-0.1865233068);                                                                             \
  TERM(0.3871366831);                                                                              \
  TERM(-0.6078965941);                                                                             \
  TERM(0.7552851386);
#define REAL_SQRT  sqrtf
#define REAL_WIDEN dni__real_widen
#define REAL_LEAST (double)FLT_MIN
#define REAL_MOST  (double)FLT_MAX
/* A sum of squares above this has lost nothing that matters to denormal ones. */
#define REAL_SQUARE_LEAST 0x1p-90
#define REAL_ROOT_MOST    0x1p63 /* its square may be added up four times */
#define FN(name)          JOIN(name, _f32_, SET, )
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
#undef REAL_NORMAL_TERMS
#undef REAL_SQRT
#undef REAL_WIDEN
#undef REAL_LEAST
#undef REAL_MOST
#undef REAL_SQUARE_LEAST
#undef REAL_ROOT_MOST
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
#define REAL_NORMAL_TERMS                                                                          \
  TERM(-9.6534254202285046694e-10);                                                                \
  TERM(7.2695454790266894559e-11);                                                                 \
  TERM(1.3924023993501710103e-8);                                                                  \
  TERM(1.4578593347036459717e-8);                                                                  \
  TERM(-7.6380820534904503495e-8);                                                                 \
  TERM(-1.5426320536771073947e-7);                                                                 \
  TERM(2.6368248576407625062e-7);                                                                  \
  TERM(1.0198048518135172659e-6);                                                                  \
  TERM(-6.2513210404786801933e-7);                                                                 \
  TERM(-5.9188927317632364472e-6);                                                                 \
  TERM(7.1500559592160986612e-7);                                                                  \
  TERM(0.00003514418115776097273);                                                                 \
  TERM(-1.9078665316613574344e-6);                                                                 \
  TERM(-0.00023109481831937621135);                                                                \
  TERM(0.00013334425401904911618);                                                                 \
  TERM(0.0016308184418903595964);                                                                  \
  TERM(-0.0034796923622425333441);                                                                 \
  TERM(-0.0075401889655930590206);                                                                 \
  TERM(0.060396574890699464128);                                                                   \
  TERM(-0.18652185795969416326);                                                                   \
  TERM(0.3871374007422188786);                                                                     \
  TERM(-0.60789664197189175887);                                                                   \
  TERM(0.75528513041575147989);
#define REAL_SQRT         sqrt
#define REAL_WIDEN        /* it is one */
#define REAL_LEAST        DBL_MIN
#define REAL_MOST         DBL_MAX
#define REAL_SQUARE_LEAST 0x1p-900
#define REAL_ROOT_MOST    0x1p511
#define FN(name)          JOIN(name, _f64_, SET, )
#include "math/kernels_template.h"
const dni__kernels JOIN(dni__kernels_, f64_, SET, ) = TABLE;

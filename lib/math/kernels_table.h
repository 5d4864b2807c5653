/* The body of each kernels_<set>.c: the template for float and for double, and their tables.
 * Included with SET (baseline, avx2, avx512) defined, after math/vector.h has chosen the target. */
#define JOIN_(a, b, c, d) a##b##c##d
#define JOIN(a, b, c, d)  JOIN_(a, b, c, d)
#define TEXT_(x)          #x
#define TEXT(x)           TEXT_(x)

#define TABLE                                                                                      \
  {                                                                                                \
    TEXT(SET), FN(bias_activation), FN(activation), FN(activation_backward),                       \
        FN(activation_backward_bias), FN(column_statistics), FN(normalise), FN(normalise_sums),    \
        FN(normalise_backward), FN(residual), FN(adam), FN(sgd), FN(sum_squares)                   \
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

/* The element-wise and reduction kernels: one table per element type and instruction set. Internal.
 *
 * kernels_template.h is ordinary C written once; kernels_<set>.c compiles it for float and double
 * with that instruction set. Pointers are void so that one table type serves both element types;
 * scalars are double. Matrices are row-major, `ld` elements from row to row. Kernels check nothing.
 */
#ifndef DNI_MATH_KERNELS_H
#define DNI_MATH_KERNELS_H

#include "core/core.h"

/* What one Adam update needs besides its arrays (Kingma and Ba 2015, the efficient order of section
 * 2: the bias corrections folded into rate and epsilon's side). */
typedef struct dni__adam_step {
  double rate;          /* r / (1 - b1^t); one beyond the element type is its largest number */
  double inverse_bias2; /* 1 / sqrt(1 - b2^t) */
  double beta1, beta2, epsilon;
  double decay;          /* added to the gradient: g + decay * w (L2) */
  double shrink;         /* the share of w taken off in the same subtraction: r * d (AdamW) or 0 */
  double gradient_scale; /* from clipping by norm, else 1 */
  double gradient_limit; /* clipping by value; infinity: off */
} dni__adam_step;

typedef struct dni__sgd_step {
  double rate, momentum, decay;
  double gradient_scale, gradient_limit;
} dni__sgd_step;

/* Where the random bits of a rounding by chance come from: those of element i from `first` + i. */
typedef struct dni__chance {
  uint32_t seed, first;
} dni__chance;

static inline uint32_t dni__chance_bits(uint32_t seed, uint32_t index) {
  uint32_t bits = (index ^ seed) * 0x9e3779b1;
  bits = (bits ^ bits >> 15) * 0x85ebca77; /* after one multiplication neighbours depend on each other */
  return bits ^ bits >> 13;
}

/* Powers of 2 with which M, D and M - D are multiplied before they are squared, so that squares are
 * within the range of double. */
typedef struct dni__pair_scale {
  double first, second, difference;
} dni__pair_scale;

/* Sums over a pair of matrices M (prediction) and D (target), all of scaled numbers. */
typedef struct dni__pair_sums {
  double difference2;     /* sum (M - D)^2 */
  double product;         /* sum M D */
  double first2, second2; /* sum M^2, sum D^2 */
  dni__pair_scale scale;
} dni__pair_sums;

/* The columns of a batch normalisation, each [columns], and its scalars; see batch_norm.c. */
typedef struct dni__norm_columns {
  void *mean, *inverse; /* of the deviation; before norm_training the variance */
  void *factor, *offset, *slope;
  void *sum_dy, *sum_dy_deviation;
  const void *scale, *shift;
  void *running_mean, *running_variance;
  void *scale_gradient, *shift_gradient;
  double epsilon, rate;
  double unbiased; /* rows / (rows - 1) */
  double share;    /* 1 / rows */
  /* Of the parameter gradients, which are gradient_share times sums over the rows: 1 / rows, 1, or
   * 1 / sum of the weights */
  double gradient_share;
} dni__norm_columns;

/* Most classes that one_hot finds, and of the quick case of the one-hot kernels. */
#define DNI_ONE_HOT_MOST 128

/* Largest matrix for the kernel `cholesky`. */
#define DNI_CHOLESKY_BLOCK 32

typedef struct dni__kernels {
  const char *name;

  /* z = activation(z + bias), bias [columns] */
  void (*bias_activation)(size_t rows, size_t columns, void *z, size_t ldz, const void *bias,
                          dni_activation activation);
  /* y = activation(x); y may be x */
  void (*activation)(size_t rows, size_t columns, const void *x, size_t ldx, void *y, size_t ldy,
                     dni_activation activation);
  /* dx = dy * activation'(y); dx may be dy */
  void (*activation_backward)(size_t rows, size_t columns, const void *y, size_t ldy,
                              const void *dy, size_t lddy, void *dx, size_t lddx,
                              dni_activation activation);
  /* dy = dy * activation'(y) in place, and column_sums [columns] = beta * column_sums + alpha *
   * sums of the new dy. y is not read for identity. */
  void (*activation_backward_bias)(size_t rows, size_t columns, const void *y, size_t ldy, void *dy,
                                   size_t lddy, dni_activation activation, double alpha,
                                   double beta, void *column_sums);

  /* Activations that have a kernel of their own, outside of the switch above. The slope of leaky
   * ReLU is in [0, 1), so that y says where x was above 0; GELU's backward needs x. y may be x, and
   * dx may be dy. */
  void (*leaky_relu)(size_t rows, size_t columns, const void *x, size_t ldx, void *y, size_t ldy,
                     double slope);
  void (*leaky_relu_backward)(size_t rows, size_t columns, const void *y, size_t ldy,
                              const void *dy, size_t lddy, void *dx, size_t lddx, double slope);
  void (*gelu)(size_t rows, size_t columns, const void *x, size_t ldx, void *y, size_t ldy);
  void (*gelu_backward)(size_t rows, size_t columns, const void *x, size_t ldx, const void *dy,
                        size_t lddy, void *dx, size_t lddx);

  /* y = x * scale where mask [rows][columns] is not 0, else 0; y may be x */
  void (*dropout)(size_t rows, size_t columns, const void *x, size_t ldx, void *y, size_t ldy,
                  const unsigned char *mask, size_t ldmask, double scale);
  /* Row r of M becomes weights[r * stride] times itself. */
  void (*scale_rows)(size_t rows, size_t columns, void *m, size_t ldm, const void *weights,
                     size_t stride);

  /* Whether each row of x [rows][classes] is 1 in one column and 0 in the others; classes is 1 to
   * DNI_ONE_HOT_MOST. If so, class_of [rows] says where the ones are. */
  bool (*one_hot)(size_t rows, size_t classes, const void *x, size_t ldx, int32_t *class_of);
  /* z = activation(z + bias + x W^T) and, below, dy = dy * activation'(y) in place with column_sums
   * = beta * column_sums + alpha * sums of the new dy and gradient = beta * gradient + alpha * dy^T
   * x. Since x is one-hot it only picks columns of W and of gradient [columns][classes].
   *
   * x is given as class_of: the 1 of row r is in column class_of[r * step]. That may be what
   * one_hot found (step 1) or a view of labels (its data and stride). Rows and classes may be as
   * many as one likes; up to DNI_ONE_HOT_MOST classes are the quick case. */
  void (*one_hot_forward)(size_t rows, size_t columns, void *z, size_t ldz, const void *bias,
                          size_t classes, const int32_t *class_of, size_t step, const void *weight,
                          size_t ldw, dni_activation activation);
  void (*one_hot_backward)(size_t rows, size_t columns, const void *y, size_t ldy, void *dy,
                           size_t lddy, dni_activation activation, double alpha, double beta,
                           void *column_sums, size_t classes, const int32_t *class_of, size_t step,
                           void *gradient, size_t ldg);

  /* mean and biased variance [columns] of the columns of x, in two passes; rows >= 1. Sums are of
   * differences from the first row, so that a column of large numbers keeps its digits, and one of
   * equal numbers has exactly that mean and variance 0. */
  void (*column_statistics)(size_t rows, size_t columns, const void *x, size_t ldx, void *mean,
                            void *variance);
  /* How many of the values are not finite. */
  size_t (*non_finite)(size_t count, const void *values);
  /* inverse, factor and the running statistics from mean and variance. */
  void (*norm_training)(size_t columns, const dni__norm_columns *norm);
  /* y = scale * (x - mean) / sqrt(variance + epsilon) + shift with the running statistics. Only
   * scale, shift, the running statistics and epsilon are read; nothing is written but y, which may
   * be x. */
  void (*norm_inference)(size_t rows, size_t columns, const void *x, size_t ldx, void *y,
                         size_t ldy, const dni__norm_columns *norm);
  /* y = (x - mean) * factor + shift, all [columns]; y may be x */
  void (*normalise)(size_t rows, size_t columns, const void *x, size_t ldx, void *y, size_t ldy,
                    const void *mean, const void *factor, const void *shift);
  /* sum_dy = sum over rows of dy; sum_dy_deviation = sum of dy * (x - mean); all [columns] */
  void (*normalise_sums)(size_t rows, size_t columns, const void *x, size_t ldx, const void *dy,
                         size_t lddy, const void *mean, void *sum_dy, void *sum_dy_deviation);
  /* From those sums: factor, offset and slope; and the parameter gradients, replaced or added to.
   */
  void (*norm_slopes)(size_t columns, const dni__norm_columns *norm);
  void (*norm_gradients)(size_t columns, const dni__norm_columns *norm, bool add);
  /* dx = factor * (dy - offset - (x - mean) * slope), all [columns]; dx may be dy */
  void (*normalise_backward)(size_t rows, size_t columns, const void *x, size_t ldx, const void *dy,
                             size_t lddy, void *dx, size_t lddx, const void *mean,
                             const void *factor, const void *offset, const void *slope);

  /* Layer normalisation, y = scale * (x - mean) * inverse + shift with the mean of the row and
   * inverse = 1 / sqrt(biased variance of the row + epsilon); scale and shift are [columns], y may
   * be x. statistics [rows][2] of the element type becomes mean and inverse of each row; NULL: not
   * wanted. */
  void (*layer_norm)(size_t rows, size_t columns, const void *x, size_t ldx, void *y, size_t ldy,
                     const void *scale, const void *shift, double epsilon, void *statistics);
  /* dx from dy; dx may be dy. Rows are independent of each other. */
  void (*layer_norm_backward)(size_t rows, size_t columns, const void *x, size_t ldx,
                              const void *dy, size_t lddy, void *dx, size_t lddx, const void *scale,
                              const void *statistics);
  /* scale_gradient = beta * scale_gradient + alpha * sum over rows of dy * (x - mean) * inverse,
   * and shift_gradient likewise of dy. Columns are independent of each other. */
  void (*layer_norm_gradients)(size_t rows, size_t columns, const void *x, size_t ldx,
                               const void *dy, size_t lddy, const void *statistics, double alpha,
                               double beta, void *scale_gradient, void *shift_gradient);

  /* Sums over M and D. The quick way adds up each row in the element type, whose range squares may
   * leave; the other is exact but for the rounding of double. */
  void (*pair_sums)(size_t rows, size_t columns, const void *m, size_t ldm, const void *d,
                    size_t ldd, dni__pair_sums *sums);
  void (*pair_sums_in_double)(size_t rows, size_t columns, const void *m, size_t ldm, const void *d,
                              size_t ldd, const dni__pair_scale *scale, dni__pair_sums *sums);
  /* M = scale * (M - D) */
  void (*residual)(size_t rows, size_t columns, void *m, size_t ldm, const void *d, size_t ldd,
                   double scale);

  /* Values are rounded to bf16, in place and in a copy of 16 bits; and such a copy becomes values. */
  void (*bf16_keep)(size_t count, void *values, uint16_t *kept);
  void (*bf16_restore)(size_t count, const uint16_t *kept, void *values);

  /* The lower triangle of a symmetric matrix [n][n] becomes its Cholesky factor L, and `inverse`
   * [n][n] L^-1 with zeros above the diagonal; n is at most DNI_CHOLESKY_BLOCK. A pivot that is not
   * above least[k] is no number to divide by: column k of L and row and column k of L^-1 are 0
   * then, as if row and column k of the matrix were not there. */
  void (*cholesky)(size_t n, void *matrix, size_t lda, const void *least, void *inverse,
                   size_t ldi);

  /* Updates. Where a gradient or the new w is not finite, w becomes NaN: an infinite weight could go
   * unnoticed behind an activation that saturates. */
  void (*adam)(size_t count, void *w, const void *g, void *m, void *v, const dni__adam_step *step,
               const dni__chance *chance);
  /* v may be NULL if momentum is 0 */
  void (*sgd)(size_t count, void *w, const void *g, void *v, const dni__sgd_step *step,
              const dni__chance *chance);
  /* The same with m and v of bf16, which are rounded by chance. */
  void (*adam_bf16)(size_t count, void *w, const void *g, void *m, void *v,
                    const dni__adam_step *step, const dni__chance *chance);
  void (*sgd_bf16)(size_t count, void *w, const void *g, void *v, const dni__sgd_step *step,
                   const dni__chance *chance);
  /* sum of the squares of scale * g, each limited to +-limit (infinity: as it is), in double; NaN if
   * a g is not finite */
  double (*sum_squares)(size_t count, const void *g, double scale, double limit);
  /* Where the first of the largest of count >= 1 values is; count if there is a NaN. */
  size_t (*largest)(size_t count, const void *values);
} dni__kernels;

/* What numbers are to be multiplied with where the sum of their squares came out as `total`, so that
 * in a second try it is neither too large nor too small for double; 1: it is right as it is. (Blue
 * 1978 does the same in one pass.) */
static inline double dni__squares_range(double total) {
  if (total >= 0x1p-900 && total <= 0x1p1000) return 1;
  return total < 1 ? 0x1p700 : 0x1p-700;
}

/* One table per element type and instruction set (kernels_<set>.c). */
extern const dni__kernels dni__kernels_f32_baseline, dni__kernels_f64_baseline;
#if defined(__x86_64__)
extern const dni__kernels dni__kernels_f32_avx2, dni__kernels_f64_avx2;
extern const dni__kernels dni__kernels_f32_avx512, dni__kernels_f64_avx512;
#endif

/* Whether this processor and build have an instruction set, and the widest they have that products in
 * `compute` have a use for. Only for AMX the system is asked. */
bool dni__instructions_supported(dni_instructions instructions);
dni_instructions dni__instructions_best(dni_dtype compute);
/* Turn BEST into the widest, and check what an options struct asks for; `owner` is its name.
 * DNI_ERROR_ARGUMENT: unknown. DNI_ERROR_UNSUPPORTED: not on this processor or in this build, or the system
 * refuses it. */
dni_status dni__instructions_choose(dni_instructions *instructions, dni_dtype compute,
                                    const char *owner);

/* Whether this process may use the tiles of AMX; asks the system at the first call (amx.c). */
bool dni__amx_allowed(void);

/* What is asked, in this order, until an answer is no: later questions would not be valid. */
typedef struct dni__amx_questions {
  bool (*processor)(void); /* does it have tiles, and their products of bf16? */
  bool (*saved)(void);     /* does the system save tiles when it switches threads? */
  bool (*leave)(void);     /* does it give leave to this process? */
} dni__amx_questions;

dni__amx dni__amx_decide(const dni__amx_questions *ask);

/* The table for an element type and an instruction set (not BEST); NULL if it is not supported. */
const dni__kernels *dni__kernels_find(dni_dtype dtype, dni_instructions instructions);

#endif

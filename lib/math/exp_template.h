/* exp and tanh for one element type, within 4 units in the last place, in arithmetic that compilers
 * vectorise; libm's are calls. Included by kernels_template.h, with what
 * kernels_table.h says of the type.
 *
 * x = n ln 2 + r with |r| <= ln 2 / 2, and exp x = 2^n (1 + p) where p = exp r - 1 is a Taylor
 * polynomial. Adding REAL_ROUNDER leaves the integer n in the lowest bits. NaN goes through r. */

/* 2^n for n of a normal number; of a NaN's n, anything. */
static inline REAL FN(power_of_two)(REAL_INT n) {
  REAL_BITS bits = ((REAL_BITS)n + REAL_BIAS) << REAL_MANTISSA;
  REAL value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* exp r - 1 and n. */
static inline REAL FN(reduced_expm1)(REAL x, REAL_INT *n) {
  static const REAL rounder = (REAL)REAL_ROUNDER;
  REAL shifted = x * (REAL)1.44269504088896340736 + rounder, whole = shifted - rounder;
  REAL_INT shifted_bits, rounder_bits;
  memcpy(&shifted_bits, &shifted, sizeof shifted);
  memcpy(&rounder_bits, &rounder, sizeof rounder);
  *n = shifted_bits - rounder_bits;
  REAL r = (x - whole * (REAL)REAL_LN2_HIGH) - whole * (REAL)REAL_LN2_LOW, q = 0;
#define TERM(factorial) q = q * r + (REAL)(1 / (factorial))
  REAL_TERMS
#undef TERM
  return r + r * r * q;
}

/* Beyond the limits the result is 0 or infinite. 2^n comes in two factors, which reach further than
 * one. */
static inline REAL FN(exponential)(REAL x) {
  x = x < -(REAL)REAL_EXP_MOST ? -(REAL)REAL_EXP_MOST : x;
  x = x > (REAL)REAL_EXP_MOST ? (REAL)REAL_EXP_MOST : x;
  REAL_INT n;
  REAL value = 1 + FN(reduced_expm1)(x, &n);
  REAL_INT half = n / 2;
  return value * FN(power_of_two)(half) * FN(power_of_two)(n - half);
}

/* tanh |x| = e / (e + 2), e = exp(2 |x|) - 1 = 2^n p + (2^n - 1); 1 from |x| = 20 on. */
static inline REAL FN(hyperbolic_tangent)(REAL x) {
  REAL size = x < 0 ? -x : x;
  size = size > 20 ? 20 : size;
  REAL_INT n;
  REAL p = FN(reduced_expm1)(2 * size, &n), scale = FN(power_of_two)(n);
  REAL e = scale * p + (scale - 1), value = e / (e + 2);
  return x < 0 ? -value : value;
}

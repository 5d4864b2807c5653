/* The bounds of the element types. */
#include "core/real.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

double dni__real_least(dni_dtype dtype) {
  return dtype == DNI_F32 ? (double)FLT_MIN : DBL_MIN;
}

double dni__real_most(dni_dtype dtype) {
  return dtype == DNI_F32 ? (double)FLT_MAX : DBL_MAX;
}

double dni__real_below_one(dni_dtype dtype) {
  return 1 - (dtype == DNI_F32 ? (double)FLT_EPSILON : DBL_EPSILON) / 2;
}

/* By its bits: a comparison with 0 depends on the floating-point mode. */
static bool is_zero(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits << 1 == 0;
}

bool dni__real_holds(dni_dtype dtype, double value) {
  double size = fabs(value);
  return is_zero(value) || (size >= dni__real_least(dtype) && size <= dni__real_most(dtype));
}

double dni__real_limit(dni_dtype dtype, double value) {
  double most = dni__real_most(dtype);
  return value > most ? most : value < -most ? -most : value;
}

const char *dni__real_print(double value, char text[DNI_REAL_TEXT]) {
  int digits = 6;
  do
    (void)snprintf(text, DNI_REAL_TEXT, "%.*g", digits, value);
  while (digits++ < 17 && !dni__real_same(strtod(text, NULL), value));
  return text;
}

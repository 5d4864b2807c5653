/* Which numbers the element types hold. The library computes with denormal numbers as if they were 0,
 * so those are not counted among them. Internal. */
#ifndef DNI_CORE_REAL_H
#define DNI_CORE_REAL_H

#include <string.h>

#include "core/core.h"

double dni__real_least(dni_dtype dtype);     /* the least normal number above 0 */
double dni__real_most(dni_dtype dtype);      /* the largest finite number */
double dni__real_below_one(dni_dtype dtype); /* the largest number below 1 */

/* Whether the element type holds a number near this one: 0, or a finite one that is not denormal. */
bool dni__real_holds(dni_dtype dtype, double value);

/* `value`, or the nearest finite number of the element type. NaN stays. */
double dni__real_limit(dni_dtype dtype, double value);

/* For messages: `value` with as few digits as say exactly which double it is, but 6 at least; answers
 * `text`. */
#define DNI_REAL_TEXT 32
const char *dni__real_print(double value, char text[DNI_REAL_TEXT]);

/* The same bits: a comparison takes denormal numbers for 0 where the processor does. */
static inline bool dni__real_same(double a, double b) {
  return memcmp(&a, &b, sizeof a) == 0;
}

/* A float as a double, exactly: a processor that takes denormal numbers for 0 does so here too. */
static inline double dni__real_widen(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if (bits & UINT32_C(0x7f800000)) return (double)value;
  double size = (double)(int32_t)(bits & UINT32_C(0x007fffff)) * 0x1p-149;
  return bits >> 31 ? -size : size;
}

#endif

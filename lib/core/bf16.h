/* bf16: the upper 16 bits of a float, so 8 bits of exponent and 7 of fraction. Internal.
 *
 * Rounding is to nearest, ties to even. As the processors' own instructions do it, denormal numbers
 * become zeros of their sign, and a NaN stays one and is quiet. */
#ifndef DNI_CORE_BF16_H
#define DNI_CORE_BF16_H

#include <stdint.h>
#include <string.h>

static inline uint32_t dni__bits_of(float number) {
  uint32_t bits;
  memcpy(&bits, &number, sizeof bits);
  return bits;
}

static inline float dni__float_of(uint32_t bits) {
  float number;
  memcpy(&number, &bits, sizeof number);
  return number;
}

/* Written without branches, so that compilers make vectors of a loop of it. */
static inline uint32_t dni__bf16_round(float number) {
  const uint32_t bits = dni__bits_of(number), size = bits & 0x7fffffff;
  const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  const uint32_t finite = size < 0x00800000 ? bits >> 16 & 0x8000 : rounded;
  return size > 0x7f800000 ? bits >> 16 | 0x40 : finite;
}

#endif

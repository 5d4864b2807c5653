/* Elements of all types as numbers. */
#include <math.h>
#include <string.h>

#include "info.h"

static double of_f64(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static double of_f32(uint64_t bits) {
  const uint32_t low = (uint32_t)bits;
  float value;
  memcpy(&value, &low, sizeof value);
  return (double)value;
}

static double of_bf16(uint64_t bits) {
  return of_f32(bits << 16);
}

static double of_f16(uint64_t bits) {
  const int exponent = (int)(bits >> 10 & 31);
  const double sign = bits >> 15 & 1 ? -1 : 1, fraction = (double)(bits & 1023);
  if (exponent == 31) return fraction > 0 ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * ldexp(fraction, -24);
  return sign * ldexp(fraction + 1024, exponent - 25);
}

static double of_u64(uint64_t bits) {
  return (double)bits;
}
static double of_i64(uint64_t bits) {
  return (double)(int64_t)bits;
}
static double of_i32(uint64_t bits) {
  return (double)(int32_t)(uint32_t)bits;
}
static double of_i16(uint64_t bits) {
  return (double)(int16_t)(uint16_t)bits;
}
static double of_i8(uint64_t bits) {
  return (double)(int8_t)(uint8_t)bits;
}

static const element_type types[] = {
    {"F32", 4, of_f32},   {"F64", 8, of_f64},   {"I32", 4, of_i32},   {"U8", 1, of_u64},
    {"BF16", 2, of_bf16}, {"F16", 2, of_f16},   {"I64", 8, of_i64},   {"U64", 8, of_u64},
    {"U32", 4, of_u64},   {"I16", 2, of_i16},   {"U16", 2, of_u64},   {"I8", 1, of_i8},
    {"BOOL", 1, of_u64},  {"F8_E4M3", 1, NULL}, {"F8_E5M2", 1, NULL},
};

const element_type *element_type_of(const char *name) {
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
    if (!strcmp(types[i].name, name)) return &types[i];
  return NULL;
}

void statistics_begin(statistics *of) {
  *of = (statistics){.least = INFINITY, .most = -INFINITY, .whole = true};
}

void statistics_add(statistics *of, double value) {
  if (!isfinite(value)) {
    of->non_finite++;
    return;
  }
  if (value < of->least) of->least = value;
  if (value > of->most) of->most = value;
  if (floor(value) < value) of->whole = false;
  of->sum += value;
  of->squares += (long double)value * value;
  of->count++;
}

void statistics_put(const statistics *of, json_t *into) {
  const bool any = of->count > 0;
  put_real(into, "minimum", any ? of->least : NAN);
  put_real(into, "maximum", any ? of->most : NAN);
  put_real(into, "mean", any ? (double)(of->sum / (long double)of->count) : NAN);
  put_real(into, "norm", any ? (double)sqrtl(of->squares) : NAN);
  put_count(into, "non_finite", of->non_finite);
}

/* Chooses the kernels for this processor. */
#include "math/kernels.h"

bool dni__instructions_supported(int32_t instructions) {
  switch (instructions) {
  case DNI_INSTRUCTIONS_BASELINE:
    return true;
#if defined(__x86_64__)
  case DNI_INSTRUCTIONS_AVX2:
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  case DNI_INSTRUCTIONS_AVX512:
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
  default:
    return false;
  }
}

int32_t dni__instructions_best(void) {
  int32_t best = DNI_INSTRUCTIONS_AVX512;
  while (!dni__instructions_supported(best))
    best--;
  return best;
}

const dni__kernels *dni__kernels_find(dni_dtype dtype, int32_t instructions) {
  if (!dni__instructions_supported(instructions)) return NULL;
  switch (instructions) {
#if defined(__x86_64__)
  case DNI_INSTRUCTIONS_AVX512:
    return dtype == DNI_F32 ? &dni__kernels_f32_avx512 : &dni__kernels_f64_avx512;
  case DNI_INSTRUCTIONS_AVX2:
    return dtype == DNI_F32 ? &dni__kernels_f32_avx2 : &dni__kernels_f64_avx2;
#endif
  default:
    return dtype == DNI_F32 ? &dni__kernels_f32_baseline : &dni__kernels_f64_baseline;
  }
}

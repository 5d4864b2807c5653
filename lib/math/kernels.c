/* Chooses the kernels for this processor. */
#include "math/kernels.h"

bool dni__instructions_supported(dni_instructions instructions) {
  switch (instructions) {
  case DNI_INSTRUCTIONS_BASELINE:
    return true;
#if defined(__x86_64__)
  case DNI_INSTRUCTIONS_AVX2:
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  case DNI_INSTRUCTIONS_AVX512:
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  case DNI_INSTRUCTIONS_AVX512_BF16:
    return dni__instructions_supported(DNI_INSTRUCTIONS_AVX512) &&
           __builtin_cpu_supports("avx512bf16");
  case DNI_INSTRUCTIONS_AMX:
    return dni__instructions_supported(DNI_INSTRUCTIONS_AVX512_BF16) && dni__amx_allowed();
#endif
  default:
    return false;
  }
}

dni_instructions dni__instructions_best(dni_dtype compute) {
  dni_instructions best = compute == DNI_BF16 ? DNI_INSTRUCTIONS_AMX : DNI_INSTRUCTIONS_AVX512_BF16;
  while (!dni__instructions_supported(best))
    best--;
  return best;
}

dni_status dni__instructions_choose(dni_instructions *instructions, dni_dtype compute,
                                    const char *owner) {
  if (*instructions == DNI_INSTRUCTIONS_BEST) *instructions = dni__instructions_best(compute);
  const char *name = dni_instructions_name(*instructions);
  if (name[0] == '\0')
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: instructions %d is unknown", owner,
                     (int)*instructions);
  if (!dni__instructions_supported(*instructions))
    return dni__fail(DNI_ERROR_UNSUPPORTED,
                     "%s: this processor, system or build lacks instructions %s", owner, name);
  return DNI_OK;
}

const char *dni_instructions_name(dni_instructions instructions) {
  switch (instructions) {
  case DNI_INSTRUCTIONS_BEST:
    return "best";
  case DNI_INSTRUCTIONS_BASELINE:
    return "baseline";
  case DNI_INSTRUCTIONS_AVX2:
    return "avx2";
  case DNI_INSTRUCTIONS_AVX512:
    return "avx512";
  case DNI_INSTRUCTIONS_AVX512_BF16:
    return "avx512_bf16";
  case DNI_INSTRUCTIONS_AMX:
    return "amx";
  default:
    return "";
  }
}

const dni__kernels *dni__kernels_find(dni_dtype dtype, dni_instructions instructions) {
  if (!dni__instructions_supported(instructions)) return NULL;
  switch (instructions) {
#if defined(__x86_64__)
  case DNI_INSTRUCTIONS_AVX512:
  case DNI_INSTRUCTIONS_AVX512_BF16:
  case DNI_INSTRUCTIONS_AMX:
    return dtype == DNI_F32 ? &dni__kernels_f32_avx512 : &dni__kernels_f64_avx512;
  case DNI_INSTRUCTIONS_AVX2:
    return dtype == DNI_F32 ? &dni__kernels_f32_avx2 : &dni__kernels_f64_avx2;
#endif
  default:
    return dtype == DNI_F32 ? &dni__kernels_f32_baseline : &dni__kernels_f64_baseline;
  }
}

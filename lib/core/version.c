/* Which library is running, and how it was built. */
#include "core/core.h"

#ifndef DNI_BLAS_NAME
#define DNI_BLAS_NAME "none"
#endif

#if defined(__x86_64__)
#define KERNELS "baseline avx2 avx512 avx512_bf16 amx"
#else
#define KERNELS "baseline"
#endif

#define TEXT(x)        #x
#define NUMBER_TEXT(x) TEXT(x)
#define PARTS_TEXT                                                                                 \
  NUMBER_TEXT(DNI_VERSION_MAJOR)                                                                   \
  "." NUMBER_TEXT(DNI_VERSION_MINOR) "." NUMBER_TEXT(DNI_VERSION_PATCH)

_Static_assert(DNI_VERSION ==
                   DNI_VERSION_MAJOR * 10000 + DNI_VERSION_MINOR * 100 + DNI_VERSION_PATCH,
               "DNI_VERSION is not made of its parts");
_Static_assert(__builtin_strcmp(DNI_VERSION_STRING, PARTS_TEXT) == 0,
               "DNI_VERSION_STRING is not made of its parts");

int32_t dni_version(void) {
  return DNI_VERSION;
}

const char *dni_version_string(void) {
  return DNI_VERSION_STRING;
}

const char *dni_build_info(void) {
  return "libdni " DNI_VERSION_STRING ", compiler " __VERSION__ ", BLAS " DNI_BLAS_NAME
         ", kernels " KERNELS;
}

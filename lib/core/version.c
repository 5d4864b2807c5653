/* Which library is running, and how it was built. */
#include "core/core.h"

#define TEXT(x)        #x
#define NUMBER_TEXT(x) TEXT(x)

#ifndef DNI_BLAS_NAME
#define DNI_BLAS_NAME "none"
#endif

int32_t dni_version(void) {
  return DNI_VERSION_MAJOR * 10000 + DNI_VERSION_MINOR * 100 + DNI_VERSION_PATCH;
}

const char *dni_version_string(void) {
  return NUMBER_TEXT(DNI_VERSION_MAJOR) "." NUMBER_TEXT(DNI_VERSION_MINOR) "." NUMBER_TEXT(
      DNI_VERSION_PATCH);
}

const char *dni_build_info(void) {
  return "libdni " NUMBER_TEXT(DNI_VERSION_MAJOR) "." NUMBER_TEXT(
      DNI_VERSION_MINOR) "." NUMBER_TEXT(DNI_VERSION_PATCH) ", compiler " __VERSION__
                                                            ", BLAS " DNI_BLAS_NAME
#if defined(__x86_64__)
                                                            ", kernels baseline avx2 avx512";
#else
                                                            ", kernels baseline";
#endif
}

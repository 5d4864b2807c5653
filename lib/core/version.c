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

/* AMX. ---------------------------------------------------------------------------------------- */

static atomic_int amx = DNI__AMX_UNASKED; /* the same for all threads */

dni__amx dni__amx_answer(void) {
  return (dni__amx)atomic_load_explicit(&amx, memory_order_relaxed);
}

void dni__amx_settle(dni__amx from, dni__amx to) {
  int expected = (int)from;
  (void)atomic_compare_exchange_strong(&amx, &expected, (int)to);
}

/* How it was built. ---------------------------------------------------------------------------- */

#define BUILD                                                                                      \
  "libdni " DNI_VERSION_STRING ", compiler " __VERSION__ ", BLAS " DNI_BLAS_NAME                   \
  ", kernels " KERNELS

const char *dni_build_info(void) {
  static const char *const infos[] = {
      [DNI__AMX_UNASKED] = BUILD,
      [DNI__AMX_ALLOWED] = BUILD "; AMX is allowed",
      [DNI__AMX_MISSING] = BUILD "; no AMX in this processor",
      [DNI__AMX_UNSAVED] = BUILD "; no AMX: the system does not save tiles",
      [DNI__AMX_REFUSED] = BUILD "; no AMX: the system refuses it to this process",
      [DNI__AMX_WRONG] = BUILD "; no AMX: its products are wrong",
  };
  return infos[dni__amx_answer()];
}

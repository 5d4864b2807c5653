/* The CBLAS that was found when this library was built.
 *
 * Only its name is built in. It is loaded when a program asks for it, so that programs that do not
 * ask have neither its memory nor its threads. */
#include "backend/cblas_common.h"

static dni_status make(dni__memory *memory, const dni_backend_options *options, const void *what,
                       dni_backend **out) {
  (void)options, (void)what;
#if defined(DNI_CBLAS_LIBRARY)
  return dni__cblas_load(memory, DNI_CBLAS_LIBRARY, DNI_BACKEND_CBLAS, out);
#else
  (void)memory, (void)out;
  return dni__fail(DNI_ERROR_UNSUPPORTED, "backend cblas: this library was built with BLAS=none");
#endif
}

dni_status dni_backend_create_cblas(const dni_backend_options *options, dni_backend **out) {
  DNI_REQUIRE(out);
  return dni__backend_create(options, make, NULL, out);
}

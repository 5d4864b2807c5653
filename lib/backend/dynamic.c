/* Any CBLAS, by the path of its shared library. */
#include "backend/cblas_common.h"

static dni_status make(dni__memory *memory, const dni_backend_options *options, const void *what,
                       dni_backend **out) {
  (void)options;
  return dni__cblas_load(memory, what, DNI_BACKEND_DYNAMIC, out);
}

dni_status dni_backend_create_dynamic(const dni_backend_options *options, const char *path,
                                      dni_backend **out) {
  DNI_REQUIRE(path);
  DNI_REQUIRE(out);
  if (path[0] == '\0') /* to the loader, the program itself */
    return dni__fail(DNI_ERROR_IO, "cannot load a library from an empty path");
  return dni__backend_create(options, make, path, out);
}

/* How to load. */
#include "file/file.h"

dni_status dni__load_options_check(const dni_load_options *given, dni_load_options *options) {
  *options = (dni_load_options){.struct_size = sizeof *options};
  if (given) DNI_TRY(dni__options_copy(DNI__OPTIONS(options, given, dni_load_options)));
  if (options->reserved != 0)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "dni_load_options: reserved is not 0");
  if (options->finite == 0 || options->finite == 1) return DNI_OK;
  return dni__fail(DNI_ERROR_ARGUMENT, "dni_load_options: finite is %d, expected 0 or 1",
                   (int)options->finite);
}

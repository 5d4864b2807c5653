/* Structs that grow: the first member is struct_size, fields are only appended, zero means default.
 * A caller older than the library passes fewer bytes, a newer one more; both work as long as
 * nothing is asked for that this library does not know. */
#include <string.h>

#include "core/core.h"

#define STRUCT_SIZE_MOST 4096

/* No struct has a size that ends within a pointer: half of one must not be read. */
static dni_status check_size(const void *given, size_t least, const char *name, size_t *size) {
  memcpy(size, given, sizeof *size);
  if (*size > least && *size % sizeof *size != 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: struct_size is %zu, expected a multiple of %zu", name,
                     *size, sizeof *size);
  if (*size < least || *size > STRUCT_SIZE_MOST)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: struct_size is %zu, expected %zu to %d", name, *size,
                     least, STRUCT_SIZE_MOST);
  return DNI_OK;
}

dni_status dni__options_copy(void *known, size_t known_size, size_t least, const void *given,
                             const char *name) {
  size_t size;
  DNI_TRY(check_size(given, least, name, &size));
  const unsigned char *bytes = given;
  for (size_t i = known_size; i < size; i++)
    if (bytes[i] != 0)
      return dni__fail(DNI_ERROR_UNSUPPORTED,
                       "%s: an option beyond byte %zu is set, which version %s does not know", name,
                       known_size, dni_version_string());
  memset(known, 0, known_size);
  memcpy(known, given, size < known_size ? size : known_size);
  return DNI_OK;
}

dni_status dni__report_check(const void *given, size_t least, const char *name) {
  size_t size;
  return check_size(given, least, name, &size);
}

void dni__report_fill(void *given, const void *known, size_t known_size) {
  size_t size;
  memcpy(&size, given, sizeof size);
  size_t filled = size < known_size ? size : known_size;
  memcpy((unsigned char *)given + sizeof size, (const unsigned char *)known + sizeof size,
         filled - sizeof size);
}

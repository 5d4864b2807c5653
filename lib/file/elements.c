/* Elements as they are in files: little-endian. */
#include "file/parts.h"

#include <string.h>

const char *dni__file_dtype(dni_dtype dtype) {
  switch (dtype) {
  case DNI_F32:
    return "F32";
  case DNI_F64:
    return "F64";
  case DNI_I32:
    return "I32";
  case DNI_U8:
    return "U8";
  case DNI_BF16:
    return "BF16";
  case DNI_F16:
    return "F16";
  default:
    return "";
  }
}

void dni__file_copy_elements(void *to, const void *from, size_t count, size_t size) {
  if (count * size == 0) return;
  if (!DNI_FILE_SWAPS || size == 1) {
    memcpy(to, from, count * size);
    return;
  }
  const unsigned char *source = from;
  unsigned char *target = to;
  for (size_t i = 0; i < count; i++, source += size, target += size)
    for (size_t b = 0; b < size; b++)
      target[b] = source[size - 1 - b];
}

/* A block of bytes that grows geometrically: for content whose size is known only at its end, or
 * claimed by a file and not believed until the bytes are there. Internal. */
#ifndef DNI_DATA_BUFFER_H
#define DNI_DATA_BUFFER_H

#include "core/core.h"

typedef struct dni__buffer {
  dni__memory *memory;
  unsigned char *data; /* NULL while capacity is 0 */
  size_t size, capacity;
} dni__buffer;

/* Room for `more` bytes after data + size. On failure nothing has changed. DNI_ERROR_MEMORY. */
dni_status dni__buffer_reserve(dni__buffer *buffer, size_t more);

/* Give back what lies beyond size (which is not 0). DNI_ERROR_MEMORY: the smaller block could not
 * be had. */
dni_status dni__buffer_trim(dni__buffer *buffer);

void dni__buffer_free(dni__buffer *buffer);

#endif

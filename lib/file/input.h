/* All bytes of a file or of a reader, in memory. Internal. */
#ifndef DNI_FILE_INPUT_H
#define DNI_FILE_INPUT_H

#include "core/core.h"

typedef struct dni__input {
  dni__memory *memory;
  unsigned char *bytes;
  size_t size;
} dni__input;

/* Of the regular file `path`. DNI_ERROR_IO: it cannot be opened or read, or is none. DNI_ERROR_MEMORY. */
dni_status dni__input_open(dni__memory *memory, const char *path, dni__input *out);
/* Of a caller's function, until it says that nothing comes any more. */
dni_status dni__input_read(dni__memory *memory, const dni_reader *reader, dni__input *out);
void dni__input_close(dni__input *input);

#endif

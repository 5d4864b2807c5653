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
/* Looks at what has come so far. It sets *end to the bytes of the whole file as soon as they tell. */
typedef dni_status (*dni__input_look)(void *user, const dni__input *input, size_t *end);

/* Of a caller's function, until it says that nothing comes any more, or more has come than can be right.
 * `look` is called after each piece; when it fails, so does this. */
dni_status dni__input_read(dni__memory *memory, const dni_reader *reader, dni__input_look look,
                           void *user, dni__input *out);
void dni__input_close(dni__input *input);

#endif

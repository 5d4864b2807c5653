/* A whole file in memory, read from front to back. Little-endian. Internal. */
#ifndef DNI_IO_INPUT_H
#define DNI_IO_INPUT_H

#include "core/core.h"

typedef struct dni__input {
  dni__memory *memory;
  unsigned char *bytes;
  size_t size, next;
} dni__input;

/* Read the regular file `path`. DNI_ERROR_IO: it cannot be opened or read, or is none.
 * DNI_ERROR_MEMORY. */
dni_status dni__input_open(dni__memory *memory, const char *path, dni__input *out);
void dni__input_close(dni__input *input);

size_t dni__input_remaining(const dni__input *input);

/* The next value. The caller has seen that enough bytes remain. */
uint32_t dni__input_u32(dni__input *input);
uint64_t dni__input_u64(dni__input *input);
float dni__input_f32(dni__input *input);
double dni__input_f64(dni__input *input);

#endif

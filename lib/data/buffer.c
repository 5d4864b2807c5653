/* Growable bytes. The capacity doubles, so that filling one costs a constant number of copies per
 * byte. */
#include "data/buffer.h"

#include <string.h>

#define CAPACITY_LEAST 4096

static dni_status resize(dni__buffer *buffer, size_t capacity) {
  unsigned char *data = dni__allocate_unset(buffer->memory, capacity, 1);
  if (!data) return DNI_ERROR_MEMORY;
  if (buffer->size > 0) memcpy(data, buffer->data, buffer->size);
  dni__free(buffer->memory, buffer->data);
  buffer->data = data;
  buffer->capacity = capacity;
  return DNI_OK;
}

dni_status dni__buffer_reserve(dni__buffer *buffer, size_t more) {
  size_t needed, doubled;
  if (!dni__add(buffer->size, more, &needed))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu + %zu bytes do not fit", buffer->size,
                     more);
  if (needed <= buffer->capacity) return DNI_OK;
  if (dni__multiply(buffer->capacity, 2, &doubled) && needed < doubled) needed = doubled;
  return resize(buffer, needed < CAPACITY_LEAST ? CAPACITY_LEAST : needed);
}

dni_status dni__buffer_trim(dni__buffer *buffer) {
  return buffer->capacity > buffer->size ? resize(buffer, buffer->size) : DNI_OK;
}

void dni__buffer_free(dni__buffer *buffer) {
  dni__free(buffer->memory, buffer->data);
  buffer->data = NULL;
  buffer->size = buffer->capacity = 0;
}

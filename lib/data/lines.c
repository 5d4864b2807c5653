/* Lines of any length, out of one growing buffer. */
#include "data/lines.h"

#ifndef DNI_NO_FILES

#include <string.h>

#define CHUNK 65536

dni_status dni__lines_open(dni__memory *memory, const char *path, dni__lines *out) {
  *out = (dni__lines){.buffer = {.memory = memory}};
  return dni__reader_open(memory, path, &out->reader);
}

void dni__lines_close(dni__lines *lines) {
  dni__buffer_free(&lines->buffer);
  dni__reader_close(lines->reader);
}

/* Move what is left to the front of the buffer and read more behind it, leaving room for a NUL. */
static dni_status read_more(dni__lines *lines) {
  dni__buffer *buffer = &lines->buffer;
  size_t count;
  if (lines->next > 0) {
    buffer->size -= lines->next;
    memmove(buffer->data, buffer->data + lines->next, buffer->size);
    lines->next = 0;
  }
  DNI_TRY(dni__buffer_reserve(buffer, CHUNK + 1));
  unsigned char *place = buffer->data + buffer->size;
  DNI_TRY(dni__reader_read(lines->reader, place, CHUNK, &count));
  if (memchr(place, 0, count))
    return dni__fail(DNI_ERROR_DATA, "%s: not a text file (it contains NUL bytes)",
                     dni__reader_path(lines->reader));
  buffer->size += count;
  lines->ended = count < CHUNK;
  return DNI_OK;
}

/* Hand out the bytes from next to `end`, and go on after `after`. */
static char *take(dni__lines *lines, size_t end, size_t after) {
  unsigned char *data = lines->buffer.data;
  size_t start = lines->next;
  if (end > start && data[end - 1] == '\r') end--;
  data[end] = 0;
  lines->next = after;
  lines->number++;
  return (char *)data + start;
}

dni_status dni__lines_next(dni__lines *lines, char **line) {
  dni__buffer *buffer = &lines->buffer;
  size_t searched = 0; /* bytes from next on that hold no LF */
  for (;;) {
    size_t from = lines->next + searched;
    unsigned char *feed =
        from < buffer->size ? memchr(buffer->data + from, '\n', buffer->size - from) : NULL;
    if (feed) {
      size_t end = (size_t)(feed - buffer->data);
      *line = take(lines, end, end + 1);
      return DNI_OK;
    }
    if (lines->ended) break;
    searched = buffer->size - lines->next;
    DNI_TRY(read_more(lines));
  }
  bool rest = buffer->size > lines->next;
  *line = rest ? take(lines, buffer->size, buffer->size) : NULL;
  return DNI_OK;
}

#endif

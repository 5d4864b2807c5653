/* Lines of any length, out of one growing buffer. Where editors and systems differ, all are right:
 * the ends of lines, a byte-order mark, an end of the file without an end of the line. */
#include "data/lines.h"

#ifndef DNI_NO_FILES

#include <string.h>

#define CHUNK 65536

void dni__lines_close(dni__lines *lines) {
  dni__buffer_free(&lines->buffer);
  dni__reader_close(lines->reader);
}

/* The marks that editors put in front of text: that of UTF-8 means nothing, the others that this is
 * not UTF-8. */
static dni_status pass_mark(dni__lines *lines) {
  const unsigned char *data = lines->buffer.data;
  size_t size = lines->buffer.size;
  if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) lines->next = 3;
  if (size >= 2 && (memcmp(data, "\xff\xfe", 2) == 0 || memcmp(data, "\xfe\xff", 2) == 0))
    return dni__fail(DNI_ERROR_DATA, "%s: is UTF-16, expected UTF-8",
                     dni__shown(dni__reader_path(lines->reader)).text);
  return DNI_OK;
}

/* Where a line ends: at LF or CR, or `size` if none is in data[from .. size-1]. */
static size_t find_end(const unsigned char *data, size_t from, size_t size) {
  while (from < size && data[from] != '\n' && data[from] != '\r')
    from++;
  return from;
}

/* A NUL byte `offset` bytes into the buffer. CR LF is one end of a line. */
static dni_status fail_nul(const dni__lines *lines, size_t offset) {
  const unsigned char *data = lines->buffer.data;
  size_t line = lines->number + 1;
  for (size_t i = find_end(data, lines->next, offset); i < offset;
       i = find_end(data, i + 1, offset))
    if (!(data[i] == '\r' && data[i + 1] == '\n')) line++;
  return dni__fail(DNI_ERROR_DATA, "%s:%zu: not a text file (it contains NUL bytes)",
                   dni__shown(dni__reader_path(lines->reader)).text, line);
}

/* Move what is left to the front of the buffer and read more behind it, leaving room for a NUL. */
static dni_status read_more(dni__lines *lines) {
  dni__buffer *buffer = &lines->buffer;
  size_t count;
  bool first = !buffer->data;
  if (lines->next > 0) {
    buffer->size -= lines->next;
    memmove(buffer->data, buffer->data + lines->next, buffer->size);
    lines->next = 0;
  }
  DNI_TRY(dni__buffer_reserve(buffer, CHUNK + 1));
  unsigned char *place = buffer->data + buffer->size;
  DNI_TRY(dni__reader_read(lines->reader, place, CHUNK, &count));
  buffer->size += count;
  lines->ended = count < CHUNK;
  if (first) DNI_TRY(pass_mark(lines));
  const unsigned char *nul = memchr(place, 0, count);
  return nul ? fail_nul(lines, (size_t)(nul - buffer->data)) : DNI_OK;
}

/* After a failure, too, the caller calls dni__lines_close. */
dni_status dni__lines_open(dni__memory *memory, const char *path, dni__lines *out) {
  *out = (dni__lines){.buffer = {.memory = memory}};
  DNI_TRY(dni__reader_open(memory, path, &out->reader));
  return read_more(out);
}

/* Hand out the bytes from next to `end`, and go on after `after`. */
static char *take(dni__lines *lines, size_t end, size_t after) {
  unsigned char *data = lines->buffer.data;
  size_t start = lines->next;
  data[end] = 0;
  lines->next = after;
  lines->number++;
  return (char *)data + start;
}

/* The bytes of the end of a line at `end`: CR LF has two. 0: it is not there, or not all of it. */
static size_t end_size(const dni__lines *lines, size_t end) {
  const unsigned char *data = lines->buffer.data;
  size_t size = lines->buffer.size;
  if (end == size) return 0;
  if (data[end] == '\n') return 1;
  if (end + 1 == size) return lines->ended ? 1 : 0;
  return data[end + 1] == '\n' ? 2 : 1;
}

dni_status dni__lines_next(dni__lines *lines, char **line) {
  dni__buffer *buffer = &lines->buffer;
  size_t end = lines->next, ending;
  for (;;) {
    end = find_end(buffer->data, end, buffer->size);
    ending = end_size(lines, end);
    if (ending > 0 || lines->ended) break;
    end -= lines->next; /* what remains is moved to the front */
    DNI_TRY(read_more(lines));
  }
  *line = ending > 0 || end > lines->next ? take(lines, end, end + ending) : NULL;
  return DNI_OK;
}

#endif

/* Plain and gzip files behind one read call.
 *
 * The file is read with the system's own calls rather than stdio, which would allocate behind the
 * context's allocator; zlib is given that allocator. A gzip file may consist of several members
 * (RFC 1952, section 2.2), whose contents follow one another. */
#include "data/reader.h"

#ifndef DNI_NO_FILES

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define INPUT_SIZE 65536

/* Bytes that deflate can make of one. */
#define DEFLATE_MOST 1032

/* windowBits of inflateInit2: the largest window, and gzip headers only. */
#define GZIP_WINDOW (15 + 16)

struct dni__reader {
  dni__memory *memory;
  const char *path;
  int file;
  bool file_ended;
  bool gzip;
  bool between_members; /* gzip: at the start, or a member has just ended */
  z_stream stream;      /* gzip; next_in and avail_in serve plain files too */
  bool regular;         /* `size` is known */
  uint64_t size;        /* bytes of the file */
  bool sized;           /* plain and regular: `remaining` is known */
  uint64_t remaining;
  unsigned char input[INPUT_SIZE];
};

static voidpf zlib_allocate(voidpf memory, uInt items, uInt size) {
  return dni__allocate(memory, items, size);
}

static void zlib_free(voidpf memory, voidpf block) {
  dni__free(memory, block);
}

static dni_status io_failure(const dni__reader *reader, const char *what) {
  return dni__fail(DNI_ERROR_IO, "%s: cannot %s: %s", reader->path, what, strerror(errno));
}

/* Append to what is in `input`, which starts at its front and is not full. */
static dni_status fill_input(dni__reader *reader) {
  z_stream *stream = &reader->stream;
  ssize_t count;
  do
    count = read(reader->file, reader->input + stream->avail_in, INPUT_SIZE - stream->avail_in);
  while (count < 0 && errno == EINTR);
  if (count < 0) return io_failure(reader, "read");
  if (count == 0) reader->file_ended = true;
  stream->next_in = reader->input;
  stream->avail_in += (uInt)count;
  return DNI_OK;
}

/* The first two bytes decide. A pipe may hand them over one by one. */
static dni_status recognise(dni__reader *reader) {
  while (reader->stream.avail_in < 2 && !reader->file_ended)
    DNI_TRY(fill_input(reader));
  reader->gzip =
      reader->stream.avail_in >= 2 && reader->input[0] == 0x1f && reader->input[1] == 0x8b;
  if (!reader->gzip) return DNI_OK;
  reader->sized = false;
  reader->between_members = true;
  int result = inflateInit2(&reader->stream, GZIP_WINDOW);
  if (result == Z_OK) return DNI_OK;
  reader->gzip = false; /* nothing for inflateEnd */
  if (result == Z_MEM_ERROR) return DNI_ERROR_MEMORY;
  return dni__fail(DNI_ERROR_UNSUPPORTED, "%s: this zlib cannot read gzip", reader->path);
}

static dni_status open_file(dni__reader *reader) {
  struct stat facts;
  do
    reader->file = open(reader->path, O_RDONLY | O_CLOEXEC);
  while (reader->file < 0 && errno == EINTR);
  if (reader->file < 0) return io_failure(reader, "open");
  if (fstat(reader->file, &facts) != 0) return io_failure(reader, "read");
  reader->regular = reader->sized = S_ISREG(facts.st_mode);
  reader->size = reader->remaining = (uint64_t)facts.st_size;
  return recognise(reader);
}

dni_status dni__reader_open(dni__memory *memory, const char *path, dni__reader **out) {
  dni__reader *reader = dni__allocate(memory, 1, sizeof *reader);
  if (!reader) return DNI_ERROR_MEMORY;
  reader->memory = memory;
  reader->path = path;
  reader->stream.zalloc = zlib_allocate;
  reader->stream.zfree = zlib_free;
  reader->stream.opaque = memory;
  dni_status status = open_file(reader);
  if (status != DNI_OK) {
    dni__reader_close(reader);
    return status;
  }
  *out = reader;
  return DNI_OK;
}

void dni__reader_close(dni__reader *reader) {
  if (!reader) return;
  if (reader->gzip) (void)inflateEnd(&reader->stream);
  if (reader->file >= 0) (void)close(reader->file);
  dni__free(reader->memory, reader);
}

static dni_status read_plain(dni__reader *reader, unsigned char *bytes, size_t size,
                             size_t *count) {
  z_stream *stream = &reader->stream;
  *count = 0;
  while (*count < size) {
    if (stream->avail_in == 0 && !reader->file_ended) DNI_TRY(fill_input(reader));
    if (stream->avail_in == 0) break;
    size_t part = size - *count < stream->avail_in ? size - *count : stream->avail_in;
    memcpy(bytes + *count, stream->next_in, part);
    stream->next_in += part;
    stream->avail_in -= (uInt)part;
    *count += part;
  }
  reader->remaining -= *count < reader->remaining ? *count : reader->remaining;
  return DNI_OK;
}

/* What inflate's answer means; DNI_OK: go on. */
static dni_status judge_inflate(dni__reader *reader, int result) {
  switch (result) {
  case Z_OK:
    return DNI_OK;
  case Z_STREAM_END:
    reader->between_members = true;
    return inflateReset(&reader->stream) == Z_OK
               ? DNI_OK
               : dni__fail(DNI_ERROR_DATA, "%s: corrupt gzip data", reader->path);
  case Z_MEM_ERROR:
    return DNI_ERROR_MEMORY; /* the message is the allocator's */
  case Z_BUF_ERROR:          /* no input left, and none comes: input is filled before each call */
    return dni__fail(DNI_ERROR_DATA, "%s: truncated gzip data", reader->path);
  default:
    return dni__fail(DNI_ERROR_DATA, "%s: corrupt gzip data (%s)", reader->path,
                     reader->stream.msg ? reader->stream.msg : "unknown reason");
  }
}

/* Up to `size` bytes, which zlib can count; *count = 0 only where the content ends. */
static dni_status inflate_some(dni__reader *reader, unsigned char *bytes, uInt size,
                               size_t *count) {
  z_stream *stream = &reader->stream;
  stream->next_out = bytes;
  stream->avail_out = size;
  while (stream->avail_out == size) {
    if (stream->avail_in == 0 && !reader->file_ended) DNI_TRY(fill_input(reader));
    if (stream->avail_in == 0 && reader->between_members) break;
    reader->between_members = false;
    DNI_TRY(judge_inflate(reader, inflate(stream, Z_NO_FLUSH)));
  }
  *count = size - stream->avail_out;
  return DNI_OK;
}

static dni_status read_gzip(dni__reader *reader, unsigned char *bytes, size_t size, size_t *count) {
  size_t part = 1;
  for (*count = 0; *count < size && part > 0; *count += part) {
    size_t wanted = size - *count;
    DNI_TRY(
        inflate_some(reader, bytes + *count, wanted < UINT_MAX ? (uInt)wanted : UINT_MAX, &part));
  }
  return DNI_OK;
}

dni_status dni__reader_read(dni__reader *reader, void *bytes, size_t size, size_t *count) {
  return reader->gzip ? read_gzip(reader, bytes, size, count)
                      : read_plain(reader, bytes, size, count);
}

bool dni__reader_remaining(const dni__reader *reader, uint64_t *bytes) {
  *bytes = reader->remaining;
  return reader->sized;
}

bool dni__reader_most(const dni__reader *reader, uint64_t *bytes) {
  *bytes = !reader->gzip                              ? reader->size
           : reader->size < UINT64_MAX / DEFLATE_MOST ? reader->size * DEFLATE_MOST
                                                      : UINT64_MAX;
  return reader->regular;
}

int dni__reader_detach(dni__reader *reader) {
  int file = reader->file;
  reader->file = -1;
  return file;
}

const char *dni__reader_path(const dni__reader *reader) {
  return reader->path;
}

#endif

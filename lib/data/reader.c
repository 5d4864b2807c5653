/* Plain and gzip files behind one read call.
 *
 * The file is read with the system's own calls rather than stdio, which would allocate behind the
 * context's allocator; zlib is given that allocator. A gzip file may consist of several members
 * (RFC 1952, section 2.2), whose contents follow one another. As in gzip itself, zero bytes after
 * the last one are padding, which tapes leave. */
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

/* As many as are looked at to recognise a file. */
#define FIRST_BYTES 10

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
  uint64_t taken;       /* bytes read from it so far */
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
  return dni__fail(DNI_ERROR_IO, "%s: cannot %s: %s", dni__shown(reader->path).text, what,
                   strerror(errno));
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
  reader->taken += (uint64_t)count;
  return DNI_OK;
}

/* Have `size` bytes in front of us, or all that there are. A pipe may hand them over one by one. */
static dni_status look_ahead(dni__reader *reader, size_t size) {
  z_stream *stream = &reader->stream;
  if (stream->avail_in < size && stream->avail_in > 0)
    memmove(reader->input, stream->next_in, stream->avail_in);
  while (stream->avail_in < size && !reader->file_ended)
    DNI_TRY(fill_input(reader));
  return DNI_OK;
}

static bool is_ahead(const dni__reader *reader, size_t offset, const char *bytes, size_t size) {
  const z_stream *stream = &reader->stream;
  return stream->avail_in >= offset + size && memcmp(stream->next_in + offset, bytes, size) == 0;
}

static bool member_ahead(const dni__reader *reader) {
  return is_ahead(reader, 0, "\x1f\x8b", 2);
}

/* "BZh", a level, and the mark of a block: sizes of an IDX file may look like one of the two. */
static bool is_bzip2(const dni__reader *reader) {
  return is_ahead(reader, 0, "BZh", 3) && is_ahead(reader, 4, "1AY&SY", 6);
}

/* What people also have, and would be told puzzling things about. */
static dni_status refuse_others(const dni__reader *reader) {
  static const char xz[] = {(char)0xfd, '7', 'z', 'X', 'Z'};
  const char *what = is_ahead(reader, 0, "PK\3\4", 4)             ? "a zip archive"
                     : is_ahead(reader, 0, xz, sizeof xz)         ? "an xz file"
                     : is_ahead(reader, 0, "\x28\xb5\x2f\xfd", 4) ? "a zstd file"
                     : is_bzip2(reader)                           ? "a bzip2 file"
                                                                  : NULL;
  if (!what) return DNI_OK;
  return dni__fail(DNI_ERROR_UNSUPPORTED, "%s: is %s; unpack it first",
                   dni__shown(reader->path).text, what);
}

/* The first bytes decide. */
static dni_status recognise(dni__reader *reader) {
  DNI_TRY(look_ahead(reader, FIRST_BYTES));
  DNI_TRY(refuse_others(reader));
  reader->gzip = member_ahead(reader);
  if (!reader->gzip) return DNI_OK;
  reader->sized = false;
  reader->between_members = true;
  int result = inflateInit2(&reader->stream, GZIP_WINDOW);
  if (result == Z_OK) return DNI_OK;
  reader->gzip = false; /* nothing for inflateEnd */
  if (result == Z_MEM_ERROR) return DNI_ERROR_MEMORY;
  return dni__fail(DNI_ERROR_UNSUPPORTED, "%s: this zlib cannot read gzip",
                   dni__shown(reader->path).text);
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
               : dni__fail(DNI_ERROR_DATA, "%s: corrupt gzip data", dni__shown(reader->path).text);
  case Z_MEM_ERROR:
    return DNI_ERROR_MEMORY; /* the message is the allocator's */
  case Z_BUF_ERROR:          /* no input left, and none comes: input is filled before each call */
    return dni__fail(DNI_ERROR_DATA, "%s: truncated gzip data", dni__shown(reader->path).text);
  default:
    return dni__fail(DNI_ERROR_DATA, "%s: corrupt gzip data (%s)", dni__shown(reader->path).text,
                     reader->stream.msg ? reader->stream.msg : "unknown reason");
  }
}

/* `count` bytes of the file have not been part of a member, and are not zero. */
static dni_status trailing(const dni__reader *reader, uint64_t count) {
  const char *verb = count == 1 ? "byte follows" : "bytes follow";
  if (!reader->regular)
    return dni__fail(DNI_ERROR_DATA, "%s: other bytes follow the compressed data",
                     dni__shown(reader->path).text);
  return dni__fail(DNI_ERROR_DATA, "%s: %llu %s the compressed data", dni__shown(reader->path).text,
                   (unsigned long long)count, verb);
}

/* At the start, or where a member has ended: does one begin here? */
static dni_status find_member(dni__reader *reader, bool *begins) {
  z_stream *stream = &reader->stream;
  DNI_TRY(look_ahead(reader, 2));
  *begins = member_ahead(reader);
  if (*begins) return DNI_OK;
  uint64_t end = reader->taken - stream->avail_in;
  while (stream->avail_in > 0) {
    if (*stream->next_in != 0) return trailing(reader, reader->size - end);
    stream->next_in++;
    stream->avail_in--;
    DNI_TRY(look_ahead(reader, 1));
  }
  return DNI_OK;
}

/* Up to `size` bytes, which zlib can count; *count = 0 only where the content ends. */
static dni_status inflate_some(dni__reader *reader, unsigned char *bytes, uInt size,
                               size_t *count) {
  z_stream *stream = &reader->stream;
  stream->next_out = bytes;
  stream->avail_out = size;
  while (stream->avail_out == size) {
    bool begins = true;
    if (reader->between_members) DNI_TRY(find_member(reader, &begins));
    if (!begins) break;
    reader->between_members = false;
    DNI_TRY(look_ahead(reader, 1));
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

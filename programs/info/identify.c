/* Which kind of file it is, by its first bytes. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "info.h"

enum { START_SIZE = 4096 };

bool problem(const subject *s, const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  append(json_object_get(s->report, "problems"), text_json(text));
  return false;
}

bool read_at(const subject *s, uint64_t offset, void *bytes, size_t size) {
  errno = 0;
  if (fseeko(s->file, (off_t)offset, SEEK_SET) == 0 && fread(bytes, 1, size, s->file) == size)
    return true;
  return problem(s, "cannot be read: %s",
                 errno != 0 ? strerror(errno) : "it has become shorter meanwhile");
}

uint64_t little_endian(const unsigned char *bytes, size_t size) {
  uint64_t value = 0;
  for (size_t i = size; i-- > 0;)
    value = value << 8 | bytes[i];
  return value;
}

uint64_t big_endian(const unsigned char *bytes, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; i++)
    value = value << 8 | bytes[i];
  return value;
}

static bool is_gzip(const unsigned char *start, size_t size) {
  return size >= 2 && start[0] == 0x1f && start[1] == 0x8b;
}

/* The first bytes that a gzip file holds. */
static bool read_gzip_start(const subject *s, unsigned char *start, size_t *size) {
  gzFile file = gzopen(s->path, "rb");
  int got = file ? gzread(file, start, START_SIZE) : -1;
  if (file) (void)gzclose(file);
  if (got < 0) return problem(s, "corrupt gzip");
  *size = (size_t)got;
  return true;
}

/* A table is text; other bytes than that are the content of no file that is known. */
static bool is_text(const unsigned char *start, size_t size) {
  for (size_t i = 0; i < size; i++)
    if ((start[i] < 0x20 && !strchr("\t\r\n\f", start[i])) || start[i] == 0x7f) return false;
  return true;
}

static bool describe_data(subject *s, const unsigned char *start, size_t size, bool gzip) {
  put_flag(s->report, "gzip", gzip);
  if (looks_like_idx(start, size)) return describe_idx(s, gzip);
  if (is_text(start, size)) return describe_csv(s, gzip);
  return problem(s, "neither safetensors nor IDX nor CSV%s", gzip ? " in this gzip file" : "");
}

static bool describe_content(subject *s) {
  unsigned char start[START_SIZE] = {0};
  size_t size = s->size < START_SIZE ? (size_t)s->size : START_SIZE;
  if (size == 0) return problem(s, "the file is empty");
  if (!read_at(s, 0, start, size)) return false;
  if (looks_like_old_network(start, size)) return describe_old_network(s);
  if (looks_like_safetensors(start, size)) return describe_safetensors(s);
  const bool gzip = is_gzip(start, size);
  if (gzip && !read_gzip_start(s, start, &size)) return false;
  return describe_data(s, start, size, gzip);
}

static bool open_subject(subject *s) {
  struct stat about;
  if (stat(s->path, &about) != 0) return problem(s, "%s", strerror(errno));
  if (S_ISDIR(about.st_mode)) return problem(s, "is a directory");
  if (!S_ISREG(about.st_mode)) return problem(s, "is not a regular file");
  s->file = fopen(s->path, "rb");
  if (!s->file) return problem(s, "%s", strerror(errno));
  s->size = (uint64_t)about.st_size;
  put_count(s->report, "bytes", s->size);
  return true;
}

json_t *describe_file(const char *path, bool all_tensors) {
  subject s = {.path = path, .all_tensors = all_tensors, .report = json_object()};
  put_text(s.report, "file", path);
  put(s.report, "format", json_null()); /* until it is known */
  put(s.report, "problems", json_array());
  bool good = open_subject(&s) && describe_content(&s);
  put_flag(s.report, "good", good && json_array_size(json_object_get(s.report, "problems")) == 0);
  if (s.file) (void)fclose(s.file);
  return s.report;
}

/* For tests of files in the safetensors format: contents in memory, built from a header or changed in
 * their header by hand, with a checksum that is right. tests/reference/safetensors.py reads and writes
 * the format in another way. */
#ifndef TEST_SAFETENSORS_H
#define TEST_SAFETENSORS_H

#include <errno.h>

#include "test_files.h"

#include "file/checksum.h"

#define CONTENT_MOST ((size_t)1 << 20)

/* A file, or what was read of it so far. Too large for the stack. */
typedef struct content {
  unsigned char bytes[CONTENT_MOST];
  size_t size, position;
  size_t step; /* most bytes that the reader hands out at once; 0: all */
} content;

static inline void content_load(content *out, const char *path) {
  FILE *file = fopen(path, "rb");
  ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
  out->position = out->step = 0;
  out->size = fread(out->bytes, 1, sizeof out->bytes, file);
  ck_assert_uint_lt(out->size, sizeof out->bytes);
  ck_assert_int_eq(fclose(file), 0);
}

static inline void content_copy(const content *from, content *to) {
  memcpy(to->bytes, from->bytes, from->size);
  to->size = from->size;
  to->position = to->step = 0;
}

static inline const char *content_store(const content *from, const char *name) {
  return test_write(name, from->bytes, from->size);
}

static inline void expect_same_content(const content *a, const content *b) {
  ck_assert_uint_eq(a->size, b->size);
  ck_assert_mem_eq(a->bytes, b->bytes, a->size);
}

/* Readers and writers. ------------------------------------------------------------------------- */

static inline dni_status content_take(void *user, void *bytes, size_t size, size_t *got) {
  content *from = user;
  const size_t left = from->size - from->position;
  *got = left < size ? left : size;
  if (from->step > 0 && *got > from->step) *got = from->step;
  memcpy(bytes, from->bytes + from->position, *got);
  from->position += *got;
  return DNI_OK;
}

static inline dni_status content_add(void *user, const void *bytes, size_t size) {
  content *to = user;
  if (size == 0 || size > sizeof to->bytes - to->size) return DNI_ERROR_ARGUMENT;
  memcpy(to->bytes + to->size, bytes, size);
  to->size += size;
  return DNI_OK;
}

static inline dni_reader content_reader(content *from) {
  from->position = 0;
  return (dni_reader){.struct_size = sizeof(dni_reader), .user = from, .read = content_take};
}

static inline dni_writer content_writer(content *to) {
  to->size = to->position = to->step = 0;
  return (dni_writer){.struct_size = sizeof(dni_writer), .user = to, .write = content_add};
}

static inline dni_status network_from(dni_context *context, content *from, dni_network **out) {
  dni_reader reader = content_reader(from);
  return dni_network_read(context, &reader, out);
}

static inline void network_into(dni_network *network, content *to) {
  dni_writer writer = content_writer(to);
  expect_ok(dni_network_write(network, &writer));
}

/* Headers. ------------------------------------------------------------------------------------- */

static inline size_t content_header(const content *file) {
  size_t length = 0;
  for (size_t i = 0; i < 8; i++)
    length |= (size_t)file->bytes[i] << 8 * i;
  return length;
}

static inline void content_set_header(content *file, uint64_t length) {
  for (size_t i = 0; i < 8; i++)
    file->bytes[i] = (unsigned char)(length >> 8 * i);
}

/* A file of this header and these data. */
static inline void content_make_sized(content *out, const void *header, size_t length,
                                      const void *data, size_t size) {
  ck_assert_uint_le(8 + length + size, sizeof out->bytes);
  out->position = out->step = 0;
  content_set_header(out, length);
  memcpy(out->bytes + 8, header, length);
  if (size > 0) memcpy(out->bytes + 8 + length, data, size);
  out->size = 8 + length + size;
}

static inline void content_make(content *out, const char *header, const void *data, size_t size) {
  content_make_sized(out, header, strlen(header), data, size);
}

/* Where the header has `words`; NULL: nowhere. */
static inline unsigned char *content_find(content *file, const char *words) {
  return memmem(file->bytes + 8, content_header(file), words, strlen(words));
}

/* Make the checksum that the header has right. */
static inline void content_sign(content *file) {
  char text[DNI_CHECKSUM_TEXT];
  dni__memory *memory;
  dni__checksum *checksum;
  unsigned char *digits = content_find(file, DNI_CHECKSUM_KIND);
  ck_assert_ptr_nonnull(digits);
  digits += strlen(DNI_CHECKSUM_KIND);
  memcpy(digits, DNI_CHECKSUM_ZERO, strlen(DNI_CHECKSUM_ZERO));
  expect_ok(dni__memory_create(NULL, &memory));
  expect_ok(dni__checksum_create(memory, &checksum));
  dni__checksum_add(checksum, file->bytes, file->size);
  dni__checksum_end(memory, checksum, text);
  dni__memory_release(memory);
  memcpy(digits, text + strlen(DNI_CHECKSUM_KIND), strlen(DNI_CHECKSUM_ZERO));
}

/* The first `words` of the header become `others`; length and checksum are made right. */
static inline void content_replace(content *file, const char *words, const char *others) {
  unsigned char *at = content_find(file, words);
  ck_assert_msg(at != NULL, "the header lacks %s", words);
  const size_t before = strlen(words), after = strlen(others);
  unsigned char *end = file->bytes + file->size, *rest = at + before;
  ck_assert_uint_le(file->size + after, sizeof file->bytes);
  content_set_header(file, content_header(file) + after - before);
  memmove(at + after, rest, (size_t)(end - rest));
  memcpy(at, others, after);
  file->size = file->size + after - before;
  content_sign(file);
}

static inline void expect_header_has(content *file, const char *words) {
  ck_assert_msg(content_find(file, words) != NULL, "the header lacks %s", words);
}

#endif

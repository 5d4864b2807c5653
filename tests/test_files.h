/* For tests of code that reads files: a directory of their own, files with given bytes, contexts
 * whose allocator counts and fails on demand, and a check of status and message together. */
#ifndef TEST_FILES_H
#define TEST_FILES_H

#include <check.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "dni.h"

/* Element types by the index of a loop test. */
static const dni_dtype test_dtypes[] = {DNI_F32, DNI_F64};

/* Status, and that the message has these words. */
#define expect_failure(call, expected, word, other)                                                \
  do {                                                                                             \
    dni_status status_ = (call);                                                                   \
    ck_assert_msg(status_ == (expected), "%s: %s, expected %s (%s)", #call,                        \
                  dni_status_name(status_), dni_status_name(expected), dni_last_message());        \
    ck_assert_msg(strstr(dni_last_message(), word) && strstr(dni_last_message(), other),           \
                  "\"%s\" lacks \"%s\" or \"%s\"", dni_last_message(), word, other);               \
  } while (0)

#define expect_ok(call)                                                                            \
  do {                                                                                             \
    dni_status status_ = (call);                                                                   \
    ck_assert_msg(status_ == DNI_OK, "%s: %s", #call, dni_last_message());                         \
  } while (0)

/* Memory. ------------------------------------------------------------------------------------- */

typedef struct test_memory {
  size_t live;     /* bytes */
  size_t largest;  /* bytes of the largest request */
  size_t calls;    /* of alloc since the last test_memory_fail */
  size_t fail_at;  /* number of the call that fails, from 0; SIZE_MAX: none */
  bool persistent; /* and all after it */
} test_memory;

static inline void test_memory_fail(test_memory *memory, size_t fail_at, bool persistent) {
  memory->calls = 0;
  memory->fail_at = fail_at;
  memory->persistent = persistent;
}

static inline void *test_alloc(void *user, size_t alignment, size_t size) {
  test_memory *memory = user;
  size_t call = memory->calls++;
  if (call == memory->fail_at || (memory->persistent && call > memory->fail_at)) return NULL;
  if (size > memory->largest) memory->largest = size;
  void *block = NULL;
  if (posix_memalign(&block, alignment, size) != 0) return NULL;
  memory->live += size;
  return block;
}

static inline void test_free(void *user, void *block, size_t size) {
  ((test_memory *)user)->live -= size;
  free(block);
}

static inline dni_context *test_context(dni_dtype dtype, uint64_t seed, test_memory *memory) {
  dni_allocator allocator = {sizeof allocator, memory, test_alloc, test_free, NULL};
  dni_context_options options = {.struct_size = sizeof options, .seed = seed, .dtype = dtype};
  dni_context *context;
  if (memory) {
    *memory = (test_memory){.fail_at = SIZE_MAX};
    options.allocator = &allocator;
  }
  expect_ok(dni_context_create(&options, &context));
  return context;
}

/* Files. --------------------------------------------------------------------------------------- */

#define TEST_PATH 256

static char test_directory[TEST_PATH];

static inline void test_directory_make(void) {
  const char *base = getenv("TMPDIR");
  (void)snprintf(test_directory, sizeof test_directory, "%.200s/dni-test-XXXXXX",
                 base && *base ? base : "/tmp");
  ck_assert_ptr_nonnull(mkdtemp(test_directory));
}

/* The file `name` in the directory. The result lasts for four more calls. */
static inline const char *test_path(const char *name) {
  static char paths[4][TEST_PATH + 64];
  static size_t next;
  char *path = paths[next++ % 4];
  (void)snprintf(path, sizeof paths[0], "%s/%s", test_directory, name);
  return path;
}

static inline const char *test_write(const char *name, const void *bytes, size_t size) {
  const char *path = test_path(name);
  FILE *file = fopen(path, "wb");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
  ck_assert_int_eq(fclose(file), 0);
  return path;
}

static inline const char *test_write_text(const char *name, const char *text) {
  return test_write(name, text, strlen(text));
}

/* How many files are in the directory. */
static inline size_t test_files(void) {
  size_t count = 0;
  DIR *directory = opendir(test_directory);
  ck_assert_ptr_nonnull(directory);
  for (struct dirent *entry; (entry = readdir(directory));)
    count += entry->d_name[0] != '.';
  ck_assert_int_eq(closedir(directory), 0);
  return count;
}

/* One gzip member; *size is the room in `out`, then the bytes used. */
static inline void test_gzip(const void *bytes, size_t count, unsigned char *out, size_t *size) {
  z_stream stream = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)count};
  stream.next_out = out;
  stream.avail_out = (uInt)*size;
  ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
  *size -= stream.avail_out;
  ck_assert_int_eq(deflateEnd(&stream), Z_OK);
}

/* Remove what the tests wrote and the directory. */
static inline void test_directory_remove(void) {
  char command[TEST_PATH + 16];
  (void)snprintf(command, sizeof command, "rm -rf '%s'", test_directory);
  ck_assert_int_eq(system(command), 0);
}

#endif

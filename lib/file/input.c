/* Reading in one pass. A file is not mapped: one that somebody shortens meanwhile would end the
 * process. */
#include "file/input.h"

#ifndef DNI_NO_FILES

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static dni_status io_failure(const char *path, const char *what) {
  return dni__fail(DNI_ERROR_IO, "%s: cannot %s: %s", dni__shown(path).text, what, strerror(errno));
}

/* For each page of new memory the system is asked once, and for small ones that takes longer than reading.
 * It is a hint, for the whole pages of the block. */
static void ask_for_large_pages(unsigned char *bytes, size_t size) {
#ifdef MADV_HUGEPAGE
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t before = (page - (uintptr_t)bytes % page) % page;
  if (size >= before + page)
    (void)madvise(bytes + before, (size - before) / page * page, MADV_HUGEPAGE);
#else
  (void)bytes;
  (void)size;
#endif
}

/* A file that shrinks meanwhile is taken as short as it is. */
static dni_status read_file(int file, const char *path, dni__input *input) {
  size_t done = 0;
  while (done < input->size) {
    ssize_t count = read(file, input->bytes + done, input->size - done);
    if (count < 0 && errno != EINTR) return io_failure(path, "read");
    if (count == 0) break;
    if (count > 0) done += (size_t)count;
  }
  input->size = done;
  return DNI_OK;
}

static dni_status load(int file, const char *path, dni__input *input) {
  struct stat facts;
  if (fstat(file, &facts) != 0) return io_failure(path, "read");
  if (!S_ISREG(facts.st_mode))
    return dni__fail(DNI_ERROR_IO, "%s: not a regular file", dni__shown(path).text);
  if ((uintmax_t)facts.st_size > SIZE_MAX)
    return dni__fail(DNI_ERROR_MEMORY, "%s: too large for this process", dni__shown(path).text);
  input->size = (size_t)facts.st_size;
  input->bytes = dni__allocate_unset(input->memory, input->size, 1);
  if (!input->bytes) return DNI_ERROR_MEMORY;
  ask_for_large_pages(input->bytes, input->size);
  return read_file(file, path, input);
}

/* O_NONBLOCK: opening a pipe does not wait for its writer. */
dni_status dni__input_open(dni__memory *memory, const char *path, dni__input *out) {
  dni__input input = {.memory = memory};
  int file;
  do
    file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  while (file < 0 && errno == EINTR);
  if (file < 0) return io_failure(path, "open");
  dni_status status = load(file, path, &input);
  (void)close(file);
  if (status != DNI_OK) {
    dni__input_close(&input);
    return status;
  }
  *out = input;
  return DNI_OK;
}

/* Memory grows with what has come, whatever the reader may say of what will come. */
static dni_status make_room(dni__input *input, size_t *capacity) {
  if (input->size < *capacity) return DNI_OK;
  size_t larger = 65536;
  if (*capacity > 0 && !dni__multiply(*capacity, 2, &larger))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: more than %zu bytes", *capacity);
  unsigned char *bytes = dni__allocate_unset(input->memory, larger, 1);
  if (!bytes) return DNI_ERROR_MEMORY;
  if (input->size > 0) memcpy(bytes, input->bytes, input->size);
  dni__free(input->memory, input->bytes);
  input->bytes = bytes;
  *capacity = larger;
  return DNI_OK;
}

static dni_status read_all(const dni_reader *reader, dni__input_look look, void *user,
                           dni__input *input) {
  size_t capacity = 0, end = SIZE_MAX;
  for (;;) {
    size_t got = 0;
    DNI_TRY(make_room(input, &capacity));
    const size_t room = capacity - input->size;
    const dni__callback begun = dni__callback_begin();
    dni_status answer = reader->read(reader->user, input->bytes + input->size, room, &got);
    DNI_TRY(dni__callback_end(begun, answer, "read"));
    if (got > room)
      return dni__fail(DNI_ERROR_CALLBACK, "read says %zu bytes where there was room for %zu", got,
                       room);
    input->size += got;
    DNI_TRY(look(user, input, &end));
    if (got == 0 || input->size > end) return DNI_OK;
  }
}

dni_status dni__input_read(dni__memory *memory, const dni_reader *reader, dni__input_look look,
                           void *user, dni__input *out) {
  dni__input input = {.memory = memory};
  dni_status status = read_all(reader, look, user, &input);
  if (status != DNI_OK) {
    dni__input_close(&input);
    return status;
  }
  *out = input;
  return DNI_OK;
}

void dni__input_close(dni__input *input) {
  dni__free(input->memory, input->bytes);
  input->bytes = NULL;
}

#endif

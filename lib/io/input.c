/* Reading a file as a whole, so that its checksum is known before any of it is believed. */
#include "io/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static dni_status io_failure(const char *path, const char *what) {
  return dni__fail(DNI_ERROR_IO, "%s: cannot %s: %s", dni__shown(path).text, what, strerror(errno));
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
  input->size = (size_t)facts.st_size;
  input->bytes = dni__allocate(input->memory, input->size, 1);
  return input->bytes ? read_file(file, path, input) : DNI_ERROR_MEMORY;
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

void dni__input_close(dni__input *input) {
  dni__free(input->memory, input->bytes);
  input->bytes = NULL;
}

size_t dni__input_remaining(const dni__input *input) {
  return input->size - input->next;
}

static uint64_t little_endian(dni__input *input, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; i++)
    value |= (uint64_t)input->bytes[input->next + i] << 8 * i;
  input->next += size;
  return value;
}

uint32_t dni__input_u32(dni__input *input) {
  return (uint32_t)little_endian(input, sizeof(uint32_t));
}

uint64_t dni__input_u64(dni__input *input) {
  return little_endian(input, sizeof(uint64_t));
}

float dni__input_f32(dni__input *input) {
  uint32_t bits = dni__input_u32(input);
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

double dni__input_f64(dni__input *input) {
  uint64_t bits = dni__input_u64(input);
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

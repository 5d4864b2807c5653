/* Writing a file as a whole: into a sibling, to the disk, then renamed over the old one. A reader
 * sees the old content or all of the new, also after a crash. */
#include "io/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/checksum.h"

/* Siblings left by crashed programs are passed over, up to this many. */
#define SIBLINGS_MOST 1000

static dni_status io_failure(const dni__output *output, const char *what) {
  return dni__fail(DNI_ERROR_IO, "%s: cannot %s: %s", dni__shown(output->path).text, what,
                   strerror(errno));
}

/* O_EXCL makes the name ours alone. */
static int create_sibling(dni__output *output, int number) {
  size_t size = sizeof output->temporary;
  int length = snprintf(output->temporary, size, "%s.tmp%d", output->path, number);
  if (length < 0 || (size_t)length >= size) {
    errno = ENAMETOOLONG;
    return -1;
  }
  return open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

/* Renaming would replace a device, pipe or socket by a file: fatal for /dev/null. */
static bool is_replaceable(const char *path) {
  struct stat facts;
  return stat(path, &facts) != 0 || S_ISREG(facts.st_mode);
}

dni_status dni__output_open(dni__output *output, const char *path) {
  if (!is_replaceable(path))
    return dni__fail(DNI_ERROR_IO, "%s: not a regular file", dni__shown(path).text);
  output->path = path;
  output->checksum = 0;
  output->status = DNI_OK;
  output->used = 0;
  int number = 0;
  do
    output->file = create_sibling(output, number++);
  while (output->file < 0 && (errno == EEXIST || errno == EINTR) && number < SIBLINGS_MOST);
  return output->file < 0 ? io_failure(output, "create a file beside it") : DNI_OK;
}

static void flush(dni__output *output) {
  size_t done = 0;
  while (done < output->used && output->status == DNI_OK) {
    ssize_t count = write(output->file, output->buffer + done, output->used - done);
    if (count < 0 && errno != EINTR) output->status = io_failure(output, "write");
    if (count > 0) done += (size_t)count;
  }
  output->used = 0;
}

void dni__output_bytes(dni__output *output, const void *bytes, size_t count) {
  const unsigned char *from = bytes;
  output->checksum = dni__checksum(output->checksum, from, count);
  while (count > 0) {
    if (output->used == sizeof output->buffer) flush(output);
    size_t room = sizeof output->buffer - output->used;
    size_t part = count < room ? count : room;
    memcpy(output->buffer + output->used, from, part);
    output->used += part;
    from += part;
    count -= part;
  }
}

static void little_endian(dni__output *output, uint64_t value, size_t size) {
  unsigned char bytes[8];
  for (size_t i = 0; i < size; i++)
    bytes[i] = (unsigned char)(value >> 8 * i);
  dni__output_bytes(output, bytes, size);
}

void dni__output_u32(dni__output *output, uint32_t value) {
  little_endian(output, value, sizeof value);
}

void dni__output_u64(dni__output *output, uint64_t value) {
  little_endian(output, value, sizeof value);
}

void dni__output_f32(dni__output *output, float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  dni__output_u32(output, bits);
}

void dni__output_f64(dni__output *output, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  dni__output_u64(output, bits);
}

dni_status dni__output_close(dni__output *output) {
  dni__output_u32(output, output->checksum);
  flush(output);
  if (output->status == DNI_OK && fsync(output->file) != 0)
    output->status = io_failure(output, "write");
  if (close(output->file) != 0 && output->status == DNI_OK)
    output->status = io_failure(output, "write");
  if (output->status == DNI_OK && rename(output->temporary, output->path) != 0)
    output->status = io_failure(output, "replace");
  if (output->status != DNI_OK) (void)unlink(output->temporary);
  return output->status;
}

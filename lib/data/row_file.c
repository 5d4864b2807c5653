/* Rows that stay in their file. Each read names its own place (pread), so that the descriptor has
 * no position that threads would have to share. */
#include "data/row_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct dni__row_file {
  dni__memory *memory;
  int descriptor;
  uint64_t start; /* of row 0, in bytes */
  size_t row_size;
  char path[]; /* ends with NUL */
};

dni_status dni__row_file_create(dni__memory *memory, const char *path, int descriptor,
                                uint64_t start, size_t row_size, dni__row_file **out) {
  size_t length = strlen(path) + 1;
  dni__row_file *file = dni__allocate(memory, 1, sizeof *file + length);
  if (!file) {
    (void)close(descriptor);
    return DNI_ERROR_MEMORY;
  }
  file->memory = memory;
  file->descriptor = descriptor;
  file->start = start;
  file->row_size = row_size;
  memcpy(file->path, path, length);
  *out = file;
  return DNI_OK;
}

void dni__row_file_close(dni__row_file *file) {
  if (!file) return;
  (void)close(file->descriptor);
  dni__free(file->memory, file);
}

/* The system may hand over less than what is asked for, and signals may interrupt it. */
dni_status dni__row_file_read(const dni__row_file *file, size_t row, size_t first, void *bytes,
                              size_t size) {
  uint64_t place = file->start + (uint64_t)row * file->row_size + first;
  for (size_t done = 0; done < size;) {
    ssize_t count =
        pread(file->descriptor, (char *)bytes + done, size - done, (off_t)(place + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0)
      return dni__fail(DNI_ERROR_IO, "%s: cannot read: %s", dni__shown(file->path).text,
                       strerror(errno));
    if (count == 0)
      return dni__fail(DNI_ERROR_IO, "%s: cannot read: the file has become shorter",
                       dni__shown(file->path).text);
    done += (size_t)count;
  }
  return DNI_OK;
}

/* A file that appears under its name only when it is complete. Little-endian. Internal. */
#ifndef DNI_IO_OUTPUT_H
#define DNI_IO_OUTPUT_H

#include <limits.h>

#include "core/core.h"

typedef struct dni__output {
  const char *path;
  char temporary[PATH_MAX]; /* the sibling that is written and then renamed */
  int file;
  uint32_t checksum; /* CRC-32 of all bytes put so far */
  dni_status status; /* of the first failure; later puts do nothing */
  size_t used;
  unsigned char buffer[16384];
} dni__output;

/* Create the sibling. `path` must outlive the output. DNI_ERROR_IO: it cannot be created, or `path`
 * is there and no regular file. */
dni_status dni__output_open(dni__output *output, const char *path);

void dni__output_bytes(dni__output *output, const void *bytes, size_t count);
void dni__output_u32(dni__output *output, uint32_t value);
void dni__output_u64(dni__output *output, uint64_t value);
void dni__output_f32(dni__output *output, float value);
void dni__output_f64(dni__output *output, double value);

/* Append the checksum, bring the file to the disk and rename it to `path`. If this or anything
 * before it failed, `path` is as it was and the sibling is gone. */
dni_status dni__output_close(dni__output *output);

#endif

/* A file that appears under its name only when it is complete. Internal. */
#ifndef DNI_FILE_OUTPUT_H
#define DNI_FILE_OUTPUT_H

#include <limits.h>
#include <sys/types.h>

#include "core/core.h"

typedef struct dni__output {
  const char *path;
  char target[PATH_MAX];    /* what is replaced: `path`, or where its symbolic links lead */
  char temporary[PATH_MAX]; /* the sibling that is written and then renamed */
  int file;
  dni_status status; /* of the first failure; later puts do nothing */
  size_t used;
  unsigned char buffer[16384];
} dni__output;

/* Create the sibling. `path` must outlive the output. DNI_ERROR_IO: it cannot be created, or `path` is
 * there and no regular file. */
dni_status dni__output_open(dni__output *output, const char *path);

/* Leave `path` as it was. */
void dni__output_give_up(const dni__output *output);

void dni__output_bytes(dni__output *output, const void *bytes, size_t count);

/* Bring the file to the disk and rename it to its name. If this or anything before it failed, `path` is
 * as it was and the sibling is gone. */
dni_status dni__output_close(dni__output *output);

#endif

/* Rows of bytes, all of one length, that stay in a file and are read when they are wanted.
 * Internal.
 */
#ifndef DNI_DATA_ROW_FILE_H
#define DNI_DATA_ROW_FILE_H

#include "core/core.h"

typedef struct dni__row_file dni__row_file;

/* The rows of `row_size` bytes that begin `start` bytes into the open regular file `descriptor`,
 * which is closed with the row file, and also on failure. `path` is for messages and copied.
 * DNI_ERROR_MEMORY. */
dni_status dni__row_file_create(dni__memory *memory, const char *path, int descriptor,
                                uint64_t start, size_t row_size, dni__row_file **out);
void dni__row_file_close(dni__row_file *file); /* NULL: nothing */

/* `size` bytes from byte `first` of row `row` on; they may go on into the rows that follow. Several
 * threads may read at once. Nothing is allocated. DNI_ERROR_IO: reading failed, or the file has
 * become shorter. */
dni_status dni__row_file_read(const dni__row_file *file, size_t row, size_t first, void *bytes,
                              size_t size);

#endif

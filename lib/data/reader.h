/* The bytes of a file, whether it is plain or gzip. Internal. */
#ifndef DNI_DATA_READER_H
#define DNI_DATA_READER_H

#include "core/core.h"

typedef struct dni__reader dni__reader;

/* Open `path` and look at its first bytes: 1f 8b makes it gzip. `path` must outlive the reader.
 * DNI_ERROR_IO: cannot be opened or read (a directory, say). DNI_ERROR_UNSUPPORTED: another kind of
 * archive. DNI_ERROR_MEMORY. */
dni_status dni__reader_open(dni__memory *memory, const char *path, dni__reader **out);
void dni__reader_close(dni__reader *reader); /* NULL: nothing */

/* The next `size` bytes of content into `bytes`; *count < size only where the content ends.
 * DNI_ERROR_IO. DNI_ERROR_DATA: truncated or corrupt gzip, or other bytes after it.
 * DNI_ERROR_MEMORY. */
dni_status dni__reader_read(dni__reader *reader, void *bytes, size_t size, size_t *count);

/* Whether the length of the content is known beforehand (a plain regular file), and how much of it
 * has not been read. */
bool dni__reader_remaining(const dni__reader *reader, uint64_t *bytes);

/* No more bytes of content than this can come of a regular file: deflate makes at most 1032 bytes
 * of one. false: not a regular file, so nothing is known. */
bool dni__reader_most(const dni__reader *reader, uint64_t *bytes);

/* The descriptor, which is the caller's to close from now on; the reader can then only be closed.
 */
int dni__reader_detach(dni__reader *reader);

const char *dni__reader_path(const dni__reader *reader);

#endif

/* Manifests in files. Internal; the door of the room.
 *
 * A file is safetensors (docs/FORMAT.md): a header in JSON, then the bytes of all tensors. Matrices are
 * tensors; every other place is a text of the header's __metadata__. What comes from a file is checked
 * whole before anything of it is loaded. */
#ifndef DNI_FILE_FILE_H
#define DNI_FILE_FILE_H

#include "core/manifest.h"

/* The content of a file, checked: header, sizes, checksum. */
typedef struct dni__file dni__file;

/* What a load leaves over: entries that nothing asked for, with memory of their own. They are written
 * again, unless something of their name is. */
typedef struct dni__leftovers dni__leftovers;
void dni__leftovers_release(dni__memory *memory, dni__leftovers *leftovers); /* NULL: nothing */

/* Whether a file can be saved as `path`, as far as can be told before: DNI_ERROR_IO. DNI_ERROR_UNSUPPORTED:
 * the library was built without files. */
dni_status dni__file_probe(const char *path);

/* `what` is for people who look into the file: "network", "training". leftovers may be NULL.
 *
 * Into a file that holds the old content or all of the new, or to a function of the caller's. */
dni_status dni__file_save(const dni__manifest *manifest, const dni__leftovers *leftovers,
                          const char *what, const char *path);
dni_status dni__file_write(const dni__manifest *manifest, const dni__leftovers *leftovers,
                           const char *what, const dni_writer *writer);

/* Read and check. DNI_ERROR_IO, DNI_ERROR_DATA, DNI_ERROR_UNSUPPORTED, DNI_ERROR_MEMORY, the status of
 * a reader. Messages begin with the path. */
dni_status dni__file_open(dni__memory *memory, const char *path, dni__file **out);
dni_status dni__file_read(dni__memory *memory, const dni_reader *reader, dni__file **out);
void dni__file_close(dni__file *file); /* NULL: nothing */

/* Bytes of a file that is none of ours, for readers of older formats; NULL if it is ours. */
const unsigned char *dni__file_foreign(const dni__file *file, size_t *size);

/* A text of the header, NULL if there is none of that name. */
const char *dni__file_text(const dni__file *file, const char *name);

/* Whether the header has a matrix of that name and shape. */
bool dni__file_has_matrix(const dni__file *file, const char *name, size_t rows, size_t columns);

/* Options as a caller gives them, NULL too (options.c). */
dni_status dni__load_options_check(const dni_load_options *given, dni_load_options *options);

/* Entries that begin with `prefix` are nothing that is left over. */
void dni__file_ignore(dni__file *file, const char *prefix);

/* Load what the manifest lists. Nothing is changed unless everything fits; then *leftovers, if it is
 * not NULL, is replaced by what nothing asked for. `what` is as for saving, for messages.
 * DNI_ERROR_DATA: something is missing, of another shape, out of range, or with `finite` not finite.
 * DNI_ERROR_ARGUMENT: the file is of another object: a fixed text differs. */
dni_status dni__file_load(dni__file *file, const dni__manifest *manifest, const char *what,
                          bool finite, dni__leftovers **leftovers);

/* The path in front of the message of a failure; returns `status`. */
dni_status dni__file_say(const dni__file *file, dni_status status);

#endif

/* Networks in files. The format is docs/FORMAT.md: little-endian, versioned, with a CRC-32. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_CHECKPOINT_H
#define DNI_CHECKPOINT_H

/* Write layers (kinds, shapes, parameters, running statistics) to `path`. Estimators and moments
 * are not part of it: the file is for prediction and for starting anew. Written to a new file
 * beside it and renamed, so that `path` holds either the old content or all of the new.
 *
 *   DNI_ERROR_ARGUMENT     NULL
 *   DNI_ERROR_STATE        no layers
 *   DNI_ERROR_UNSUPPORTED  a callback layer
 *   DNI_ERROR_IO           cannot be written; the message has file and reason
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_network_save(const dni_network *network, const char *path);

/* Make a network from a file written by dni_network_save, with exact interfaces. A file of the
 * other element type is converted.
 *
 *   DNI_ERROR_ARGUMENT     NULL
 *   DNI_ERROR_IO
 *   DNI_ERROR_DATA         not such a file, truncated, corrupt, or its sizes do not add up; they
 *                          are checked before anything is allocated
 *   DNI_ERROR_UNSUPPORTED  a newer format
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_network_load(dni_context *context, const char *path,
                                                 dni_network **out);

#endif

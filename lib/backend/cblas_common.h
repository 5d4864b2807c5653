/* Loading a CBLAS and calling it through pointers, whatever its integers; shared by the one found at
 * build time and the one named by a path. Internal. */
#ifndef DNI_BACKEND_CBLAS_COMMON_H
#define DNI_BACKEND_CBLAS_COMMON_H

#include "backend/backend.h"

/* Any function, to be cast to its real type. */
typedef void (*dni__function)(void);

/* A library's functions as found; any of the set_threads may be NULL. */
typedef struct dni__cblas_functions {
  dni__function sgemm, dgemm, isamax;
  dni__function openblas_set_threads, blis_set_threads, mkl_set_threads;
} dni__cblas_functions;

/* Find out how wide the library's integers are and whether its products are right, then make a
 * backend of `kind` (cblas or dynamic) of it. `path` is copied: it is the name of the dynamic kind
 * and what messages call the library. DNI_ERROR_BACKEND, DNI_ERROR_MEMORY. */
dni_status dni__cblas_make(dni__memory *memory, const dni__cblas_functions *functions,
                           const char *path, dni_kind kind, dni_backend **out);

/* Load the library at `path`, or of a name that the dynamic loader finds, and make a backend of it.
 * Also DNI_ERROR_IO: it cannot be loaded. */
dni_status dni__cblas_load(dni__memory *memory, const char *path, dni_kind kind, dni_backend **out);

#endif

/* Status codes, the message of the last failure, and which library is running. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_STATUS_H
#define DNI_STATUS_H

#if defined(__GNUC__)
#define DNI_API      __attribute__((visibility("default")))
#define DNI_MUST_USE __attribute__((warn_unused_result))
#else
#define DNI_API
#define DNI_MUST_USE
#endif

/* The version of these headers. Compare with dni_version() to see whether the library that is
 * running is the one they came with. */
#define DNI_VERSION_MAJOR 0
#define DNI_VERSION_MINOR 3
#define DNI_VERSION_PATCH 0

/* What a call answers. Values are written out, never renumbered and never reused. */
typedef int32_t dni_status;

enum {
  DNI_OK = 0,
  DNI_ERROR_ARGUMENT = 1,    /* caller bug: NULL, shape, element type, value out of range */
  DNI_ERROR_STATE = 2,       /* caller bug: right call, wrong time */
  DNI_ERROR_MEMORY = 3,      /* the allocator returned NULL, or a size does not fit size_t */
  DNI_ERROR_IO = 4,          /* a file could not be opened, read or written */
  DNI_ERROR_DATA = 5,        /* a file or data set has the wrong content */
  DNI_ERROR_UNSUPPORTED = 6, /* known to the API, not available in this build or on this machine */
  DNI_ERROR_BACKEND = 7,     /* a matrix backend failed or is not usable */
  DNI_ERROR_NON_FINITE = 8,  /* NaN or infinity appeared in training */
  DNI_ERROR_CANCELLED = 9    /* a callback asked to stop */
};

/* The name of a status, e.g. "DNI_ERROR_IO"; "unknown status" for a value not listed above. Never
 * NULL; static storage. Any thread. */
DNI_API const char *dni_status_name(dni_status status);

/* One line about the last failure on the calling thread, without newline, naming the culprit:
 * "layer 3 (dense): x has 100 columns, expected 784". Meaningful only right after a call failed; ""
 * when none has. Never NULL. The buffer belongs to the library, holds at most 511 bytes, and stays
 * valid until the next failing call on this thread. Reporting never allocates. It is kept per
 * thread, like errno, so that calls that return no handle can report too and threads do not disturb
 * each other. */
DNI_API const char *dni_last_message(void);

/* The version of the running library as major * 10000 + minor * 100 + patch. Any thread. */
DNI_API int32_t dni_version(void);

/* The same as text, e.g. "0.1.0". Never NULL; static storage. Any thread. */
DNI_API const char *dni_version_string(void);

/* How the running library was built, one line: compiler, BLAS, instruction sets of its kernels. For
 * bug reports. Never NULL; static storage. Any thread. */
DNI_API const char *dni_build_info(void);

#endif

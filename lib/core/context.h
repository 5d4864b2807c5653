/* What a context holds. The parts above core are known here by pointer only; lib/context puts them
 * together. Internal. */
#ifndef DNI_CORE_CONTEXT_H
#define DNI_CORE_CONTEXT_H

#include "core/core.h"

struct dni__kernels; /* math/kernels.h */

struct dni_context {
  dni__references references;
  dni__memory *memory;
  dni_dtype dtype;
  int32_t instructions;               /* DNI_INSTRUCTIONS_ value, never BEST */
  const struct dni__kernels *kernels; /* for dtype and instructions */
  dni_backend *backend;
  uint64_t seed;
  uint64_t streams; /* random streams made so far */
  dni_log_callback log;
  void *log_user;
};

/* A new random stream: see dni_context_create. */
void dni__context_random(dni_context *context, dni__random *out);

/* Send a line to the context's log, if it has one. */
void dni__context_log(const dni_context *context, int32_t level, const char *format, ...)
    DNI_PRINTF(3, 4);

#endif

/* What a context holds. The parts above core are known here by pointer only; lib/context puts them
 * together. Internal. */
#ifndef DNI_CORE_CONTEXT_H
#define DNI_CORE_CONTEXT_H

#include "core/core.h"

struct dni__kernels; /* math/kernels.h */

struct dni_context {
  dni__references references;
  dni__memory *memory;
  dni_dtype dtype, compute; /* compute: DNI_BF16 where the backend can, else dtype */
  dni_instructions instructions;      /* never BEST */
  const struct dni__kernels *kernels; /* for dtype and instructions */
  dni_backend *backend;               /* never changes */
  uint64_t seed;
  _Atomic uint64_t streams; /* random streams taken so far */
  dni_log_callback log;
  void *log_user;
  dni_destroy_callback log_destroy;
};

/* The context's next random stream: see dni_context_create. Any thread. */
void dni__context_random(dni_context *context, dni__random *out);

/* The same for objects whose options may give a seed of their own: with has_seed 1 the stream
 * starts from `seed` and the context's streams are not counted up. DNI_ERROR_ARGUMENT: has_seed is
 * neither 0 nor 1; then no stream has been taken. */
dni_status dni__context_random_seeded(dni_context *context, int32_t has_seed, uint64_t seed,
                                      dni__random *out);
/* `options` may be NULL. Also DNI_ERROR_UNSUPPORTED: unknown non-zero fields. */
dni_status dni__context_random_options(dni_context *context, const dni_random_options *options,
                                       dni__random *out);

/* Send a line to the context's log, if it has one. */
void dni__context_log(const dni_context *context, dni_log_level level, const char *format, ...)
    DNI_PRINTF(3, 4);

#endif

/* A context's random streams. */
#include "core/context.h"

void dni__context_random(dni_context *context, dni__random *out) {
  uint64_t stream = atomic_fetch_add_explicit(&context->streams, 1, memory_order_relaxed);
  dni__random_init(out, context->seed, stream);
}

dni_status dni__context_random_seeded(dni_context *context, int32_t has_seed, uint64_t seed,
                                      dni__random *out) {
  if (has_seed != 0 && has_seed != 1)
    return dni__fail(DNI_ERROR_ARGUMENT, "has_seed is %d, expected 0 or 1", (int)has_seed);
  if (!has_seed && seed != 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "a seed is given, but has_seed is 0");
  if (has_seed)
    dni__random_init(out, seed, 0);
  else
    dni__context_random(context, out);
  return DNI_OK;
}

dni_status dni__context_random_options(dni_context *context, const dni_random_options *options,
                                       dni__random *out) {
  dni_random_options known = {.struct_size = sizeof known};
  if (options) DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, options, dni_random_options)));
  if (known.reserved != 0)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "dni_random_options: reserved is not 0");
  return dni__context_random_seeded(context, known.has_seed, known.seed, out);
}

/* dni_context: puts memory, kernels and the default backend together. */
#include <stdarg.h>
#include <stdio.h>

#include "backend/backend.h"
#include "math/kernels.h"

/* The first published size of the options: smaller structs never existed. */
#define OPTIONS_LEAST sizeof(dni_context_options)

static dni_status check_options(dni_context_options *options) {
  if (options->dtype == 0) options->dtype = DNI_F32;
  if (dni__dtype_size(options->dtype) == 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_context_options: dtype %d is unknown",
                     (int)options->dtype);
  if (options->instructions < DNI_INSTRUCTIONS_BEST ||
      options->instructions > DNI_INSTRUCTIONS_AVX512)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_context_options: instructions %d is unknown",
                     (int)options->instructions);
  if (options->instructions == DNI_INSTRUCTIONS_BEST)
    options->instructions = dni__instructions_best();
  if (!dni__kernels_find(options->dtype, options->instructions))
    return dni__fail(DNI_ERROR_UNSUPPORTED,
                     "dni_context_options: this processor or build lacks instruction set %d",
                     (int)options->instructions);
  return DNI_OK;
}

static dni_context *context_allocate(const dni_context_options *options, dni__memory *memory) {
  dni_context *context = dni__allocate(memory, 1, sizeof *context);
  if (!context) return NULL;
  dni__references_init(&context->references);
  context->memory = memory;
  context->dtype = options->dtype;
  context->instructions = options->instructions;
  context->kernels = dni__kernels_find(options->dtype, options->instructions);
  context->seed = options->seed;
  context->log = options->log;
  context->log_user = options->log_user;
  return context;
}

dni_status dni_context_create(const dni_context_options *options, dni_context **out) {
  DNI_REQUIRE(out);
  dni_context_options known = {sizeof known, NULL, 0, 0, 0, NULL, NULL};
  if (options)
    DNI_TRY(dni__options_copy(&known, sizeof known, OPTIONS_LEAST, options, "dni_context_options"));
  DNI_TRY(check_options(&known));
  dni__memory *memory;
  DNI_TRY(dni__memory_create(known.allocator, &memory));
  dni_context *context = context_allocate(&known, memory);
  if (!context) {
    dni__memory_release(memory);
    return DNI_ERROR_MEMORY;
  }
  dni_status status = dni__backend_create_default(memory, context->instructions, &context->backend);
  if (status != DNI_OK) {
    dni_context_release(context);
    return status;
  }
  dni__context_log(context, DNI_LOG_INFO, "%s; kernels in use: %s; backend: %s", dni_build_info(),
                   context->kernels->name, dni_backend_name(context->backend));
  *out = context;
  return DNI_OK;
}

void dni_context_retain(dni_context *context) {
  if (context) dni__references_add(&context->references);
}

void dni_context_release(dni_context *context) {
  if (!context || !dni__references_drop(&context->references)) return;
  dni__memory *memory = context->memory;
  dni_backend_release(context->backend);
  dni__free(memory, context);
  dni__memory_release(memory);
}

dni_status dni_context_set_backend(dni_context *context, dni_backend *backend) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(backend);
  if (!dni__backend_supports(backend, context->dtype))
    return dni__fail(DNI_ERROR_ARGUMENT, "backend %s has no product for the context's element type",
                     dni_backend_name(backend));
  dni_backend_retain(backend);
  dni_backend_release(context->backend);
  context->backend = backend;
  return DNI_OK;
}

dni_backend *dni_context_backend(const dni_context *context) {
  return context ? context->backend : NULL;
}

dni_dtype dni_context_dtype(const dni_context *context) {
  return context ? context->dtype : 0;
}

const char *dni_context_instructions(const dni_context *context) {
  return context ? context->kernels->name : "";
}

size_t dni_context_bytes(const dni_context *context) {
  return context ? dni__memory_bytes(context->memory) : 0;
}

void dni__context_random(dni_context *context, dni__random *out) {
  dni__random_init(out, context->seed, context->streams++);
}

void dni__context_log(const dni_context *context, int32_t level, const char *format, ...) {
  if (!context->log) return;
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  context->log(context->log_user, level, line);
}

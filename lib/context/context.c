/* dni_context: puts memory, kernels and backend together. */
#include <stdarg.h>
#include <stdio.h>

#include "backend/backend.h"
#include "math/kernels.h"

static dni_status check_types(dni_context_options *options) {
  if (options->dtype == 0) options->dtype = DNI_F32;
  if (!dni__dtype_is_real(options->dtype))
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_context_options: dtype is %d (%s), expected DNI_F32 or DNI_F64",
                     (int)options->dtype, dni__dtype_name(options->dtype));
  if (options->reserved != 0)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "dni_context_options: reserved is not 0");
  return DNI_OK;
}

static dni_status check_compute(dni_context_options *options) {
  if (options->compute == 0) options->compute = options->dtype;
  if (options->compute == options->dtype) return DNI_OK;
  if (options->compute == DNI_BF16 && options->dtype == DNI_F32) return DNI_OK;
  return dni__fail(options->compute == DNI_F16 ? DNI_ERROR_UNSUPPORTED : DNI_ERROR_ARGUMENT,
                   "dni_context_options: compute is %d (%s), expected 0, the dtype, or DNI_BF16 "
                   "where dtype is DNI_F32",
                   (int)options->compute, dni__dtype_name(options->compute));
}

static dni_status check_options(dni_context_options *options) {
  DNI_TRY(check_types(options));
  DNI_TRY(check_compute(options));
  DNI_TRY(
      dni__instructions_choose(&options->instructions, options->compute, "dni_context_options"));
  if (options->backend && !dni__backend_supports(options->backend, options->dtype))
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_context_options: backend %s has no product for %s elements",
                     dni_backend_name(options->backend), dni__dtype_name(options->dtype));
  return DNI_OK;
}

static dni_status take_backend(dni_context *context, dni_backend *backend) {
  context->backend = dni_backend_retain(backend);
  if (backend) return DNI_OK;
  return dni__backend_create_default(context->memory, context->instructions, &context->backend);
}

/* A context without log: what the log belongs to is taken over only when nothing can fail. */
static dni_status make_context(const dni_context_options *options, dni__memory *memory,
                               dni_context **out) {
  dni_context *context = dni__allocate(memory, 1, sizeof *context);
  if (!context) return DNI_ERROR_MEMORY;
  dni__references_init(&context->references);
  context->memory = dni__memory_retain(memory);
  context->dtype = options->dtype;
  context->instructions = options->instructions;
  context->kernels = dni__kernels_find(options->dtype, options->instructions);
  context->seed = options->seed;
  dni_status status = take_backend(context, options->backend);
  if (status == DNI_OK)
    context->compute = dni__backend_prepare(context->backend, options->compute) ? options->compute
                                                                                : options->dtype;
  /* The backend may have found out that AMX computes wrong numbers. */
  if (!dni__instructions_supported(context->instructions))
    context->instructions = DNI_INSTRUCTIONS_AVX512_BF16;
  if (status == DNI_OK)
    *out = context;
  else
    dni_context_release(context);
  return status;
}

dni_status dni_context_create(const dni_context_options *options, dni_context **out) {
  DNI_REQUIRE(out);
  dni_context_options known = {.struct_size = sizeof known};
  if (options) DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, options, dni_context_options)));
  DNI_TRY(check_options(&known));
  dni__memory *memory;
  DNI_TRY(dni__memory_create(known.allocator, &memory));
  dni_context *context = NULL;
  dni_status status = make_context(&known, memory, &context);
  if (status == DNI_OK) {
    dni__memory_adopt(memory);
    context->log = known.log;
    context->log_user = known.log_user;
    context->log_destroy = known.log_destroy;
    dni__context_log(context, DNI_LOG_INFORMATION, "%s; kernels in use: %s; backend: %s",
                     dni_build_info(), dni_instructions_name(context->instructions),
                     dni_backend_name(context->backend));
    *out = context;
  }
  dni__memory_release(memory);
  return status;
}

dni_context *dni_context_retain(dni_context *context) {
  if (context) dni__references_add(&context->references);
  return context;
}

void dni_context_release(dni_context *context) {
  if (!context || !dni__references_drop(&context->references)) return;
  dni__memory *memory = context->memory;
  dni_backend_release(context->backend);
  dni__callback_notify(context->log_destroy, context->log_user);
  dni__free(memory, context);
  dni__memory_release(memory);
}

dni_backend *dni_context_backend(const dni_context *context) {
  return context ? context->backend : NULL;
}

dni_dtype dni_context_dtype(const dni_context *context) {
  return context ? context->dtype : 0;
}

dni_dtype dni_context_compute(const dni_context *context) {
  return context ? context->compute : 0;
}

dni_instructions dni_context_instructions(const dni_context *context) {
  return context ? context->instructions : 0;
}

size_t dni_context_bytes(const dni_context *context) {
  return context ? dni__memory_bytes(context->memory) : 0;
}

dni_status dni_context_allocate(dni_context *context, size_t size, void **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  void *block = dni__allocate(context->memory, 1, size);
  if (!block) return DNI_ERROR_MEMORY;
  *out = block;
  return DNI_OK;
}

void dni_context_free(dni_context *context, void *memory) {
  if (context) dni__free(context->memory, memory);
}

void dni__context_log(const dni_context *context, dni_log_level level, const char *format, ...) {
  if (!context->log) return;
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  const dni__float_place before = dni__float_users();
  context->log(context->log_user, level, line);
  dni__float_back(before);
}

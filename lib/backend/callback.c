/* The caller's own product. */
#include "backend/backend.h"

typedef struct callback {
  dni_backend base;
  dni_backend_callbacks callbacks;
} callback;

static const dni_backend_callbacks *callbacks_of(const dni_backend *backend) {
  return &((const callback *)backend)->callbacks;
}

static dni_status callback_gemm(dni_backend *backend, const dni_product *call) {
  const dni_backend_callbacks *own = callbacks_of(backend);
  const dni__callback begun = dni__callback_begin();
  dni_status answer = own->product(own->user, call);
  return dni__callback_end(begun, answer, "product");
}

static bool callback_supports(const dni_backend *backend, dni_dtype dtype) {
  const dni_backend_callbacks *own = callbacks_of(backend);
  return dtype == DNI_F32 ? own->f32 == 1 : own->f64 == 1;
}

static dni_status callback_set_threads(dni_backend *backend, size_t threads) {
  const dni_backend_callbacks *own = callbacks_of(backend);
  if (!own->set_threads)
    return dni__fail(DNI_ERROR_UNSUPPORTED,
                     "backend callback: its number of threads cannot be set");
  const dni__callback begun = dni__callback_begin();
  dni_status answer = own->set_threads(own->user, threads);
  return dni__callback_end(begun, answer, "set_threads");
}

static void callback_destroy(dni_backend *backend) {
  const dni_backend_callbacks *own = callbacks_of(backend);
  dni__callback_notify(own->destroy, own->user);
}

static const dni__backend_vtable callback_vtable = {
    .kind = DNI_BACKEND_CALLBACK,
    .gemm = callback_gemm,
    .set_threads = callback_set_threads,
    .destroy = callback_destroy,
    .supports = callback_supports,
};

static bool is_flag(int32_t value) {
  return value == 0 || value == 1;
}

static dni_status check_callbacks(const dni_backend_callbacks *callbacks) {
  if (!callbacks->product)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_backend_callbacks: product is NULL");
  if (!is_flag(callbacks->f32) || !is_flag(callbacks->f64))
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_backend_callbacks: f32 is %d and f64 is %d, expected "
                     "0 or 1",
                     (int)callbacks->f32, (int)callbacks->f64);
  if (!callbacks->f32 && !callbacks->f64)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_backend_callbacks: f32 and f64 are both 0");
  return DNI_OK;
}

/* Without destroy, which must not be called if creation fails. */
static dni_status make(dni__memory *memory, const dni_backend_options *options, const void *what,
                       dni_backend **out) {
  (void)options;
  dni_backend *backend =
      dni__backend_allocate(memory, sizeof(callback), &callback_vtable, SIZE_MAX);
  if (!backend) return DNI_ERROR_MEMORY;
  dni_backend_callbacks *own = &((callback *)backend)->callbacks;
  *own = *(const dni_backend_callbacks *)what;
  own->destroy = NULL;
  *out = backend;
  return DNI_OK;
}

dni_status dni_backend_create_callback(const dni_backend_options *options,
                                       const dni_backend_callbacks *callbacks, dni_backend **out) {
  DNI_REQUIRE(callbacks);
  DNI_REQUIRE(out);
  dni_backend_callbacks known;
  DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, callbacks, dni_backend_callbacks)));
  DNI_TRY(check_callbacks(&known));
  dni_backend *backend;
  DNI_TRY(dni__backend_create(options, make, &known, &backend));
  ((callback *)backend)->callbacks.destroy = known.destroy;
  *out = backend;
  return DNI_OK;
}

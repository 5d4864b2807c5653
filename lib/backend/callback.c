/* The caller's own matrix core. */
#include "backend/backend.h"

typedef struct callback {
  dni_backend base;
  dni_backend_callbacks callbacks;
} callback;

static dni_status callback_gemm(dni_backend *backend, const dni__gemm_call *g) {
  const dni_backend_callbacks *own = &((const callback *)backend)->callbacks;
  bool single = g->dtype == DNI_F32;
  int32_t answer =
      single ? own->sgemm(own->user, g->transpose_a, g->transpose_b, g->m, g->n, g->k,
                          (float)g->alpha, g->a, g->lda, g->b, g->ldb, (float)g->beta, g->c, g->ldc)
             : own->dgemm(own->user, g->transpose_a, g->transpose_b, g->m, g->n, g->k, g->alpha,
                          g->a, g->lda, g->b, g->ldb, g->beta, g->c, g->ldc);
  if (answer == 0) return DNI_OK;
  return dni__fail(DNI_ERROR_BACKEND, "backend callback: %s returned %d",
                   single ? "sgemm" : "dgemm", (int)answer);
}

static bool callback_supports(const dni_backend *backend, dni_dtype dtype) {
  const dni_backend_callbacks *own = &((const callback *)backend)->callbacks;
  return dtype == DNI_F32 ? own->sgemm != NULL : own->dgemm != NULL;
}

static dni_status callback_set_threads(dni_backend *backend, int32_t threads) {
  const dni_backend_callbacks *own = &((const callback *)backend)->callbacks;
  if (!own->set_threads)
    return dni__fail(DNI_ERROR_UNSUPPORTED,
                     "backend callback: its number of threads cannot be set");
  int32_t answer = own->set_threads(own->user, threads);
  if (answer == 0) return DNI_OK;
  return dni__fail(DNI_ERROR_BACKEND, "backend callback: set_threads returned %d", (int)answer);
}

static void callback_destroy(dni_backend *backend) {
  const dni_backend_callbacks *own = &((const callback *)backend)->callbacks;
  if (own->destroy) own->destroy(own->user);
}

static const dni__backend_vtable callback_vtable = {
    .gemm = callback_gemm,
    .set_threads = callback_set_threads,
    .destroy = callback_destroy,
    .supports = callback_supports,
};

dni_status dni_backend_create_callback(dni_context *context, const dni_backend_callbacks *callbacks,
                                       dni_backend **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(callbacks);
  DNI_REQUIRE(out);
  dni_backend_callbacks known;
  DNI_TRY(
      dni__options_copy(&known, sizeof known, sizeof known, callbacks, "dni_backend_callbacks"));
  if (!known.sgemm && !known.dgemm)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_backend_callbacks: sgemm and dgemm are both NULL");
  dni_backend *backend = dni__backend_allocate(context->memory, sizeof(callback), &callback_vtable,
                                               "callback", SIZE_MAX);
  if (!backend) return DNI_ERROR_MEMORY;
  ((callback *)backend)->callbacks = known;
  *out = backend;
  return DNI_OK;
}

/* The CBLAS this library was linked with. */
#include "backend/cblas_common.h"

#if defined(DNI_HAVE_CBLAS)
#include <cblas.h>

/* Weak: whichever the linked library has, the others are NULL. */
void openblas_set_num_threads(int threads) __attribute__((weak));
void bli_thread_set_num_threads(intptr_t threads) __attribute__((weak));
void MKL_Set_Num_Threads(int threads) __attribute__((weak));

static dni_status make(dni__memory *memory, const dni_backend_options *options, const void *what,
                       dni_backend **out) {
  (void)options, (void)what;
  const dni__cblas_functions functions = {
      (dni__function)cblas_sgemm,
      (dni__function)cblas_dgemm,
      (dni__function)cblas_isamax,
      (dni__function)openblas_set_num_threads,
      (dni__function)bli_thread_set_num_threads,
      (dni__function)MKL_Set_Num_Threads,
  };
  return dni__cblas_make(memory, &functions, NULL, out);
}
#else
static dni_status make(dni__memory *memory, const dni_backend_options *options, const void *what,
                       dni_backend **out) {
  (void)memory, (void)options, (void)what, (void)out;
  return dni__fail(DNI_ERROR_UNSUPPORTED, "backend cblas: this library was built with BLAS=none");
}
#endif

dni_status dni_backend_create_cblas(const dni_backend_options *options, dni_backend **out) {
  DNI_REQUIRE(out);
  return dni__backend_create(options, make, NULL, out);
}

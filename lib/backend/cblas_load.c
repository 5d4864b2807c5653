/* Loading a CBLAS while the program runs.
 *
 * Its symbols stay local, and it prefers its own over equal names in the process, so that it can
 * live beside another BLAS. Once used it is never unloaded: a threaded BLAS may have threads in its
 * code. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "backend/cblas_common.h"

/* The sanitizers' run-time libraries do not work under RTLD_DEEPBIND. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(RTLD_DEEPBIND) && !defined(SANITIZED)
#define LOAD_MODE (RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND)
#else
#define LOAD_MODE (RTLD_NOW | RTLD_LOCAL)
#endif

/* What builds append to names: 64-bit integers by OpenBLAS, by reference BLAS and others. */
static const char *const suffixes[] = {"", "64_", "_64", "_64_"};

static dni__function find(void *library, const char *name, const char *suffix) {
  char symbol[64];
  (void)snprintf(symbol, sizeof symbol, "%s%s", name, suffix);
  void *address = dlsym(library, symbol);
  dni__function function;
  memcpy(&function, &address, sizeof function); /* POSIX has them the same size; C has no cast */
  return function;
}

/* With the suffix or, for functions that have no integers to distinguish, without. */
static dni__function find_either(void *library, const char *name, const char *suffix) {
  dni__function function = find(library, name, suffix);
  return function ? function : find(library, name, "");
}

static bool find_all(void *library, dni__cblas_functions *out) {
  for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
    const char *suffix = suffixes[i];
    dni__cblas_functions found = {
        find(library, "cblas_sgemm", suffix),
        find(library, "cblas_dgemm", suffix),
        find(library, "cblas_isamax", suffix),
        find_either(library, "openblas_set_num_threads", suffix),
        find_either(library, "bli_thread_set_num_threads", suffix),
        find_either(library, "MKL_Set_Num_Threads", suffix),
    };
    if (!found.sgemm || !found.dgemm || !found.isamax) continue;
    *out = found;
    return true;
  }
  return false;
}

/* The loader's reason starts with the path as a rule. */
static dni_status fail_load(const char *path, const char *reason) {
  const size_t length = strlen(path);
  if (!reason) reason = "unknown reason";
  if (strncmp(reason, path, length) == 0 && strncmp(reason + length, ": ", 2) == 0)
    reason += length + 2;
  return dni__fail(DNI_ERROR_IO, "cannot load %s: %s", dni__shown(path).text,
                   dni__shown(reason).text);
}

/* The library is unloaded only if none of its functions has been called. */
dni_status dni__cblas_load(dni__memory *memory, const char *path, dni_kind kind,
                           dni_backend **out) {
  void *library = dlopen(path, LOAD_MODE);
  if (!library) return fail_load(path, dlerror());
  dni__cblas_functions functions;
  if (find_all(library, &functions)) return dni__cblas_make(memory, &functions, path, kind, out);
  (void)dlclose(library);
  return dni__fail(DNI_ERROR_BACKEND, "%s: no cblas_sgemm, cblas_dgemm and cblas_isamax in it",
                   dni__shown(path).text);
}

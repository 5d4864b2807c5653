/* Whether the library is loaded, and threads are started, only when a program asks for a CBLAS.
 *
 *   blas SONAME    the process has that library only once it has asked
 *   blas missing   asking for it fails, with a message that names the library
 *   blas none      the library was built without one */
#include <dirent.h>
#include <dlfcn.h>
#include <dni.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static void expect(int condition, const char *what) {
  if (condition) return;
  printf("%s; last message: %s\n", what, dni_last_message());
  failures++;
}

/* Whether the library of this soname is in the process already. */
static int is_loaded(const char *soname) {
  return dlopen(soname, RTLD_LAZY | RTLD_NOLOAD) != NULL;
}

static int threads(void) {
  int count = 0;
  DIR *tasks = opendir("/proc/self/task");
  if (!tasks) exit(77);
  for (struct dirent *task; (task = readdir(tasks));)
    count += task->d_name[0] != '.';
  closedir(tasks);
  return count;
}

static void check_present(const char *soname) {
  dni_context *context = NULL;
  dni_backend *backend = NULL;
  expect(dni_context_create(NULL, &context) == DNI_OK, "no context");
  expect(!is_loaded(soname), "a default context has loaded the CBLAS");
  expect(threads() == 1, "a default context has started threads");
  expect(dni_backend_create_cblas(NULL, &backend) == DNI_OK, "no backend");
  expect(is_loaded(soname), "the CBLAS is not loaded");
  expect(strcmp(dni_backend_name(backend), "cblas") == 0, "it is not named cblas");
  dni_backend_release(backend);
  dni_context_release(context);
}

static void check_absent(dni_status expected, const char *word) {
  dni_backend *backend = NULL;
  expect(dni_backend_create_cblas(NULL, &backend) == expected, "another status than expected");
  expect(strstr(dni_last_message(), word) != NULL, "the message does not name it");
  expect(backend == NULL, "a backend in spite of the failure");
}

int main(int count, char **words) {
  const char *name = count > 1 ? words[1] : "";
  if (strcmp(name, "missing") == 0)
    check_absent(DNI_ERROR_IO, "libdni-test-missing.so.0");
  else if (strcmp(name, "none") == 0)
    check_absent(DNI_ERROR_UNSUPPORTED, "BLAS=none");
  else
    check_present(name);
  return failures != 0;
}

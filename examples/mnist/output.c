/* Files in the --out directory. That they can be written is found out before training, not after.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mnist.h"

/* As mkdir -p. */
static int create_directory(const char *directory) {
  char path[PATH_SIZE];
  size_t length = strlen(directory);
  if (length >= sizeof path) return fail("--out %s: too long", directory);
  memcpy(path, directory, length + 1);
  for (size_t i = 1; i <= length; i++) {
    if (path[i] != '/' && path[i] != '\0') continue;
    path[i] = '\0';
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
      return fail("--out %s: %s", path, strerror(errno));
    path[i] = directory[i];
  }
  return 0;
}

static int check_writable(const char *option, const char *directory) {
  struct stat about;
  if (stat(directory, &about) == 0 && !S_ISDIR(about.st_mode))
    errno = ENOTDIR;
  else if (access(directory, W_OK | X_OK) == 0)
    return 0;
  return fail("%s %s: %s", option, directory, strerror(errno));
}

static int check_save(const options *settings, method which) {
  char path[PATH_SIZE];
  struct stat about;
  int status = save_path(settings, which, path);
  if (status != 0) return status;
  if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
    return fail("--save %s: %s", path, strerror(EISDIR));
  char *slash = strrchr(path, '/');
  if (!slash) return check_writable("--save: directory", ".");
  slash[slash == path ? 1 : 0] = '\0';
  return check_writable("--save: directory", path);
}

int output_prepare(const options *settings) {
  int status = 0;
  if (settings->out) status = create_directory(settings->out);
  if (status == 0 && settings->out) status = check_writable("--out", settings->out);
  for (size_t i = 0; i < settings->method_count && settings->save && status == 0; i++)
    status = check_save(settings, settings->methods[i]);
  return status;
}

int output_open(const char *directory, const char *name, FILE **file) {
  char path[PATH_SIZE + NAME_SIZE];
  (void)snprintf(path, sizeof path, "%s/%s", directory, name);
  *file = fopen(path, "w");
  return *file ? 0 : fail("%s: %s", path, strerror(errno));
}

int output_close(const char *directory, const char *name, FILE *file) {
  bool failed = ferror(file) != 0;
  if (fclose(file) != 0) failed = true;
  return failed ? fail("%s/%s: cannot be written", directory, name) : 0;
}

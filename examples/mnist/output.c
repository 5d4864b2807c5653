/* That the files of --out and --save can be written is found out before training, not after. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mnist.h"

static int check_save(const options *settings, method which) {
  char path[PATH_SIZE];
  struct stat about;
  int status = save_path(settings, which, path);
  if (status != 0) return status;
  if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
    return fail("--save %s: %s", path, strerror(EISDIR));
  char *slash = strrchr(path, '/');
  if (!slash) return output_writable("--save: directory", ".");
  slash[slash == path ? 1 : 0] = '\0';
  return output_writable("--save: directory", path);
}

int output_prepare(const options *settings) {
  int status = 0;
  if (settings->out) status = output_directory("--out", settings->out);
  for (size_t i = 0; i < settings->method_count && settings->save && status == 0; i++)
    status = check_save(settings, settings->methods[i]);
  return status;
}

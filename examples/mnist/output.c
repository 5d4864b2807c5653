/* That the files of --out, --save and --checkpoint can be written is found out before training. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mnist.h"

static int check_file(const options *settings, const char *option, const char *file, method which) {
  char path[PATH_SIZE], directory[32];
  struct stat about;
  int status = method_path(settings, option, file, which, path);
  if (status != 0) return status;
  if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
    return fail("%s %s: %s", option, path, strerror(EISDIR));
  (void)snprintf(directory, sizeof directory, "%s: directory", option);
  char *slash = strrchr(path, '/');
  if (!slash) return output_writable(directory, ".");
  slash[slash == path ? 1 : 0] = '\0';
  return output_writable(directory, path);
}

static int check_files(const options *settings, const char *option, const char *file) {
  int status = 0;
  for (size_t i = 0; i < settings->method_count && file && status == 0; i++)
    status = check_file(settings, option, file, settings->methods[i]);
  return status;
}

int output_prepare(const options *settings) {
  int status = 0;
  if (settings->out) status = output_directory("--out", settings->out);
  if (status == 0) status = check_files(settings, "--save", settings->save);
  if (status == 0) status = check_files(settings, "--checkpoint", settings->checkpoint);
  return status;
}

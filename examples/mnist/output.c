/* That the files of --out, --save and --checkpoint can be written is found out before training. */
#include "mnist.h"

static int check_file(const options *settings, const char *option, const char *file, method which) {
  char path[PATH_SIZE];
  int status = method_path(settings, option, file, which, path);
  return status == 0 ? output_file_writable(option, path) : status;
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

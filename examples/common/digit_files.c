/* The four files of MNIST, and of data sets in its format, in a directory. */
#define _XOPEN_SOURCE 700
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"

bool path_is_directory(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static bool exists(const char *path) {
  return access(path, F_OK) == 0;
}

/* The file of `stem` ("train-images") and `type` ("idx3-ubyte") under any of its usual names. Some
 * archives unpack it into a folder that has such a name too. */
static bool find_file(const char *directory, const char *stem, const char *type,
                      char path[PATH_SIZE]) {
  static const char separators[] = {'-', '.'};
  static const char *const suffixes[] = {"", ".gz"};
  char name[NAME_SIZE], folder[NAME_SIZE];
  for (size_t i = 0; i < 12; i++) {
    (void)snprintf(name, sizeof name, "%s%c%s%s", stem, separators[i % 2], type,
                   suffixes[i / 2 % 2]);
    (void)snprintf(folder, sizeof folder, "%s%c%s/", stem, separators[i / 4 % 2], type);
    int length = snprintf(path, PATH_SIZE, "%s/%s%s", directory, i < 4 ? "" : folder, name);
    if (length > 0 && length < PATH_SIZE && exists(path) && !path_is_directory(path)) return true;
  }
  return false;
}

/* The directory's own name, without '/' at the end; by the real path, so that "." has one too. */
static void name_dataset(data_source *source) {
  char real[PATH_MAX];
  const char *path = realpath(source->directory, real) ? real : source->directory;
  const char *slash = strrchr(path, '/');
  const char *base = slash && slash[1] != '\0' ? slash + 1 : path;
  if (strstr(base, "fashion"))
    base = "fashion-mnist";
  else if (strcmp(base, "mnist_sample") == 0)
    base = "mnist-sample";
  (void)snprintf(source->name, sizeof source->name, "%.*s", NAME_SIZE - 1, base);
}

int data_in_directory(const char *directory, const char *before, data_source *source) {
  struct {
    const char *stem, *type;
    char *path;
  } files[] = {{"train-images", "idx3-ubyte", source->train_images},
               {"train-labels", "idx1-ubyte", source->train_labels},
               {"t10k-images", "idx3-ubyte", source->test_images},
               {"t10k-labels", "idx1-ubyte", source->test_labels}};
  if (!path_is_directory(directory)) return fail("%s%s: no such directory", before, directory);
  if (strlen(directory) >= PATH_SIZE) return fail("%s%s: too long", before, directory);
  memcpy(source->directory, directory, strlen(directory) + 1);
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
    if (!find_file(directory, files[i].stem, files[i].type, files[i].path))
      return fail("%s%s: there is no %s-%s[.gz] in it", before, directory, files[i].stem,
                  files[i].type);
  name_dataset(source);
  return 0;
}

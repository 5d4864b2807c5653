/* Files in an output directory. That it can be written is found out before the work, not after. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"

int output_writable(const char *option, const char *directory) {
  struct stat about;
  if (stat(directory, &about) == 0 && !S_ISDIR(about.st_mode))
    errno = ENOTDIR;
  else if (access(directory, W_OK | X_OK) == 0)
    return 0;
  return fail("%s %s: %s", option, directory, strerror(errno));
}

int output_directory(const char *option, const char *directory) {
  char path[PATH_SIZE];
  size_t length = strlen(directory);
  if (length >= sizeof path) return fail("%s %s: too long", option, directory);
  memcpy(path, directory, length + 1);
  for (size_t i = 1; i <= length; i++) {
    if (path[i] != '/' && path[i] != '\0') continue;
    path[i] = '\0';
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
      return fail("%s %s: %s", option, path, strerror(errno));
    path[i] = directory[i];
  }
  return output_writable(option, directory);
}

int output_file_writable(const char *option, const char *path) {
  char directory[PATH_SIZE], what[64];
  struct stat about;
  if (strlen(path) >= sizeof directory) return fail("%s %s: too long", option, path);
  const bool exists = stat(path, &about) == 0;
  if (exists && S_ISDIR(about.st_mode)) return fail("%s %s: %s", option, path, strerror(EISDIR));
  /* Nothing takes the place of a device or a pipe. */
  if (exists && !S_ISREG(about.st_mode))
    return access(path, W_OK) == 0 ? 0 : fail("%s %s: %s", option, path, strerror(errno));
  memcpy(directory, path, strlen(path) + 1);
  (void)snprintf(what, sizeof what, "%s: directory", option);
  char *slash = strrchr(directory, '/');
  if (!slash) return output_writable(what, ".");
  slash[slash == directory ? 1 : 0] = '\0';
  return output_writable(what, directory);
}

int output_open(const char *directory, const char *name, FILE **file) {
  char path[PATH_SIZE + NAME_SIZE];
  (void)snprintf(path, sizeof path, "%s/%s", directory, name);
  *file = fopen(path, "w");
  return *file ? 0 : fail("%s: %s", path, strerror(errno));
}

/* Whether all that was written is there. */
static bool close_file(FILE *file) {
  const bool good = ferror(file) == 0;
  return fclose(file) == 0 && good;
}

int output_close(const char *directory, const char *name, FILE *file) {
  return close_file(file) ? 0 : fail("%s/%s: cannot be written", directory, name);
}

int file_close(const char *option, const char *path, FILE *file) {
  return close_file(file) ? 0 : fail("%s %s: cannot be written", option, path);
}

/* Bytes above 127 pass through: a name that is not UTF-8 comes out as it went in. */
void json_text(FILE *file, const char *text) {
  (void)fputc('"', file);
  for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
    if (*c == '"' || *c == '\\')
      (void)fprintf(file, "\\%c", *c);
    else if (*c < 0x20)
      (void)fprintf(file, "\\u%04x", (unsigned)*c);
    else
      (void)fputc(*c, file);
  }
  (void)fputc('"', file);
}

void json_number(FILE *file, double value) {
  if (isfinite(value))
    (void)fprintf(file, "%.17g", value);
  else
    (void)fputs("null", file);
}

void tsv_number(FILE *file, double value) {
  if (isfinite(value))
    (void)fprintf(file, "%.9g", value);
  else
    (void)fputs("nan", file);
}

void json_numbers(FILE *file, const double *values, size_t count) {
  (void)fputc('[', file);
  for (size_t i = 0; i < count; i++) {
    if (i > 0) (void)fputs(", ", file);
    json_number(file, values[i]);
  }
  (void)fputc(']', file);
}

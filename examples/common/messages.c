/* What the programs say on stderr. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common.h"

const char *program_name = "example";

int fail(const char *format, ...) {
  va_list arguments;
  progress(NULL);
  (void)fprintf(stderr, "%s: ", program_name);
  va_start(arguments, format);
  (void)vfprintf(stderr, format, arguments);
  va_end(arguments);
  (void)fputc('\n', stderr);
  return EXIT_FAILURE;
}

int library_failure(void) {
  return fail("%s", dni_last_message());
}

int usage(const char *option, const char *value, const char *expected) {
  (void)fail("--%s %s: expected %s", option, value, expected);
  return USAGE;
}

void progress(const char *format, ...) {
  if (!isatty(STDERR_FILENO)) return;
  (void)fputc('\r', stderr);
  if (format) {
    va_list arguments;
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
  }
  (void)fputs("\033[K", stderr);
  (void)fflush(stderr);
}

int usage_twice(const char *option) {
  (void)fail("--%s is given twice", option);
  return USAGE;
}

void begin(const char *name) {
  program_name = name;
  if (fcntl(STDOUT_FILENO, F_GETFD) < 0) exit(fail("standard output is closed"));
}

int finish(int status) {
  bool failed = ferror(stdout) != 0;
  errno = failed ? EIO : 0; /* of an earlier write the reason is not known */
  if (fclose(stdout) != 0) failed = true;
  return failed && status == 0 ? fail("standard output cannot be written: %s", strerror(errno))
                               : status;
}

double seconds_now(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

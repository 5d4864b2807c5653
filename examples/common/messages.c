/* What the programs say on stderr. */
#define _POSIX_C_SOURCE 200809L
#include <stdarg.h>
#include <stdlib.h>
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

int finish(int status) {
  if (fflush(stdout) != 0 || ferror(stdout)) return fail("standard output cannot be written");
  return status;
}

double seconds_now(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

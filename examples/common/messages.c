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

enum { MESSAGE_SIZE = 4 * PATH_SIZE };

const char *program_name = "example";

/* Control characters of ASCII and their relatives of 8 bits, C2 80 to C2 9F. */
void print_visible(FILE *file, const char *text, size_t most) {
  size_t length = 0;
  for (const unsigned char *c = (const unsigned char *)text; *c; c++, length++) {
    if (length >= most && (*c & 0xc0) != 0x80) {
      (void)fputs("...", file);
      return;
    }
    if (*c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0))
      (void)fprintf(file, "\\x%02x", *c);
    else
      (void)fputc(*c, file);
  }
}

int fail(const char *format, ...) {
  char text[MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  progress(NULL);
  (void)fprintf(stderr, "%s: ", program_name);
  print_visible(stderr, text, sizeof text);
  (void)fputc('\n', stderr);
  return EXIT_FAILURE;
}

int library_failure(void) {
  return fail("%s", dni_last_message());
}

int usage(const char *option, const char *value, const char *expected) {
  (void)fail("--%s %s: expected %s", option, value[0] ? value : "''", expected);
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

/* Is it open? If not, the next file that is opened gets its number. */
static bool is_open(int descriptor) {
  return fcntl(descriptor, F_GETFD) >= 0;
}

void begin(const char *name) {
  program_name = name;
  if (!is_open(STDOUT_FILENO)) exit(fail("standard output is closed"));
  if (!is_open(STDIN_FILENO)) (void)open("/dev/null", O_RDONLY);
  if (!is_open(STDERR_FILENO)) (void)open("/dev/null", O_WRONLY);
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

/* Options, text and JSON of a benchmark. There is one command line and one output in a program, so
 * their state is here, in one place. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

static const char *program = "bench";
static const char *json_path;
static FILE *json;     /* NULL: none is asked for */
static int text = 1;   /* is there text? */
static size_t records; /* written so far */

enum { OPTIONS_MOST = 32 };

void bench_fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s: %s\n", program, what, why);
  exit(1);
}

void bench_must(dni_status status, const char *what) {
  if (status != DNI_OK) bench_fail(what, dni_last_message());
}

/* Found out with each piece, not after minutes of measuring. */
static void must_write(FILE *file) {
  if (fflush(file) != 0 || ferror(file))
    bench_fail(file == stdout ? "standard output" : json_path, "cannot be written");
}

static void print_help(const char *about, const bench_option *options) {
  printf("%s: %s\n\n", program, about);
  for (; options->name; options++)
    printf("  %-10s %-5s  %s\n", options->name, options->word ? "NAME" : "N", options->help);
  puts("  --json            JSON on stdout in place of text\n"
       "  --json-file FILE  JSON into FILE, text on stdout\n"
       "  --help            this");
  must_write(stdout);
  exit(0);
}

static void refuse(const char *word) {
  fprintf(stderr, "%s: %s: unknown option, or no value that fits after it\n", program, word);
  exit(2);
}

static void refuse_twice(const char *word) {
  fprintf(stderr, "%s: %s is given twice\n", program, word);
  exit(2);
}

/* Take the value of an option; 0 if it is none. */
static int take_value(const bench_option *option, const char *value) {
  char *end;
  if (!value) return 0;
  if (option->word) {
    *option->word = value;
    return 1;
  }
  errno = 0;
  long number = strtol(value, &end, 10);
  if (value[0] < '0' || value[0] > '9' || number < 1 || *end || errno != 0) return 0;
  *option->number = (size_t)number;
  return 1;
}

static const bench_option *find(const bench_option *options, const char *word) {
  while (options->name && strcmp(options->name, word) != 0)
    options++;
  return options->name ? options : NULL;
}

static void read_options(int count, char **words, const char *about, const bench_option *options) {
  const bench_option file = {"--json-file", NULL, &json_path, ""};
  int given[OPTIONS_MOST] = {0}; /* of an option; the last for the file's */
  for (int i = 1; i < count; i++) {
    const bench_option *option = strcmp(words[i], file.name) == 0 ? &file : find(options, words[i]);
    if (strcmp(words[i], "--help") == 0) print_help(about, options);
    if (option && given[option == &file ? OPTIONS_MOST - 1 : option - options]++)
      refuse_twice(words[i]);
    if (strcmp(words[i], "--json") == 0)
      text = 0;
    else if (option && i + 1 < count && take_value(option, words[i + 1]))
      i++;
    else
      refuse(words[i]);
  }
}

/* What was measured, with what. */
static void begin_json(void) {
  dni_context *context;
  bench_must(dni_context_create(NULL, &context), "context");
  const char *kernels = dni_instructions_name(dni_context_instructions(context));
  fprintf(
      json,
      "{\"program\": \"%s\", \"build\": \"%s\", \"kernels\": \"%s\", \"cores\": %ld,\n\"runs\": [",
      program, dni_build_info(), kernels, sysconf(_SC_NPROCESSORS_ONLN));
  must_write(json);
  dni_context_release(context);
}

void bench_begin(int count, char **words, const char *name, const char *about,
                 const bench_option *options) {
  program = name;
  if (fcntl(STDOUT_FILENO, F_GETFD) < 0) bench_fail("standard output", "is closed");
  read_options(count, words, about, options);
  json = text ? NULL : stdout;
  if (json_path && !(json = fopen(json_path, "w"))) bench_fail(json_path, "cannot be written");
  if (json) begin_json();
}

void bench_end(void) {
  if (json) fputs("\n]}\n", json);
  if (json) must_write(json);
  if (json && json != stdout && fclose(json) != 0) bench_fail(json_path, "cannot be written");
  must_write(stdout);
}

void bench_text(const char *format, ...) {
  va_list values;
  if (!text) return;
  va_start(values, format);
  vprintf(format, values);
  va_end(values);
  must_write(stdout);
}

void bench_record(const char *format, ...) {
  va_list values;
  if (!json) return;
  fprintf(json, records++ > 0 ? ",\n {" : "\n {");
  va_start(values, format);
  vfprintf(json, format, values);
  va_end(values);
  fputc('}', json);
  must_write(json);
}

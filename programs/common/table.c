/* The form of a CSV file, from its first lines. The library reads the file; it wants to be told how. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "programs.h"

enum { LOOK_SIZE = 1 << 20, CLASSES_MOST = 1000 };

/* The first bytes, with a NUL behind them; NULL after a message. */
static char *read_start(const char *path) {
  char *text = malloc(LOOK_SIZE + 1);
  errno = 0;
  gzFile file = text ? gzopen(path, "rb") : NULL;
  int size = file ? gzread(file, text, LOOK_SIZE) : -1;
  const int reason = errno;
  if (file) (void)gzclose(file);
  if (size < 0) {
    (void)fail("%s: %s", path,
               !text   ? "out of memory"
               : !file ? strerror(reason)
                       : "cannot be read");
    free(text);
    return NULL;
  }
  text[size] = '\0';
  return text;
}

static const char *line_end(const char *line) {
  return line + strcspn(line, "\r\n");
}

static const char *next_line(const char *line) {
  line = line_end(line);
  if (line[0] == '\r' && line[1] == '\n') return line + 2;
  return *line ? line + 1 : line;
}

/* The separator is one outside of quotes. */
static bool has_separator(const char *line, const char *end, char separator) {
  bool quoted = false;
  for (; line < end; line++) {
    if (*line == '"') quoted = !quoted;
    if (*line == separator && !quoted) return true;
  }
  return false;
}

static char find_separator(const char *line, const char *end) {
  static const char separators[] = {',', ';', '\t', ' '};
  while (line < end && *line == ' ')
    line++;
  while (end > line && end[-1] == ' ')
    end--;
  for (size_t i = 0; i < sizeof separators; i++)
    if (has_separator(line, end, separators[i])) return separators[i];
  return ',';
}

static bool is_number(const char *field, const char *end) {
  while (field < end && strchr(" \t\"", *field))
    field++;
  while (end > field && strchr(" \t\"", end[-1]))
    end--;
  if (field == end || field + strspn(field, "0123456789+-.eE") < end) return false;
  char *stop;
  (void)strtod(field, &stop);
  return stop == end;
}

/* How many fields a line has, and how many of them are numbers. */
static size_t count_fields(const char *line, const char *end, char separator, size_t *numbers) {
  size_t fields = 0;
  bool quoted = false;
  const char *field = line;
  *numbers = 0;
  for (const char *c = line; c <= end; c++) {
    if (c < end && *c == '"') quoted = !quoted;
    if (c < end && (quoted || *c != separator)) continue;
    fields++;
    if (is_number(field, c)) ++*numbers;
    field = c + 1;
  }
  return fields;
}

/* The library skips such lines too. */
static bool is_nothing(const char *line) {
  return *line == '#' || line + strspn(line, " \t") == line_end(line);
}

int table_look(const char *path, table_form *form) {
  *form = (table_form){.separator = ','};
  char *text = read_start(path);
  if (!text) return EXIT_FAILURE;
  const char *line = strncmp(text, "\xef\xbb\xbf", 3) == 0 ? text + 3 : text;
  size_t number = 1, numeric;
  for (; *line && is_nothing(line); number++)
    line = next_line(line);
  if (*line) {
    const char *end = line_end(line);
    form->separator = find_separator(line, end);
    form->columns = count_fields(line, end, (char)form->separator, &numeric);
    if (2 * numeric < form->columns) form->header_lines = number;
  }
  free(text);
  return 0;
}

size_t table_classes(const double *targets, size_t count, size_t stride) {
  size_t counts[CLASSES_MOST] = {0}, classes = 0;
  for (size_t i = 0; i < count; i++) {
    const double target = targets[i * stride];
    if (!(target >= 0 && target < CLASSES_MOST) || floor(target) < target) return 0;
    const size_t label = (size_t)target;
    counts[label]++;
    if (label >= classes) classes = label + 1;
  }
  for (size_t i = 0; i < classes; i++)
    if (counts[i] == 0) return 0;
  return classes >= 2 && count / 2 >= classes ? classes : 0;
}

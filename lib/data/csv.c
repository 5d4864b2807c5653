/* CSV files of numbers. What a field may mean is read or refused, never guessed: 1,5 could be one
 * number or two.
 *
 * One pass: the first row of numbers fixes the columns, each row is appended to growing blocks, and
 * these become the data set's own at the end. Numbers are read by strtod_l under the C locale,
 * since strtod would take a comma for the decimal point where the program's locale says so. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/buffer.h"
#include "data/dataset.h"
#include "data/lines.h"

#ifndef DNI_NO_FILES

typedef struct csv {
  const char *path;
  dni_csv_options options;
  dni_dtype dtype;
  locale_t locale; /* "C" */
  dni__lines lines;
  size_t columns, rows; /* columns 0: no row yet */
  dni__buffer x, y;     /* elements, row by row; labels as int32_t in y if there are classes */
} csv;

/* Characters that belong to numbers, quotes or lines cannot separate. */
static bool bad_separator(int32_t separator) {
  return separator < 1 || separator > 255 || strchr("0123456789+-.eE\r\n\"", (int)separator);
}

static dni_status check_options(dni_csv_options *options) {
  if (options->target_columns == 0) options->target_columns = 1;
  if (options->separator == 0) options->separator = ',';
  if (options->classes > 0 && options->target_columns != 1)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_csv_options: %zu target columns, but class labels are one column",
                     options->target_columns);
  if (options->targets_first != 0 && options->targets_first != 1)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_csv_options: targets_first is %d, expected 0 or 1",
                     (int)options->targets_first);
  if (bad_separator(options->separator))
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_csv_options: separator %d cannot be one",
                     (int)options->separator);
  return DNI_OK;
}

/* A blank that separates is none. */
static bool is_blank(const csv *file, char c) {
  return (c == ' ' || c == '\t') && (unsigned char)c != file->options.separator;
}

/* Cut blanks off both ends of the text from `text` to `end`, in place. */
static char *trim(const csv *file, char *text, char *end) {
  while (text < end && is_blank(file, *text))
    text++;
  while (end > text && is_blank(file, end[-1]))
    end--;
  *end = 0;
  return text;
}

/* A field without blanks, and without the quotes that many programs put around every field. */
static char *unwrap(const csv *file, char *text) {
  char *field = trim(file, text, text + strlen(text));
  size_t length = strlen(field);
  bool quoted = length >= 2 && field[0] == '"' && field[length - 1] == '"';
  return quoted ? trim(file, field + 1, field + length - 1) : field;
}

/* A field is wrong: name file, line and column, and show it, shortened. */
static dni_status field_failure(const csv *file, size_t column, const char *field,
                                const char *what) {
  char shown[50];
  dni__text_fit(shown, sizeof shown, field, false);
  return dni__fail(DNI_ERROR_DATA, "%s:%zu: column %zu: '%s' %s", dni__shown(file->path).text,
                   file->lines.number, column + 1, shown, what);
}

/* Above the first row it is likely to be the name of a column. */
static dni_status fail_number(const csv *file, size_t column, const char *field) {
  return field_failure(file, column, field,
                       file->rows == 0 ? "is not a number (header_lines skips a header)"
                                       : "is not a number");
}

/* strtod also reads hexadecimal, and passes over more kinds of space than CSV has. */
static bool parse_number(const csv *file, const char *field, double *value) {
  char *end;
  *value = strtod_l(field, &end, file->locale);
  return end != field && !*end && !strpbrk(field, "xX \t\v\f");
}

static dni_status append_number(csv *file, dni__buffer *to, size_t column, const char *field) {
  double value;
  if (!parse_number(file, field, &value)) return fail_number(file, column, field);
  if (!dni__data_fits(file->dtype, value))
    return field_failure(file, column, field, "is not finite or out of range");
  size_t size = dni__dtype_size(file->dtype);
  DNI_TRY(dni__buffer_reserve(to, size));
  dni_matrix place = dni__matrix_make(to->data + to->size, 1, 1, file->dtype);
  dni__matrix_set(&place, 0, 0, value);
  to->size += size;
  return DNI_OK;
}

static dni_status append_label(csv *file, size_t column, const char *field) {
  double value;
  size_t classes = file->options.classes;
  if (!parse_number(file, field, &value) || !(value >= 0) || value > INT32_MAX ||
      value != floor(value) || (size_t)value >= classes) {
    char what[64];
    (void)snprintf(what, sizeof what, "is not a label 0 to %zu", classes - 1);
    return field_failure(file, column, field, what);
  }
  int32_t label = (int32_t)value;
  DNI_TRY(dni__buffer_reserve(&file->y, sizeof label));
  memcpy(file->y.data + file->y.size, &label, sizeof label);
  file->y.size += sizeof label;
  return DNI_OK;
}

static bool is_target(const csv *file, size_t column) {
  size_t targets = file->options.target_columns;
  return file->options.targets_first ? column < targets : column >= file->columns - targets;
}

static dni_status append_field(csv *file, size_t column, char *text) {
  const char *field = unwrap(file, text);
  if (!*field)
    return dni__fail(DNI_ERROR_DATA, "%s:%zu: column %zu is empty", dni__shown(file->path).text,
                     file->lines.number, column + 1);
  if (!is_target(file, column)) return append_number(file, &file->x, column, field);
  return file->options.classes > 0 ? append_label(file, column, field)
                                   : append_number(file, &file->y, column, field);
}

static dni_status check_columns(csv *file, const char *line) {
  size_t columns = 1;
  for (const char *at = line; (at = strchr(at, (int)file->options.separator)); at++)
    columns++;
  if (file->columns == 0) {
    if (columns <= file->options.target_columns)
      return dni__fail(DNI_ERROR_DATA, "%s:%zu: %zu columns, expected more than the %zu of targets",
                       dni__shown(file->path).text, file->lines.number, columns,
                       file->options.target_columns);
    file->columns = columns;
  }
  if (columns != file->columns)
    return dni__fail(DNI_ERROR_DATA, "%s:%zu: %zu columns, expected %zu as in the rows before",
                     dni__shown(file->path).text, file->lines.number, columns, file->columns);
  return DNI_OK;
}

static dni_status append_row(csv *file, char *line) {
  DNI_TRY(check_columns(file, line));
  for (size_t column = 0; column < file->columns; column++) {
    char *end = strchr(line, (int)file->options.separator);
    if (end) *end = 0;
    DNI_TRY(append_field(file, column, line));
    if (end) line = end + 1;
  }
  file->rows++;
  return DNI_OK;
}

/* Nothing but blanks, or a comment: a line whose first character is '#'. */
static bool is_empty(const csv *file, const char *line) {
  if (*line == '#' && file->options.separator != '#') return true;
  while (is_blank(file, *line))
    line++;
  return *line == 0;
}

static dni_status read_rows(csv *file) {
  char *line;
  for (;;) {
    DNI_TRY(dni__lines_next(&file->lines, &line));
    if (!line) break;
    if (file->lines.number > file->options.header_lines && !is_empty(file, line))
      DNI_TRY(append_row(file, line));
  }
  if (file->rows == 0) return dni__fail(DNI_ERROR_DATA, "%s: no rows", dni__shown(file->path).text);
  return DNI_OK;
}

static dni_status read_file(csv *file) {
  dni_status status = dni__lines_open(file->x.memory, file->path, &file->lines);
  if (status == DNI_OK) status = read_rows(file);
  dni__lines_close(&file->lines);
  if (status == DNI_OK) status = dni__buffer_trim(&file->x);
  return status == DNI_OK ? dni__buffer_trim(&file->y) : status;
}

/* The blocks become the data set's. */
static dni__content content_of(const csv *file) {
  size_t targets = file->options.target_columns, classes = file->options.classes;
  dni__content content = {.classes = classes};
  content.x = dni__matrix_make(file->x.data, file->rows, file->columns - targets, file->dtype);
  if (classes > 0)
    content.labels = (int32_t *)(void *)file->y.data;
  else
    content.y = dni__matrix_make(file->y.data, file->rows, targets, file->dtype);
  return content;
}

static dni_status load(dni_context *context, csv *file, dni_dataset **out) {
  dni_status status = read_file(file);
  if (status != DNI_OK) {
    dni__buffer_free(&file->x);
    dni__buffer_free(&file->y);
    return status;
  }
  dni__content content = content_of(file);
  return dni__dataset_create(context, &content, out);
}

dni_status dni_dataset_create_csv(dni_context *context, const char *path,
                                  const dni_csv_options *options, dni_dataset **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(path);
  DNI_REQUIRE(out);
  csv file = {.path = path, .dtype = context->dtype};
  file.options.struct_size = sizeof file.options;
  if (options) DNI_TRY(dni__options_copy(DNI__OPTIONS(&file.options, options, dni_csv_options)));
  DNI_TRY(check_options(&file.options));
  file.x.memory = file.y.memory = context->memory;
  file.locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!file.locale) return dni__fail(DNI_ERROR_MEMORY, "out of memory: the C locale");
  dni_status status = load(context, &file, out);
  freelocale(file.locale);
  return status;
}

#endif

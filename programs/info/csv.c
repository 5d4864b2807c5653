/* CSV files of numbers. The library reads them, as it does for a training, so what it refuses is a bad file
 * here, too, in the same words. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "info.h"

enum { ROWS_AT_ONCE = 256 };

typedef struct csv {
  dni_context *context;
  dni_dataset *data;
  size_t rows, columns;
  double *values; /* [ROWS_AT_ONCE][columns]: features, then the last column */
  statistics *of; /* [columns] */
} csv;

/* Its message begins with the path, which is said anyway, and often with the number of the line. */
static bool library_problem(const subject *s) {
  const char *message = dni_last_message();
  const size_t length = strlen(s->path);
  if (strncmp(message, s->path, length) != 0 || message[length] != ':')
    return problem(s, "%s", message);
  message += length + 1;
  if (message[0] == ' ') return problem(s, "%s", message + 1);
  return problem(s, "line %s", message);
}

static bool open_data(const subject *s, const table_form *form, csv *c) {
  dni_context_options doubles = {.struct_size = sizeof doubles, .dtype = DNI_F64};
  dni_csv_options how = {.struct_size = sizeof how, .header_lines = form->header_lines};
  how.separator = form->separator;
  if (dni_context_create(&doubles, &c->context) != DNI_OK ||
      dni_dataset_create_csv(c->context, s->path, &how, &c->data) != DNI_OK)
    return library_problem(s);
  c->rows = dni_dataset_examples(c->data);
  c->columns = dni_dataset_features(c->data) + 1;
  c->values = calloc(c->columns, ROWS_AT_ONCE * sizeof *c->values);
  c->of = calloc(c->columns, sizeof *c->of);
  return (c->values && c->of) || problem(s, "out of memory");
}

static bool read_rows(const subject *s, csv *c, size_t first, size_t rows) {
  dni_matrix x, y;
  dni_matrix_init_strided_f64(&x, c->values, rows, c->columns - 1, c->columns);
  dni_matrix_init_strided_f64(&y, c->values + c->columns - 1, rows, 1, c->columns);
  if (dni_dataset_batch(c->data, first, &x, &y) != DNI_OK) return library_problem(s);
  for (size_t i = 0; i < rows * c->columns; i++)
    statistics_add(&c->of[i % c->columns], c->values[i]);
  return true;
}

static bool read_all(const subject *s, csv *c) {
  for (size_t i = 0; i < c->columns; i++)
    statistics_begin(&c->of[i]);
  for (size_t first = 0; first < c->rows; first += ROWS_AT_ONCE) {
    const size_t left = c->rows - first;
    if (!read_rows(s, c, first, left < ROWS_AT_ONCE ? left : ROWS_AT_ONCE)) return false;
  }
  return true;
}

/* As many classes as the column could be labels of. */
static bool find_classes(const subject *s, const csv *c, size_t *classes) {
  double *targets = calloc(c->rows, sizeof *targets);
  dni_matrix y;
  if (!targets) return problem(s, "out of memory");
  dni_matrix_init_f64(&y, targets, c->rows, 1);
  const bool good = dni_dataset_batch(c->data, 0, NULL, &y) == DNI_OK;
  if (good) *classes = table_classes(targets, c->rows, 1);
  free(targets);
  return good || library_problem(s);
}

static void put_columns(const subject *s, const csv *c) {
  json_t *list = json_array();
  put(s->report, "column_ranges", list);
  for (size_t i = 0; i < c->columns; i++) {
    json_t *column = json_object();
    append(list, column);
    statistics_put(&c->of[i], column);
    put_flag(column, "whole_numbers", c->of[i].whole);
  }
}

static bool describe_rows(const subject *s, csv *c) {
  size_t classes = 0;
  put_count(s->report, "rows", c->rows);
  put_count(s->report, "columns", c->columns);
  if (!read_all(s, c) || !find_classes(s, c, &classes)) return false;
  put(s->report, "classes_of_last_column", classes > 0 ? count_json(classes) : json_null());
  put_columns(s, c);
  return true;
}

bool describe_csv(subject *s, bool gzip) {
  table_form form;
  csv c = {0};
  char separator[2] = "";
  put_text(s->report, "format", "CSV");
  put_flag(s->report, "gzip", gzip);
  if (table_look(s->path, &form) != 0) return problem(s, "cannot be read");
  separator[0] = (char)form.separator;
  put_count(s->report, "header_lines", form.header_lines);
  put_text(s->report, "separator", separator);
  if (form.columns == 1) return problem(s, "one column, and a table has two or more");
  const bool good = open_data(s, &form, &c) && describe_rows(s, &c);
  free(c.of);
  free(c.values);
  dni_dataset_release(c.data);
  dni_context_release(c.context);
  return good;
}

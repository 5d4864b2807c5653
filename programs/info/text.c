/* The report as lines for people. */
#include <inttypes.h>
#include <string.h>

#include "info.h"

enum { SHOWN_MOST = 200, COLUMNS_SHOWN = 20 };

void print_shown(FILE *file, const char *text) {
  print_visible(file, text, SHOWN_MOST);
}

static const char *text_of(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}

static void print_value(const json_t *value) {
  if (json_is_string(value))
    print_shown(stdout, json_string_value(value));
  else if (json_is_integer(value))
    (void)printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
  else if (json_is_real(value))
    (void)printf("%g", json_real_value(value));
  else
    (void)fputs(json_is_true(value) ? "true" : json_is_false(value) ? "false" : "-", stdout);
}

static void print_field(const json_t *object, const char *before, const char *key) {
  (void)fputs(before, stdout);
  print_value(json_object_get(object, key));
}

static void print_shape(const json_t *shape) {
  size_t i;
  json_t *size;
  if (json_array_size(shape) == 0) (void)fputs("one number", stdout);
  json_array_foreach(shape, i, size) {
    if (i > 0) (void)fputs(" x ", stdout);
    print_value(size);
  }
}

static void print_name(const char *name) {
  (void)fputs("  ", stdout);
  print_shown(stdout, name);
  (void)printf("%*s", strlen(name) < 24 ? (int)(24 - strlen(name)) : 1, "");
}

static void print_statistics(const json_t *of) {
  if (!json_object_get(of, "norm")) return;
  print_field(of, "; ", "minimum");
  print_field(of, " to ", "maximum");
  print_field(of, ", mean ", "mean");
  print_field(of, ", norm ", "norm");
  print_field(of, ", not finite: ", "non_finite");
}

/* Safetensors. ----------------------------------------------------------------------------------- */

static void print_tensors(const json_t *tensors) {
  size_t i;
  json_t *tensor;
  if (json_array_size(tensors) > 0) (void)puts("  Tensors:");
  json_array_foreach(tensors, i, tensor) {
    (void)fputs("  ", stdout);
    print_name(text_of(tensor, "name"));
    print_shown(stdout, text_of(tensor, "type"));
    (void)putchar(' ');
    print_shape(json_object_get(tensor, "shape"));
    print_field(tensor, ", ", "bytes");
    (void)fputs(" bytes", stdout);
    print_statistics(tensor);
    (void)putchar('\n');
  }
}

/* "layer dense, 784 -> 512, activation relu, rate_scale 1" */
static void print_object(const json_t *object) {
  json_t *settings = json_object_get(object, "settings"), *value;
  const bool maps = json_object_get(settings, "inputs") && json_object_get(settings, "outputs");
  const char *key;
  print_name(text_of(object, "name"));
  (void)printf("%s ", text_of(object, "what"));
  print_field(settings, "", "kind");
  if (maps) print_field(settings, ", ", "inputs");
  if (maps) print_field(settings, " -> ", "outputs");
  json_object_foreach(settings, key, value) {
    const bool shown = maps && (!strcmp(key, "inputs") || !strcmp(key, "outputs"));
    if (shown || !strcmp(key, "kind")) continue;
    (void)fputs(", ", stdout);
    print_shown(stdout, key);
    (void)putchar(' ');
    print_value(value);
  }
  (void)putchar('\n');
}

static void print_values(const char *title, json_t *values) {
  const char *key;
  json_t *value;
  if (json_object_size(values) > 0) (void)printf("  %s\n", title);
  json_object_foreach(values, key, value) {
    (void)fputs("  ", stdout);
    print_name(key);
    print_value(value);
    (void)putchar('\n');
  }
}

static void print_other(const json_t *other) {
  json_t *tensors = json_object_get(other, "tensors"), *name;
  size_t i;
  print_values("Of other programs, or of the caller:", json_object_get(other, "texts"));
  if (json_array_size(tensors) == 0) return;
  (void)fputs("  Tensors of other programs, or of the caller:", stdout);
  json_array_foreach(tensors, i, name) {
    (void)putchar(' ');
    print_value(name);
  }
  (void)putchar('\n');
}

static void print_origin(const json_t *report) {
  const json_t *libdni = json_object_get(report, "libdni");
  if (!json_is_object(libdni)) { /* NULL: the header is not known well enough to tell */
    (void)puts(libdni ? ", not written by libdni" : "");
    return;
  }
  print_field(libdni, ", ", "content");
  print_field(libdni, " of libdni ", "version");
  print_field(libdni, ", format ", "format");
  print_field(libdni, ", checksum ", "checksum");
  (void)putchar('\n');
}

static void print_safetensors(const json_t *report) {
  size_t i;
  json_t *object;
  print_origin(report);
  json_array_foreach(json_object_get(report, "objects"), i, object) {
    print_object(object);
  }
  print_values("Values:", json_object_get(report, "values"));
  print_values("Texts:", json_object_get(report, "texts"));
  print_other(json_object_get(report, "other"));
  print_tensors(json_object_get(report, "tensors"));
}

/* Other kinds. ----------------------------------------------------------------------------------- */

static void print_old_network(const json_t *report) {
  size_t i;
  json_t *layer;
  print_field(report, ", ", "type");
  print_field(report, ", checksum ", "checksum");
  (void)putchar('\n');
  json_array_foreach(json_object_get(report, "layers"), i, layer) {
    print_field(layer, "  layer ", "kind");
    print_field(layer, ", ", "inputs");
    print_field(layer, " -> ", "outputs");
    if (json_object_get(layer, "activation")) print_field(layer, ", ", "activation");
    (void)putchar('\n');
  }
}

static void print_idx(const json_t *report) {
  json_t *classes = json_object_get(report, "classes"), *count;
  size_t i;
  print_field(report, ", ", "type");
  (void)putchar(' ');
  print_shape(json_object_get(report, "shape"));
  print_statistics(report);
  (void)putchar('\n');
  if (!classes) return;
  (void)printf("  labels of %zu classes, of each:", json_array_size(classes));
  json_array_foreach(classes, i, count) {
    (void)putchar(' ');
    print_value(count);
  }
  (void)putchar('\n');
}

static void print_columns(const json_t *columns) {
  size_t i;
  json_t *column;
  json_array_foreach(columns, i, column) {
    if (i == COLUMNS_SHOWN) {
      (void)printf("  and %zu more, which --json shows\n", json_array_size(columns) - i);
      return;
    }
    (void)printf("  column %zu: %s", i + 1,
                 json_is_true(json_object_get(column, "whole_numbers")) ? "whole numbers"
                                                                        : "numbers");
    print_statistics(column);
    (void)putchar('\n');
  }
}

static void print_csv(const json_t *report) {
  if (!json_object_get(report, "rows")) {
    (void)putchar('\n');
    return;
  }
  print_field(report, ", ", "rows");
  print_field(report, " rows of ", "columns");
  (void)fputs(" columns", stdout);
  print_field(report, ", header lines: ", "header_lines");
  (void)putchar('\n');
  if (json_is_integer(json_object_get(report, "classes_of_last_column"))) {
    print_field(report, "  the last column can be labels of ", "classes_of_last_column");
    (void)puts(" classes");
  }
  print_columns(json_object_get(report, "column_ranges"));
}

/* Of a bad file what was found until then; of one of an unknown kind nothing. */
void print_text(const json_t *report) {
  static const struct {
    const char *format;
    void (*print)(const json_t *report);
  } printers[] = {{"safetensors", print_safetensors},
                  {"network of libdni 0.3", print_old_network},
                  {"IDX", print_idx},
                  {"CSV", print_csv}};
  const char *format = text_of(report, "format");
  for (size_t i = 0; i < sizeof printers / sizeof printers[0]; i++) {
    if (strcmp(format, printers[i].format) != 0) continue;
    print_shown(stdout, text_of(report, "file"));
    (void)printf(": %s%s", json_is_true(json_object_get(report, "gzip")) ? "gzip, " : "", format);
    print_field(report, ", ", "bytes");
    (void)fputs(" bytes", stdout);
    printers[i].print(report);
  }
}

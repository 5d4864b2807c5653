/* What the installed programs share, besides what they share with those of examples/: the form of tables,
 * and JSON by jansson. Of examples/common they use the command line, messages, MNIST's files and pieces of
 * figures: these are written once, and an installed program holds only what it uses. */
#ifndef PROGRAMS_H
#define PROGRAMS_H

#include <jansson.h>

#include "../../examples/common/common.h"

/* table.c */
typedef struct table_form {
  size_t header_lines;
  int32_t separator;
  size_t columns; /* of the first line that is no comment */
} table_form;

/* How a CSV file, plain or gzip, is to be read, by a look at its beginning: a first line of mostly words is
 * a header, and the separator is the first of comma, semicolon, tab and space that is there. A file without
 * lines has 0 columns. 0, or the exit status after a message. */
int table_look(const char *path, table_form *form);

/* How many classes `count` targets, `stride` apart, are labels of: they are 0 to K - 1, each there, each twice
 * on average. 0: they are numbers. */
size_t table_classes(const double *targets, size_t count, size_t stride);

/* replace.c: a file that takes the place of an old one when all of it has been written */
typedef struct replacement {
  FILE *file; /* write into it */
  const char *option, *path;
  bool beside; /* else into the path itself: a device or a pipe */
  char temporary[PATH_SIZE], target[PATH_SIZE];
} replacement;

/* 0, or the exit status after a message. */
int replacement_begin(replacement *r, const char *option, const char *path);
/* `status` is that of what was written: after a failure the old file stays. Answers the exit status. */
int replacement_end(replacement *r, int status);

/* json.c: they end the program, with status 1 and one line, when memory is short. They take `value`. */
void put(json_t *object, const char *key, json_t *value);
void put_text(json_t *object, const char *key, const char *text); /* any bytes */
void put_count(json_t *object, const char *key, uint64_t count);
void put_real(json_t *object, const char *key, double real); /* null if it is not finite */
void put_flag(json_t *object, const char *key, bool flag);
void append(json_t *array, json_t *value);
json_t *text_json(const char *text); /* what is no UTF-8 becomes U+FFFD */
json_t *real_json(double real);
json_t *count_json(uint64_t count); /* beyond 2^63 - 1 a real */
/* One line, with all digits. */
int json_print(FILE *file, const json_t *value);

#endif

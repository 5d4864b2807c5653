/* What the files of dni-info share. What is found in a file is put together as one JSON object, its report;
 * --json prints it, and text.c makes lines of it, so that both say the same. */
#ifndef INFO_H
#define INFO_H

#include "../common/programs.h"

/* A file that is looked at. */
typedef struct subject {
  const char *path;
  FILE *file;
  uint64_t size;
  bool all_tensors; /* their statistics, too */
  json_t *report;   /* with "problems", an array of texts */
} subject;

/* Adds to the problems; answers false. */
bool problem(const subject *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Read `size` bytes from `offset` on; false after a problem. */
bool read_at(const subject *s, uint64_t offset, void *bytes, size_t size);

uint64_t little_endian(const unsigned char *bytes, size_t size);
uint64_t big_endian(const unsigned char *bytes, size_t size);

/* identify.c: find out what the file is, and have it described. The report is complete, problems or not. */
json_t *describe_file(const char *path, bool all_tensors);

/* safetensors.c, old_network.c, idx.c, csv.c: fill in the report; false after a problem. */
bool looks_like_safetensors(const unsigned char *start, size_t size);
bool describe_safetensors(subject *s);
bool looks_like_old_network(const unsigned char *start, size_t size);
bool describe_old_network(subject *s);
bool looks_like_idx(const unsigned char *start, size_t size);
bool describe_idx(subject *s, bool gzip);
bool describe_csv(subject *s, bool gzip);

/* checksum.c: is the checksum `said`, a text of the header [size], that of the file? */
bool checksum_is_right(const subject *s, const char *header, size_t size, const char *said,
                       bool *right);

/* objects.c: what texts and tensors of a file of libdni belong to: layers, SGs, optimisers, schedules. It
 * adds "objects", "values" and "other" to the report. */
void describe_objects(json_t *report, json_t *texts, const json_t *tensors);

/* statistics.c */
typedef struct element_type {
  const char *name; /* as in safetensors */
  size_t size;
  double (*value)(uint64_t bits);
} element_type;

/* NULL: unknown. A type whose `value` is NULL has a known size and unknown values. */
const element_type *element_type_of(const char *name);

typedef struct statistics {
  double least, most; /* of what is finite, as all but the last */
  long double sum, squares;
  uint64_t count;
  bool whole; /* all are whole numbers */
  uint64_t non_finite;
} statistics;

void statistics_begin(statistics *of);
void statistics_add(statistics *of, double value);
/* "minimum", "maximum", "mean", "norm", "non_finite"; null where nothing is finite */
void statistics_put(const statistics *of, json_t *into);

/* text.c */
void print_text(const json_t *report);
void print_shown(FILE *file, const char *text); /* without control characters, and not endless */

#endif

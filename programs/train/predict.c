/* The answers for every example of DATA, in its order and counted from 1: the most likely class and the
 * probability of each, or the outputs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train.h"

enum { ROWS = 256 };

typedef struct answers {
  session *s;
  FILE *file;
  void *x, *y; /* of the context's elements: [ROWS][features], [ROWS][outputs] */
  double *row; /* [outputs] */
  int digits;
} answers;

static void write_heading(const answers *a) {
  const data *d = &a->s->d;
  (void)fputs(d->classes > 0 ? "example,class" : "example", a->file);
  for (size_t i = 0; i < d->targets; i++)
    (void)fprintf(a->file, ",%s%zu", d->classes > 0 ? "p" : "y", i);
  (void)fputc('\n', a->file);
}

static void softmax(double *row, size_t count) {
  double most = row[0], sum = 0;
  for (size_t i = 1; i < count; i++)
    most = fmax(most, row[i]);
  for (size_t i = 0; i < count; i++)
    sum += row[i] = exp(row[i] - most);
  for (size_t i = 0; i < count; i++)
    row[i] /= sum;
}

static size_t largest(const double *row, size_t count) {
  size_t best = 0;
  for (size_t i = 1; i < count; i++)
    if (row[i] > row[best]) best = i;
  return best;
}

/* Outputs as what they say: probabilities, or the file's own numbers. */
static void interpret(const session *s, double *row, size_t count) {
  const scaling *scale = &s->d.scale;
  if (s->loss_kind == LOSS_SOFTMAX) softmax(row, count);
  for (size_t i = 0; i < count; i++) {
    if (s->loss_kind == LOSS_SIGMOID) row[i] = 1 / (1 + exp(-row[i]));
    if (scale->targets > 0) row[i] = row[i] / scale->target_factor + scale->target_mean[i];
  }
}

static void write_row(const answers *a, size_t example) {
  const size_t count = a->s->d.targets;
  interpret(a->s, a->row, count);
  (void)fprintf(a->file, "%zu", example);
  if (a->s->d.classes > 0) (void)fprintf(a->file, ",%zu", largest(a->row, count));
  for (size_t i = 0; i < count; i++)
    (void)fprintf(a->file, ",%.*g", a->digits, a->row[i]);
  (void)fputc('\n', a->file);
}

static dni_status answer_rows(const answers *a, size_t first, size_t rows) {
  const session *s = a->s;
  const dni_dtype type = dni_context_dtype(s->context);
  const size_t targets = s->d.targets;
  dni_matrix x = view_of(type, a->x, rows, s->d.features);
  dni_matrix y = view_of(type, a->y, rows, targets);
  dni_status status = dni_dataset_batch(s->d.whole, first, &x, NULL);
  if (status == DNI_OK) status = dni_network_predict(s->network, &x, &y);
  for (size_t i = 0; i < rows && status == DNI_OK; i++) {
    for (size_t column = 0; column < targets; column++)
      a->row[column] = get_element(type, a->y, i * targets + column);
    write_row(a, first + i + 1);
  }
  return status;
}

static int answer_all(const answers *a) {
  const size_t examples = dni_dataset_examples(a->s->d.whole);
  write_heading(a);
  for (size_t first = 0; first < examples; first += ROWS) {
    const size_t left = examples - first;
    if (answer_rows(a, first, left < ROWS ? left : ROWS) != DNI_OK) return library_failure();
  }
  return 0;
}

/* All that a number has. Numbers that were scaled are doubles. */
static int digits_of(const session *s) {
  return s->d.scale.targets > 0 || dni_context_dtype(s->context) == DNI_F64 ? 17 : 9;
}

int predict_write(session *s) {
  replacement to;
  int status = replacement_begin(&to, "--predict", s->set->predict);
  if (status != 0) return status;
  answers a = {.s = s, .file = to.file, .digits = digits_of(s)};
  a.x = calloc(s->d.features, ROWS * sizeof(double));
  a.y = calloc(s->d.targets, ROWS * sizeof(double));
  a.row = calloc(s->d.targets, sizeof *a.row);
  status = a.x && a.y && a.row ? answer_all(&a) : fail("out of memory");
  free(a.row);
  free(a.y);
  free(a.x);
  return replacement_end(&to, status);
}

/* Copying examples out: bytes become numbers, labels become one-hot rows where the caller wants
 * these, numbers are scaled. */
#include <string.h>

#include "data/dataset.h"

/* Rows that a function of the caller's is asked for at a time where their numbers have to be looked
 * up first: as many as fit on the stack. */
#define ROWS_AT_A_TIME 1024

/* Bytes that are read from a file at a time; they lie on the stack. */
#define BYTES_AT_A_TIME 4096

/* Examples of a data set: indices[0 .. count-1] of it, or from `first` on if indices is NULL. */
typedef struct selection {
  const dni_dataset *dataset;
  const size_t *indices;
  size_t first, count;
} selection;

/* The row of the shared examples that the i-th one is. */
static size_t row_at(const selection *wanted, size_t i) {
  size_t index = wanted->indices ? wanted->indices[i] : wanted->first + i;
  return wanted->dataset->rows ? wanted->dataset->rows[index] : index;
}

/* Examples in memory. -------------------------------------------------------------------------- */

static void copy_rows(const selection *wanted, const dni_matrix *from, const dni_matrix *to) {
  size_t bytes = from->columns * dni__dtype_size(from->dtype);
  for (size_t r = 0; r < to->rows; r++)
    memcpy(dni__matrix_row(to, r), dni__matrix_row(from, row_at(wanted, r)), bytes);
}

static void scale_f32(const dni__content *content, const float *from, size_t count, float *to) {
  for (size_t i = 0; i < count; i++)
    to[i] = (float)((double)from[i] * content->factor + content->offset);
}

static void scale_f64(const dni__content *content, const double *from, size_t count, double *to) {
  for (size_t i = 0; i < count; i++)
    to[i] = from[i] * content->factor + content->offset;
}

static void copy_scaled(const selection *wanted, const dni__content *content,
                        const dni_matrix *to) {
  for (size_t r = 0; r < to->rows; r++) {
    const void *from = dni__matrix_row(&content->x, row_at(wanted, r));
    if (to->dtype == DNI_F32)
      scale_f32(content, from, to->columns, dni__matrix_row(to, r));
    else
      scale_f64(content, from, to->columns, dni__matrix_row(to, r));
  }
}

static void look_up_f32(const uint8_t *bytes, size_t count, const float *table, float *x) {
  for (size_t i = 0; i < count; i++)
    x[i] = table[bytes[i]];
}

static void look_up_f64(const uint8_t *bytes, size_t count, const double *table, double *x) {
  for (size_t i = 0; i < count; i++)
    x[i] = table[bytes[i]];
}

/* Into `count` elements of row `row` of x, from `column` on. */
static void look_up(const dni__examples *shared, const uint8_t *bytes, size_t count,
                    const dni_matrix *x, size_t row, size_t column) {
  if (x->dtype == DNI_F32)
    look_up_f32(bytes, count, shared->bytes, (float *)dni__matrix_row(x, row) + column);
  else
    look_up_f64(bytes, count, shared->bytes, (double *)dni__matrix_row(x, row) + column);
}

static void copy_bytes(const selection *wanted, const dni__examples *shared, const dni_matrix *to) {
  for (size_t r = 0; r < to->rows; r++)
    look_up(shared, dni__matrix_row(&shared->content.x, row_at(wanted, r)), to->columns, to, r, 0);
}

/* Examples whose x stays in a file. ------------------------------------------------------------ */

/* How many of the wanted rows from r on follow one another in the file, at most `most`. */
static size_t count_neighbours(const selection *wanted, size_t r, size_t most) {
  size_t row = row_at(wanted, r), count = 1;
  while (count < most && r + count < wanted->count && row_at(wanted, r + count) == row + count)
    count++;
  return count;
}

/* Short rows: neighbours are read at once. */
static dni_status read_rows(const selection *wanted, const dni__examples *shared,
                            const dni_matrix *to) {
  uint8_t bytes[BYTES_AT_A_TIME];
  size_t columns = to->columns, count;
  for (size_t r = 0; r < to->rows; r += count) {
    count = count_neighbours(wanted, r, sizeof bytes / columns);
    DNI_TRY(dni__row_file_read(shared->content.file, row_at(wanted, r), 0, bytes, count * columns));
    for (size_t i = 0; i < count; i++)
      look_up(shared, bytes + i * columns, columns, to, r + i, 0);
  }
  return DNI_OK;
}

/* A row that is longer than what is read at a time. */
static dni_status read_long_row(const dni__examples *shared, size_t row, const dni_matrix *to,
                                size_t r) {
  uint8_t bytes[BYTES_AT_A_TIME];
  for (size_t column = 0; column < to->columns; column += sizeof bytes) {
    size_t left = to->columns - column, part = left < sizeof bytes ? left : sizeof bytes;
    DNI_TRY(dni__row_file_read(shared->content.file, row, column, bytes, part));
    look_up(shared, bytes, part, to, r, column);
  }
  return DNI_OK;
}

static dni_status read_x(const selection *wanted, const dni__examples *shared,
                         const dni_matrix *x) {
  if (x->columns <= BYTES_AT_A_TIME) return read_rows(wanted, shared, x);
  for (size_t r = 0; r < x->rows; r++)
    DNI_TRY(read_long_row(shared, row_at(wanted, r), x, r));
  return DNI_OK;
}

/* x and y, wherever they lie. ------------------------------------------------------------------ */

static dni_status copy_x(const selection *wanted, const dni_matrix *x) {
  const dni__examples *shared = wanted->dataset->examples;
  if (shared->content.file) return read_x(wanted, shared, x);
  if (shared->bytes)
    copy_bytes(wanted, shared, x);
  else if (shared->content.scaled)
    copy_scaled(wanted, &shared->content, x);
  else
    copy_rows(wanted, &shared->content.x, x);
  return DNI_OK;
}

/* Row `row` of y: the label itself, or its one-hot row. */
static void put_label(const dni_matrix *y, size_t row, int32_t label) {
  void *place = dni__matrix_row(y, row);
  if (y->dtype == DNI_I32) {
    memcpy(place, &label, sizeof label);
    return;
  }
  memset(place, 0, y->columns * dni__dtype_size(y->dtype)); /* 0.0 in both element types */
  dni__matrix_set(y, row, (size_t)label, 1);
}

static void copy_y(const selection *wanted, const dni_matrix *y) {
  const dni__content *content = &wanted->dataset->examples->content;
  if (!content->labels) {
    copy_rows(wanted, &content->y, y);
    return;
  }
  for (size_t r = 0; r < y->rows; r++)
    put_label(y, r, content->labels[row_at(wanted, r)]);
}

/* Examples of the caller's function. ----------------------------------------------------------- */

/* Where the function writes labels for y: into y itself, for one-hot rows at the beginning of each
 * row. An int32_t fits into the first element of either type. */
static dni_matrix labels_in(const dni_matrix *y) {
  dni_matrix labels = dni__matrix_make(y->data, y->rows, 1, DNI_I32);
  labels.stride = y->stride * (dni__dtype_size(y->dtype) / sizeof(int32_t));
  return labels;
}

static dni_status finish_labels(const dni_matrix *labels, size_t classes, const size_t *rows,
                                const dni_matrix *y) {
  for (size_t r = 0; r < labels->rows; r++) {
    int32_t label;
    memcpy(&label, dni__matrix_row(labels, r), sizeof label);
    if (label < 0 || (size_t)label >= classes)
      return dni__fail(DNI_ERROR_DATA, "fetch: the label of example %zu is %d, expected 0 to %zu",
                       rows[r], (int)label, classes - 1);
    if (y->dtype != DNI_I32) put_label(y, r, label);
  }
  return DNI_OK;
}

/* rows [count] of the examples, as the caller numbers them. */
static dni_status fetch_rows(const dni__content *content, const size_t *rows, size_t count,
                             const dni_matrix *x, const dni_matrix *y) {
  const dni_dataset_callbacks *callbacks = &content->callbacks;
  dni_matrix own_x = {0}, own_y = {0};
  if (x) own_x = *x;
  if (y) own_y = content->classes > 0 ? labels_in(y) : *y;
  dni_matrix labels = own_y;
  const dni__callback begun = dni__callback_begin();
  dni_status answer =
      callbacks->fetch(callbacks->user, rows, count, x ? &own_x : NULL, y ? &own_y : NULL);
  DNI_TRY(dni__callback_end(begun, answer, "fetch"));
  return y && content->classes > 0 ? finish_labels(&labels, content->classes, rows, y) : DNI_OK;
}

/* Rows first .. first+count-1 of the selection, at most ROWS_AT_A_TIME. */
static dni_status fetch_part(const selection *wanted, size_t first, size_t count,
                             const dni_matrix *x, const dni_matrix *y) {
  size_t rows[ROWS_AT_A_TIME];
  dni_matrix part_x = {0}, part_y = {0};
  for (size_t i = 0; i < count; i++)
    rows[i] = row_at(wanted, first + i);
  if (x) part_x = dni__matrix_rows(x, first, count);
  if (y) part_y = dni__matrix_rows(y, first, count);
  return fetch_rows(&wanted->dataset->examples->content, rows, count, x ? &part_x : NULL,
                    y ? &part_y : NULL);
}

/* In one call where the numbers of the rows lie in memory already. */
static dni_status fetch(const selection *wanted, const dni_matrix *x, const dni_matrix *y) {
  const dni_dataset *dataset = wanted->dataset;
  const size_t *rows = NULL;
  if (wanted->indices && !dataset->rows) rows = wanted->indices;
  if (!wanted->indices && dataset->rows) rows = dataset->rows + wanted->first;
  if (rows) return fetch_rows(&dataset->examples->content, rows, wanted->count, x, y);
  for (size_t first = 0; first < wanted->count; first += ROWS_AT_A_TIME) {
    size_t left = wanted->count - first;
    DNI_TRY(fetch_part(wanted, first, left < ROWS_AT_A_TIME ? left : ROWS_AT_A_TIME, x, y));
  }
  return DNI_OK;
}

/* The calls. ----------------------------------------------------------------------------------- */

static dni_status check_y(const dni_dataset *dataset, size_t rows, const dni_matrix *y) {
  if (!dni__is_labels(y))
    return dni__matrix_check_rows(y, dataset->examples->context->dtype, rows,
                                  dni_dataset_targets(dataset), "y");
  if (dni_dataset_classes(dataset) == 0)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "y: labels are wanted, but the targets of this data set are numbers");
  return dni__matrix_check_rows(y, DNI_I32, rows, 1, "y");
}

static dni_status check_matrices(const dni_dataset *dataset, size_t rows, const dni_matrix *x,
                                 const dni_matrix *y) {
  dni_dtype dtype = dataset->examples->context->dtype;
  if (x) DNI_TRY(dni__matrix_check_rows(x, dtype, rows, dni_dataset_features(dataset), "x"));
  return y ? check_y(dataset, rows, y) : DNI_OK;
}

static dni_status copy_out(const selection *wanted, const dni_matrix *x, const dni_matrix *y) {
  if (wanted->count == 0) return DNI_OK;
  if (wanted->dataset->examples->content.callbacks.fetch) return fetch(wanted, x, y);
  if (x) DNI_TRY(copy_x(wanted, x));
  if (y) copy_y(wanted, y);
  return DNI_OK;
}

dni_status dni_dataset_batch(const dni_dataset *dataset, size_t first, dni_matrix *x,
                             dni_matrix *y) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(dataset);
  if (!x && !y) return dni__fail(DNI_ERROR_ARGUMENT, "batch: x and y are both NULL");
  size_t rows = x ? x->rows : y->rows;
  DNI_TRY(check_matrices(dataset, rows, x, y));
  if (first > dataset->count || rows > dataset->count - first)
    return dni__fail(DNI_ERROR_ARGUMENT, "batch of %zu examples from %zu: there are %zu", rows,
                     first, dataset->count);
  return copy_out(&(selection){dataset, NULL, first, rows}, x, y);
}

dni_status dni_dataset_gather(const dni_dataset *dataset, const size_t *indices, size_t count,
                              dni_matrix *x, dni_matrix *y) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(dataset);
  if (!x && !y) return dni__fail(DNI_ERROR_ARGUMENT, "gather: x and y are both NULL");
  if (count > 0) DNI_REQUIRE(indices);
  DNI_TRY(check_matrices(dataset, count, x, y));
  for (size_t i = 0; i < count; i++)
    if (indices[i] >= dataset->count)
      return dni__fail(DNI_ERROR_ARGUMENT, "gather: indices[%zu] is %zu, there are %zu examples", i,
                       indices[i], dataset->count);
  return copy_out(&(selection){dataset, indices, 0, count}, x, y);
}

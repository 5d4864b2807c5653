/* Data sets from the caller's memory, copied or borrowed. */
#include <string.h>

#include "data/dataset.h"

static dni_status check_mode(int32_t mode) {
  if (mode != DNI_DATA_COPY && mode != DNI_DATA_BORROW)
    return dni__fail(DNI_ERROR_ARGUMENT, "mode %d is neither copy nor borrow", (int)mode);
  return DNI_OK;
}

static dni_status check_shape(dni_dtype dtype, const dni_matrix *view, const char *name) {
  DNI_TRY(dni__matrix_check(view, dtype, view->columns, name));
  if (view->rows == 0 || view->columns == 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s has %zu rows and %zu columns; both must be 1 or more",
                     name, view->rows, view->columns);
  return DNI_OK;
}

static dni_status check_finite(const dni_matrix *view, const char *name) {
  size_t row, column;
  if (!dni__matrix_finite(view, &row, &column))
    return dni__fail(DNI_ERROR_DATA, "%s: row %zu, column %zu is not finite (%g)", name, row,
                     column, dni__matrix_get(view, row, column));
  return DNI_OK;
}

static dni_status check_labels(const int32_t *labels, size_t count, size_t classes) {
  for (size_t i = 0; i < count; i++)
    if (labels[i] < 0 || (size_t)labels[i] >= classes)
      return dni__fail(DNI_ERROR_DATA, "labels: row %zu is %d, expected 0 to %zu", i,
                       (int)labels[i], classes - 1);
  return DNI_OK;
}

/* *own = `given` itself, or a contiguous copy of it. */
static dni_status keep(dni__memory *memory, const dni_matrix *given, int32_t mode,
                       dni_matrix *own) {
  *own = *given;
  if (mode == DNI_DATA_BORROW) return DNI_OK;
  size_t elements = given->rows * given->columns; /* fits: the view was checked */
  void *data = dni__allocate(memory, elements, dni__dtype_size(given->dtype));
  *own = dni__matrix_make(data, given->rows, given->columns, given->dtype);
  if (!data) return DNI_ERROR_MEMORY;
  dni__matrix_copy(given, own);
  return DNI_OK;
}

/* Fill `content` and make the data set; exactly one of y and labels is given. */
static dni_status create(dni_context *context, const dni_matrix *x, const dni_matrix *y,
                         const int32_t *labels, size_t classes, int32_t mode, dni_dataset **out) {
  dni__memory *memory = context->memory;
  dni__content content = {.classes = classes, .borrowed = mode == DNI_DATA_BORROW};
  dni_status status = keep(memory, x, mode, &content.x);
  if (status == DNI_OK && y) status = keep(memory, y, mode, &content.y);
  if (status == DNI_OK && labels) {
    content.labels = dni__allocate(memory, x->rows, sizeof *labels);
    if (!content.labels) status = DNI_ERROR_MEMORY;
  }
  if (status != DNI_OK) {
    dni__content_free(memory, &content);
    return status;
  }
  if (labels) memcpy(content.labels, labels, x->rows * sizeof *labels);
  return dni__dataset_create(context, &content, out);
}

dni_status dni_dataset_create_memory(dni_context *context, const dni_matrix *x, const dni_matrix *y,
                                     int32_t mode, dni_dataset **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(x);
  DNI_REQUIRE(y);
  DNI_REQUIRE(out);
  DNI_TRY(check_mode(mode));
  DNI_TRY(check_shape(context->dtype, x, "x"));
  DNI_TRY(check_shape(context->dtype, y, "y"));
  DNI_TRY(dni__matrix_check_rows(y, context->dtype, x->rows, y->columns, "y"));
  DNI_TRY(check_finite(x, "x"));
  DNI_TRY(check_finite(y, "y"));
  return create(context, x, y, NULL, 0, mode, out);
}

dni_status dni_dataset_create_labels(dni_context *context, const dni_matrix *x,
                                     const int32_t *labels, size_t classes, int32_t mode,
                                     dni_dataset **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(x);
  DNI_REQUIRE(labels);
  DNI_REQUIRE(out);
  DNI_TRY(check_mode(mode));
  DNI_TRY(check_shape(context->dtype, x, "x"));
  if (classes == 0) return dni__fail(DNI_ERROR_ARGUMENT, "classes is 0");
  DNI_TRY(check_finite(x, "x"));
  DNI_TRY(check_labels(labels, x->rows, classes));
  return create(context, x, NULL, labels, classes, mode, out);
}

/* Data sets of the caller's memory, copied or borrowed. */
#include <string.h>

#include "data/dataset.h"

#define NAME "dni_memory_options"

/* Checking. ------------------------------------------------------------------------------------ */

/* *known = the options, or what no options mean. */
static dni_status copy_options(const dni_memory_options *options, dni_memory_options *known) {
  *known = (dni_memory_options){.struct_size = sizeof *known};
  if (options) DNI_TRY(dni__options_copy(DNI__OPTIONS(known, options, dni_memory_options)));
  if (known->flags & ~(DNI_DATA_BORROW | DNI_DATA_UNCHECKED))
    return dni__fail(DNI_ERROR_ARGUMENT, NAME ": flags are %d, of which some are unknown",
                     (int)known->flags);
  if (known->destroy && !(known->flags & DNI_DATA_BORROW))
    return dni__fail(DNI_ERROR_ARGUMENT,
                     NAME ": destroy is for memory that is kept, with DNI_DATA_BORROW");
  return DNI_OK;
}

static dni_status check_shape(const dni_matrix *view, dni_dtype dtype, const char *name) {
  DNI_TRY(dni__matrix_check(view, dtype, view->columns, name));
  if (view->rows == 0 || view->columns == 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s has %zu rows and %zu columns; both must be 1 or more",
                     name, view->rows, view->columns);
  return DNI_OK;
}

static dni_status check_shapes(dni_dtype dtype, const dni_matrix *x, const dni_matrix *y) {
  DNI_TRY(check_shape(x, x->dtype == DNI_U8 ? DNI_U8 : dtype, "x"));
  dni_dtype y_dtype = dni__is_labels(y) ? DNI_I32 : dtype;
  DNI_TRY(check_shape(y, y_dtype, "y"));
  return dni__matrix_check_rows(y, y_dtype, x->rows, dni__is_labels(y) ? 1 : y->columns, "y");
}

static dni_status check_finite(const dni_matrix *view, const char *name) {
  size_t row, column;
  if (!dni__matrix_finite(view, &row, &column))
    return dni__fail(DNI_ERROR_DATA, "%s: row %zu, column %zu is not finite (%g)", name, row,
                     column, dni__matrix_get(view, row, column));
  return DNI_OK;
}

/* Nothing may overflow when it is scaled. */
static dni_status check_scaled(const dni__content *content, const dni_matrix *x) {
  for (size_t r = 0; r < x->rows; r++)
    for (size_t c = 0; c < x->columns; c++) {
      double value = dni__matrix_get(x, r, c);
      if (!dni__data_fits(x->dtype, value * content->factor + content->offset))
        return dni__fail(DNI_ERROR_DATA, "x: row %zu, column %zu: %g * %g + %g overflows", r, c,
                         value, content->factor, content->offset);
    }
  return DNI_OK;
}

static dni_status check_numbers(const dni__content *content, dni_dtype dtype, const dni_matrix *x,
                                const dni_matrix *y, bool unchecked) {
  if (x->dtype == DNI_U8) DNI_TRY(dni__content_check_bytes(content, dtype, NAME));
  if (unchecked) return DNI_OK;
  if (x->dtype != DNI_U8) {
    DNI_TRY(check_finite(x, "x"));
    if (content->scaled) DNI_TRY(check_scaled(content, x));
  }
  return dni__is_labels(y) ? DNI_OK : check_finite(y, "y");
}

/* *classes: how many there may be, 0 for as many as there are; then how many there are. They are
 * always checked: a label is a place in memory. */
static dni_status check_labels(const dni_matrix *y, size_t *classes) {
  int32_t largest = 0;
  for (size_t r = 0; r < y->rows; r++) {
    int32_t label = ((const int32_t *)y->data)[r * y->stride];
    if (label < 0)
      return dni__fail(DNI_ERROR_DATA, "y: row %zu: label %d is negative", r, (int)label);
    if (*classes > 0 && (size_t)label >= *classes)
      return dni__fail(DNI_ERROR_DATA, "y: row %zu is %d, expected 0 to %zu", r, (int)label,
                       *classes - 1);
    if (label > largest) largest = label;
  }
  if (*classes == 0) *classes = (size_t)largest + 1;
  return DNI_OK;
}

static dni_status check_classes(const dni_matrix *y, size_t *classes) {
  if (dni__is_labels(y)) return check_labels(y, classes);
  if (*classes == 0) return DNI_OK;
  return dni__fail(DNI_ERROR_ARGUMENT, NAME ": %zu classes, but y are numbers and not labels",
                   *classes);
}

/* Keeping. ------------------------------------------------------------------------------------- */

/* *own = `given` itself, or a contiguous copy of it. */
static dni_status keep(dni__memory *memory, const dni_matrix *given, bool borrow, dni_matrix *own) {
  *own = *given;
  if (borrow) return DNI_OK;
  size_t elements = given->rows * given->columns; /* fits: the view was checked */
  void *data = dni__allocate(memory, elements, dni__dtype_size(given->dtype));
  *own = dni__matrix_make(data, given->rows, given->columns, given->dtype);
  if (!data) return DNI_ERROR_MEMORY;
  dni__matrix_copy(given, own);
  return DNI_OK;
}

static dni_status keep_labels(dni__memory *memory, const dni_matrix *y, dni__content *content) {
  content->labels = dni__allocate(memory, y->rows, sizeof *content->labels);
  if (!content->labels) return DNI_ERROR_MEMORY;
  dni_matrix own = dni__matrix_make(content->labels, y->rows, 1, DNI_I32);
  dni__matrix_copy(y, &own);
  return DNI_OK;
}

static dni_status create(dni_context *context, const dni_matrix *x, const dni_matrix *y,
                         dni__content *content, dni_dataset **out) {
  dni__memory *memory = context->memory;
  dni_status status = keep(memory, x, content->borrowed, &content->x);
  if (status == DNI_OK)
    status = dni__is_labels(y) ? keep_labels(memory, y, content)
                               : keep(memory, y, content->borrowed, &content->y);
  if (status == DNI_OK) return dni__dataset_create(context, content, out);
  dni__content_free(memory, content);
  return status;
}

dni_status dni_dataset_create_memory(dni_context *context, const dni_matrix *x, const dni_matrix *y,
                                     const dni_memory_options *options, dni_dataset **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(x);
  DNI_REQUIRE(y);
  DNI_REQUIRE(out);
  dni_memory_options known;
  DNI_TRY(copy_options(options, &known));
  DNI_TRY(check_shapes(context->dtype, x, y));
  dni__content content = {.classes = known.classes, .destroy = known.destroy, .user = known.user};
  content.borrowed = known.flags & DNI_DATA_BORROW;
  DNI_TRY(dni__content_scale(&content, known.scaled, known.factor, known.offset, NAME));
  DNI_TRY(check_numbers(&content, context->dtype, x, y, known.flags & DNI_DATA_UNCHECKED));
  DNI_TRY(check_classes(y, &content.classes));
  return create(context, x, y, &content, out);
}

/* Views: filling them in, checking them, moving rows between them. */
#include <math.h>
#include <string.h>

#include "core/real.h"

static void view_init(dni_matrix *view, const void *data, size_t rows, size_t columns,
                      size_t stride, dni_dtype dtype) {
  if (!view) return;
  void *writable;
  memcpy(&writable, &data, sizeof writable); /* a view does not say whether it is written */
  *view = (dni_matrix){writable, rows, columns, stride, dtype, 0};
}

void dni_matrix_init_f32(dni_matrix *view, const float *data, size_t rows, size_t columns) {
  view_init(view, data, rows, columns, columns, DNI_F32);
}

void dni_matrix_init_f64(dni_matrix *view, const double *data, size_t rows, size_t columns) {
  view_init(view, data, rows, columns, columns, DNI_F64);
}

void dni_matrix_init_labels(dni_matrix *view, const int32_t *labels, size_t rows) {
  view_init(view, labels, rows, 1, 1, DNI_I32);
}

void dni_matrix_init_u8(dni_matrix *view, const uint8_t *data, size_t rows, size_t columns) {
  view_init(view, data, rows, columns, columns, DNI_U8);
}

void dni_matrix_init_strided_f32(dni_matrix *view, const float *data, size_t rows, size_t columns,
                                 size_t stride) {
  view_init(view, data, rows, columns, stride, DNI_F32);
}

void dni_matrix_init_strided_f64(dni_matrix *view, const double *data, size_t rows, size_t columns,
                                 size_t stride) {
  view_init(view, data, rows, columns, stride, DNI_F64);
}

size_t dni__dtype_size(dni_dtype dtype) {
  switch (dtype) {
  case DNI_F32:
    return sizeof(float);
  case DNI_F64:
    return sizeof(double);
  case DNI_BF16:
    return sizeof(uint16_t);
  case DNI_U8:
    return sizeof(uint8_t);
  case DNI_I32:
    return sizeof(int32_t);
  default:
    return 0;
  }
}

bool dni__dtype_has_matrices(dni_dtype dtype) {
  return dtype != DNI_BF16 && dni__dtype_size(dtype) > 0;
}

bool dni__dtype_is_real(dni_dtype dtype) {
  return dtype == DNI_F32 || dtype == DNI_F64;
}

const char *dni__dtype_name(dni_dtype dtype) {
  static const char *const names[] = {"unknown", "float", "double", "bfloat16",
                                      "float16", "uint8", "int32"};
  return dtype < DNI_F32 || dtype > DNI_I32 ? names[0] : names[dtype];
}

/* What the ABI gives an element in a struct or an array; i386 gives a double 4 bytes. */
static size_t element_alignment(dni_dtype dtype) {
  struct in_struct {
    char before;
    double number;
  };
  return dtype == DNI_F64 ? offsetof(struct in_struct, number) : dni__dtype_size(dtype);
}

/* Everything that must hold before memory may be touched. */
static dni_status check_memory(const dni_matrix *view, const char *name) {
  size_t size = dni__dtype_size(view->dtype), elements, bytes;
  if (view->reserved != 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: reserved is not 0; was the view initialised?", name);
  if (view->stride < view->columns)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s has stride %zu, less than its %zu columns", name,
                     view->stride, view->columns);
  if (!view->data && view->rows > 0 && view->columns > 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: data is NULL", name);
  if ((uintptr_t)view->data % element_alignment(view->dtype) != 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: data is not aligned to its element type", name);
  if (!dni__multiply(view->rows, view->stride, &elements) ||
      !dni__multiply(elements, size, &bytes) || bytes > PTRDIFF_MAX)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: %zu rows of stride %zu do not fit in memory", name,
                     view->rows, view->stride);
  return DNI_OK;
}

dni_status dni__matrix_check(const dni_matrix *view, dni_dtype dtype, size_t columns,
                             const char *name) {
  if (!view) return dni__fail(DNI_ERROR_ARGUMENT, "%s is NULL", name);
  if (view->dtype != dtype)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s holds %s elements, expected %s", name,
                     dni__dtype_name(view->dtype), dni__dtype_name(dtype));
  if (view->columns != columns)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s has %zu columns, expected %zu", name, view->columns,
                     columns);
  return check_memory(view, name);
}

dni_status dni__matrix_check_rows(const dni_matrix *view, dni_dtype dtype, size_t rows,
                                  size_t columns, const char *name) {
  DNI_TRY(dni__matrix_check(view, dtype, columns, name));
  if (view->rows != rows)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s has %zu rows, expected %zu", name, view->rows, rows);
  return DNI_OK;
}

dni_matrix dni__matrix_make(void *data, size_t rows, size_t columns, dni_dtype dtype) {
  return (dni_matrix){data, rows, columns, columns, dtype, 0};
}

static void *element(const dni_matrix *view, size_t row, size_t column) {
  size_t offset = (row * view->stride + column) * dni__dtype_size(view->dtype);
  return (unsigned char *)view->data + offset;
}

void *dni__matrix_row(const dni_matrix *view, size_t row) {
  return view->data ? element(view, row, 0) : NULL;
}

dni_matrix dni__matrix_rows(const dni_matrix *view, size_t first, size_t rows) {
  dni_matrix part = *view;
  part.rows = rows;
  part.data = dni__matrix_row(view, first);
  return part;
}

dni_matrix dni__matrix_columns(const dni_matrix *view, size_t first, size_t columns) {
  dni_matrix part = *view;
  part.columns = columns;
  if (view->data) part.data = element(view, 0, first);
  return part;
}

void dni__matrix_copy(const dni_matrix *from, const dni_matrix *to) {
  size_t bytes = from->columns * dni__dtype_size(from->dtype);
  if (bytes == 0) return;
  for (size_t row = 0; row < from->rows; row++)
    memcpy(element(to, row, 0), element(from, row, 0), bytes);
}

/* Whether an element of one is in the memory of the other. Rows of both come in rising order, so
 * one walk along them is enough. */
static bool overlap(const dni_matrix *a, const dni_matrix *b) {
  size_t bytes = a->columns * dni__dtype_size(a->dtype), i = 0, j = 0;
  while (bytes > 0 && i < a->rows && j < b->rows) {
    uintptr_t in_a = (uintptr_t)element(a, i, 0), in_b = (uintptr_t)element(b, j, 0);
    if (in_a + bytes <= in_b)
      i++;
    else if (in_b + bytes <= in_a)
      j++;
    else
      return true;
  }
  return false;
}

dni_status dni_matrix_copy(const dni_matrix *from, dni_matrix *to) {
  DNI_REQUIRE(from);
  DNI_REQUIRE(to);
  if (!dni__dtype_has_matrices(from->dtype))
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "from holds elements of type %d (%s), which has no use yet", (int)from->dtype,
                     dni__dtype_name(from->dtype));
  DNI_TRY(dni__matrix_check(from, from->dtype, from->columns, "from"));
  DNI_TRY(dni__matrix_check_rows(to, from->dtype, from->rows, from->columns, "to"));
  if (overlap(from, to)) return dni__fail(DNI_ERROR_ARGUMENT, "from and to overlap");
  dni__matrix_copy(from, to);
  return DNI_OK;
}

double dni__matrix_get(const dni_matrix *view, size_t row, size_t column) {
  const void *at = element(view, row, column);
  switch (view->dtype) {
  case DNI_F32:
    return dni__real_widen(*(const float *)at);
  case DNI_F64:
    return *(const double *)at;
  case DNI_U8:
    return *(const uint8_t *)at;
  default:
    return *(const int32_t *)at;
  }
}

void dni__matrix_set(const dni_matrix *view, size_t row, size_t column, double value) {
  void *at = element(view, row, column);
  if (view->dtype == DNI_F32)
    *(float *)at = (float)value;
  else
    *(double *)at = value;
}

/* Of all bits of the exponents: whole loops over a row, which compilers turn into vectors. */
static bool floats_finite(const float *values, size_t count) {
  uint32_t found = 0;
  for (size_t c = 0; c < count; c++) {
    uint32_t bits;
    memcpy(&bits, &values[c], sizeof bits);
    found |= (bits & UINT32_C(0x7f800000)) == UINT32_C(0x7f800000);
  }
  return found == 0;
}

static bool doubles_finite(const double *values, size_t count) {
  uint64_t found = 0;
  for (size_t c = 0; c < count; c++) {
    uint64_t bits;
    memcpy(&bits, &values[c], sizeof bits);
    found |= (bits & UINT64_C(0x7ff0000000000000)) == UINT64_C(0x7ff0000000000000);
  }
  return found == 0;
}

static bool row_finite(const dni_matrix *view, size_t row) {
  const void *data = dni__matrix_row(view, row);
  if (view->dtype == DNI_F32) return floats_finite(data, view->columns);
  if (view->dtype == DNI_F64) return doubles_finite(data, view->columns);
  return true;
}

bool dni__matrix_finite(const dni_matrix *view, size_t *row, size_t *column) {
  for (size_t r = 0; r < view->rows; r++) {
    if (row_finite(view, r)) continue;
    size_t c = 0;
    while (isfinite(dni__matrix_get(view, r, c)))
      c++;
    *row = r;
    *column = c;
    return false;
  }
  return true;
}

/* dni_matrix: a view of the caller's memory. It owns nothing. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_MATRIX_H
#define DNI_MATRIX_H

/* Element types. */
typedef int32_t dni_dtype;

enum {
  DNI_F32 = 1, /* float */
  DNI_F64 = 2  /* double */
};

/* A row-major matrix: element (r, c) is data[r * stride + c]. This layout is frozen.
 *
 * Calls take `const dni_matrix *` for inputs and outputs alike: the view is not changed, and what a
 * call writes through `data` its comment says. Memory must stay valid for the duration of the call
 * only, except where a comment says it is kept. Outputs must not overlap inputs unless a comment
 * allows it. A matrix with 0 rows is valid wherever a batch is expected and means an empty batch
 * unless a call says otherwise; data may then be NULL. */
typedef struct dni_matrix {
  void *data;
  size_t rows;
  size_t columns;
  size_t stride;    /* elements from one row to the next; at least columns */
  dni_dtype dtype;  /* DNI_F32 or DNI_F64 */
  int32_t reserved; /* 0 */
} dni_matrix;

/* Fill in a view of contiguous rows (stride = columns). Cannot fail: a bad view is refused by the
 * call that receives it. `data` is const so that read-only memory can be viewed as an input; do
 * not give such a view to a call that writes it. NULL view: no effect. */
DNI_API void dni_matrix_init_f32(dni_matrix *view, const float *data, size_t rows, size_t columns);
DNI_API void dni_matrix_init_f64(dni_matrix *view, const double *data, size_t rows, size_t columns);

/* The same with `stride` elements between the starts of rows, for a part of a wider matrix. */
DNI_API void dni_matrix_init_strided_f32(dni_matrix *view, const float *data, size_t rows,
                                         size_t columns, size_t stride);
DNI_API void dni_matrix_init_strided_f64(dni_matrix *view, const double *data, size_t rows,
                                         size_t columns, size_t stride);

#endif

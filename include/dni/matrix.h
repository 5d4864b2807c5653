/** \file
 * dni_matrix: a view of the caller's memory. It owns nothing. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_MATRIX_H
#define DNI_MATRIX_H

/** The type of the elements of a matrix. */
typedef int32_t dni_dtype;

enum {
  DNI_F32 = 1,  /**< float. */
  DNI_F64 = 2,  /**< double. */
  DNI_BF16 = 3, /**< 16-bit brain floats: for options that name them; no matrix has them. */
  DNI_F16 = 4,  /**< Reserved for 16-bit IEEE floats. Refused: DNI_ERROR_ARGUMENT. */
  DNI_U8 = 5,   /**< uint8_t: pixels in a data set. */
  DNI_I32 = 6   /**< int32_t: class labels, [rows][1]. */
};

/** A row-major matrix: element (r, c) is data[r * stride + c]. One row is one example.
 *
 * A call that takes `const dni_matrix *` only reads the elements. A call that takes `dni_matrix *`
 * may write them; it never changes the view itself. The memory has to stay valid during the call,
 * unless the comment says that it is kept. Outputs must not overlap inputs unless the comment
 * allows it. A matrix of 0 rows is an empty batch; its data may be NULL. */
typedef struct dni_matrix {
  void *data;       /**< The first element. */
  size_t rows;      /**< How many rows. */
  size_t columns;   /**< How many columns. */
  size_t stride;    /**< Elements from one row to the next; at least columns. */
  dni_dtype dtype;  /**< The type of the elements. */
  int32_t reserved; /**< 0. */
} dni_matrix;

/** Fill in a view of floats whose rows follow each other without gaps.
 *
 * It cannot fail: a bad view is refused by the call that is given it. `data` is const so that
 * read-only memory can be viewed as an input; do not give such a view to a call that writes it.
 * Nothing happens if `view` is NULL. */
DNI_API void dni_matrix_init_f32(dni_matrix *view, const float *data, size_t rows, size_t columns);

/** The same for doubles. */
DNI_API void dni_matrix_init_f64(dni_matrix *view, const double *data, size_t rows, size_t columns);

/** The same for class labels: a view [rows][1] of DNI_I32. */
DNI_API void dni_matrix_init_labels(dni_matrix *view, const int32_t *labels, size_t rows);

/** The same for bytes. */
DNI_API void dni_matrix_init_u8(dni_matrix *view, const uint8_t *data, size_t rows, size_t columns);

/** Fill in a view of floats with `stride` elements between the starts of rows: a part of a wider
 * matrix. */
DNI_API void dni_matrix_init_strided_f32(dni_matrix *view, const float *data, size_t rows,
                                         size_t columns, size_t stride);

/** The same for doubles. */
DNI_API void dni_matrix_init_strided_f64(dni_matrix *view, const double *data, size_t rows,
                                         size_t columns, size_t stride);

/** Copy the elements of `from` into `to`, whatever the strides.
 *
 * Both have the same shape and element type. They must not overlap.
 * - DNI_ERROR_ARGUMENT: NULL, a bad view, or shapes or types that differ. Nothing is written. */
DNI_API DNI_MUST_USE dni_status dni_matrix_copy(const dni_matrix *from, dni_matrix *to);

/** A batch of examples. Set struct_size, then the fields that are wanted; leave the rest 0. */
typedef struct dni_batch {
  size_t struct_size;  /**< sizeof(dni_batch). */
  const dni_matrix *x; /**< [rows][inputs] of the context's element type. */
  const dni_matrix *y; /**< [rows][outputs] of the same type, or labels [rows][1] of DNI_I32. */
  const dni_matrix *weights; /**< [rows][1], the weight of each example; NULL: 1 each. */
} dni_batch;

#endif

/* dni_dataset: examples x with targets y, in an order that can be shuffled. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_DATASET_H
#define DNI_DATASET_H

typedef struct dni_dataset dni_dataset;

/* What happens to the caller's memory. */
enum {
  DNI_DATA_COPY = 0,  /* copied during the call */
  DNI_DATA_BORROW = 1 /* kept: must stay valid and unchanged as long as data set and splits */
};

/* From the caller's memory: x [examples][features], y [examples][targets], of the context's
 * element type.
 *
 *   DNI_ERROR_ARGUMENT     NULL, no rows or columns, different numbers of rows, another element
 *                          type, unknown mode
 *   DNI_ERROR_DATA         NaN or infinity; the message names row and column
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_dataset_create_memory(dni_context *context, const dni_matrix *x,
                                                          const dni_matrix *y, int32_t mode,
                                                          dni_dataset **out);

/* The same with class labels 0 .. classes-1, one per row of x; `labels` are always copied, and
 * handed out as one-hot rows.
 *
 *   DNI_ERROR_ARGUMENT     as dni_dataset_create_memory; classes = 0
 *   DNI_ERROR_DATA         NaN or infinity, a label out of range; the message names the row
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_dataset_create_labels(dni_context *context, const dni_matrix *x,
                                                          const int32_t *labels, size_t classes,
                                                          int32_t mode, dni_dataset **out);

/* From IDX files of unsigned bytes, plain or gzip (told apart by content): images of any rank >=
 * 2, whose trailing dimensions are flattened, and labels of rank 1. Pixels are multiplied by
 * `scale` (1.0 / 255 gives [0, 1]). classes = 0: one more than the largest label. Messages name
 * the file. Sizes are believed only as far as the file backs them: a header that claims 2^31
 * items does not allocate them.
 *
 *   DNI_ERROR_ARGUMENT     NULL, scale not finite
 *   DNI_ERROR_IO           a file cannot be opened or read
 *   DNI_ERROR_DATA         empty, truncated, trailing bytes, wrong magic, corrupt gzip, sizes
 *                          that overflow or exceed what the file holds, different counts, a
 *                          label out of range
 *   DNI_ERROR_UNSUPPORTED  IDX of another element type
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_dataset_create_idx(dni_context *context,
                                                       const char *images_path,
                                                       const char *labels_path, double scale,
                                                       size_t classes, dni_dataset **out);

/* How to read a CSV file. Zero means default. */
typedef struct dni_csv_options {
  size_t struct_size; /* sizeof(dni_csv_options) */
  size_t classes; /* > 0: one target column of labels 0 .. classes-1, made one-hot; 0: numbers */
  size_t target_columns; /* 0: 1; must be 1 if classes > 0 */
  int32_t targets_first; /* 0: the targets are the last columns; 1: the first */
  int32_t header_lines;  /* lines to skip */
  int32_t separator;     /* a character; 0: comma */
  int32_t reserved;      /* 0 */
} dni_csv_options;

/* From a CSV file of numbers (plain or gzip), one example per line; spaces around numbers, empty
 * lines and CR LF are accepted. Decimal points are always '.', whatever the locale. options may
 * be NULL.
 *
 *   DNI_ERROR_ARGUMENT     NULL path, bad options
 *   DNI_ERROR_IO
 *   DNI_ERROR_DATA         no rows, ragged rows, text, NaN or infinity, a label out of range;
 *                          the message names file, line and column
 *   DNI_ERROR_UNSUPPORTED  unknown non-zero options
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_dataset_create_csv(dni_context *context, const char *path,
                                                       const dni_csv_options *options,
                                                       dni_dataset **out);

/* The paper's artificial problems (Appendix D): x ~ N(0, I). Labels: */
enum {
  DNI_ARTIFICIAL_LINEAR = 1, /* the side of a random hyperplane through the origin */
  DNI_ARTIFICIAL_NOISY = 2,  /* the same, then 10 % of the labels (rounded down) swapped */
  DNI_ARTIFICIAL_RANDOM = 3  /* a fair coin */
};

/* classes = 2: y is one-hot [examples][2]; classes = 1: y is one column of 0 or 1 (for a sigmoid
 * output). Draws from a stream of its own.
 *
 *   DNI_ERROR_ARGUMENT     NULL, unknown kind, a size of 0, classes neither 1 nor 2
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_dataset_create_artificial(dni_context *context, int32_t kind,
                                                              size_t dimensions, size_t examples,
                                                              size_t classes, dni_dataset **out);

/* Cut the current order in two: the first `count` examples and the rest. Both parts keep and
 * share the examples of `dataset`, and have orders of their own. Shuffle first for a random
 * split.
 *
 *   DNI_ERROR_ARGUMENT     NULL, count 0 or not below the number of examples
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_dataset_split(dni_dataset *dataset, size_t count,
                                                  dni_dataset **first, dni_dataset **second);

DNI_API void dni_dataset_retain(dni_dataset *dataset);
DNI_API void dni_dataset_release(dni_dataset *dataset);

/* Sizes; 0 for NULL. classes: 0 if the targets are numbers. */
DNI_API size_t dni_dataset_examples(const dni_dataset *dataset);
DNI_API size_t dni_dataset_features(const dni_dataset *dataset);
DNI_API size_t dni_dataset_targets(const dni_dataset *dataset);
DNI_API size_t dni_dataset_classes(const dni_dataset *dataset);

/* x = x * factor + offset for all examples this data set owns; splits made from it see it too.
 *
 *   DNI_ERROR_ARGUMENT     NULL, values not finite
 *   DNI_ERROR_STATE        the memory is borrowed, or the data set is a split
 *   DNI_ERROR_DATA         a result would overflow; nothing changed */
DNI_API DNI_MUST_USE dni_status dni_dataset_scale(dni_dataset *dataset, double factor,
                                                  double offset);

/* Put the examples into a new random order (Fisher-Yates, from the data set's own stream), or
 * back into the order they came in.
 *
 *   DNI_ERROR_ARGUMENT     NULL */
DNI_API DNI_MUST_USE dni_status dni_dataset_shuffle(dni_dataset *dataset);
DNI_API DNI_MUST_USE dni_status dni_dataset_unshuffle(dni_dataset *dataset);

/* Copy examples first .. first+rows-1 of the current order into x [rows][features] and y
 * [rows][targets]; either may be NULL, rows are taken from the other. Nothing is allocated.
 *
 *   DNI_ERROR_ARGUMENT     both NULL, out of range, shapes or types that do not fit */
DNI_API DNI_MUST_USE dni_status dni_dataset_batch(const dni_dataset *dataset, size_t first,
                                                  const dni_matrix *x, const dni_matrix *y);

/* The same for class labels, into labels[0 .. count-1].
 *
 *   DNI_ERROR_ARGUMENT     NULL, out of range
 *   DNI_ERROR_STATE        the targets are not classes */
DNI_API DNI_MUST_USE dni_status dni_dataset_labels(const dni_dataset *dataset, size_t first,
                                                   size_t count, int32_t *labels);

#endif

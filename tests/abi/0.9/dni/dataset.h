/** \file
 * dni_dataset: examples x with targets y. It does not change after creation: any number of
 * trainers and threads may read one at once. The order in which examples are used belongs to the
 * trainer. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_DATASET_H
#define DNI_DATASET_H

/** What happens to the caller's memory; bits that are added. */
typedef int32_t dni_data_flags;

enum {
  DNI_DATA_COPY = 0,     /**< The examples are copied during the call. */
  DNI_DATA_BORROW = 1,   /**< The memory is kept: it must stay valid and unchanged. */
  DNI_DATA_UNCHECKED = 2 /**< Elements are not looked at for NaN and infinity: for large files. */
};

/** How to make a data set of memory. Zero means default. */
typedef struct dni_memory_options {
  size_t struct_size;   /**< sizeof(dni_memory_options). */
  dni_data_flags flags; /**< DNI_DATA_ bits. */
  int32_t scaled;       /**< 1: x becomes factor * x + offset in batches. */
  double factor;        /**< Used if scaled is 1; finite. */
  double offset;        /**< Used if scaled is 1; finite. */
  size_t classes;       /**< For labels: how many classes; 0: one more than the largest label. */
  dni_destroy_callback destroy; /**< With BORROW: called when nothing uses the memory; or NULL. */
  void *user;                   /**< Handed to destroy. */
} dni_memory_options;

/** A data set of the caller's memory.
 *
 * x [examples][features] is of the context's element type or DNI_U8; bytes are kept as bytes and
 * become numbers when a batch is copied out. y is [examples][targets] of the context's element
 * type, or labels [examples][1] of DNI_I32, which are always copied. `options` may be NULL: copied,
 * not scaled.
 *
 * - DNI_ERROR_ARGUMENT: NULL, no rows or columns, different numbers of rows, another element type,
 *   unknown flags, a factor or an offset that is not finite, destroy without DNI_DATA_BORROW, a bad
 *   struct_size.
 * - DNI_ERROR_DATA: NaN or infinity, or a label out of range; the message names the row.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields.
 * - DNI_ERROR_MEMORY: no memory.
 *
 * After a failure destroy is not called. */
DNI_API DNI_MUST_USE dni_status dni_dataset_create_memory(dni_context *context, const dni_matrix *x,
                                                          const dni_matrix *y,
                                                          const dni_memory_options *options,
                                                          dni_dataset **out);

/** How to read IDX files. Zero means default. */
typedef struct dni_idx_options {
  size_t struct_size; /**< sizeof(dni_idx_options). */
  size_t classes;     /**< 0: one more than the largest label. */
  int32_t scaled;     /**< 0: x is byte / 255; 1: factor * byte + offset. */
  int32_t in_file;    /**< 1: images stay in the file, which must be plain; 0: in memory. */
  double factor;      /**< Used if scaled is 1; finite. */
  double offset;      /**< Used if scaled is 1; finite. */
} dni_idx_options;

/** A data set of two IDX files of unsigned bytes, plain or gzip, the format of MNIST.
 *
 * A gzip file may have several members. Zero bytes after them are padding; other bytes are refused.
 * Images have rank 2 or more; what follows the first dimension is flattened. Labels have rank 1.
 * The pixels stay bytes in memory. Sizes are believed only as far as the file backs them: a header
 * that claims 2^31 items does not allocate them. `options` may be NULL. Messages name the file.
 *
 * With in_file images are read from their file when a batch is copied out, for data larger than
 * memory. Sizes and length are checked here all the same. The file is kept open until the last
 * release and must not change meanwhile; its descriptor is the data set's own, and exec closes it.
 * Labels are always in memory.
 *
 * - DNI_ERROR_ARGUMENT: NULL, in_file is neither 0 nor 1, a factor or an offset that is not finite,
 *   a bad struct_size.
 * - DNI_ERROR_IO: a file cannot be opened or read.
 * - DNI_ERROR_DATA: empty, truncated, trailing bytes, a wrong beginning, corrupt gzip, sizes that
 *   overflow or exceed the file, different counts, a label out of range.
 * - DNI_ERROR_UNSUPPORTED: IDX of another element type; with in_file, images in gzip or in what is
 *   not a regular file; a zip, xz, zstd or bzip2 file; a library built with FILES=none; unknown
 *   non-zero fields.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_dataset_create_idx(dni_context *context,
                                                       const char *images_path,
                                                       const char *labels_path,
                                                       const dni_idx_options *options,
                                                       dni_dataset **out);

/** How to read a CSV file. Zero means default. */
typedef struct dni_csv_options {
  size_t struct_size;    /**< sizeof(dni_csv_options). */
  size_t classes;        /**< Above 0: one target column of labels below it; 0: numbers. */
  size_t target_columns; /**< 0: 1; must be 1 if classes is above 0. */
  size_t header_lines;   /**< Lines to skip. */
  int32_t targets_first; /**< 0: the targets are the last columns; 1: the first. */
  int32_t separator;     /**< A byte that is not part of a number, a quote or a line; 0: comma. */
} dni_csv_options;

/** A data set of a CSV file of numbers, plain or gzip, one example on each line.
 *
 * These are read: lines that end with LF, CR LF or CR, the last one also without an end; a UTF-8
 * byte-order mark; spaces and tabs around a field; quotes around a whole field; decimal numbers as
 * in "-1.5e3". The decimal point is always '.', whatever the locale. Empty lines are skipped, and
 * lines that begin with '#'. A tab or a space that is the separator separates and nothing else.
 *
 * Everything else is refused: empty fields, words for missing values, hexadecimal numbers,
 * separators of thousands, a separator at the end of a line, a header that `header_lines` does not
 * skip. `options` may be NULL.
 * - DNI_ERROR_ARGUMENT: NULL, bad options.
 * - DNI_ERROR_IO: the file cannot be opened or read.
 * - DNI_ERROR_DATA: no rows, rows of different length, text, NaN or infinity, a number beyond the
 *   element type, a label out of range: the message names file, line and column. UTF-16, a NUL
 *   byte, truncated or corrupt gzip, or other bytes after it.
 * - DNI_ERROR_UNSUPPORTED: a zip, xz, zstd or bzip2 file; a library built with FILES=none; unknown
 *   non-zero fields.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_dataset_create_csv(dni_context *context, const char *path,
                                                       const dni_csv_options *options,
                                                       dni_dataset **out);

/** Examples that the caller fetches. Set everything to 0, then the fields. The struct is copied. */
typedef struct dni_dataset_callbacks {
  size_t struct_size; /**< sizeof(dni_dataset_callbacks). */
  void *user;         /**< Handed to the functions. */
  size_t examples;    /**< How many examples there are; at least 1. */
  size_t features;    /**< The width of x. */
  size_t targets;     /**< The width of y; ignored if classes is above 0. */
  size_t classes;     /**< Above 0: y are labels below it. */
  /** Writes examples indices[0 .. count-1]: x [count][features] of the context's element type, and
   * y [count][targets] of the same type or labels [count][1] of DNI_I32. Either may be NULL. It
   * answers 0, or a status with which the call fails; see dni_fail(). It is called on the thread
   * that asks for the batch, by several at once if several use the data set. */
  dni_status(DNI_CALL *fetch)(void *user, const size_t *indices, size_t count, dni_matrix *x,
                              dni_matrix *y);
  dni_destroy_callback destroy; /**< Called with user at the last release; NULL: nothing to do. */
} dni_dataset_callbacks;

/** A data set of the caller's own function, for examples that are not in memory.
 *
 * - DNI_ERROR_ARGUMENT: NULL, a size of 0, fetch missing, a bad struct_size.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields.
 * - DNI_ERROR_MEMORY: no memory.
 *
 * After a failure destroy is not called. */
DNI_API DNI_MUST_USE dni_status dni_dataset_create_callback(dni_context *context,
                                                            const dni_dataset_callbacks *callbacks,
                                                            dni_dataset **out);

/** A data set of some of the examples of another, in the order of `indices` [count], which are
 * copied. It shares the examples. An index may come more than once.
 * - DNI_ERROR_ARGUMENT: NULL, count is 0, an index out of range.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_dataset_subset(dni_dataset *dataset, const size_t *indices,
                                                   size_t count, dni_dataset **out);

/** Cut a data set in two: `count` examples and the rest. Both share the examples.
 *
 * shuffle 0: the first `count` and the others. shuffle 1: a random choice, drawn from `options`. If
 * that is NULL, the choice is drawn from the data set's own stream, as dni_order_create() does: it
 * is the data set's first shuffled order, cut in two, and the same in each call.
 * - DNI_ERROR_ARGUMENT: NULL, count 0 or not below the number of examples, a bad struct_size.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_dataset_split(dni_dataset *dataset, size_t count,
                                                  int32_t shuffle,
                                                  const dni_random_options *options,
                                                  dni_dataset **first, dni_dataset **second);

/** Take a reference; answers `dataset`. NULL is allowed. Any thread. */
DNI_API dni_dataset *dni_dataset_retain(dni_dataset *dataset);

/** Give a reference back. NULL is allowed. Any thread. */
DNI_API void dni_dataset_release(dni_dataset *dataset);

/** How many examples there are; 0 for NULL. */
DNI_API size_t dni_dataset_examples(const dni_dataset *dataset);

/** The width of x; 0 for NULL. */
DNI_API size_t dni_dataset_features(const dni_dataset *dataset);

/** The width of y as numbers or one-hot rows; 0 for NULL. */
DNI_API size_t dni_dataset_targets(const dni_dataset *dataset);

/** How many classes there are; 0 if the targets are numbers, and for NULL. */
DNI_API size_t dni_dataset_classes(const dni_dataset *dataset);

/** Copy out examples first .. first + rows - 1: x [rows][features], and y [rows][targets] (labels
 * become one-hot rows) or labels [rows][1] of DNI_I32. Either may be NULL. Nothing is allocated, a
 * subset of a data set of the caller's apart. Several threads may call it at once.
 * - DNI_ERROR_ARGUMENT: both NULL, out of range, shapes or types that do not fit, labels of targets
 *   that are numbers.
 * - DNI_ERROR_DATA: a data set of the caller's gave a label out of range.
 * - DNI_ERROR_IO: images that stay in their file (in_file): reading failed, or the file has become
 *   shorter; the message has its path and the reason. x is then written in part.
 * - DNI_ERROR_MEMORY: no memory.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: fetch failed. */
DNI_API DNI_MUST_USE dni_status dni_dataset_batch(const dni_dataset *dataset, size_t first,
                                                  dni_matrix *x, dni_matrix *y);

/** Copy out examples indices[0 .. count-1] in the same way. */
DNI_API DNI_MUST_USE dni_status dni_dataset_gather(const dni_dataset *dataset,
                                                   const size_t *indices, size_t count,
                                                   dni_matrix *x, dni_matrix *y);

/** An order of 0 .. count - 1, which starts as it is and can be shuffled again and again.
 *
 * `options` may be NULL: the stream of the data set itself, so that a loop sees the orders that
 * dni_trainer_fit() uses by default.
 * - DNI_ERROR_ARGUMENT: NULL, a bad struct_size.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_order_create(const dni_dataset *dataset,
                                                 const dni_random_options *options,
                                                 dni_order **out);

/** Take a reference; answers `order`. NULL is allowed. Any thread. */
DNI_API dni_order *dni_order_retain(dni_order *order);

/** Give a reference back. NULL is allowed. Any thread. */
DNI_API void dni_order_release(dni_order *order);

/** Shuffle: each new order is equally likely (Fisher-Yates). One thread at a time.
 * - DNI_ERROR_ARGUMENT: NULL. */
DNI_API DNI_MUST_USE dni_status dni_order_shuffle(dni_order *order);

/** How many numbers say where an order stands. */
#define DNI_ORDER_STATE 5

/** Write where an order stands into state [count]: after dni_order_set_state() with these numbers,
 * an order of as many examples is the same, and so are all its later shuffles.
 * - DNI_ERROR_ARGUMENT: NULL, count is not DNI_ORDER_STATE. */
DNI_API DNI_MUST_USE dni_status dni_order_state(const dni_order *order, uint64_t *state,
                                                size_t count);

/** Put an order where another one stood. One thread at a time.
 * - DNI_ERROR_ARGUMENT: NULL, count is not DNI_ORDER_STATE, numbers that no order has; nothing
 *   changes. */
DNI_API DNI_MUST_USE dni_status dni_order_set_state(dni_order *order, const uint64_t *state,
                                                    size_t count);

/** The indices in their present order, as many as the data set has examples. Borrowed: valid as
 * long as the order, changed by the next shuffle. NULL for NULL. */
DNI_API const size_t *dni_order_indices(const dni_order *order);

#endif

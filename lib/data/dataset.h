/* What every data set holds, and the one way the kinds make one. Internal. */
#ifndef DNI_DATA_DATASET_H
#define DNI_DATA_DATASET_H

#include "core/context.h"
#include "core/manifest.h"
#include "data/row_file.h"

/* Examples in the order they came in. Those of the caller's function have no data and no labels
 * here, and x that stays in a file has no data: the matrices then tell sizes and types only. */
typedef struct dni__content {
  dni_matrix x;    /* [examples][features], of the context's element type or bytes */
  dni_matrix y;    /* [examples][targets] of numbers; data NULL if there are labels */
  int32_t *labels; /* [examples], each in 0 .. classes-1; NULL if the targets are numbers */
  size_t classes;  /* 0: the targets are numbers */
  bool borrowed;   /* x.data and y.data are the caller's */
  bool scaled;     /* in batches x becomes factor * x + offset; of bytes always */
  double factor, offset;
  dni__row_file *file;             /* of bytes: x stays in it; NULL: x is in memory */
  dni_dataset_callbacks callbacks; /* fetch NULL: the examples are in memory or the file */
  dni_destroy_callback destroy;    /* called with user at the end; or NULL */
  void *user;
} dni__content;

/* Make a data set of `content`, checked by the kind. The blocks in content belong to the data set
 * from now on; on failure they have been freed, and destroy has not been called. Takes a random
 * stream of the context. DNI_ERROR_MEMORY. */
dni_status dni__dataset_create(dni_context *context, const dni__content *content,
                               dni_dataset **out);

/* The blocks that are not the caller's; destroy is not called. */
void dni__content_free(dni__memory *memory, dni__content *content);

/* Options that say how x is scaled. DNI_ERROR_ARGUMENT: scaled is neither 0 nor 1, or factor or
 * offset are not finite; the message begins with `owner`. */
dni_status dni__content_scale(dni__content *content, int32_t scaled, double factor, double offset,
                              const char *owner);
/* Of bytes: whether all of them become finite numbers. DNI_ERROR_ARGUMENT. */
dni_status dni__content_check_bytes(const dni__content *content, dni_dtype dtype,
                                    const char *owner);

/* Whether `value` is finite and within the range of the element type. */
bool dni__data_fits(dni_dtype dtype, double value);

/* Examples with the references of the data sets that use them. */
typedef struct dni__examples {
  dni__references references;
  dni_context *context;
  dni__content content;
  void *bytes; /* [256] of the context's element type: what each byte becomes; NULL: no bytes */
} dni__examples;

struct dni_dataset {
  dni__references references;
  dni__examples *examples;
  size_t count;
  size_t *rows;       /* [count] rows of the examples; NULL: all of them as they are */
  dni__random random; /* the data set's own stream; it never moves on */
};

/* List where an order stands (order.c). */
void dni__order_list(dni_order *order, dni__manifest *manifest);

/* Shuffle indices [count]: each order is equally likely (Fisher-Yates). */
void dni__shuffle(dni__random *random, size_t *indices, size_t count);

#endif

/* What every data set holds, and the one way the kinds make one. Internal. */
#ifndef DNI_DATA_DATASET_H
#define DNI_DATA_DATASET_H

#include "core/context.h"

/* Examples in the order they came in. */
typedef struct dni__content {
  dni_matrix x;    /* [examples][features], contiguous unless borrowed */
  dni_matrix y;    /* [examples][targets] of numbers; data NULL if there are labels */
  int32_t *labels; /* [examples], each in 0 .. classes-1; NULL if the targets are numbers */
  size_t classes;  /* 0: the targets are numbers */
  bool borrowed;   /* x.data and y.data are the caller's */
} dni__content;

/* Make a data set of `content`, checked by the kind, in its first order. The blocks in content
 * belong to the data set from now on; on failure they have been freed. DNI_ERROR_MEMORY. */
dni_status dni__dataset_create(dni_context *context, const dni__content *content,
                               dni_dataset **out);

void dni__content_free(dni__memory *memory, dni__content *content);

/* Whether `value` is finite and within the range of the element type. */
bool dni__data_fits(dni_dtype dtype, double value);

#endif

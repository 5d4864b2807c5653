/* The table a kind of loss fills in. Internal. Rows are independent, so a kind is two functions of
 * one row per element type; lib/loss/loss.c walks the batch. */
#ifndef DNI_LOSS_LOSS_H
#define DNI_LOSS_LOSS_H

#include "core/context.h"
#include "math/kernels.h"

/* L_s of one row, as a double. delta [columns] is NULL or receives dL_s/dh; it may be h itself. */
typedef double (*dni__loss_row)(size_t columns, const void *h, const void *y, void *delta);

/* Whether one row is classified right. */
typedef bool (*dni__loss_correct)(const dni__kernels *kernels, const dni_matrix *h,
                                  const dni_matrix *y, size_t row);

typedef struct dni__loss_kind {
  const char *name;
  dni__loss_row row_f32, row_f64;
  dni__loss_correct correct;
} dni__loss_kind;

dni_status dni__loss_create(dni_context *context, const dni__loss_kind *kind, dni_loss **out);

/* The rules dni_loss_count_correct describes. */
bool dni__correct_largest(const dni__kernels *kernels, const dni_matrix *h, const dni_matrix *y,
                          size_t row);
bool dni__correct_sign(const dni__kernels *kernels, const dni_matrix *h, const dni_matrix *y,
                       size_t row);

#endif

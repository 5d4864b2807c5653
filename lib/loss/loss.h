/* The table a kind of loss fills in. Internal. Rows are independent, so the library's own kinds are
 * functions of one row; lib/loss/loss.c walks the batch. */
#ifndef DNI_LOSS_LOSS_H
#define DNI_LOSS_LOSS_H

#include "core/context.h"
#include "math/kernels.h"

/* What dni_loss_options make of a target: y' = keep * y + spread, and the factor of each column's
 * term. */
typedef struct dni__loss_terms {
  double keep, spread;
  const double *weights; /* [columns]; NULL: 1 each */
} dni__loss_terms;

/* L_s of one row, as a double. delta [columns] is NULL or receives dL_s/dh; it may be h itself. The
 * target is the row y [columns]; where y is NULL it is 1 in column `label` and 0 elsewhere. */
typedef double (*dni__loss_row)(size_t columns, const void *h, const void *y, size_t label,
                                void *delta);
/* The same with smoothed targets or weighted classes. */
typedef double (*dni__loss_terms_row)(size_t columns, const void *h, const void *y, size_t label,
                                      const dni__loss_terms *terms, void *delta);

/* Whether one row is classified right; y may be labels. */
typedef bool (*dni__loss_correct)(const dni__kernels *kernels, const dni_matrix *h,
                                  const dni_matrix *y, size_t row);

/* The functions of one element type. */
typedef struct dni__loss_rows {
  dni__loss_row dense;         /* `label` is not looked at */
  dni__loss_row labelled;      /* `y` is not looked at */
  dni__loss_terms_row general; /* used only for losses with options */
} dni__loss_rows;

typedef struct dni__loss_kind {
  dni_kind kind;
  const char *name;
  dni__loss_rows f32, f64;
  dni__loss_correct correct; /* NULL: it does not classify; callback losses have their own */
} dni__loss_kind;

struct dni_loss {
  dni__references references;
  dni_context *context;
  const dni__loss_kind *kind;
  double smoothing;
  double *class_weights; /* [class_count], ours; NULL: 1 each */
  size_t class_count;
  dni_loss_callbacks callbacks; /* of a callback loss */
};

/* A loss without options. */
dni_status dni__loss_create(dni_context *context, const dni__loss_kind *kind, dni_loss **out);
/* A cross-entropy with the caller's options, which may be NULL. */
dni_status dni__loss_create_with(dni_context *context, const dni__loss_kind *kind,
                                 const dni_loss_options *options, dni_loss **out);

/* Whether the loss can be of so many columns: DNI_ERROR_ARGUMENT for class weights of another number,
 * and for softmax of one column. */
dni_status dni__loss_check_columns(const dni_loss *loss, size_t columns);

/* What evaluating and counting are given, checked. */
typedef struct dni__loss_batch {
  const dni_matrix *h, *y, *weights;
  double weight; /* the sum of the weights; the rows if there are none */
} dni__loss_batch;

/* dni_loss_count_correct where the working space [rows][1] of a callback loss is given; NULL: it is
 * allocated. */
dni_status dni__loss_count_correct(const dni_loss *loss, const dni_batch *batch, dni_matrix *space,
                                   double *correct);

/* The caller's functions (callback.c). Weights are not applied yet by _evaluate; per_example must
 * not be NULL. */
dni_status dni__loss_callback_evaluate(const dni_loss *loss, const dni__loss_batch *batch,
                                       dni_matrix *delta, dni_matrix *per_example);
dni_status dni__loss_callback_correct(const dni_loss *loss, const dni__loss_batch *batch,
                                      dni_matrix *space, double *correct);

/* The rules dni_loss_count_correct describes (correct.c). */
bool dni__correct_largest(const dni__kernels *kernels, const dni_matrix *h, const dni_matrix *y,
                          size_t row);
bool dni__correct_sign(const dni__kernels *kernels, const dni_matrix *h, const dni_matrix *y,
                       size_t row);

#endif

/* dni_loss: L_s(h, y) of each example and its gradient. Stateless: any number of threads may use
 * one. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_LOSS_H
#define DNI_LOSS_H

typedef struct dni_loss dni_loss;

/* h and y are [rows][columns]; L_s, the loss of row s, sums over its columns.
 *
 *   softmax cross-entropy   -sum_c y_c log softmax(h)_c          h: logits; y: one-hot, or shares
 *   sigmoid cross-entropy   sum_c log(1 + exp(h_c)) - y_c h_c    h: logits; y in [0, 1]
 *   squared error           1/2 sum_c (h_c - y_c)^2
 *   absolute error          sum_c |h_c - y_c|                    derivative 0 at 0
 *
 * All are computed without overflow for any finite logits.
 *
 *   DNI_ERROR_ARGUMENT     NULL
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_loss_create_softmax_cross_entropy(dni_context *context,
                                                                      dni_loss **out);
DNI_API DNI_MUST_USE dni_status dni_loss_create_sigmoid_cross_entropy(dni_context *context,
                                                                      dni_loss **out);
DNI_API DNI_MUST_USE dni_status dni_loss_create_squared_error(dni_context *context, dni_loss **out);
DNI_API DNI_MUST_USE dni_status dni_loss_create_absolute_error(dni_context *context,
                                                               dni_loss **out);

DNI_API void dni_loss_retain(dni_loss *loss);
DNI_API void dni_loss_release(dni_loss *loss);

/* "softmax_cross_entropy", ...; "" for NULL. Static. */
DNI_API const char *dni_loss_name(const dni_loss *loss);

/* Evaluate a batch. Each output may be NULL if it is not wanted.
 *
 *   delta        [rows][columns], dL_s/dh per example (not divided by the rows); may be h itself
 *   per_example  [rows][1], L_s
 *   mean         mean of L_s over the rows, in double; 0 for no rows
 *
 * NaN in a row gives NaN out, not an error. Nothing is allocated.
 *
 *   DNI_ERROR_ARGUMENT     h or y NULL, shapes or types that do not fit */
DNI_API DNI_MUST_USE dni_status dni_loss_evaluate(dni_loss *loss, const dni_matrix *h,
                                                  const dni_matrix *y, const dni_matrix *delta,
                                                  const dni_matrix *per_example, double *mean);

/* How many rows are classified right: the largest h in the column of the largest y (first of
 * equals; a row holding NaN is wrong); for sigmoid cross-entropy every h_c on the same side of 0
 * as y_c of 1/2. With one column the other losses count the same side of 1/2.
 *
 *   DNI_ERROR_ARGUMENT     NULL, shapes or types that do not fit */
DNI_API DNI_MUST_USE dni_status dni_loss_count_correct(dni_loss *loss, const dni_matrix *h,
                                                       const dni_matrix *y, size_t *correct);

#endif

/** \file
 * dni_loss: the loss L_s(h, y) of each example s and its gradient. A loss does not change after
 * creation: any number of threads may use one at once. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_LOSS_H
#define DNI_LOSS_H

enum {
  DNI_LOSS_SOFTMAX_CROSS_ENTROPY = 1, /**< For one class of several. */
  DNI_LOSS_SIGMOID_CROSS_ENTROPY = 2, /**< For independent yes-or-no columns. */
  DNI_LOSS_SQUARED_ERROR = 3,         /**< For numbers. */
  DNI_LOSS_ABSOLUTE_ERROR = 4,        /**< For numbers. */
  DNI_LOSS_CALLBACK = 5               /**< The caller's own. */
};

/** Options of the two cross-entropies. Zero means default. */
typedef struct dni_loss_options {
  size_t struct_size; /**< sizeof(dni_loss_options). */
  /** a in [0, 1), a number of the element type: y is replaced by (1 - a) y + a / columns (softmax)
   * or (1 - a) y + a / 2 (sigmoid). */
  double label_smoothing;
  /** [class_count], finite and not negative numbers of the element type, not all 0: the term of
   * column c is multiplied with class_weights[c]. Copied. NULL: 1 each. The mean over the batch is
   * not divided by them, as it is in PyTorch. */
  const double *class_weights;
  size_t class_count; /**< How many weights there are; h must then have as many columns. */
} dni_loss_options;

/** Softmax cross-entropy of logits h: L = -sum_c w_c y'_c log softmax(h)_c.
 *
 * y is one-hot, a distribution, or a label. y' is y after label smoothing, w_c the class weight. It
 * does not overflow for any finite logits. `options` may be NULL. h has 2 columns or more: of one,
 * softmax is always 1.
 * - DNI_ERROR_ARGUMENT: NULL, smoothing not in [0, 1), a bad class weight, a bad struct_size.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_loss_create_softmax_cross_entropy(
    dni_context *context, const dni_loss_options *options, dni_loss **out);

/** Sigmoid cross-entropy of logits h: L = sum_c w_c (log(1 + exp(h_c)) - y'_c h_c), y in [0, 1].
 *
 * It does not overflow for any finite logits. `options` may be NULL. Statuses as for softmax. */
DNI_API DNI_MUST_USE dni_status dni_loss_create_sigmoid_cross_entropy(
    dni_context *context, const dni_loss_options *options, dni_loss **out);

/** Squared error: L = 1/2 sum_c (h_c - y_c)^2.
 * - DNI_ERROR_ARGUMENT: NULL.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_loss_create_squared_error(dni_context *context, dni_loss **out);

/** Absolute error: L = sum_c |h_c - y_c|; its derivative at 0 is 0.
 * - DNI_ERROR_ARGUMENT: NULL.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_loss_create_absolute_error(dni_context *context,
                                                               dni_loss **out);

/** One evaluation, as a loss of the caller's own sees it. Look only at fields below struct_size. */
typedef struct dni_loss_call {
  size_t struct_size;  /**< Set by the library. */
  const dni_matrix *h; /**< [rows][columns]: the network's outputs. */
  const dni_matrix *y; /**< [rows][columns], or labels [rows][1] of DNI_I32. */
  dni_matrix *delta; /**< Write dL_s/dh of each example here, [rows][columns]; NULL: not wanted. */
  dni_matrix *per_example; /**< Write L_s here, [rows][1]. Never NULL. */
} dni_loss_call;

/** The caller's own loss. Set everything to 0, then the fields. The struct is copied.
 *
 * The functions may be called by several threads at once. They answer 0, or a status with which the
 * call that needed them fails; see dni_fail(). What is said of exceptions at dni_layer_callbacks is
 * true here too. The library multiplies delta and losses with the weights of examples. */
typedef struct dni_loss_callbacks {
  size_t struct_size; /**< sizeof(dni_loss_callbacks). */
  void *user;         /**< Handed to the functions. */
  /** Writes delta and per_example. delta may be the memory of h. */
  dni_status(DNI_CALL *evaluate)(void *user, const dni_loss_call *call);
  /** Writes 1 or 0 into per_example: whether the example is classified right. delta is NULL. NULL:
   * this loss does not classify. */
  dni_status(DNI_CALL *correct)(void *user, const dni_loss_call *call);
  dni_destroy_callback destroy; /**< Called with user at the last release; NULL: nothing to do. */
} dni_loss_callbacks;

/** A loss of the caller's own functions.
 *
 * - DNI_ERROR_ARGUMENT: NULL, evaluate missing, a bad struct_size.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields.
 * - DNI_ERROR_MEMORY: no memory.
 *
 * After a failure destroy is not called. */
DNI_API DNI_MUST_USE dni_status dni_loss_create_callback(dni_context *context,
                                                         const dni_loss_callbacks *callbacks,
                                                         dni_loss **out);

/** Take a reference; answers `loss`. NULL is allowed. Any thread. */
DNI_API dni_loss *dni_loss_retain(dni_loss *loss);

/** Give a reference back. NULL is allowed. Any thread. */
DNI_API void dni_loss_release(dni_loss *loss);

/** Which kind it is: a DNI_LOSS_ value; 0 for NULL. */
DNI_API dni_kind dni_loss_kind(const dni_loss *loss);

/** "softmax_cross_entropy", "sigmoid_cross_entropy", "squared_error", "absolute_error" or
 * "callback"; "" for NULL. Never NULL; static. */
DNI_API const char *dni_loss_kind_name(const dni_loss *loss);

/** 1 if the loss classifies, so that dni_loss_count_correct() and accuracies mean something: the
 * cross-entropies, and callbacks with `correct`. Else 0. */
DNI_API int32_t dni_loss_classifies(const dni_loss *loss);

/** Evaluate a batch, of which x is the network's output h. Each output may be NULL.
 *
 * - delta [rows][columns] becomes weights[s] times dL_s/dh: of each example, not divided by the
 *   rows. It may be h itself.
 * - per_example [rows][1] becomes L_s, without the weight.
 * - *mean becomes sum of weights[s] L_s / sum of weights[s], in double; 0 for no rows and for
 *   weights that sum to 0.
 *
 * Labels need 2 columns or more. Losses are added up in double; one beyond double is infinite.
 *
 * NaN in a row gives NaN out and is no error. Nothing is allocated by the library's own kinds; one
 * of the caller's may need working space where per_example is NULL.
 * - DNI_ERROR_ARGUMENT: NULL, shapes or types that do not fit, a negative weight or one that is not
 *   finite, a sum of weights that, or one over which, is no number of the element type, class
 *   weights that do not fit the columns, softmax cross-entropy or labels of one column.
 * - DNI_ERROR_DATA: a label that is not below columns; the message names the row.
 * - DNI_ERROR_MEMORY: a callback loss without per_example needs working space.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: a callback loss failed. */
DNI_API DNI_MUST_USE dni_status dni_loss_evaluate(const dni_loss *loss, const dni_batch *batch,
                                                  dni_matrix *delta, dni_matrix *per_example,
                                                  double *mean);

/** How many examples are classified right, each counted with its weight.
 *
 * Softmax cross-entropy: the largest h is in the column of the largest y, the first of equals; a
 * row with NaN is wrong. Sigmoid cross-entropy: every h_c is on the same side of 0 as y_c of 1/2.
 * - DNI_ERROR_ARGUMENT: as dni_loss_evaluate().
 * - DNI_ERROR_DATA: as dni_loss_evaluate().
 * - DNI_ERROR_UNSUPPORTED: the loss does not classify.
 * - DNI_ERROR_MEMORY: a callback loss needs working space.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: a callback loss failed. */
DNI_API DNI_MUST_USE dni_status dni_loss_count_correct(const dni_loss *loss, const dni_batch *batch,
                                                       double *correct);

#endif

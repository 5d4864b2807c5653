/** \file
 * What experiments with synthetic gradients need, beside <dni.h>.
 *
 * NOTHING HERE IS PROMISED. Names, structs and behaviour may change in any release. The functions
 * are in the same shared library, under the symbol version DNI_RESEARCH. What proves itself moves
 * to <dni.h>.
 *
 * The analyses (Czarnecki et al. 2017: Proposition 2, Figures 7 to 9) are for now and then, not
 * parts of a training step: they allocate and free working space inside, and some cost as much as
 * many steps. `context` gives memory; nothing is drawn from its random streams. Matrices have its
 * element type. Results are finite for finite input; where a quantity is undefined, the comment
 * says what stands for it. */
#ifndef DNI_RESEARCH_H
#define DNI_RESEARCH_H

#include "dni.h"

#ifdef __cplusplus
extern "C" {
#endif

/* SGs of the proofs. --------------------------------------------------------------------------- */

/** One trainable number (Appendix B): delta = c for every example and unit. h and y are not looked
 * at.
 *
 * It is trained as a synthetic gradient. Parameter: "scalar" [1][1], 0 at first. With it training
 * can stop where the loss has no critical point.
 * - DNI_ERROR_ARGUMENT: NULL, or units is 0.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_EXPERIMENTAL DNI_MUST_USE dni_status dni_sg_create_scalar(dni_context *context,
                                                                      size_t units, dni_sg **out);

/** The synthetic gradient of Theorem 1 (Appendix C): delta = (alpha + 1) h - (beta + 1) y + gamma,
 * for h and y of [rows][units].
 *
 * With (alpha, beta, gamma) = 0 it is h - y, the gradient of 1/2 || h - y ||^2. It is trained as a
 * synthetic gradient. Parameter: "omega" [1][3] = (alpha, beta, gamma), (-1, -1, 0) at first, so
 * that the first answer is exactly 0. y must be numbers, not labels.
 * - DNI_ERROR_ARGUMENT: NULL, or units is 0.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_EXPERIMENTAL DNI_MUST_USE dni_status dni_sg_create_theorem(dni_context *context,
                                                                       size_t units, dni_sg **out);

/** Exact line search (Theorem 1): the learning rate with which one step of plain SGD, along the
 * gradients that dni_sg_learn() has just computed for the same h and y, makes the error E as small
 * as it can be on this line:
 *
 *     E = mean || M(h, y) - target ||^2
 *     rate = 1/2 (g . g) / mean || J g ||^2,
 *
 * g being the parameter gradients and J g the change of M along them. For SGs that are linear in
 * their parameters: scalar, theorem, and synthetic without hidden layers. In the theorem's terms
 * (sums in place of means) nu = rate * 2 / rows. *rate = 0 if g = 0 or J g = 0. What the SG does
 * not look at may be NULL, but not both h and y: one says how many rows there are. Weights are not
 * taken.
 * - DNI_ERROR_ARGUMENT: NULL, shapes or types that do not fit, no rows.
 * - DNI_ERROR_DATA: a label out of range.
 * - DNI_ERROR_UNSUPPORTED: an SG that is not linear in its parameters; of the product.
 * - DNI_ERROR_MEMORY: no memory.
 * - DNI_ERROR_BACKEND: of the product. */
DNI_API DNI_EXPERIMENTAL DNI_MUST_USE dni_status dni_sg_line_search(dni_sg *sg, const dni_matrix *h,
                                                                    const dni_matrix *y,
                                                                    double *rate);

/* The guard. ----------------------------------------------------------------------------------- */

/** An optimiser whose gradients are synthetic, and which steps only while the condition of
 * Proposition 2 holds (Appendix C; eq. 2 in Corollary 1):
 *
 *     error * jacobian < r * gradient,      r = (1 - cosine) / (1 + cosine).
 *
 * error = |SG - dL/dh|, jacobian = |dh/dtheta| and gradient = |dL/dtheta| are the Frobenius norms
 * of the gradients of the batch's mean loss, theta being the parameters below h. The gradient it
 * then steps with has a cosine of at least `cosine` with the exact one. So has the step of plain
 * SGD, but not always one with momentum or moments. */
typedef struct dni_guard dni_guard;

enum {
  /** The step is multiplied with r gradient / jacobian - error: Corollary 1 with the sign that
   * agrees with its eq. 2 (the printed one is reversed). It shrinks with the gradient. */
  DNI_GUARD_PROPORTIONAL = 0,
  DNI_GUARD_GATED = 1 /**< The optimiser's own rate while the condition holds. */
};

/** How to guard. Zero means default. */
typedef struct dni_guard_options {
  size_t struct_size; /**< sizeof(dni_guard_options). */
  int32_t mode;       /**< A DNI_GUARD_ value. */
  int32_t reserved;   /**< 0. */
  double cosine;      /**< delta of Proposition 2, in (0, 1); 0: the paper's 0.5, so r = 1/3. */
} dni_guard_options;

/** A guard around an optimiser, which it keeps. `options` may be NULL.
 * - DNI_ERROR_ARGUMENT: NULL, an unknown mode, cosine not in (0, 1), a bad struct_size.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_EXPERIMENTAL DNI_MUST_USE dni_status dni_guard_create(dni_optimiser *optimiser,
                                                                  const dni_guard_options *options,
                                                                  dni_guard **out);

/** Take a reference; answers `guard`. NULL is allowed. Any thread. */
DNI_API DNI_EXPERIMENTAL dni_guard *dni_guard_retain(dni_guard *guard);

/** Give a reference back. NULL is allowed. Any thread. */
DNI_API DNI_EXPERIMENTAL void dni_guard_release(dni_guard *guard);

/** Step the optimiser if the condition holds, else leave everything as it is. *accepted becomes 1
 * if it stepped, else 0; accepted may be NULL.
 *
 * The norms are the caller's to measure, or to bound: error_norm and jacobian_norm from above,
 * gradient_norm from below. dni_analysis_interface() measures them. With a jacobian of 0 nothing
 * can move, and with an infinite norm or rate nothing is known: the step is then not accepted.
 * - DNI_ERROR_ARGUMENT: NULL guard, a norm that is negative or NaN; nothing changed.
 * - DNI_ERROR_NON_FINITE: as dni_optimiser_step(). */
DNI_API DNI_EXPERIMENTAL DNI_MUST_USE dni_status dni_guard_step(dni_guard *guard, double error_norm,
                                                                double jacobian_norm,
                                                                double gradient_norm,
                                                                int32_t *accepted);

/** Steps accepted so far; 0 for NULL. */
DNI_API DNI_EXPERIMENTAL uint64_t dni_guard_accepted(const dni_guard *guard);

/** Steps refused so far; 0 for NULL. */
DNI_API DNI_EXPERIMENTAL uint64_t dni_guard_refused(const dni_guard *guard);

/** Add a guard's counts to a checkpoint; its optimiser is added for itself. Failures as
 * dni_checkpoint_add_layer(). */
DNI_API DNI_EXPERIMENTAL DNI_MUST_USE dni_status
dni_checkpoint_add_guard(dni_checkpoint *checkpoint, const char *name, dni_guard *guard);

/* Interfaces. ---------------------------------------------------------------------------------- */

/** An estimate beside the truth, both taken as one vector of rows * columns numbers. Filled in up
 * to struct_size. */
typedef struct dni_alignment {
  size_t struct_size; /**< sizeof(dni_alignment), set by the caller. */
  double cosine;      /**< Of the angle between them; 0 if either is zero. */
  /** |estimate - truth| / |truth|; 0 if both are zero, DBL_MAX if only truth is. */
  double relative_error;
  double sign_agreement; /**< Share of elements of equal sign (-, 0, +); 1 for no elements. */
  double error_norm;     /**< |estimate - truth|. */
  double estimate_norm;  /**< |estimate|. */
  double truth_norm;     /**< |truth|. */
} dni_alignment;

/** Compare two matrices of the same shape and element type.
 * - DNI_ERROR_ARGUMENT: NULL, shapes or types that differ, a bad struct_size.
 * - DNI_ERROR_DATA: NaN or infinity in one of them. */
DNI_API DNI_EXPERIMENTAL DNI_MUST_USE dni_status dni_analysis_align(const dni_matrix *estimate,
                                                                    const dni_matrix *truth,
                                                                    dni_alignment *out);

/** The terms of Proposition 2 at one interface, on one batch, of the batch's mean loss L; theta are
 * the trained parameters of all layers below h. Filled in up to struct_size. */
typedef struct dni_interface_report {
  size_t struct_size; /**< sizeof(dni_interface_report), set by the caller. */
  /** Of the estimate and the exact dL_s/dh of each example, as dni_alignment. */
  double delta_cosine;
  double delta_relative_error; /**< As dni_alignment. */
  double delta_sign_agreement; /**< As dni_alignment. */
  double delta_error_norm;     /**< As dni_alignment. */
  double estimate_norm;        /**< As dni_alignment. */
  double truth_norm;           /**< As dni_alignment. */
  double error_norm;           /**< eps = |SG - dL/dh| of the mean loss: delta_error_norm / rows. */
  /** K: an estimate of the Frobenius norm of dh/dtheta, which is never below the operator norm. */
  double jacobian_norm;
  double gradient_norm; /**< |dL/dtheta|. */
  /** error_norm * jacobian_norm / gradient_norm. The proposition wants it to be at most 1/3 for a
   * cosine of at least 1/2; dni_guard has the formula. DBL_MAX if gradient_norm is 0. */
  double ratio;
  /** Of dL/dtheta and what the estimate makes of it; 0 if either is zero. */
  double gradient_cosine;
  double synthetic_gradient_norm; /**< Norm of the latter. */
} dni_interface_report;

/** Measure the SG at the interface after layer `after` of `network` on a batch.
 *
 * There is one forward pass in training mode, one backward pass from the loss, one from the
 * estimate, and `directions` (0: 16) more from random directions u ~ N(0, 1), for K^2, the mean of
 * |u dh/dtheta|^2. The directions come from a stream of their own that starts from `seed`. SGs that
 * need the output error are given it; those that need the delta are given the exact gradient; of
 * feedback alignment, and of an interface without SG, the estimate is the exact gradient. Weights
 * are not taken.
 *
 * Parameters, running statistics and the counts of SGs are as before afterwards; gradients and
 * states of the layers are overwritten, as by any pass. Call it between two steps of a settled
 * trainer only.
 * - DNI_ERROR_ARGUMENT: NULL, no such interface or the last, no rows, weights given, shapes or
 *   types that do not fit, a bad struct_size.
 * - DNI_ERROR_DATA: a label out of range.
 * - DNI_ERROR_NON_FINITE: in the pass; the message names the layer.
 * - DNI_ERROR_MEMORY: no memory.
 * - DNI_ERROR_BACKEND, DNI_ERROR_UNSUPPORTED: of a product.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: a callback failed. */
DNI_API DNI_EXPERIMENTAL DNI_MUST_USE dni_status dni_analysis_interface(
    dni_context *context, dni_network *network, const dni_loss *loss, size_t after,
    const dni_batch *batch, size_t directions, uint64_t seed, dni_interface_report *out);

/* Representations. ----------------------------------------------------------------------------- */

/** Representational dissimilarity matrix (Figure 7): rdm[i][j] = 1 - corr(h_i, h_j), the
 * correlation of rows i and j of h [rows][units] over the units. rdm is [rows][rows].
 *
 * It lies in [0, 2], is symmetric, and 0 on the diagonal. A row whose units are all equal
 * correlates with nothing: 1 off the diagonal.
 * - DNI_ERROR_ARGUMENT: NULL, no rows, shapes or types that do not fit.
 * - DNI_ERROR_DATA: NaN or infinity in h; the message names row and column.
 * - DNI_ERROR_MEMORY: no memory.
 * - DNI_ERROR_BACKEND: of the product. */
DNI_API DNI_EXPERIMENTAL DNI_MUST_USE dni_status dni_analysis_rdm(dni_context *context,
                                                                  const dni_matrix *h,
                                                                  dni_matrix *rdm);

/** The L2 distance of the diagonal blocks of two RDMs [n][n] (Figure 7, bottom): the root of the
 * sum of (a_ij - b_ij)^2 over all i, j with labels[i] = labels[j]. labels is [count], count = n.
 * - DNI_ERROR_ARGUMENT: NULL, shapes or types that differ, not square, no rows, another count. */
DNI_API DNI_EXPERIMENTAL DNI_MUST_USE dni_status dni_analysis_rdm_distance(const dni_matrix *a,
                                                                           const dni_matrix *b,
                                                                           const int32_t *labels,
                                                                           size_t count,
                                                                           double *distance);

/** Options of the classifier probe. Zero means default. */
typedef struct dni_probe_options {
  size_t struct_size;   /**< sizeof(dni_probe_options). */
  size_t batch;         /**< Rows of a step; 0: 256, at most all. */
  uint64_t steps;       /**< 0: as many as 20 passes over the rows have, but at least 1000. */
  double learning_rate; /**< Of Adam at first; 0.1 and 0.01 of it after 60 and 85 %; 0: 0.005. */
  uint64_t seed;        /**< Of the order of the rows. */
} dni_probe_options;

/** What the classifier probe found. Filled in up to struct_size. */
typedef struct dni_probe_report {
  size_t struct_size; /**< sizeof(dni_probe_report), set by the caller. */
  double accuracy;    /**< Share of the rows classified right. */
  double loss;        /**< Mean softmax cross-entropy. */
  uint64_t steps;     /**< Made. */
} dni_probe_report;

/** Linear classifier probe (Figure 8, left): a softmax classifier of h [rows][units] for y, one-hot
 * [rows][classes], trained on them with h fixed; and its accuracy on the same rows.
 *
 * Columns of h are brought to mean 0 and variance 1 first, constant ones to 0. That changes nothing
 * that a linear classifier can do, and makes one rate fit all layers. The order of rows is drawn
 * anew for each pass. The training is stopped after the given steps, before it has converged: on
 * separable rows that are few, more steps or a larger rate find a better classifier. `options` may
 * be NULL.
 * - DNI_ERROR_ARGUMENT: NULL, no rows or columns, only one class, shapes or types that do not fit,
 *   a rate that is negative, not finite or no number of the element type, a bad struct_size.
 * - DNI_ERROR_DATA: NaN or infinity in h; the message names row and column.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero options.
 * - DNI_ERROR_NON_FINITE: the training diverged, as it does if y is not finite.
 * - DNI_ERROR_MEMORY: no memory.
 * - DNI_ERROR_BACKEND: of the product. */
DNI_API DNI_EXPERIMENTAL DNI_MUST_USE dni_status
dni_analysis_classifier_probe(dni_context *context, const dni_matrix *h, const dni_matrix *y,
                              const dni_probe_options *options, dni_probe_report *out);

/** Linear regressor probe (Figure 8, right): the least mean squared error, over rows and columns of
 * x [rows][inputs], of any affine map from h [rows][units] to x. *rank, which may be NULL, becomes
 * the number of independent columns.
 *
 * Closed form: normal equations of the standardised columns in double, solved by a pivoted Cholesky
 * factorisation that leaves out columns of h which depend on the others to rounding. The count of
 * multiplications is about
 *
 *     rows * units * (units + 2 * inputs) + units^2 * (units / 2 + inputs).
 *
 * - DNI_ERROR_ARGUMENT: NULL, no rows or columns, shapes or types that do not fit.
 * - DNI_ERROR_DATA: NaN or infinity in h or x; the message names row and column.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_EXPERIMENTAL DNI_MUST_USE dni_status dni_analysis_regressor_probe(
    dni_context *context, const dni_matrix *h, const dni_matrix *x, double *mse, size_t *rank);

/* The loss inside an SG. ----------------------------------------------------------------------- */

/** The loss that an SG implies (Figure 9), up to a constant for each label: loss [rows][1],
 *
 *     loss_s = integral over t from 0 to 1 of SG(o + t (h_s - o), y_s) . (h_s - o),
 *
 * along the line from the origin o [1][units] (NULL: 0) to each row of h [rows][units].
 *
 * Gauss-Legendre quadrature with `nodes` nodes, 1 to 64; 0: 1 for SGs that are affine in h, where
 * one node is exact, else 16. For a smooth SG the error falls exponentially with the nodes; for one
 * with ReLU units about as their number. Of a local loss no quadrature is needed: loss(g(h)) -
 * loss(g(o)) is computed, and nodes is not used. For a linear SG = A h + C y + b and o = 0 the
 * result is 1/2 h^T A h + (C y + b)^T h. y may be NULL where the SG does not look at it.
 * - DNI_ERROR_ARGUMENT: NULL, shapes or types that do not fit, nodes over 64.
 * - DNI_ERROR_DATA: a label out of range.
 * - DNI_ERROR_UNSUPPORTED: an SG that needs an error signal; of a product.
 * - DNI_ERROR_MEMORY: no memory.
 * - DNI_ERROR_BACKEND, DNI_ERROR_CALLBACK, or a status of the caller's: as dni_sg_estimate(). */
DNI_API DNI_EXPERIMENTAL DNI_MUST_USE dni_status dni_analysis_extract_loss(
    dni_context *context, dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
    const dni_matrix *origin, size_t nodes, dni_matrix *loss);

/** How far an SG is from being the gradient of anything: |A - A^T| / |A| (Frobenius), A = dSG/dh.
 *
 * 0: it is a gradient, and the integral above does not depend on the path; at most 2. For SGs
 * affine in h, of which A is part of a parameter: synthetic without hidden layers and least
 * squares, both without a loss. 0 for scalar, theorem and critic, for DNI_CONDITION_Y without a
 * loss and for A = 0.
 * - DNI_ERROR_ARGUMENT: NULL.
 * - DNI_ERROR_UNSUPPORTED: other SGs.
 * - Of least squares: as dni_sg_parameter(). */
DNI_API DNI_EXPERIMENTAL DNI_MUST_USE dni_status dni_analysis_integrability(dni_sg *sg,
                                                                            double *defect);

/** How well `estimate` follows `truth`, two columns [rows][1], when a constant for each group may
 * be added to either (a loss extracted from an SG leaves one for each label open).
 *
 * Both are centred in each group. *correlation is then Pearson's, 0 if either is constant in every
 * group. *r2 = 1 - sum (truth - estimate)^2 / sum truth^2 of the centred numbers, 0 if truth is
 * constant. groups [count] are any numbers, equal ones one group, count = rows; NULL: one group.
 * correlation and r2 may be NULL.
 * - DNI_ERROR_ARGUMENT: NULL, no rows, shapes or types that differ, another count.
 * - DNI_ERROR_DATA: NaN or infinity.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_EXPERIMENTAL DNI_MUST_USE dni_status
dni_analysis_agreement(dni_context *context, const dni_matrix *estimate, const dni_matrix *truth,
                       const int32_t *groups, size_t count, double *correlation, double *r2);

/* Artificial data. ----------------------------------------------------------------------------- */

enum {
  DNI_ARTIFICIAL_LINEAR = 1, /**< Labels: the side of a random hyperplane through the origin. */
  DNI_ARTIFICIAL_NOISY = 2,  /**< The same, then 10 % of them, rounded down, swapped. */
  DNI_ARTIFICIAL_RANDOM = 3  /**< A fair coin. */
};

/** The paper's artificial problems (Appendix D): x ~ N(0, I) [examples][dimensions].
 *
 * classes = 2: y are labels of two classes. classes = 1: y is one column of 0 or 1, for a sigmoid
 * output. Drawn from `options`, or if that is NULL from the context's next stream.
 * - DNI_ERROR_ARGUMENT: NULL, an unknown kind, a size of 0, classes neither 1 nor 2, a bad
 *   struct_size.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_EXPERIMENTAL DNI_MUST_USE dni_status dni_dataset_create_artificial(
    dni_context *context, int32_t kind, size_t dimensions, size_t examples, size_t classes,
    const dni_random_options *options, dni_dataset **out);

/* Where a trainer's time goes, and how late its targets are. ----------------------------------- */

/** How long the parts of a training step take on this machine.
 *
 * seconds [count] becomes, for each layer, the time of forward, backward and update on `rows` rows;
 * count is the number of layers. sg_seconds [count], which may be NULL, becomes the time of answer,
 * lesson and update of the SG after each layer; in the lesson the SG answers again, as it does
 * between threads. It is 0 where there is no SG or one that needs an error signal. Medians of a few
 * runs on made-up numbers; it takes about ten steps. With batch norm at least 2 rows are used.
 *
 * `optimiser` is a pattern; NULL leaves the updates out. Parameters, gradients, running statistics,
 * random streams and the counts of SGs are as before afterwards. The caller's own layers and SGs
 * are not called: their times are NaN.
 * - DNI_ERROR_ARGUMENT: NULL, rows is 0, another count.
 * - DNI_ERROR_STATE: no layers.
 * - DNI_ERROR_MEMORY: no memory.
 * - DNI_ERROR_BACKEND, DNI_ERROR_UNSUPPORTED: of a product.
 *
 * After a failure seconds and sg_seconds are as they were. */
DNI_API DNI_EXPERIMENTAL DNI_MUST_USE dni_status
dni_network_measure(dni_network *network, size_t rows, const dni_optimiser *optimiser,
                    double *seconds, double *sg_seconds, size_t count);

/** Cut a row of `count` costs into `parts` runs whose largest sum is as small as it can be. lengths
 * [parts] receives the length of each, at least 1. Every run but the last also bears cut_cost, what
 * its SG takes. Any thread.
 * - DNI_ERROR_ARGUMENT: NULL, parts 0 or more than count, a cost that is negative or not finite. */
DNI_API DNI_EXPERIMENTAL DNI_MUST_USE dni_status dni_costs_balance(const double *costs,
                                                                   size_t count, size_t parts,
                                                                   double cut_cost,
                                                                   size_t *lengths);

/** Record how late targets are learned in the next `steps` steps of a pipelined trainer: that is
 * all that timing decides. Lags are counted in batches.
 *
 * lags is [thread count - 1][steps], count numbers in all: one row for each interface between two
 * threads, from the lowest. lags[i][s] becomes how many batches after its own the target of step s
 * was learned there. With one thread, and in other schedules, count is 0 and nothing is written.
 * The memory is used until the steps are done, until a failure, or until the next call of record or
 * replay; NULL ends a recording.
 * - DNI_ERROR_ARGUMENT: NULL trainer; steps is 0 with lags; another count.
 * - DNI_ERROR_STATE: something is in flight: call dni_trainer_flush() first. */
DNI_API DNI_EXPERIMENTAL DNI_MUST_USE dni_status dni_trainer_record(dni_trainer *trainer,
                                                                    uint8_t *lags, size_t count,
                                                                    size_t steps);

/** Learn each target exactly as late as a record says. A trainer made the same way, with the same
 * threads and batches, then reaches the same parameters bit by bit, whatever the machine is doing.
 *
 * Arguments are as for dni_trainer_record(). Only what a run can leave is taken: lags below
 * in_flight; each at most one less than the step's before; below a thread whose only module is
 * under a delayed SG also not less than that thread's. At the end of dni_trainer_flush() all is
 * learned, so flushes must be where they were in the recording.
 * - DNI_ERROR_ARGUMENT: as dni_trainer_record(); a lag that cannot be: the message names interface
 *   and step.
 * - DNI_ERROR_STATE: something is in flight: call dni_trainer_flush() first. */
DNI_API DNI_EXPERIMENTAL DNI_MUST_USE dni_status dni_trainer_replay(dni_trainer *trainer,
                                                                    const uint8_t *lags,
                                                                    size_t count, size_t steps);

#ifdef __cplusplus
}
#endif

#endif

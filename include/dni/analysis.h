/* dni_analysis: what one asks of a network, its layers and its synthetic gradients: how far an
 * estimate is from the true gradient, how alike representations are, what can be read off a layer
 * linearly, which loss a synthetic gradient implies (Czarnecki et al. 2017, sections 7, 9 and 10 of
 * its notes: Proposition 2, Figures 7 to 9). All since 0.2.
 *
 * These are probes for now and then, not parts of a training step: they allocate and free their
 * workspace inside, and some cost as much as many steps. `context` gives memory and a random stream
 * where one is drawn; all matrices have its element type. Results are finite for finite input:
 * where a quantity is undefined (the correlation of something constant), the comment says what
 * stands for it. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_ANALYSIS_H
#define DNI_ANALYSIS_H

/* An estimate beside the truth, both taken as one vector of rows * columns numbers. Filled in up to
 * struct_size. */
typedef struct dni_alignment {
  size_t struct_size; /* sizeof(dni_alignment), set by the caller */
  double cosine;      /* of the angle between them; 0 if either is zero */
  double
      relative_error; /* |estimate - truth| / |truth|; 0 if both are zero, DBL_MAX if only truth */
  double sign_agreement; /* share of elements of equal sign (-, 0, +); 1 for no elements */
  double error;          /* |estimate - truth| */
  double estimate_norm, truth_norm;
} dni_alignment;

/* Compare two matrices of the same shape and element type.
 *
 *   DNI_ERROR_ARGUMENT     NULL, shapes or types that differ, wrong struct_size
 *   DNI_ERROR_DATA         NaN or infinity in one of them */
DNI_API DNI_MUST_USE dni_status dni_analysis_align(const dni_matrix *estimate,
                                                   const dni_matrix *truth, dni_alignment *out);

/* The terms of Proposition 2 at one interface, on one batch, of the batch's mean loss L; theta are
 * the trained parameters of all layers below h. Filled in up to struct_size. */
typedef struct dni_interface_report {
  size_t struct_size;     /* sizeof(dni_interface_report), set by the caller */
  dni_alignment delta;    /* estimate against the true dL_s/dh, per example */
  double error;           /* eps = |SG - dL/dh| of the batch's mean loss: delta.error / rows */
  double jacobian;        /* K: an estimate of the Frobenius norm of dh/dtheta, which is never
                                below the operator norm */
  double gradient;        /* |dL/dtheta| */
  double ratio;           /* error * jacobian / gradient: the proposition asks for at most
                                (1 - delta) / (1 + delta), 1/3 at delta = 1/2. DBL_MAX if
                                gradient = 0 */
  double gradient_cosine; /* of dL/dtheta and what the estimate makes of it; 0 if either is zero */
  double synthetic_gradient; /* norm of the latter */
} dni_interface_report;

/* Measure the estimator at the interface after layer `after` of `network` on a batch x
 * [rows][inputs], y [rows][outputs]: one forward pass in training mode, one backward pass from the
 * loss, one from the estimate, and `directions` (0: 16) more, from random directions u ~ N(0, 1),
 * for K^2 = mean of |u dh/dtheta|^2. Estimators that need the output error are given it; of those
 * that need the delta (exact, delayed, mixture) the true gradient; of fa and of an interface without one
 * the estimate is the true gradient.
 * Nothing remains of it: running statistics and all other parameters are put back; gradients of the
 * layers are left overwritten, as by any backward pass. Between two steps of a trainer only.
 *
 *   DNI_ERROR_ARGUMENT     NULL, no such interface or the last, no rows, shapes or types that do
 *                          not fit, wrong struct_size
 *   DNI_ERROR_NON_FINITE   in the pass; the message names the layer
 *   DNI_ERROR_MEMORY
 *   others                 of the layers and estimators, passed through */
DNI_API DNI_MUST_USE dni_status dni_analysis_interface(dni_context *context, dni_network *network,
                                                       dni_loss *loss, size_t after,
                                                       const dni_matrix *x, const dni_matrix *y,
                                                       size_t directions,
                                                       dni_interface_report *out);

/* Representational dissimilarity matrix (Figure 7): rdm [rows][rows], rdm_ij = 1 - corr(h_i, h_j),
 * the correlation of rows i and j of h [rows][units] over the units. In [0, 2], symmetric, 0 on the
 * diagonal. A row whose units are all equal correlates with nothing: 1 off the diagonal.
 *
 *   DNI_ERROR_ARGUMENT     NULL, no rows, shapes or types that do not fit
 *   DNI_ERROR_DATA         NaN or infinity in h; the message names row and column
 *   DNI_ERROR_MEMORY
 *   DNI_ERROR_BACKEND      as dni_backend_gemm */
DNI_API DNI_MUST_USE dni_status dni_analysis_rdm(dni_context *context, const dni_matrix *h,
                                                 const dni_matrix *rdm);

/* The L2 distance of the diagonal blocks of two RDMs [n][n] (Figure 7, bottom): the root of the sum
 * of (a_ij - b_ij)^2 over all i, j with labels[i] = labels[j].
 *
 *   DNI_ERROR_ARGUMENT     NULL, shapes or types that differ, not square, no rows */
DNI_API DNI_MUST_USE dni_status dni_analysis_rdm_distance(const dni_matrix *a, const dni_matrix *b,
                                                          const int32_t *labels, double *distance);

/* Zero means default. */
typedef struct dni_probe_options {
  size_t struct_size;   /* sizeof(dni_probe_options) */
  size_t batch;         /* rows per step; 0: 256, at most all */
  uint64_t steps;       /* 0: as many as 20 passes over the rows have, but at least 1000 */
  double learning_rate; /* of Adam at first; 0.1 and 0.01 of it after 60 and 85 %; 0: 0.005 */
} dni_probe_options;

/* Filled in up to struct_size. */
typedef struct dni_probe_report {
  size_t struct_size; /* sizeof(dni_probe_report), set by the caller */
  double accuracy;    /* share of the rows classified right */
  double loss;        /* mean softmax cross-entropy */
  uint64_t steps;     /* made */
} dni_probe_report;

/* Linear classifier probe (Figure 8, left): a softmax classifier of h [rows][units] for y
 * [rows][classes], one-hot, trained on them with h itself fixed, and its accuracy on the same rows.
 * Columns of h are brought to mean 0 and variance 1 first (constant ones to 0), which changes
 * nothing that a linear classifier can do and makes one rate fit all layers. The order of rows is
 * drawn anew for each pass. More classes than units or rows is no error. options may be NULL.
 *
 *   DNI_ERROR_ARGUMENT     NULL, no rows or columns, shapes or types that do not fit, a learning
 *                          rate that is negative or not finite, wrong struct_size
 *   DNI_ERROR_DATA         NaN or infinity in h; the message names row and column
 *   DNI_ERROR_UNSUPPORTED  unknown non-zero options
 *   DNI_ERROR_NON_FINITE   the training diverged, as it does if y is not finite
 *   DNI_ERROR_MEMORY
 *   DNI_ERROR_BACKEND      as dni_backend_gemm */
DNI_API DNI_MUST_USE dni_status dni_analysis_classifier_probe(dni_context *context,
                                                              const dni_matrix *h,
                                                              const dni_matrix *y,
                                                              const dni_probe_options *options,
                                                              dni_probe_report *out);

/* Linear regressor probe (Figure 8, right): the least mean squared error, over rows and columns of
 * x [rows][inputs], of any affine map from h [rows][units] to x. Closed form: normal equations of
 * the standardised columns in double, solved by a pivoted Cholesky factorisation that leaves out
 * columns of h which depend on the others to rounding, so a singular problem has the same answer as
 * without them. *rank (may be NULL) is how many were independent. About rows * units * (units +
 * 2 * inputs) + units^2 * (units / 2 + inputs) multiplications.
 *
 *   DNI_ERROR_ARGUMENT     NULL, no rows or columns, shapes or types that do not fit
 *   DNI_ERROR_DATA         NaN or infinity in h or x; the message names row and column
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_analysis_regressor_probe(dni_context *context,
                                                             const dni_matrix *h,
                                                             const dni_matrix *x, double *mse,
                                                             size_t *rank);

/* The loss that an estimator implies (Figure 9), up to a constant per label: loss [rows][1],
 *
 *   loss_s = integral over t from 0 to 1 of SG(o + t (h_s - o), y_s) . (h_s - o),
 *
 * along the line from the origin o [1][units] (NULL: 0) to each row of h [rows][units], by
 * Gauss-Legendre quadrature with `nodes` nodes (1 to 64; 0: 1 for estimators that are affine in h,
 * where one node is exact, else 16). Of a smooth SG the error falls exponentially with the nodes,
 * of one with ReLU units with their square. For a linear SG = A h + C y + b and o = 0 this is the
 * closed form 1/2 h^T A h + (C y + b)^T h. y may be NULL where the estimator does not look at it.
 * Estimators that need an error signal are refused.
 *
 *   DNI_ERROR_ARGUMENT     NULL, shapes or types that do not fit, nodes over 64
 *   DNI_ERROR_UNSUPPORTED  an estimator that needs an error signal
 *   DNI_ERROR_MEMORY
 *   others                 as dni_sg_estimate */
DNI_API DNI_MUST_USE dni_status dni_analysis_extract_loss(dni_context *context, dni_sg *sg,
                                                          const dni_matrix *h, const dni_matrix *y,
                                                          const dni_matrix *origin, size_t nodes,
                                                          const dni_matrix *loss);

/* How far an estimator is from being the gradient of anything: |A - A^T| / |A| (Frobenius norms),
 * A = dSG/dh. 0: a gradient, and the integral above does not depend on the path; at most 2. For
 * estimators affine in h, of which A is a parameter: synthetic without hidden layers; 0 for scalar,
 * theorem and critic, for DNI_CONDITION_Y and for A = 0.
 *
 *   DNI_ERROR_ARGUMENT     NULL
 *   DNI_ERROR_UNSUPPORTED  other estimators */
DNI_API DNI_MUST_USE dni_status dni_analysis_integrability(dni_sg *sg, double *defect);

/* How well `estimate` follows `truth`, two columns [rows][1], when a constant per group may be
 * added to either (a loss extracted from an SG leaves one per label open): both are centred in each
 * group; *correlation is then Pearson's, 0 if either is constant in every group, and *r2 = 1 - sum
 * (truth - estimate)^2 / sum truth^2 of the centred numbers, 0 if truth is constant. groups [rows]
 * are any numbers, equal ones one group; NULL: one group. correlation and r2 may be NULL.
 *
 *   DNI_ERROR_ARGUMENT     NULL, no rows, shapes or types that differ
 *   DNI_ERROR_DATA         NaN or infinity
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_analysis_agreement(dni_context *context,
                                                       const dni_matrix *estimate,
                                                       const dni_matrix *truth,
                                                       const int32_t *groups, double *correlation,
                                                       double *r2);

#endif

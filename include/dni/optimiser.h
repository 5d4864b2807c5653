/* dni_optimiser: turns gradients into parameter updates. It holds the settings, the list of
 * parameters it moves, and their moments. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_OPTIMISER_H
#define DNI_OPTIMISER_H

typedef struct dni_optimiser dni_optimiser;
typedef struct dni_sg dni_sg; /* dni/sg.h */

/* With g the gradient after clipping (by value first, then by norm), w the parameter, r the rate of
 * this step, d the weight decay:
 *
 *   SGD    g += d w;  v = momentum v + g;  w -= r v
 *   Adam   g += d w;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;
 *          w -= r (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)      (Kingma and Ba 2015)
 *   AdamW  as Adam without the first term, and first w -= r d w  (Loshchilov and Hutter 2019)
 *
 * Other settings have the defaults of dni/layer.h and are changed with dni_optimiser_set_f64().
 *
 *   DNI_ERROR_ARGUMENT     NULL, or a learning rate that is negative or not finite
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_optimiser_create_sgd(dni_context *context, double learning_rate,
                                                         dni_optimiser **out);
DNI_API DNI_MUST_USE dni_status dni_optimiser_create_adam(dni_context *context,
                                                          double learning_rate,
                                                          dni_optimiser **out);
DNI_API DNI_MUST_USE dni_status dni_optimiser_create_adamw(dni_context *context,
                                                           double learning_rate,
                                                           dni_optimiser **out);

/* A new optimiser of the same kind, settings and schedule as `other`, with no parameters and at
 * step 0.
 *
 *   DNI_ERROR_ARGUMENT     NULL
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_optimiser_create_like(const dni_optimiser *other,
                                                          dni_optimiser **out);

DNI_API void dni_optimiser_retain(dni_optimiser *optimiser);
DNI_API void dni_optimiser_release(dni_optimiser *optimiser);

/* Make a parameter one of those this optimiser moves; its moments are allocated now, zero.
 * add_layer and add_sg take all trained parameters and keep the layer or SG. add takes the
 * caller's own value and gradient, of equal shape: the memory they view is kept and must stay
 * valid as long as the optimiser.
 *
 *   DNI_ERROR_ARGUMENT     NULL, shapes or types that do not fit
 *   DNI_ERROR_MEMORY       nothing was added */
DNI_API DNI_MUST_USE dni_status dni_optimiser_add_layer(dni_optimiser *optimiser, dni_layer *layer);
DNI_API DNI_MUST_USE dni_status dni_optimiser_add_sg(dni_optimiser *optimiser, dni_sg *sg);
DNI_API DNI_MUST_USE dni_status dni_optimiser_add(dni_optimiser *optimiser, const dni_matrix *value,
                                                  const dni_matrix *gradient);

/* One update of every parameter from its gradient as it now stands. Gradients are left as they
 * are. Nothing is allocated.
 *
 *   DNI_ERROR_ARGUMENT     NULL
 *   DNI_ERROR_NON_FINITE   with DNI_PARAM_CLIP_NORM the norm was not finite, and nothing was
 *                          changed */
DNI_API DNI_MUST_USE dni_status dni_optimiser_step(dni_optimiser *optimiser);

/* Multiply the rate by `factor` after every `steps` steps. Replaces an earlier schedule.
 *
 *   DNI_ERROR_ARGUMENT     NULL, steps = 0, factor negative or not finite */
DNI_API DNI_MUST_USE dni_status dni_optimiser_set_schedule_step(dni_optimiser *optimiser,
                                                                uint64_t steps, double factor);

/* From step boundaries[i] on (counted from 0, increasing) the rate is the learning rate times
 * factors[i]; before the first it is the learning rate. Both arrays are copied; count 0 removes
 * the schedule. Example, the paper's: boundaries {300000, 400000}, factors {0.1, 0.01}. The old
 * schedule stays after a failure.
 *
 *   DNI_ERROR_ARGUMENT     NULL, boundaries not increasing, a factor negative or not finite
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_optimiser_set_schedule_piecewise(dni_optimiser *optimiser,
                                                                     const uint64_t *boundaries,
                                                                     const double *factors,
                                                                     size_t count);

/* Tunables; which kind has which, their bounds and defaults: dni/layer.h.
 *
 *   DNI_ERROR_ARGUMENT     NULL, a parameter this kind does not have, a value out of bounds
 *                          (nothing changes) */
DNI_API DNI_MUST_USE dni_status dni_optimiser_set_f64(dni_optimiser *optimiser, dni_param parameter,
                                                      double value);
DNI_API DNI_MUST_USE dni_status dni_optimiser_get_f64(const dni_optimiser *optimiser,
                                                      dni_param parameter, double *value);

/* Steps made so far, and the rate the next step will use (schedule included); 0 for NULL. */
DNI_API uint64_t dni_optimiser_step_count(const dni_optimiser *optimiser);
DNI_API double dni_optimiser_rate(const dni_optimiser *optimiser);

/* Bytes of moments. 0 for NULL. */
DNI_API size_t dni_optimiser_bytes(const dni_optimiser *optimiser);

/* dni_guard: wraps an optimiser whose gradients are synthetic, and lets it step only while the
 * condition of Proposition 2 holds (Czarnecki et al. 2017, Appendix C; eq. 2 in Corollary 1),
 *
 *   error * jacobian < r * gradient,      r = (1 - cosine) / (1 + cosine),
 *
 * with error = |SG - dL/dh|, jacobian = |dh/dtheta|, gradient = |dL/dtheta| of the parameters theta
 * below h, all of the same batch and loss. The gradient it then steps with has a cosine of at least
 * `cosine` with the true one; so has the step of plain SGD, but not always one with momentum or
 * moments. Since 0.2. */
typedef struct dni_guard dni_guard;

/* What an accepted step is multiplied with. */
enum {
  /* Corollary 1 with the sign that agrees with its eq. 2 (the printed one is reversed):
   * r gradient / jacobian - error. It shrinks with the gradient, so convergence is sublinear. */
  DNI_GUARD_PROPORTIONAL = 0,
  DNI_GUARD_GATED = 1 /* 1: the optimiser's own rate while the condition holds */
};

/* Zero means default. */
typedef struct dni_guard_options {
  size_t struct_size; /* sizeof(dni_guard_options) */
  int32_t mode;       /* DNI_GUARD_ value */
  int32_t reserved;   /* 0 */
  double cosine;      /* delta of Proposition 2, in (0, 1); 0: the paper's 0.5, so r = 1/3 */
} dni_guard_options;

/* The guard keeps the optimiser. options may be NULL.
 *
 *   DNI_ERROR_ARGUMENT     NULL, unknown mode, cosine not in (0, 1), wrong struct_size
 *   DNI_ERROR_UNSUPPORTED  unknown non-zero fields
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_guard_create(dni_optimiser *optimiser,
                                                 const dni_guard_options *options, dni_guard **out);
DNI_API void dni_guard_retain(dni_guard *guard);
DNI_API void dni_guard_release(dni_guard *guard);

/* Step the optimiser if the condition holds, else leave it and all parameters as they are. The three
 * norms are the caller's to measure or to bound from above (error, jacobian) and from below
 * (gradient); dni_analysis_interface() does. *accepted (may be NULL) = 1 if it stepped, else 0. With
 * jacobian 0 nothing can move, and with an infinite norm or rate nothing is known: the step is then
 * not accepted.
 *
 *   DNI_ERROR_ARGUMENT     NULL guard, a norm that is negative or NaN; nothing changed
 *   DNI_ERROR_NON_FINITE   as dni_optimiser_step */
DNI_API DNI_MUST_USE dni_status dni_guard_step(dni_guard *guard, double error, double jacobian,
                                               double gradient, int32_t *accepted);

/* Steps accepted and refused so far; 0 for NULL. */
DNI_API uint64_t dni_guard_accepted(const dni_guard *guard);
DNI_API uint64_t dni_guard_refused(const dni_guard *guard);

#endif

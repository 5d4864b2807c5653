/** \file
 * dni_optimiser: turns gradients into updates of parameters. It holds the settings, the list of
 * parameters that it moves, and their moments. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_OPTIMISER_H
#define DNI_OPTIMISER_H

enum {
  DNI_OPTIMISER_SGD = 1,  /**< Stochastic gradient descent with momentum. */
  DNI_OPTIMISER_ADAM = 2, /**< Adam. */
  DNI_OPTIMISER_ADAMW = 3 /**< Adam with decoupled weight decay. */
};

/** Stochastic gradient descent:
 *
 *     g += d w
 *     v = momentum v + g
 *     w -= r v
 *
 * g is the gradient after clipping, by value first and then by norm; w the parameter; r the rate of
 * this step; d the weight decay. Momentum and decay are 0 at first.
 *
 * A parameter whose gradient is not finite becomes NaN, and so does one that its update would make
 * infinite. The next step of a trainer then fails and names it.
 * - DNI_ERROR_ARGUMENT: NULL, or a rate that is negative, not finite or no number of the element
 *   type; see dni/settings.h.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_optimiser_create_sgd(dni_context *context, double learning_rate,
                                                         dni_optimiser **out);

/** Adam (Kingma and Ba 2015):
 *
 *     g += d w
 *     m = b1 m + (1 - b1) g
 *     v = b2 v + (1 - b2) g^2
 *     w -= r (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)
 *
 * t counts this optimiser's steps from 1. b1 is DNI_SETTING_BETA1 and b2 is DNI_SETTING_BETA2. A g
 * above 2^63 (2^511 where moments are double) counts as this number, so that its square is finite:
 * the update does not depend on the size of large gradients, and v forgets them again. What is not
 * finite, the other letters and the statuses are as in dni_optimiser_create_sgd(). */
DNI_API DNI_MUST_USE dni_status dni_optimiser_create_adam(dni_context *context,
                                                          double learning_rate,
                                                          dni_optimiser **out);

/** AdamW (Loshchilov and Hutter 2019): as Adam without the decay in g, but first w -= r d w. Its
 * decay is 0.01 at first.
 *
 * Letters and statuses are those of dni_optimiser_create_adam(). */
DNI_API DNI_MUST_USE dni_status dni_optimiser_create_adamw(dni_context *context,
                                                           double learning_rate,
                                                           dni_optimiser **out);

/** A new optimiser of the kind, settings and schedule of `other`, at step 0 and without parameters.
 * A schedule's function is shared, not copied.
 * - DNI_ERROR_ARGUMENT: NULL.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_optimiser_create_like(const dni_optimiser *other,
                                                          dni_optimiser **out);

/** What moments are kept as: the context's dtype (at first), or DNI_BF16.
 *
 * Moments of bf16 take half the memory (a quarter in double), and a step reads and writes less. An
 * update computes in the context's dtype and then rounds m and v, or v, up or down by chance, so
 * that small changes are not lost: on average nothing changes. The random bits are a function of
 * the step, of the parameter's place in the optimiser and of the element, so the same steps give
 * the same numbers, whatever the threads. Their range is that of float: in double, the v of SGD is
 * infinite from 2^128 on, and the parameter then becomes NaN. Files keep such moments as BF16.
 *
 * The optimiser has no parameters yet. dni_optimiser_create_like() copies the type, so a trainer's
 * optimisers have that of their pattern.
 * - DNI_ERROR_ARGUMENT: NULL, or another type.
 * - DNI_ERROR_UNSUPPORTED: DNI_F16.
 * - DNI_ERROR_STATE: it has parameters, and moments of another type; or it is a trainer's. */
DNI_API DNI_MUST_USE dni_status dni_optimiser_set_moment_dtype(dni_optimiser *optimiser,
                                                               dni_dtype dtype);

/** What moments are kept as. 0 for NULL. */
DNI_API dni_dtype dni_optimiser_moment_dtype(const dni_optimiser *optimiser);

/** Take a reference; answers `optimiser`. NULL is allowed. Any thread. */
DNI_API dni_optimiser *dni_optimiser_retain(dni_optimiser *optimiser);

/** Give a reference back. NULL is allowed. Any thread. */
DNI_API void dni_optimiser_release(dni_optimiser *optimiser);

/** Which kind it is: a DNI_OPTIMISER_ value; 0 for NULL. */
DNI_API dni_kind dni_optimiser_kind(const dni_optimiser *optimiser);

/** "sgd", "adam" or "adamw"; "" for NULL. Never NULL; static. */
DNI_API const char *dni_optimiser_kind_name(const dni_optimiser *optimiser);

/** Move the trained parameters of a layer, at a rate multiplied with its DNI_SETTING_RATE_SCALE.
 *
 * The optimiser keeps the layer if it has trained parameters; else the call does nothing. Moments
 * are allocated now and start at 0.
 * - DNI_ERROR_ARGUMENT: NULL, another element type, or the layer is moved by this optimiser
 *   already.
 * - DNI_ERROR_MEMORY: no memory; nothing was added. */
DNI_API DNI_MUST_USE dni_status dni_optimiser_add_layer(dni_optimiser *optimiser, dni_layer *layer);

/** Move the trained parameters of an SG, in the same way. An SG whose parameters are another's (a
 * wrapper's) counts as moved already if that one is. */
DNI_API DNI_MUST_USE dni_status dni_optimiser_add_sg(dni_optimiser *optimiser, dni_sg *sg);

/** Move a parameter of the caller's own: `value` and `gradient`, of equal shape.
 *
 * The memory that they view is kept and must stay valid until `destroy` is called with `user`, when
 * the optimiser ends. destroy may be NULL. After writing through value, call
 * dni_optimiser_changed().
 * - DNI_ERROR_ARGUMENT: NULL, shapes or types that do not fit, or the same memory is moved already;
 *   destroy is not called.
 * - DNI_ERROR_MEMORY: no memory; nothing was added, destroy is not called. */
DNI_API DNI_MUST_USE dni_status dni_optimiser_add(dni_optimiser *optimiser, const dni_matrix *value,
                                                  const dni_matrix *gradient,
                                                  dni_destroy_callback destroy, void *user);

/** Say that values of parameters given to dni_optimiser_add() were written by the caller.
 * - DNI_ERROR_ARGUMENT: NULL. */
DNI_API DNI_MUST_USE dni_status dni_optimiser_changed(dni_optimiser *optimiser);

/** Update every parameter once from its gradient as it is now. Gradients stay as they are. Nothing
 * is allocated.
 *
 * With DNI_SETTING_CLIP_NORM the norm is right whatever the size of the gradients.
 * - DNI_ERROR_ARGUMENT: NULL.
 * - DNI_ERROR_NON_FINITE: with DNI_SETTING_CLIP_NORM, the norm is not finite; or the rate of the
 *   step, schedule included, is too large for the element type. Nothing changed. */
DNI_API DNI_MUST_USE dni_status dni_optimiser_step(dni_optimiser *optimiser);

/** The same with every gradient multiplied with `factor` first, before clipping.
 *
 * For gradients that are sums over the parts of a batch (DNI_GRADIENT_ADD + DNI_GRADIENT_SUM), the
 * factor is 1 / rows of all parts.
 * - DNI_ERROR_ARGUMENT: NULL, or a factor that is not finite or no number of the element type.
 * - DNI_ERROR_NON_FINITE: as dni_optimiser_step(). */
DNI_API DNI_MUST_USE dni_status dni_optimiser_step_scaled(dni_optimiser *optimiser, double factor);

/** Multiply the learning rate with a schedule of the count of steps; replaces an earlier schedule.
 *
 * A rate that becomes too small for the element type is 0; one that becomes too large makes its
 * step fail. The schedule is copied. NULL removes it. Of an optimiser of a trainer: only while
 * settled.
 * Example, the paper's: PIECEWISE with boundaries {300000, 400000} and values {0.1, 0.01}.
 * - DNI_ERROR_ARGUMENT: NULL optimiser, or a schedule that is refused; the message names the field.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields.
 * - DNI_ERROR_MEMORY: no memory.
 *
 * After a failure the old schedule stays, and destroy of the new one is not called. */
DNI_API DNI_MUST_USE dni_status dni_optimiser_set_schedule(dni_optimiser *optimiser,
                                                           const dni_schedule *schedule);

/** 1 if the optimiser has the setting, else 0. */
DNI_API int32_t dni_optimiser_has(const dni_optimiser *optimiser, dni_setting setting);

/** The closed interval of values that a setting may have, in the element type; see
 * dni_layer_bounds().
 * - DNI_ERROR_ARGUMENT: NULL, or a setting that this kind does not have. */
DNI_API DNI_MUST_USE dni_status dni_optimiser_bounds(const dni_optimiser *optimiser,
                                                     dni_setting setting, double *least,
                                                     double *most);

/** Change a setting. Of an optimiser of a trainer: only while the report says settled.
 * - DNI_ERROR_ARGUMENT: NULL, a setting that this kind does not have, a value out of bounds;
 *   nothing changes. */
DNI_API DNI_MUST_USE dni_status dni_optimiser_set_f64(dni_optimiser *optimiser, dni_setting setting,
                                                      double value);

/** Read a setting.
 * - DNI_ERROR_ARGUMENT: NULL, or a setting that this kind does not have. */
DNI_API DNI_MUST_USE dni_status dni_optimiser_get_f64(const dni_optimiser *optimiser,
                                                      dni_setting setting, double *value);

/** Steps made so far; 0 for NULL. */
DNI_API uint64_t dni_optimiser_step_count(const dni_optimiser *optimiser);

/** The learning rate of the next step: the schedule is in it, rate scales of layers are not. 0 for
 * NULL. */
DNI_API double dni_optimiser_rate(const dni_optimiser *optimiser);

/** Bytes of moments; 0 for NULL. */
DNI_API size_t dni_optimiser_bytes(const dni_optimiser *optimiser);

#endif

/* dni_sg: an estimator of dL/dh at one interface: synthetic gradients and their relatives.
 *
 * Every estimator answers the same question: given the layer output h and the target y (and, for
 * some, an error signal e), what is delta = dL/dh, per example? Those that learn are later shown
 * the better answer, the target delta that the module above computed for its own input.
 *
 * Around layers that are not ours, with plain buffers:
 *
 *   dni_sg_estimate(sg, &h, &y, NULL, &delta)     delta = M(h, y): update the layers below with it
 *   ... later, when the layers above have the true (or bootstrapped) gradient of h ...
 *   dni_sg_learn(sg, &h, &y, &target, NULL, &error, &cosine)
 *   dni_optimiser_step(sg_optimiser)
 *
 * A critic learns from losses instead: dni_sg_learn_loss(sg, &h, &y, &losses, &error). A local loss
 * learns from h and y alone: dni_sg_learn(sg, &h, &y, NULL, NULL, &error, NULL).
 *
 * Workspace: critics and estimators with hidden layers need some, and so do learn without a given
 * prediction and line search; dni_sg_reserve() plans it. Calls with more rows than reserved grow it, and may then return
 * DNI_ERROR_MEMORY. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_SG_H
#define DNI_SG_H

/* What a synthetic gradient sees. */
enum {
  DNI_CONDITION_HY = 0, /* output and target */
  DNI_CONDITION_H = 1,  /* output alone */
  DNI_CONDITION_Y = 2   /* target alone */
};

/* Which signal an estimator needs as `error` before it can answer. This decides what waits for
 * what. */
enum {
  DNI_SG_NEEDS_NOTHING = 0,      /* answers at once: no locking */
  DNI_SG_NEEDS_OUTPUT_ERROR = 1, /* e = dL/dh_N [rows][error units]: waits for the forward pass */
  DNI_SG_NEEDS_DELTA_ABOVE = 2,  /* e = dL/dz of the dense layer above: waits for all (fa) */
  DNI_SG_NEEDS_DELTA = 3,        /* e = dL/dh itself [rows][units]: waits for all (exact) */
  /* e = dL/dh itself, but the layers below may take up other batches until it is there (delayed).
   * Since 0.3. */
  DNI_SG_NEEDS_DELTA_LATER = 4
};

/* Kinds. */
enum {
  DNI_SG_EXACT = 1,
  DNI_SG_SYNTHETIC = 2,
  DNI_SG_DFA = 3,
  DNI_SG_FA = 4,
  DNI_SG_CALLBACK = 5,
  DNI_SG_SCALAR = 6,  /* since 0.2 */
  DNI_SG_THEOREM = 7, /* since 0.2 */
  DNI_SG_CRITIC = 8,  /* since 0.2 */
  DNI_SG_LOCAL = 9,   /* this and the rest since 0.3 */
  DNI_SG_DELAYED = 10,
  DNI_SG_ZERO = 11,
  DNI_SG_MIXTURE = 12,
  DNI_SG_FROZEN = 13,
  DNI_SG_WARM_UP = 14
};

/* What an estimator learns from; see dni_sg_learns(). */
enum {
  DNI_SG_LEARNS_NOTHING = 0,
  DNI_SG_LEARNS_TARGET = 1, /* a better delta: dni_sg_learn */
  DNI_SG_LEARNS_LOSS = 2,   /* the loss of each example: dni_sg_learn_loss. Since 0.2 */
  DNI_SG_LEARNS_ALONE = 3   /* a loss of its own on h and y: dni_sg_learn, no target. Since 0.3 */
};

/* Zero means default. */
typedef struct dni_sg_options {
  size_t struct_size;    /* sizeof(dni_sg_options) */
  int32_t condition;     /* DNI_CONDITION_ value */
  int32_t hidden_layers; /* 0 (linear), 1 or 2, of ReLU units; of critics tanh */
  size_t hidden_units;   /* in each hidden layer; 0: as many as units */
} dni_sg_options;

/* Backpropagation's own answer: delta = e.
 *
 *   DNI_ERROR_ARGUMENT     NULL, units = 0
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_sg_create_exact(dni_context *context, size_t units,
                                                    dni_sg **out);

/* A synthetic gradient M(h, y) for h: [rows][units], y: [rows][targets] (one-hot label or target
 * row), trained on || M(h, y) - delta ||^2, summed over units, mean over the batch (Czarnecki et
 * al. 2017; Jaderberg et al. 2016). The last layer starts at zero, so the first answer is exactly
 * 0. options may be NULL: linear in (h, y).
 *
 * Parameters, per layer: "weight" [outputs][inputs], "bias" [1][outputs]. The first layer's
 * inputs are units + targets, h's columns first; units or targets alone with DNI_CONDITION_H or
 * DNI_CONDITION_Y.
 *
 *   DNI_ERROR_ARGUMENT     NULL, units or targets 0, unknown condition, hidden_layers not 0..2,
 *                          wrong struct_size
 *   DNI_ERROR_UNSUPPORTED  unknown non-zero fields
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_sg_create_synthetic(dni_context *context, size_t units,
                                                        size_t targets,
                                                        const dni_sg_options *options,
                                                        dni_sg **out);

/* Direct feedback alignment (Nokland 2016): delta = e B, e = dL/dh_N [rows][error_units]. B
 * [error_units][units] is fixed, normal with variance 1 / error_units; parameter "feedback", not
 * trained.
 *
 *   DNI_ERROR_ARGUMENT     NULL or a size of 0
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_sg_create_dfa(dni_context *context, size_t units,
                                                  size_t error_units, dni_sg **out);

/* Feedback alignment (Lillicrap et al. 2016): delta = e B, e = dL/dz of the dense layer above,
 * i.e. the chain rule with its W replaced by a fixed B [error_units][units], normal with variance
 * 2 / units; parameter "feedback", not trained. In a network the layer right above the interface
 * must be dense.
 *
 *   DNI_ERROR_ARGUMENT     NULL or a size of 0
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_sg_create_fa(dni_context *context, size_t units,
                                                 size_t error_units, dni_sg **out);

/* One trainable number (Czarnecki et al. 2017, Appendix B): delta = c for every example and every
 * unit, whatever h and y are; neither is looked at. Trained like dni_sg_create_synthetic. Parameter
 * "scalar" [1][1], 0 at first. With it training can stop where the loss has no critical point. Since
 * 0.2.
 *
 *   DNI_ERROR_ARGUMENT     NULL or units = 0
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_sg_create_scalar(dni_context *context, size_t units,
                                                     dni_sg **out);

/* The synthetic gradient of Theorem 1 (Appendix C): delta = (alpha + 1) h - (beta + 1) y + gamma,
 * for h and y of [rows][units]. With (alpha, beta, gamma) = 0 it is h - y, the gradient of
 * 1/2 || h - y ||^2. Trained like dni_sg_create_synthetic. Parameter "omega" [1][3] = (alpha, beta,
 * gamma), (-1, -1, 0) at first, so that the first answer is exactly 0. Since 0.2.
 *
 *   DNI_ERROR_ARGUMENT     NULL or units = 0
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_sg_create_theorem(dni_context *context, size_t units,
                                                      dni_sg **out);

/* A critic (Appendix A): phi(h, y), an estimate of each example's loss, used through its gradient:
 * delta = d phi / dh. phi is linear, or has one or two hidden layers of tanh units (of ReLU units the
 * gradient would be constant between kinks); its last layer starts at zero, so the first answer is
 * exactly 0. options as for a synthetic gradient, but NULL is 1 hidden layer of as many units as h,
 * (h, y) seen; DNI_CONDITION_Y is refused, since its gradient is 0. Learns from losses, not from
 * deltas: dni_sg_learn_loss(), dni_sg_estimate_loss(). Parameters as of a synthetic gradient; the
 * last map has one output. Since 0.2.
 *
 *   DNI_ERROR_ARGUMENT     as dni_sg_create_synthetic; DNI_CONDITION_Y
 *   DNI_ERROR_UNSUPPORTED  unknown non-zero fields
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_sg_create_critic(dni_context *context, size_t units,
                                                     size_t targets, const dni_sg_options *options,
                                                     dni_sg **out);

/* A local loss (an auxiliary classifier; Belilovsky et al. 2019, Nokland and Eidnes 2019): a small
 * network g of its own on top of h, and delta = d loss(g(h), y) / dh per example. g is linear or has
 * one or two hidden ReLU layers (options as for a synthetic gradient; condition must be 0, NULL is
 * linear) and [targets] outputs; its first weights are drawn like a dense layer's. It learns from h and
 * y alone (DNI_SG_LEARNS_ALONE): dni_sg_learn with target NULL computes the gradients of the mean loss
 * for g, and *error is that loss. The loss is kept. Parameters as of a synthetic gradient. Since 0.3.
 *
 *   DNI_ERROR_ARGUMENT     NULL, a size of 0, hidden_layers not 0..2, a condition, a loss of another
 *                          element type
 *   DNI_ERROR_UNSUPPORTED  unknown non-zero fields
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_sg_create_local(dni_context *context, size_t units,
                                                    size_t targets, dni_loss *loss,
                                                    const dni_sg_options *options, dni_sg **out);

/* The true gradient, later (Huo et al. 2018): delta = shrink * e, e = dL/dh of the same batch as the
 * layers above compute it, shrink (0, 1] damping what comes late. In the sequential schedule nothing
 * is late, and with shrink 1 the step is backpropagation. In the pipelined schedule the layers below
 * go on with other batches, keep the activations of those in flight, and move by gradients that
 * belong to parameters of some batches ago. Tunable: DNI_PARAM_SHRINK. Does not learn. Since 0.3.
 *
 *   DNI_ERROR_ARGUMENT     NULL, units = 0, shrink not in (0, 1]
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_sg_create_delayed(dni_context *context, size_t units,
                                                      double shrink, dni_sg **out);

/* No gradient: delta = 0, so the layers below stay as they were drawn (a baseline: what the layers
 * above reach on random features). Batch normalisation below still gathers its statistics. Since 0.3.
 *
 *   DNI_ERROR_ARGUMENT     NULL or units = 0
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_sg_create_zero(dni_context *context, size_t units,
                                                   dni_sg **out);

/* Wrappers: estimators around another one. They keep it, and show its parameters as theirs.
 *
 * mixture, BP(lambda) (Jaderberg et al. 2016): delta = lambda e + (1 - lambda) M(h, y), M the inner
 * estimator's answer, e = dL/dh. It needs e (DNI_SG_NEEDS_DELTA, so layers wait), and M learns from e.
 * lambda in [0, 1] is the tunable DNI_PARAM_LAMBDA, or follows a schedule. The inner estimator must
 * need nothing and learn from targets.
 *
 * frozen: the inner estimator's answers, but nothing is learned any more. The inner estimator must
 * need nothing.
 *
 * warm_up: answers 0 until the inner estimator has had `lessons` lessons (calls of dni_sg_learn), so
 * that layers below do not follow guesses; then the inner estimator's answers. The inner estimator must
 * need nothing and learn from targets. A mixture whose lambda goes from 1 to 0 is a warm-up
 * during which the layers below follow the true gradient.
 *
 * Since 0.3.
 *
 *   DNI_ERROR_ARGUMENT     NULL, an inner estimator that is not of the kind asked for, lambda not in
 *                          [0, 1]
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_sg_create_mixture(dni_context *context, dni_sg *inner,
                                                      double lambda, dni_sg **out);
DNI_API DNI_MUST_USE dni_status dni_sg_create_frozen(dni_context *context, dni_sg *inner,
                                                     dni_sg **out);
DNI_API DNI_MUST_USE dni_status dni_sg_create_warm_up(dni_context *context, dni_sg *inner,
                                                      uint64_t lessons, dni_sg **out);

/* A mixture's schedule: after boundaries[i] lessons (increasing) lambda is lambdas[i], in between on
 * the straight line, before the first and after the last constant. Both arrays are copied; count 0
 * removes the schedule, and lambda stays what it is now. The old schedule stays after a failure.
 * Since 0.3.
 *
 *   DNI_ERROR_ARGUMENT     NULL, not a mixture, boundaries not increasing, a lambda not in [0, 1]
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_sg_set_lambda_schedule(dni_sg *sg, const uint64_t *boundaries,
                                                           const double *lambdas, size_t count);

/* Tunables; which kind has which, their bounds and defaults: dni/layer.h. Setting lambda removes a
 * schedule; getting it answers what the next estimate uses. Since 0.3.
 *
 *   DNI_ERROR_ARGUMENT     NULL, a parameter this kind does not have, a value out of bounds
 *                          (nothing changes) */
DNI_API DNI_MUST_USE dni_status dni_sg_set_f64(dni_sg *sg, dni_param parameter, double value);
DNI_API DNI_MUST_USE dni_status dni_sg_get_f64(const dni_sg *sg, dni_param parameter,
                                               double *value);

/* The caller's own estimator. estimate fills delta; learn (NULL: nothing to learn) computes
 * parameter gradients from target, given what estimate answered in prediction, which it may
 * overwrite. error is NULL if needs is DNI_SG_NEEDS_NOTHING. A non-zero status is passed through.
 * parameter as in dni_layer_callbacks. destroy (may be NULL) is called once, at the last release.
 */
typedef struct dni_sg_callbacks {
  size_t struct_size; /* sizeof(dni_sg_callbacks) */
  void *user;
  int32_t needs;    /* DNI_SG_NEEDS_ value */
  int32_t reserved; /* 0 */
  dni_status (*estimate)(void *user, const dni_matrix *h, const dni_matrix *y,
                         const dni_matrix *error, const dni_matrix *delta);
  dni_status (*learn)(void *user, const dni_matrix *h, const dni_matrix *y,
                      const dni_matrix *target, const dni_matrix *prediction);
  size_t parameter_count;
  dni_status (*parameter)(void *user, size_t index, dni_matrix *value, dni_matrix *gradient);
  void (*destroy)(void *user);
} dni_sg_callbacks;

/* error_units is the width of the error signal; ignored if needs is NOTHING or DELTA.
 *
 *   DNI_ERROR_ARGUMENT     NULL, a size of 0, estimate missing, unknown needs, wrong
 *                          struct_size; destroy is then not called
 *   DNI_ERROR_UNSUPPORTED  unknown non-zero fields
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_sg_create_callback(dni_context *context, size_t units,
                                                       size_t targets, size_t error_units,
                                                       const dni_sg_callbacks *callbacks,
                                                       dni_sg **out);

DNI_API void dni_sg_retain(dni_sg *sg);
DNI_API void dni_sg_release(dni_sg *sg);

/* What it is and what it takes; 0 or "" for NULL. kind_name: "exact", "synthetic", "dfa", "fa",
 * "callback", "scalar", "theorem", "critic", "local", "delayed", "zero", "mixture", "frozen" or
 * "warm_up". learns: a DNI_SG_LEARNS_ value. error_units: 0 if it
 * needs no error. */
DNI_API int32_t dni_sg_kind(const dni_sg *sg);
DNI_API const char *dni_sg_kind_name(const dni_sg *sg);
DNI_API int32_t dni_sg_needs(const dni_sg *sg);
DNI_API int32_t dni_sg_learns(const dni_sg *sg);
DNI_API size_t dni_sg_units(const dni_sg *sg);
DNI_API size_t dni_sg_targets(const dni_sg *sg);
DNI_API size_t dni_sg_error_units(const dni_sg *sg);

/* Plan workspace for batches of up to `rows`, so that calls of that size allocate nothing.
 *
 *   DNI_ERROR_ARGUMENT     NULL
 *   DNI_ERROR_MEMORY       the old workspace stays */
DNI_API DNI_MUST_USE dni_status dni_sg_reserve(dni_sg *sg, size_t rows);

/* delta [rows][units] = the estimate of dL/dh per example. h: [rows][units]; y: [rows][targets];
 * error: [rows][error_units]. An input the estimator does not look at may be NULL (h for
 * DNI_CONDITION_Y, feedback and scalar; y for DNI_CONDITION_H, feedback and scalar; error unless it
 * needs one).
 *
 *   DNI_ERROR_ARGUMENT     a needed input NULL, shapes or types that do not fit
 *   DNI_ERROR_MEMORY       more rows than reserved
 *   DNI_ERROR_BACKEND      as dni_backend_gemm
 *   DNI_ERROR_UNSUPPORTED  as dni_backend_gemm */
DNI_API DNI_MUST_USE dni_status dni_sg_estimate(dni_sg *sg, const dni_matrix *h,
                                                const dni_matrix *y, const dni_matrix *error,
                                                const dni_matrix *delta);

/* Compute the gradients of mean || M(h, y) - target ||^2 for the estimator's own parameters; an
 * optimiser's step then moves them. No gradient reaches h, y or target: target is a constant.
 *
 *   target      [rows][units]; NULL for an estimator that learns alone
 *   prediction  [rows][units], what estimate answered for the same h and y with the same
 *               parameters; working space, overwritten. NULL: computed again
 *   error       (may be NULL) mean over the rows of || M - target ||^2
 *   cosine      (may be NULL) of the angle between M and target as vectors of rows * units numbers;
 *               0 if either is zero
 *
 * An estimator that does not learn from targets only reports; one that needs an error signal must
 * then be given its prediction. One that learns alone (DNI_SG_LEARNS_ALONE) learns if target is NULL,
 * and error is then its own mean loss and cosine 0; with a target it only reports.
 *
 *   DNI_ERROR_ARGUMENT     a needed input NULL, shapes or types that do not fit
 *   DNI_ERROR_MEMORY       more rows than reserved
 *   DNI_ERROR_BACKEND      as dni_backend_gemm
 *   DNI_ERROR_UNSUPPORTED  as dni_backend_gemm */
DNI_API DNI_MUST_USE dni_status dni_sg_learn(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                             const dni_matrix *target, const dni_matrix *prediction,
                                             double *error, double *cosine);

/* Critics: loss [rows][1] = phi(h, y), the estimate of each example's loss. Since 0.2.
 *
 *   DNI_ERROR_ARGUMENT     NULL, shapes or types that do not fit
 *   DNI_ERROR_STATE        not a critic
 *   DNI_ERROR_MEMORY       more rows than reserved
 *   DNI_ERROR_BACKEND      as dni_backend_gemm
 *   DNI_ERROR_UNSUPPORTED  as dni_backend_gemm */
DNI_API DNI_MUST_USE dni_status dni_sg_estimate_loss(dni_sg *sg, const dni_matrix *h,
                                                     const dni_matrix *y, const dni_matrix *loss);

/* Critics: compute the gradients of mean (phi(h, y) - loss)^2 for the critic's own parameters; an
 * optimiser's step then moves them. loss [rows][1] are the examples' losses, as
 * dni_loss_evaluate gives them in per_example. error (may be NULL) receives the mean. Since 0.2.
 *
 *   DNI_ERROR_ARGUMENT     NULL, shapes or types that do not fit
 *   DNI_ERROR_STATE        not a critic
 *   DNI_ERROR_MEMORY       more rows than reserved
 *   DNI_ERROR_BACKEND      as dni_backend_gemm
 *   DNI_ERROR_UNSUPPORTED  as dni_backend_gemm */
DNI_API DNI_MUST_USE dni_status dni_sg_learn_loss(dni_sg *sg, const dni_matrix *h,
                                                  const dni_matrix *y, const dni_matrix *loss,
                                                  double *error);

/* Exact line search (Theorem 1): the learning rate with which one step of plain SGD along the
 * gradients that dni_sg_learn() has just computed for the same h and y makes
 * E = mean || M(h, y) - target ||^2 as small as it can be on this line,
 *
 *   rate = 1/2 (g . g) / mean || J g ||^2,
 *
 * g the parameter gradients, J g the change of M along them. For estimators that are linear in their
 * parameters: scalar, theorem, and synthetic without hidden layers. In the theorem's terms (sums in
 * place of means) nu = rate * 2 / rows. *rate = 0 if g = 0 or J g = 0. Of h and y, what the estimator
 * does not look at may be NULL, but not both: one says how many rows there are. Since 0.2.
 *
 *   DNI_ERROR_ARGUMENT     NULL, shapes or types that do not fit, no rows
 *   DNI_ERROR_MEMORY       more rows than reserved
 *   DNI_ERROR_BACKEND      as dni_backend_gemm
 *   DNI_ERROR_UNSUPPORTED  an estimator that is not linear in its parameters; as dni_backend_gemm */
DNI_API DNI_MUST_USE dni_status dni_sg_line_search(dni_sg *sg, const dni_matrix *h,
                                                   const dni_matrix *y, double *rate);

/* As dni_layer_parameter and its relatives. */
DNI_API size_t dni_sg_parameter_count(const dni_sg *sg);
DNI_API DNI_MUST_USE dni_status dni_sg_parameter(dni_sg *sg, size_t index, dni_matrix *value,
                                                 dni_matrix *gradient);
DNI_API const char *dni_sg_parameter_name(const dni_sg *sg, size_t index);

#endif

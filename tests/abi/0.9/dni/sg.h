/** \file
 * dni_sg: what answers at an interface: synthetic gradients and their relatives.
 *
 * "SG" means anything that answers "what is delta = dL/dh here?", given the output h of the layer
 * below and the target y. A "synthetic gradient" is the kind that regresses: it learns to predict
 * delta from h and y. Where no SG is set, the answer is backpropagation's own, the exact gradient.
 *
 * An SG also works alone, around layers of other libraries, on plain buffers:
 *
 *     dni_query query = {sizeof query, &h, &y};
 *     dni_sg_estimate(sg, &query, &delta);      the layers below are updated with delta
 *     ... later the layers above have computed target, the gradient of h ...
 *     dni_lesson lesson = {sizeof lesson, &h, &y, &target};
 *     dni_sg_learn(sg, &lesson, NULL);
 *     dni_optimiser_step(optimiser_of_the_sg);
 *
 * Scale: delta and target are of each example, NOT divided by the batch size. Other libraries give
 * gradients of the batch's mean: multiply these by the rows before they become a target, and divide
 * delta by the rows before it goes back.
 *
 * Threads: one thread at a time asks and teaches an SG. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_SG_H
#define DNI_SG_H

/** What a synthetic gradient sees. */
typedef int32_t dni_condition;

enum {
  DNI_CONDITION_HY = 0,      /**< Output and target. */
  DNI_CONDITION_H = 1,       /**< The output alone. */
  DNI_CONDITION_Y = 2,       /**< The target alone. */
  DNI_CONDITION_RESIDUAL = 3 /**< The residual of a local guess alone, which needs a loss. */
};

/** Which signal an SG needs before it can answer. This decides what a trainer has to wait for. */
typedef int32_t dni_needs;

enum {
  DNI_SG_NEEDS_NOTHING = 0,      /**< It answers at once: nothing waits. */
  DNI_SG_NEEDS_OUTPUT_ERROR = 1, /**< dL/dh_N: the layers below wait for the forward pass. */
  DNI_SG_NEEDS_DELTA_ABOVE = 2,  /**< dL/dz of the dense layer above: they wait for all above. */
  DNI_SG_NEEDS_DELTA = 3,        /**< dL/dh itself: they wait for all above. */
  DNI_SG_NEEDS_DELTA_LATER = 4   /**< dL/dh itself, but they may go on with other batches first. */
};

/** What an SG learns from. */
typedef int32_t dni_learns;

enum {
  DNI_SG_LEARNS_NOTHING = 0, /**< Nothing. */
  DNI_SG_LEARNS_TARGET = 1,  /**< A better delta. */
  DNI_SG_LEARNS_LOSS = 2,    /**< The loss of each example. */
  DNI_SG_LEARNS_ALONE = 3    /**< A loss of its own, of h and y. */
};

enum {
  DNI_SG_SYNTHETIC = 1,      /**< A regression of delta on h and y. */
  DNI_SG_DFA = 2,            /**< Direct feedback alignment. */
  DNI_SG_FA = 3,             /**< Feedback alignment. */
  DNI_SG_LOCAL = 4,          /**< A local loss. */
  DNI_SG_CRITIC = 5,         /**< The gradient of a learned loss. */
  DNI_SG_DELAYED = 6,        /**< The exact gradient, late. */
  DNI_SG_ZERO = 7,           /**< No gradient. */
  DNI_SG_MIXTURE = 8,        /**< Exact and synthetic, mixed. */
  DNI_SG_FROZEN = 9,         /**< Another SG that no longer learns. */
  DNI_SG_WARM_UP = 10,       /**< Another SG that answers 0 at first. */
  DNI_SG_CALLBACK = 11,      /**< The caller's own. */
  DNI_SG_LEAST_SQUARES = 12, /**< The regression of delta on h and y in closed form. */
  DNI_SG_SCALAR = 100,       /**< One number; see dni/research.h. */
  DNI_SG_THEOREM = 101       /**< That of Theorem 1; see dni/research.h. */
};

/** Options of synthetic gradients, critics and local losses. Zero means default. */
typedef struct dni_sg_options {
  size_t struct_size;      /**< sizeof(dni_sg_options). */
  dni_condition condition; /**< What it sees; of local losses 0. */
  int32_t has_seed;        /**< 1: first weights are drawn from seed; 0: from the context. */
  size_t hidden_layers;    /**< 0 (linear), 1 or 2; of ReLU units, of critics tanh. */
  size_t hidden_units;     /**< In each hidden layer; 0: as many as units. */
  uint64_t seed;           /**< Used if has_seed is 1. */
  /** Synthetic gradients: loss-matched inputs. A local guess g = U [h, 1] at the network's output
   * is trained on this loss, and r = dL(g, y)/dg of each example, of softmax cross-entropy
   * softmax(g) - y, is seen as well. Use the loss that the network is trained on. NULL: no guess.
   * It is kept. */
  dni_loss *loss;
} dni_sg_options;

/* Creating. ----------------------------------------------------------------------------------- */

/** A synthetic gradient M(h, y) for h [rows][units] and y [rows][targets] or labels below targets.
 *
 * It is trained on E, the mean over the batch of || M(h, y) - delta ||^2, a sum over the units
 * (Jaderberg et al. 2016; Czarnecki et al. 2017). Its last layer starts at zero, so the first
 * answer is exactly 0, and the layers below stand still until it has learned something. `options`
 * may be NULL: linear in (h, y), the paper's choice.
 *
 * Parameters, for each of its layers: "weight" [outputs][inputs] and "bias" [1][outputs]. The
 * inputs of the first are h's columns, then y's, then those of r, without what is not seen. With a
 * loss also "guess_weight" [targets][units] and "guess_bias" [1][targets], which start at zero and
 * whose gradients are those of the loss.
 *
 * - DNI_ERROR_ARGUMENT: NULL, units or targets 0, an unknown condition, a residual without a loss,
 *   a loss of another element type or one that does not fit the targets, hidden_layers over 2, a
 *   bad struct_size.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_sg_create_synthetic(dni_context *context, size_t units,
                                                        size_t targets,
                                                        const dni_sg_options *options,
                                                        dni_sg **out);

/** Options of least-squares SGs. Zero means default, of `loss` NULL. */
typedef struct dni_least_squares_options {
  size_t struct_size;      /**< sizeof(dni_least_squares_options). */
  dni_condition condition; /**< What it sees. */
  int32_t reserved;        /**< 0. */
  dni_loss *loss;          /**< Loss-matched inputs, as in dni_sg_options. Kept. */
  double forgetting;       /**< rho, in (0, 1]: what a new lesson weighs; 0: 0.05. */
  double ridge;            /**< lambda, not negative; 0: 0.001. */
  uint64_t solve_every;    /**< Lessons from one solution to the next; 0: 1. */
  double guess_rate;       /**< With a loss: the learning rate of the guess; 0: 0.001. */
} dni_least_squares_options;

/** A synthetic gradient that needs no optimiser: M = W z, linear in what it sees, with the best W
 * for all lessons so far.
 *
 * z = [h, 1, y, r], without what it does not see; n columns. Each lesson of B rows adds to two
 * sums, and W follows from them:
 *
 *     C <- (1 - rho) C + rho Z^T Z / B        R <- (1 - rho) R + rho delta^T Z / B
 *     W = R (C + lambda (tr C / n) I)^-1
 *
 * This is the ridge regression on all lessons, each weighing (1 - rho)^age. So 1 / rho is how many
 * lessons it remembers. The first answer is exactly 0, before the first lesson. Lessons with less
 * rows than n columns are fine: the ridge decides what they leave open.
 *
 * It learns in dni_sg_learn() alone. Answers follow from the sums as they are after the first
 * lesson and after every `solve_every` more. A lesson without a prediction is not answered again
 * unless a report is wanted. Flags: REPLACE begins a lesson; ADD adds rows to the last one and
 * forgets nothing; SKIP learns nothing. A rate scale of 0 freezes it; others are for the guess.
 *
 * With a loss the residual r of a local guess is seen too, or, with DNI_CONDITION_RESIDUAL, only r
 * and 1: this costs next to nothing, and for classification it is the place to start. The guess is
 * moved in lessons, by an Adam of its own.
 *
 * Parameters, which no optimiser takes: "weight" W [units][n], which lessons leave behind and
 * dni_sg_parameter() and dni_sg_get_parameter() bring up to date; "gram" C [n][n], whose lower
 * triangle counts; "moment" R [units][n]; with a loss "guess_weight" [targets][units] and
 * "guess_bias" [1][targets]. Where z is above 2^20 (2^300 in double), C and R are those of 2^-e z.
 * Settings: DNI_SETTING_FORGETTING; DNI_SETTING_RIDGE, which may be set to 0: columns of z that
 * others give up to rounding then get weights of 0. With a loss DNI_SETTING_LEARNING_RATE, of the
 * guess.
 *
 * A lesson fails with DNI_ERROR_NON_FINITE if h, y, r or the target is not finite, if the target
 * is 2^90 or more (2^600 in double), or h times r 2^100 (2^900); it is then not counted, and
 * nothing has changed. Where a solution is not finite, the call that needs it fails in the same
 * way. After a product that failed, C, R and W may have taken a part of the lesson in. What weighs
 * 0 is absent, so a lesson of nothing else is none; if it should begin one, what is added to it
 * does.
 *
 * - DNI_ERROR_ARGUMENT: NULL, units or targets 0, an unknown condition, a residual without a loss,
 *   a loss of another element type or one that does not fit the targets, numbers out of range, a
 *   bad struct_size.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status
dni_sg_create_least_squares(dni_context *context, size_t units, size_t targets,
                            const dni_least_squares_options *options, dni_sg **out);

/** Direct feedback alignment (Nokland 2016): delta = e B, where e [rows][signal_units] is dL/dh_N.
 *
 * B [signal_units][units] is fixed: normal with variance 1 / signal_units, from the context's next
 * stream or from the options' seed. It is the parameter "feedback", not trained. `options` may be
 * NULL.
 * - DNI_ERROR_ARGUMENT: NULL, a size of 0, a bad struct_size.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_sg_create_dfa(dni_context *context, size_t units,
                                                  size_t signal_units,
                                                  const dni_random_options *options, dni_sg **out);

/** Feedback alignment (Lillicrap et al. 2016): delta = e B, where e [rows][signal_units] is dL/dz
 * of the dense layer above. It is the chain rule with that layer's W replaced by B.
 *
 * B [signal_units][units] is fixed: normal with variance 2 / units, drawn as for
 * dni_sg_create_dfa(). It is the parameter "feedback", not trained. In a network the layer right
 * above must be dense. Statuses as for dni_sg_create_dfa(). */
DNI_API DNI_MUST_USE dni_status dni_sg_create_fa(dni_context *context, size_t units,
                                                 size_t signal_units,
                                                 const dni_random_options *options, dni_sg **out);

/** A local loss (Belilovsky et al. 2019; Nokland and Eidnes 2019): a small network g on top of h,
 * and delta = d loss(g(h), y) / dh.
 *
 * g is linear or has hidden ReLU layers, and has `targets` outputs. Its first weights are drawn as
 * a dense layer's. It learns alone, from h and y. The loss is kept. `options` may be NULL: linear;
 * a condition must be 0. Parameters as of a synthetic gradient.
 * - DNI_ERROR_ARGUMENT: NULL, a size of 0, hidden_layers over 2, a condition, a loss of another
 *   element type or one that does not fit the targets, softmax cross-entropy of 1 target, a bad
 *   struct_size.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_sg_create_local(dni_context *context, size_t units,
                                                    size_t targets, dni_loss *loss,
                                                    const dni_sg_options *options, dni_sg **out);

/** A critic (Appendix A): phi(h, y), an estimate of each example's loss; delta = d phi / dh.
 *
 * phi is linear or has hidden layers of tanh units (with ReLU its gradient would be constant
 * between kinks). Its last layer starts at zero, so the first answer is exactly 0. It learns from
 * losses. `options` may be NULL: one hidden layer of as many units as h, and (h, y) seen.
 * Parameters as of a synthetic gradient; the last layer has one output.
 * - DNI_ERROR_ARGUMENT: as dni_sg_create_synthetic(); DNI_CONDITION_Y, whose gradient would be 0.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_sg_create_critic(dni_context *context, size_t units,
                                                     size_t targets, const dni_sg_options *options,
                                                     dni_sg **out);

/** The exact gradient, later (Huo et al. 2018): delta = shrink e, where e is dL/dh of the same
 * batch.
 *
 * In the sequential schedule nothing is late, and with shrink 1 the step is backpropagation. In the
 * pipelined schedule the layers below go on with other batches and keep what those in flight left
 * in them. When e comes they run backward with their present parameters, on the outputs and states
 * of that batch. It does not learn. Setting: DNI_SETTING_SHRINK.
 * - DNI_ERROR_ARGUMENT: NULL, units is 0, shrink not in (0, 1].
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_sg_create_delayed(dni_context *context, size_t units,
                                                      double shrink, dni_sg **out);

/** No gradient: delta = 0. In a trainer the layers below are not moved at all, weight decay
 * included, and nothing is computed for them but their outputs; batch norm still gathers its
 * statistics.
 *
 * It shows what the layers above reach on random features.
 * - DNI_ERROR_ARGUMENT: NULL, or units is 0.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_sg_create_zero(dni_context *context, size_t units,
                                                   dni_sg **out);

/** A mixture, BP(lambda) (Jaderberg et al. 2016): delta = lambda e + (1 - lambda) M(h, y), where M
 * is the inner SG's answer and e = dL/dh. It needs e, so the layers below wait; M learns from e.
 *
 * lambda in [0, 1] is DNI_SETTING_LAMBDA, or follows a schedule: dni_sg_set_schedule(). The inner
 * SG must need nothing and learn from targets. It is kept, and its parameters are shown as this
 * one's.
 * - DNI_ERROR_ARGUMENT: NULL, an inner SG that does not fit, lambda not in [0, 1].
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_sg_create_mixture(dni_context *context, dni_sg *inner,
                                                      double lambda, dni_sg **out);

/** The inner SG's answers, but it no longer learns. The inner SG must need nothing. It is kept; its
 * parameters are shown without gradients.
 * - DNI_ERROR_ARGUMENT: NULL, or an inner SG that needs a signal.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_sg_create_frozen(dni_context *context, dni_sg *inner,
                                                     dni_sg **out);

/** The answer 0 until the inner SG has had `lessons` lessons, then the inner SG's answers. So the
 * layers below do not follow its first guesses. mse and cosine of a lesson are always those of the
 * inner SG's answer.
 *
 * The inner SG must need nothing and learn from targets. It is kept, and its parameters are shown
 * as this one's. A mixture whose lambda goes from 1 to 0 is a warm-up during which the layers below
 * follow the exact gradient.
 * - DNI_ERROR_ARGUMENT: NULL, or an inner SG that does not fit.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_sg_create_warm_up(dni_context *context, dni_sg *inner,
                                                      uint64_t lessons, dni_sg **out);

/** One question or lesson, as an SG of the caller's own sees it. Look only at fields below
 * struct_size. Shapes have been checked; everything is valid during the call only.
 *
 * Weights of examples need no care. In a question the library multiplies the answer with them if
 * the SG needs nothing; `signal` has them in it already. In a lesson prediction and target have
 * them in them, and rows of weight 0 have prediction = target. */
typedef struct dni_sg_call {
  size_t struct_size;       /**< Set by the library. */
  dni_gradient_flags flags; /**< Of a lesson: DNI_GRADIENT_REPLACE or _ADD. */
  int32_t reserved;         /**< 0. */
  const dni_matrix *h;      /**< [rows][units]. */
  const dni_matrix *y;      /**< [rows][targets] or labels [rows][1]; NULL if targets is 0. */
  const dni_matrix *signal; /**< Question: the signal it needs, [rows][signal_units]; or NULL. */
  dni_matrix *delta;        /**< Question: write the answer here, [rows][units]. */
  const dni_matrix *target; /**< Lesson of one that learns from targets: [rows][units]. */
  const dni_matrix *losses; /**< Lesson of one that learns from losses: [rows][1]. */
  /** Lesson: its answer to the same h and y, [rows][units]; may be overwritten. It may be NULL for
   * an SG that learns alone or from losses. */
  dni_matrix *prediction;
  const dni_matrix *weights; /**< [rows][1]; NULL: 1 each. */
  double scale; /**< Lesson: parameter gradients are scale times the sum over the rows. */
  /** Lesson of one that learns alone or from losses: write its mean loss here. dni_lesson_report
   * has it as own_loss if the SG learns alone, and as mse if it learns from losses. */
  double *own_loss;
} dni_sg_call;

/** The caller's own SG. Set everything to 0, then the fields. The struct is copied.
 *
 * The functions answer 0, or a status with which the call that needed them fails; see dni_fail().
 * They are called on the thread of the module below the interface. What is said of exceptions at
 * dni_layer_callbacks is true here too. */
typedef struct dni_sg_callbacks {
  size_t struct_size; /**< sizeof(dni_sg_callbacks). */
  void *user;         /**< Handed to the functions. */
  dni_needs needs;    /**< What it needs before it answers. */
  dni_learns learns;  /**< What it learns from; NOTHING if learn is NULL. */
  /** Writes delta. */
  dni_status(DNI_CALL *estimate)(void *user, const dni_sg_call *call);
  /** Computes the gradients of its parameters. NULL: it does not learn. */
  dni_status(DNI_CALL *learn)(void *user, const dni_sg_call *call);
  size_t parameter_count; /**< How many parameters there are. */
  /** Fills in views of a parameter, as that of dni_layer_callbacks. */
  dni_status(DNI_CALL *parameter)(void *user, size_t index, dni_matrix *value,
                                  dni_matrix *gradient);
  /** The library has written the parameters' values. NULL: not wanted. */
  void(DNI_CALL *changed)(void *user);
  dni_destroy_callback destroy; /**< Called with user at the last release; NULL: nothing to do. */
} dni_sg_callbacks;

/** An SG of the caller's own functions.
 *
 * targets = 0: y is not looked at and is NULL in calls. signal_units is the width of the signal for
 * OUTPUT_ERROR and DELTA_ABOVE, else it is ignored.
 * - DNI_ERROR_ARGUMENT: NULL, units is 0, estimate missing, unknown needs or learns, learns without
 *   learn, a signal without width, a bad struct_size.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields.
 * - DNI_ERROR_MEMORY: no memory.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: parameter failed.
 *
 * After a failure destroy is not called. */
DNI_API DNI_MUST_USE dni_status dni_sg_create_callback(dni_context *context, size_t units,
                                                       size_t targets, size_t signal_units,
                                                       const dni_sg_callbacks *callbacks,
                                                       dni_sg **out);

/** Take a reference; answers `sg`. NULL is allowed. Any thread. */
DNI_API dni_sg *dni_sg_retain(dni_sg *sg);

/** Give a reference back. NULL is allowed. Any thread. */
DNI_API void dni_sg_release(dni_sg *sg);

/* What it is. --------------------------------------------------------------------------------- */

/** Which kind it is: a DNI_SG_ value; 0 for NULL. */
DNI_API dni_kind dni_sg_kind(const dni_sg *sg);

/** "synthetic", "dfa", "fa", "local", "critic", "delayed", "zero", "mixture", "frozen", "warm_up",
 * "callback", "least_squares", "scalar" or "theorem"; "" for NULL. Never NULL; static. */
DNI_API const char *dni_sg_kind_name(const dni_sg *sg);

/** Which signal it needs: a DNI_SG_NEEDS_ value; -1 for NULL. */
DNI_API dni_needs dni_sg_needs(const dni_sg *sg);

/** What it learns from: a DNI_SG_LEARNS_ value; -1 for NULL. */
DNI_API dni_learns dni_sg_learns(const dni_sg *sg);

/** The width of h and delta; 0 for NULL. */
DNI_API size_t dni_sg_units(const dni_sg *sg);

/** The width of y, or the number of classes of labels; 0 if it does not look at y, and for NULL. */
DNI_API size_t dni_sg_targets(const dni_sg *sg);

/** The width of the signal it needs; 0 if it needs none, and for NULL. */
DNI_API size_t dni_sg_signal_units(const dni_sg *sg);

/* Working. ------------------------------------------------------------------------------------ */

/** Plan working space for batches of up to `rows`, so that calls of that size allocate nothing.
 * Calls with more rows grow it.
 * - DNI_ERROR_ARGUMENT: NULL.
 * - DNI_ERROR_MEMORY: no memory; the old working space stays. */
DNI_API DNI_MUST_USE dni_status dni_sg_reserve(dni_sg *sg, size_t rows);

/** A question to an SG. Set struct_size, then what it looks at; leave the rest 0. */
typedef struct dni_query {
  size_t struct_size; /**< sizeof(dni_query). */
  /** [rows][units]; not looked at with DNI_CONDITION_Y without a loss, by feedback alignment, zero,
   * delayed and scalar. */
  const dni_matrix *h;
  /** [rows][targets] or labels [rows][1]; not looked at with DNI_CONDITION_H without a loss, by
   * feedback alignment, zero, delayed and scalar. */
  const dni_matrix *y;
  const dni_matrix *signal;  /**< [rows][signal_units], if it needs one. */
  const dni_matrix *weights; /**< [rows][1], finite and not negative; NULL: 1 each. */
  dni_matrix *losses;        /**< Critics: becomes phi(h, y) [rows][1]; NULL: not wanted. */
} dni_query;

/** Answer: delta [rows][units] becomes the estimate of dL/dh of each example.
 *
 * With weights, row s is multiplied with weights[s], so that it is the gradient of weights[s] L_s
 * as every delta in a weighted batch is. An SG that needs an error signal does not: its signal has
 * the weights in it. delta may be NULL for a critic if only losses are wanted.
 *
 * - DNI_ERROR_ARGUMENT: something that it looks at is NULL, shapes or types that do not fit, a bad
 *   weight, losses of another kind than a critic, a bad struct_size.
 * - DNI_ERROR_DATA: a label that is not below targets; the message names the row.
 * - DNI_ERROR_MEMORY: more rows than reserved, and no memory.
 * - DNI_ERROR_BACKEND, DNI_ERROR_UNSUPPORTED: of the product, see dni_backend_gemm(); delta is then
 *   undefined.
 * - DNI_ERROR_NON_FINITE: of least squares, see dni_sg_create_least_squares().
 * - DNI_ERROR_CALLBACK, or a status of the caller's: a callback failed. */
DNI_API DNI_MUST_USE dni_status dni_sg_estimate(dni_sg *sg, const dni_query *query,
                                                dni_matrix *delta);

/** A lesson for an SG. Set struct_size, then what applies; leave the rest 0. */
typedef struct dni_lesson {
  size_t struct_size;       /**< sizeof(dni_lesson). */
  const dni_matrix *h;      /**< As in the question. */
  const dni_matrix *y;      /**< As in the question. */
  const dni_matrix *target; /**< [rows][units]: dL/dh as the layers above computed it. */
  const dni_matrix *losses; /**< [rows][1]: L_s of each example, for critics. Without the weight. */
  /** [rows][units]: its answer to the same h and y with the same parameters. Overwritten. NULL: it
   * answers again; one of least squares only if a report is wanted. */
  dni_matrix *prediction;
  const dni_matrix *weights; /**< [rows][1], finite and not negative; NULL: 1 each. */
  dni_gradient_flags flags;  /**< REPLACE, ADD or SKIP; with SUM the gradients are sums. */
  int32_t reserved;          /**< 0. */
} dni_lesson;

/** What a lesson found. Filled in up to struct_size; NaN where there is nothing to tell. */
typedef struct dni_lesson_report {
  size_t struct_size; /**< sizeof(dni_lesson_report), set by the caller. */
  /** Mean over the rows of || M - target ||^2; of critics of (phi - L)^2. Of finite numbers it is
   * finite, at most DBL_MAX, and right whatever their size, as is the cosine. */
  double mse;
  /** Of the angle between M and target, taken as one vector each; 0 if either is zero. */
  double cosine;
  double own_loss; /**< Mean of the loss of one that learns alone. */
} dni_lesson_report;

/** Learn: compute the gradients of the SG's parameters. An optimiser's step then moves them.
 *
 * - One that learns from targets: gradients of mean || M(h, y) - target ||^2. One of least squares
 *   has no gradients: its weights are better when this returns.
 * - A critic: gradients of mean (phi(h, y) - losses)^2.
 * - One that learns alone: gradients of the mean of its own loss. If a target is given as well, mse
 *   and cosine tell how far its answer is from it.
 * - One that learns nothing only reports mse and cosine. If it needs a signal, it must be given its
 *   prediction.
 *
 * The mean is the sum over the rows divided by the rows, or by the sum of the weights; with
 * DNI_GRADIENT_SUM it is not divided. With DNI_GRADIENT_SKIP gradients are left as they are. No
 * gradient reaches h, y or the target.
 *
 * With weights, target and prediction are those of the weighted batch: row s is weights[s] times
 * the gradient of example s, which is what layers above compute from the delta of
 * dni_loss_evaluate(). The square of row s then counts weights[s] times, and the mean divides by
 * the sum of the weights. So weight 2 is the row twice, and weight 0 is its absence. If the weights
 * sum to 0, the gradients are 0 and so is mse. `report` may be NULL.
 *
 * - DNI_ERROR_ARGUMENT: something that it needs is NULL, shapes or types that do not fit, a bad
 *   weight, unknown flags, a bad struct_size.
 * - DNI_ERROR_DATA: a label that is not below targets; the message names the row.
 * - DNI_ERROR_MEMORY: more rows than reserved, and no memory.
 * - DNI_ERROR_BACKEND, DNI_ERROR_UNSUPPORTED: of the product; gradients are then undefined.
 * - DNI_ERROR_NON_FINITE: of least squares, see dni_sg_create_least_squares().
 * - DNI_ERROR_CALLBACK, or a status of the caller's: a callback failed. */
DNI_API DNI_MUST_USE dni_status dni_sg_learn(dni_sg *sg, const dni_lesson *lesson,
                                             dni_lesson_report *report);

/* Parameters and settings. -------------------------------------------------------------------- */

/** How many parameters the SG has; 0 for NULL. */
DNI_API size_t dni_sg_parameter_count(const dni_sg *sg);

/** The name of parameter `index`; see dni_layer_parameter_name(). */
DNI_API const char *dni_sg_parameter_name(const dni_sg *sg, size_t index);

/** Views of parameter `index`; see dni_layer_parameter(). After writing, call dni_sg_changed().
 *
 * Those of least squares are brought up to date first; they are right until the next lesson. This
 * is true of the two functions below as well.
 * - DNI_ERROR_ARGUMENT: NULL, index out of range.
 * - DNI_ERROR_NON_FINITE, DNI_ERROR_BACKEND, DNI_ERROR_UNSUPPORTED: of least squares alone. */
DNI_API DNI_MUST_USE dni_status dni_sg_parameter(dni_sg *sg, size_t index, dni_matrix *value,
                                                 dni_matrix *gradient);

/** Say that parameters were written through views. Not while another thread uses the SG.
 * - DNI_ERROR_ARGUMENT: NULL. */
DNI_API DNI_MUST_USE dni_status dni_sg_changed(dni_sg *sg);

/** Copy `value` into parameter `index`; see dni_layer_set_parameter().
 * - DNI_ERROR_ARGUMENT: NULL, index out of range, shape or type that differ; nothing changes.
 * - Others: see dni_sg_parameter(). */
DNI_API DNI_MUST_USE dni_status dni_sg_set_parameter(dni_sg *sg, size_t index,
                                                     const dni_matrix *value);

/** Copy parameter `index` into `value`, of its shape and type.
 * - DNI_ERROR_ARGUMENT: NULL, index out of range, shape or type that differ.
 * - Others: see dni_sg_parameter(). */
DNI_API DNI_MUST_USE dni_status dni_sg_get_parameter(const dni_sg *sg, size_t index,
                                                     dni_matrix *value);

/** 1 if the SG has the setting, else 0. All SGs that learn have DNI_SETTING_RATE_SCALE; those that
 * learn nothing, frozen ones included, do not. */
DNI_API int32_t dni_sg_has(const dni_sg *sg, dni_setting setting);

/** The closed interval of values that a setting may have; see dni_layer_bounds().
 * - DNI_ERROR_ARGUMENT: NULL, or a setting that the SG does not have. */
DNI_API DNI_MUST_USE dni_status dni_sg_bounds(const dni_sg *sg, dni_setting setting, double *least,
                                              double *most);

/** Change a setting. Setting lambda removes a schedule. Of an SG that a trainer uses: only while
 * the report says settled.
 * - DNI_ERROR_ARGUMENT: NULL, a setting that the SG does not have, a value out of bounds; nothing
 *   changes. */
DNI_API DNI_MUST_USE dni_status dni_sg_set_f64(dni_sg *sg, dni_setting setting, double value);

/** Read a setting. Lambda is what the next answer uses.
 * - DNI_ERROR_ARGUMENT: NULL, or a setting that the SG does not have. */
DNI_API DNI_MUST_USE dni_status dni_sg_get_f64(const dni_sg *sg, dni_setting setting,
                                               double *value);

/** Let the lambda of a mixture follow a schedule of the count of its lessons. The schedule is
 * copied; its values must lie in [0, 1]. NULL removes it, and lambda stays what it is now.
 * - DNI_ERROR_ARGUMENT: NULL sg, not a mixture, or a schedule that is refused; the message names
 *   the field.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields.
 * - DNI_ERROR_MEMORY: no memory.
 *
 * After a failure the old schedule stays, and destroy of the new one is not called. */
DNI_API DNI_MUST_USE dni_status dni_sg_set_schedule(dni_sg *sg, const dni_schedule *schedule);

#endif

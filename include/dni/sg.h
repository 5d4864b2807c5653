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
 * Workspace: an estimator with hidden layers needs some, and learn without a given prediction does;
 * dni_sg_reserve() plans it. Calls with more rows than reserved grow it, and may then return
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
  DNI_SG_NEEDS_DELTA = 3         /* e = dL/dh itself [rows][units]: waits for all (exact) */
};

/* Kinds. */
enum { DNI_SG_EXACT = 1, DNI_SG_SYNTHETIC = 2, DNI_SG_DFA = 3, DNI_SG_FA = 4, DNI_SG_CALLBACK = 5 };

/* Zero means default. */
typedef struct dni_sg_options {
  size_t struct_size;    /* sizeof(dni_sg_options) */
  int32_t condition;     /* DNI_CONDITION_ value */
  int32_t hidden_layers; /* 0 (linear), 1 or 2, of ReLU units */
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

/* What it is and what it takes; 0 or "" for NULL. kind_name: "exact", "synthetic", "dfa", "fa" or
 * "callback". learns: 1 if it wants targets, else 0. error_units: 0 if it needs no error. */
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
 * DNI_CONDITION_Y and feedback; y for DNI_CONDITION_H and feedback; error unless it needs one).
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
 *   target      [rows][units]
 *   prediction  [rows][units], what estimate answered for the same h and y with the same
 *               parameters; working space, overwritten. NULL: computed again
 *   error       (may be NULL) mean over the rows of || M - target ||^2
 *   cosine      (may be NULL) of the angle between M and target as vectors of rows * units numbers;
 *               0 if either is zero
 *
 * An estimator that does not learn only reports, from a prediction that must then be given.
 *
 *   DNI_ERROR_ARGUMENT     a needed input NULL, shapes or types that do not fit
 *   DNI_ERROR_MEMORY       more rows than reserved
 *   DNI_ERROR_BACKEND      as dni_backend_gemm
 *   DNI_ERROR_UNSUPPORTED  as dni_backend_gemm */
DNI_API DNI_MUST_USE dni_status dni_sg_learn(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                             const dni_matrix *target, const dni_matrix *prediction,
                                             double *error, double *cosine);

/* As dni_layer_parameter and its relatives. */
DNI_API size_t dni_sg_parameter_count(const dni_sg *sg);
DNI_API DNI_MUST_USE dni_status dni_sg_parameter(dni_sg *sg, size_t index, dni_matrix *value,
                                                 dni_matrix *gradient);
DNI_API const char *dni_sg_parameter_name(const dni_sg *sg, size_t index);

#endif

/* dni_layer: one differentiable step y = f(x) with its parameters and their gradients.
 *
 * A layer keeps no activations: forward reads x and writes y, and backward is given the same x and
 * y again. So the caller (or dni_trainer) decides where activations live, and one layer may be
 * used on several batches in flight (batch normalisation excepted: its backward belongs to the last
 * forward in training mode). */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_LAYER_H
#define DNI_LAYER_H

typedef struct dni_layer dni_layer;

/* Tunables of layers, optimisers and trainers: dni_<thing>_set_f64(thing, parameter, value). Values
 * are never renumbered. Each has bounds and a default (below; dni_param_bounds()). */
typedef int32_t dni_param;

enum {
  DNI_PARAM_LEARNING_RATE = 1, /* optimisers; [0, inf); default given at creation */
  DNI_PARAM_MOMENTUM = 2,      /* SGD; [0, 1); 0 */
  DNI_PARAM_WEIGHT_DECAY = 3,  /* optimisers; [0, inf); 0, AdamW 0.01 */
  DNI_PARAM_BETA1 = 4,         /* Adam, AdamW; [0, 1); 0.9 */
  DNI_PARAM_BETA2 = 5,         /* Adam, AdamW; [0, 1); 0.999 */
  DNI_PARAM_EPSILON = 6,       /* Adam, AdamW: 1e-8; batch norm: 1e-5; (0, inf) */
  DNI_PARAM_CLIP_NORM = 7,  /* optimisers: most that the 2-norm of all gradients may be; 0: off */
  DNI_PARAM_CLIP_VALUE = 8, /* optimisers: most that |gradient| of an element may be; 0: off */
  DNI_PARAM_STATISTICS_RATE = 20, /* batch norm: weight of a new batch's statistics; (0, 1]; 0.1 */
  DNI_PARAM_LAMBDA = 30,          /* mixture estimators; [0, 1]; given at creation. Since 0.3 */
  DNI_PARAM_SHRINK = 31           /* delayed estimators; (0, 1]; given at creation. Since 0.3 */
};

/* The closed interval a parameter's values lie in; open ends are given as the nearest double
 * inside. Any thread.
 *
 *   DNI_ERROR_ARGUMENT     NULL, or an unknown parameter */
DNI_API DNI_MUST_USE dni_status dni_param_bounds(dni_param parameter, double *least, double *most);

/* Element-wise functions. Their backward needs y alone. */
typedef int32_t dni_activation;

enum {
  DNI_ACTIVATION_IDENTITY = 0,
  DNI_ACTIVATION_RELU = 1, /* max(x, 0); NaN stays NaN; derivative 0 at 0 */
  DNI_ACTIVATION_TANH = 2,
  DNI_ACTIVATION_SIGMOID = 3 /* 1 / (1 + exp(-x)) */
};

/* Which statistics batch normalisation uses. */
enum {
  DNI_MODE_TRAINING = 0, /* the batch's own; running statistics are updated */
  DNI_MODE_INFERENCE = 1 /* the running ones; nothing in the layer changes */
};

/* What backward does with parameter gradients. */
enum {
  DNI_GRADIENT_REPLACE = 0, /* overwrite */
  DNI_GRADIENT_ADD = 1,     /* add, for batches processed in parts; scale the sum yourself */
  DNI_GRADIENT_SKIP = 2     /* compute dx only */
};

/* Kinds, for code that inspects a network. */
enum {
  DNI_LAYER_DENSE = 1,
  DNI_LAYER_ACTIVATION = 2,
  DNI_LAYER_BATCH_NORM = 3,
  DNI_LAYER_CALLBACK = 4
};

/* y = activation(x W^T + b). Parameters: "weight" [outputs][inputs], "bias" [1][outputs]. Initial
 * weights are normal with mean 0 and variance 2 / inputs for ReLU (He et al. 2015), 1 / inputs
 * otherwise (LeCun); biases 0.
 *
 *   DNI_ERROR_ARGUMENT     NULL, a size of 0, unknown activation
 *   DNI_ERROR_MEMORY       also if inputs * outputs overflows */
DNI_API DNI_MUST_USE dni_status dni_layer_create_dense(dni_context *context, size_t inputs,
                                                       size_t outputs, dni_activation activation,
                                                       dni_layer **out);

/* Draw a dense layer's weights anew: normal with mean 0 and variance gain / inputs, from a new
 * stream; biases 0. Where batch normalisation follows, the scale of the weights does not change
 * what the layer computes but how far a step of a given size turns them: with Adam at a small
 * rate a smaller gain learns faster.
 *
 *   DNI_ERROR_ARGUMENT     NULL, another kind of layer, a gain that is negative or not finite */
DNI_API DNI_MUST_USE dni_status dni_layer_initialise(dni_layer *layer, double gain);

/* y = activation(x), element by element; no parameters. y may be x itself.
 *
 *   DNI_ERROR_ARGUMENT     NULL, units = 0, unknown activation
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_layer_create_activation(dni_context *context, size_t units,
                                                            dni_activation activation,
                                                            dni_layer **out);

/* y = scale * (x - mean) / sqrt(variance + epsilon) + shift per column (Ioffe and Szegedy 2015).
 * Training: mean and (biased) variance of the batch. Inference: running averages, which start at
 * 0 and 1 and move by DNI_PARAM_STATISTICS_RATE at each training forward (the variance's with the
 * unbiased estimate; of a batch of one row with 0; an empty batch changes nothing). Parameters: "scale" (1), "shift" (0), and without gradients "running_mean",
 * "running_variance"; all [1][units].
 *
 *   DNI_ERROR_ARGUMENT     NULL, units = 0
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_layer_create_batch_norm(dni_context *context, size_t units,
                                                            dni_layer **out);

/* The caller's own layer. Matrices have the context's element type; forward's mode and backward's
 * gradient_mode are the values above. dx is NULL where the gradient towards x is not wanted. A
 * non-zero dni_status from a callback is passed through. parameter (NULL: no parameters) fills in
 * views of the index-th value and gradient; they must not move while the layer lives.
 * destroy (may be NULL) is called once, at the last release. */
typedef struct dni_layer_callbacks {
  size_t struct_size; /* sizeof(dni_layer_callbacks) */
  void *user;
  dni_status (*forward)(void *user, int32_t mode, const dni_matrix *x, const dni_matrix *y);
  dni_status (*backward)(void *user, int32_t gradient_mode, const dni_matrix *x,
                         const dni_matrix *y, const dni_matrix *dy, const dni_matrix *dx);
  size_t parameter_count;
  dni_status (*parameter)(void *user, size_t index, dni_matrix *value, dni_matrix *gradient);
  void (*destroy)(void *user);
} dni_layer_callbacks;

/* A layer of the caller's own functions.
 *
 *   DNI_ERROR_ARGUMENT     NULL, a size of 0, missing functions, wrong struct_size; destroy is
 *                          then not called
 *   DNI_ERROR_UNSUPPORTED  unknown non-zero fields
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_layer_create_callback(dni_context *context, size_t inputs,
                                                          size_t outputs,
                                                          const dni_layer_callbacks *callbacks,
                                                          dni_layer **out);

DNI_API void dni_layer_retain(dni_layer *layer);
DNI_API void dni_layer_release(dni_layer *layer);

/* 0 for NULL. */
DNI_API int32_t dni_layer_kind(const dni_layer *layer);
DNI_API size_t dni_layer_inputs(const dni_layer *layer);
DNI_API size_t dni_layer_outputs(const dni_layer *layer);

/* "dense", "relu", "tanh", "sigmoid", "identity", "batch_norm", "callback"; "" for NULL. Static. */
DNI_API const char *dni_layer_kind_name(const dni_layer *layer);

/* The element-wise function of a dense or activation layer; identity for other kinds and NULL. */
DNI_API dni_activation dni_layer_activation(const dni_layer *layer);

/* x: [rows][inputs] -> y: [rows][outputs], y written. Nothing is allocated.
 *
 *   DNI_ERROR_ARGUMENT     NULL, shapes or types that do not fit, unknown mode
 *   DNI_ERROR_NON_FINITE   batch normalisation in training found a non-finite mean or variance,
 *                          and y is undefined
 *   DNI_ERROR_BACKEND      as dni_backend_gemm
 *   DNI_ERROR_UNSUPPORTED  as dni_backend_gemm */
DNI_API DNI_MUST_USE dni_status dni_layer_forward(dni_layer *layer, int32_t mode,
                                                  const dni_matrix *x, const dni_matrix *y);

/* Given x, y of the forward call and dy = dL/dy per example [rows][outputs], compute
 *
 *   parameter gradients, each the MEAN over the rows (as gradient_mode says), and
 *   dx = dL/dx per example [rows][inputs], written; NULL: not wanted.
 *
 * dy is working space: on return it holds dL/dz for a dense layer, z = x W^T + b being its
 * pre-activation (this is what feedback alignment needs), and is undefined otherwise. dx may be
 * dy itself for activation and batch_norm. Batch normalisation: backward through the statistics
 * of the last training-mode forward. Rows = 0 makes replaced gradients 0. Nothing is allocated.
 *
 *   DNI_ERROR_ARGUMENT     NULL, shapes or types that do not fit, unknown gradient_mode
 *   DNI_ERROR_STATE        batch_norm: rows differ from the last training forward's
 *   DNI_ERROR_BACKEND      as dni_backend_gemm
 *   DNI_ERROR_UNSUPPORTED  as dni_backend_gemm */
DNI_API DNI_MUST_USE dni_status dni_layer_backward(dni_layer *layer, int32_t gradient_mode,
                                                   const dni_matrix *x, const dni_matrix *y,
                                                   const dni_matrix *dy, const dni_matrix *dx);

/* Parameters, by index from 0. The views stay valid as long as the layer: read and write through
 * them freely between calls. gradient (may be NULL) has data = NULL where a parameter is not
 * trained (running statistics).
 *
 *   DNI_ERROR_ARGUMENT     NULL, index out of range */
DNI_API size_t dni_layer_parameter_count(const dni_layer *layer);
DNI_API DNI_MUST_USE dni_status dni_layer_parameter(dni_layer *layer, size_t index,
                                                    dni_matrix *value, dni_matrix *gradient);

/* "weight", "bias", "scale", ...; "" for NULL or out of range. Static. */
DNI_API const char *dni_layer_parameter_name(const dni_layer *layer, size_t index);

/* Tunables: batch_norm has DNI_PARAM_EPSILON and DNI_PARAM_STATISTICS_RATE.
 *
 *   DNI_ERROR_ARGUMENT     NULL, a parameter this layer does not have, a value out of bounds
 *                          (nothing changes) */
DNI_API DNI_MUST_USE dni_status dni_layer_set_f64(dni_layer *layer, dni_param parameter,
                                                  double value);
DNI_API DNI_MUST_USE dni_status dni_layer_get_f64(const dni_layer *layer, dni_param parameter,
                                                  double *value);

#endif

/** \file
 * dni_layer: one differentiable step y = f(x), its parameters and their gradients.
 *
 * A layer keeps no outputs. forward reads x and writes y; backward is given the same x and y again.
 * So the caller decides where outputs live. What else a batch leaves behind between forward and
 * backward (statistics of batch norm, the mask of dropout) is in a dni_state. With one state for
 * each batch, several batches may be between forward and backward at once. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_LAYER_H
#define DNI_LAYER_H

/** A function of one number, applied to each element. */
typedef int32_t dni_activation;

enum {
  DNI_ACTIVATION_IDENTITY = 0,   /**< x. */
  DNI_ACTIVATION_RELU = 1,       /**< max(x, 0). NaN stays NaN; the derivative at 0 is 0. */
  DNI_ACTIVATION_TANH = 2,       /**< tanh(x). */
  DNI_ACTIVATION_SIGMOID = 3,    /**< 1 / (1 + exp(-x)). */
  DNI_ACTIVATION_LEAKY_RELU = 4, /**< x above 0, DNI_SETTING_SLOPE times x below and at 0. */
  DNI_ACTIVATION_GELU = 5        /**< x Phi(x), Phi the normal distribution (Hendrycks 2016). */
};

/** Whether a layer trains or predicts. */
typedef int32_t dni_mode;

enum {
  DNI_MODE_TRAINING = 0, /**< Batch norm uses the batch's statistics; dropout drops. */
  DNI_MODE_INFERENCE = 1 /**< Batch norm uses running statistics; dropout does nothing. */
};

/** What backward does with gradients: REPLACE, ADD or SKIP, and bits that are added to it. */
typedef int32_t dni_gradient_flags;

enum {
  DNI_GRADIENT_REPLACE = 0, /**< Parameter gradients are overwritten. */
  DNI_GRADIENT_ADD = 1,     /**< They are added to: for batches that are processed in parts. */
  DNI_GRADIENT_SKIP = 2,    /**< They are left as they are; only dx is computed. */
  /* 4 (keep dy) and 8 (add to dx) are reserved and refused today. */
  DNI_GRADIENT_SUM = 16,     /**< They are sums over the rows, not means. */
  DNI_GRADIENT_LEAVE_DZ = 32 /**< Dense layers leave dL/dz in dy, z being x W^T + b. */
};

enum {
  DNI_LAYER_DENSE = 1,      /**< y = activation(x W^T + b). */
  DNI_LAYER_ACTIVATION = 2, /**< y = activation(x). */
  DNI_LAYER_BATCH_NORM = 3, /**< Normalises each column over the batch. */
  DNI_LAYER_CALLBACK = 4,   /**< The caller's own. */
  DNI_LAYER_DROPOUT = 5,    /**< Sets units to 0 at random. */
  DNI_LAYER_LAYER_NORM = 6  /**< Normalises each row over its columns. */
};

/* Creating. ----------------------------------------------------------------------------------- */

/** A dense layer: y = activation(x W^T + b).
 *
 * Parameters: "weight" [outputs][inputs] and "bias" [1][outputs]. Weights start normal with mean 0
 * and variance 2 / inputs for ReLU, leaky ReLU and GELU (He et al. 2015), 1 / inputs otherwise
 * (LeCun); biases start at 0. dni_layer_initialise() draws others.
 *
 * - DNI_ERROR_ARGUMENT: NULL, a size of 0, an unknown activation.
 * - DNI_ERROR_MEMORY: no memory, or inputs * outputs overflows. */
DNI_API DNI_MUST_USE dni_status dni_layer_create_dense(dni_context *context, size_t inputs,
                                                       size_t outputs, dni_activation activation,
                                                       dni_layer **out);

/** An activation alone: y = activation(x), element by element. It has no parameters. y may be x
 * itself, except for GELU, whose backward needs x.
 *
 * - DNI_ERROR_ARGUMENT: NULL, units is 0, an unknown activation.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_layer_create_activation(dni_context *context, size_t units,
                                                            dni_activation activation,
                                                            dni_layer **out);

/** Batch normalisation: y = scale (x - mean) / sqrt(variance + epsilon) + shift, for each column
 * (Ioffe and Szegedy 2015).
 *
 * In training, mean and variance are the batch's; the variance is the biased one. In inference they
 * are running averages. These start at 0 and 1 and move by DNI_SETTING_STATISTICS_RATE at each
 * training forward, the variance with the unbiased estimate. A batch of one row has no variance and
 * is refused in training; an empty batch changes nothing. Weights of examples are not looked at:
 * rows of weight 0 are part of the statistics.
 *
 * Parameters, all [1][units]: "scale", 1 at first; "shift", 0 at first; and without gradients
 * "running_mean" and "running_variance". Settings: DNI_SETTING_EPSILON,
 * DNI_SETTING_STATISTICS_RATE.
 *
 * - DNI_ERROR_ARGUMENT: NULL, or units is 0.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_layer_create_batch_norm(dni_context *context, size_t units,
                                                            dni_layer **out);

/** Layer normalisation: y = scale (x - mean) / sqrt(variance + epsilon) + shift, mean and biased
 * variance being those of the row (Ba et al. 2016).
 *
 * It computes the same in training and in inference. Parameters, both [1][units]: "scale", 1 at
 * first; "shift", 0 at first. Setting: DNI_SETTING_EPSILON, 1e-5 at first. Squares do not overflow.
 *
 * - DNI_ERROR_ARGUMENT: NULL, or units is 0; or 1, since the output of one unit would be `shift`
 *   whatever the input.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_layer_create_layer_norm(dni_context *context, size_t units,
                                                            dni_layer **out);

/** A seed of one's own for an object that draws random numbers. Zero means default. */
typedef struct dni_random_options {
  size_t struct_size; /**< sizeof(dni_random_options). */
  int32_t has_seed;   /**< 1: the stream starts from seed; 0: from the context's next stream. */
  int32_t reserved;   /**< 0. */
  uint64_t seed;      /**< Used if has_seed is 1. */
} dni_random_options;

/** Dropout (Srivastava et al. 2014): in training each element becomes 0 with probability `drop`,
 * and the others are multiplied with 1 / (1 - drop). In inference y = x.
 *
 * Which elements are dropped is drawn at each training forward, row by row, from the layer's own
 * stream: an element is dropped if the next uniform number in [0, 1) is below drop. The choice is
 * kept in the state, and backward uses it. It has no parameters. Setting: DNI_SETTING_DROP.
 * `options` may be NULL.
 *
 * - DNI_ERROR_ARGUMENT: NULL, units is 0, drop not in [0, 1), a bad struct_size.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_layer_create_dropout(dni_context *context, size_t units,
                                                         double drop,
                                                         const dni_random_options *options,
                                                         dni_layer **out);

/** One forward or backward call, as a layer of the caller's own sees it.
 *
 * Look only at fields below struct_size. Matrices have the context's element type, and shapes have
 * been checked. Everything is valid during the call only, except that `state` is the same memory in
 * forward and backward of one batch. */
typedef struct dni_layer_call {
  size_t struct_size;        /**< Set by the library. */
  dni_mode mode;             /**< Of forward. */
  dni_gradient_flags flags;  /**< Of backward: DNI_GRADIENT_REPLACE, _ADD or _SKIP. */
  const dni_matrix *x;       /**< [rows][inputs]. */
  dni_matrix *y;             /**< [rows][outputs]; forward writes it, backward reads it. */
  dni_matrix *dy;            /**< Backward: dL/dy [rows][outputs]; may be overwritten. */
  dni_matrix *dx;            /**< Backward: write dL/dx [rows][inputs] here; NULL: not wanted. */
  void *state;               /**< state_bytes(user, rows) bytes, or NULL in inference. */
  const dni_matrix *weights; /**< [rows][1], weights of the examples; NULL: 1 each, or unknown. */
  /** Backward: parameter gradients are `scale` times the sum over the rows. dy already has the
   * weights of examples in it. */
  double scale;
} dni_layer_call;

/** The caller's own layer. Set everything to 0, then the fields. The struct is copied.
 *
 * forward and backward are called on the thread that trains the layer's module, never two at once
 * in training; forward in inference may be called by several threads at once. They answer 0, or a
 * status with which the call that needed them fails; dni_fail() says how to give it a message.
 *
 * They should return normally. If an exception or a longjmp leaves one on the thread that called
 * the library, the handles stay usable; after a longjmp see dni_trainer_abandon(). Memory that the
 * interrupted call had taken is not given back, and it keeps its context. On a thread of the
 * library's own nothing may leave a callback this way. A callback must not give back the last
 * reference to the handle that runs it, trainers excepted. */
typedef struct dni_layer_callbacks {
  size_t struct_size; /**< sizeof(dni_layer_callbacks). */
  void *user;         /**< Handed to the functions. */
  /** Writes y, and into state what backward will need. In inference `user` does not change. */
  dni_status(DNI_CALL *forward)(void *user, const dni_layer_call *call);
  /** Computes gradients of the parameters as flags and scale say, and dx unless it is NULL. */
  dni_status(DNI_CALL *backward)(void *user, const dni_layer_call *call);
  size_t parameter_count; /**< How many parameters there are. */
  /** Fills in views of parameter `index`: its value and its gradient. gradient->data stays NULL for
   * one that is not trained. Called at creation only; the memory must not move while the layer
   * lives. NULL if there are no parameters. */
  dni_status(DNI_CALL *parameter)(void *user, size_t index, dni_matrix *value,
                                  dni_matrix *gradient);
  /** How many bytes of state a batch of `rows` rows needs, aligned to 64. NULL: none. */
  size_t(DNI_CALL *state_bytes)(void *user, size_t rows);
  /** Called after the library has written values of parameters. NULL: not wanted. */
  void(DNI_CALL *changed)(void *user);
  /** Makes a second one with the same parameters, for dni_layer_copy(): *copy becomes the user
   * pointer of the new layer. NULL: the layer cannot be copied. */
  dni_status(DNI_CALL *copy)(void *user, void **copy);
  dni_destroy_callback destroy; /**< Called with user at the last release; NULL: nothing to do. */
} dni_layer_callbacks;

/** A layer of the caller's own functions: [rows][inputs] to [rows][outputs].
 *
 * - DNI_ERROR_ARGUMENT: NULL, a size of 0, forward or backward missing, a bad struct_size, a view
 *   that parameter filled in wrongly.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields.
 * - DNI_ERROR_MEMORY: no memory.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: parameter failed.
 *
 * After a failure destroy is not called. */
DNI_API DNI_MUST_USE dni_status dni_layer_create_callback(dni_context *context, size_t inputs,
                                                          size_t outputs,
                                                          const dni_layer_callbacks *callbacks,
                                                          dni_layer **out);

/** Make a second layer of the same kind, settings and parameters, on the same context.
 *
 * Gradients and states are not copied; a dropout layer starts a new stream from the context.
 * - DNI_ERROR_ARGUMENT: NULL.
 * - DNI_ERROR_UNSUPPORTED: a callback layer without copy.
 * - DNI_ERROR_MEMORY: no memory.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: copy failed. */
DNI_API DNI_MUST_USE dni_status dni_layer_copy(const dni_layer *layer, dni_layer **out);

/** Take a reference; answers `layer`. NULL is allowed. Any thread. */
DNI_API dni_layer *dni_layer_retain(dni_layer *layer);

/** Give a reference back. NULL is allowed. Any thread. */
DNI_API void dni_layer_release(dni_layer *layer);

/* What it is. --------------------------------------------------------------------------------- */

/** Which kind it is: a DNI_LAYER_ value; 0 for NULL. */
DNI_API dni_kind dni_layer_kind(const dni_layer *layer);

/** "dense", "activation", "batch_norm", "callback", "dropout" or "layer_norm"; "" for NULL. Never
 * NULL; static. */
DNI_API const char *dni_layer_kind_name(const dni_layer *layer);

/** The width of x; 0 for NULL. */
DNI_API size_t dni_layer_inputs(const dni_layer *layer);

/** The width of y; 0 for NULL. */
DNI_API size_t dni_layer_outputs(const dni_layer *layer);

/** The activation of a dense or an activation layer; -1 for other kinds and for NULL. */
DNI_API dni_activation dni_layer_activation(const dni_layer *layer);

/** The name of an activation: "identity", "relu", "tanh", "sigmoid", "leaky_relu" or "gelu"; "" for
 * other numbers. Never NULL; static. */
DNI_API const char *dni_activation_name(dni_activation activation);

/* Working. ------------------------------------------------------------------------------------ */

/** A state for batches of up to `rows` rows of this layer. The state keeps the layer.
 *
 * A layer has one state of its own, which is used where NULL is given for a state. More are needed
 * only if several batches are between forward and backward at the same time. One state serves one
 * batch at a time.
 * - DNI_ERROR_ARGUMENT: NULL.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_state_create(dni_layer *layer, size_t rows, dni_state **out);

/** Take a reference; answers `state`. NULL is allowed. Any thread. */
DNI_API dni_state *dni_state_retain(dni_state *state);

/** Give a reference back. NULL is allowed. Any thread. */
DNI_API void dni_state_release(dni_state *state);

/** The most rows that the state has room for; 0 for NULL. */
DNI_API size_t dni_state_rows(const dni_state *state);

/** Plan the layer's own state for batches of up to `rows` rows, so that forward and backward of
 * that size allocate nothing.
 * - DNI_ERROR_ARGUMENT: NULL.
 * - DNI_ERROR_MEMORY: no memory; the old state stays. */
DNI_API DNI_MUST_USE dni_status dni_layer_reserve(dni_layer *layer, size_t rows);

/** Compute y [rows][outputs] from x [rows][inputs]. y is written, and `state` in training.
 *
 * `state` is one of this layer's, or NULL for the layer's own. In inference it is not used, nothing
 * in the layer changes, and any number of threads may call it at once.
 *
 * - DNI_ERROR_ARGUMENT: NULL, shapes or types that do not fit, an unknown mode, a state of another
 *   layer or of too few rows; batch norm in training on one row, which changes nothing.
 * - DNI_ERROR_MEMORY: state is NULL, and there are more rows than reserved.
 * - DNI_ERROR_NON_FINITE: batch norm in training found a mean or a variance that is not finite; y
 *   is undefined, running statistics are as they were.
 * - DNI_ERROR_BACKEND, DNI_ERROR_UNSUPPORTED: of the product, see dni_backend_gemm(); y is
 *   undefined.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: a callback layer failed. */
DNI_API DNI_MUST_USE dni_status dni_layer_forward(dni_layer *layer, dni_mode mode, dni_state *state,
                                                  const dni_matrix *x, dni_matrix *y);

/** Compute gradients. OVERWRITES dy.
 *
 * x, y and state are those of the training forward of the same batch. dy [rows][outputs] is dL/dy
 * of each example, not divided by the rows. It is working space: afterwards it holds nothing of
 * use, unless DNI_GRADIENT_LEAVE_DZ asks for dL/dz.
 *
 * Each parameter gradient becomes the mean over the rows, or with DNI_GRADIENT_SUM the sum. To add
 * up parts of different size rightly, use DNI_GRADIENT_ADD + DNI_GRADIENT_SUM and divide once, by
 * dni_optimiser_step_scaled(). Rows = 0 makes replaced gradients 0.
 *
 * dx [rows][inputs] becomes dL/dx of each example; NULL: it is not wanted. dx may be dy itself for
 * activation, batch norm, layer norm and dropout.
 *
 * - DNI_ERROR_ARGUMENT: NULL, shapes or types that do not fit, unknown flags, a state of another
 *   layer.
 * - DNI_ERROR_UNSUPPORTED: DNI_GRADIENT_LEAVE_DZ for another kind than dense; of the product, see
 *   dni_backend_gemm().
 * - DNI_ERROR_STATE: the state holds no training forward of so many rows.
 * - DNI_ERROR_BACKEND: of the product; gradients, dy and dx are then undefined.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: a callback layer failed. */
DNI_API DNI_MUST_USE dni_status dni_layer_backward(dni_layer *layer, dni_gradient_flags flags,
                                                   dni_state *state, const dni_matrix *x,
                                                   const dni_matrix *y, dni_matrix *dy,
                                                   dni_matrix *dx);

/* Parameters. --------------------------------------------------------------------------------- */

/** How many parameters the layer has; 0 for NULL. */
DNI_API size_t dni_layer_parameter_count(const dni_layer *layer);

/** The name of parameter `index`, from 0: "weight", "bias", "scale", ...; "" for NULL or out of
 * range. Never NULL; static. */
DNI_API const char *dni_layer_parameter_name(const dni_layer *layer, size_t index);

/** Views of parameter `index`: its value and its gradient. Both stay valid as long as the layer.
 *
 * Read through them between calls as you like. After writing through `value`, call
 * dni_layer_changed() before the layer is used again: the library may keep something that it has
 * derived from the values. `gradient` may be NULL; its data is NULL for a parameter that is not
 * trained, such as running statistics.
 * - DNI_ERROR_ARGUMENT: NULL, index out of range. */
DNI_API DNI_MUST_USE dni_status dni_layer_parameter(dni_layer *layer, size_t index,
                                                    dni_matrix *value, dni_matrix *gradient);

/** Say that parameters were written through views. Not while another thread uses the layer.
 * - DNI_ERROR_ARGUMENT: NULL. */
DNI_API DNI_MUST_USE dni_status dni_layer_changed(dni_layer *layer);

/** Copy `value` into parameter `index`; shape and type must be its own. No dni_layer_changed() is
 * needed.
 * - DNI_ERROR_ARGUMENT: NULL, index out of range, shape or type that differ; nothing changes. */
DNI_API DNI_MUST_USE dni_status dni_layer_set_parameter(dni_layer *layer, size_t index,
                                                        const dni_matrix *value);

/** Copy parameter `index` into `value`, of its shape and type.
 * - DNI_ERROR_ARGUMENT: NULL, index out of range, shape or type that differ. */
DNI_API DNI_MUST_USE dni_status dni_layer_get_parameter(const dni_layer *layer, size_t index,
                                                        dni_matrix *value);

/** Which distribution first weights come from. */
typedef int32_t dni_initialiser;

enum {
  DNI_INITIALISER_DEFAULT = 0,    /**< As at creation; `value` is not used. */
  DNI_INITIALISER_NORMAL = 1,     /**< Normal; value: the standard deviation. */
  DNI_INITIALISER_UNIFORM = 2,    /**< Uniform in [-value, value). */
  DNI_INITIALISER_FAN_IN = 3,     /**< Variance value / inputs: He with 2, LeCun with 1. */
  DNI_INITIALISER_XAVIER = 4,     /**< Variance 2 value^2 / (inputs + outputs) (Glorot 2010). */
  DNI_INITIALISER_HE = 5,         /**< Variance 2 value^2 / inputs (He et al. 2015). */
  DNI_INITIALISER_ORTHOGONAL = 6, /**< Rows, or columns if fewer, orthogonal, of length value. */
  DNI_INITIALISER_CONSTANT = 7    /**< Every weight is value. */
};

/** How to draw first weights. Zero means default. */
typedef struct dni_initialiser_options {
  size_t struct_size;   /**< sizeof(dni_initialiser_options). */
  dni_initialiser kind; /**< Which distribution. */
  int32_t uniform;      /**< 1: of the same variance, but uniform (FAN_IN, XAVIER, HE). */
  int32_t has_value;    /**< 0: value is 1, whatever it says (of FAN_IN as at creation). */
  int32_t has_seed;     /**< 1: the stream starts from seed; 0: from the context's next stream. */
  double value;         /**< Gain, deviation, limit or constant; see dni_initialiser. */
  uint64_t seed;        /**< Used if has_seed is 1. */
} dni_initialiser_options;

/** Draw the weights of a dense layer anew; its biases become 0.
 *
 * Where batch normalisation follows, the scale of the weights does not change what the layer
 * computes, but how far a step of a given size turns them. `options` may be NULL: as at creation.
 * - DNI_ERROR_ARGUMENT: NULL, another kind of layer, an unknown initialiser, a value that is
 *   negative (CONSTANT apart), not finite or no number of the element type, a bad struct_size;
 *   nothing changes.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero fields.
 * - DNI_ERROR_MEMORY: no memory (ORTHOGONAL works in a copy). */
DNI_API DNI_MUST_USE dni_status dni_layer_initialise(dni_layer *layer,
                                                     const dni_initialiser_options *options);

/* Settings. ----------------------------------------------------------------------------------- */

/** 1 if the layer has the setting, else 0. All layers with trained parameters have
 * DNI_SETTING_RATE_SCALE. */
DNI_API int32_t dni_layer_has(const dni_layer *layer, dni_setting setting);

/** The closed interval of values that the layer's setting may have, in the element type. An open
 * end is given as the nearest number inside. See dni/settings.h for numbers near 0.
 * - DNI_ERROR_ARGUMENT: NULL, or a setting that the layer does not have. */
DNI_API DNI_MUST_USE dni_status dni_layer_bounds(const dni_layer *layer, dni_setting setting,
                                                 double *least, double *most);

/** Change a setting. Of a layer that a trainer uses: only while the report says settled.
 * - DNI_ERROR_ARGUMENT: NULL, a setting that the layer does not have, a value out of bounds;
 *   nothing changes. */
DNI_API DNI_MUST_USE dni_status dni_layer_set_f64(dni_layer *layer, dni_setting setting,
                                                  double value);

/** Read a setting.
 * - DNI_ERROR_ARGUMENT: NULL, or a setting that the layer does not have. */
DNI_API DNI_MUST_USE dni_status dni_layer_get_f64(const dni_layer *layer, dni_setting setting,
                                                  double *value);

#endif

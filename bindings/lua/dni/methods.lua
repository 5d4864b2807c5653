-- The methods of all classes. Made by bindings/generate from the headers of libdni 0.9.0;
-- do not edit.
-- Comments are those of the headers: NULL is nil, a failure is an error. A function that may call back
-- must not be compiled to machine code by LuaJIT, so none here is.
jit.off(true, true)

local ffi = require "ffi"
local core = require "dni.core"
local C, check, own, borrow = core.C, core.check, core.own, core.borrow
local pointer, size, enum, matrix = core.pointer, core.size, core.enum, core.matrix
local options, array, report, result = core.options, core.array, core.report, core.result
local classes, library = core.classes, core.library

-- The name of a status, for example "DNI_ERROR_IO".
--
-- Never NULL. "caller's status" for 1000 and above, "unknown status" for other numbers. The text is
-- static. Any thread may call it.
function library.status_name(status)
  return ffi.string(C.dni_status_name(enum("status", status)))
end

-- The version of the running library: major * 10000 + minor * 100 + patch. Any thread.
function library.version()
  return tonumber(C.dni_version())
end

-- The version of the running library as text. Never NULL; static. Any thread.
function library.version_string()
  return ffi.string(C.dni_version_string())
end

-- How the running library was built, in one line: compiler, BLAS, instruction sets. Once a context
-- with products of bf16 has asked for AMX, it also says whether that may be used, or why not. For
-- reports of faults. Never NULL; static. Any thread.
function library.build_info()
  return ffi.string(C.dni_build_info())
end

-- Copy the elements of `from` into `to`, whatever the strides.
--
-- Both have the same shape and element type. They must not overlap.
function library.matrix_copy(from, to)
  check(C.dni_matrix_copy(matrix(from), matrix(to)))
end

-- The name of a setting in words, for example "weight decay". "" for an unknown number. Never
-- NULL; static. Any thread.
function library.setting_name(setting)
  return ffi.string(C.dni_setting_name(enum("setting", setting)))
end

-- The backend of the context's objects. Borrowed: valid as long as the context. NULL for NULL.
function classes.context:backend()
  return borrow("backend", C.dni_context_backend(pointer(self, "context")), self)
end

-- The element type of the context's objects. 0 for NULL.
function classes.context:dtype()
  return tonumber(C.dni_context_dtype(pointer(self, "context")))
end

-- The element type that products of layers and SGs round their operands to: DNI_BF16, if that was
-- asked for and the backend has such products (the builtin kind has), else the context's dtype. 0
-- for NULL.
function classes.context:compute()
  return tonumber(C.dni_context_compute(pointer(self, "context")))
end

-- The instructions that the context's kernels use, never DNI_INSTRUCTIONS_BEST. 0 for NULL.
function classes.context:instructions()
  return tonumber(C.dni_context_instructions(pointer(self, "context")))
end

-- The name of an instruction set: "best", "baseline", "avx2", "avx512", "avx512_bf16" or "amx"; ""
-- for other numbers. Never NULL; static.
function library.instructions_name(instructions)
  return ffi.string(C.dni_instructions_name(enum("instructions", instructions)))
end

-- Bytes that the context and all objects made on it have from the allocator now. 0 for NULL. Any
-- thread.
function classes.context:bytes()
  return tonumber(C.dni_context_bytes(pointer(self, "context")))
end

-- The library's own product: cache-blocked, vectorised, without dependency. It starts with one
-- thread. The number of threads changes no bit of a result.
function classes.backend.builtin(options_)
  local options_ = options("dni_backend_options", options_, {threads = true, instructions = true})
  local out = ffi.new("dni_backend *[1]")
  check(C.dni_backend_create_builtin(options_, out))
  return own("backend", out[0], nil)
end

-- The CBLAS that this library was built with; dni_build_info() names it.
--
-- The first call loads it, and with it what it brings: memory and, as a rule, threads. From then on
-- it is as a dynamic one, see dni_backend_create_dynamic().
function classes.backend.cblas(options_)
  local options_ = options("dni_backend_options", options_, {threads = true, instructions = true})
  local out = ffi.new("dni_backend *[1]")
  check(C.dni_backend_create_cblas(options_, out))
  return own("backend", out[0], nil)
end

-- Any CBLAS, from the shared library at `path`: a path, or a name that the dynamic loader finds.
--
-- The names of its functions ("", "_64", "64_", "_64_") and the width of its integers are found
-- out, and a small product is checked before use. The library stays loaded until the process ends,
-- because a BLAS with threads cannot be unloaded safely.
function classes.backend.dynamic(path, options_)
  local options_ = options("dni_backend_options", options_, {threads = true, instructions = true})
  local out = ffi.new("dni_backend *[1]")
  check(C.dni_backend_create_dynamic(options_, path, out))
  return own("backend", out[0], nil)
end

-- Which kind it is: a DNI_BACKEND_ value; 0 for NULL.
function classes.backend:kind()
  return tonumber(C.dni_backend_kind(pointer(self, "backend")))
end

-- "builtin", "cblas", "dynamic" or "callback"; "" for NULL. Never NULL; static.
function classes.backend:kind_name()
  return ffi.string(C.dni_backend_kind_name(pointer(self, "backend")))
end

-- The path of a dynamic backend, else the name of the kind. "" for NULL. Valid as long as the
-- backend.
function classes.backend:name()
  return ffi.string(C.dni_backend_name(pointer(self, "backend")))
end

-- Use `threads` threads, at least 1, in each product from now on.
--
-- For the builtin kind the setting is the handle's own. For a CBLAS it is what that library offers,
-- as a rule one setting for the whole process. Call it while no other thread uses the backend.
function classes.backend:set_threads(threads)
  check(C.dni_backend_set_threads(pointer(self, "backend"), size(threads)))
end

-- Compute C = alpha op(A) op(B) + beta C; the same on every backend.
--
-- op(A) is [m][k], op(B) is [k][n], c is [m][n]; op transposes where the flag is 1. c is written
-- and must not overlap a or b. With beta = 0 the old c is not read; with alpha = 0 or k = 0 a and b
-- are not read; an empty c is no work. Several threads may call it at once on one backend.
function classes.backend:gemm(transpose_a, transpose_b, alpha, a, b, beta, c)
  check(C.dni_backend_gemm(pointer(self, "backend"), size(transpose_a), size(transpose_b), alpha, matrix(a), matrix(b), beta, matrix(c)))
end

-- A dense layer: y = activation(x W^T + b).
--
-- Parameters: "weight" [outputs][inputs] and "bias" [1][outputs]. Weights start normal with mean 0
-- and variance 2 / inputs for ReLU, leaky ReLU and GELU (He et al. 2015), 1 / inputs otherwise
-- (LeCun); biases start at 0. dni_layer_initialise() draws others.
function classes.layer.dense(context, inputs, outputs, activation)
  local out = ffi.new("dni_layer *[1]")
  check(C.dni_layer_create_dense(pointer(context, "context"), size(inputs), size(outputs), enum("activation", activation), out))
  return own("layer", out[0], context)
end

-- An activation alone: y = activation(x), element by element. It has no parameters. y may be x
-- itself, except for GELU, whose backward needs x.
function classes.layer.activation_(context, units, activation)
  local out = ffi.new("dni_layer *[1]")
  check(C.dni_layer_create_activation(pointer(context, "context"), size(units), enum("activation", activation), out))
  return own("layer", out[0], context)
end

-- Batch normalisation: y = scale (x - mean) / sqrt(variance + epsilon) + shift, for each column
-- (Ioffe and Szegedy 2015).
--
-- In training, mean and variance are the batch's; the variance is the biased one. In inference they
-- are running averages. These start at 0 and 1 and move by DNI_SETTING_STATISTICS_RATE at each
-- training forward, the variance with the unbiased estimate. A batch of one row has no variance and
-- is refused in training; an empty batch changes nothing. Weights of examples are not looked at:
-- rows of weight 0 are part of the statistics.
--
-- Parameters, all [1][units]: "scale", 1 at first; "shift", 0 at first; and without gradients
-- "running_mean" and "running_variance". Settings: DNI_SETTING_EPSILON,
-- DNI_SETTING_STATISTICS_RATE.
function classes.layer.batch_norm(context, units)
  local out = ffi.new("dni_layer *[1]")
  check(C.dni_layer_create_batch_norm(pointer(context, "context"), size(units), out))
  return own("layer", out[0], context)
end

-- Layer normalisation: y = scale (x - mean) / sqrt(variance + epsilon) + shift, mean and biased
-- variance being those of the row (Ba et al. 2016).
--
-- It computes the same in training and in inference. Parameters, both [1][units]: "scale", 1 at
-- first; "shift", 0 at first. Setting: DNI_SETTING_EPSILON, 1e-5 at first. Squares do not overflow.
function classes.layer.layer_norm(context, units)
  local out = ffi.new("dni_layer *[1]")
  check(C.dni_layer_create_layer_norm(pointer(context, "context"), size(units), out))
  return own("layer", out[0], context)
end

-- Dropout (Srivastava et al. 2014): in training each element becomes 0 with probability `drop`,
-- and the others are multiplied with 1 / (1 - drop). In inference y = x.
--
-- Which elements are dropped is drawn at each training forward, row by row, from the layer's own
-- stream: an element is dropped if the next uniform number in [0, 1) is below drop. The choice is
-- kept in the state, and backward uses it. It has no parameters. Setting: DNI_SETTING_DROP.
-- `options` may be NULL.
function classes.layer.dropout(context, units, drop, options_)
  local options_ = options("dni_random_options", options_, {seed = true})
  local out = ffi.new("dni_layer *[1]")
  check(C.dni_layer_create_dropout(pointer(context, "context"), size(units), drop, options_, out))
  return own("layer", out[0], context)
end

-- Make a second layer of the same kind, settings and parameters, on the same context.
--
-- Gradients and states are not copied; a dropout layer starts a new stream from the context.
function classes.layer:copy()
  local out = ffi.new("dni_layer *[1]")
  check(C.dni_layer_copy(pointer(self, "layer"), out))
  return own("layer", out[0], self)
end

-- Which kind it is: a DNI_LAYER_ value; 0 for NULL.
function classes.layer:kind()
  return tonumber(C.dni_layer_kind(pointer(self, "layer")))
end

-- "dense", "activation", "batch_norm", "callback", "dropout" or "layer_norm"; "" for NULL. Never
-- NULL; static.
function classes.layer:kind_name()
  return ffi.string(C.dni_layer_kind_name(pointer(self, "layer")))
end

-- The width of x; 0 for NULL.
function classes.layer:inputs()
  return tonumber(C.dni_layer_inputs(pointer(self, "layer")))
end

-- The width of y; 0 for NULL.
function classes.layer:outputs()
  return tonumber(C.dni_layer_outputs(pointer(self, "layer")))
end

-- The activation of a dense or an activation layer; -1 for other kinds and for NULL.
function classes.layer:activation()
  return tonumber(C.dni_layer_activation(pointer(self, "layer")))
end

-- The name of an activation: "identity", "relu", "tanh", "sigmoid", "leaky_relu" or "gelu"; "" for
-- other numbers. Never NULL; static.
function library.activation_name(activation)
  return ffi.string(C.dni_activation_name(enum("activation", activation)))
end

-- A state for batches of up to `rows` rows of this layer. The state keeps the layer.
--
-- A layer has one state of its own, which is used where NULL is given for a state. More are needed
-- only if several batches are between forward and backward at the same time. One state serves one
-- batch at a time.
function classes.state.create(layer, rows)
  local out = ffi.new("dni_state *[1]")
  check(C.dni_state_create(pointer(layer, "layer"), size(rows), out))
  return own("state", out[0], layer)
end

-- The most rows that the state has room for; 0 for NULL.
function classes.state:rows()
  return tonumber(C.dni_state_rows(pointer(self, "state")))
end

-- Plan the layer's own state for batches of up to `rows` rows, so that forward and backward of
-- that size allocate nothing.
function classes.layer:reserve(rows)
  check(C.dni_layer_reserve(pointer(self, "layer"), size(rows)))
end

-- How many parameters the layer has; 0 for NULL.
function classes.layer:parameter_count()
  return tonumber(C.dni_layer_parameter_count(pointer(self, "layer")))
end

-- The name of parameter `index`, from 0: "weight", "bias", "scale", ...; "" for NULL or out of
-- range. Never NULL; static.
function classes.layer:parameter_name(index)
  return ffi.string(C.dni_layer_parameter_name(pointer(self, "layer"), size(index)))
end

-- Say that parameters were written through views. Not while another thread uses the layer.
function classes.layer:changed()
  check(C.dni_layer_changed(pointer(self, "layer")))
end

-- Copy `value` into parameter `index`; shape and type must be its own. No dni_layer_changed() is
-- needed.
function classes.layer:set_parameter(index, value)
  check(C.dni_layer_set_parameter(pointer(self, "layer"), size(index), matrix(value)))
end

-- Copy parameter `index` into `value`, of its shape and type.
function classes.layer:get_parameter(index, value)
  check(C.dni_layer_get_parameter(pointer(self, "layer"), size(index), matrix(value)))
end

-- Draw the weights of a dense layer anew; its biases become 0.
--
-- Where batch normalisation follows, the scale of the weights does not change what the layer
-- computes, but how far a step of a given size turns them. `options` may be NULL: as at creation.
function classes.layer:initialise(options_)
  local options_ = options("dni_initialiser_options", options_, {kind = true, uniform = true, value = true, seed = true})
  check(C.dni_layer_initialise(pointer(self, "layer"), options_))
end

-- 1 if the layer has the setting, else 0. All layers with trained parameters have
-- DNI_SETTING_RATE_SCALE.
function classes.layer:has(setting)
  return tonumber(C.dni_layer_has(pointer(self, "layer"), enum("setting", setting)))
end

-- The closed interval of values that the layer's setting may have, in the element type. An open
-- end is given as the nearest number inside. See dni/settings.h for numbers near 0.
function classes.layer:bounds(setting)
  local least = ffi.new("double[1]")
  local most = ffi.new("double[1]")
  check(C.dni_layer_bounds(pointer(self, "layer"), enum("setting", setting), least, most))
  return tonumber(least[0]), tonumber(most[0])
end

-- Change a setting. Of a layer that a trainer uses: only while the report says settled.
function classes.layer:set_f64(setting, value)
  check(C.dni_layer_set_f64(pointer(self, "layer"), enum("setting", setting), value))
end

-- Read a setting.
function classes.layer:get_f64(setting)
  local value = ffi.new("double[1]")
  check(C.dni_layer_get_f64(pointer(self, "layer"), enum("setting", setting), value))
  return tonumber(value[0])
end

-- Softmax cross-entropy of logits h: L = -sum_c w_c y'_c log softmax(h)_c.
--
-- y is one-hot, a distribution, or a label. y' is y after label smoothing, w_c the class weight. It
-- does not overflow for any finite logits. `options` may be NULL. h has 2 columns or more: of one,
-- softmax is always 1.
function classes.loss.softmax_cross_entropy(context, options_)
  local options_ = options("dni_loss_options", options_, {label_smoothing = true, class_weights = true})
  local out = ffi.new("dni_loss *[1]")
  check(C.dni_loss_create_softmax_cross_entropy(pointer(context, "context"), options_, out))
  return own("loss", out[0], context)
end

-- Sigmoid cross-entropy of logits h: L = sum_c w_c (log(1 + exp(h_c)) - y'_c h_c), y in [0, 1].
--
-- It does not overflow for any finite logits. `options` may be NULL. Statuses as for softmax.
function classes.loss.sigmoid_cross_entropy(context, options_)
  local options_ = options("dni_loss_options", options_, {label_smoothing = true, class_weights = true})
  local out = ffi.new("dni_loss *[1]")
  check(C.dni_loss_create_sigmoid_cross_entropy(pointer(context, "context"), options_, out))
  return own("loss", out[0], context)
end

-- Squared error: L = 1/2 sum_c (h_c - y_c)^2.
function classes.loss.squared_error(context)
  local out = ffi.new("dni_loss *[1]")
  check(C.dni_loss_create_squared_error(pointer(context, "context"), out))
  return own("loss", out[0], context)
end

-- Absolute error: L = sum_c |h_c - y_c|; its derivative at 0 is 0.
function classes.loss.absolute_error(context)
  local out = ffi.new("dni_loss *[1]")
  check(C.dni_loss_create_absolute_error(pointer(context, "context"), out))
  return own("loss", out[0], context)
end

-- Which kind it is: a DNI_LOSS_ value; 0 for NULL.
function classes.loss:kind()
  return tonumber(C.dni_loss_kind(pointer(self, "loss")))
end

-- "softmax_cross_entropy", "sigmoid_cross_entropy", "squared_error", "absolute_error" or
-- "callback"; "" for NULL. Never NULL; static.
function classes.loss:kind_name()
  return ffi.string(C.dni_loss_kind_name(pointer(self, "loss")))
end

-- 1 if the loss classifies, so that dni_loss_count_correct() and accuracies mean something: the
-- cross-entropies, and callbacks with `correct`. Else 0.
function classes.loss:classifies()
  return tonumber(C.dni_loss_classifies(pointer(self, "loss")))
end

-- Stochastic gradient descent:
--
--     g += d w
--     v = momentum v + g
--     w -= r v
--
-- g is the gradient after clipping, by value first and then by norm; w the parameter; r the rate of
-- this step; d the weight decay. Momentum and decay are 0 at first.
--
-- A parameter whose gradient is not finite becomes NaN, and so does one that its update would make
-- infinite. The next step of a trainer then fails and names it.
function classes.optimiser.sgd(context, learning_rate)
  local out = ffi.new("dni_optimiser *[1]")
  check(C.dni_optimiser_create_sgd(pointer(context, "context"), learning_rate, out))
  return own("optimiser", out[0], context)
end

-- Adam (Kingma and Ba 2015):
--
--     g += d w
--     m = b1 m + (1 - b1) g
--     v = b2 v + (1 - b2) g^2
--     w -= r (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)
--
-- t counts this optimiser's steps from 1. b1 is DNI_SETTING_BETA1 and b2 is DNI_SETTING_BETA2. A g
-- above 2^63 (2^511 where moments are double) counts as this number, so that its square is finite:
-- the update does not depend on the size of large gradients, and v forgets them again. What is not
-- finite, the other letters and the statuses are as in dni_optimiser_create_sgd().
function classes.optimiser.adam(context, learning_rate)
  local out = ffi.new("dni_optimiser *[1]")
  check(C.dni_optimiser_create_adam(pointer(context, "context"), learning_rate, out))
  return own("optimiser", out[0], context)
end

-- AdamW (Loshchilov and Hutter 2019): as Adam without the decay in g, but first w -= r d w. Its
-- decay is 0.01 at first.
--
-- Letters and statuses are those of dni_optimiser_create_adam().
function classes.optimiser.adamw(context, learning_rate)
  local out = ffi.new("dni_optimiser *[1]")
  check(C.dni_optimiser_create_adamw(pointer(context, "context"), learning_rate, out))
  return own("optimiser", out[0], context)
end

-- A new optimiser of the kind, settings and schedule of `other`, at step 0 and without parameters.
-- A schedule's function is shared, not copied.
function classes.optimiser.like(other)
  local out = ffi.new("dni_optimiser *[1]")
  check(C.dni_optimiser_create_like(pointer(other, "optimiser"), out))
  return own("optimiser", out[0], other)
end

-- What moments are kept as: the context's dtype (at first), or DNI_BF16.
--
-- Moments of bf16 take half the memory (a quarter in double), and a step reads and writes less. An
-- update computes in the context's dtype and then rounds m and v, or v, up or down by chance, so
-- that small changes are not lost: on average nothing changes. The random bits are a function of
-- the step, of the parameter's place in the optimiser and of the element, so the same steps give
-- the same numbers, whatever the threads. Their range is that of float: in double, the v of SGD is
-- infinite from 2^128 on, and the parameter then becomes NaN. Files keep such moments as BF16.
--
-- The optimiser has no parameters yet. dni_optimiser_create_like() copies the type, so a trainer's
-- optimisers have that of their pattern.
function classes.optimiser:set_moment_dtype(dtype)
  check(C.dni_optimiser_set_moment_dtype(pointer(self, "optimiser"), enum("dtype", dtype)))
end

-- What moments are kept as. 0 for NULL.
function classes.optimiser:moment_dtype()
  return tonumber(C.dni_optimiser_moment_dtype(pointer(self, "optimiser")))
end

-- Which kind it is: a DNI_OPTIMISER_ value; 0 for NULL.
function classes.optimiser:kind()
  return tonumber(C.dni_optimiser_kind(pointer(self, "optimiser")))
end

-- "sgd", "adam" or "adamw"; "" for NULL. Never NULL; static.
function classes.optimiser:kind_name()
  return ffi.string(C.dni_optimiser_kind_name(pointer(self, "optimiser")))
end

-- Move the trained parameters of a layer, at a rate multiplied with its DNI_SETTING_RATE_SCALE.
--
-- The optimiser keeps the layer if it has trained parameters; else the call does nothing. Moments
-- are allocated now and start at 0.
function classes.optimiser:add_layer(layer)
  check(C.dni_optimiser_add_layer(pointer(self, "optimiser"), pointer(layer, "layer")))
end

-- Move the trained parameters of an SG, in the same way. An SG whose parameters are another's (a
-- wrapper's) counts as moved already if that one is.
function classes.optimiser:add_sg(sg)
  check(C.dni_optimiser_add_sg(pointer(self, "optimiser"), pointer(sg, "sg")))
end

-- Say that values of parameters given to dni_optimiser_add() were written by the caller.
function classes.optimiser:changed()
  check(C.dni_optimiser_changed(pointer(self, "optimiser")))
end

-- Update every parameter once from its gradient as it is now. Gradients stay as they are. Nothing
-- is allocated.
--
-- With DNI_SETTING_CLIP_NORM the norm is right whatever the size of the gradients.
function classes.optimiser:step()
  check(C.dni_optimiser_step(pointer(self, "optimiser")))
end

-- The same with every gradient multiplied with `factor` first, before clipping.
--
-- For gradients that are sums over the parts of a batch (DNI_GRADIENT_ADD + DNI_GRADIENT_SUM), the
-- factor is 1 / rows of all parts.
function classes.optimiser:step_scaled(factor)
  check(C.dni_optimiser_step_scaled(pointer(self, "optimiser"), factor))
end

-- 1 if the optimiser has the setting, else 0.
function classes.optimiser:has(setting)
  return tonumber(C.dni_optimiser_has(pointer(self, "optimiser"), enum("setting", setting)))
end

-- The closed interval of values that a setting may have, in the element type; see
-- dni_layer_bounds().
function classes.optimiser:bounds(setting)
  local least = ffi.new("double[1]")
  local most = ffi.new("double[1]")
  check(C.dni_optimiser_bounds(pointer(self, "optimiser"), enum("setting", setting), least, most))
  return tonumber(least[0]), tonumber(most[0])
end

-- Change a setting. Of an optimiser of a trainer: only while the report says settled.
function classes.optimiser:set_f64(setting, value)
  check(C.dni_optimiser_set_f64(pointer(self, "optimiser"), enum("setting", setting), value))
end

-- Read a setting.
function classes.optimiser:get_f64(setting)
  local value = ffi.new("double[1]")
  check(C.dni_optimiser_get_f64(pointer(self, "optimiser"), enum("setting", setting), value))
  return tonumber(value[0])
end

-- Steps made so far; 0 for NULL.
function classes.optimiser:step_count()
  return tonumber(C.dni_optimiser_step_count(pointer(self, "optimiser")))
end

-- The learning rate of the next step: the schedule is in it, rate scales of layers are not. 0 for
-- NULL.
function classes.optimiser:rate()
  return C.dni_optimiser_rate(pointer(self, "optimiser"))
end

-- Bytes of moments; 0 for NULL.
function classes.optimiser:bytes()
  return tonumber(C.dni_optimiser_bytes(pointer(self, "optimiser")))
end

-- A synthetic gradient M(h, y) for h [rows][units] and y [rows][targets] or labels below targets.
--
-- It is trained on E, the mean over the batch of || M(h, y) - delta ||^2, a sum over the units
-- (Jaderberg et al. 2016; Czarnecki et al. 2017). Its last layer starts at zero, so the first
-- answer is exactly 0, and the layers below stand still until it has learned something. `options`
-- may be NULL: linear in (h, y), the paper's choice.
--
-- Parameters, for each of its layers: "weight" [outputs][inputs] and "bias" [1][outputs]. The
-- inputs of the first are h's columns, then y's, then those of r, without what is not seen. With a
-- loss also "guess_weight" [targets][units] and "guess_bias" [1][targets], which start at zero and
-- whose gradients are those of the loss.
function classes.sg.synthetic(context, units, targets, options_)
  local options_ = options("dni_sg_options", options_, {condition = true, hidden_layers = true, hidden_units = true, seed = true, loss = true})
  local out = ffi.new("dni_sg *[1]")
  check(C.dni_sg_create_synthetic(pointer(context, "context"), size(units), size(targets), options_, out))
  return own("sg", out[0], context)
end

-- A synthetic gradient that needs no optimiser: M = W z, linear in what it sees, with the best W
-- for all lessons so far.
--
-- z = [h, 1, y, r], without what it does not see; n columns. Each lesson of B rows adds to two
-- sums, and W follows from them:
--
--     C <- (1 - rho) C + rho Z^T Z / B        R <- (1 - rho) R + rho delta^T Z / B
--     W = R (C + lambda (tr C / n) I)^-1
--
-- This is the ridge regression on all lessons, each weighing (1 - rho)^age. So 1 / rho is how many
-- lessons it remembers. The first answer is exactly 0, before the first lesson. Lessons with less
-- rows than n columns are fine: the ridge decides what they leave open.
--
-- It learns in dni_sg_learn() alone. Answers follow from the sums as they are after the first
-- lesson and after every `solve_every` more. A lesson without a prediction is not answered again
-- unless a report is wanted. Flags: REPLACE begins a lesson; ADD adds rows to the last one and
-- forgets nothing; SKIP learns nothing. A rate scale of 0 freezes it; others are for the guess.
--
-- With a loss the residual r of a local guess is seen too, or, with DNI_CONDITION_RESIDUAL, only r
-- and 1: this costs next to nothing, and for classification it is the place to start. The guess is
-- moved in lessons, by an Adam of its own.
--
-- Parameters, which no optimiser takes: "weight" W [units][n], which lessons leave behind and
-- dni_sg_parameter() and dni_sg_get_parameter() bring up to date; "gram" C [n][n], whose lower
-- triangle counts; "moment" R [units][n]; with a loss "guess_weight" [targets][units] and
-- "guess_bias" [1][targets]. Where z is above 2^20 (2^300 in double), C and R are those of 2^-e z.
-- Settings: DNI_SETTING_FORGETTING; DNI_SETTING_RIDGE, which may be set to 0: columns of z that
-- others give up to rounding then get weights of 0. With a loss DNI_SETTING_LEARNING_RATE, of the
-- guess.
--
-- A lesson fails with DNI_ERROR_NON_FINITE if h, y, r or the target is not finite, if the target
-- is 2^90 or more (2^600 in double), or h times r 2^100 (2^900); it is then not counted, and
-- nothing has changed. Where a solution is not finite, the call that needs it fails in the same
-- way. After a product that failed, C, R and W may have taken a part of the lesson in. What weighs
-- 0 is absent, so a lesson of nothing else is none; if it should begin one, what is added to it
-- does.
function classes.sg.least_squares(context, units, targets, options_)
  local options_ = options("dni_least_squares_options", options_, {condition = true, loss = true, forgetting = true, ridge = true, solve_every = true, guess_rate = true})
  local out = ffi.new("dni_sg *[1]")
  check(C.dni_sg_create_least_squares(pointer(context, "context"), size(units), size(targets), options_, out))
  return own("sg", out[0], context)
end

-- Direct feedback alignment (Nokland 2016): delta = e B, where e [rows][signal_units] is dL/dh_N.
--
-- B [signal_units][units] is fixed: normal with variance 1 / signal_units, from the context's next
-- stream or from the options' seed. It is the parameter "feedback", not trained. `options` may be
-- NULL.
function classes.sg.dfa(context, units, signal_units, options_)
  local options_ = options("dni_random_options", options_, {seed = true})
  local out = ffi.new("dni_sg *[1]")
  check(C.dni_sg_create_dfa(pointer(context, "context"), size(units), size(signal_units), options_, out))
  return own("sg", out[0], context)
end

-- Feedback alignment (Lillicrap et al. 2016): delta = e B, where e [rows][signal_units] is dL/dz
-- of the dense layer above. It is the chain rule with that layer's W replaced by B.
--
-- B [signal_units][units] is fixed: normal with variance 2 / units, drawn as for
-- dni_sg_create_dfa(). It is the parameter "feedback", not trained. In a network the layer right
-- above must be dense. Statuses as for dni_sg_create_dfa().
function classes.sg.fa(context, units, signal_units, options_)
  local options_ = options("dni_random_options", options_, {seed = true})
  local out = ffi.new("dni_sg *[1]")
  check(C.dni_sg_create_fa(pointer(context, "context"), size(units), size(signal_units), options_, out))
  return own("sg", out[0], context)
end

-- A local loss (Belilovsky et al. 2019; Nokland and Eidnes 2019): a small network g on top of h,
-- and delta = d loss(g(h), y) / dh.
--
-- g is linear or has hidden ReLU layers, and has `targets` outputs. Its first weights are drawn as
-- a dense layer's. It learns alone, from h and y. The loss is kept. `options` may be NULL: linear;
-- a condition must be 0. Parameters as of a synthetic gradient.
function classes.sg.local_(context, units, targets, loss, options_)
  local options_ = options("dni_sg_options", options_, {condition = true, hidden_layers = true, hidden_units = true, seed = true})
  local out = ffi.new("dni_sg *[1]")
  check(C.dni_sg_create_local(pointer(context, "context"), size(units), size(targets), pointer(loss, "loss"), options_, out))
  return own("sg", out[0], context)
end

-- A critic (Appendix A): phi(h, y), an estimate of each example's loss; delta = d phi / dh.
--
-- phi is linear or has hidden layers of tanh units (with ReLU its gradient would be constant
-- between kinks). Its last layer starts at zero, so the first answer is exactly 0. It learns from
-- losses. `options` may be NULL: one hidden layer of as many units as h, and (h, y) seen.
-- Parameters as of a synthetic gradient; the last layer has one output.
function classes.sg.critic(context, units, targets, options_)
  local options_ = options("dni_sg_options", options_, {condition = true, hidden_layers = true, hidden_units = true, seed = true, loss = true})
  local out = ffi.new("dni_sg *[1]")
  check(C.dni_sg_create_critic(pointer(context, "context"), size(units), size(targets), options_, out))
  return own("sg", out[0], context)
end

-- The exact gradient, later (Huo et al. 2018): delta = shrink e, where e is dL/dh of the same
-- batch.
--
-- In the sequential schedule nothing is late, and with shrink 1 the step is backpropagation. In the
-- pipelined schedule the layers below go on with other batches and keep what those in flight left
-- in them. When e comes they run backward with their present parameters, on the outputs and states
-- of that batch. It does not learn. Setting: DNI_SETTING_SHRINK.
function classes.sg.delayed(context, units, shrink)
  local out = ffi.new("dni_sg *[1]")
  check(C.dni_sg_create_delayed(pointer(context, "context"), size(units), shrink, out))
  return own("sg", out[0], context)
end

-- No gradient: delta = 0. In a trainer the layers below are not moved at all, weight decay
-- included, and nothing is computed for them but their outputs; batch norm still gathers its
-- statistics.
--
-- It shows what the layers above reach on random features.
function classes.sg.zero(context, units)
  local out = ffi.new("dni_sg *[1]")
  check(C.dni_sg_create_zero(pointer(context, "context"), size(units), out))
  return own("sg", out[0], context)
end

-- A mixture, BP(lambda) (Jaderberg et al. 2016): delta = lambda e + (1 - lambda) M(h, y), where M
-- is the inner SG's answer and e = dL/dh. It needs e, so the layers below wait; M learns from e.
--
-- lambda in [0, 1] is DNI_SETTING_LAMBDA, or follows a schedule: dni_sg_set_schedule(). The inner
-- SG must need nothing and learn from targets. It is kept, and its parameters are shown as this
-- one's.
function classes.sg.mixture(context, inner, lambda)
  local out = ffi.new("dni_sg *[1]")
  check(C.dni_sg_create_mixture(pointer(context, "context"), pointer(inner, "sg"), lambda, out))
  return own("sg", out[0], context)
end

-- The inner SG's answers, but it no longer learns. The inner SG must need nothing. It is kept; its
-- parameters are shown without gradients.
function classes.sg.frozen(context, inner)
  local out = ffi.new("dni_sg *[1]")
  check(C.dni_sg_create_frozen(pointer(context, "context"), pointer(inner, "sg"), out))
  return own("sg", out[0], context)
end

-- The answer 0 until the inner SG has had `lessons` lessons, then the inner SG's answers. So the
-- layers below do not follow its first guesses. mse and cosine of a lesson are always those of the
-- inner SG's answer.
--
-- The inner SG must need nothing and learn from targets. It is kept, and its parameters are shown
-- as this one's. A mixture whose lambda goes from 1 to 0 is a warm-up during which the layers below
-- follow the exact gradient.
function classes.sg.warm_up(context, inner, lessons)
  local out = ffi.new("dni_sg *[1]")
  check(C.dni_sg_create_warm_up(pointer(context, "context"), pointer(inner, "sg"), size(lessons), out))
  return own("sg", out[0], context)
end

-- Which kind it is: a DNI_SG_ value; 0 for NULL.
function classes.sg:kind()
  return tonumber(C.dni_sg_kind(pointer(self, "sg")))
end

-- "synthetic", "dfa", "fa", "local", "critic", "delayed", "zero", "mixture", "frozen", "warm_up",
-- "callback", "least_squares", "scalar" or "theorem"; "" for NULL. Never NULL; static.
function classes.sg:kind_name()
  return ffi.string(C.dni_sg_kind_name(pointer(self, "sg")))
end

-- Which signal it needs: a DNI_SG_NEEDS_ value; -1 for NULL.
function classes.sg:needs()
  return tonumber(C.dni_sg_needs(pointer(self, "sg")))
end

-- What it learns from: a DNI_SG_LEARNS_ value; -1 for NULL.
function classes.sg:learns()
  return tonumber(C.dni_sg_learns(pointer(self, "sg")))
end

-- The width of h and delta; 0 for NULL.
function classes.sg:units()
  return tonumber(C.dni_sg_units(pointer(self, "sg")))
end

-- The width of y, or the number of classes of labels; 0 if it does not look at y, and for NULL.
function classes.sg:targets()
  return tonumber(C.dni_sg_targets(pointer(self, "sg")))
end

-- The width of the signal it needs; 0 if it needs none, and for NULL.
function classes.sg:signal_units()
  return tonumber(C.dni_sg_signal_units(pointer(self, "sg")))
end

-- Plan working space for batches of up to `rows`, so that calls of that size allocate nothing.
-- Calls with more rows grow it.
function classes.sg:reserve(rows)
  check(C.dni_sg_reserve(pointer(self, "sg"), size(rows)))
end

-- How many parameters the SG has; 0 for NULL.
function classes.sg:parameter_count()
  return tonumber(C.dni_sg_parameter_count(pointer(self, "sg")))
end

-- The name of parameter `index`; see dni_layer_parameter_name().
function classes.sg:parameter_name(index)
  return ffi.string(C.dni_sg_parameter_name(pointer(self, "sg"), size(index)))
end

-- Say that parameters were written through views. Not while another thread uses the SG.
function classes.sg:changed()
  check(C.dni_sg_changed(pointer(self, "sg")))
end

-- Copy `value` into parameter `index`; see dni_layer_set_parameter().
function classes.sg:set_parameter(index, value)
  check(C.dni_sg_set_parameter(pointer(self, "sg"), size(index), matrix(value)))
end

-- Copy parameter `index` into `value`, of its shape and type.
function classes.sg:get_parameter(index, value)
  check(C.dni_sg_get_parameter(pointer(self, "sg"), size(index), matrix(value)))
end

-- 1 if the SG has the setting, else 0. All SGs that learn have DNI_SETTING_RATE_SCALE; those that
-- learn nothing, frozen ones included, do not.
function classes.sg:has(setting)
  return tonumber(C.dni_sg_has(pointer(self, "sg"), enum("setting", setting)))
end

-- The closed interval of values that a setting may have; see dni_layer_bounds().
function classes.sg:bounds(setting)
  local least = ffi.new("double[1]")
  local most = ffi.new("double[1]")
  check(C.dni_sg_bounds(pointer(self, "sg"), enum("setting", setting), least, most))
  return tonumber(least[0]), tonumber(most[0])
end

-- Change a setting. Setting lambda removes a schedule. Of an SG that a trainer uses: only while
-- the report says settled.
function classes.sg:set_f64(setting, value)
  check(C.dni_sg_set_f64(pointer(self, "sg"), enum("setting", setting), value))
end

-- Read a setting. Lambda is what the next answer uses.
function classes.sg:get_f64(setting)
  local value = ffi.new("double[1]")
  check(C.dni_sg_get_f64(pointer(self, "sg"), enum("setting", setting), value))
  return tonumber(value[0])
end

-- Append a layer; the network keeps it. Its index is the number of layers added before it.
--
-- While a trainer of the network exists, its layers and SGs cannot be changed.
function classes.network:add(layer)
  check(C.dni_network_add(pointer(self, "network"), pointer(layer, "layer")))
end

-- Put an SG at the interface after layer `after`; the network keeps it. NULL: the exact gradient,
-- which is what every interface has at first.
--
-- After the last layer there can be none: that gradient is the loss's own, and dni_trainer_create()
-- refuses one. One SG serves one interface.
function classes.network:set_sg(after, sg)
  check(C.dni_network_set_sg(pointer(self, "network"), size(after), pointer(sg, "sg")))
end

-- The width of the network's input; 0 for NULL and without layers.
function classes.network:inputs()
  return tonumber(C.dni_network_inputs(pointer(self, "network")))
end

-- The width of the network's output; 0 for NULL and without layers.
function classes.network:outputs()
  return tonumber(C.dni_network_outputs(pointer(self, "network")))
end

-- How many layers there are; 0 for NULL.
function classes.network:layer_count()
  return tonumber(C.dni_network_layer_count(pointer(self, "network")))
end

-- Layer `index`, borrowed; NULL for NULL and out of range.
function classes.network:layer(index)
  return borrow("layer", C.dni_network_layer(pointer(self, "network"), size(index)), self)
end

-- The SG at the interface after layer `after`, borrowed: *sg = NULL where the gradient is exact.
function classes.network:sg(after)
  local sg = ffi.new("dni_sg *[1]")
  check(C.dni_network_sg(pointer(self, "network"), size(after), sg))
  return borrow("sg", sg[0], self)
end

-- A second network with copies of the layers (dni_layer_copy()) on the same context. Interfaces
-- are exact: SGs are not copied. For the best parameters so far, an average, or a network per
-- thread.
function classes.network:copy()
  local out = ffi.new("dni_network *[1]")
  check(C.dni_network_copy(pointer(self, "network"), out))
  return own("network", out[0], self)
end

-- Copy all parameters of all layers of `from` into `to`, running statistics included.
--
-- The chains must have layers of the same kinds and shapes. SGs and settings are not looked at.
-- Nothing is allocated.
function classes.network:assign(from)
  check(C.dni_network_assign(pointer(self, "network"), pointer(from, "network")))
end

-- Plan working space for predictions of up to `rows` rows at a time, for dni_network_predict() and
-- dni_network_evaluate().
function classes.network:reserve(rows)
  check(C.dni_network_reserve(pointer(self, "network"), size(rows)))
end

-- A data set of two IDX files of unsigned bytes, plain or gzip, the format of MNIST.
--
-- A gzip file may have several members. Zero bytes after them are padding; other bytes are refused.
-- Images have rank 2 or more; what follows the first dimension is flattened. Labels have rank 1.
-- The pixels stay bytes in memory. Sizes are believed only as far as the file backs them: a header
-- that claims 2^31 items does not allocate them. `options` may be NULL. Messages name the file.
--
-- With in_file images are read from their file when a batch is copied out, for data larger than
-- memory. Sizes and length are checked here all the same. The file is kept open until the last
-- release and must not change meanwhile; its descriptor is the data set's own, and exec closes it.
-- Labels are always in memory.
function classes.dataset.idx(context, images_path, labels_path, options_)
  local options_ = options("dni_idx_options", options_, {classes = true, scaled = true, in_file = true, factor = true, offset = true})
  local out = ffi.new("dni_dataset *[1]")
  check(C.dni_dataset_create_idx(pointer(context, "context"), images_path, labels_path, options_, out))
  return own("dataset", out[0], context)
end

-- A data set of a CSV file of numbers, plain or gzip, one example on each line.
--
-- These are read: lines that end with LF, CR LF or CR, the last one also without an end; a UTF-8
-- byte-order mark; spaces and tabs around a field; quotes around a whole field; decimal numbers as
-- in "-1.5e3". The decimal point is always '.', whatever the locale. Empty lines are skipped, and
-- lines that begin with '#'. A tab or a space that is the separator separates and nothing else.
--
-- Everything else is refused: empty fields, words for missing values, hexadecimal numbers,
-- separators of thousands, a separator at the end of a line, a header that `header_lines` does not
-- skip. `options` may be NULL.
function classes.dataset.csv(context, path, options_)
  local options_ = options("dni_csv_options", options_, {classes = true, target_columns = true, header_lines = true, targets_first = true, separator = true})
  local out = ffi.new("dni_dataset *[1]")
  check(C.dni_dataset_create_csv(pointer(context, "context"), path, options_, out))
  return own("dataset", out[0], context)
end

-- A data set of some of the examples of another, in the order of `indices` [count], which are
-- copied. It shares the examples. An index may come more than once.
function classes.dataset:subset(indices)
  local indices, indices_length = array("size_t", indices)
  local out = ffi.new("dni_dataset *[1]")
  check(C.dni_dataset_subset(pointer(self, "dataset"), indices, indices_length, out))
  return own("dataset", out[0], self)
end

-- How many examples there are; 0 for NULL.
function classes.dataset:examples()
  return tonumber(C.dni_dataset_examples(pointer(self, "dataset")))
end

-- The width of x; 0 for NULL.
function classes.dataset:features()
  return tonumber(C.dni_dataset_features(pointer(self, "dataset")))
end

-- The width of y as numbers or one-hot rows; 0 for NULL.
function classes.dataset:targets()
  return tonumber(C.dni_dataset_targets(pointer(self, "dataset")))
end

-- How many classes there are; 0 if the targets are numbers, and for NULL.
function classes.dataset:classes()
  return tonumber(C.dni_dataset_classes(pointer(self, "dataset")))
end

-- Shuffle: each new order is equally likely (Fisher-Yates). One thread at a time.
function classes.order:shuffle()
  check(C.dni_order_shuffle(pointer(self, "order")))
end

-- Say that a callback was left by a jump, so that the trainer is idle again.
--
-- It is needed where the library cannot find that out by itself: if the next call comes from
-- another thread, from a fiber, or from deeper in the same thread's stack. A C++ exception needs no
-- such call. The next step starts afresh; what was in flight is dropped. It must not be called
-- while a call on this trainer is still running.
function classes.trainer:abandon()
  check(C.dni_trainer_abandon(pointer(self, "trainer")))
end

-- Wait until nothing is in flight: every batch has been through all modules, every target has been
-- learned. Parameters may be read, written, saved and evaluated then, until the next step.
--
-- dni_trainer_fit() ends with it. It returns at once in schedules that have nothing in flight.
function classes.trainer:flush()
  check(C.dni_trainer_flush(pointer(self, "trainer")))
end

-- Stop dni_trainer_fit() between two steps: it lets what is in flight be finished and returns
-- DNI_ERROR_CANCELLED.
--
-- It may be called from any thread, from a callback and from a signal handler. It is remembered: a
-- fit that begins afterwards stops before its first step. The fit that returns DNI_ERROR_CANCELLED
-- forgets it. NULL is allowed.
function classes.trainer:cancel()
  C.dni_trainer_cancel(pointer(self, "trainer"))
end

-- Multiply the learning rate of a module's optimiser, and of the optimiser of the SG above it,
-- with `factor`, from the next batch on that the module takes. DNI_ALL for `module`: of all.
--
-- It may be called at any time from any thread, also while batches are in flight. It replaces an
-- earlier factor; 1 is what every module has at first.
function classes.trainer:set_rate_factor(module, factor)
  check(C.dni_trainer_set_rate_factor(pointer(self, "trainer"), size(module), factor))
end

-- Steps made so far that are complete in all modules; 0 for NULL. Any thread, also from callbacks.
function classes.trainer:step_count()
  return tonumber(C.dni_trainer_step_count(pointer(self, "trainer")))
end

-- How many modules there are; 0 for NULL. With micro-batches each thread's layers are one.
function classes.trainer:module_count()
  return tonumber(C.dni_trainer_module_count(pointer(self, "trainer")))
end

-- The module of a layer, from 0: *module.
function classes.trainer:layer_module(layer)
  local module = ffi.new("size_t[1]")
  check(C.dni_trainer_layer_module(pointer(self, "trainer"), size(layer), module))
  return tonumber(module[0])
end

-- How many threads the schedule has, the caller's included; 0 for NULL.
function classes.trainer:thread_count()
  return tonumber(C.dni_trainer_thread_count(pointer(self, "trainer")))
end

-- The thread that runs a module: *thread, from 0, the caller's, upwards.
function classes.trainer:module_thread(module)
  local thread = ffi.new("size_t[1]")
  check(C.dni_trainer_module_thread(pointer(self, "trainer"), size(module), thread))
  return tonumber(thread[0])
end

-- The optimiser of a module, borrowed: to read its step count at any time or, only while settled,
-- to change a setting. NULL if the module does not move, for NULL and out of range. Add no
-- parameters to it.
function classes.trainer:module_optimiser(module)
  return borrow("optimiser", C.dni_trainer_module_optimiser(pointer(self, "trainer"), size(module)), self)
end

-- The optimiser of the SG after layer `after`, borrowed, in the same way. NULL if nothing learns
-- there, for NULL and out of range.
function classes.trainer:sg_optimiser(after)
  return borrow("optimiser", C.dni_trainer_sg_optimiser(pointer(self, "trainer"), size(after)), self)
end

-- What the training occupies, summed over network, SGs and trainer.
function classes.trainer:memory()
  local report_ = report("dni_memory_report")
  check(C.dni_trainer_memory(pointer(self, "trainer"), report_))
  return result("dni_memory_report", report_)
end

-- An empty checkpoint.
--
-- Add what belongs together, then save or load it as often as wanted. Everything that is added is
-- kept until the last release. Names are 1 to 100 bytes of UTF-8 without ASCII's control
-- characters; those
-- that begin with "libdni.", and "__metadata__", are the file's own. The entries of the file begin
-- with the name and a dot: a layer "encoder" has the entry "encoder.weight". The name "" is allowed
-- once, for a network or a trainer: its entries have nothing in front.
--
-- One thread at a time, and while nothing else uses what was added.
function classes.checkpoint.create(context)
  local out = ffi.new("dni_checkpoint *[1]")
  check(C.dni_checkpoint_create(pointer(context, "context"), out))
  return own("checkpoint", out[0], context)
end

-- Add a layer: its parameters, settings, statistics, and its random stream. The values in the
-- caller's own layers are their parameters; what else they keep, add with _add_matrix() or
-- _add_count().
function classes.checkpoint:add_layer(name, layer)
  check(C.dni_checkpoint_add_layer(pointer(self, "checkpoint"), name, pointer(layer, "layer")))
end

-- Add an SG with all it has learned, SGs inside it too. Failures as dni_checkpoint_add_layer().
function classes.checkpoint:add_sg(name, sg)
  check(C.dni_checkpoint_add_sg(pointer(self, "checkpoint"), name, pointer(sg, "sg")))
end

-- Add all layers and SGs of a network, those too that are added to it later. Failures as
-- dni_checkpoint_add_layer().
function classes.checkpoint:add_network(name, network)
  check(C.dni_checkpoint_add_network(pointer(self, "checkpoint"), name, pointer(network, "network")))
end

-- Add an optimiser: settings, count of steps, moments. What it moves is not part of it. Failures
-- as dni_checkpoint_add_layer().
function classes.checkpoint:add_optimiser(name, optimiser)
  check(C.dni_checkpoint_add_optimiser(pointer(self, "checkpoint"), name, pointer(optimiser, "optimiser")))
end

-- Add an order of examples, which goes on after a load as it would have. Failures as
-- dni_checkpoint_add_layer().
function classes.checkpoint:add_order(name, order)
  check(C.dni_checkpoint_add_order(pointer(self, "checkpoint"), name, pointer(order, "order")))
end

-- Add a trainer with its network, as dni_trainer_save() does. Failures as
-- dni_checkpoint_add_layer().
function classes.checkpoint:add_trainer(name, trainer)
  check(C.dni_checkpoint_add_trainer(pointer(self, "checkpoint"), name, pointer(trainer, "trainer")))
end

-- One trainable number (Appendix B): delta = c for every example and unit. h and y are not looked
-- at.
--
-- It is trained as a synthetic gradient. Parameter: "scalar" [1][1], 0 at first. With it training
-- can stop where the loss has no critical point.
function classes.sg.scalar(context, units)
  local out = ffi.new("dni_sg *[1]")
  check(C.dni_sg_create_scalar(pointer(context, "context"), size(units), out))
  return own("sg", out[0], context)
end

-- The synthetic gradient of Theorem 1 (Appendix C): delta = (alpha + 1) h - (beta + 1) y + gamma,
-- for h and y of [rows][units].
--
-- With (alpha, beta, gamma) = 0 it is h - y, the gradient of 1/2 || h - y ||^2. It is trained as a
-- synthetic gradient. Parameter: "omega" [1][3] = (alpha, beta, gamma), (-1, -1, 0) at first, so
-- that the first answer is exactly 0. y must be numbers, not labels.
function classes.sg.theorem(context, units)
  local out = ffi.new("dni_sg *[1]")
  check(C.dni_sg_create_theorem(pointer(context, "context"), size(units), out))
  return own("sg", out[0], context)
end

-- Exact line search (Theorem 1): the learning rate with which one step of plain SGD, along the
-- gradients that dni_sg_learn() has just computed for the same h and y, makes the error E as small
-- as it can be on this line:
--
--     E = mean || M(h, y) - target ||^2
--     rate = 1/2 (g . g) / mean || J g ||^2,
--
-- g being the parameter gradients and J g the change of M along them. For SGs that are linear in
-- their parameters: scalar, theorem, and synthetic without hidden layers. In the theorem's terms
-- (sums in place of means) nu = rate * 2 / rows. *rate = 0 if g = 0 or J g = 0. What the SG does
-- not look at may be NULL, but not both h and y: one says how many rows there are. Weights are not
-- taken.
function classes.sg:line_search(h, y)
  local rate = ffi.new("double[1]")
  check(C.dni_sg_line_search(pointer(self, "sg"), matrix(h), matrix(y), rate))
  return tonumber(rate[0])
end

-- A guard around an optimiser, which it keeps. `options` may be NULL.
function classes.guard.create(optimiser, options_)
  local options_ = options("dni_guard_options", options_, {mode = true, cosine = true})
  local out = ffi.new("dni_guard *[1]")
  check(C.dni_guard_create(pointer(optimiser, "optimiser"), options_, out))
  return own("guard", out[0], optimiser)
end

-- Step the optimiser if the condition holds, else leave everything as it is. *accepted becomes 1
-- if it stepped, else 0; accepted may be NULL.
--
-- The norms are the caller's to measure, or to bound: error_norm and jacobian_norm from above,
-- gradient_norm from below. dni_analysis_interface() measures them. With a jacobian of 0 nothing
-- can move, and with an infinite norm or rate nothing is known: the step is then not accepted.
function classes.guard:step(error_norm, jacobian_norm, gradient_norm)
  local accepted = ffi.new("int32_t[1]")
  check(C.dni_guard_step(pointer(self, "guard"), error_norm, jacobian_norm, gradient_norm, accepted))
  return tonumber(accepted[0])
end

-- Steps accepted so far; 0 for NULL.
function classes.guard:accepted()
  return tonumber(C.dni_guard_accepted(pointer(self, "guard")))
end

-- Steps refused so far; 0 for NULL.
function classes.guard:refused()
  return tonumber(C.dni_guard_refused(pointer(self, "guard")))
end

-- Add a guard's counts to a checkpoint; its optimiser is added for itself. Failures as
-- dni_checkpoint_add_layer().
function classes.checkpoint:add_guard(name, guard)
  check(C.dni_checkpoint_add_guard(pointer(self, "checkpoint"), name, pointer(guard, "guard")))
end

-- Compare two matrices of the same shape and element type.
function library.analysis_align(estimate, truth)
  local out = report("dni_alignment")
  check(C.dni_analysis_align(matrix(estimate), matrix(truth), out))
  return result("dni_alignment", out)
end

-- Measure the SG at the interface after layer `after` of `network` on a batch.
--
-- There is one forward pass in training mode, one backward pass from the loss, one from the
-- estimate, and `directions` (0: 16) more from random directions u ~ N(0, 1), for K^2, the mean of
-- |u dh/dtheta|^2. The directions come from a stream of their own that starts from `seed`. SGs that
-- need the output error are given it; those that need the delta are given the exact gradient; of
-- feedback alignment, and of an interface without SG, the estimate is the exact gradient. Weights
-- are not taken.
--
-- Parameters, running statistics and the counts of SGs are as before afterwards; gradients and
-- states of the layers are overwritten, as by any pass. Call it between two steps of a settled
-- trainer only.
function library.analysis_interface(context, network, loss, after, directions, seed, batch)
  local batch = options("dni_batch", batch, {x = true, y = true, weights = true})
  local out = report("dni_interface_report")
  check(C.dni_analysis_interface(pointer(context, "context"), pointer(network, "network"), pointer(loss, "loss"), size(after), batch, size(directions), size(seed), out))
  return result("dni_interface_report", out)
end

-- Representational dissimilarity matrix (Figure 7): rdm[i][j] = 1 - corr(h_i, h_j), the
-- correlation of rows i and j of h [rows][units] over the units. rdm is [rows][rows].
--
-- It lies in [0, 2], is symmetric, and 0 on the diagonal. A row whose units are all equal
-- correlates with nothing: 1 off the diagonal.
function library.analysis_rdm(context, h, rdm)
  check(C.dni_analysis_rdm(pointer(context, "context"), matrix(h), matrix(rdm)))
end

-- The L2 distance of the diagonal blocks of two RDMs [n][n] (Figure 7, bottom): the root of the
-- sum of (a_ij - b_ij)^2 over all i, j with labels[i] = labels[j]. labels is [count], count = n.
function library.analysis_rdm_distance(a, b, labels)
  local labels, labels_length = array("int32_t", labels)
  local distance = ffi.new("double[1]")
  check(C.dni_analysis_rdm_distance(matrix(a), matrix(b), labels, labels_length, distance))
  return tonumber(distance[0])
end

-- Linear classifier probe (Figure 8, left): a softmax classifier of h [rows][units] for y, one-hot
-- [rows][classes], trained on them with h fixed; and its accuracy on the same rows.
--
-- Columns of h are brought to mean 0 and variance 1 first, constant ones to 0. That changes nothing
-- that a linear classifier can do, and makes one rate fit all layers. The order of rows is drawn
-- anew for each pass. The training is stopped after the given steps, before it has converged: on
-- separable rows that are few, more steps or a larger rate find a better classifier. `options` may
-- be NULL.
function library.analysis_classifier_probe(context, h, y, options_)
  local options_ = options("dni_probe_options", options_, {batch = true, steps = true, learning_rate = true, seed = true})
  local out = report("dni_probe_report")
  check(C.dni_analysis_classifier_probe(pointer(context, "context"), matrix(h), matrix(y), options_, out))
  return result("dni_probe_report", out)
end

-- Linear regressor probe (Figure 8, right): the least mean squared error, over rows and columns of
-- x [rows][inputs], of any affine map from h [rows][units] to x. *rank, which may be NULL, becomes
-- the number of independent columns.
--
-- Closed form: normal equations of the standardised columns in double, solved by a pivoted Cholesky
-- factorisation that leaves out columns of h which depend on the others to rounding. The count of
-- multiplications is about
--
--     rows * units * (units + 2 * inputs) + units^2 * (units / 2 + inputs).
function library.analysis_regressor_probe(context, h, x)
  local mse = ffi.new("double[1]")
  local rank = ffi.new("size_t[1]")
  check(C.dni_analysis_regressor_probe(pointer(context, "context"), matrix(h), matrix(x), mse, rank))
  return tonumber(mse[0]), tonumber(rank[0])
end

-- The loss that an SG implies (Figure 9), up to a constant for each label: loss [rows][1],
--
--     loss_s = integral over t from 0 to 1 of SG(o + t (h_s - o), y_s) . (h_s - o),
--
-- along the line from the origin o [1][units] (NULL: 0) to each row of h [rows][units].
--
-- Gauss-Legendre quadrature with `nodes` nodes, 1 to 64; 0: 1 for SGs that are affine in h, where
-- one node is exact, else 16. For a smooth SG the error falls exponentially with the nodes; for one
-- with ReLU units about as their number. Of a local loss no quadrature is needed: loss(g(h)) -
-- loss(g(o)) is computed, and nodes is not used. For a linear SG = A h + C y + b and o = 0 the
-- result is 1/2 h^T A h + (C y + b)^T h. y may be NULL where the SG does not look at it.
function library.analysis_extract_loss(context, sg, h, y, origin, nodes, loss)
  check(C.dni_analysis_extract_loss(pointer(context, "context"), pointer(sg, "sg"), matrix(h), matrix(y), matrix(origin), size(nodes), matrix(loss)))
end

-- How far an SG is from being the gradient of anything: |A - A^T| / |A| (Frobenius), A = dSG/dh.
--
-- 0: it is a gradient, and the integral above does not depend on the path; at most 2. For SGs
-- affine in h, of which A is part of a parameter: synthetic without hidden layers and least
-- squares, both without a loss. 0 for scalar, theorem and critic, for DNI_CONDITION_Y without a
-- loss and for A = 0.
function library.analysis_integrability(sg)
  local defect = ffi.new("double[1]")
  check(C.dni_analysis_integrability(pointer(sg, "sg"), defect))
  return tonumber(defect[0])
end

-- How well `estimate` follows `truth`, two columns [rows][1], when a constant for each group may
-- be added to either (a loss extracted from an SG leaves one for each label open).
--
-- Both are centred in each group. *correlation is then Pearson's, 0 if either is constant in every
-- group. *r2 = 1 - sum (truth - estimate)^2 / sum truth^2 of the centred numbers, 0 if truth is
-- constant. groups [count] are any numbers, equal ones one group, count = rows; NULL: one group.
-- correlation and r2 may be NULL.
function library.analysis_agreement(context, estimate, truth, groups)
  local groups, groups_length = array("int32_t", groups)
  local correlation = ffi.new("double[1]")
  local r2 = ffi.new("double[1]")
  check(C.dni_analysis_agreement(pointer(context, "context"), matrix(estimate), matrix(truth), groups, groups_length, correlation, r2))
  return tonumber(correlation[0]), tonumber(r2[0])
end

-- The paper's artificial problems (Appendix D): x ~ N(0, I) [examples][dimensions].
--
-- classes = 2: y are labels of two classes. classes = 1: y is one column of 0 or 1, for a sigmoid
-- output. Drawn from `options`, or if that is NULL from the context's next stream.
function classes.dataset.artificial(context, kind, dimensions, examples, classes, options_)
  local options_ = options("dni_random_options", options_, {seed = true})
  local out = ffi.new("dni_dataset *[1]")
  check(C.dni_dataset_create_artificial(pointer(context, "context"), enum("artificial_kind", kind), size(dimensions), size(examples), size(classes), options_, out))
  return own("dataset", out[0], context)
end

-- How long the parts of a training step take on this machine.
--
-- seconds [count] becomes, for each layer, the time of forward, backward and update on `rows` rows;
-- count is the number of layers. sg_seconds [count], which may be NULL, becomes the time of answer,
-- lesson and update of the SG after each layer; in the lesson the SG answers again, as it does
-- between threads. It is 0 where there is no SG or one that needs an error signal. Medians of a few
-- runs on made-up numbers; it takes about ten steps. With batch norm at least 2 rows are used.
--
-- `optimiser` is a pattern; NULL leaves the updates out. Parameters, gradients, running statistics,
-- random streams and the counts of SGs are as before afterwards. The caller's own layers and SGs
-- are not called: their times are NaN.
--
-- After a failure seconds and sg_seconds are as they were.
function classes.network:measure(rows, optimiser, count)
  local seconds = ffi.new("double[?]", count)
  local sg_seconds = ffi.new("double[?]", count)
  check(C.dni_network_measure(pointer(self, "network"), size(rows), pointer(optimiser, "optimiser"), seconds, sg_seconds, size(count)))
  return core.numbers(seconds, count), core.numbers(sg_seconds, count)
end

-- Cut a row of `count` costs into `parts` runs whose largest sum is as small as it can be. lengths
-- [parts] receives the length of each, at least 1. Every run but the last also bears cut_cost, what
-- its SG takes. Any thread.
function library.costs_balance(costs, parts, cut_cost)
  local costs, costs_length = array("double", costs)
  local lengths = ffi.new("size_t[?]", parts)
  check(C.dni_costs_balance(costs, costs_length, size(parts), cut_cost, lengths))
  return core.numbers(lengths, parts)
end

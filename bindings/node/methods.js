'use strict';
// The methods of all classes. Made by bindings/generate from the headers of libdni 0.9.0; do not edit.

const {C, Handle, check, adopt, borrow, pointer, size, integer, text, enumValue, matrix, options, list, report, result,
  pointers, numbers} = require('./core.js');

class ContextMethods extends Handle {
  static thing = 'context';

  // The backend of the context's objects. Borrowed: valid as long as the context. NULL for NULL.
  get backend() {
    return borrow('backend', C.dni_context_backend(pointer(this, 'context')), this);
  }

  // The element type of the context's objects. 0 for NULL.
  get dtype() {
    return Number(C.dni_context_dtype(pointer(this, 'context')));
  }

  // The element type that products of layers and SGs round their operands to: DNI_BF16, if that was asked for and the backend has such products (the builtin kind has), else the context's dtype. 0 for NULL.
  get compute() {
    return Number(C.dni_context_compute(pointer(this, 'context')));
  }

  // The instructions that the context's kernels use, never DNI_INSTRUCTIONS_BEST. 0 for NULL.
  get instructions() {
    return Number(C.dni_context_instructions(pointer(this, 'context')));
  }

  // Bytes that the context and all objects made on it have from the allocator now. 0 for NULL. Any thread.
  get bytes() {
    return Number(C.dni_context_bytes(pointer(this, 'context')));
  }
}

class BackendMethods extends Handle {
  static thing = 'backend';

  // The library's own product: cache-blocked, vectorised, without dependency. It starts with one thread. The number of threads changes no bit of a result.
  static builtin(given = null) {
    const out = new BigUint64Array(1);
    check(C.dni_backend_create_builtin(options('dni_backend_options', given, ['threads', 'instructions']), out));
    return adopt('backend', out[0], null);
  }

  // The CBLAS that this library was built with; dni_build_info() names it.
  static cblas(given = null) {
    const out = new BigUint64Array(1);
    check(C.dni_backend_create_cblas(options('dni_backend_options', given, ['threads', 'instructions']), out));
    return adopt('backend', out[0], null);
  }

  // Any CBLAS, from the shared library at `path`: a path, or a name that the dynamic loader finds.
  static dynamic(path, given = null) {
    const out = new BigUint64Array(1);
    check(C.dni_backend_create_dynamic(options('dni_backend_options', given, ['threads', 'instructions']), text(path), out));
    return adopt('backend', out[0], null);
  }

  // Which kind it is: a DNI_BACKEND_ value; 0 for NULL.
  get kind() {
    return Number(C.dni_backend_kind(pointer(this, 'backend')));
  }

  // "builtin", "cblas", "dynamic" or "callback"; "" for NULL. Never NULL; static.
  get kindName() {
    return C.dni_backend_kind_name(pointer(this, 'backend'));
  }

  // The path of a dynamic backend, else the name of the kind. "" for NULL. Valid as long as the backend.
  get name() {
    return C.dni_backend_name(pointer(this, 'backend'));
  }

  // Use `threads` threads, at least 1, in each product from now on.
  setThreads(threads) {
    check(C.dni_backend_set_threads(pointer(this, 'backend'), size(threads)));
  }

  // Compute C = alpha op(A) op(B) + beta C; the same on every backend.
  gemm(transposeA, transposeB, alpha, a, b, beta, c) {
    check(C.dni_backend_gemm(pointer(this, 'backend'), integer(transposeA), integer(transposeB), alpha, matrix(a), matrix(b), beta, matrix(c)));
  }
}

class LayerMethods extends Handle {
  static thing = 'layer';

  // A dense layer: y = activation(x W^T + b).
  static dense(context, inputs, outputs, activation) {
    const out = new BigUint64Array(1);
    check(C.dni_layer_create_dense(pointer(context, 'context'), size(inputs), size(outputs), enumValue('Activation', activation), out));
    return adopt('layer', out[0], context);
  }

  // An activation alone: y = activation(x), element by element. It has no parameters. y may be x itself, except for GELU, whose backward needs x.
  static activation(context, units, activation) {
    const out = new BigUint64Array(1);
    check(C.dni_layer_create_activation(pointer(context, 'context'), size(units), enumValue('Activation', activation), out));
    return adopt('layer', out[0], context);
  }

  // Batch normalisation: y = scale (x - mean) / sqrt(variance + epsilon) + shift, for each column (Ioffe and Szegedy 2015).
  static batchNorm(context, units) {
    const out = new BigUint64Array(1);
    check(C.dni_layer_create_batch_norm(pointer(context, 'context'), size(units), out));
    return adopt('layer', out[0], context);
  }

  // Layer normalisation: y = scale (x - mean) / sqrt(variance + epsilon) + shift, mean and biased variance being those of the row (Ba et al. 2016).
  static layerNorm(context, units) {
    const out = new BigUint64Array(1);
    check(C.dni_layer_create_layer_norm(pointer(context, 'context'), size(units), out));
    return adopt('layer', out[0], context);
  }

  // Dropout (Srivastava et al. 2014): in training each element becomes 0 with probability `drop`, and the others are multiplied with 1 / (1 - drop). In inference y = x.
  static dropout(context, units, drop, given = null) {
    const out = new BigUint64Array(1);
    check(C.dni_layer_create_dropout(pointer(context, 'context'), size(units), drop, options('dni_random_options', given, ['seed']), out));
    return adopt('layer', out[0], context);
  }

  // Make a second layer of the same kind, settings and parameters, on the same context.
  copy() {
    const out = new BigUint64Array(1);
    check(C.dni_layer_copy(pointer(this, 'layer'), out));
    return adopt('layer', out[0], this);
  }

  // Which kind it is: a DNI_LAYER_ value; 0 for NULL.
  get kind() {
    return Number(C.dni_layer_kind(pointer(this, 'layer')));
  }

  // "dense", "activation", "batch_norm", "callback", "dropout" or "layer_norm"; "" for NULL. Never NULL; static.
  get kindName() {
    return C.dni_layer_kind_name(pointer(this, 'layer'));
  }

  // The width of x; 0 for NULL.
  get inputs() {
    return Number(C.dni_layer_inputs(pointer(this, 'layer')));
  }

  // The width of y; 0 for NULL.
  get outputs() {
    return Number(C.dni_layer_outputs(pointer(this, 'layer')));
  }

  // The activation of a dense or an activation layer; -1 for other kinds and for NULL.
  get activation() {
    return Number(C.dni_layer_activation(pointer(this, 'layer')));
  }

  // Plan the layer's own state for batches of up to `rows` rows, so that forward and backward of that size allocate nothing.
  reserve(rows) {
    check(C.dni_layer_reserve(pointer(this, 'layer'), size(rows)));
  }

  // How many parameters the layer has; 0 for NULL.
  get parameterCount() {
    return Number(C.dni_layer_parameter_count(pointer(this, 'layer')));
  }

  // The name of parameter `index`, from 0: "weight", "bias", "scale", ...; "" for NULL or out of range. Never NULL; static.
  parameterName(index) {
    return C.dni_layer_parameter_name(pointer(this, 'layer'), size(index));
  }

  // Say that parameters were written through views. Not while another thread uses the layer.
  changed() {
    check(C.dni_layer_changed(pointer(this, 'layer')));
  }

  // Copy `value` into parameter `index`; shape and type must be its own. No dni_layer_changed() is needed.
  setParameter(index, value) {
    check(C.dni_layer_set_parameter(pointer(this, 'layer'), size(index), matrix(value)));
  }

  // Copy parameter `index` into `value`, of its shape and type.
  getParameter(index, value) {
    check(C.dni_layer_get_parameter(pointer(this, 'layer'), size(index), matrix(value)));
  }

  // Draw the weights of a dense layer anew; its biases become 0.
  initialise(given = null) {
    check(C.dni_layer_initialise(pointer(this, 'layer'), options('dni_initialiser_options', given, ['kind', 'uniform', 'value', 'seed'])));
  }

  // 1 if the layer has the setting, else 0. All layers with trained parameters have DNI_SETTING_RATE_SCALE.
  has(setting) {
    return C.dni_layer_has(pointer(this, 'layer'), enumValue('Setting', setting));
  }

  // The closed interval of values that the layer's setting may have, in the element type. An open end is given as the nearest number inside. See dni/settings.h for numbers near 0.
  bounds(setting) {
    const least = new Float64Array(1);
    const most = new Float64Array(1);
    check(C.dni_layer_bounds(pointer(this, 'layer'), enumValue('Setting', setting), least, most));
    return [least[0], most[0]];
  }

  // Change a setting. Of a layer that a trainer uses: only while the report says settled.
  setF64(setting, value) {
    check(C.dni_layer_set_f64(pointer(this, 'layer'), enumValue('Setting', setting), value));
  }

  // Read a setting.
  getF64(setting) {
    const value = new Float64Array(1);
    check(C.dni_layer_get_f64(pointer(this, 'layer'), enumValue('Setting', setting), value));
    return value[0];
  }
}

class StateMethods extends Handle {
  static thing = 'state';

  // The most rows that the state has room for; 0 for NULL.
  get rows() {
    return Number(C.dni_state_rows(pointer(this, 'state')));
  }
}

class LossMethods extends Handle {
  static thing = 'loss';

  // Softmax cross-entropy of logits h: L = -sum_c w_c y'_c log softmax(h)_c.
  static softmaxCrossEntropy(context, given = null) {
    const out = new BigUint64Array(1);
    check(C.dni_loss_create_softmax_cross_entropy(pointer(context, 'context'), options('dni_loss_options', given, ['labelSmoothing', 'classWeights']), out));
    return adopt('loss', out[0], context);
  }

  // Sigmoid cross-entropy of logits h: L = sum_c w_c (log(1 + exp(h_c)) - y'_c h_c), y in [0, 1].
  static sigmoidCrossEntropy(context, given = null) {
    const out = new BigUint64Array(1);
    check(C.dni_loss_create_sigmoid_cross_entropy(pointer(context, 'context'), options('dni_loss_options', given, ['labelSmoothing', 'classWeights']), out));
    return adopt('loss', out[0], context);
  }

  // Squared error: L = 1/2 sum_c (h_c - y_c)^2.
  static squaredError(context) {
    const out = new BigUint64Array(1);
    check(C.dni_loss_create_squared_error(pointer(context, 'context'), out));
    return adopt('loss', out[0], context);
  }

  // Absolute error: L = sum_c |h_c - y_c|; its derivative at 0 is 0.
  static absoluteError(context) {
    const out = new BigUint64Array(1);
    check(C.dni_loss_create_absolute_error(pointer(context, 'context'), out));
    return adopt('loss', out[0], context);
  }

  // Which kind it is: a DNI_LOSS_ value; 0 for NULL.
  get kind() {
    return Number(C.dni_loss_kind(pointer(this, 'loss')));
  }

  // "softmax_cross_entropy", "sigmoid_cross_entropy", "squared_error", "absolute_error" or "callback"; "" for NULL. Never NULL; static.
  get kindName() {
    return C.dni_loss_kind_name(pointer(this, 'loss'));
  }

  // 1 if the loss classifies, so that dni_loss_count_correct() and accuracies mean something: the cross-entropies, and callbacks with `correct`. Else 0.
  get classifies() {
    return C.dni_loss_classifies(pointer(this, 'loss'));
  }
}

class OptimiserMethods extends Handle {
  static thing = 'optimiser';

  // Stochastic gradient descent:
  static sgd(context, learningRate) {
    const out = new BigUint64Array(1);
    check(C.dni_optimiser_create_sgd(pointer(context, 'context'), learningRate, out));
    return adopt('optimiser', out[0], context);
  }

  // Adam (Kingma and Ba 2015):
  static adam(context, learningRate) {
    const out = new BigUint64Array(1);
    check(C.dni_optimiser_create_adam(pointer(context, 'context'), learningRate, out));
    return adopt('optimiser', out[0], context);
  }

  // AdamW (Loshchilov and Hutter 2019): as Adam without the decay in g, but first w -= r d w. Its decay is 0.01 at first.
  static adamw(context, learningRate) {
    const out = new BigUint64Array(1);
    check(C.dni_optimiser_create_adamw(pointer(context, 'context'), learningRate, out));
    return adopt('optimiser', out[0], context);
  }

  // A new optimiser of the kind, settings and schedule of `other`, at step 0 and without parameters. A schedule's function is shared, not copied.
  static like(other) {
    const out = new BigUint64Array(1);
    check(C.dni_optimiser_create_like(pointer(other, 'optimiser'), out));
    return adopt('optimiser', out[0], other);
  }

  // What moments are kept as: the context's dtype (at first), or DNI_BF16.
  setMomentDtype(dtype) {
    check(C.dni_optimiser_set_moment_dtype(pointer(this, 'optimiser'), enumValue('Dtype', dtype)));
  }

  // What moments are kept as. 0 for NULL.
  get momentDtype() {
    return Number(C.dni_optimiser_moment_dtype(pointer(this, 'optimiser')));
  }

  // Which kind it is: a DNI_OPTIMISER_ value; 0 for NULL.
  get kind() {
    return Number(C.dni_optimiser_kind(pointer(this, 'optimiser')));
  }

  // "sgd", "adam" or "adamw"; "" for NULL. Never NULL; static.
  get kindName() {
    return C.dni_optimiser_kind_name(pointer(this, 'optimiser'));
  }

  // Move the trained parameters of a layer, at a rate multiplied with its DNI_SETTING_RATE_SCALE.
  addLayer(layer) {
    check(C.dni_optimiser_add_layer(pointer(this, 'optimiser'), pointer(layer, 'layer')));
  }

  // Move the trained parameters of an SG, in the same way. An SG whose parameters are another's (a wrapper's) counts as moved already if that one is.
  addSg(sg) {
    check(C.dni_optimiser_add_sg(pointer(this, 'optimiser'), pointer(sg, 'sg')));
  }

  // Say that values of parameters given to dni_optimiser_add() were written by the caller.
  changed() {
    check(C.dni_optimiser_changed(pointer(this, 'optimiser')));
  }

  // Update every parameter once from its gradient as it is now. Gradients stay as they are. Nothing is allocated.
  step() {
    check(C.dni_optimiser_step(pointer(this, 'optimiser')));
  }

  // The same with every gradient multiplied with `factor` first, before clipping.
  stepScaled(factor) {
    check(C.dni_optimiser_step_scaled(pointer(this, 'optimiser'), factor));
  }

  // 1 if the optimiser has the setting, else 0.
  has(setting) {
    return C.dni_optimiser_has(pointer(this, 'optimiser'), enumValue('Setting', setting));
  }

  // The closed interval of values that a setting may have, in the element type; see dni_layer_bounds().
  bounds(setting) {
    const least = new Float64Array(1);
    const most = new Float64Array(1);
    check(C.dni_optimiser_bounds(pointer(this, 'optimiser'), enumValue('Setting', setting), least, most));
    return [least[0], most[0]];
  }

  // Change a setting. Of an optimiser of a trainer: only while the report says settled.
  setF64(setting, value) {
    check(C.dni_optimiser_set_f64(pointer(this, 'optimiser'), enumValue('Setting', setting), value));
  }

  // Read a setting.
  getF64(setting) {
    const value = new Float64Array(1);
    check(C.dni_optimiser_get_f64(pointer(this, 'optimiser'), enumValue('Setting', setting), value));
    return value[0];
  }

  // Steps made so far; 0 for NULL.
  get stepCount() {
    return Number(C.dni_optimiser_step_count(pointer(this, 'optimiser')));
  }

  // The learning rate of the next step: the schedule is in it, rate scales of layers are not. 0 for NULL.
  get rate() {
    return C.dni_optimiser_rate(pointer(this, 'optimiser'));
  }

  // Bytes of moments; 0 for NULL.
  get bytes() {
    return Number(C.dni_optimiser_bytes(pointer(this, 'optimiser')));
  }
}

class SGMethods extends Handle {
  static thing = 'sg';

  // A synthetic gradient M(h, y) for h [rows][units] and y [rows][targets] or labels below targets.
  static synthetic(context, units, targets, given = null) {
    const out = new BigUint64Array(1);
    check(C.dni_sg_create_synthetic(pointer(context, 'context'), size(units), size(targets), options('dni_sg_options', given, ['condition', 'hiddenLayers', 'hiddenUnits', 'seed', 'loss']), out));
    return adopt('sg', out[0], context);
  }

  // A synthetic gradient that needs no optimiser: M = W z, linear in what it sees, with the best W for all lessons so far.
  static leastSquares(context, units, targets, given = null) {
    const out = new BigUint64Array(1);
    check(C.dni_sg_create_least_squares(pointer(context, 'context'), size(units), size(targets), options('dni_least_squares_options', given, ['condition', 'loss', 'forgetting', 'ridge', 'solveEvery', 'guessRate']), out));
    return adopt('sg', out[0], context);
  }

  // Direct feedback alignment (Nokland 2016): delta = e B, where e [rows][signal_units] is dL/dh_N.
  static dfa(context, units, signalUnits, given = null) {
    const out = new BigUint64Array(1);
    check(C.dni_sg_create_dfa(pointer(context, 'context'), size(units), size(signalUnits), options('dni_random_options', given, ['seed']), out));
    return adopt('sg', out[0], context);
  }

  // Feedback alignment (Lillicrap et al. 2016): delta = e B, where e [rows][signal_units] is dL/dz of the dense layer above. It is the chain rule with that layer's W replaced by B.
  static fa(context, units, signalUnits, given = null) {
    const out = new BigUint64Array(1);
    check(C.dni_sg_create_fa(pointer(context, 'context'), size(units), size(signalUnits), options('dni_random_options', given, ['seed']), out));
    return adopt('sg', out[0], context);
  }

  // A local loss (Belilovsky et al. 2019; Nokland and Eidnes 2019): a small network g on top of h, and delta = d loss(g(h), y) / dh.
  static local(context, units, targets, loss, given = null) {
    const out = new BigUint64Array(1);
    check(C.dni_sg_create_local(pointer(context, 'context'), size(units), size(targets), pointer(loss, 'loss'), options('dni_sg_options', given, ['condition', 'hiddenLayers', 'hiddenUnits', 'seed']), out));
    return adopt('sg', out[0], context);
  }

  // A critic (Appendix A): phi(h, y), an estimate of each example's loss; delta = d phi / dh.
  static critic(context, units, targets, given = null) {
    const out = new BigUint64Array(1);
    check(C.dni_sg_create_critic(pointer(context, 'context'), size(units), size(targets), options('dni_sg_options', given, ['condition', 'hiddenLayers', 'hiddenUnits', 'seed', 'loss']), out));
    return adopt('sg', out[0], context);
  }

  // The exact gradient, later (Huo et al. 2018): delta = shrink e, where e is dL/dh of the same batch.
  static delayed(context, units, shrink) {
    const out = new BigUint64Array(1);
    check(C.dni_sg_create_delayed(pointer(context, 'context'), size(units), shrink, out));
    return adopt('sg', out[0], context);
  }

  // No gradient: delta = 0. In a trainer the layers below are not moved at all, weight decay included, and nothing is computed for them but their outputs; batch norm still gathers its statistics.
  static zero(context, units) {
    const out = new BigUint64Array(1);
    check(C.dni_sg_create_zero(pointer(context, 'context'), size(units), out));
    return adopt('sg', out[0], context);
  }

  // A mixture, BP(lambda) (Jaderberg et al. 2016): delta = lambda e + (1 - lambda) M(h, y), where M is the inner SG's answer and e = dL/dh. It needs e, so the layers below wait; M learns from e.
  static mixture(context, inner, lambda) {
    const out = new BigUint64Array(1);
    check(C.dni_sg_create_mixture(pointer(context, 'context'), pointer(inner, 'sg'), lambda, out));
    return adopt('sg', out[0], context);
  }

  // The inner SG's answers, but it no longer learns. The inner SG must need nothing. It is kept; its parameters are shown without gradients.
  static frozen(context, inner) {
    const out = new BigUint64Array(1);
    check(C.dni_sg_create_frozen(pointer(context, 'context'), pointer(inner, 'sg'), out));
    return adopt('sg', out[0], context);
  }

  // The answer 0 until the inner SG has had `lessons` lessons, then the inner SG's answers. So the layers below do not follow its first guesses. mse and cosine of a lesson are always those of the inner SG's answer.
  static warmUp(context, inner, lessons) {
    const out = new BigUint64Array(1);
    check(C.dni_sg_create_warm_up(pointer(context, 'context'), pointer(inner, 'sg'), size(lessons), out));
    return adopt('sg', out[0], context);
  }

  // Which kind it is: a DNI_SG_ value; 0 for NULL.
  get kind() {
    return Number(C.dni_sg_kind(pointer(this, 'sg')));
  }

  // "synthetic", "dfa", "fa", "local", "critic", "delayed", "zero", "mixture", "frozen", "warm_up", "callback", "least_squares", "scalar" or "theorem"; "" for NULL. Never NULL; static.
  get kindName() {
    return C.dni_sg_kind_name(pointer(this, 'sg'));
  }

  // Which signal it needs: a DNI_SG_NEEDS_ value; -1 for NULL.
  get needs() {
    return Number(C.dni_sg_needs(pointer(this, 'sg')));
  }

  // What it learns from: a DNI_SG_LEARNS_ value; -1 for NULL.
  get learns() {
    return Number(C.dni_sg_learns(pointer(this, 'sg')));
  }

  // The width of h and delta; 0 for NULL.
  get units() {
    return Number(C.dni_sg_units(pointer(this, 'sg')));
  }

  // The width of y, or the number of classes of labels; 0 if it does not look at y, and for NULL.
  get targets() {
    return Number(C.dni_sg_targets(pointer(this, 'sg')));
  }

  // The width of the signal it needs; 0 if it needs none, and for NULL.
  get signalUnits() {
    return Number(C.dni_sg_signal_units(pointer(this, 'sg')));
  }

  // Plan working space for batches of up to `rows`, so that calls of that size allocate nothing. Calls with more rows grow it.
  reserve(rows) {
    check(C.dni_sg_reserve(pointer(this, 'sg'), size(rows)));
  }

  // How many parameters the SG has; 0 for NULL.
  get parameterCount() {
    return Number(C.dni_sg_parameter_count(pointer(this, 'sg')));
  }

  // The name of parameter `index`; see dni_layer_parameter_name().
  parameterName(index) {
    return C.dni_sg_parameter_name(pointer(this, 'sg'), size(index));
  }

  // Say that parameters were written through views. Not while another thread uses the SG.
  changed() {
    check(C.dni_sg_changed(pointer(this, 'sg')));
  }

  // Copy `value` into parameter `index`; see dni_layer_set_parameter().
  setParameter(index, value) {
    check(C.dni_sg_set_parameter(pointer(this, 'sg'), size(index), matrix(value)));
  }

  // Copy parameter `index` into `value`, of its shape and type.
  getParameter(index, value) {
    check(C.dni_sg_get_parameter(pointer(this, 'sg'), size(index), matrix(value)));
  }

  // 1 if the SG has the setting, else 0. All SGs that learn have DNI_SETTING_RATE_SCALE; those that learn nothing, frozen ones included, do not.
  has(setting) {
    return C.dni_sg_has(pointer(this, 'sg'), enumValue('Setting', setting));
  }

  // The closed interval of values that a setting may have; see dni_layer_bounds().
  bounds(setting) {
    const least = new Float64Array(1);
    const most = new Float64Array(1);
    check(C.dni_sg_bounds(pointer(this, 'sg'), enumValue('Setting', setting), least, most));
    return [least[0], most[0]];
  }

  // Change a setting. Setting lambda removes a schedule. Of an SG that a trainer uses: only while the report says settled.
  setF64(setting, value) {
    check(C.dni_sg_set_f64(pointer(this, 'sg'), enumValue('Setting', setting), value));
  }

  // Read a setting. Lambda is what the next answer uses.
  getF64(setting) {
    const value = new Float64Array(1);
    check(C.dni_sg_get_f64(pointer(this, 'sg'), enumValue('Setting', setting), value));
    return value[0];
  }

  // One trainable number (Appendix B): delta = c for every example and unit. h and y are not looked at.
  static scalar(context, units) {
    const out = new BigUint64Array(1);
    check(C.dni_sg_create_scalar(pointer(context, 'context'), size(units), out));
    return adopt('sg', out[0], context);
  }

  // The synthetic gradient of Theorem 1 (Appendix C): delta = (alpha + 1) h - (beta + 1) y + gamma, for h and y of [rows][units].
  static theorem(context, units) {
    const out = new BigUint64Array(1);
    check(C.dni_sg_create_theorem(pointer(context, 'context'), size(units), out));
    return adopt('sg', out[0], context);
  }

  // Exact line search (Theorem 1): the learning rate with which one step of plain SGD, along the gradients that dni_sg_learn() has just computed for the same h and y, makes the error E as small as it can be on this line:
  lineSearch(h, y) {
    const rate = new Float64Array(1);
    check(C.dni_sg_line_search(pointer(this, 'sg'), matrix(h), matrix(y), rate));
    return rate[0];
  }
}

class NetworkMethods extends Handle {
  static thing = 'network';

  // Append a layer; the network keeps it. Its index is the number of layers added before it.
  add(layer) {
    check(C.dni_network_add(pointer(this, 'network'), pointer(layer, 'layer')));
  }

  // Put an SG at the interface after layer `after`; the network keeps it. NULL: the exact gradient, which is what every interface has at first.
  setSg(after, sg) {
    check(C.dni_network_set_sg(pointer(this, 'network'), size(after), pointer(sg, 'sg')));
  }

  // The width of the network's input; 0 for NULL and without layers.
  get inputs() {
    return Number(C.dni_network_inputs(pointer(this, 'network')));
  }

  // The width of the network's output; 0 for NULL and without layers.
  get outputs() {
    return Number(C.dni_network_outputs(pointer(this, 'network')));
  }

  // How many layers there are; 0 for NULL.
  get layerCount() {
    return Number(C.dni_network_layer_count(pointer(this, 'network')));
  }

  // Layer `index`, borrowed; NULL for NULL and out of range.
  layer(index) {
    return borrow('layer', C.dni_network_layer(pointer(this, 'network'), size(index)), this);
  }

  // The SG at the interface after layer `after`, borrowed: *sg = NULL where the gradient is exact.
  sg(after) {
    const sg = new BigUint64Array(1);
    check(C.dni_network_sg(pointer(this, 'network'), size(after), sg));
    return borrow('sg', sg[0], this);
  }

  // A second network with copies of the layers (dni_layer_copy()) on the same context. Interfaces are exact: SGs are not copied. For the best parameters so far, an average, or a network per thread.
  copy() {
    const out = new BigUint64Array(1);
    check(C.dni_network_copy(pointer(this, 'network'), out));
    return adopt('network', out[0], this);
  }

  // Copy all parameters of all layers of `from` into `to`, running statistics included.
  assign(from) {
    check(C.dni_network_assign(pointer(this, 'network'), pointer(from, 'network')));
  }

  // Plan working space for predictions of up to `rows` rows at a time, for dni_network_predict() and dni_network_evaluate().
  reserve(rows) {
    check(C.dni_network_reserve(pointer(this, 'network'), size(rows)));
  }

  // How long the parts of a training step take on this machine.
  measure(rows, optimiser, count) {
    const seconds = new Float64Array(count);
    const sgSeconds = new Float64Array(count);
    check(C.dni_network_measure(pointer(this, 'network'), size(rows), pointer(optimiser, 'optimiser'), seconds, sgSeconds, size(count)));
    return [numbers(seconds), numbers(sgSeconds)];
  }
}

class PredictorMethods extends Handle {
  static thing = 'predictor';
}

class DatasetMethods extends Handle {
  static thing = 'dataset';

  // A data set of two IDX files of unsigned bytes, plain or gzip, the format of MNIST.
  static idx(context, imagesPath, labelsPath, given = null) {
    const out = new BigUint64Array(1);
    check(C.dni_dataset_create_idx(pointer(context, 'context'), text(imagesPath), text(labelsPath), options('dni_idx_options', given, ['classes', 'scaled', 'inFile', 'factor', 'offset']), out));
    return adopt('dataset', out[0], context);
  }

  // A data set of a CSV file of numbers, plain or gzip, one example on each line.
  static csv(context, path, given = null) {
    const out = new BigUint64Array(1);
    check(C.dni_dataset_create_csv(pointer(context, 'context'), text(path), options('dni_csv_options', given, ['classes', 'targetColumns', 'headerLines', 'targetsFirst', 'separator']), out));
    return adopt('dataset', out[0], context);
  }

  // A data set of some of the examples of another, in the order of `indices` [count], which are copied. It shares the examples. An index may come more than once.
  subset(indices) {
    const out = new BigUint64Array(1);
    check(C.dni_dataset_subset(pointer(this, 'dataset'), list('BigUint64Array', indices), indices.length, out));
    return adopt('dataset', out[0], this);
  }

  // How many examples there are; 0 for NULL.
  get examples() {
    return Number(C.dni_dataset_examples(pointer(this, 'dataset')));
  }

  // The width of x; 0 for NULL.
  get features() {
    return Number(C.dni_dataset_features(pointer(this, 'dataset')));
  }

  // The width of y as numbers or one-hot rows; 0 for NULL.
  get targets() {
    return Number(C.dni_dataset_targets(pointer(this, 'dataset')));
  }

  // How many classes there are; 0 if the targets are numbers, and for NULL.
  get classes() {
    return Number(C.dni_dataset_classes(pointer(this, 'dataset')));
  }

  // The paper's artificial problems (Appendix D): x ~ N(0, I) [examples][dimensions].
  static artificial(context, kind, dimensions, examples, classes, given = null) {
    const out = new BigUint64Array(1);
    check(C.dni_dataset_create_artificial(pointer(context, 'context'), enumValue('ArtificialKind', kind), size(dimensions), size(examples), size(classes), options('dni_random_options', given, ['seed']), out));
    return adopt('dataset', out[0], context);
  }
}

class OrderMethods extends Handle {
  static thing = 'order';

  // Shuffle: each new order is equally likely (Fisher-Yates). One thread at a time.
  shuffle() {
    check(C.dni_order_shuffle(pointer(this, 'order')));
  }
}

class TrainerMethods extends Handle {
  static thing = 'trainer';

  // Say that a callback was left by a jump, so that the trainer is idle again.
  abandon() {
    check(C.dni_trainer_abandon(pointer(this, 'trainer')));
  }

  // Multiply the learning rate of a module's optimiser, and of the optimiser of the SG above it, with `factor`, from the next batch on that the module takes. DNI_ALL for `module`: of all.
  setRateFactor(module, factor) {
    check(C.dni_trainer_set_rate_factor(pointer(this, 'trainer'), size(module), factor));
  }

  // Steps made so far that are complete in all modules; 0 for NULL. Any thread, also from callbacks.
  get stepCount() {
    return Number(C.dni_trainer_step_count(pointer(this, 'trainer')));
  }

  // How many modules there are; 0 for NULL. With micro-batches each thread's layers are one.
  get moduleCount() {
    return Number(C.dni_trainer_module_count(pointer(this, 'trainer')));
  }

  // The module of a layer, from 0: *module.
  layerModule(layer) {
    const module = new BigUint64Array(1);
    check(C.dni_trainer_layer_module(pointer(this, 'trainer'), size(layer), module));
    return Number(module[0]);
  }

  // How many threads the schedule has, the caller's included; 0 for NULL.
  get threadCount() {
    return Number(C.dni_trainer_thread_count(pointer(this, 'trainer')));
  }

  // The thread that runs a module: *thread, from 0, the caller's, upwards.
  moduleThread(module) {
    const thread = new BigUint64Array(1);
    check(C.dni_trainer_module_thread(pointer(this, 'trainer'), size(module), thread));
    return Number(thread[0]);
  }

  // The optimiser of a module, borrowed: to read its step count at any time or, only while settled, to change a setting. NULL if the module does not move, for NULL and out of range. Add no parameters to it.
  moduleOptimiser(module) {
    return borrow('optimiser', C.dni_trainer_module_optimiser(pointer(this, 'trainer'), size(module)), this);
  }

  // The optimiser of the SG after layer `after`, borrowed, in the same way. NULL if nothing learns there, for NULL and out of range.
  sgOptimiser(after) {
    return borrow('optimiser', C.dni_trainer_sg_optimiser(pointer(this, 'trainer'), size(after)), this);
  }

  // What the training occupies, summed over network, SGs and trainer.
  memory() {
    const report = report('dni_memory_report');
    check(C.dni_trainer_memory(pointer(this, 'trainer'), report));
    return result('dni_memory_report', report);
  }
}

class CheckpointMethods extends Handle {
  static thing = 'checkpoint';

  // Add a layer: its parameters, settings, statistics, and its random stream. The values in the caller's own layers are their parameters; what else they keep, add with _add_matrix() or _add_count().
  addLayer(name, layer) {
    check(C.dni_checkpoint_add_layer(pointer(this, 'checkpoint'), text(name), pointer(layer, 'layer')));
  }

  // Add an SG with all it has learned, SGs inside it too. Failures as dni_checkpoint_add_layer().
  addSg(name, sg) {
    check(C.dni_checkpoint_add_sg(pointer(this, 'checkpoint'), text(name), pointer(sg, 'sg')));
  }

  // Add all layers and SGs of a network, those too that are added to it later. Failures as dni_checkpoint_add_layer().
  addNetwork(name, network) {
    check(C.dni_checkpoint_add_network(pointer(this, 'checkpoint'), text(name), pointer(network, 'network')));
  }

  // Add an optimiser: settings, count of steps, moments. What it moves is not part of it. Failures as dni_checkpoint_add_layer().
  addOptimiser(name, optimiser) {
    check(C.dni_checkpoint_add_optimiser(pointer(this, 'checkpoint'), text(name), pointer(optimiser, 'optimiser')));
  }

  // Add an order of examples, which goes on after a load as it would have. Failures as dni_checkpoint_add_layer().
  addOrder(name, order) {
    check(C.dni_checkpoint_add_order(pointer(this, 'checkpoint'), text(name), pointer(order, 'order')));
  }

  // Add a trainer with its network, as dni_trainer_save() does. Failures as dni_checkpoint_add_layer().
  addTrainer(name, trainer) {
    check(C.dni_checkpoint_add_trainer(pointer(this, 'checkpoint'), text(name), pointer(trainer, 'trainer')));
  }

  // Add a guard's counts to a checkpoint; its optimiser is added for itself. Failures as dni_checkpoint_add_layer().
  addGuard(name, guard) {
    check(C.dni_checkpoint_add_guard(pointer(this, 'checkpoint'), text(name), pointer(guard, 'guard')));
  }
}

class GuardMethods extends Handle {
  static thing = 'guard';

  // Step the optimiser if the condition holds, else leave everything as it is. *accepted becomes 1 if it stepped, else 0; accepted may be NULL.
  step(errorNorm, jacobianNorm, gradientNorm) {
    const accepted = new Int32Array(1);
    check(C.dni_guard_step(pointer(this, 'guard'), errorNorm, jacobianNorm, gradientNorm, accepted));
    return accepted[0];
  }

  // Steps accepted so far; 0 for NULL.
  get accepted() {
    return Number(C.dni_guard_accepted(pointer(this, 'guard')));
  }

  // Steps refused so far; 0 for NULL.
  get refused() {
    return Number(C.dni_guard_refused(pointer(this, 'guard')));
  }
}

// The version of the running library: major * 10000 + minor * 100 + patch. Any thread.
function version() {
  return C.dni_version();
}

// The version of the running library as text. Never NULL; static. Any thread.
function versionString() {
  return C.dni_version_string();
}

// How the running library was built, in one line: compiler, BLAS, instruction sets. Once a context with products of bf16 has asked for AMX, it also says whether that may be used, or why not. For reports of faults. Never NULL; static. Any thread.
function buildInfo() {
  return C.dni_build_info();
}

// The name of a setting in words, for example "weight decay". "" for an unknown number. Never NULL; static. Any thread.
function settingName(setting) {
  return C.dni_setting_name(enumValue('Setting', setting));
}

// The name of an instruction set: "best", "baseline", "avx2", "avx512", "avx512_bf16" or "amx"; "" for other numbers. Never NULL; static.
function instructionsName(instructions) {
  return C.dni_instructions_name(enumValue('Instructions', instructions));
}

// The name of an activation: "identity", "relu", "tanh", "sigmoid", "leaky_relu" or "gelu"; "" for other numbers. Never NULL; static.
function activationName(activation) {
  return C.dni_activation_name(enumValue('Activation', activation));
}

// Compare two matrices of the same shape and element type.
function analysisAlign(estimate, truth) {
  const out = report('dni_alignment');
  check(C.dni_analysis_align(matrix(estimate), matrix(truth), out));
  return result('dni_alignment', out);
}

// Measure the SG at the interface after layer `after` of `network` on a batch.
function analysisInterface(context, network, loss, after, directions, seed, given = null) {
  const out = report('dni_interface_report');
  check(C.dni_analysis_interface(pointer(context, 'context'), pointer(network, 'network'), pointer(loss, 'loss'), size(after), options('dni_batch', given, ['x', 'y', 'weights']), size(directions), size(seed), out));
  return result('dni_interface_report', out);
}

// Representational dissimilarity matrix (Figure 7): rdm[i][j] = 1 - corr(h_i, h_j), the correlation of rows i and j of h [rows][units] over the units. rdm is [rows][rows].
function analysisRdm(context, h, rdm) {
  check(C.dni_analysis_rdm(pointer(context, 'context'), matrix(h), matrix(rdm)));
}

// The L2 distance of the diagonal blocks of two RDMs [n][n] (Figure 7, bottom): the root of the sum of (a_ij - b_ij)^2 over all i, j with labels[i] = labels[j]. labels is [count], count = n.
function analysisRdmDistance(a, b, labels) {
  const distance = new Float64Array(1);
  check(C.dni_analysis_rdm_distance(matrix(a), matrix(b), list('Int32Array', labels), labels.length, distance));
  return distance[0];
}

// Linear classifier probe (Figure 8, left): a softmax classifier of h [rows][units] for y, one-hot [rows][classes], trained on them with h fixed; and its accuracy on the same rows.
function analysisClassifierProbe(context, h, y, given = null) {
  const out = report('dni_probe_report');
  check(C.dni_analysis_classifier_probe(pointer(context, 'context'), matrix(h), matrix(y), options('dni_probe_options', given, ['batch', 'steps', 'learningRate', 'seed']), out));
  return result('dni_probe_report', out);
}

// Linear regressor probe (Figure 8, right): the least mean squared error, over rows and columns of x [rows][inputs], of any affine map from h [rows][units] to x. *rank, which may be NULL, becomes the number of independent columns.
function analysisRegressorProbe(context, h, x) {
  const mse = new Float64Array(1);
  const rank = new BigUint64Array(1);
  check(C.dni_analysis_regressor_probe(pointer(context, 'context'), matrix(h), matrix(x), mse, rank));
  return [mse[0], Number(rank[0])];
}

// The loss that an SG implies (Figure 9), up to a constant for each label: loss [rows][1],
function analysisExtractLoss(context, sg, h, y, origin, nodes, loss) {
  check(C.dni_analysis_extract_loss(pointer(context, 'context'), pointer(sg, 'sg'), matrix(h), matrix(y), matrix(origin), size(nodes), matrix(loss)));
}

// How far an SG is from being the gradient of anything: |A - A^T| / |A| (Frobenius), A = dSG/dh.
function analysisIntegrability(sg) {
  const defect = new Float64Array(1);
  check(C.dni_analysis_integrability(pointer(sg, 'sg'), defect));
  return defect[0];
}

// How well `estimate` follows `truth`, two columns [rows][1], when a constant for each group may be added to either (a loss extracted from an SG leaves one for each label open).
function analysisAgreement(context, estimate, truth, groups) {
  const correlation = new Float64Array(1);
  const r2 = new Float64Array(1);
  check(C.dni_analysis_agreement(pointer(context, 'context'), matrix(estimate), matrix(truth), list('Int32Array', groups), groups.length, correlation, r2));
  return [correlation[0], r2[0]];
}

// Cut a row of `count` costs into `parts` runs whose largest sum is as small as it can be. lengths [parts] receives the length of each, at least 1. Every run but the last also bears cut_cost, what its SG takes. Any thread.
function costsBalance(costs, parts, cutCost) {
  const lengths = new BigUint64Array(parts);
  check(C.dni_costs_balance(list('Float64Array', costs), costs.length, size(parts), cutCost, lengths));
  return numbers(lengths);
}

module.exports = {ContextMethods, BackendMethods, LayerMethods, StateMethods, LossMethods, OptimiserMethods, SGMethods, NetworkMethods, PredictorMethods, DatasetMethods, OrderMethods, TrainerMethods, CheckpointMethods, GuardMethods, version, versionString, buildInfo, settingName, instructionsName, activationName, analysisAlign, analysisInterface, analysisRdm, analysisRdmDistance, analysisClassifierProbe, analysisRegressorProbe, analysisExtractLoss, analysisIntegrability, analysisAgreement, costsBalance};

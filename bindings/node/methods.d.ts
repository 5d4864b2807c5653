// Types of methods.js. Made by bindings/generate from the headers of libdni 0.9.0; do not edit.
import {Matrix, Report, Context, Backend, Layer, State, Loss, Optimiser, SG, Network, Predictor, Dataset, Order, Trainer, Checkpoint, Guard} from './index';
export type StatusName = number | 'ok' | 'error_argument' | 'error_state' | 'error_memory' | 'error_io' | 'error_data' | 'error_unsupported' | 'error_backend' | 'error_non_finite' | 'error_cancelled' | 'error_callback' | 'error_system' | 'status_caller';
export type DtypeName = number | 'f32' | 'f64' | 'bf16' | 'f16' | 'u8' | 'i32';
export type SettingName = number | 'learning_rate' | 'momentum' | 'weight_decay' | 'beta1' | 'beta2' | 'epsilon' | 'clip_norm' | 'clip_value' | 'rate_scale' | 'statistics_rate' | 'drop' | 'slope' | 'lambda' | 'shrink' | 'forgetting' | 'ridge';
export type LogLevelName = number | 'information' | 'warning';
export type InstructionsName = number | 'best' | 'baseline' | 'avx2' | 'avx512' | 'avx512_bf16' | 'amx';
export type BackendKindName = number | 'builtin' | 'cblas' | 'dynamic' | 'callback';
export type ActivationName = number | 'identity' | 'relu' | 'tanh' | 'sigmoid' | 'leaky_relu' | 'gelu';
export type ModeName = number | 'training' | 'inference';
export type GradientFlagsName = number | 'replace' | 'add' | 'skip' | 'sum' | 'leave_dz';
export type LayerKindName = number | 'dense' | 'activation' | 'batch_norm' | 'callback' | 'dropout' | 'layer_norm';
export type InitialiserName = number | 'default' | 'normal' | 'uniform' | 'fan_in' | 'xavier' | 'he' | 'orthogonal' | 'constant';
export type LossKindName = number | 'softmax_cross_entropy' | 'sigmoid_cross_entropy' | 'squared_error' | 'absolute_error' | 'callback';
export type RateKindName = number | 'constant' | 'decay' | 'piecewise' | 'lines' | 'cosine' | 'function';
export type OptimiserKindName = number | 'sgd' | 'adam' | 'adamw';
export type ConditionName = number | 'hy' | 'h' | 'y' | 'residual';
export type NeedsName = number | 'nothing' | 'output_error' | 'delta_above' | 'delta' | 'delta_later';
export type LearnsName = number | 'nothing' | 'target' | 'loss' | 'alone';
export type SGKindName = number | 'synthetic' | 'dfa' | 'fa' | 'local' | 'critic' | 'delayed' | 'zero' | 'mixture' | 'frozen' | 'warm_up' | 'callback' | 'least_squares' | 'scalar' | 'theorem';
export type DataFlagsName = number | 'copy' | 'borrow' | 'unchecked';
export type ScheduleKindName = number | 'sequential' | 'random' | 'pipelined' | 'micro_batches';
export type BalanceKindName = number | 'counted' | 'measured';
export type GuardKindName = number | 'proportional' | 'gated';
export type ArtificialKindName = number | 'linear' | 'noisy' | 'random';

/** One reference to an object of libdni, given back by close() or by the collector, in any order. */
export class Handle {
  /** Give the reference back now. The object cannot be used afterwards. */
  close(): void;
}

export class ContextMethods extends Handle {
  /** The backend of the context's objects. Borrowed: valid as long as the context. NULL for NULL. */
  get backend(): Backend | null;

  /** The element type of the context's objects. 0 for NULL. */
  get dtype(): number;

  /** The element type that products of layers and SGs round their operands to: DNI_BF16, if that was
   * asked for and the backend has such products (the builtin kind has), else the context's dtype. 0
   * for NULL. */
  get compute(): number;

  /** The instructions that the context's kernels use, never DNI_INSTRUCTIONS_BEST. 0 for NULL. */
  get instructions(): number;

  /** Bytes that the context and all objects made on it have from the allocator now. 0 for NULL. Any
   * thread. */
  get bytes(): number;
}

export class BackendMethods extends Handle {
  /** The library's own product: cache-blocked, vectorised, without dependency. It starts with one
   * thread. The number of threads changes no bit of a result. */
  static builtin(given?: {threads?: number; instructions?: InstructionsName}): Backend;

  /** The CBLAS that this library was built with; dni_build_info() names it.
   * 
   * The first call loads it, and with it what it brings: memory and, as a rule, threads. From then on
   * it is as a dynamic one, see dni_backend_create_dynamic(). */
  static cblas(given?: {threads?: number; instructions?: InstructionsName}): Backend;

  /** Any CBLAS, from the shared library at `path`: a path, or a name that the dynamic loader finds.
   * 
   * The names of its functions ("", "_64", "64_", "_64_") and the width of its integers are found
   * out, and a small product is checked before use. The library stays loaded until the process ends,
   * because a BLAS with threads cannot be unloaded safely. */
  static dynamic(path: string, given?: {threads?: number; instructions?: InstructionsName}): Backend;

  /** Which kind it is: a DNI_BACKEND_ value; 0 for NULL. */
  get kind(): number;

  /** "builtin", "cblas", "dynamic" or "callback"; "" for NULL. Never NULL; static. */
  get kindName(): string;

  /** The path of a dynamic backend, else the name of the kind. "" for NULL. Valid as long as the
   * backend. */
  get name(): string;

  /** Use `threads` threads, at least 1, in each product from now on.
   * 
   * For the builtin kind the setting is the handle's own. For a CBLAS it is what that library offers,
   * as a rule one setting for the whole process. Call it while no other thread uses the backend. */
  setThreads(threads: number): void;

  /** Compute C = alpha op(A) op(B) + beta C; the same on every backend.
   * 
   * op(A) is [m][k], op(B) is [k][n], c is [m][n]; op transposes where the flag is 1. c is written
   * and must not overlap a or b. With beta = 0 the old c is not read; with alpha = 0 or k = 0 a and b
   * are not read; an empty c is no work. Several threads may call it at once on one backend. */
  gemm(transposeA: number, transposeB: number, alpha: number, a: Matrix, b: Matrix, beta: number, c: Matrix): void;
}

export class LayerMethods extends Handle {
  /** A dense layer: y = activation(x W^T + b).
   * 
   * Parameters: "weight" [outputs][inputs] and "bias" [1][outputs]. Weights start normal with mean 0
   * and variance 2 / inputs for ReLU, leaky ReLU and GELU (He et al. 2015), 1 / inputs otherwise
   * (LeCun); biases start at 0. dni_layer_initialise() draws others. */
  static dense(context: Context, inputs: number, outputs: number, activation: ActivationName): Layer;

  /** An activation alone: y = activation(x), element by element. It has no parameters. y may be x
   * itself, except for GELU, whose backward needs x. */
  static activation(context: Context, units: number, activation: ActivationName): Layer;

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
   * DNI_SETTING_STATISTICS_RATE. */
  static batchNorm(context: Context, units: number): Layer;

  /** Layer normalisation: y = scale (x - mean) / sqrt(variance + epsilon) + shift, mean and biased
   * variance being those of the row (Ba et al. 2016).
   * 
   * It computes the same in training and in inference. Parameters, both [1][units]: "scale", 1 at
   * first; "shift", 0 at first. Setting: DNI_SETTING_EPSILON, 1e-5 at first. Squares do not overflow. */
  static layerNorm(context: Context, units: number): Layer;

  /** Dropout (Srivastava et al. 2014): in training each element becomes 0 with probability `drop`,
   * and the others are multiplied with 1 / (1 - drop). In inference y = x.
   * 
   * Which elements are dropped is drawn at each training forward, row by row, from the layer's own
   * stream: an element is dropped if the next uniform number in [0, 1) is below drop. The choice is
   * kept in the state, and backward uses it. It has no parameters. Setting: DNI_SETTING_DROP.
   * `options` may be NULL. */
  static dropout(context: Context, units: number, drop: number, given?: {seed?: number | bigint}): Layer;

  /** Make a second layer of the same kind, settings and parameters, on the same context.
   * 
   * Gradients and states are not copied; a dropout layer starts a new stream from the context. */
  copy(): Layer;

  /** Which kind it is: a DNI_LAYER_ value; 0 for NULL. */
  get kind(): number;

  /** "dense", "activation", "batch_norm", "callback", "dropout" or "layer_norm"; "" for NULL. Never
   * NULL; static. */
  get kindName(): string;

  /** The width of x; 0 for NULL. */
  get inputs(): number;

  /** The width of y; 0 for NULL. */
  get outputs(): number;

  /** The activation of a dense or an activation layer; -1 for other kinds and for NULL. */
  get activation(): number;

  /** Plan the layer's own state for batches of up to `rows` rows, so that forward and backward of
   * that size allocate nothing. */
  reserve(rows: number): void;

  /** How many parameters the layer has; 0 for NULL. */
  get parameterCount(): number;

  /** The name of parameter `index`, from 0: "weight", "bias", "scale", ...; "" for NULL or out of
   * range. Never NULL; static. */
  parameterName(index: number): string;

  /** Say that parameters were written through views. Not while another thread uses the layer. */
  changed(): void;

  /** Copy `value` into parameter `index`; shape and type must be its own. No dni_layer_changed() is
   * needed. */
  setParameter(index: number, value: Matrix): void;

  /** Copy parameter `index` into `value`, of its shape and type. */
  getParameter(index: number, value: Matrix): void;

  /** Draw the weights of a dense layer anew; its biases become 0.
   * 
   * Where batch normalisation follows, the scale of the weights does not change what the layer
   * computes, but how far a step of a given size turns them. `options` may be NULL: as at creation. */
  initialise(given?: {kind?: InitialiserName; uniform?: number; value?: number; seed?: number | bigint}): void;

  /** 1 if the layer has the setting, else 0. All layers with trained parameters have
   * DNI_SETTING_RATE_SCALE. */
  has(setting: SettingName): number;

  /** The closed interval of values that the layer's setting may have, in the element type. An open
   * end is given as the nearest number inside. See dni/settings.h for numbers near 0. */
  bounds(setting: SettingName): [number, number];

  /** Change a setting. Of a layer that a trainer uses: only while the report says settled. */
  setF64(setting: SettingName, value: number): void;

  /** Read a setting. */
  getF64(setting: SettingName): number;
}

export class StateMethods extends Handle {
  /** The most rows that the state has room for; 0 for NULL. */
  get rows(): number;
}

export class LossMethods extends Handle {
  /** Softmax cross-entropy of logits h: L = -sum_c w_c y'_c log softmax(h)_c.
   * 
   * y is one-hot, a distribution, or a label. y' is y after label smoothing, w_c the class weight. It
   * does not overflow for any finite logits. `options` may be NULL. h has 2 columns or more: of one,
   * softmax is always 1. */
  static softmaxCrossEntropy(context: Context, given?: {labelSmoothing?: number; classWeights?: ArrayLike<number>}): Loss;

  /** Sigmoid cross-entropy of logits h: L = sum_c w_c (log(1 + exp(h_c)) - y'_c h_c), y in [0, 1].
   * 
   * It does not overflow for any finite logits. `options` may be NULL. Statuses as for softmax. */
  static sigmoidCrossEntropy(context: Context, given?: {labelSmoothing?: number; classWeights?: ArrayLike<number>}): Loss;

  /** Squared error: L = 1/2 sum_c (h_c - y_c)^2. */
  static squaredError(context: Context): Loss;

  /** Absolute error: L = sum_c |h_c - y_c|; its derivative at 0 is 0. */
  static absoluteError(context: Context): Loss;

  /** Which kind it is: a DNI_LOSS_ value; 0 for NULL. */
  get kind(): number;

  /** "softmax_cross_entropy", "sigmoid_cross_entropy", "squared_error", "absolute_error" or
   * "callback"; "" for NULL. Never NULL; static. */
  get kindName(): string;

  /** 1 if the loss classifies, so that dni_loss_count_correct() and accuracies mean something: the
   * cross-entropies, and callbacks with `correct`. Else 0. */
  get classifies(): number;
}

export class OptimiserMethods extends Handle {
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
   * infinite. The next step of a trainer then fails and names it. */
  static sgd(context: Context, learningRate: number): Optimiser;

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
  static adam(context: Context, learningRate: number): Optimiser;

  /** AdamW (Loshchilov and Hutter 2019): as Adam without the decay in g, but first w -= r d w. Its
   * decay is 0.01 at first.
   * 
   * Letters and statuses are those of dni_optimiser_create_adam(). */
  static adamw(context: Context, learningRate: number): Optimiser;

  /** A new optimiser of the kind, settings and schedule of `other`, at step 0 and without parameters.
   * A schedule's function is shared, not copied. */
  static like(other: Optimiser): Optimiser;

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
   * optimisers have that of their pattern. */
  setMomentDtype(dtype: DtypeName): void;

  /** What moments are kept as. 0 for NULL. */
  get momentDtype(): number;

  /** Which kind it is: a DNI_OPTIMISER_ value; 0 for NULL. */
  get kind(): number;

  /** "sgd", "adam" or "adamw"; "" for NULL. Never NULL; static. */
  get kindName(): string;

  /** Move the trained parameters of a layer, at a rate multiplied with its DNI_SETTING_RATE_SCALE.
   * 
   * The optimiser keeps the layer if it has trained parameters; else the call does nothing. Moments
   * are allocated now and start at 0. */
  addLayer(layer: Layer): void;

  /** Move the trained parameters of an SG, in the same way. An SG whose parameters are another's (a
   * wrapper's) counts as moved already if that one is. */
  addSg(sg: SG | null): void;

  /** Say that values of parameters given to dni_optimiser_add() were written by the caller. */
  changed(): void;

  /** Update every parameter once from its gradient as it is now. Gradients stay as they are. Nothing
   * is allocated.
   * 
   * With DNI_SETTING_CLIP_NORM the norm is right whatever the size of the gradients. */
  step(): void;

  /** The same with every gradient multiplied with `factor` first, before clipping.
   * 
   * For gradients that are sums over the parts of a batch (DNI_GRADIENT_ADD + DNI_GRADIENT_SUM), the
   * factor is 1 / rows of all parts. */
  stepScaled(factor: number): void;

  /** 1 if the optimiser has the setting, else 0. */
  has(setting: SettingName): number;

  /** The closed interval of values that a setting may have, in the element type; see
   * dni_layer_bounds(). */
  bounds(setting: SettingName): [number, number];

  /** Change a setting. Of an optimiser of a trainer: only while the report says settled. */
  setF64(setting: SettingName, value: number): void;

  /** Read a setting. */
  getF64(setting: SettingName): number;

  /** Steps made so far; 0 for NULL. */
  get stepCount(): number;

  /** The learning rate of the next step: the schedule is in it, rate scales of layers are not. 0 for
   * NULL. */
  get rate(): number;

  /** Bytes of moments; 0 for NULL. */
  get bytes(): number;
}

export class SGMethods extends Handle {
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
   * whose gradients are those of the loss. */
  static synthetic(context: Context, units: number, targets: number, given?: {condition?: ConditionName; hiddenLayers?: number; hiddenUnits?: number; seed?: number | bigint; loss?: Loss}): SG;

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
   * does. */
  static leastSquares(context: Context, units: number, targets: number, given?: {condition?: ConditionName; loss?: Loss; forgetting?: number; ridge?: number; solveEvery?: number | bigint; guessRate?: number}): SG;

  /** Direct feedback alignment (Nokland 2016): delta = e B, where e [rows][signal_units] is dL/dh_N.
   * 
   * B [signal_units][units] is fixed: normal with variance 1 / signal_units, from the context's next
   * stream or from the options' seed. It is the parameter "feedback", not trained. `options` may be
   * NULL. */
  static dfa(context: Context, units: number, signalUnits: number, given?: {seed?: number | bigint}): SG;

  /** Feedback alignment (Lillicrap et al. 2016): delta = e B, where e [rows][signal_units] is dL/dz
   * of the dense layer above. It is the chain rule with that layer's W replaced by B.
   * 
   * B [signal_units][units] is fixed: normal with variance 2 / units, drawn as for
   * dni_sg_create_dfa(). It is the parameter "feedback", not trained. In a network the layer right
   * above must be dense. Statuses as for dni_sg_create_dfa(). */
  static fa(context: Context, units: number, signalUnits: number, given?: {seed?: number | bigint}): SG;

  /** A local loss (Belilovsky et al. 2019; Nokland and Eidnes 2019): a small network g on top of h,
   * and delta = d loss(g(h), y) / dh.
   * 
   * g is linear or has hidden ReLU layers, and has `targets` outputs. Its first weights are drawn as
   * a dense layer's. It learns alone, from h and y. The loss is kept. `options` may be NULL: linear;
   * a condition must be 0. Parameters as of a synthetic gradient. */
  static local(context: Context, units: number, targets: number, loss: Loss, given?: {condition?: ConditionName; hiddenLayers?: number; hiddenUnits?: number; seed?: number | bigint}): SG;

  /** A critic (Appendix A): phi(h, y), an estimate of each example's loss; delta = d phi / dh.
   * 
   * phi is linear or has hidden layers of tanh units (with ReLU its gradient would be constant
   * between kinks). Its last layer starts at zero, so the first answer is exactly 0. It learns from
   * losses. `options` may be NULL: one hidden layer of as many units as h, and (h, y) seen.
   * Parameters as of a synthetic gradient; the last layer has one output. */
  static critic(context: Context, units: number, targets: number, given?: {condition?: ConditionName; hiddenLayers?: number; hiddenUnits?: number; seed?: number | bigint; loss?: Loss}): SG;

  /** The exact gradient, later (Huo et al. 2018): delta = shrink e, where e is dL/dh of the same
   * batch.
   * 
   * In the sequential schedule nothing is late, and with shrink 1 the step is backpropagation. In the
   * pipelined schedule the layers below go on with other batches and keep what those in flight left
   * in them. When e comes they run backward with their present parameters, on the outputs and states
   * of that batch. It does not learn. Setting: DNI_SETTING_SHRINK. */
  static delayed(context: Context, units: number, shrink: number): SG;

  /** No gradient: delta = 0. In a trainer the layers below are not moved at all, weight decay
   * included, and nothing is computed for them but their outputs; batch norm still gathers its
   * statistics.
   * 
   * It shows what the layers above reach on random features. */
  static zero(context: Context, units: number): SG;

  /** A mixture, BP(lambda) (Jaderberg et al. 2016): delta = lambda e + (1 - lambda) M(h, y), where M
   * is the inner SG's answer and e = dL/dh. It needs e, so the layers below wait; M learns from e.
   * 
   * lambda in [0, 1] is DNI_SETTING_LAMBDA, or follows a schedule: dni_sg_set_schedule(). The inner
   * SG must need nothing and learn from targets. It is kept, and its parameters are shown as this
   * one's. */
  static mixture(context: Context, inner: SG, lambda: number): SG;

  /** The inner SG's answers, but it no longer learns. The inner SG must need nothing. It is kept; its
   * parameters are shown without gradients. */
  static frozen(context: Context, inner: SG): SG;

  /** The answer 0 until the inner SG has had `lessons` lessons, then the inner SG's answers. So the
   * layers below do not follow its first guesses. mse and cosine of a lesson are always those of the
   * inner SG's answer.
   * 
   * The inner SG must need nothing and learn from targets. It is kept, and its parameters are shown
   * as this one's. A mixture whose lambda goes from 1 to 0 is a warm-up during which the layers below
   * follow the exact gradient. */
  static warmUp(context: Context, inner: SG, lessons: number | bigint): SG;

  /** Which kind it is: a DNI_SG_ value; 0 for NULL. */
  get kind(): number;

  /** "synthetic", "dfa", "fa", "local", "critic", "delayed", "zero", "mixture", "frozen", "warm_up",
   * "callback", "least_squares", "scalar" or "theorem"; "" for NULL. Never NULL; static. */
  get kindName(): string;

  /** Which signal it needs: a DNI_SG_NEEDS_ value; -1 for NULL. */
  get needs(): number;

  /** What it learns from: a DNI_SG_LEARNS_ value; -1 for NULL. */
  get learns(): number;

  /** The width of h and delta; 0 for NULL. */
  get units(): number;

  /** The width of y, or the number of classes of labels; 0 if it does not look at y, and for NULL. */
  get targets(): number;

  /** The width of the signal it needs; 0 if it needs none, and for NULL. */
  get signalUnits(): number;

  /** Plan working space for batches of up to `rows`, so that calls of that size allocate nothing.
   * Calls with more rows grow it. */
  reserve(rows: number): void;

  /** How many parameters the SG has; 0 for NULL. */
  get parameterCount(): number;

  /** The name of parameter `index`; see dni_layer_parameter_name(). */
  parameterName(index: number): string;

  /** Say that parameters were written through views. Not while another thread uses the SG. */
  changed(): void;

  /** Copy `value` into parameter `index`; see dni_layer_set_parameter(). */
  setParameter(index: number, value: Matrix): void;

  /** Copy parameter `index` into `value`, of its shape and type. */
  getParameter(index: number, value: Matrix): void;

  /** 1 if the SG has the setting, else 0. All SGs that learn have DNI_SETTING_RATE_SCALE; those that
   * learn nothing, frozen ones included, do not. */
  has(setting: SettingName): number;

  /** The closed interval of values that a setting may have; see dni_layer_bounds(). */
  bounds(setting: SettingName): [number, number];

  /** Change a setting. Setting lambda removes a schedule. Of an SG that a trainer uses: only while
   * the report says settled. */
  setF64(setting: SettingName, value: number): void;

  /** Read a setting. Lambda is what the next answer uses. */
  getF64(setting: SettingName): number;

  /** One trainable number (Appendix B): delta = c for every example and unit. h and y are not looked
   * at.
   * 
   * It is trained as a synthetic gradient. Parameter: "scalar" [1][1], 0 at first. With it training
   * can stop where the loss has no critical point. */
  static scalar(context: Context, units: number): SG;

  /** The synthetic gradient of Theorem 1 (Appendix C): delta = (alpha + 1) h - (beta + 1) y + gamma,
   * for h and y of [rows][units].
   * 
   * With (alpha, beta, gamma) = 0 it is h - y, the gradient of 1/2 || h - y ||^2. It is trained as a
   * synthetic gradient. Parameter: "omega" [1][3] = (alpha, beta, gamma), (-1, -1, 0) at first, so
   * that the first answer is exactly 0. y must be numbers, not labels. */
  static theorem(context: Context, units: number): SG;

  /** Exact line search (Theorem 1): the learning rate with which one step of plain SGD, along the
   * gradients that dni_sg_learn() has just computed for the same h and y, makes the error E as small
   * as it can be on this line:
   * 
   *     E = mean || M(h, y) - target ||^2
   *     rate = 1/2 (g . g) / mean || J g ||^2,
   * 
   * g being the parameter gradients and J g the change of M along them. For SGs that are linear in
   * their parameters: scalar, theorem, and synthetic without hidden layers. In the theorem's terms
   * (sums in place of means) nu = rate * 2 / rows. *rate = 0 if g = 0 or J g = 0. What the SG does
   * not look at may be NULL, but not both h and y: one says how many rows there are. Weights are not
   * taken. */
  lineSearch(h: Matrix, y: Matrix): number;
}

export class NetworkMethods extends Handle {
  /** Append a layer; the network keeps it. Its index is the number of layers added before it.
   * 
   * While a trainer of the network exists, its layers and SGs cannot be changed. */
  add(layer: Layer): void;

  /** Put an SG at the interface after layer `after`; the network keeps it. NULL: the exact gradient,
   * which is what every interface has at first.
   * 
   * After the last layer there can be none: that gradient is the loss's own, and dni_trainer_create()
   * refuses one. One SG serves one interface. */
  setSg(after: number, sg: SG | null): void;

  /** The width of the network's input; 0 for NULL and without layers. */
  get inputs(): number;

  /** The width of the network's output; 0 for NULL and without layers. */
  get outputs(): number;

  /** How many layers there are; 0 for NULL. */
  get layerCount(): number;

  /** Layer `index`, borrowed; NULL for NULL and out of range. */
  layer(index: number): Layer | null;

  /** The SG at the interface after layer `after`, borrowed: *sg = NULL where the gradient is exact. */
  sg(after: number): SG | null;

  /** A second network with copies of the layers (dni_layer_copy()) on the same context. Interfaces
   * are exact: SGs are not copied. For the best parameters so far, an average, or a network per
   * thread. */
  copy(): Network;

  /** Copy all parameters of all layers of `from` into `to`, running statistics included.
   * 
   * The chains must have layers of the same kinds and shapes. SGs and settings are not looked at.
   * Nothing is allocated. */
  assign(from: Network): void;

  /** Plan working space for predictions of up to `rows` rows at a time, for dni_network_predict() and
   * dni_network_evaluate(). */
  reserve(rows: number): void;

  /** How long the parts of a training step take on this machine.
   * 
   * seconds [count] becomes, for each layer, the time of forward, backward and update on `rows` rows;
   * count is the number of layers. sg_seconds [count], which may be NULL, becomes the time of answer,
   * lesson and update of the SG after each layer; in the lesson the SG answers again, as it does
   * between threads. It is 0 where there is no SG or one that needs an error signal. Medians of a few
   * runs on made-up numbers; it takes about ten steps. With batch norm at least 2 rows are used.
   * 
   * `optimiser` is a pattern; NULL leaves the updates out. Parameters, gradients, running statistics,
   * random streams and the counts of SGs are as before afterwards. The caller's own layers and SGs
   * are not called: their times are NaN.
   * 
   * After a failure seconds and sg_seconds are as they were. */
  measure(rows: number, optimiser: Optimiser, count: number): [number[], number[]];
}

export class PredictorMethods extends Handle {
}

export class DatasetMethods extends Handle {
  /** A data set of two IDX files of unsigned bytes, plain or gzip, the format of MNIST.
   * 
   * A gzip file may have several members. Zero bytes after them are padding; other bytes are refused.
   * Images have rank 2 or more; what follows the first dimension is flattened. Labels have rank 1.
   * The pixels stay bytes in memory. Sizes are believed only as far as the file backs them: a header
   * that claims 2^31 items does not allocate them. `options` may be NULL. Messages name the file.
   * 
   * With in_file images are read from their file when a batch is copied out, for data larger than
   * memory. Sizes and length are checked here all the same. The file is kept open until the last
   * release and must not change meanwhile; its descriptor is the data set's own, and exec closes it.
   * Labels are always in memory. */
  static idx(context: Context, imagesPath: string, labelsPath: string, given?: {classes?: number; scaled?: number; inFile?: number; factor?: number; offset?: number}): Dataset;

  /** A data set of a CSV file of numbers, plain or gzip, one example on each line.
   * 
   * These are read: lines that end with LF, CR LF or CR, the last one also without an end; a UTF-8
   * byte-order mark; spaces and tabs around a field; quotes around a whole field; decimal numbers as
   * in "-1.5e3". The decimal point is always '.', whatever the locale. Empty lines are skipped, and
   * lines that begin with '#'. A tab or a space that is the separator separates and nothing else.
   * 
   * Everything else is refused: empty fields, words for missing values, hexadecimal numbers,
   * separators of thousands, a separator at the end of a line, a header that `header_lines` does not
   * skip. `options` may be NULL. */
  static csv(context: Context, path: string, given?: {classes?: number; targetColumns?: number; headerLines?: number; targetsFirst?: number; separator?: number}): Dataset;

  /** A data set of some of the examples of another, in the order of `indices` [count], which are
   * copied. It shares the examples. An index may come more than once. */
  subset(indices: ArrayLike<number>): Dataset;

  /** How many examples there are; 0 for NULL. */
  get examples(): number;

  /** The width of x; 0 for NULL. */
  get features(): number;

  /** The width of y as numbers or one-hot rows; 0 for NULL. */
  get targets(): number;

  /** How many classes there are; 0 if the targets are numbers, and for NULL. */
  get classes(): number;

  /** The paper's artificial problems (Appendix D): x ~ N(0, I) [examples][dimensions].
   * 
   * classes = 2: y are labels of two classes. classes = 1: y is one column of 0 or 1, for a sigmoid
   * output. Drawn from `options`, or if that is NULL from the context's next stream. */
  static artificial(context: Context, kind: ArtificialKindName, dimensions: number, examples: number, classes: number, given?: {seed?: number | bigint}): Dataset;
}

export class OrderMethods extends Handle {
  /** Shuffle: each new order is equally likely (Fisher-Yates). One thread at a time. */
  shuffle(): void;
}

export class TrainerMethods extends Handle {
  /** Say that a callback was left by a jump, so that the trainer is idle again.
   * 
   * It is needed where the library cannot find that out by itself: if the next call comes from
   * another thread, from a fiber, or from deeper in the same thread's stack. A C++ exception needs no
   * such call. The next step starts afresh; what was in flight is dropped. It must not be called
   * while a call on this trainer is still running. */
  abandon(): void;

  /** Multiply the learning rate of a module's optimiser, and of the optimiser of the SG above it,
   * with `factor`, from the next batch on that the module takes. DNI_ALL for `module`: of all.
   * 
   * It may be called at any time from any thread, also while batches are in flight. It replaces an
   * earlier factor; 1 is what every module has at first. */
  setRateFactor(module: number, factor: number): void;

  /** Steps made so far that are complete in all modules; 0 for NULL. Any thread, also from callbacks. */
  get stepCount(): number;

  /** How many modules there are; 0 for NULL. With micro-batches each thread's layers are one. */
  get moduleCount(): number;

  /** The module of a layer, from 0: *module. */
  layerModule(layer: number): number;

  /** How many threads the schedule has, the caller's included; 0 for NULL. */
  get threadCount(): number;

  /** The thread that runs a module: *thread, from 0, the caller's, upwards. */
  moduleThread(module: number): number;

  /** The optimiser of a module, borrowed: to read its step count at any time or, only while settled,
   * to change a setting. NULL if the module does not move, for NULL and out of range. Add no
   * parameters to it. */
  moduleOptimiser(module: number): Optimiser | null;

  /** The optimiser of the SG after layer `after`, borrowed, in the same way. NULL if nothing learns
   * there, for NULL and out of range. */
  sgOptimiser(after: number): Optimiser | null;

  /** What the training occupies, summed over network, SGs and trainer. */
  memory(): Report;
}

export class CheckpointMethods extends Handle {
  /** Add a layer: its parameters, settings, statistics, and its random stream. The values in the
   * caller's own layers are their parameters; what else they keep, add with _add_matrix() or
   * _add_count(). */
  addLayer(name: string, layer: Layer): void;

  /** Add an SG with all it has learned, SGs inside it too. Failures as dni_checkpoint_add_layer(). */
  addSg(name: string, sg: SG | null): void;

  /** Add all layers and SGs of a network, those too that are added to it later. Failures as
   * dni_checkpoint_add_layer(). */
  addNetwork(name: string, network: Network): void;

  /** Add an optimiser: settings, count of steps, moments. What it moves is not part of it. Failures
   * as dni_checkpoint_add_layer(). */
  addOptimiser(name: string, optimiser: Optimiser): void;

  /** Add an order of examples, which goes on after a load as it would have. Failures as
   * dni_checkpoint_add_layer(). */
  addOrder(name: string, order: Order): void;

  /** Add a trainer with its network, as dni_trainer_save() does. Failures as
   * dni_checkpoint_add_layer(). */
  addTrainer(name: string, trainer: Trainer): void;

  /** Add a guard's counts to a checkpoint; its optimiser is added for itself. Failures as
   * dni_checkpoint_add_layer(). */
  addGuard(name: string, guard: Guard): void;
}

export class GuardMethods extends Handle {
  /** Step the optimiser if the condition holds, else leave everything as it is. *accepted becomes 1
   * if it stepped, else 0; accepted may be NULL.
   * 
   * The norms are the caller's to measure, or to bound: error_norm and jacobian_norm from above,
   * gradient_norm from below. dni_analysis_interface() measures them. With a jacobian of 0 nothing
   * can move, and with an infinite norm or rate nothing is known: the step is then not accepted. */
  step(errorNorm: number, jacobianNorm: number, gradientNorm: number): number;

  /** Steps accepted so far; 0 for NULL. */
  get accepted(): number;

  /** Steps refused so far; 0 for NULL. */
  get refused(): number;
}

/** The version of the running library: major * 10000 + minor * 100 + patch. Any thread. */
export function version(): number;

/** The version of the running library as text. Never NULL; static. Any thread. */
export function versionString(): string;

/** How the running library was built, in one line: compiler, BLAS, instruction sets. Once a context
 * with products of bf16 has asked for AMX, it also says whether that may be used, or why not. For
 * reports of faults. Never NULL; static. Any thread. */
export function buildInfo(): string;

/** The name of a setting in words, for example "weight decay". "" for an unknown number. Never
 * NULL; static. Any thread. */
export function settingName(setting: SettingName): string;

/** The name of an instruction set: "best", "baseline", "avx2", "avx512", "avx512_bf16" or "amx"; ""
 * for other numbers. Never NULL; static. */
export function instructionsName(instructions: InstructionsName): string;

/** The name of an activation: "identity", "relu", "tanh", "sigmoid", "leaky_relu" or "gelu"; "" for
 * other numbers. Never NULL; static. */
export function activationName(activation: ActivationName): string;

/** Compare two matrices of the same shape and element type. */
export function analysisAlign(estimate: Matrix, truth: Matrix): Report;

/** Measure the SG at the interface after layer `after` of `network` on a batch.
 * 
 * There is one forward pass in training mode, one backward pass from the loss, one from the
 * estimate, and `directions` (0: 16) more from random directions u ~ N(0, 1), for K^2, the mean of
 * |u dh/dtheta|^2. The directions come from a stream of their own that starts from `seed`. SGs that
 * need the output error are given it; those that need the delta are given the exact gradient; of
 * feedback alignment, and of an interface without SG, the estimate is the exact gradient. Weights
 * are not taken.
 * 
 * Parameters, running statistics and the counts of SGs are as before afterwards; gradients and
 * states of the layers are overwritten, as by any pass. Call it between two steps of a settled
 * trainer only. */
export function analysisInterface(context: Context, network: Network, loss: Loss, after: number, directions: number, seed: number | bigint, given?: {x?: Matrix; y?: Matrix; weights?: Matrix}): Report;

/** Representational dissimilarity matrix (Figure 7): rdm[i][j] = 1 - corr(h_i, h_j), the
 * correlation of rows i and j of h [rows][units] over the units. rdm is [rows][rows].
 * 
 * It lies in [0, 2], is symmetric, and 0 on the diagonal. A row whose units are all equal
 * correlates with nothing: 1 off the diagonal. */
export function analysisRdm(context: Context, h: Matrix, rdm: Matrix): void;

/** The L2 distance of the diagonal blocks of two RDMs [n][n] (Figure 7, bottom): the root of the
 * sum of (a_ij - b_ij)^2 over all i, j with labels[i] = labels[j]. labels is [count], count = n. */
export function analysisRdmDistance(a: Matrix, b: Matrix, labels: ArrayLike<number>): number;

/** Linear classifier probe (Figure 8, left): a softmax classifier of h [rows][units] for y, one-hot
 * [rows][classes], trained on them with h fixed; and its accuracy on the same rows.
 * 
 * Columns of h are brought to mean 0 and variance 1 first, constant ones to 0. That changes nothing
 * that a linear classifier can do, and makes one rate fit all layers. The order of rows is drawn
 * anew for each pass. The training is stopped after the given steps, before it has converged: on
 * separable rows that are few, more steps or a larger rate find a better classifier. `options` may
 * be NULL. */
export function analysisClassifierProbe(context: Context, h: Matrix, y: Matrix, given?: {batch?: number; steps?: number | bigint; learningRate?: number; seed?: number | bigint}): Report;

/** Linear regressor probe (Figure 8, right): the least mean squared error, over rows and columns of
 * x [rows][inputs], of any affine map from h [rows][units] to x. *rank, which may be NULL, becomes
 * the number of independent columns.
 * 
 * Closed form: normal equations of the standardised columns in double, solved by a pivoted Cholesky
 * factorisation that leaves out columns of h which depend on the others to rounding. The count of
 * multiplications is about
 * 
 *     rows * units * (units + 2 * inputs) + units^2 * (units / 2 + inputs). */
export function analysisRegressorProbe(context: Context, h: Matrix, x: Matrix): [number, number];

/** The loss that an SG implies (Figure 9), up to a constant for each label: loss [rows][1],
 * 
 *     loss_s = integral over t from 0 to 1 of SG(o + t (h_s - o), y_s) . (h_s - o),
 * 
 * along the line from the origin o [1][units] (NULL: 0) to each row of h [rows][units].
 * 
 * Gauss-Legendre quadrature with `nodes` nodes, 1 to 64; 0: 1 for SGs that are affine in h, where
 * one node is exact, else 16. For a smooth SG the error falls exponentially with the nodes; for one
 * with ReLU units about as their number. Of a local loss no quadrature is needed: loss(g(h)) -
 * loss(g(o)) is computed, and nodes is not used. For a linear SG = A h + C y + b and o = 0 the
 * result is 1/2 h^T A h + (C y + b)^T h. y may be NULL where the SG does not look at it. */
export function analysisExtractLoss(context: Context, sg: SG | null, h: Matrix, y: Matrix, origin: Matrix, nodes: number, loss: Matrix): void;

/** How far an SG is from being the gradient of anything: |A - A^T| / |A| (Frobenius), A = dSG/dh.
 * 
 * 0: it is a gradient, and the integral above does not depend on the path; at most 2. For SGs
 * affine in h, of which A is part of a parameter: synthetic without hidden layers and least
 * squares, both without a loss. 0 for scalar, theorem and critic, for DNI_CONDITION_Y without a
 * loss and for A = 0. */
export function analysisIntegrability(sg: SG | null): number;

/** How well `estimate` follows `truth`, two columns [rows][1], when a constant for each group may
 * be added to either (a loss extracted from an SG leaves one for each label open).
 * 
 * Both are centred in each group. *correlation is then Pearson's, 0 if either is constant in every
 * group. *r2 = 1 - sum (truth - estimate)^2 / sum truth^2 of the centred numbers, 0 if truth is
 * constant. groups [count] are any numbers, equal ones one group, count = rows; NULL: one group.
 * correlation and r2 may be NULL. */
export function analysisAgreement(context: Context, estimate: Matrix, truth: Matrix, groups: ArrayLike<number>): [number, number];

/** Cut a row of `count` costs into `parts` runs whose largest sum is as small as it can be. lengths
 * [parts] receives the length of each, at least 1. Every run but the last also bears cut_cost, what
 * its SG takes. Any thread. */
export function costsBalance(costs: ArrayLike<number>, parts: number, cutCost: number): number[];

'use strict';
// libdni for Node.js: train neural networks whose layers do not wait for each other.
//
// Names follow the C interface: dni_layer_create_batch_norm(context, 64, &layer) is Layer.batchNorm(context, 64), and
// dni_trainer_step(trainer, ...) is trainer.step(...). Options are an object at the end. A failure throws a DniError.
// What answers a number without being given anything is a property: trainer.stepCount.
//
// Training is asynchronous: fit() answers a promise, and the event loop stays free. Functions of JavaScript that the
// library calls meanwhile run on the event loop.

const core = require('./core.js');
const parts = require('./parts.js');
const methods = require('./methods.js');

const {koffi, C, check, classes, hold, adopt, pointer, size, enumValue, matrix, options, report, result, ALL} = core;

// Contexts, backends. ------------------------------------------------------------------------------

class Context extends methods.ContextMethods {
  // Options: seed, dtype ('f32', 'f64'), compute ('bf16'), instructions, backend, log(level, line).
  constructor(given = {}) {
    super();
    const allowed = ['seed', 'dtype', 'compute', 'instructions', 'backend', 'log'], out = new BigUint64Array(1);
    const {log, ...fields} = core.named(given, allowed, 'a context');
    const create = (more) => check(C.dni_context_create(options('dni_context_options', {...fields, ...more}), out));
    if (log) parts.keeping(log, (user) => create({log: parts.log, logUser: user, logDestroy: parts.destroy}));
    else create({});
    hold(this, out[0], null);
    this.hasParts = Boolean(log || fields.backend?.kind === core.enums.BackendKind.callback);
  }
}

// A new object made by a create function, whose last argument is where the handle goes.
function made(thing, context, create) {
  const out = new BigUint64Array(1);
  const user = create(out);
  if (context && user) context.hasParts = true;
  return adopt(thing, out[0], context);
}

class Backend extends methods.BackendMethods {
  // One of your own: part.product(call), call having the fields of dni_product; f32, f64 and bf16 say what it can do.
  static callback(part, given = null) {
    const {struct, user} = parts.table('dni_backend_callbacks', part, ['product'], ['setThreads'],
      {f32: part.f32 ?? 1, f64: part.f64 ?? 1, bf16: part.bf16 ?? 0});
    return made('backend', null, (out) => {
      parts.checked(C.dni_backend_create_callback(options('dni_backend_options', given, ['threads']), struct, out), user);
    });
  }
}

// Layers, losses. ----------------------------------------------------------------------------------

function parameter(object, index, call) {
  const [value, gradient] = [core.allocate('dni_matrix'), core.allocate('dni_matrix')];
  check(call(pointer(object, object.constructor.thing), size(index), value, gradient));
  return [core.viewOf(koffi.address(value), object),
    gradient.u64[0] ? core.viewOf(koffi.address(gradient), object) : null];
}

// A result [rows][columns] for x, of its type, if none is given.
function resultFor(m, x, columns) {
  matrix(x);
  return m ?? core.zeros(x.rows, columns, x.data.constructor);
}

class Layer extends methods.LayerMethods {
  // One of your own: part.forward(call) writes call.y from call.x; part.backward(call) writes call.dx, unless it is
  // null, and gradients of part.parameters(), a list of [value, gradient]: call.scale times the sum over the rows.
  // stateBytes(rows), changed() and copy() may be there.
  static callback(context, inputs, outputs, part) {
    const {struct, user} = parts.table('dni_layer_callbacks', part, ['forward', 'backward'],
      ['stateBytes', 'changed', 'copy']);
    return made('layer', context, (out) => {
      parts.checked(C.dni_layer_create_callback(pointer(context, 'context'), size(inputs), size(outputs), struct, out), user);
      return user;
    });
  }

  // y [rows][outputs] of x. Options: y, mode, state.
  forward(x, given = {}) {
    const {y, mode = 'training', state} = core.named(given, ['y', 'mode', 'state'], 'forward');
    const to = resultFor(y, x, this.outputs);
    check(C.dni_layer_forward(pointer(this, 'layer'), enumValue('Mode', mode), pointer(state, 'state'), matrix(x), matrix(to)));
    return to;
  }

  // Gradients of the parameters, and dx unless it is null. OVERWRITES dy. Options: flags, state.
  backward(x, y, dy, dx = null, given = {}) {
    const {flags = 0, state} = core.named(given, ['flags', 'state'], 'backward');
    check(C.dni_layer_backward(pointer(this, 'layer'), enumValue('GradientFlags', flags), pointer(state, 'state'),
      matrix(x), matrix(y), matrix(dy), matrix(dx)));
    return dx;
  }

  // Views of a parameter and its gradient. After writing into the first, call changed().
  parameter(index) { return parameter(this, index, C.dni_layer_parameter); }
}

class State extends methods.StateMethods {
  constructor(layer, rows) {
    super();
    const out = new BigUint64Array(1);
    check(C.dni_state_create(pointer(layer, 'layer'), size(rows), out));
    hold(this, out[0], layer);
  }
}

class Loss extends methods.LossMethods {
  // One of your own: part.evaluate(call) writes call.perExample and, unless it is null, call.delta; part.correct(call)
  // may write 1 or 0 into call.perExample.
  static callback(context, part) {
    const {struct, user} = parts.table('dni_loss_callbacks', part, ['evaluate'], ['correct']);
    return made('loss', context, (out) => {
      parts.checked(C.dni_loss_create_callback(pointer(context, 'context'), struct, out), user);
      return user;
    });
  }

  // The mean loss of a batch. Options: weights, and delta and perExample, which are written.
  evaluate(h, y, given = {}) {
    const {weights, delta, perExample} = core.named(given, ['weights', 'delta', 'perExample'], 'evaluate');
    const mean = new Float64Array(1), batch = options('dni_batch', {x: h, y, weights});
    check(C.dni_loss_evaluate(pointer(this, 'loss'), batch, matrix(delta), matrix(perExample), mean));
    return mean[0];
  }

  countCorrect(h, y, weights) {
    const correct = new Float64Array(1), batch = options('dni_batch', {x: h, y, weights});
    check(C.dni_loss_count_correct(pointer(this, 'loss'), batch, correct));
    return correct[0];
  }
}

// Schedules, optimisers, SGs. ----------------------------------------------------------------------

// A schedule is a function of the step, or an object with the fields of dni_schedule.
function scheduleOf(given) {
  if (typeof given !== 'function') {
    const {kind = 'constant', ...fields} =
      core.named(given, ['kind', 'warmUp', 'steps', 'value', 'boundaries', 'values'], 'a schedule');
    return {struct: options('dni_schedule', {...fields, kind: enumValue('RateKind', kind)}), user: 0n};
  }
  const user = parts.keep(given), kind = enumValue('RateKind', 'function');
  return {struct: options('dni_schedule', {kind, function: parts.schedule, user, destroy: parts.destroy}), user};
}

function scheduleValue(given, step) {
  const {struct, user} = scheduleOf(given), value = new Float64Array(1);
  const status = C.dni_schedule_value(struct, size(step), value);
  parts.forget(user);
  check(status);
  return value[0];
}

function setSchedule(object, given, call) {
  const {struct, user} = given ? scheduleOf(given) : {struct: null};
  parts.checked(call(pointer(object, object.constructor.thing), struct), user);
  if (user) object.context.hasParts = true;
}

class Optimiser extends methods.OptimiserMethods {
  setSchedule(given) { setSchedule(this, given, C.dni_optimiser_set_schedule); }

  // Move a matrix of your own by its gradient, a matrix too. Both are kept.
  add(value, gradient) {
    const user = parts.keep([value, gradient]);
    parts.checked(C.dni_optimiser_add(pointer(this, 'optimiser'), matrix(value), matrix(gradient), parts.destroy, user), user);
  }
}

class SG extends methods.SGMethods {
  // One of your own: part.estimate(call) writes call.delta; part.learn(call) computes gradients of part.parameters();
  // part.needs and part.learns are 'nothing', 'target' and so on.
  static callback(context, units, targets, part, {signalUnits = 0} = {}) {
    const {struct, user} = parts.table('dni_sg_callbacks', part, ['estimate'], ['learn', 'changed'],
      {needs: part.needs ?? 'nothing', learns: part.learns ?? (part.learn ? 'target' : 'nothing')});
    return made('sg', context, (out) => {
      parts.checked(C.dni_sg_create_callback(pointer(context, 'context'), size(units), size(targets), size(signalUnits),
        struct, out), user);
      return user;
    });
  }

  // The estimate of dL/dh of each example. Options: signal, weights, losses, delta.
  estimate(h, y, given = {}) {
    const {signal, weights, losses, delta} = core.named(given, ['signal', 'weights', 'losses', 'delta'], 'estimate');
    const like = h ?? signal ?? losses ?? y;
    if (!like) throw new TypeError('an SG is asked with h, y or a signal');
    const Kind = like.data.constructor === Int32Array ? Float32Array : like.data.constructor;
    const to = delta ?? core.zeros(like.rows, this.units, Kind);
    check(C.dni_sg_estimate(pointer(this, 'sg'), options('dni_query', {h, y, signal, weights, losses}), matrix(to)));
    return to;
  }

  // Compute the gradients of the SG's parameters. Options: losses, prediction, weights, flags.
  learn(h, y, target, given = {}) {
    core.named(given, ['losses', 'prediction', 'weights', 'flags'], 'learn');
    const found = report('dni_lesson_report');
    check(C.dni_sg_learn(pointer(this, 'sg'), options('dni_lesson', {h, y, target, ...given}), found));
    return result('dni_lesson_report', found);
  }

  parameter(index) { return parameter(this, index, C.dni_sg_parameter); }
  setSchedule(given) { setSchedule(this, given, C.dni_sg_set_schedule); }
}

// Networks. ----------------------------------------------------------------------------------------

class Network extends methods.NetworkMethods {
  constructor(context, ...layers) {
    super();
    const out = new BigUint64Array(1);
    check(C.dni_network_create(pointer(context, 'context'), out));
    hold(this, out[0], context);
    for (const layer of layers) this.add(layer);
  }

  predict(x, h) {
    const to = resultFor(h, x, this.outputs);
    check(C.dni_network_predict(pointer(this, 'network'), matrix(x), matrix(to)));
    return to;
  }

  // Mean loss, accuracy and metric over a data set; metric(h, y, weights) answers a number.
  evaluate(loss, dataset, metric) {
    const found = report('dni_evaluation'), user = metric ? parts.keep(metric) : 0n;
    const struct = metric ? options('dni_metric', {user, evaluate: parts.metric}) : null;
    const status = C.dni_network_evaluate(pointer(this, 'network'), pointer(loss, 'loss'), pointer(dataset, 'dataset'),
      struct, found);
    parts.forget(user);
    check(status);
    return result('dni_evaluation', found);
  }

  // Into a path, or a function that is given pieces of the file as buffers.
  save(file) { parts.save(pointer(this, 'network'), file, C.dni_network_save, C.dni_network_write); }

  // From a path, or a function(size) that gives the next piece of at most that size, and nothing at the end.
  static load(context, file) {
    return made('network', context, (out) => {
      parts.load(pointer(context, 'context'), file, C.dni_network_load, C.dni_network_read, out);
    });
  }
}

class Predictor extends methods.PredictorMethods {
  constructor(network, rows = 0) {
    super();
    const out = new BigUint64Array(1);
    check(C.dni_predictor_create(pointer(network, 'network'), size(rows), out));
    hold(this, out[0], network);
    this.network = network;
  }

  // The output of layer `after`, or of the last. Options: h, after.
  run(x, given = {}) {
    const {h, after = ALL} = core.named(given, ['h', 'after'], 'run');
    const outputs = after === ALL ? this.network.outputs : this.network.layer(after)?.outputs ?? 0;
    const to = resultFor(h, x, outputs);
    check(C.dni_predictor_run(pointer(this, 'predictor'), size(after), matrix(x), matrix(to)));
    return to;
  }
}

// Data. --------------------------------------------------------------------------------------------

class Dataset extends methods.DatasetMethods {
  // Examples in matrices, which are used where they are. Options: factor, offset, classes, unchecked.
  static memory(context, x, y, given = {}) {
    const {factor, offset, classes: count, unchecked} =
      core.named(given, ['factor', 'offset', 'classes', 'unchecked'], 'a data set');
    const scaled = Number(factor !== undefined || offset !== undefined);
    return parts.keeping([x, y], (user) => {
      const struct = options('dni_memory_options', {flags: unchecked ? 3 : 1, scaled, factor: factor ?? 1, offset,
        classes: count, destroy: parts.destroy, user});
      return made('dataset', context, (out) => {
        check(C.dni_dataset_create_memory(pointer(context, 'context'), matrix(x), matrix(y), struct, out));
      });
    });
  }

  // Examples that you fetch: source.examples, .features, .targets or .classes, and source.fetch(indices, x, y).
  static callback(context, source) {
    const {examples, features, targets, classes: count} = source;
    const {struct, user} = parts.table('dni_dataset_callbacks', source, ['fetch'], [],
      {examples, features, targets, classes: count});
    const dataset = made('dataset', context, (out) => {
      parts.checked(C.dni_dataset_create_callback(pointer(context, 'context'), struct, out), user);
    });
    return dataset;
  }

  // Copy out examples first, first + 1, ... into x and y, either of which may be null.
  batch(first, x, y) { check(C.dni_dataset_batch(pointer(this, 'dataset'), size(first), matrix(x), matrix(y))); }

  // Copy out examples by their indices: a BigUint64Array or a list of numbers.
  gather(indices, x, y) {
    const chosen = core.list('BigUint64Array', indices);
    check(C.dni_dataset_gather(pointer(this, 'dataset'), chosen, chosen.length, matrix(x), matrix(y)));
  }

  // Two data sets: `count` examples and the rest. Options: shuffle, seed.
  split(count, given = {}) {
    const {shuffle = false, seed} = core.named(given, ['shuffle', 'seed'], 'split');
    const first = new BigUint64Array(1), second = new BigUint64Array(1);
    const random = seed === undefined ? null : options('dni_random_options', {seed});
    check(C.dni_dataset_split(pointer(this, 'dataset'), size(count), Number(shuffle), random, first, second));
    return [adopt('dataset', first[0], this), adopt('dataset', second[0], this)];
  }
}

const ORDER_STATE = 5;

class Order extends methods.OrderMethods {
  constructor(dataset, given = {}) {
    super();
    const {seed} = core.named(given, ['seed'], 'an order');
    const out = new BigUint64Array(1), random = seed === undefined ? null : options('dni_random_options', {seed});
    check(C.dni_order_create(pointer(dataset, 'dataset'), random, out));
    hold(this, out[0], dataset);
    this.count = dataset.examples;
  }

  // A copy of the indices in their present order.
  get indices() {
    const address = BigInt(C.dni_order_indices(pointer(this, 'order')));
    return new BigUint64Array(koffi.view(address, this.count * 8)).slice();
  }

  get state() {
    const state = new BigUint64Array(ORDER_STATE);
    check(C.dni_order_state(pointer(this, 'order'), state, ORDER_STATE));
    return state;
  }

  set state(state) { check(C.dni_order_set_state(pointer(this, 'order'), state, ORDER_STATE)); }
}

// Checkpoints. -------------------------------------------------------------------------------------

class Checkpoint extends methods.CheckpointMethods {
  constructor(context) {
    super();
    const out = new BigUint64Array(1);
    check(C.dni_checkpoint_create(pointer(context, 'context'), out));
    hold(this, out[0], context);
    this.arrays = [];
  }

  addMatrix(name, m) {
    check(C.dni_checkpoint_add_matrix(pointer(this, 'checkpoint'), name, matrix(m)));
    this.arrays.push(m);
  }

  // A whole number: a BigUint64Array of one.
  addCount(name, array) { this.#addNumber(name, array, BigUint64Array, C.dni_checkpoint_add_count); }

  // A number: a Float64Array of one.
  addReal(name, array) { this.#addNumber(name, array, Float64Array, C.dni_checkpoint_add_real); }

  #addNumber(name, array, Kind, call) {
    if (!(array instanceof Kind) || array.length !== 1) throw new TypeError(`expected a ${Kind.name} of one`);
    check(call(pointer(this, 'checkpoint'), name, koffi.address(array)));
    this.arrays.push(array);
  }

  save(file) { parts.save(pointer(this, 'checkpoint'), file, C.dni_checkpoint_save, C.dni_checkpoint_write); }

  load(file, given = {}) {
    parts.load(pointer(this, 'checkpoint'), file, C.dni_checkpoint_load, C.dni_checkpoint_read,
      options('dni_load_options', given, ['finite']));
  }
}

class Guard extends methods.GuardMethods {
  constructor(optimiser, given = null) {
    super();
    const out = new BigUint64Array(1);
    check(C.dni_guard_create(pointer(optimiser, 'optimiser'), options('dni_guard_options', given), out));
    hold(this, out[0], optimiser);
  }
}

Object.assign(classes, {context: Context, backend: Backend, layer: Layer, state: State, loss: Loss, optimiser: Optimiser,
  sg: SG, network: Network, predictor: Predictor, dataset: Dataset, order: Order, checkpoint: Checkpoint, guard: Guard});
const {Trainer} = require('./trainer.js');

const functions = Object.fromEntries(Object.entries(methods).filter(([name]) => !name.endsWith('Methods')));
module.exports = {Context, Backend, Layer, State, Loss, Optimiser, SG, Network, Predictor, Dataset, Order, Trainer,
  Checkpoint, Guard, Matrix: core.Matrix, zeros: core.zeros, labels: core.labels, DniError: core.DniError, ALL, NONE: ALL,
  enums: core.enums, scheduleValue, ...functions};

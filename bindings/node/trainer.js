'use strict';
// Training: steps on this thread, fits on another one.

const fs = require('fs');
const {inspect} = require('util');
const core = require('./core.js');
const parts = require('./parts.js');
const background = require('./background.js');
const methods = require('./methods.js');

const {koffi, C, check, classes, hold, named, pointer, size, matrix, options, report, result, enums} = core;

const TRAINER = ['optimiser', 'sgOptimiser', 'maxBatch', 'schedule', 'measureGradientNorm', 'updateProbability', 'threads',
  'inFlight', 'microBatches', 'trainedModules', 'layerThread', 'balance', 'seed', 'metric',
  'activations'];
const FIT = ['batch', 'epochs', 'steps', 'callback', 'callbackEvery', 'settleEvery', 'keepOrder', 'keepRest', 'seed',
  'validation', 'validateEvery', 'patience', 'best', 'checkpoint', 'checkpointEvery', 'checkpointMayFail', 'anew'];

// Trainers whose fit runs on another thread. A process that ends cancels them, and waits for their steps. Where a step
// waits for JavaScript there is no answer any more; then the process ends at once.
const running = new Set();
let uncaught = null;
process.on('uncaughtExceptionMonitor', (error) => { uncaught = error; });
process.on('exit', (code) => {
  running.forEach((trainer) => C.dni_trainer_cancel(trainer.address));
  if (![...running].some((trainer) => trainer.callsBack)) return;
  if (uncaught) fs.writeSync(2, `${inspect(uncaught)}\n`);  // Node.js would print it after this event
  koffi.load(null).func('_exit', 'void', ['int'])(code);
});

function fitOptions(given) {
  const {callback, ...fields} = named(given, FIT, 'a fit');
  if (!callback) return {struct: options('dni_fit_options', fields), user: 0n};
  return parts.keeping(callback, (user) =>
    ({struct: options('dni_fit_options', {...fields, callback: parts.step, callbackUser: user}), user}));
}

class Trainer extends methods.TrainerMethods {
  // Those of step(), which is called most: [struct_size, x, y, weights].
  #batch = report('dni_batch');
  #found = report('dni_step_report');
  #addresses = [koffi.address(this.#batch), koffi.address(this.#found)];
  #views = new Map();

  // Options are those of dni_trainer_options, and metric(h, y, weights), which answers a number.
  constructor(network, loss, given = {}) {
    super();
    const {metric, ...fields} = named(given, TRAINER, 'a trainer'), out = new BigUint64Array(1);
    const struct = options('dni_trainer_options', fields);
    const create = () => check(C.dni_trainer_create(pointer(network, 'network'), pointer(loss, 'loss'), struct, out));
    if (metric) {
      parts.keeping(metric, (user) => {
        const measure = options('dni_metric', {user, evaluate: parts.metric, destroy: parts.destroy});
        struct.anchors.push(measure);
        struct.u64[core.structs.dni_trainer_options.fields.metric[0] / 8] = koffi.address(measure);
        create();
      });
    } else create();
    hold(this, out[0], network);
    this.network = network;
    this.loss = loss;
    this.metric = metric;
  }

  // Whether something of it is JavaScript.
  #hasParts() {
    if (this.metric || this.context.hasParts || this.loss.context.hasParts) return true;
    if (this.loss.kind === enums.LossKind.callback) return true;
    for (let index = 0; index < this.network.layerCount; index++) {
      if (this.network.layer(index).kind === enums.LayerKind.callback) return true;
      if (this.network.sg(index)?.kind === enums.SGKind.callback) return true;
    }
    return false;
  }

  // A call that waits for other threads must not be made where those wait for this one.
  #mayWait() {
    if (this.threadCount > 1 && this.#hasParts()) {
      throw new Error('this trainer has threads that call JavaScript, so this call could wait for ever: use fit()');
    }
  }

  // One step on a batch; answers an object with the fields of dni_step_report.
  step(x, y, weights) {
    this.#mayWait();
    matrix(x);
    matrix(y);
    const batch = this.#batch;
    batch.u64[1] = x?.address ?? 0n;
    batch.u64[2] = y?.address ?? 0n;
    batch.u64[3] = matrix(weights) ? weights.address : 0n;
    batch.anchors = [x, y, weights];
    check(C.dni_trainer_step(pointer(this, 'trainer'), this.#addresses[0], this.#addresses[1]));
    return result('dni_step_report', this.#found, this.#views);
  }

  flush() {
    this.#mayWait();
    check(C.dni_trainer_flush(pointer(this, 'trainer')));
  }

  report() {
    const found = report('dni_step_report');
    check(C.dni_trainer_report(pointer(this, 'trainer'), found));
    return result('dni_step_report', found);
  }

  // The promise of a training; see dni_trainer_fit(). callback(report) stops it by answering true.
  async fit(dataset, given = {}) {
    const {struct, user} = fitOptions(given), second = pointer(dataset, 'dataset');
    await this.#inBackground('dni_trainer_fit', second, struct, [user], [dataset, given.validation, given.best], []);
  }

  // The same on this thread, which does nothing else meanwhile.
  fitSync(dataset, given = {}) {
    this.#mayWait();
    const {struct, user} = fitOptions(given);
    const status = C.dni_trainer_fit(pointer(this, 'trainer'), pointer(dataset, 'dataset'), struct);
    parts.forget(user);
    check(status);
  }

  // Train on what an iterable gives: [x, y] or [x, y, weights]; see dni_trainer_fit_stream().
  async fitStream(batches, given = {}) {
    const {struct, user} = fitOptions(given), holder = {batches};
    const number = parts.keep(holder), fields = {user: number, next: parts.next};
    if (batches.position) fields.position = parts.position;
    if (batches.seek) fields.seek = parts.seek;
    const stream = options('dni_stream', fields);
    try {
      await this.#inBackground('dni_trainer_fit_stream', koffi.address(stream), struct, [user, number],
        [given.validation, given.best], [stream, holder]);
    } finally {
      holder.iterator?.return?.();  // so that a generator's `finally` runs
    }
  }

  async #inBackground(name, second, struct, users, objects, alive) {
    let release = () => {};
    try {
      const address = pointer(this, 'trainer');
      release = core.retained(objects);
      this.callsBack = users.some(Boolean) || this.#hasParts();
      this.isBusy = true;
      running.add(this);
      try {
        await background.call(name, [address, second, koffi.address(struct)], [struct, ...alive]);
      } finally {
        running.delete(this);
        this.isBusy = false;
      }
    } finally {
      release();
      users.forEach(parts.forget);
    }
    core.throwLate();
  }

  // Stop a fit between two steps: its promise is rejected with the code ERROR_CANCELLED.
  cancel() { if (this.address) C.dni_trainer_cancel(this.address); }

  close() {
    if (this.isBusy) throw new Error('the trainer is at work: cancel() its fit first');
    super.close();
  }

  save(file) {
    this.#mayWait();
    parts.save(pointer(this, 'trainer'), file, C.dni_trainer_save, C.dni_trainer_write);
  }

  load(file, given = {}) {
    this.#mayWait();
    parts.load(pointer(this, 'trainer'), file, C.dni_trainer_load, C.dni_trainer_read,
      options('dni_load_options', given, ['finite']));
  }

  // Experimental: see dni_trainer_record() and dni_trainer_replay().
  record(steps) {
    const lags = core.zeros(this.threadCount - 1, steps, Uint8Array);
    this.#setLags(lags, C.dni_trainer_record);
    return lags;
  }

  replay(lags) { this.#setLags(lags, C.dni_trainer_replay); }

  #setLags(lags, call) {
    matrix(lags);
    check(call(pointer(this, 'trainer'), lags.data.length ? koffi.address(lags.data) : null,
      size(lags.rows * lags.columns), size(lags.columns)));
    this.lags = lags;
  }
}

classes.trainer = Trainer;
module.exports = {Trainer};

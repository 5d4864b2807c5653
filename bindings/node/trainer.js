'use strict';
// Training: steps on this thread, fits on another one.

const core = require('./core.js');
const parts = require('./parts.js');
const background = require('./background.js');
const methods = require('./methods.js');

const {koffi, C, check, classes, hold, pointer, size, matrix, options, report, result} = core;

const TRAINER = ['optimiser', 'sgOptimiser', 'maxBatch', 'schedule', 'measureGradientNorm', 'updateProbability', 'threads',
  'inFlight', 'microBatches', 'trainedModules', 'layerThread', 'balance', 'seed', 'metric'];
const FIT = ['batch', 'epochs', 'steps', 'callback', 'callbackEvery', 'settleEvery', 'keepOrder', 'keepRest', 'seed',
  'validation', 'validateEvery', 'patience', 'best', 'checkpoint', 'checkpointEvery', 'checkpointMayFail', 'anew'];

// Trainers whose fit runs on another thread. A process that ends cancels them, and waits for their steps.
const running = new Set();
process.on('exit', () => running.forEach((trainer) => C.dni_trainer_cancel(trainer.address)));

function only(given, allowed, what) {
  for (const key of Object.keys(given)) {
    if (!allowed.includes(key)) throw new TypeError(`a ${what} has no option ${key}`);
  }
}

function fitOptions(given) {
  only(given, FIT, 'fit');
  const {callback, ...fields} = given, user = callback ? parts.keep(callback) : 0n;
  const more = callback ? {callback: parts.step, callbackUser: user} : {};
  return {struct: options('dni_fit_options', {...fields, ...more}), user};
}

class Trainer extends methods.TrainerMethods {
  // Options are those of dni_trainer_options, and metric(h, y, weights), which answers a number.
  constructor(network, loss, given = {}) {
    super();
    only(given, TRAINER, 'trainer');
    const {metric, ...fields} = given, out = new BigUint64Array(1), struct = options('dni_trainer_options', fields);
    const user = metric ? parts.keep(metric) : 0n;
    if (metric) {
      const measure = options('dni_metric', {user, evaluate: parts.metric, destroy: parts.destroy});
      struct.anchors.push(measure);
      struct.u64[core.structs.dni_trainer_options.fields.metric[0] / 8] = koffi.address(measure);
    }
    parts.checked(C.dni_trainer_create(pointer(network, 'network'), pointer(loss, 'loss'), struct, out), user);
    hold(this, out[0], network);
    this.network = network;
    this.metric = metric;
  }

  // A call that waits for other threads must not be made where those wait for this one.
  #mayWait() {
    const hasParts = this.metric || this.context.hasParts;
    if (hasParts && this.threadCount > 1) {
      throw new Error('this trainer has threads that call JavaScript, so this call could wait for ever: use fit()');
    }
  }

  // One step on a batch; answers an object with the fields of dni_step_report.
  step(x, y, weights) {
    this.#mayWait();
    const found = report('dni_step_report');
    check(C.dni_trainer_step(pointer(this, 'trainer'), options('dni_batch', {x, y, weights}), found));
    return result('dni_step_report', found);
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
  fit(dataset, given = {}) {
    const {struct, user} = fitOptions(given);
    return this.#inBackground('dni_trainer_fit', pointer(dataset, 'dataset'), struct, [user], [dataset, given]);
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
  fitStream(batches, given = {}) {
    const {struct, user} = fitOptions(given), holder = {batches};
    const number = parts.keep(holder), fields = {user: number, next: parts.next};
    if (batches.position) fields.position = parts.position;
    if (batches.seek) fields.seek = parts.seek;
    const stream = options('dni_stream', fields);
    return this.#inBackground('dni_trainer_fit_stream', koffi.address(stream), struct, [user, number], [stream, holder, given]);
  }

  async #inBackground(name, second, struct, users, alive) {
    const address = pointer(this, 'trainer');
    this.isBusy = true;
    running.add(this);
    try {
      await background.call(name, [address, second, koffi.address(struct)], [this, struct, alive]);
    } finally {
      running.delete(this);
      this.isBusy = false;
      users.forEach(parts.forget);
      alive.length = 0;
    }
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

'use strict';
// Parts of one's own, exceptions, promises, the collector, the end of the process. Needs --expose-gc for the collector.

const {test} = require('node:test');
const assert = require('node:assert');
const {spawnSync} = require('child_process');
const dni = require('..');
const parts = require('../parts.js');
const {digits, batch, network, Through} = require('./support.js');

const softmax = (context) => dni.Loss.softmaxCrossEntropy(context);

test('a layer of JavaScript changes nothing', () => {
  const losses = [0, 1].map((own) => {
    const context = new dni.Context({seed: 1}), [x, y] = batch(context, 16);
    const front = own ? [dni.Layer.callback(context, 784, 784, new Through())] : [];
    const trainer = new dni.Trainer(network(context, ...front), softmax(context));
    return [1, 2, 3].map(() => trainer.step(x, y).loss);
  });
  assert.deepStrictEqual(losses[0], losses[1]);
});

test('what a callback throws comes out as itself', async () => {
  const what = new Error('mine'), context = new dni.Context(), [x, y] = batch(context, 8);
  const front = dni.Layer.callback(context, 784, 784, new Through(2, what));
  const trainer = new dni.Trainer(network(context, front), softmax(context));
  trainer.step(x, y);
  assert.throws(() => trainer.step(x, y), (error) => error === what);
  trainer.step(x, y);
  const data = digits(context), callback = () => { throw what; };
  assert.throws(() => trainer.fitSync(data, {steps: 3, batch: 8, callback}), (error) => error === what);
  await assert.rejects(trainer.fit(data, {steps: 3, batch: 8, callback}), (error) => error === what);
  await trainer.fit(data, {steps: 3, batch: 8});
});

test('layers of JavaScript on threads', async () => {
  const what = new Error('mine'), context = new dni.Context(), [x, y] = batch(context, 8);
  const net = network(context, dni.Layer.callback(context, 784, 784, new Through()),
    dni.Layer.dense(context, 784, 784, 'relu'), dni.Layer.callback(context, 784, 784, new Through(20, what)));
  net.setSg(1, dni.SG.zero(context, 784));
  const trainer = new dni.Trainer(net, softmax(context), {schedule: 'pipelined', threads: 2});
  assert.strictEqual(trainer.threadCount, 2);
  for (const call of [() => trainer.step(x, y), () => trainer.flush(), () => trainer.fitSync(digits(context)),
    () => trainer.save('/dev/null')]) {
    assert.throws(call, /use fit\(\)/);
  }
  const data = digits(context);
  await trainer.fit(data, {steps: 10, batch: 8});
  await assert.rejects(trainer.fit(data, {steps: 20, batch: 8}), (error) => error === what);
});

test('a trainer is busy during its fit', async () => {
  const context = new dni.Context(), data = digits(context), [x, y] = batch(context, 8);
  const trainer = new dni.Trainer(network(context), softmax(context));
  const fit = trainer.fit(data, {epochs: 1e9});
  assert.throws(() => trainer.step(x, y), /at work/);
  assert.throws(() => trainer.close(), /at work/);
  await assert.rejects(trainer.fit(data), /at work/);
  setTimeout(() => trainer.cancel(), 50);
  await assert.rejects(fit, {code: 'ERROR_CANCELLED'});
  trainer.step(x, y);
});

test('two fits at once', async () => {
  const losses = await Promise.all([0, 1].map(async () => {
    const context = new dni.Context({seed: 1}), trainer = new dni.Trainer(network(context), softmax(context));
    await trainer.fit(digits(context), {epochs: 1, batch: 100});
    return trainer.report().loss;
  }));
  assert.strictEqual(losses[0], losses[1]);
});

test('errors of the library', () => {
  const context = new dni.Context(), net = network(context);
  assert.throws(() => dni.Layer.dense(context, 0, 3, 'relu'), {code: 'ERROR_ARGUMENT', message: /0 inputs/});
  assert.throws(() => dni.Layer.dense(context, 2, 3, 'relux'), /relux is none of identity/);
  assert.throws(() => dni.Layer.dense(context, -1, 3, 'relu'), /whole number/);
  assert.throws(() => dni.Layer.dense(context, 2.5, 3, 'relu'), /whole number/);
  assert.throws(() => dni.SG.synthetic(context, 2, 3, {hidden: 1}), /no option hidden/);
  assert.throws(() => new dni.Trainer(net, softmax(context), {thread: 1}), /no option thread/);
  assert.throws(() => new dni.Context({sed: 1}), /no option sed/);
  assert.throws(() => dni.Layer.callback(context, 2, 2, {}), /no method forward/);
  assert.throws(() => net.add(net), /expected a layer, not Network/);
  assert.throws(() => net.predict([1, 2]), /expected a dni.Matrix/);
  assert.throws(() => net.predict(dni.zeros(2, 3)), /3 columns/);
  assert.throws(() => net.predict(dni.zeros(2, 784, Float64Array)), /double/);
  assert.throws(() => new dni.Matrix(new Float32Array(5), 2, 3), /do not fit/);
  assert.throws(() => new dni.Matrix(new Float32Array(5), -1, 3), /whole number/);
  assert.throws(() => new dni.Matrix([1], 1, 1), /Float32Array/);
  net.close();
  assert.throws(() => net.inputs, /closed/);
  net.close();
});

test('an SG, a loss, a metric, a schedule, data and a log of JavaScript', () => {
  const lines = [], context = new dni.Context({log: (level, line) => lines.push(level + line)});
  const [x, y] = batch(context, 8), net = network(context);
  let lessons = 0;
  net.setSg(0, dni.SG.callback(context, 32, 10, {estimate: ({delta}) => delta.data.fill(0), learn: () => { lessons++; }}));
  const loss = dni.Loss.callback(context, {
    evaluate({h, delta, perExample}) {
      for (let r = 0; r < h.rows; r++) {
        perExample.set(r, 0, h.get(r, 0) ** 2 / 2);
        if (delta) for (let c = 0; c < h.columns; c++) delta.set(r, c, c ? 0 : h.get(r, 0));
      }
    },
  });
  const trainer = new dni.Trainer(net, loss, {metric: (h) => h.columns});
  assert.strictEqual(trainer.step(x, y).metric, 10);
  assert.strictEqual(lessons, 1);
  assert.strictEqual(dni.scheduleValue((step) => 1 / (1 + step), 3), 0.25);
  assert.strictEqual(dni.scheduleValue({kind: 'cosine', steps: 10, value: 0.5}, 10), 0.5);
  const optimiser = dni.Optimiser.sgd(context, 2);
  optimiser.setSchedule((step) => (step ? 0.5 : 1));
  optimiser.step();
  assert.strictEqual(optimiser.rate, 1);
  const data = dni.Dataset.callback(context, {
    examples: 10, features: 2, classes: 2,
    fetch(indices, xs, ys) {
      indices.forEach((index, i) => { xs?.set(i, 0, index); ys?.set(i, 0, index % 2); });
    },
  });
  const xs = dni.zeros(2, 2), ys = dni.labels(2);
  data.gather([7, 4], xs, ys);
  assert.deepStrictEqual([xs.get(0, 0), ys.get(1)], [7, 0]);
});

test('matrices, parameters, data in memory', () => {
  const context = new dni.Context({dtype: 'f64'}), layer = dni.Layer.dense(context, 2, 1, 'identity');
  layer.setParameter(0, new dni.Matrix(Float64Array.of(1, 2), 1, 2));
  layer.setParameter(1, new dni.Matrix(Float64Array.of(3), 1, 1));
  const wide = new dni.Matrix(Float64Array.of(9, 1, 0, 9, 0, 1, 9, 1, 1), 3, 3);
  const x = new dni.Matrix(wide.data.subarray(1), 3, 2, 3);
  assert.deepStrictEqual(Array.from(layer.forward(x).data), [4, 5, 6]);
  assert.deepStrictEqual(Array.from(layer.forward(x.slice(1, 2)).data), [5, 6]);
  const [value] = layer.parameter(0);
  assert.strictEqual(value.get(0, 1), 2);
  const data = dni.Dataset.memory(context, x, dni.labels([0, 1, 1]));
  const [first, rest] = data.split(1);
  assert.strictEqual(first.examples + rest.examples, 3);
});

test('streams, files without a disk, checkpoints', async () => {
  const context = new dni.Context(), [x, y] = batch(context, 8), net = network(context);
  const trainer = new dni.Trainer(net, softmax(context));
  await trainer.fitStream([[x, y], [x, y], [x, y]]);
  assert.strictEqual(trainer.stepCount, 3);
  const pieces = [];
  net.save((piece) => pieces.push(Buffer.from(piece)));
  const reader = (buffer) => {
    let at = 0;
    return (size) => buffer.subarray(at, at += size);
  };
  const again = dni.Network.load(context, reader(Buffer.concat(pieces)));
  assert.deepStrictEqual(again.predict(x).data, net.predict(x).data);
  const full = new Error('full');
  assert.throws(() => net.save(() => { throw full; }), (error) => error === full);
  const kept = new dni.Checkpoint(context), position = BigUint64Array.of(7n), saved = [];
  kept.addNetwork('net', net);
  kept.addCount('position', position);
  kept.save((piece) => saved.push(Buffer.from(piece)));
  position[0] = 0n;
  kept.load(reader(Buffer.concat(saved)));
  assert.strictEqual(position[0], 7n);
  const order = new dni.Order(digits(context)), {state} = order;
  order.shuffle();
  const first = order.indices;
  order.state = state;
  order.shuffle();
  assert.deepStrictEqual(order.indices, first);
});

test('the collector gives everything back', {skip: !global.gc && 'needs --expose-gc'}, async () => {
  const once = () => {
    const context = new dni.Context(), [x, y] = batch(context, 4);
    const trainer = new dni.Trainer(network(context, dni.Layer.callback(context, 784, 784, new Through())), softmax(context));
    trainer.step(x, y);
  };
  for (let round = 0; round < 10; round++) once();
  for (let i = 0; i < 200 && parts.kept.size; i++) {
    global.gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.deepStrictEqual([...parts.kept.values()], []);
});

test('what once went wrong', async () => {
  const context = new dni.Context(), [x, y] = batch(context, 8), net = network(context), data = digits(context);
  assert.strictEqual(dni.Layer.activation(context, 4, 'relu').kindName, 'activation');
  // Closed while a fit uses it.
  const trainer = new dni.Trainer(net, softmax(context)), best = net.copy(), validation = digits(context);
  const fit = trainer.fit(data, {steps: 20, batch: 10, validation, best});
  [data, validation, best].forEach((object) => object.close());
  await fit;
  // Closed in a callback of its own.
  const closing = network(context, dni.Layer.callback(context, 784, 784, {
    forward(call) { closing.close(); call.y.data.fill(0); }, backward() {},
  }));
  closing.predict(x);
  assert.throws(() => closing.inputs, /closed/);
  // Memory that is gone.
  const memory = new ArrayBuffer(8 * 784 * 4, {maxByteLength: 8 * 784 * 4});
  const shrunk = new dni.Matrix(new Float32Array(memory), 8, 784);
  memory.resize(0);
  assert.throws(() => net.predict(shrunk), /transferred or has become smaller/);
  const sent = dni.zeros(8, 784);
  structuredClone(sent.data.buffer, {transfer: [sent.data.buffer]});
  assert.throws(() => net.predict(sent), /transferred or has become smaller/);
  // Thrown where no status is answered.
  const typo = new Error('typo'), optimiser = dni.Optimiser.sgd(context, 0.1);
  optimiser.setSchedule(() => { throw typo; });
  assert.throws(() => optimiser.step(), (error) => error === typo);
  assert.throws(() => dni.scheduleValue(() => undefined, 1), /answers a number/);
  const nothing = Object.create(null);
  assert.throws(() => net.save(() => { throw nothing; }), (error) => error === nothing);
  // Promises.
  const more = digits(context);
  await assert.rejects(trainer.fit(more, {steps: 3, callback: async () => false}), /async function/);
  const part = {forward: async ({y: to}) => { to.data.fill(0); }, backward() {}};
  assert.throws(() => dni.Layer.callback(context, 784, 3, part).forward(x), /async function/);
  await assert.rejects(trainer.fitStream((async function* batches() { yield [x, y]; })()), /not async/);
  let ended = false;
  await trainer.fitStream((function* batches() {
    try { for (;;) yield [x, y]; } finally { ended = true; }
  })(), {steps: 2});
  assert.ok(ended);
});

test('misspelled and of the wrong type', () => {
  const context = new dni.Context(), [x, y] = batch(context, 8), net = network(context), before = parts.kept.size;
  for (const [call, message] of [
    [() => dni.Dataset.memory(context, x, y, {clases: 3}), /no option clases/],
    [() => net.layer(0).forward(x, {mod: 1}), /no option mod/],
    [() => dni.scheduleValue({kind: 'cosine', stpes: 3}, 1), /no option stpes/],
    [() => digits(context).split(3, {shufle: true}), /no option shufle/],
    [() => dni.Layer.dense(context, 4, 2, NaN), /whole number/],
    [() => dni.Layer.dense(context, 4, 2, 1.5), /whole number/],
    [() => dni.Dataset.csv(context, 'x', {separator: ';'}), /whole number/],
    [() => new dni.Context({seed: Infinity}), /whole number/],
    [() => new dni.Context({log: () => {}, dtype: 'x'}), /none of/],
    [() => new dni.Trainer(net, softmax(context), {metric: () => 0, threads: -1}), /whole number/],
    [() => dni.SG.callback(context, 2, 2, {estimate() {}, needs: 'bogus'}), /none of/],
    [() => net.save(Buffer.from('x')), /expected a text/],
    [() => net.save('a\0b'), /zero character/],
  ]) {
    assert.throws(call, message);
  }
  assert.strictEqual(parts.kept.size, before);
});

test('threads that would call JavaScript of another context', () => {
  const context = new dni.Context(), other = new dni.Context(), [x, y] = batch(context, 8);
  const net = network(context, dni.Layer.callback(other, 784, 784, new Through()));
  net.setSg(1, dni.SG.zero(context, 32));
  const trainer = new dni.Trainer(net, softmax(context), {schedule: 'pipelined', threads: 2});
  assert.throws(() => trainer.step(x, y), /use fit\(\)/);
});

test('a view keeps what it views', {skip: !global.gc && 'needs --expose-gc'}, async () => {
  const context = new dni.Context(), rows = [];
  for (let i = 0; i < 50; i++) rows.push(dni.Layer.dense(context, 300, 300, 'relu').parameter(0)[0].row(0));
  for (let i = 0; i < 5; i++) {
    global.gc();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert.ok(rows.every((row) => row.every(Number.isFinite)));
});

// The end of a process while a fit runs, of layers of JavaScript on threads too.
const PROGRAM = `
const dni = require('${__dirname}/..'), {digits, network, Through} = require('${__dirname}/support.js');
const context = new dni.Context(), data = digits(context);
const front = PARTS ? [dni.Layer.callback(context, 784, 784, new Through())] : [];
const net = network(context, ...front);
net.setSg(front.length, dni.SG.zero(context, 32));
const trainer = new dni.Trainer(net, dni.Loss.softmaxCrossEntropy(context), {schedule: 'pipelined', threads: 2});
trainer.fit(data, {epochs: 1e9}).catch((error) => console.log(error.code));
setTimeout(() => { LAST }, 200);
`;

test('process.exit() in a callback', () => {
  const program = PROGRAM.replace('PARTS', false).replace('LAST', '').replace('epochs: 1e9',
    'epochs: 1e9, callback() { process.exit(5); }');
  assert.strictEqual(spawnSync(process.execPath, ['-e', program], {timeout: 20000}).status, 5);
});

for (const [last, code] of [['process.exit(3)', 3], ['throw new Error("end")', 1]]) {
  for (const own of [false, true]) {
    test(`${last} while a fit runs${own ? ', with a layer of JavaScript' : ''}`, () => {
      const program = PROGRAM.replace('PARTS', own).replace('LAST', last);
      const done = spawnSync(process.execPath, ['-e', program], {timeout: 20000, encoding: 'utf8'});
      assert.strictEqual(done.status, code, done.stderr);
      if (code === 1) assert.match(done.stderr, /Error: end/);
    });
  }
}


'use strict';
// A training loop of one's own: two layers on typed arrays, and a synthetic gradient between them.
//
// The lower layer is updated before the upper one has seen its output.
//
//     node custom_loop.js FOLDER     the folder has MNIST's four files, plain or gzip

const dni = require('libdni');
const {digits} = require('./digits.js');

const ROWS = 64, UNITS = 64, CLASSES = 10, STEPS = 60;

// x -> lower -> h -> upper -> logits, with an SG that answers for dL/dh.
class Loop {
  constructor(context, inputs) {
    this.lower = dni.Layer.dense(context, inputs, UNITS, 'relu');
    this.upper = dni.Layer.dense(context, UNITS, CLASSES, 'identity');
    this.sg = dni.SG.synthetic(context, UNITS, CLASSES);
    this.loss = dni.Loss.softmaxCrossEntropy(context);
    this.optimisers = [1, 2, 3].map(() => dni.Optimiser.adam(context, 0.003));
    this.optimisers[0].addLayer(this.lower);
    this.optimisers[1].addLayer(this.upper);
    this.optimisers[2].addSg(this.sg);
    [this.h, this.delta, this.target] = [1, 2, 3].map(() => dni.zeros(ROWS, UNITS));
    [this.logits, this.error] = [1, 2].map(() => dni.zeros(ROWS, CLASSES));
  }

  // The losses of one step: of the network, and of the SG.
  step(x, y) {
    this.lower.forward(x, {y: this.h});
    this.sg.estimate(this.h, y, {delta: this.delta});
    this.lower.backward(x, this.h, this.delta);
    this.optimisers[0].step();

    this.upper.forward(this.h, {y: this.logits});
    const loss = this.loss.evaluate(this.logits, y, {delta: this.error});
    this.upper.backward(this.h, this.logits, this.error, this.target);
    this.optimisers[1].step();

    const {mse} = this.sg.learn(this.h, y, this.target);
    this.optimisers[2].step();
    return [loss, mse];
  }
}

function main(folder) {
  const context = new dni.Context({seed: 1});
  const data = digits(context, folder, 'train');
  const loop = new Loop(context, data.features), order = new dni.Order(data);
  const x = dni.zeros(ROWS, data.features), y = dni.labels(ROWS);
  order.shuffle();
  const {indices} = order, batches = Math.floor(data.examples / ROWS);
  for (let step = 1; step <= STEPS; step++) {
    const first = ((step - 1) % batches) * ROWS;
    data.gather(indices.subarray(first, first + ROWS), x, y);
    const [loss, mse] = loop.step(x, y);
    if (step % 10 === 0) console.log(`step ${step}: loss ${loss.toFixed(6)}, error of the SG ${mse.toFixed(6)}`);
  }
}

main(process.argv[2]);

'use strict';
// What several tests use.

const dni = require('..');
const {join} = require('path');

const SAMPLE = join(__dirname, '../../../examples/mnist_sample');

const digits = (context) => dni.Dataset.idx(context, `${SAMPLE}/train-images-idx3-ubyte.gz`,
  `${SAMPLE}/train-labels-idx1-ubyte.gz`);

function batch(context, rows) {
  const x = dni.zeros(rows, 784), y = dni.labels(rows);
  digits(context).batch(0, x, y);
  return [x, y];
}

// Layers in front, then 784 -> 32 -> 10.
function network(context, ...front) {
  return new dni.Network(context, ...front, dni.Layer.dense(context, 784, 32, 'relu'),
    dni.Layer.dense(context, 32, 10, 'identity'));
}

// A layer that does nothing, and throws at its call number `at`.
class Through {
  constructor(at, what) { Object.assign(this, {at, what, calls: 0}); }

  forward({x, y}) {
    if (++this.calls === this.at) throw this.what;
    y.data.set(x.data);
  }

  backward({dx, dy}) { dx?.data.set(dy.data); }
}

module.exports = {SAMPLE, digits, batch, network, Through};

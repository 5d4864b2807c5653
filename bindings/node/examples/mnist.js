'use strict';
// MNIST with a synthetic gradient after every hidden layer, so that no layer waits for another.
//
//     node mnist.js FOLDER     the folder has MNIST's four files, plain or gzip

const dni = require('libdni');
const {digits} = require('./digits.js');

const HIDDEN = 3, UNITS = 128, CLASSES = 10;

// Three hidden layers, and after each an SG that is fitted by least squares.
function makeNetwork(context, inputs) {
  const network = new dni.Network(context);
  for (let after = 0; after < HIDDEN; after++) {
    network.add(dni.Layer.dense(context, after ? UNITS : inputs, UNITS, 'relu'));
    network.setSg(after, dni.SG.leastSquares(context, UNITS, CLASSES));
  }
  network.add(dni.Layer.dense(context, UNITS, CLASSES, 'identity'));
  return network;
}

async function main(folder) {
  const context = new dni.Context({seed: 1});
  const train = digits(context, folder, 'train'), test = digits(context, folder, 't10k');
  const loss = dni.Loss.softmaxCrossEntropy(context);
  const network = makeNetwork(context, train.features);
  const trainer = new dni.Trainer(network, loss, {optimiser: dni.Optimiser.adam(context, 0.001), maxBatch: 64});
  for (let epoch = 1; epoch <= 3; epoch++) {
    await trainer.fit(train, {epochs: 1, batch: 64});
    const found = network.evaluate(loss, test), accuracy = (100 * found.accuracy).toFixed(2);
    console.log(`epoch ${epoch}: test loss ${found.loss.toFixed(6)}, accuracy ${accuracy} %`);
  }
}

main(process.argv[2]);

'use strict';
// An SG of one's own in JavaScript: it answers one vector for all examples, the mean of what it was shown.
//
//     node custom_sg.js FOLDER     the folder has MNIST's four files, plain or gzip

const dni = require('libdni');
const {digits} = require('./digits.js');

const UNITS = 64, CLASSES = 10;

// M(h, y) = m for every example; the loss of a lesson is the mean of |m - target|^2.
class MeanSG {
  constructor(units) {
    this.mean = dni.zeros(1, units);
    this.gradient = dni.zeros(1, units);
  }

  parameters() { return [[this.mean, this.gradient]]; }

  estimate({delta}) {
    for (let row = 0; row < delta.rows; row++) delta.row(row).set(this.mean.data);
  }

  learn({prediction, target, scale}) {
    const factor = Math.fround(2 * scale);
    for (let unit = 0; unit < this.mean.columns; unit++) {
      let total = 0;
      for (let row = 0; row < target.rows; row++) {
        total = Math.fround(total + Math.fround(prediction.get(row, unit) - target.get(row, unit)));
      }
      this.gradient.set(0, unit, factor * total);
    }
  }
}

async function main(folder) {
  const context = new dni.Context({seed: 1});
  const data = digits(context, folder, 'train');
  const network = new dni.Network(context, dni.Layer.dense(context, data.features, UNITS, 'tanh'),
    dni.Layer.dense(context, UNITS, CLASSES, 'identity'));
  network.setSg(0, dni.SG.callback(context, UNITS, CLASSES, new MeanSG(UNITS)));
  const trainer = new dni.Trainer(network, dni.Loss.softmaxCrossEntropy(context),
    {maxBatch: 32, optimiser: dni.Optimiser.sgd(context, 0.1)});
  const callback = ({step, loss, sgMse}) => {
    console.log(`step ${step}: loss ${loss.toFixed(6)}, error of the SG ${sgMse[0].toFixed(6)}`);
  };
  await trainer.fit(data, {steps: 50, batch: 32, callback, callbackEvery: 10});
}

main(process.argv[2]);

'use strict';
// Two modules on two threads: the lower one goes on with the next batch while the upper one works.
//
//     node threads.js FOLDER     the folder has MNIST's four files, plain or gzip

const dni = require('libdni');
const {digits} = require('./digits.js');

const UNITS = 128, CLASSES = 10;

async function main(folder) {
  const context = new dni.Context({seed: 1});
  const train = digits(context, folder, 'train'), test = digits(context, folder, 't10k');
  const loss = dni.Loss.softmaxCrossEntropy(context);
  const network = new dni.Network(context, dni.Layer.dense(context, train.features, UNITS, 'relu'),
    dni.Layer.dense(context, UNITS, UNITS, 'relu'), dni.Layer.dense(context, UNITS, CLASSES, 'identity'));
  network.setSg(0, dni.SG.leastSquares(context, UNITS, CLASSES));
  const trainer = new dni.Trainer(network, loss, {schedule: 'pipelined', threads: 2, maxBatch: 64});
  console.log(`${trainer.moduleCount} modules on ${trainer.threadCount} threads`);
  await trainer.fit(train, {epochs: 5, batch: 64});
  console.log(`test accuracy ${(100 * network.evaluate(loss, test).accuracy).toFixed(2)} %`);
}

main(process.argv[2]);

'use strict';
// The same from Node.js: step.js ROWS STEPS UNITS
const dni = require('libdni');

const [rows, steps, units] = process.argv.slice(2).map(Number);
const context = new dni.Context({seed: 1});
const network = new dni.Network(context, dni.Layer.dense(context, 784, units, 'relu'),
  dni.Layer.dense(context, units, units, 'relu'), dni.Layer.dense(context, units, 10, 'identity'));
const trainer = new dni.Trainer(network, dni.Loss.softmaxCrossEntropy(context));
const x = dni.zeros(rows, 784), y = dni.labels(rows);
x.data.forEach((_, i) => { x.data[i] = (i % 17) / 16; });
for (let block = 0; block < 9; block++) {
  const begun = process.hrtime.bigint();
  for (let step = 0; step < steps; step++) trainer.step(x, y);
  console.log((Number(process.hrtime.bigint() - begun) / 1000 / steps).toFixed(3));
}

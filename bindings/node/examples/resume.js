'use strict';
// A training that stops in the middle and goes on from its file, to the same bits.
//
//     node resume.js FOLDER     the folder has MNIST's four files, plain or gzip

const dni = require('libdni');
const fs = require('fs');
const os = require('os');
const {digits} = require('./digits.js');

const UNITS = 64, CLASSES = 10, EPOCHS = 3;

// A network of two modules and its trainer, the same each time.
function make(context, inputs) {
  const network = new dni.Network(context, dni.Layer.dense(context, inputs, UNITS, 'relu'),
    dni.Layer.dropout(context, UNITS, 0.1), dni.Layer.dense(context, UNITS, CLASSES, 'identity'));
  network.setSg(1, dni.SG.synthetic(context, UNITS, CLASSES));
  return [network, new dni.Trainer(network, dni.Loss.softmaxCrossEntropy(context), {maxBatch: 64})];
}

// The loss over the data after a training that saves itself, or is the rest of one.
async function train(folder, checkpoint, {stopAt, resume} = {}) {
  const context = new dni.Context({seed: 1});
  const data = digits(context, folder, 'train');
  const [network, trainer] = make(context, data.features);
  if (resume) trainer.load(checkpoint);
  await trainer.fit(data, {epochs: EPOCHS, batch: 64, checkpoint, checkpointEvery: 5, callback: ({step}) => step === stopAt});
  return network.evaluate(dni.Loss.softmaxCrossEntropy(context), data).loss;
}

async function main(folder) {
  const place = fs.mkdtempSync(`${os.tmpdir()}/resume-`), file = `${place}/training.safetensors`;
  const undisturbed = await train(folder, `${file}2`);
  const stopped = await train(folder, file, {stopAt: 20});
  const resumed = await train(folder, file, {resume: true});
  fs.rmSync(place, {recursive: true});
  console.log(`undisturbed: loss ${undisturbed.toFixed(6)}`);
  console.log(`stopped after 20 steps: loss ${stopped.toFixed(6)}`);
  console.log(`resumed: loss ${resumed.toFixed(6)}, ${resumed === undisturbed ? 'the same' : 'another'}`);
}

main(process.argv[2]);

// Compiled alone: are the types of the package for Node.js what its users write?
import * as dni from 'libdni';

const context = new dni.Context({seed: 1, dtype: 'f32'});
const layer: dni.Layer = dni.Layer.dense(context, 2, 3, 'relu');
const network = new dni.Network(context, layer);
network.setSg(0, null);
const loss = dni.Loss.softmaxCrossEntropy(context, {labelSmoothing: 0.1});
const trainer = new dni.Trainer(network, loss, {schedule: 'pipelined', threads: 2});
const count: number = trainer.stepCount;
const data = dni.Dataset.memory(context, dni.zeros(4, 2), dni.labels([0, 1, 2, 0]));
trainer.fit(data, {epochs: 1, callback: (report) => report.loss < 0.1}).then(() => count);
// @ts-expect-error
dni.Layer.dense(context, 2, 3, 'relux');
// @ts-expect-error
new dni.Trainer(network, loss, {thread: 2});

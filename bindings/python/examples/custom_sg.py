"""An SG of one's own in Python: it answers one vector for all examples, the mean of what it was shown.

    custom_sg.py FOLDER     the folder has MNIST's four files, plain or gzip
"""

import os
import sys

import numpy

import dni

UNITS, CLASSES = 64, 10


class MeanSG:
    """M(h, y) = m for every example; the loss of a lesson is the mean of |m - target|^2."""

    def __init__(self, units):
        self.mean = numpy.zeros((1, units), "float32")
        self.gradient = numpy.zeros_like(self.mean)

    def parameters(self):
        return [(self.mean, self.gradient)]

    def estimate(self, call):
        call.delta[:] = self.mean

    def learn(self, call):
        for unit in range(self.mean.shape[1]):  # one after the other, as C adds
            total = numpy.float32(0)
            for row in range(len(call.target)):
                total += call.prediction[row, unit] - call.target[row, unit]
            self.gradient[0, unit] = numpy.float32(2 * call.scale) * total


def digits(context, folder):
    paths = [os.path.join(folder, "train-" + kind) for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")]
    return dni.Dataset.idx(context, *[path if os.path.exists(path) else path + ".gz" for path in paths])


def main(folder):
    context = dni.Context(seed=1)
    data = digits(context, folder)
    network = dni.Network(context, dni.Layer.dense(context, data.features, UNITS, "tanh"),
                          dni.Layer.dense(context, UNITS, CLASSES, "identity"))
    network.set_sg(0, dni.SG.callback(context, UNITS, CLASSES, MeanSG(UNITS)))
    trainer = dni.Trainer(network, dni.Loss.softmax_cross_entropy(context), max_batch=32,
                          optimiser=dni.Optimiser.sgd(context, 0.1))

    def show(report):
        print("step %d: loss %.6f, error of the SG %.6f" % (report.step, report.loss, report.sg_mse[0]))
    trainer.fit(data, steps=50, batch=32, callback=show, callback_every=10)


main(sys.argv[1])

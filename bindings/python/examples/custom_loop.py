"""A training loop of one's own: two layers on arrays, and a synthetic gradient between them.

The lower layer is updated before the upper one has seen its output. The arrays are NumPy's; the library
works in them.

    custom_loop.py FOLDER     the folder has MNIST's four files, plain or gzip
"""

import os
import sys

import numpy

import dni

ROWS, UNITS, CLASSES, STEPS = 64, 64, 10, 60


def digits(context, folder):
    paths = [os.path.join(folder, "train-" + kind) for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")]
    return dni.Dataset.idx(context, *[path if os.path.exists(path) else path + ".gz" for path in paths])


class Loop:
    """x -> lower -> h -> upper -> logits, with an SG that answers for dL/dh."""

    def __init__(self, context, inputs):
        self.lower = dni.Layer.dense(context, inputs, UNITS, "relu")
        self.upper = dni.Layer.dense(context, UNITS, CLASSES, "identity")
        self.sg = dni.SG.synthetic(context, UNITS, CLASSES)
        self.loss = dni.Loss.softmax_cross_entropy(context)
        self.optimisers = [dni.Optimiser.adam(context, 0.003) for _ in range(3)]
        self.optimisers[0].add_layer(self.lower)
        self.optimisers[1].add_layer(self.upper)
        self.optimisers[2].add_sg(self.sg)
        self.h, self.delta, self.target = (context.zeros(ROWS, UNITS) for _ in range(3))
        self.logits, self.error = (context.zeros(ROWS, CLASSES) for _ in range(2))

    def step(self, x, y):
        """The losses of one step: of the network, and of the SG."""
        self.lower.forward(x, self.h)
        self.sg.estimate(self.h, y, delta=self.delta)
        self.lower.backward(x, self.h, self.delta)
        self.optimisers[0].step()

        self.upper.forward(self.h, self.logits)
        loss = self.loss.evaluate(self.logits, y, delta=self.error)
        self.upper.backward(self.h, self.logits, self.error, self.target)
        self.optimisers[1].step()

        report = self.sg.learn(self.h, y, self.target)
        self.optimisers[2].step()
        return loss, report.mse


def main(folder):
    context = dni.Context(seed=1)
    data = digits(context, folder)
    loop, order = Loop(context, data.features), dni.Order(data)
    x, y = context.zeros(ROWS, data.features), numpy.zeros(ROWS, "int32")
    order.shuffle()
    for step in range(1, STEPS + 1):
        first = (step - 1) % (len(data) // ROWS) * ROWS
        data.gather(order.indices[first:first + ROWS], x, y)
        loss, mse = loop.step(x, y)
        if step % 10 == 0:
            print("step %d: loss %.6f, error of the SG %.6f" % (step, loss, mse))


main(sys.argv[1])

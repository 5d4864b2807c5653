"""MNIST with a synthetic gradient after every hidden layer, so that no layer waits for another.

    mnist.py FOLDER     the folder has MNIST's four files, plain or gzip
"""

import os
import sys

import dni

HIDDEN, UNITS, CLASSES = 3, 128, 10


def digits(context, folder, name):
    """The training or test set of MNIST."""
    paths = [os.path.join(folder, "%s-%s" % (name, kind)) for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")]
    return dni.Dataset.idx(context, *[path if os.path.exists(path) else path + ".gz" for path in paths])


def make_network(context, inputs):
    """Three hidden layers, and after each an SG that is fitted by least squares."""
    network = dni.Network(context)
    for after in range(HIDDEN):
        network.add(dni.Layer.dense(context, inputs, UNITS, "relu"))
        network.set_sg(after, dni.SG.least_squares(context, UNITS, CLASSES))
        inputs = UNITS
    network.add(dni.Layer.dense(context, inputs, CLASSES, "identity"))
    return network


def main(folder):
    context = dni.Context(seed=1)
    train, test = digits(context, folder, "train"), digits(context, folder, "t10k")
    loss = dni.Loss.softmax_cross_entropy(context)
    network = make_network(context, train.features)
    trainer = dni.Trainer(network, loss, optimiser=dni.Optimiser.adam(context, 0.001), max_batch=64)
    for epoch in range(1, 4):
        trainer.fit(train, epochs=1, batch=64, progress=sys.stderr.isatty())
        found = network.evaluate(loss, test)
        print("epoch %d: test loss %.6f, accuracy %.2f %%" % (epoch, found.loss, 100 * found.accuracy))


main(sys.argv[1])

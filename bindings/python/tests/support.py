"""What several tests use: MNIST's sample, and a small network."""

import gzip
import os

import numpy

import dni

SAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../examples/mnist_sample")


def digits(count):
    """The first training images [count][784] in [0, 1] and their labels."""
    with gzip.open(os.path.join(SAMPLE, "train-images-idx3-ubyte.gz")) as file:
        images = numpy.frombuffer(file.read(), "uint8", offset=16).reshape(-1, 784)
    with gzip.open(os.path.join(SAMPLE, "train-labels-idx1-ubyte.gz")) as file:
        labels = numpy.frombuffer(file.read(), "uint8", offset=8)
    return (images[:count] / 255).astype("float32"), labels[:count].astype("int32")


def network(context, inputs=784, units=32, outputs=10, layers=2):
    """Layers of ReLU units, and one of logits."""
    widths = [inputs] + [units] * (layers - 1) + [outputs]
    return dni.Network(context, *[
        dni.Layer.dense(context, widths[i], widths[i + 1], "relu" if i + 2 < len(widths) else "identity")
        for i in range(layers)])

"""A training that stops in the middle and goes on from its file, to the same bits.

    resume.py FOLDER     the folder has MNIST's four files, plain or gzip
"""

import os
import sys
import tempfile

import dni

UNITS, CLASSES, EPOCHS = 64, 10, 3


def digits(context, folder):
    paths = [os.path.join(folder, "train-" + kind) for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")]
    return dni.Dataset.idx(context, *[path if os.path.exists(path) else path + ".gz" for path in paths])


def make(context, inputs):
    """A network of two modules and its trainer, the same each time."""
    network = dni.Network(context, dni.Layer.dense(context, inputs, UNITS, "relu"),
                          dni.Layer.dropout(context, UNITS, 0.1),
                          dni.Layer.dense(context, UNITS, CLASSES, "identity"))
    network.set_sg(1, dni.SG.synthetic(context, UNITS, CLASSES))
    return network, dni.Trainer(network, dni.Loss.softmax_cross_entropy(context), max_batch=64)


def train(folder, file, stop_at=None, resume=False):
    """The loss over the data after a training that saves itself, or is the rest of one."""
    context = dni.Context(seed=1)
    data = digits(context, folder)
    network, trainer = make(context, data.features)
    if resume:
        trainer.load(file)
    trainer.fit(data, epochs=EPOCHS, batch=64, checkpoint=file, checkpoint_every=5,
                callback=lambda report: report.step == stop_at)
    return network.evaluate(dni.Loss.softmax_cross_entropy(context), data).loss


def main(folder):
    with tempfile.TemporaryDirectory() as place:
        file = os.path.join(place, "training.safetensors")
        undisturbed = train(folder, file + "2")
        stopped = train(folder, file, stop_at=20)
        resumed = train(folder, file, resume=True)
    print("undisturbed: loss %.6f" % undisturbed)
    print("stopped after 20 steps: loss %.6f" % stopped)
    print("resumed: loss %.6f, %s" % (resumed, "the same" if resumed == undisturbed else "another"))


main(sys.argv[1])

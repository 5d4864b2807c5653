"""Two modules on two threads: the lower one goes on with the next batch while the upper one works.

    threads.py FOLDER     the folder has MNIST's four files, plain or gzip
"""

import os
import sys

import dni

UNITS, CLASSES = 128, 10


def digits(context, folder, name):
    paths = [os.path.join(folder, "%s-%s" % (name, kind)) for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")]
    return dni.Dataset.idx(context, *[path if os.path.exists(path) else path + ".gz" for path in paths])


def main(folder):
    context = dni.Context(seed=1)
    train, test = digits(context, folder, "train"), digits(context, folder, "t10k")
    loss = dni.Loss.softmax_cross_entropy(context)
    network = dni.Network(context, dni.Layer.dense(context, train.features, UNITS, "relu"),
                          dni.Layer.dense(context, UNITS, UNITS, "relu"),
                          dni.Layer.dense(context, UNITS, CLASSES, "identity"))
    network.set_sg(0, dni.SG.least_squares(context, UNITS, CLASSES))
    trainer = dni.Trainer(network, loss, schedule="pipelined", threads=2, max_batch=64)
    print("%d modules on %d threads" % (trainer.module_count, trainer.thread_count))
    trainer.fit(train, epochs=5, batch=64)
    print("test accuracy %.2f %%" % (100 * network.evaluate(loss, test).accuracy))


main(sys.argv[1])

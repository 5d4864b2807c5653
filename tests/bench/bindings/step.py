"""The same from Python: step.py ROWS STEPS UNITS"""

import sys
import time

import numpy

import dni

rows, steps, units = map(int, sys.argv[1:])
context = dni.Context(seed=1)
network = dni.Network(context, dni.Layer.dense(context, 784, units, "relu"),
                      dni.Layer.dense(context, units, units, "relu"), dni.Layer.dense(context, units, 10, "identity"))
trainer = dni.Trainer(network, dni.Loss.softmax_cross_entropy(context))
x = (numpy.arange(rows * 784) % 17 / 16).astype("float32").reshape(rows, 784)
y = numpy.zeros(rows, "int32")
for block in range(9):
    begun = time.perf_counter()
    for step in range(steps):
        report = trainer.step(x, y)
    print("%.3f" % (1e6 * (time.perf_counter() - begun) / steps))

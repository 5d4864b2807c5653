"""Parts of one's own: layers, SGs, losses, products, metrics, data, schedules, logs."""

import gc
import os
import tempfile
import unittest

import numpy

import dni
from dni import _callbacks
from support import digits, network


class Affine:
    """y = x W^T, the same numbers as a dense layer without activation."""

    def __init__(self, weight):
        self.weight, self.gradient = weight.copy(), numpy.zeros_like(weight)

    def parameters(self):
        return [(self.weight, self.gradient)]

    def forward(self, call):
        numpy.matmul(call.x, self.weight.T, out=call.y)

    def backward(self, call):
        gradient = call.scale * (call.dy.T @ call.x)
        if call.flags & dni.GradientFlags.ADD:
            gradient += self.gradient
        if not call.flags & dni.GradientFlags.SKIP:
            self.gradient[:] = gradient
        if call.dx is not None:
            numpy.matmul(call.dy, self.weight, out=call.dx)

    def copy(self):
        return Affine(self.weight)


class Zero:
    """The SG that answers 0."""

    def __init__(self):
        self.lessons = 0

    def estimate(self, call):
        call.delta[:] = 0

    def learn(self, call):
        self.lessons += 1


class Squares:
    """The loss 1/2 |h - y|^2."""

    def evaluate(self, call):
        difference = call.h - call.y
        call.per_example[:, 0] = 0.5 * (difference**2).sum(1)
        if call.delta is not None:
            call.delta[:] = difference


class Product:
    """The matrix product by NumPy."""

    f64 = 0

    def __init__(self):
        self.count = 0

    def product(self, call):
        self.count += 1
        a = call.a.T if call.transpose_a else call.a
        b = call.b.T if call.transpose_b else call.b
        old = call.beta * call.c if call.beta else 0
        call.c[:] = call.alpha * (a @ b) + old


class Source:
    """Examples that are computed."""

    examples, features, classes = 100, 4, 2

    def fetch(self, indices, x, y):
        if x is not None:
            x[:] = indices[:, None]
        if y is not None:
            y[:, 0] = indices % 2


class Parts(unittest.TestCase):
    def setUp(self):
        self.context = dni.Context(seed=3)

    def tearDown(self):
        self.context = None
        gc.collect()
        self.assertEqual(_callbacks._kept, {}, "the library has not given back what it was lent")

    def test_layer_learns_as_a_dense_one(self):
        x, y = digits(64)
        loss, weights = dni.Loss.softmax_cross_entropy(self.context), []
        dense = dni.Layer.dense(self.context, x.shape[1], 10, "identity")
        part = Affine(dense.parameters["weight"])
        optimiser = dni.Optimiser.sgd(self.context, 0.1)
        for layer in dense, dni.Layer.callback(self.context, x.shape[1], 10, part):
            trainer = dni.Trainer(dni.Network(self.context, layer), loss, optimiser=optimiser)
            trainer.step(x, y)
            weights.append(layer.parameter(0)[0].copy())
        numpy.testing.assert_allclose(weights[0], weights[1], rtol=1e-4, atol=1e-6)
        numpy.testing.assert_array_equal(weights[1], part.weight)

    def test_layer_is_copied(self):
        part = Affine(numpy.ones((2, 3), "float32"))
        layer = dni.Layer.callback(self.context, 3, 2, part)
        copied = layer.copy()
        part.weight[:] = 5
        numpy.testing.assert_array_equal(copied.parameter(0)[0], numpy.ones((2, 3)))

    def test_sg(self):
        x, y = digits(32)
        part = Zero()
        net = network(self.context, x.shape[1])
        net.set_sg(0, dni.SG.callback(self.context, 32, 10, part))
        before = net.layers[0].parameters["weight"]
        trainer = dni.Trainer(net, dni.Loss.softmax_cross_entropy(self.context))
        for _ in range(3):
            trainer.step(x, y)
        numpy.testing.assert_array_equal(net.layers[0].parameters["weight"], before)
        self.assertEqual(part.lessons, 3)

    def test_loss(self):
        h, y = numpy.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
        mine, delta = dni.Loss.callback(self.context, Squares()), numpy.zeros_like(h)
        own = mine.evaluate(h, y, delta=delta)
        self.assertAlmostEqual(own, dni.Loss.squared_error(self.context).evaluate(h, y), 5)
        numpy.testing.assert_allclose(delta, h - y)

    def test_product(self):
        part = Product()
        context = dni.Context(seed=3, backend=dni.Backend.callback(part))
        x, y = digits(32)
        results = []
        for where in context, self.context:
            trainer = dni.Trainer(network(where, x.shape[1]), dni.Loss.softmax_cross_entropy(where))
            results.append([trainer.step(x, y).loss for _ in range(5)])
        numpy.testing.assert_allclose(results[0], results[1], rtol=1e-4)
        self.assertGreater(part.count, 10)

    def test_data(self):
        data = dni.Dataset.callback(self.context, Source())
        x, y = numpy.zeros((3, 4), "float32"), numpy.zeros(3, "int32")
        data.gather([5, 99, 0], x, y)
        numpy.testing.assert_array_equal(x[:, 0], [5, 99, 0])
        numpy.testing.assert_array_equal(y, [1, 1, 0])

    def test_metric(self):
        x, y = digits(100)
        net, loss = network(self.context, x.shape[1]), dni.Loss.softmax_cross_entropy(self.context)
        found = net.evaluate(loss, dni.Dataset(self.context, x, y), lambda h, y, weights: float(h.shape[1]))
        self.assertEqual(found.metric, 10)
        trainer = dni.Trainer(net, loss, metric=lambda h, y, weights: 7)
        self.assertEqual(trainer.step(x[:10], y[:10]).metric, 7)

    def test_schedule(self):
        schedule = dni.Schedule.of(function=lambda step: 1 / (1 + step))
        self.assertEqual(schedule.value_at(3), 0.25)
        optimiser = dni.Optimiser.sgd(self.context, 2)
        optimiser.set_schedule(schedule)
        self.assertEqual(optimiser.rate, 2)
        optimiser.step()
        self.assertEqual(optimiser.rate, 1)
        cosine = dni.Schedule.of(kind="cosine", steps=10, value=0.5)
        self.assertEqual(cosine.value_at(10), 0.5)
        with self.assertRaisesRegex(dni.ArgumentError, "steps"):
            optimiser.set_schedule(dni.Schedule.of(kind="cosine"))

    def test_own_parameter(self):
        value, gradient = numpy.ones((1, 3), "float32"), numpy.full((1, 3), 2, "float32")
        optimiser = dni.Optimiser.sgd(self.context, 0.25)
        optimiser.add(value, gradient)
        optimiser.step()
        numpy.testing.assert_array_equal(value, [[0.5] * 3])

    def test_log(self):
        lines, folder = [], tempfile.mkdtemp()
        context = dni.Context(log=lambda level, line: lines.append((level, line)))
        x, y = digits(32)
        trainer = dni.Trainer(network(context, x.shape[1]), dni.Loss.softmax_cross_entropy(context))
        trainer.fit(dni.Dataset(context, x, y), steps=2, checkpoint=os.path.join(folder, "file"),
                    checkpoint_every=2, checkpoint_may_fail=1, callback=lambda _: os.path.exists(folder) and
                    os.rmdir(folder))
        self.assertEqual(lines[-1][0], dni.LogLevel.WARNING)
        self.assertIn(folder, lines[-1][1])

    def test_part_without_a_method_is_refused(self):
        with self.assertRaisesRegex(TypeError, "a Squares has no method forward"):
            dni.Layer.callback(self.context, 3, 2, Squares())
        with self.assertRaisesRegex(TypeError, "evaluate"):
            dni.Loss.callback(self.context, object())


if __name__ == "__main__":
    unittest.main()

"""What once went wrong: temporaries, closing while in use, late exceptions, signals, refused options."""

import copy
import gc
import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import unittest

import numpy

import dni
from dni import _callbacks
from support import digits, network


class Through:
    """A layer that does nothing but call a function first."""

    def __init__(self, first=lambda: None):
        self.first = first

    def forward(self, call):
        self.first()
        call.y[:] = call.x

    def backward(self, call):
        if call.dx is not None:
            call.dx[:] = call.dy


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class Faults(unittest.TestCase):
    def setUp(self):
        self.context = dni.Context(seed=1)
        self.x, self.y = digits(64)
        self.loss = dni.Loss.softmax_cross_entropy(self.context)

    def trainer(self, first=lambda: None, **options):
        net = dni.Network(self.context, dni.Layer.callback(self.context, 784, 784, Through(first)))
        for layer in network(self.context).layers:
            net.add(layer)
        return dni.Trainer(net, self.loss, **options), net

    def test_lists_live_as_long_as_they_are_used(self):
        context = dni.Context(seed=1, dtype="f64")
        net = dni.Network(context, dni.Layer.dense(context, 3, 3, "identity"))
        trainer = dni.Trainer(net, dni.Loss.squared_error(context))
        x, y = [[1.0, 2.0, 3.0]] * 4, [[0.0, 0.0, 0.0]] * 4
        expected = dni.Loss.squared_error(context).evaluate(net.predict(numpy.array(x)), numpy.array(y))
        self.assertAlmostEqual(trainer.step(x, y).loss, expected, 12)
        data = dni.Dataset(context, [[float(row)] * 50000 for row in range(4)], [[1.0]] * 4)
        kept = [numpy.full((4, 50000), 7.0) for _ in range(10)]
        out = numpy.zeros((4, 50000))
        data.batch(0, out)
        numpy.testing.assert_array_equal(out[:, 0], [0, 1, 2, 3])
        self.assertEqual(len(kept), 10)

    def test_kinds_beside_methods_of_that_name(self):
        layer = dni.Layer.activation_(self.context, 4, "relu")
        self.assertIs(layer.activation, dni.Activation.RELU)
        self.assertEqual(layer.kind_name, "activation")

    def test_closing_what_is_in_use(self):
        trainer, net = None, None

        def close():
            net.close()
        trainer, net = self.trainer(close)
        self.assertTrue(numpy.isfinite(net.predict(self.x)).all())
        trainer, net = self.trainer()
        with self.assertRaises(Exception):
            class Reading:
                def read(self, size):
                    context.close()
                    return b""
            context = dni.Context()
            dni.Network.load(context, Reading())

    def test_closing_from_another_thread(self):
        def predict(net):
            try:
                while True:
                    net.predict(self.x)
            except ValueError as error:
                messages.append(str(error))
        messages = []
        for _ in range(10):
            net = network(self.context, layers=3)
            thread = threading.Thread(target=predict, args=(net,))
            thread.start()
            time.sleep(0.005)
            net.close()
            thread.join()
        self.assertTrue(all("closed" in message for message in messages))

    def test_views_after_close(self):
        layer = dni.Layer.dense(self.context, 300, 300, "relu")
        weight, before = layer.parameter(0)[0], layer.parameters["weight"]
        order = dni.Order(dni.Dataset(self.context, self.x, self.y))
        indices = order.indices
        trainer, _ = self.trainer()
        report = trainer.step(self.x, self.y)
        layer.close(), order.close(), trainer.close()
        del layer, order, trainer
        gc.collect()
        [numpy.ones(100000) for _ in range(20)]
        numpy.testing.assert_array_equal(weight, before)
        numpy.testing.assert_array_equal(indices, range(64))
        self.assertEqual(len(report.sg_mse), 3)

    def test_exceptions_of_signal_handlers(self):
        def handler(*_):
            raise TimeoutError("time is up")
        old = signal.signal(signal.SIGALRM, handler)
        try:
            for first in None, lambda: None:
                for _ in range(5):
                    trainer, _ = self.trainer(first or (lambda: None))
                    signal.setitimer(signal.ITIMER_REAL, 0.05)
                    with self.assertRaisesRegex(TimeoutError, "time is up"):
                        trainer.fit(dni.Dataset(self.context, self.x, self.y), epochs=10**9)
        finally:
            signal.signal(signal.SIGALRM, old)

    def test_handler_that_a_callback_sets(self):
        trainer, _ = self.trainer()
        mine = lambda *_: None  # noqa: E731
        trainer.fit(dni.Dataset(self.context, self.x, self.y), steps=1,
                    callback=lambda report: signal.signal(signal.SIGUSR1, mine) and None)
        self.assertIs(signal.getsignal(signal.SIGUSR1), mine)
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)

    def test_schedules_that_raise(self):
        def raising(step):
            raise KeyError("typo")
        for function, error in (raising, KeyError), (lambda step: None, TypeError):
            schedule = dni.Schedule.of(function=function)
            with self.assertRaises(error):
                schedule.value_at(3)
            adam = dni.Optimiser.adam(self.context, 0.1)
            adam.set_schedule(schedule)
            with self.assertRaises(error):
                trainer, _ = self.trainer(optimiser=adam)
                trainer.step(self.x, self.y)

    def test_other_callbacks_that_raise(self):
        def unprintable():
            raise Unprintable()
        with self.assertRaises(Unprintable):
            self.trainer(unprintable)[0].step(self.x, self.y)
        part = Through()
        part.state_bytes = lambda rows: 1 / 0
        net = dni.Network(self.context, dni.Layer.callback(self.context, 784, 784, part))
        with self.assertRaises(ZeroDivisionError):
            dni.Trainer(net, dni.Loss.squared_error(self.context))
        part = Through()
        part.changed = lambda: 1 / 0
        part.parameters = lambda: [(weight, gradient)]
        weight, gradient = numpy.ones((1, 2), "float32"), numpy.ones((1, 2), "float32")
        layer = dni.Layer.callback(self.context, 784, 784, part)
        optimiser = dni.Optimiser.sgd(self.context, 0.1)
        optimiser.add_layer(layer)
        with self.assertRaises(ZeroDivisionError):
            optimiser.step()

    def test_refused_options_keep_nothing(self):
        gc.collect()
        before = len(_callbacks._kept)
        for bad in [lambda: dni.Dataset(self.context, self.x, self.y, classes=-1),
                    lambda: dni.Dataset(self.context, self.x, self.y, factor="a"),
                    lambda: dni.Context(log=print, dtype="x"),
                    lambda: dni.Trainer(network(self.context), self.loss, metric=len, threads=-1),
                    lambda: dni.SG.callback(self.context, 2, 2, type("P", (), {"estimate": len, "needs": "x"})()),
                    lambda: dni.Schedule.of(kind="cosine", stpes=3)]:
            with self.assertRaises((ValueError, TypeError)):
                bad()
        gc.collect()
        self.assertEqual(len(_callbacks._kept), before)

    def test_indices(self):
        data = dni.Dataset(self.context, self.x, self.y)
        out = numpy.zeros((2, 784), "float32")
        for bad in [[2.9, 1.0], [False, True], [-1, 2], [[1, 2]]]:
            with self.assertRaises((ValueError, TypeError)):
                data.gather(bad, out)
            with self.assertRaises((ValueError, TypeError)):
                data.subset(bad)
        data.gather(numpy.array([3, 1]), out)
        numpy.testing.assert_array_equal(out, self.x[[3, 1]])

    def test_pickle_of_doubles(self):
        context = dni.Context(dtype="f64")
        for layers in ([dni.Layer.dropout(context, 2, 0.5), dni.Layer.dense(context, 2, 1, "identity")],
                       [dni.Layer.activation_(context, 2, "relu")]):
            net = dni.Network(context, *layers)
            x = numpy.ones((3, 2))
            numpy.testing.assert_array_equal(pickle.loads(pickle.dumps(net)).predict(x), net.predict(x))
        with self.assertRaises(TypeError):
            copy.deepcopy(context)

    def test_writers(self):
        class Keeping:
            def __init__(self):
                self.pieces = []

            def write(self, data):
                self.pieces.append(data)
        class Stuck:
            def write(self, data):
                return 0
        net, keeping, whole = network(self.context), Keeping(), io.BytesIO()
        net.save(keeping)
        net.save(whole)
        self.assertEqual(b"".join(keeping.pieces), whole.getvalue())
        with self.assertRaisesRegex(OSError, "0 of"):
            net.save(Stuck())
        with self.assertRaisesRegex(TypeError, "a path"):
            dni.Network.load(self.context, 5)

    def test_a_file_whose_name_is_no_utf8(self):
        import tempfile
        path = os.path.join(os.fsencode(tempfile.mkdtemp()), b"\xff\xfe")
        network(self.context).save(os.fsdecode(path))
        self.assertTrue(os.path.exists(path))

    def test_critic_without_options_has_a_hidden_layer(self):
        self.assertEqual(dni.SG.critic(self.context, 8, 3).parameter_count, 4)
        self.assertEqual(dni.SG.critic(self.context, 8, 3, hidden_layers=0).parameter_count, 2)


class Programs(unittest.TestCase):
    """Whole programs."""

    def run_program(self, text, **more):
        text = "import sys\nsys.path[:0] = %r\nimport dni\nfrom support import digits, network\n" % sys.path + text
        return subprocess.run([sys.executable, "-B", "-c", text], capture_output=True, text=True, timeout=60, **more)

    FIT = """
context = dni.Context()
x, y = digits(64)
trainer = dni.Trainer(network(context), dni.Loss.softmax_cross_entropy(context))
data = dni.Dataset(context, x, y)
"""

    def test_progress_without_an_error_output(self):
        for close in "sys.stderr = None", "sys.stderr.close()":
            done = self.run_program(close + self.FIT + "trainer.fit(data, epochs=2, batch=20, keep_rest=1, progress=True)")
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_end_while_a_callback_waits(self):
        begun = time.monotonic()
        done = self.run_program("import threading, time" + self.FIT + """
wait = lambda report: time.sleep(1000)
threading.Thread(target=trainer.fit, args=(data,), kwargs={"callback": wait}, daemon=True).start()
time.sleep(0.2)
""")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertLess(time.monotonic() - begun, 30)

    def test_another_library(self):
        done = self.run_program("", env={**os.environ, "DNI_LIBRARY": "libm.so.6"})
        self.assertIn("ImportError", done.stderr)

    def test_enumerations_print_their_names(self):
        self.assertEqual(str(dni.Activation.RELU), "relu")
        self.assertEqual(int(dni.Activation(77)), 77)


if __name__ == "__main__":
    unittest.main()

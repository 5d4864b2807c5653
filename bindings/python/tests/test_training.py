"""Fits: what callbacks raise, interrupts, threads, the end of the interpreter, fork, files."""

import gc
import io
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import numpy

import dni
from dni import _errors
from support import digits, network

# Whoever runs the tests in the background may have made them ignore interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Mine(Exception):
    """An exception of the user's."""


class Raising:
    """A layer that raises at its third call."""

    def __init__(self):
        self.calls = 0

    def forward(self, call):
        self.calls += 1
        if self.calls == 3:
            raise Mine("third call")
        call.y[:] = call.x

    def backward(self, call):
        if call.dx is not None:
            call.dx[:] = call.dy


class Endless(Raising):
    """The same without raising."""

    def forward(self, call):
        call.y[:] = call.x


def trainer_of(context, parts=(), threads=None, **options):
    """A network of three layers with an SG after each but the last, and `parts` in front."""
    net = dni.Network(context, *[dni.Layer.callback(context, 784, 784, part) for part in parts])
    for layer in network(context, layers=3).layers:
        net.add(layer)
    for after in range(len(parts), len(parts) + 2):
        net.set_sg(after, dni.SG.least_squares(context, 32, 10, condition="h"))
    schedule = "pipelined" if threads else None
    return dni.Trainer(net, dni.Loss.softmax_cross_entropy(context), schedule=schedule, threads=threads,
                       max_batch=32, **options), net


class Training(unittest.TestCase):
    def setUp(self):
        self.context = dni.Context(seed=1)
        self.x, self.y = digits(320)
        self.data = dni.Dataset(self.context, self.x, self.y)

    def tearDown(self):
        self.assertEqual(_errors._raised, {})

    def test_same_numbers_as_steps(self):
        results = []
        for way in range(2):
            context = dni.Context(seed=1)
            trainer, net = trainer_of(context)
            data = dni.Dataset(context, self.x, self.y)
            if way:
                trainer.fit(data, epochs=2, batch=32, keep_order=1)
            else:
                for first in list(range(0, 320, 32)) * 2:
                    trainer.step(self.x[first:first + 32], self.y[first:first + 32])
            results.append(net.predict(self.x))
        numpy.testing.assert_array_equal(results[0], results[1])

    def test_exception_comes_out_as_itself(self):
        for threads in None, 2:
            trainer, _ = trainer_of(self.context, [Raising()], threads)
            with self.assertRaises(Mine) as caught:
                trainer.fit(self.data, steps=10)
            self.assertEqual(caught.exception.args, ("third call",))
            if sys.version_info >= (3, 11):
                self.assertIn("layer 0", caught.exception.__notes__[0])
            trainer.step(self.x[:32], self.y[:32])
            trainer.flush()

    def test_exception_of_a_step_callback(self):
        def stop(report):
            seen.append(report.step)
            raise Mine(report.step)
        for threads in None, 2:
            trainer, seen = trainer_of(self.context, threads=threads)[0], []
            with self.assertRaises(Mine):
                trainer.fit(self.data, steps=10, callback=stop, callback_every=4)
            self.assertEqual(seen, [4])

    def test_callback_stops(self):
        trainer, seen = trainer_of(self.context)[0], []
        trainer.fit(self.data, steps=10, callback=lambda report: seen.append(report.loss) or len(seen) == 3)
        self.assertEqual(trainer.step_count, 3)

    def test_settled_callback_may_look(self):
        trainer, net = trainer_of(self.context, threads=2)
        loss, seen = dni.Loss.softmax_cross_entropy(self.context), []

        def look(report):
            self.assertTrue(report.settled)
            seen.append(net.evaluate(loss, self.data).loss)
        trainer.fit(self.data, steps=8, callback=look, callback_every=2)
        self.assertEqual(len(seen), 4)

    def test_interrupt(self):
        for parts, threads in ([], None), ([Endless()], None), ([Endless()], 2):
            for _ in range(5):
                trainer, _ = trainer_of(self.context, parts, threads)
                timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
                timer.start()
                with self.assertRaises(KeyboardInterrupt):
                    trainer.fit(self.data, epochs=10**9)
                timer.join()
                self.assertGreater(trainer.step_count, 0)
        self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)

    def test_interrupt_of_steps(self):
        trainer, _ = trainer_of(self.context, [Endless()])
        for _ in range(5):
            timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
            timer.start()
            with self.assertRaises(KeyboardInterrupt):
                while True:
                    trainer.step(self.x[:32], self.y[:32])
            timer.join()

    def test_interrupt_of_a_slow_callback(self):
        trainer, _ = trainer_of(self.context)
        timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        begun = time.monotonic()
        with self.assertRaises(KeyboardInterrupt):
            trainer.fit(self.data, steps=2, callback=lambda report: time.sleep(60))
        self.assertLess(time.monotonic() - begun, 30)
        timer.join()

    def test_cancel_from_a_thread(self):
        trainer, _ = trainer_of(self.context, threads=2)
        timer = threading.Timer(0.2, trainer.cancel)
        timer.start()
        with self.assertRaises(dni.CancelledError):
            trainer.fit(self.data, epochs=10**9)
        timer.join()

    def test_two_fits_on_two_threads(self):
        alone = trainer_of(dni.Context(seed=1))[0]
        alone.fit(self.data, epochs=2)
        trainers = [trainer_of(dni.Context(seed=1))[0] for _ in range(2)]
        threads = [threading.Thread(target=trainer.fit, args=(self.data,), kwargs={"epochs": 2})
                   for trainer in trainers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for trainer in trainers:
            self.assertEqual(trainer.report().loss, alone.report().loss)

    def test_stream(self):
        trainer, _ = trainer_of(self.context)
        batches = ((self.x[first:first + 32], self.y[first:first + 32]) for first in range(0, 320, 32))
        trainer.fit_stream(batches)
        self.assertEqual(trainer.step_count, 10)

        def failing():
            yield self.x[:32], self.y[:32]
            raise Mine()
        with self.assertRaises(Mine):
            trainer.fit_stream(failing())

    def test_close_while_fitting(self):
        trainer, _ = trainer_of(self.context)

        def close(report):
            with self.assertRaisesRegex(dni.StateError, "running"):
                trainer.close()
            return True
        trainer.fit(self.data, steps=2, callback=close)
        trainer.close()

    def test_files(self):
        folder = tempfile.mkdtemp()
        for file in os.path.join(folder, "training"), io.BytesIO():
            straight, net = trainer_of(dni.Context(seed=1))
            straight.fit(self.data, steps=4)
            straight.save(file)
            straight.fit(self.data, steps=6)
            resumed, other = trainer_of(dni.Context(seed=1))
            if hasattr(file, "seek"):
                file.seek(0)
            resumed.load(file)
            resumed.fit(self.data, steps=6)
            numpy.testing.assert_array_equal(net.predict(self.x), other.predict(self.x))

    def test_failing_file_objects(self):
        class Full:
            def write(self, data):
                raise OSError("disk full")
        with self.assertRaisesRegex(OSError, "disk full"):
            trainer_of(self.context)[1].save(Full())
        with self.assertRaises(dni.FileError):
            trainer_of(self.context)[1].save("/nowhere/at/all")
        with self.assertRaises(dni.DataError):
            dni.Network.load(self.context, io.BytesIO(b"nonsense" * 100))

    def test_raw_file_that_takes_a_part(self):
        class Slow(io.BytesIO):
            def write(self, data):
                return super().write(data[:1000])
        slow, whole = Slow(), io.BytesIO()
        net = trainer_of(self.context)[1]
        net.save(slow)
        net.save(whole)
        self.assertEqual(slow.getvalue(), whole.getvalue())

    def test_pickle(self):
        net = network(self.context)
        copy = pickle.loads(pickle.dumps(net))
        numpy.testing.assert_array_equal(net.predict(self.x), copy.predict(self.x))
        with self.assertRaisesRegex(TypeError, "Trainer cannot be pickled"):
            pickle.dumps(trainer_of(self.context)[0])

    def test_checkpoint(self):
        net, count, file = network(self.context), numpy.array([7], "uint64"), io.BytesIO()
        order = dni.Order(self.data)
        order.shuffle()
        kept = dni.Checkpoint(self.context, net=net, order=order)
        kept.add_count("position", count)
        kept.save(file)
        before, indices = net.predict(self.x), order.indices.copy()
        net.layers[0].parameters["bias"] = numpy.ones((1, 32), "float32")
        order.shuffle()
        count[0] = 0
        file.seek(0)
        kept.load(file)
        numpy.testing.assert_array_equal(net.predict(self.x), before)
        numpy.testing.assert_array_equal(order.indices, indices)
        self.assertEqual(count[0], 7)

    def test_record_and_replay(self):
        trainer, net = trainer_of(dni.Context(seed=1), threads=2)
        lags = trainer.record(10)
        trainer.fit(self.data, steps=10)
        again, other = trainer_of(dni.Context(seed=1), threads=2)
        again.replay(lags)
        again.fit(self.data, steps=10)
        numpy.testing.assert_array_equal(net.predict(self.x), other.predict(self.x))

    def test_release_in_any_order(self):
        import itertools
        x, y = self.x[:32], self.y[:32]
        for order in itertools.permutations(range(4)):
            context = dni.Context(seed=1)
            net, loss = network(context), dni.Loss.softmax_cross_entropy(context)
            trainer = dni.Trainer(net, loss)
            trainer.step(x, y)
            things = [context, net, loss, trainer]
            del context, net, loss, trainer
            for index in order:
                things[index] = None
                gc.collect(0)

    def test_fork(self):
        trainer, net = trainer_of(self.context, threads=2)
        trainer.step(self.x[:32], self.y[:32])
        trainer.flush()
        before = net.predict(self.x)
        child = os.fork()
        if child == 0:
            try:
                same = (net.predict(self.x) == before).all()
                try:
                    trainer.step(self.x[:32], self.y[:32])
                    code = 2
                except dni.StateError:
                    code = 0 if same else 3
                del trainer, net
                gc.collect()
            except BaseException:
                code = 4
            os._exit(code)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        trainer.step(self.x[:32], self.y[:32])


PROGRAM = """
import sys, threading, time
sys.path[:0] = %r
import dni
from test_training import trainer_of, Endless
from support import digits
context = dni.Context()
x, y = digits(320)
data = dni.Dataset(context, x, y)
trainer, _ = trainer_of(context, [Endless()], threads=2)
def fit():
    try: trainer.fit(data, epochs=10**9, callback=lambda report: None, settle_every=100)
    except dni.CancelledError: print("cancelled", flush=True)
thread = threading.Thread(target=fit, daemon=True)
thread.start()
time.sleep(%g)
%s
"""


class End(unittest.TestCase):
    """The interpreter ends while a pipelined fit runs on a daemon thread."""

    def run_program(self, seconds, last):
        program = PROGRAM % (sys.path, seconds, last)
        done = subprocess.run([sys.executable, "-B", "-c", program], capture_output=True, text=True, timeout=100)
        return done.returncode, done.stdout, done.stderr

    def test_end_of_program(self):
        for seconds in 0.05, 0.2, 0.5:
            code, out, error = self.run_program(seconds, "")
            self.assertEqual((code, out, error), (0, "cancelled\n", ""))

    def test_uncaught_exception(self):
        code, out, error = self.run_program(0.2, "raise SystemExit(3)")
        self.assertEqual((code, out, error), (3, "cancelled\n", ""))


if __name__ == "__main__":
    unittest.main()

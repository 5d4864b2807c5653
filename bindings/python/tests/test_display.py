"""What is shown of a training and of objects: the line in a notebook and in a terminal, and __repr__.

IPython need not be there: a notebook is a shell with a kernel, and a function that shows things."""

import contextlib
import io
import sys
import types
import unittest
from unittest import mock

import dni
from dni import _progress
from support import digits, network


class Shown:
    """What IPython.display.display answers when it is asked for a display that can be changed."""

    def __init__(self):
        self.lines = []

    def update(self, data, raw):
        self.lines.append(data["text/plain"])


@contextlib.contextmanager
def notebook(kernel=object()):
    """An IPython with such a kernel. Gives the list of what was shown: one Shown for each line of output."""
    shown = []

    def display(data, raw, display_id):
        assert raw and display_id
        shown.append(Shown())
        shown[-1].update(data, raw)
        return shown[-1]
    modules = {"IPython": types.ModuleType("IPython"), "IPython.display": types.ModuleType("IPython.display")}
    modules["IPython"].get_ipython = lambda: types.SimpleNamespace(kernel=kernel)
    modules["IPython.display"].display = display
    with mock.patch.dict(sys.modules, modules), mock.patch.object(_progress, "EVERY", 0):
        yield shown


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Line(unittest.TestCase):
    def setUp(self):
        self.context = dni.Context()
        x, y = digits(64)
        self.data = dni.Dataset(self.context, x, y)
        self.trainer = dni.Trainer(network(self.context), dni.Loss.softmax_cross_entropy(self.context), max_batch=32)

    def last(self, **how):
        """The last line of a fit in a notebook."""
        with notebook() as shown:
            self.trainer.fit(self.data, progress=True, **how)
        self.assertEqual(len(shown), 1)
        return shown[0].lines[-1]

    def test_in_a_notebook_one_line_is_changed(self):
        with notebook() as shown, mock.patch.object(sys, "stderr", Terminal()) as stderr:
            self.trainer.fit(self.data, epochs=3, batch=16, progress=True)
        self.assertEqual(stderr.getvalue(), "")
        self.assertEqual(len(shown), 1)
        self.assertEqual(len(shown[0].lines), 13)  # one for each step, and the last again at the end
        self.assertRegex(shown[0].lines[5], r"^\[#{12} {12}\] 6/12  .* s  loss [0-9.e-]+  accuracy [0-9.]+ %$")
        self.assertRegex(shown[0].lines[-1], r"^\[#{24}\] 12/12  ")

    def test_counts_what_the_fit_makes(self):
        self.assertIn(" 2/2 ", self.last())  # 1 epoch of max_batch
        self.assertIn(" 10/10 ", self.last(epochs=5))
        self.assertIn(" 3/3 ", self.last(epochs=5, steps=3))
        self.assertIn(" 4/4 ", self.last(epochs=2, steps=100))
        self.assertIn(" 3/3 ", self.last(steps=3))
        self.assertIn(" 3/3 ", self.last(batch=24, keep_rest=1))
        self.assertIn(" 2/2 ", self.last(batch=24))

    def test_the_rest_of_a_loaded_fit_has_no_bar(self):
        file = io.BytesIO()
        self.trainer.fit(self.data, epochs=4, callback=lambda report: report.step == 3 and not self.trainer.save(file))
        file.seek(0)
        self.trainer.load(file)
        self.assertTrue(self.last(epochs=4).startswith("step 5  "))
        self.assertIn(" 8/8 ", self.last(epochs=4))

    def test_a_failure_leaves_the_line_of_the_last_step(self):
        def fail(report):
            if report.step == 5:
                raise KeyError("mine")
        with notebook() as shown, self.assertRaisesRegex(KeyError, "mine"):
            self.trainer.fit(self.data, epochs=5, callback=fail, progress=True)
        self.assertIn(" 5/10 ", shown[0].lines[-1])

    def test_in_a_terminal(self):
        with notebook(kernel=None) as shown, mock.patch.object(sys, "stderr", Terminal()) as stderr:
            self.trainer.fit(self.data, epochs=2, progress=True)
        self.assertEqual(shown, [])
        self.assertTrue(stderr.getvalue().startswith("\r\033[K["))
        self.assertTrue(stderr.getvalue().endswith("\n"))
        self.assertIn(" 4/4 ", stderr.getvalue())


class Objects(unittest.TestCase):
    def test_say_what_they_are(self):
        context = dni.Context()
        made = dni.Network(context, dni.Layer.dense(context, 4, 8, "relu"), dni.Layer.batch_norm(context, 8),
                           dni.Layer.dense(context, 8, 3, "identity"))
        made.set_sg(1, dni.SG.synthetic(context, 8, 3))
        loss = dni.Loss.softmax_cross_entropy(context)
        trainer = dni.Trainer(made, loss)
        for thing, text in [
                (context, "<dni.Context>"),
                (made, "<dni.Network: 4 - dense 8 - batch_norm 8 - [synthetic SG] - dense 3>"),
                (made.layer(0), "<dni.Layer: dense, 4 inputs, 8 outputs, relu>"),
                (made.layer(1), "<dni.Layer: batch_norm, 8 inputs, 8 outputs>"),
                (made.sg(1), "<dni.SG: synthetic, 8 units, 3 targets>"),
                (loss, "<dni.Loss: softmax_cross_entropy>"),
                (dni.Optimiser.adam(context, 0.1), "<dni.Optimiser: adam>"),
                (trainer, "<dni.Trainer: 0 steps, 2 modules, 1 threads>")]:
            self.assertEqual(repr(thing), text)
        x, y = digits(6)
        self.assertEqual(repr(dni.Dataset(context, x, y)), "<dni.Dataset: 6 examples, 784 features, 10 classes>")
        loss.close()
        self.assertEqual(repr(loss), "<dni.Loss: closed>")


if __name__ == "__main__":
    unittest.main()

"""A line that tells how a training goes, in a terminal or in a notebook."""

import importlib
import sys
import time

WIDTH = 24
EVERY = 0.2  # seconds


class Progress:
    """Shows steps, loss and accuracy at most five times a second."""

    def __init__(self, steps):
        self.steps, self.begun, self.shown, self.display = steps, time.monotonic(), 0.0, None
        self.is_line = is_terminal(sys.stderr)
        self.notebook = in_notebook()

    def update(self, made, report):
        now = time.monotonic()
        if now - self.shown >= EVERY:
            self.shown = now
            self.show(made, report)

    def show(self, made, report):
        self.write(text(made, self.steps, time.monotonic() - self.begun, report))

    def write(self, line):
        if self.notebook:
            if self.display is None:
                self.display = self.notebook({"text/plain": line}, raw=True, display_id=True)
            else:
                self.display.update({"text/plain": line}, raw=True)
        elif self.is_line:
            sys.stderr.write("\r\033[K" + line)
            sys.stderr.flush()

    def end(self, made, report):
        if made:
            self.show(made, report)
        if self.is_line and not self.notebook and made:
            sys.stderr.write("\n")


def is_terminal(stream):
    """Whether a line can be shown there. A program may have closed its standard error, or have none."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def in_notebook():
    """What shows things in a Jupyter notebook, or None. IPython in a terminal has no kernel, so it gets the line
    of terminals. Nothing is imported in a program that has not imported IPython."""
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    if getattr(shell, "kernel", None) is None:
        return None
    return importlib.import_module("IPython.display").display


def text(made, steps, seconds, report):
    """'[####    ]  120/400  2.1 s  loss 0.31  accuracy 91.2 %'"""
    share = made / steps if steps else None
    bar = "" if share is None else "[%s] " % ("#" * min(WIDTH, round(share * WIDTH))).ljust(WIDTH)
    count = "%d/%d" % (made, steps) if steps else "step %d" % made
    accuracy = "" if report.accuracy != report.accuracy else "  accuracy %.1f %%" % (100 * report.accuracy)
    checked = ""
    if report.validation_loss == report.validation_loss:
        checked = "  validation loss %.4g" % report.validation_loss
        if report.validation_accuracy == report.validation_accuracy:
            checked += ", %.2f %%" % (100 * report.validation_accuracy)
    return "%s%s  %.1f s  loss %.4g%s%s" % (bar, count, seconds, report.loss, accuracy, checked)

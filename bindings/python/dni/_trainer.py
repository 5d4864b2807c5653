"""Training: steps, fits with progress and callbacks, and what has to hold when Python ends meanwhile."""

import atexit
import contextlib
import ctypes
import os
import threading
import time
from ctypes import addressof, byref, c_void_p, sizeof

import numpy

from . import _callbacks as own
from . import _interface as c
from ._core import lib, view, writable
from ._errors import StateError
from ._progress import Progress

NEVER = 2**63
MAX_BATCH = 256  # that of dni_trainer_options
PATIENCE = 5  # seconds that the end of Python waits for fits; a callback of Python's may wait for something itself

# Trainers whose fit is running, on whatever thread.
_running = set()
os.register_at_fork(after_in_child=_running.clear)


@atexit.register
def end():
    """Let fits on daemon threads stop between two steps, before Python takes their interpreter away."""
    for trainer in list(_running):
        trainer.cancel()
    until = time.monotonic() + PATIENCE
    while _running and time.monotonic() < until:
        time.sleep(0.01)


class Trainer(c.TrainerMethods):
    """Trains a network, module by module: Trainer(network, loss, optimiser=..., schedule="pipelined").

    Options are those of dni_trainer_options, and metric(h, y, weights), which answers a number."""

    def __init__(self, network, loss, *, optimiser=None, sg_optimiser=None, max_batch=None, schedule=None,
                 measure_gradient_norm=None, update_probability=None, threads=None, in_flight=None,
                 micro_batches=None, trained_modules=None, layer_thread=None, balance=None, seed=None,
                 metric=None, activations=None):
        out = c_void_p()

        def create(measure):
            options = c.TrainerOptions.of(
                optimiser=optimiser, sg_optimiser=sg_optimiser, max_batch=max_batch, schedule=schedule,
                measure_gradient_norm=measure_gradient_norm, update_probability=update_probability,
                threads=threads, in_flight=in_flight, micro_batches=micro_batches,
                trained_modules=trained_modules, layer_thread=layer_thread, balance=balance, seed=seed,
                activations=activations, metric=addressof(measure) if measure else None)
            lib.dni_trainer_create(network, loss, byref(options), byref(out))
        if metric:
            own.keeping(metric, lambda user: create(own.metric(user)))
        else:
            create(None)
        self._made, self._lags = [0], None
        self._max_batch, self._loaded = max_batch or MAX_BATCH, False
        self._take(out)

    def step(self, x, y, weights=None):
        """One step on a batch. The report's arrays are there until the next step. See dni_trainer_step()."""
        views = view(x), view(y), None if weights is None else view(weights)
        batch = c.Batch(sizeof(c.Batch), addressof(views[0]), addressof(views[1]),
                        addressof(views[2]) if views[2] else None)
        report = c.StepReport(sizeof(c.StepReport))
        self._made[0] += 1
        lib.dni_trainer_step(self, byref(batch), byref(report))
        return self._stamped(report)

    def report(self):
        """What the latest complete step did."""
        report = c.StepReport(sizeof(c.StepReport))
        lib.dni_trainer_report(self, byref(report))
        return self._stamped(report)

    def _stamped(self, report):
        report.origin, report.stamp, report.owner = self._made, self._made[0], self._pointer
        return report

    def fit(self, dataset, *, epochs=None, steps=None, batch=None, callback=None, callback_every=None,
            settle_every=None, keep_order=None, keep_rest=None, seed=None, validation=None,
            validate_every=None, patience=None, best=None, checkpoint=None, checkpoint_every=None,
            checkpoint_may_fail=None, anew=None, progress=False):
        """Train until epochs or steps are reached. See dni_trainer_fit() for the options.

        callback(report) is called after every `callback_every` steps; a true answer stops the fit, and what
        it raises comes out of fit. `progress` shows a line. An interrupt from the keyboard stops after the
        step."""
        line = Progress(self._steps(len(dataset), epochs, steps, batch, keep_rest, anew)) if progress else None
        watch = Watch(self, callback, callback_every, settle_every, line)
        options = c.FitOptions.of(
            epochs=epochs, steps=steps, batch=batch, keep_order=keep_order, keep_rest=keep_rest, seed=seed,
            validation=validation, validate_every=validate_every, patience=patience, best=best,
            checkpoint=checkpoint, checkpoint_every=checkpoint_every,
            checkpoint_may_fail=checkpoint_may_fail, anew=anew, **watch.options())
        self._fit(lambda: lib.dni_trainer_fit(self, dataset, byref(options)), options, watch)

    def _steps(self, examples, epochs, steps, batch, keep_rest, anew):
        """How many steps a fit makes if nothing stops it. None if that is not known: the rest of a fit that was
        loaded begins somewhere in an epoch."""
        if self._loaded and not anew:
            return None
        size = batch or self._max_batch
        each = max(1, (examples + size - 1) // size if keep_rest else examples // size)
        limits = [limit for limit in (steps, each * epochs if epochs else None) if limit]
        return min(limits, default=each)

    def fit_stream(self, batches, *, steps=None, callback=None, callback_every=None, settle_every=None,
                   validation=None, validate_every=None, patience=None, best=None, checkpoint=None,
                   checkpoint_every=None, checkpoint_may_fail=None, anew=None, progress=False):
        """Train on what an iterable gives: (x, y) or (x, y, weights), until it ends or `steps` are made.

        The arrays of a batch must stay as they are until the next is asked for. If the iterable has
        position() and seek(number), a saved training goes on from there. See dni_trainer_fit_stream()."""
        watch = Watch(self, callback, callback_every, settle_every, Progress(steps) if progress else None)
        options = c.FitOptions.of(
            steps=steps, validation=validation, validate_every=validate_every, patience=patience, best=best,
            checkpoint=checkpoint, checkpoint_every=checkpoint_every,
            checkpoint_may_fail=checkpoint_may_fail, anew=anew, **watch.options())
        stream = own.Stream(batches)
        with own.Borrowed(stream) as user:
            struct = stream.struct(user)
            self._fit(lambda: lib.dni_trainer_fit_stream(self, byref(struct), byref(options)), options, watch)

    def _fit(self, call, options, watch):
        with own.Borrowed(watch) as user, self._in_use():
            if options.callback:
                options.callback_user = user
            self._made[0] += 1
            try:
                call()
                self._loaded = False
            finally:
                watch.end()

    @contextlib.contextmanager
    def _in_use(self):
        is_first = self not in _running
        _running.add(self)
        try:
            yield
        finally:
            if is_first:
                _running.discard(self)

    def save(self, file):
        """Write the training into a path or an object with write(). See dni_trainer_save()."""
        own.save(self, file, lib.dni_trainer_save, lib.dni_trainer_write)

    def load(self, file, *, finite=None):
        """Load a training that save() has written. See dni_trainer_load()."""
        options = c.LoadOptions.of(finite=finite)
        own.load(self, file, lib.dni_trainer_load, lib.dni_trainer_read, byref(options))
        self._loaded = True

    def record(self, steps):
        """Record how late targets are learned in the next steps: an array [threads - 1][steps], complete
        when they are made. Experimental; see dni_trainer_record()."""
        lags = numpy.zeros((self.thread_count - 1, steps), "uint8")
        lib.dni_trainer_record(self, lags.ctypes.data, lags.size, steps)
        self._lags = lags
        return lags

    def replay(self, lags):
        """Learn each target exactly as late as a record says. Experimental; see dni_trainer_replay()."""
        lags = numpy.ascontiguousarray(lags, "uint8")
        lib.dni_trainer_replay(self, lags.ctypes.data, lags.size, lags.shape[1])
        self._lags = lags

    def _about(self):
        return "%d steps, %d modules, %d threads" % (self.step_count, self.module_count, self.thread_count)

    def close(self):
        if self in _running:
            raise StateError("a fit of this trainer is running: cancel() it first", 2)
        super().close()


class Watch:
    """What happens after each step of a fit: the caller's function, progress, interrupts."""

    def __init__(self, trainer, function, every, settle_every, progress):
        self.trainer, self.function, self.progress = trainer, function, progress
        self.every, self.settle_every, self.made, self.latest = every or 1, settle_every, 0, None
        # Python looks for an interrupt on its main thread, when it runs something there.
        self.each_step = progress is not None or threading.current_thread() is threading.main_thread()
        self.stride = 1 if self.each_step else self.every

    def options(self):
        if not self.function and not self.each_step:
            return {}
        settle_every = (self.settle_every or self.every) if self.function else NEVER
        return {"callback": own.address(own.step_done), "callback_every": self.stride,
                "settle_every": settle_every}

    def __call__(self, report):
        self.made += self.stride
        if self.progress:
            self.progress.update(self.made, report)
        if not self.function or self.made % self.every:
            return False
        copy = c.StepReport()
        ctypes.memmove(addressof(copy), addressof(report), min(report.struct_size, sizeof(copy)))
        copy = self.trainer._stamped(copy)
        try:
            return self.function(copy)
        finally:
            self.trainer._made[0] += 1

    def end(self):
        if self.progress:
            self.progress.end(self.made, self.trainer.report())

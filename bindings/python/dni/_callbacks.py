"""Functions and objects of Python that the library calls.

Each callback of C has one trampoline here, made once. It finds the Python object by the number that the
library hands it as `user`, calls a method of it, and turns what that raises into a status. Arrays in a call
view the library's memory and are valid during the call only."""

import ctypes
import itertools
from ctypes import (CFUNCTYPE, POINTER, c_char, c_char_p, c_double, c_int32, c_size_t, c_uint64, c_void_p)

import numpy

from . import _errors
from . import _interface as c
from ._core import Matrix, Size, Text, array_of, lib, view
from ._interrupts import entered, keep_late

# What the library holds of ours, by number, until it calls destroy.
_kept = lib.kept
_numbers = itertools.count(1)


def keep(thing):
    number = next(_numbers)
    _kept[number] = thing
    return number


def forget(number):
    _kept.pop(number, None)


def keeping(thing, make):
    """What `make` makes with the number of a thing. If it fails, nothing is kept."""
    number = keep(thing)
    try:
        return make(number)
    except BaseException:
        forget(number)
        raise


def failed(error):
    """What a callback answers after an exception: the number under which that goes on."""
    number = _errors.keep(error)
    try:
        text = "%s: %s" % (type(error).__name__, error)
    except Exception:  # a __str__ that fails
        text = type(error).__name__
    return lib.dni_fail(number, text.encode("utf-8", "replace").replace(b"\0", b" "))


def callback(*kinds):
    """A trampoline that answers a status; its first argument becomes the object."""
    def make(function):
        def call(number, *arguments):
            try:
                return entered(function, _kept[number], *arguments) or 0
            except BaseException as error:  # every one of them goes on in the call that ran the callback
                return failed(error)
        return CFUNCTYPE(c_int32, c_void_p, *kinds)(call)
    return make


def plain(answer, default, *kinds):
    """A trampoline of another kind. What it raises is raised later, and it answers a default."""
    def make(function):
        def call(number, *arguments):
            try:
                return function(_kept[number], *arguments)
            except BaseException as error:  # every one of them goes on
                keep_late(error)
                return default
        return CFUNCTYPE(answer, c_void_p, *kinds)(call)
    return make


destroy = CFUNCTYPE(None, c_void_p)(forget)


def address(trampoline):
    return ctypes.cast(trampoline, c_void_p).value


# What the library hands to callbacks. -------------------------------------------------------------


class Call:
    """A struct of the library's during a callback: matrices are arrays, or None; the rest is numbers."""

    def __init__(self, struct):
        self._struct = struct
        for name, may_write in struct._matrices_.items():
            pointer = getattr(struct, name)
            setattr(self, name, array_of(Matrix.from_address(pointer), may_write) if pointer else None)

    def __getattr__(self, name):
        return getattr(object.__getattribute__(self, "_struct"), name)


class LayerCall(Call):
    """`state` is an array of bytes, as many as the layer's state_bytes() said, or None."""

    def __init__(self, part, struct):
        super().__init__(struct)
        size = part.state_bytes(len(self.x)) if struct.state and hasattr(part, "state_bytes") else 0
        self.state = numpy.frombuffer((c_char * size).from_address(struct.state), "uint8") if size else None


class SGCall(Call):
    """A lesson of an SG that learns alone or from losses sets own_loss."""

    @property
    def own_loss(self):
        return c_double.from_address(self._struct.own_loss).value if self._struct.own_loss else None

    @own_loss.setter
    def own_loss(self, value):
        if self._struct.own_loss:
            c_double.from_address(self._struct.own_loss).value = value


class ProductCall:
    """A product: C = alpha op(A) op(B) + beta C. a, b and c are arrays as they are stored; of bf16, a and b
    are uint16, the upper halves of floats."""

    def __init__(self, struct):
        self.alpha, self.beta = struct.alpha, struct.beta
        self.transpose_a, self.transpose_b = struct.transpose_a, struct.transpose_b
        kind = {1: "float32", 2: "float64", 3: "uint16"}[struct.dtype]
        m, n, k = struct.m, struct.n, struct.k
        self.a = strided(struct.a, (k, m) if struct.transpose_a else (m, k), struct.lda, kind)
        self.b = strided(struct.b, (n, k) if struct.transpose_b else (k, n), struct.ldb, kind)
        self.c = strided(struct.c, (m, n), struct.ldc, "float64" if struct.dtype == 2 else "float32")


def strided(pointer, shape, stride, kind):
    size = numpy.dtype(kind).itemsize
    memory = (c_char * (((shape[0] - 1) * stride + shape[1]) * size)).from_address(pointer)
    return numpy.ndarray(shape, kind, memory, 0, (stride * size, size))


# Layers, losses, SGs, backends. -------------------------------------------------------------------


@callback(POINTER(c.LayerCall))
def layer_forward(part, call):
    part.forward(LayerCall(part, call[0]))


@callback(POINTER(c.LayerCall))
def layer_backward(part, call):
    part.backward(LayerCall(part, call[0]))


@callback(c_size_t, POINTER(Matrix), POINTER(Matrix))
def parameter(part, index, value, gradient):
    values = list(part.parameters())[index]
    array, its_gradient = values if isinstance(values, tuple) else (values, None)
    value[0] = view(array)
    if its_gradient is not None:
        gradient[0] = view(its_gradient)


@plain(c_size_t, 0, c_size_t)
def layer_state_bytes(part, rows):
    return Size.number(part.state_bytes(rows))


@plain(None, None)
def changed(part):
    part.changed()


@callback(POINTER(c_void_p))
def layer_copy(part, copy):
    copy[0] = keep(part.copy())


@callback(POINTER(c.LossCall))
def loss_evaluate(part, call):
    part.evaluate(Call(call[0]))


@callback(POINTER(c.LossCall))
def loss_correct(part, call):
    part.correct(Call(call[0]))


@callback(POINTER(c.SGCall))
def sg_estimate(part, call):
    part.estimate(SGCall(call[0]))


@callback(POINTER(c.SGCall))
def sg_learn(part, call):
    part.learn(SGCall(call[0]))


@callback(POINTER(c.Product))
def backend_product(part, call):
    part.product(ProductCall(call[0]))


@callback(c_size_t)
def backend_set_threads(part, threads):
    part.set_threads(threads)


@callback(c_void_p, c_size_t, POINTER(Matrix), POINTER(Matrix))
def dataset_fetch(source, indices, count, x, y):
    memory = (c_char * (count * ctypes.sizeof(c_size_t))).from_address(indices)
    chosen = numpy.frombuffer(memory, numpy.uintp)
    source.fetch(chosen, array_of(x[0], True) if x else None, array_of(y[0], True) if y else None)


def table(struct, part, required, optional, **numbers):
    """A struct of callbacks that call methods of `part`: field -> trampoline."""
    functions = {name: trampoline for name, trampoline in optional.items() if hasattr(part, name)}
    for name, trampoline in required.items():
        if not callable(getattr(part, name, None)):
            raise TypeError("a %s has no method %s()" % (type(part).__name__, name))
        functions[name] = trampoline
    if hasattr(part, "parameters"):
        functions["parameter"], numbers["parameter_count"] = parameter, len(list(part.parameters()))
    return keeping(part, lambda user: struct.of(
        user=user, destroy=address(destroy), **numbers,
        **{name: address(trampoline) for name, trampoline in functions.items()}))


def create(function, *arguments, callbacks):
    """Call a function that is given a table last. If it fails, the library has kept nothing."""
    out = c_void_p()
    try:
        function(*arguments, ctypes.byref(callbacks), ctypes.byref(out))
    except BaseException:
        forget(callbacks.user)
        raise
    return out


# Metrics, schedules, logs, steps. -----------------------------------------------------------------


@callback(POINTER(c.Batch), POINTER(c_double))
def metric_evaluate(function, batch, value):
    call = Call(batch[0])
    value[0] = function(call.x, call.y, call.weights)


@plain(c_double, 0.0, c_uint64)
def schedule_function(function, step):
    return float(function(step))


@plain(None, None, c_int32, c_char_p)
def log_line(function, level, message):
    function(c.LogLevel(level), message.decode("utf-8", "replace"))


@callback(POINTER(c.StepReport))
def step_done(function, report):
    return 1 if function(report[0]) else 0


def metric(user):
    return c.Metric.of(user=user, evaluate=address(metric_evaluate), destroy=address(destroy))


# Files without a disk. ----------------------------------------------------------------------------


@callback(c_void_p, c_size_t)
def write(file, pointer, size):
    rest = ctypes.string_at(pointer, size)
    while rest:
        written = file.write(rest)
        if not isinstance(written, int):
            if written is None and not hasattr(file, "raw") and not hasattr(file, "fileno"):
                return  # an object of the caller's that answers nothing
            raise BlockingIOError("the file took nothing of %d bytes" % len(rest))
        if not 0 < written <= len(rest):
            raise OSError("write() answered %d of %d bytes" % (written, len(rest)))
        rest = rest[written:]


@callback(c_void_p, c_size_t, POINTER(c_size_t))
def read(file, pointer, size, got):
    data = file.read(size)
    if len(data) > size:
        raise ValueError("read(%d) gave %d bytes" % (size, len(data)))
    ctypes.memmove(pointer, bytes(data), len(data))
    got[0] = len(data)


class Borrowed:
    """An object that the library uses during one call: `with Borrowed(thing) as user`."""

    def __init__(self, thing):
        self.number = keep(thing)

    def __enter__(self):
        return self.number

    def __exit__(self, *_):
        forget(self.number)


def save(handle, file, to_path, to_writer):
    """Into a path, or an object with write()."""
    if not hasattr(file, "write"):
        return to_path(handle, file)
    with Borrowed(file) as user:
        return to_writer(handle, ctypes.byref(c.Writer.of(user=user, write=address(write))))


def load(handle, file, from_path, from_reader, *more):
    """From a path, or an object with read()."""
    if not hasattr(file, "read"):
        Text.from_param(file)
        return from_path(handle, file, *more)
    with Borrowed(file) as user:
        return from_reader(handle, ctypes.byref(c.Reader.of(user=user, read=address(read))), *more)


# Streams. -----------------------------------------------------------------------------------------


class Stream:
    """Batches of an iterator, of (x, y) or (x, y, weights)."""

    def __init__(self, batches):
        self.batches, self.iterator, self.latest = batches, None, None

    def struct(self, user):
        functions = {"next": stream_next}
        for name, trampoline in ("position", stream_position), ("seek", stream_seek):
            if hasattr(self.batches, name):
                functions[name] = trampoline
        return c.Stream.of(user=user, **{name: address(function) for name, function in functions.items()})


@callback(POINTER(c.Batch))
def stream_next(stream, batch):
    if stream.iterator is None:
        stream.iterator = iter(stream.batches)
    arrays = next(stream.iterator, None)
    if arrays is None:
        stream.latest = None
        return
    stream.latest = [view(array) for array in arrays if array is not None]
    batch[0].x = batch[0].y = batch[0].weights = None
    for name, matrix in zip(("x", "y", "weights"), stream.latest):
        setattr(batch[0], name, ctypes.addressof(matrix))


@callback(POINTER(c_uint64))
def stream_position(stream, position):
    position[0] = stream.batches.position()


@callback(c_uint64)
def stream_seek(stream, position):
    stream.batches.seek(position)

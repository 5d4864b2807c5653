"""The parts of the package that need more than what bindings/generate makes of the headers: results that
are allocated here, settings and parameters by name, parts and functions of the caller's own."""

import ctypes
import io
from collections.abc import Mapping, MutableMapping
from ctypes import byref, c_double, c_size_t, c_void_p

import numpy

from . import _callbacks as own
from . import _interface as c
from ._core import TYPES, Handle, Matrix, array_of, lib, one_dimension, view, writable

INTEGER = numpy.dtype("int32")


def empty(rows, columns, like):
    """A result for inputs such as `like`."""
    return numpy.empty((rows, columns), numpy.asarray(like).dtype)


# Settings and parameters by name. -----------------------------------------------------------------


class Settings(MutableMapping):
    """The settings of a layer, an optimiser or an SG by name: layer.settings["rate_scale"] = 0."""

    def __init__(self, handle):
        self._handle = handle

    def __getitem__(self, name):
        if name not in self:
            raise KeyError(name)
        return self._handle.get_f64(name)

    def __setitem__(self, name, value):
        self._handle.set_f64(name, value)

    def __delitem__(self, name):
        raise TypeError("a setting cannot be removed")

    def __contains__(self, name):
        try:
            return bool(self._handle.has(name))
        except ValueError:
            return False

    def __iter__(self):
        return (setting.name.lower() for setting in c.Setting if self._handle.has(setting))

    def __len__(self):
        return sum(1 for _ in self)

    def __repr__(self):
        return repr(dict(self))


class Parameters(Mapping):
    """The parameters of a layer or an SG by name. What is read is a copy; what is assigned is copied."""

    def __init__(self, handle):
        self._handle = handle

    def _index(self, name):
        try:
            return list(self).index(name)
        except ValueError:
            raise KeyError(name) from None

    def __getitem__(self, name):
        return self._handle.parameter(self._index(name))[0].copy()

    def __setitem__(self, name, value):
        self._handle.set_parameter(self._index(name), value)

    def __iter__(self):
        return (self._handle.parameter_name(index) for index in range(self._handle.parameter_count))

    def __len__(self):
        return self._handle.parameter_count


def parameter_views(handle, index, function):
    value, gradient = Matrix(), Matrix()
    function(handle, index, byref(value), byref(gradient))
    owner = handle._pointer
    return array_of(value, True, owner), array_of(gradient, True, owner) if gradient.data else None


# Contexts, backends, layers. ----------------------------------------------------------------------


class Context(c.ContextMethods):
    """What objects have in common: element type, random seed, backend, log. `dtype` is "f32" or "f64",
    `compute` "bf16" for products of bf16, `log` a function of level and line."""

    def __init__(self, *, seed=None, dtype=None, compute=None, instructions=None, backend=None, log=None):
        out = c_void_p()

        def create(user, **functions):
            options = c.ContextOptions.of(seed=seed, dtype=dtype, compute=compute, instructions=instructions,
                                          backend=backend, log_user=user, **functions)
            lib.dni_context_create(byref(options), byref(out))
        if log:
            own.keeping(log, lambda user: create(user, log=own.address(own.log_line),
                                                 log_destroy=own.address(own.destroy)))
        else:
            create(None)
        self._take(out)

    def zeros(self, rows, columns):
        """An array of the context's element type."""
        return numpy.zeros((rows, columns), TYPES[self.dtype])


class Backend(c.BackendMethods):
    """The matrix product."""

    @classmethod
    def callback(cls, part, *, threads=None):
        """One of your own: `part` has product(call), and may have set_threads(n), f32, f64 and bf16 (1: it
        can do that type; f32 and f64 are 1 unless it says otherwise). See dni_backend_create_callback()."""
        callbacks = own.table(c.BackendCallbacks, part, {"product": own.backend_product},
                              {"set_threads": own.backend_set_threads}, f32=getattr(part, "f32", 1),
                              f64=getattr(part, "f64", 1), bf16=getattr(part, "bf16", 0))
        options = c.BackendOptions.of(threads=threads)
        out = own.create(lib.dni_backend_create_callback, byref(options), callbacks=callbacks)
        return cls._adopt("backend", out)


class Layer(c.LayerMethods):
    """One step y = f(x) with its parameters."""

    settings = property(Settings)
    parameters = property(Parameters)

    def _about(self):
        activation = ", %s" % self.activation if self.activation >= 0 else ""
        return "%s, %d inputs, %d outputs%s" % (self.kind_name, self.inputs, self.outputs, activation)

    @classmethod
    def callback(cls, context, inputs, outputs, part):
        """One of your own.

        `part` has forward(call), which writes call.y from call.x, and backward(call), which writes call.dx,
        unless it is None, and gradients of parameters: call.scale times the sum over the rows, added up
        where call.flags has ADD. It may have parameters(), a list of (value, gradient) arrays that do not
        move; state_bytes(rows), for call.state; changed(); and copy(), which gives another part."""
        callbacks = own.table(
            c.LayerCallbacks, part, {"forward": own.layer_forward, "backward": own.layer_backward},
            {"state_bytes": own.layer_state_bytes, "changed": own.changed, "copy": own.layer_copy})
        out = own.create(lib.dni_layer_create_callback, context, inputs, outputs, callbacks=callbacks)
        return cls._adopt("layer", out)

    def forward(self, x, y=None, *, mode="training", state=None):
        """y [rows][outputs] of x [rows][inputs]; y is made if it is not given. See dni_layer_forward()."""
        y = empty(len(x), self.outputs, x) if y is None else y
        lib.dni_layer_forward(self, mode, state, x, y)
        return y

    def backward(self, x, y, dy, dx=None, *, flags=0, state=None):
        """Gradients of the parameters, and dx unless it is None. OVERWRITES dy. See
        dni_layer_backward()."""
        lib.dni_layer_backward(self, flags, state, x, y, dy, dx)
        return dx

    def parameter(self, index):
        """Views of a parameter and its gradient, which is None for one that is not trained. After writing
        into the first, call changed()."""
        return parameter_views(self, index, lib.dni_layer_parameter)


class State(c.StateMethods):
    """What one batch leaves in one layer between forward and backward."""


class Loss(c.LossMethods):
    """The loss of each example and its gradient."""

    def _about(self):
        return self.kind_name

    @classmethod
    def callback(cls, context, part):
        """One of your own: `part` has evaluate(call), which writes call.per_example and, unless it is None,
        call.delta, from call.h and call.y; it may have correct(call), which writes 1 or 0 into
        call.per_example. Several threads may call them at once."""
        callbacks = own.table(c.LossCallbacks, part, {"evaluate": own.loss_evaluate},
                              {"correct": own.loss_correct})
        return cls._adopt("loss", own.create(lib.dni_loss_create_callback, context, callbacks=callbacks))

    def evaluate(self, h, y, weights=None, *, delta=None, per_example=None):
        """The mean loss of a batch. delta and per_example are written if they are given. See
        dni_loss_evaluate()."""
        mean = c_double()
        batch = c.Batch.of(x=h, y=y, weights=weights)
        lib.dni_loss_evaluate(self, byref(batch), delta, per_example, byref(mean))
        return mean.value

    def count_correct(self, h, y, weights=None):
        """How many examples are classified right, each counted with its weight."""
        correct = c_double()
        batch = c.Batch.of(x=h, y=y, weights=weights)
        lib.dni_loss_count_correct(self, byref(batch), byref(correct))
        return correct.value


# Rates, optimisers, SGs. --------------------------------------------------------------------------


class Schedule(c.Schedule):
    """A number that changes with the count of steps: Schedule.of(kind="cosine", steps=1000, warm_up=50), or
    Schedule.of(function=f), f(step) being the number."""

    @classmethod
    def of(cls, *, function=None, **values):
        if function is not None:
            values.setdefault("kind", "function")
            values["function"] = own.address(own.schedule_function)
        schedule = super().of(**values)
        schedule._call = function
        return schedule

    def value_at(self, step):
        """What the schedule is at a step."""
        value = c_double()
        with own.Borrowed(self._call) as user:
            self.user = user
            lib.dni_schedule_value(byref(self), step, byref(value))
        return value.value


def set_schedule(handle, schedule, function):
    """Give an optimiser or an SG a schedule, with a reference of its own to the schedule's function."""
    if schedule is None:
        return function(handle, None)
    if schedule._call is None:
        return function(handle, byref(schedule))

    def give(user):
        schedule.user, schedule.destroy = user, own.address(own.destroy)
        function(handle, byref(schedule))
    try:
        return own.keeping(schedule._call, give)
    finally:
        schedule.user = schedule.destroy = None


class Optimiser(c.OptimiserMethods):
    """Turns gradients into updates of parameters."""

    settings = property(Settings)

    def _about(self):
        return self.kind_name

    def set_schedule(self, schedule):
        """Multiply the learning rate with a Schedule; None removes it."""
        set_schedule(self, schedule, lib.dni_optimiser_set_schedule)

    def add(self, value, gradient):
        """Move an array of your own by its gradient, an array too. Both are kept. After writing into
        value, call changed()."""
        writable(value)
        views = view(value), view(gradient)
        own.keeping(views, lambda user: lib.dni_optimiser_add(self, byref(views[0]), byref(views[1]),
                                                              own.address(own.destroy), user))


class SG(c.SGMethods):
    """Answers "what is dL/dh here?" at one interface."""

    settings = property(Settings)
    parameters = property(Parameters)

    def _about(self):
        return "%s, %d units, %d targets" % (self.kind_name, self.units, self.targets)

    @classmethod
    def callback(cls, context, units, targets, part, *, signal_units=0):
        """One of your own.

        `part` has estimate(call), which writes call.delta from call.h, call.y and call.signal. It may have
        learn(call), which computes gradients of parameters(), a list of (value, gradient) arrays; changed();
        needs ("nothing", ...) and learns ("target", ...). See dni_sg_create_callback()."""
        learns = getattr(part, "learns", "target" if hasattr(part, "learn") else "nothing")
        callbacks = own.table(c.SGCallbacks, part, {"estimate": own.sg_estimate},
                              {"learn": own.sg_learn, "changed": own.changed},
                              needs=getattr(part, "needs", "nothing"), learns=learns)
        out = own.create(lib.dni_sg_create_callback, context, units, targets, signal_units,
                         callbacks=callbacks)
        return cls._adopt("sg", out)

    def estimate(self, h=None, y=None, *, signal=None, weights=None, losses=None, delta=None):
        """The estimate of dL/dh of each example, [rows][units]. delta is made if it is not given. See
        dni_sg_estimate()."""
        if delta is None:
            like = next((array for array in (h, signal, losses, y) if array is not None), None)
            if like is None:
                raise ValueError("an SG is asked with h, y or a signal")
            kind = like if numpy.asarray(like).dtype != INTEGER else numpy.empty(0, "float32")
            delta = empty(len(like), self.units, kind)
        query = c.Query.of(h=h, y=y, signal=signal, weights=weights, losses=losses)
        lib.dni_sg_estimate(self, byref(query), delta)
        return delta

    def learn(self, h=None, y=None, target=None, *, losses=None, prediction=None, weights=None, flags=None):
        """Compute the gradients of the SG's parameters; an optimiser's step then moves them. See
        dni_sg_learn()."""
        lesson = c.Lesson.of(h=h, y=y, target=target, losses=losses, prediction=prediction,
                             weights=weights, flags=flags)
        report = c.LessonReport.of()
        lib.dni_sg_learn(self, byref(lesson), byref(report))
        return report

    def parameter(self, index):
        """Views of a parameter and its gradient, as Layer.parameter()."""
        return parameter_views(self, index, lib.dni_sg_parameter)

    def set_schedule(self, schedule):
        """Let the lambda of a mixture follow a Schedule; None removes it."""
        set_schedule(self, schedule, lib.dni_sg_set_schedule)


# Networks. ----------------------------------------------------------------------------------------


class Network(c.NetworkMethods):
    """A chain of layers and the SGs between them: Network(context, layer, layer, ...)."""

    def __init__(self, context, *layers):
        out = c_void_p()
        lib.dni_network_create(context, byref(out))
        self._context = context
        self._take(out)
        for layer in layers:
            self.add(layer)

    def _about(self):
        """Its layers from the lowest, with the SGs between them."""
        parts = []
        for index, layer in enumerate(self.layers):
            sg = self.sg(index)
            parts += ["%s %d" % (layer.kind_name, layer.outputs)] + (["[%s SG]" % sg.kind_name] if sg else [])
        return " - ".join([str(self.inputs)] + parts)

    @property
    def layers(self):
        """Its layers, from the lowest."""
        return [self.layer(index) for index in range(self.layer_count)]

    def predict(self, x, h=None):
        """The network's output [rows][outputs] for x [rows][inputs], in inference mode."""
        h = empty(len(x), self.outputs, x) if h is None else h
        lib.dni_network_predict(self, x, h)
        return h

    def evaluate(self, loss, dataset, metric=None):
        """Mean loss, accuracy and metric over a data set. metric(h, y, weights) answers a number."""
        found = c.Evaluation.of()
        if metric is None:
            lib.dni_network_evaluate(self, loss, dataset, None, byref(found))
            return found
        with own.Borrowed(metric) as user:
            struct = c.Metric.of(user=user, evaluate=own.address(own.metric_evaluate))
            lib.dni_network_evaluate(self, loss, dataset, byref(struct), byref(found))
        return found

    def save(self, file):
        """Write layers and SGs into a path or an object with write()."""
        own.save(self, file, lib.dni_network_save, lib.dni_network_write)

    @classmethod
    def load(cls, context, file):
        """A network from a path or an object with read(). Its interfaces are exact; to load SGs too, use a
        Checkpoint."""
        out = c_void_p()
        own.load(context, file, lib.dni_network_load, lib.dni_network_read, byref(out))
        network = cls._adopt("network", out)
        network._context = context
        return network

    def __reduce__(self):
        file = io.BytesIO()
        self.save(file)
        return unpickled, (file.getvalue(), self._dtype())

    def _dtype(self):
        """"f32" or "f64": of its parameters, or of the context that it was made on."""
        for layer in self.layers:
            if layer.parameter_count:
                return {"float32": "f32", "float64": "f64"}[layer.parameter(0)[0].dtype.name]
        return str(self._context.dtype) if hasattr(self, "_context") else "f32"


def unpickled(data, dtype):
    """A network from its pickle, on a context of its own. Interfaces are exact."""
    return Network.load(Context(dtype=dtype), io.BytesIO(data))


class Predictor(c.PredictorMethods):
    """Buffers to predict with a network, for one thread."""

    def __init__(self, network, rows=0):
        super().__init__(network, rows)
        self._network = network

    def run(self, x, h=None, *, after=c.ALL):
        """The output of layer `after`, or of the last, for x. See dni_predictor_run()."""
        if h is None:
            network = self._network
            outputs = network.outputs if after == c.ALL else network.layer(after).outputs
            h = empty(len(x), outputs, x)
        lib.dni_predictor_run(self, after, x, h)
        return h


# Data. --------------------------------------------------------------------------------------------


class Dataset(c.DatasetMethods):
    """Examples x with targets y: Dataset(context, x, y).

    x is [examples][features] of the context's type or uint8. y is [examples][targets] of the context's type,
    or labels, [examples] of int32. The arrays are used where they are: do not change them meanwhile. Labels
    are copied. With `factor` or `offset` x becomes factor * x + offset in batches. `unchecked` leaves out
    the search for NaN and infinity, which reads all of x."""

    def __init__(self, context, x, y, *, factor=None, offset=None, classes=None, unchecked=False):
        flags = c.DataFlags.BORROW | (c.DataFlags.UNCHECKED if unchecked else 0)
        scaled = None if factor is None and offset is None else 1
        factor = 1.0 if scaled and factor is None else factor
        out, views = c_void_p(), (view(x), view(y))

        def create(user):
            options = c.MemoryOptions.of(flags=flags, scaled=scaled, factor=factor, offset=offset,
                                         classes=classes, destroy=own.address(own.destroy), user=user)
            lib.dni_dataset_create_memory(context, views[0].array, views[1].array, byref(options), byref(out))
        own.keeping(views, create)
        self._take(out)

    def _about(self):
        answers = "%d classes" % self.classes if self.classes else "%d targets" % self.targets
        return "%d examples, %d features, %s" % (self.examples, self.features, answers)

    @classmethod
    def callback(cls, context, source):
        """Examples that you fetch. `source` has the numbers examples, features and either targets or
        classes, and fetch(indices, x, y), which writes those examples into x and y; either may be None."""
        numbers = {name: getattr(source, name, None) for name in ("examples", "features", "targets", "classes")}
        callbacks = own.table(c.DatasetCallbacks, source, {"fetch": own.dataset_fetch}, {}, **numbers)
        return cls._adopt("dataset", own.create(lib.dni_dataset_create_callback, context, callbacks=callbacks))

    def batch(self, first, x, y=None):
        """Copy out examples first, first + 1, ... into x [rows][features] and y, either of which may be
        None: rows of numbers, or labels in an array of int32."""
        lib.dni_dataset_batch(self, first, x, y)

    def gather(self, indices, x, y=None):
        """Copy out the examples `indices` in the same way."""
        indices = one_dimension(indices, numpy.dtype(numpy.uintp))
        lib.dni_dataset_gather(self, indices.ctypes.data, len(indices), x, y)

    def split(self, count, *, shuffle=False, seed=None):
        """Two data sets: `count` examples, and the rest. See dni_dataset_split()."""
        first, second = c_void_p(), c_void_p()
        options = c.RandomOptions.given(seed=seed)
        lib.dni_dataset_split(self, count, int(shuffle), options, byref(first), byref(second))
        return Handle._adopt("dataset", first), Handle._adopt("dataset", second)

    def __len__(self):
        return self.examples


class Order(c.OrderMethods):
    """An order of examples, for loops of your own."""

    def __init__(self, dataset, *, seed=None):
        out = c_void_p()
        options = c.RandomOptions.given(seed=seed)
        lib.dni_order_create(dataset, options, byref(out))
        self._count = dataset.examples
        self._take(out)

    @property
    def indices(self):
        """The indices in their present order: a view, changed by the next shuffle."""
        size = self._count * ctypes.sizeof(c_size_t)
        memory = (ctypes.c_char * size).from_address(lib.dni_order_indices(self))
        memory.owner = self._pointer
        array = numpy.frombuffer(memory, numpy.uintp)
        array.flags.writeable = False
        return array

    @property
    def state(self):
        """Numbers that say where the order stands. Assign them to stand there again."""
        state = numpy.zeros(c.ORDER_STATE, "uint64")
        lib.dni_order_state(self, state.ctypes.data, len(state))
        return state

    @state.setter
    def state(self, state):
        state = numpy.ascontiguousarray(state, "uint64")
        lib.dni_order_set_state(self, state.ctypes.data, len(state))


# Checkpoints. -------------------------------------------------------------------------------------


class Checkpoint(c.CheckpointMethods):
    """The parts of a loop of your own, saved and loaded as one: Checkpoint(context, encoder=layer, ...)."""

    def __init__(self, context, **things):
        super().__init__(context)
        self._arrays = []
        for name, thing in things.items():
            self.add(name, thing)

    def add(self, name, thing):
        """Add a layer, SG, network, optimiser, order, trainer, guard or array."""
        if isinstance(thing, numpy.ndarray):
            return self.add_matrix(name, thing)
        add = isinstance(thing, Handle) and getattr(self, "add_" + thing._thing, None)
        if not add:
            raise TypeError("a %s cannot be in a checkpoint" % type(thing).__name__)
        return add(name, thing)

    def add_matrix(self, name, array):
        """Add an array, which saves read and loads write."""
        writable(array)
        lib.dni_checkpoint_add_matrix(self, name, byref(view(array)))
        self._arrays.append(array)

    def add_count(self, name, array):
        """Add a whole number: an array of one uint64."""
        self._add_number(name, array, "uint64", lib.dni_checkpoint_add_count)

    def add_real(self, name, array):
        """Add a number: an array of one float64."""
        self._add_number(name, array, "float64", lib.dni_checkpoint_add_real)

    def _add_number(self, name, array, kind, function):
        writable(array)
        if array.dtype != kind or array.size != 1:
            raise TypeError("expected an array of one %s" % kind)
        function(self, name, array.ctypes.data)
        self._arrays.append(array)

    def save(self, file):
        """Write everything into a path or an object with write()."""
        own.save(self, file, lib.dni_checkpoint_save, lib.dni_checkpoint_write)

    def load(self, file, *, finite=None):
        """Load everything from a path or an object with read(). `finite` refuses NaN and infinity."""
        options = c.LoadOptions.of(finite=finite)
        own.load(self, file, lib.dni_checkpoint_load, lib.dni_checkpoint_read, byref(options))

    def close(self):
        super().close()
        self._arrays = []


class Guard(c.GuardMethods):
    """Steps an optimiser only where the condition of Proposition 2 holds. Experimental."""

"""What the headers of libdni 0.9.0 declare. Made by bindings/generate; do not edit.

Comments are those of the headers, so they speak of C: NULL is None, and a failure raises an exception."""

from __future__ import annotations

import sys
from ctypes import byref, c_char_p, c_double, c_int32, c_size_t, c_uint8, c_uint64, c_void_p
from typing import TYPE_CHECKING

from ._core import (Enumeration, Flags, Handle, Integer, Reading, Size, Struct, Text, Unsigned, Writing,
                    checked, lib, numbers, pointer_to, results)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy import ndarray as Array

    from . import (Backend, Checkpoint, Context, Dataset, Guard, Layer, Loss, Network, Optimiser, Order,
                   Predictor, SG, State, Trainer)

VERSION = "0.9.0"
ALL = NONE = 2 * sys.maxsize + 1
ORDER_STATE = 5


class Status(Enumeration):
    OK = 0
    """Success."""
    ERROR_ARGUMENT = 1
    """A mistake in the call: NULL, a wrong shape, a value out of range."""
    ERROR_STATE = 2
    """The call is right, but not now."""
    ERROR_MEMORY = 3
    """The allocator gave nothing, or a size does not fit size_t."""
    ERROR_IO = 4
    """A file could not be opened, read or written."""
    ERROR_DATA = 5
    """A file, a data set or a label has the wrong content."""
    ERROR_UNSUPPORTED = 6
    """Known, but not available in this build or on this machine."""
    ERROR_BACKEND = 7
    """A matrix backend failed or cannot be used."""
    ERROR_NON_FINITE = 8
    """NaN or infinity appeared in training."""
    ERROR_CANCELLED = 9
    """dni_trainer_cancel() stopped the training."""
    ERROR_CALLBACK = 10
    """A callback answered a number that belongs to the library."""
    ERROR_SYSTEM = 11
    """The operating system refused something, such as a new thread."""
    STATUS_CALLER = 1000
    """The first number that belongs to callers."""


class Dtype(Enumeration):
    F32 = 1
    """float."""
    F64 = 2
    """double."""
    BF16 = 3
    """16-bit brain floats: for options that name them; no matrix has them."""
    F16 = 4
    """Reserved for 16-bit IEEE floats. Refused: DNI_ERROR_ARGUMENT."""
    U8 = 5
    """uint8_t: pixels in a data set."""
    I32 = 6
    """int32_t: class labels, [rows][1]."""


class Setting(Enumeration):
    LEARNING_RATE = 1
    """Optimisers, and the local guess of least-squares SGs: [0, inf); given at creation."""
    MOMENTUM = 2
    """SGD: [0, 1); 0 at first."""
    WEIGHT_DECAY = 3
    """Optimisers: [0, inf); 0 at first, of AdamW 0.01."""
    BETA1 = 4
    """Adam, AdamW: [0, 1); 0.9 at first."""
    BETA2 = 5
    """Adam, AdamW: [0, 1); 0.999 at first."""
    EPSILON = 6
    """Adam, AdamW: 1e-8; batch and layer norm: 1e-5 at first; above 0. In float the square of a gradient below 1e-19 is 0, so an epsilon below that makes such gradients count too much."""
    CLIP_NORM = 7
    """Optimisers: the most that the norm of all gradients may be; 0: off."""
    CLIP_VALUE = 8
    """Optimisers: the most that one gradient may be; 0: off."""
    RATE_SCALE = 10
    """Layers and SGs: what the optimiser's rate is multiplied with for their parameters. [0, inf); 1 at first. At 0 the parameters are frozen: no update touches them, weight decay included."""
    STATISTICS_RATE = 20
    """Batch norm: the weight of a new batch; (0, 1]; 0.1."""
    DROP = 21
    """Dropout: the share of units dropped; [0, 1)."""
    SLOPE = 22
    """Leaky ReLU: the slope below 0; [0, 1); 0.01 at first."""
    LAMBDA = 30
    """Mixture SGs: [0, 1]; given at creation."""
    SHRINK = 31
    """Delayed SGs: (0, 1]; given at creation."""
    FORGETTING = 32
    """Least-squares SGs: (0, 1]; given at creation."""
    RIDGE = 33
    """Least-squares SGs: [0, inf); given at creation."""


class LogLevel(Enumeration):
    INFORMATION = 1
    """Nothing is wrong."""
    WARNING = 2
    """Something failed that may fail; the program goes on."""


class Instructions(Enumeration):
    BEST = 0
    """The widest that this processor has."""
    BASELINE = 1
    """What the compiler's target guarantees."""
    AVX2 = 2
    """x86-64 with AVX2 and FMA."""
    AVX512 = 3
    """x86-64 with AVX-512 F, BW, DQ and VL."""
    AVX512_BF16 = 4
    """The same with AVX-512 BF16, for products of bf16."""
    AMX = 5
    """The same with AMX for products of bf16, if the system allows it."""


class BackendKind(Enumeration):
    BUILTIN = 1
    """The library's own product."""
    CBLAS = 2
    """The CBLAS that the library was built with."""
    DYNAMIC = 3
    """A CBLAS loaded by its path."""
    CALLBACK = 4
    """The caller's own."""


class Activation(Enumeration):
    IDENTITY = 0
    """x."""
    RELU = 1
    """max(x, 0). NaN stays NaN; the derivative at 0 is 0."""
    TANH = 2
    """tanh(x)."""
    SIGMOID = 3
    """1 / (1 + exp(-x))."""
    LEAKY_RELU = 4
    """x above 0, DNI_SETTING_SLOPE times x below and at 0."""
    GELU = 5
    """x Phi(x), Phi the normal distribution (Hendrycks 2016)."""


class Mode(Enumeration):
    TRAINING = 0
    """Batch norm uses the batch's statistics; dropout drops."""
    INFERENCE = 1
    """Batch norm uses running statistics; dropout does nothing."""


class GradientFlags(Flags):
    REPLACE = 0
    """Parameter gradients are overwritten."""
    ADD = 1
    """They are added to: for batches that are processed in parts."""
    SKIP = 2
    """They are left as they are; only dx is computed."""
    SUM = 16
    """They are sums over the rows, not means."""
    LEAVE_DZ = 32
    """Dense layers leave dL/dz in dy, z being x W^T + b."""


class LayerKind(Enumeration):
    DENSE = 1
    """y = activation(x W^T + b)."""
    ACTIVATION = 2
    """y = activation(x)."""
    BATCH_NORM = 3
    """Normalises each column over the batch."""
    CALLBACK = 4
    """The caller's own."""
    DROPOUT = 5
    """Sets units to 0 at random."""
    LAYER_NORM = 6
    """Normalises each row over its columns."""


class Initialiser(Enumeration):
    DEFAULT = 0
    """As at creation; `value` is not used."""
    NORMAL = 1
    """Normal; value: the standard deviation."""
    UNIFORM = 2
    """Uniform in [-value, value)."""
    FAN_IN = 3
    """Variance value / inputs: He with 2, LeCun with 1."""
    XAVIER = 4
    """Variance 2 value^2 / (inputs + outputs) (Glorot 2010)."""
    HE = 5
    """Variance 2 value^2 / inputs (He et al. 2015)."""
    ORTHOGONAL = 6
    """Rows, or columns if fewer, orthogonal, of length value."""
    CONSTANT = 7
    """Every weight is value."""


class LossKind(Enumeration):
    SOFTMAX_CROSS_ENTROPY = 1
    """For one class of several."""
    SIGMOID_CROSS_ENTROPY = 2
    """For independent yes-or-no columns."""
    SQUARED_ERROR = 3
    """For numbers."""
    ABSOLUTE_ERROR = 4
    """For numbers."""
    CALLBACK = 5
    """The caller's own."""


class RateKind(Enumeration):
    CONSTANT = 0
    """Always 1."""
    DECAY = 1
    """value^(t / steps), the quotient rounded down."""
    PIECEWISE = 2
    """values[i] from step boundaries[i] on; before the first, 1."""
    LINES = 3
    """values[i] at boundaries[i], straight lines in between."""
    COSINE = 4
    """From 1 to value in `steps` steps along half a cosine, then value."""
    FUNCTION = 5
    """The caller's own function."""


class OptimiserKind(Enumeration):
    SGD = 1
    """Stochastic gradient descent with momentum."""
    ADAM = 2
    """Adam."""
    ADAMW = 3
    """Adam with decoupled weight decay."""


class Condition(Enumeration):
    HY = 0
    """Output and target."""
    H = 1
    """The output alone."""
    Y = 2
    """The target alone."""
    RESIDUAL = 3
    """The residual of a local guess alone, which needs a loss."""


class Needs(Enumeration):
    NOTHING = 0
    """It answers at once: nothing waits."""
    OUTPUT_ERROR = 1
    """dL/dh_N: the layers below wait for the forward pass."""
    DELTA_ABOVE = 2
    """dL/dz of the dense layer above: they wait for all above."""
    DELTA = 3
    """dL/dh itself: they wait for all above."""
    DELTA_LATER = 4
    """dL/dh itself, but they may go on with other batches first."""


class Learns(Enumeration):
    NOTHING = 0
    """Nothing."""
    TARGET = 1
    """A better delta."""
    LOSS = 2
    """The loss of each example."""
    ALONE = 3
    """A loss of its own, of h and y."""


class SGKind(Enumeration):
    SYNTHETIC = 1
    """A regression of delta on h and y."""
    DFA = 2
    """Direct feedback alignment."""
    FA = 3
    """Feedback alignment."""
    LOCAL = 4
    """A local loss."""
    CRITIC = 5
    """The gradient of a learned loss."""
    DELAYED = 6
    """The exact gradient, late."""
    ZERO = 7
    """No gradient."""
    MIXTURE = 8
    """Exact and synthetic, mixed."""
    FROZEN = 9
    """Another SG that no longer learns."""
    WARM_UP = 10
    """Another SG that answers 0 at first."""
    CALLBACK = 11
    """The caller's own."""
    LEAST_SQUARES = 12
    """The regression of delta on h and y in closed form."""
    SCALAR = 100
    """One number; see dni/research.h."""
    THEOREM = 101
    """That of Theorem 1; see dni/research.h."""


class DataFlags(Flags):
    COPY = 0
    """The examples are copied during the call."""
    BORROW = 1
    """The memory is kept: it must stay valid and unchanged."""
    UNCHECKED = 2
    """Elements are not looked at for NaN and infinity: for large files."""


class ScheduleKind(Enumeration):
    SEQUENTIAL = 0
    """One thread, modules from the lowest to the highest."""
    RANDOM = 1
    """The same, but each module moves with probability p in each step, and the SG below it with it; critics learn in every step."""
    PIPELINED = 2
    """Modules on threads, decoupled."""
    MICRO_BATCHES = 3
    """Layers on threads, exact."""


class BalanceKind(Enumeration):
    COUNTED = 0
    """By parameters and multiply-adds: always the same."""
    MEASURED = 1
    """By a clock, on made-up numbers; the caller's own parts count as 0."""


class GuardKind(Enumeration):
    PROPORTIONAL = 0
    """The step is multiplied with r gradient / jacobian - error: Corollary 1 with the sign that agrees with its eq. 2 (the printed one is reversed). It shrinks with the gradient."""
    GATED = 1
    """The optimiser's own rate while the condition holds."""


class ArtificialKind(Enumeration):
    LINEAR = 1
    """Labels: the side of a random hyperplane through the origin."""
    NOISY = 2
    """The same, then 10 % of them, rounded down, swapped."""
    RANDOM = 3
    """A fair coin."""


class Matrix(Struct):
    """A row-major matrix: element (r, c) is data[r * stride + c]. One row is one example.

    A call that takes `const dni_matrix *` only reads the elements. A call that takes `dni_matrix *`
    may write them; it never changes the view itself. The memory has to stay valid during the call,
    unless the comment says that it is kept. Outputs must not overlap inputs unless the comment
    allows it. A matrix of 0 rows is an empty batch; its data may be NULL.
    """

    _fields_ = [("data", c_void_p), ("rows", c_size_t), ("columns", c_size_t), ("stride", c_size_t),
                ("dtype", c_int32), ("reserved", c_int32)]
    _takes_ = {"rows": Size, "columns": Size, "stride": Size, "dtype": Dtype, "reserved": Integer}


class Batch(Struct):
    """A batch of examples. Set struct_size, then the fields that are wanted; leave the rest 0."""

    _fields_ = [("struct_size", c_size_t), ("x", c_void_p), ("y", c_void_p), ("weights", c_void_p)]
    _takes_ = {"struct_size": Size, "x": Reading, "y": Reading, "weights": Reading}
    _matrices_ = {"x": False, "y": False, "weights": False}


class Allocator(Struct):
    """Where memory comes from. Set everything to 0, then the fields. The struct is copied.

    If one struct is given to several creates, destroy is called once for each thing that it made.

    The functions may be called on any thread, and by several threads at once. They must return
    normally: no exception and no longjmp may leave them.
    """

    _fields_ = [("struct_size", c_size_t), ("user", c_void_p), ("alloc", c_void_p), ("free", c_void_p),
                ("destroy", c_void_p)]
    _takes_ = {"struct_size": Size}


class ContextOptions(Struct):
    """How to make a context. Set everything to 0, then struct_size, then what should differ: 0 always
    means the default.

    A struct that is longer than the running library knows is accepted if the unknown end is zero. So
    a program built with newer headers runs as long as it asks for nothing newer. This is true of all
    structs that begin with struct_size.
    """

    _fields_ = [("struct_size", c_size_t), ("allocator", c_void_p), ("seed", c_uint64),
                ("dtype", c_int32), ("compute", c_int32), ("instructions", c_int32),
                ("reserved", c_int32), ("backend", c_void_p), ("log", c_void_p), ("log_user", c_void_p),
                ("log_destroy", c_void_p)]
    _takes_ = {"struct_size": Size, "seed": Unsigned, "dtype": Dtype, "compute": Dtype,
               "instructions": Instructions, "reserved": Integer, "backend": pointer_to("backend")}


class Writer(Struct):
    """Where a file goes that is not on a disk. Set everything to 0, then the fields."""

    _fields_ = [("struct_size", c_size_t), ("user", c_void_p), ("write", c_void_p)]
    _takes_ = {"struct_size": Size}


class Reader(Struct):
    """Where a file comes from that is not on a disk. Set everything to 0, then the fields."""

    _fields_ = [("struct_size", c_size_t), ("user", c_void_p), ("read", c_void_p)]
    _takes_ = {"struct_size": Size}


class LoadOptions(Struct):
    """How to load. Zero means default."""

    _fields_ = [("struct_size", c_size_t), ("finite", c_int32), ("reserved", c_int32)]
    _takes_ = {"struct_size": Size, "finite": Integer, "reserved": Integer}


class BackendOptions(Struct):
    """How to make a backend. Zero means default; NULL in place of the struct is all defaults."""

    _fields_ = [("struct_size", c_size_t), ("allocator", c_void_p), ("threads", c_size_t),
                ("instructions", c_int32), ("reserved", c_int32)]
    _takes_ = {"struct_size": Size, "threads": Size, "instructions": Instructions, "reserved": Integer}


class Product(Struct):
    """One product, as a callback sees it. Fields beyond struct_size do not exist.

    C[m][n] = alpha op(A)[m][k] op(B)[k][n] + beta C, row-major. op transposes where the flag is 1.
    lda, ldb and ldc are elements from row to row of the matrices as they are stored. m, n and k are
    at least 1, strides are valid and C overlaps nothing. With beta = 0 C must be written without
    being read. dtype, DNI_F32 or DNI_F64, is the type of A, B and C. DNI_BF16, for a backend that
    asked for it, is the type of A and B alone: uint16_t, the upper halves of floats. C and the sums
    are then of floats.
    """

    _fields_ = [("struct_size", c_size_t), ("dtype", c_int32), ("transpose_a", c_int32),
                ("transpose_b", c_int32), ("reserved", c_int32), ("m", c_size_t), ("n", c_size_t),
                ("k", c_size_t), ("alpha", c_double), ("a", c_void_p), ("lda", c_size_t),
                ("b", c_void_p), ("ldb", c_size_t), ("beta", c_double), ("c", c_void_p),
                ("ldc", c_size_t)]
    _takes_ = {"struct_size": Size, "dtype": Dtype, "transpose_a": Integer, "transpose_b": Integer,
               "reserved": Integer, "m": Size, "n": Size, "k": Size, "lda": Size, "ldb": Size,
               "ldc": Size}


class BackendCallbacks(Struct):
    """The caller's own product. Set everything to 0, then the fields. The struct is copied.

    The functions may be called by several threads at once. They must return normally: no exception
    and no longjmp may leave them.
    """

    _fields_ = [("struct_size", c_size_t), ("user", c_void_p), ("product", c_void_p), ("f32", c_int32),
                ("f64", c_int32), ("set_threads", c_void_p), ("destroy", c_void_p), ("bf16", c_int32),
                ("reserved", c_int32)]
    _takes_ = {"struct_size": Size, "f32": Integer, "f64": Integer, "bf16": Integer, "reserved": Integer}


class RandomOptions(Struct):
    """A seed of one's own for an object that draws random numbers. Zero means default."""

    _fields_ = [("struct_size", c_size_t), ("has_seed", c_int32), ("reserved", c_int32),
                ("seed", c_uint64)]
    _takes_ = {"struct_size": Size, "has_seed": Integer, "reserved": Integer, "seed": Unsigned}


class LayerCall(Struct):
    """One forward or backward call, as a layer of the caller's own sees it.

    Look only at fields below struct_size. Matrices have the context's element type, and shapes have
    been checked. Everything is valid during the call only, except that `state` is the same memory in
    forward and backward of one batch.
    """

    _fields_ = [("struct_size", c_size_t), ("mode", c_int32), ("flags", c_int32), ("x", c_void_p),
                ("y", c_void_p), ("dy", c_void_p), ("dx", c_void_p), ("state", c_void_p),
                ("weights", c_void_p), ("scale", c_double)]
    _takes_ = {"struct_size": Size, "mode": Mode, "flags": GradientFlags, "x": Reading, "y": Writing,
               "dy": Writing, "dx": Writing, "weights": Reading}
    _matrices_ = {"x": False, "y": True, "dy": True, "dx": True, "weights": False}


class LayerCallbacks(Struct):
    """The caller's own layer. Set everything to 0, then the fields. The struct is copied.

    forward and backward are called on the thread that trains the layer's module, never two at once
    in training; forward in inference may be called by several threads at once. They answer 0, or a
    status with which the call that needed them fails; dni_fail() says how to give it a message.

    They should return normally. If an exception or a longjmp leaves one on the thread that called
    the library, the handles stay usable; after a longjmp see dni_trainer_abandon(). Memory that the
    interrupted call had taken is not given back, and it keeps its context. On a thread of the
    library's own nothing may leave a callback this way. A callback must not give back the last
    reference to the handle that runs it, trainers excepted.
    """

    _fields_ = [("struct_size", c_size_t), ("user", c_void_p), ("forward", c_void_p),
                ("backward", c_void_p), ("parameter_count", c_size_t), ("parameter", c_void_p),
                ("state_bytes", c_void_p), ("changed", c_void_p), ("copy", c_void_p),
                ("destroy", c_void_p)]
    _takes_ = {"struct_size": Size, "parameter_count": Size}


class InitialiserOptions(Struct):
    """How to draw first weights. Zero means default."""

    _fields_ = [("struct_size", c_size_t), ("kind", c_int32), ("uniform", c_int32),
                ("has_value", c_int32), ("has_seed", c_int32), ("value", c_double), ("seed", c_uint64)]
    _takes_ = {"struct_size": Size, "kind": Initialiser, "uniform": Integer, "has_value": Integer,
               "has_seed": Integer, "seed": Unsigned}


class LossOptions(Struct):
    """Options of the two cross-entropies. Zero means default."""

    _fields_ = [("struct_size", c_size_t), ("label_smoothing", c_double), ("class_weights", c_void_p),
                ("class_count", c_size_t)]
    _takes_ = {"struct_size": Size, "class_weights": numbers("float64", "class_count"),
               "class_count": Size}


class LossCall(Struct):
    """One evaluation, as a loss of the caller's own sees it. Look only at fields below struct_size."""

    _fields_ = [("struct_size", c_size_t), ("h", c_void_p), ("y", c_void_p), ("delta", c_void_p),
                ("per_example", c_void_p)]
    _takes_ = {"struct_size": Size, "h": Reading, "y": Reading, "delta": Writing, "per_example": Writing}
    _matrices_ = {"h": False, "y": False, "delta": True, "per_example": True}


class LossCallbacks(Struct):
    """The caller's own loss. Set everything to 0, then the fields. The struct is copied.

    The functions may be called by several threads at once. They answer 0, or a status with which the
    call that needed them fails; see dni_fail(). What is said of exceptions at dni_layer_callbacks is
    true here too. The library multiplies delta and losses with the weights of examples.
    """

    _fields_ = [("struct_size", c_size_t), ("user", c_void_p), ("evaluate", c_void_p),
                ("correct", c_void_p), ("destroy", c_void_p)]
    _takes_ = {"struct_size": Size}


class Schedule(Struct):
    """A schedule s(t) of the step t, counted from 0. Set everything to 0, then what the kind needs.

    It is copied, arrays included. Cosine: s(t) = value + (1 - value) (1 + cos(pi t / steps)) / 2.
    LINES is constant before its first boundary and after its last. Boundaries increase; values are
    finite and not negative.

    With warm_up = n > 0, the first n steps are also multiplied with (t + 1) / n, and the rest of the
    schedule starts after them: it sees t - n, from 0 on, and
    boundaries count from there.
    """

    _fields_ = [("struct_size", c_size_t), ("kind", c_int32), ("reserved", c_int32),
                ("warm_up", c_uint64), ("steps", c_uint64), ("value", c_double),
                ("_boundaries", c_void_p), ("_values", c_void_p), ("count", c_size_t),
                ("function", c_void_p), ("user", c_void_p), ("destroy", c_void_p)]
    _takes_ = {"struct_size": Size, "kind": RateKind, "reserved": Integer, "warm_up": Unsigned,
               "steps": Unsigned, "count": Size}
    _arrays_ = {"boundaries": ("count", "uint64"), "values": ("count", "float64")}


class SGOptions(Struct):
    """Options of synthetic gradients, critics and local losses. Zero means default."""

    _fields_ = [("struct_size", c_size_t), ("condition", c_int32), ("has_seed", c_int32),
                ("hidden_layers", c_size_t), ("hidden_units", c_size_t), ("seed", c_uint64),
                ("loss", c_void_p)]
    _takes_ = {"struct_size": Size, "condition": Condition, "has_seed": Integer, "hidden_layers": Size,
               "hidden_units": Size, "seed": Unsigned, "loss": pointer_to("loss")}


class LeastSquaresOptions(Struct):
    """Options of least-squares SGs. Zero means default, of `loss` NULL."""

    _fields_ = [("struct_size", c_size_t), ("condition", c_int32), ("reserved", c_int32),
                ("loss", c_void_p), ("forgetting", c_double), ("ridge", c_double),
                ("solve_every", c_uint64), ("guess_rate", c_double)]
    _takes_ = {"struct_size": Size, "condition": Condition, "reserved": Integer,
               "loss": pointer_to("loss"), "solve_every": Unsigned}


class SGCall(Struct):
    """One question or lesson, as an SG of the caller's own sees it. Look only at fields below
    struct_size. Shapes have been checked; everything is valid during the call only.

    Weights of examples need no care. In a question the library multiplies the answer with them if
    the SG needs nothing; `signal` has them in it already. In a lesson prediction and target have
    them in them, and rows of weight 0 have prediction = target.
    """

    _fields_ = [("struct_size", c_size_t), ("flags", c_int32), ("reserved", c_int32), ("h", c_void_p),
                ("y", c_void_p), ("signal", c_void_p), ("delta", c_void_p), ("target", c_void_p),
                ("losses", c_void_p), ("prediction", c_void_p), ("weights", c_void_p),
                ("scale", c_double), ("own_loss", c_void_p)]
    _takes_ = {"struct_size": Size, "flags": GradientFlags, "reserved": Integer, "h": Reading,
               "y": Reading, "signal": Reading, "delta": Writing, "target": Reading, "losses": Reading,
               "prediction": Writing, "weights": Reading}
    _matrices_ = {"h": False, "y": False, "signal": False, "delta": True, "target": False, "losses": False,
               "prediction": True, "weights": False}


class SGCallbacks(Struct):
    """The caller's own SG. Set everything to 0, then the fields. The struct is copied.

    The functions answer 0, or a status with which the call that needed them fails; see dni_fail().
    They are called on the thread of the module below the interface. What is said of exceptions at
    dni_layer_callbacks is true here too.
    """

    _fields_ = [("struct_size", c_size_t), ("user", c_void_p), ("needs", c_int32), ("learns", c_int32),
                ("estimate", c_void_p), ("learn", c_void_p), ("parameter_count", c_size_t),
                ("parameter", c_void_p), ("changed", c_void_p), ("destroy", c_void_p)]
    _takes_ = {"struct_size": Size, "needs": Needs, "learns": Learns, "parameter_count": Size}


class Query(Struct):
    """A question to an SG. Set struct_size, then what it looks at; leave the rest 0."""

    _fields_ = [("struct_size", c_size_t), ("h", c_void_p), ("y", c_void_p), ("signal", c_void_p),
                ("weights", c_void_p), ("losses", c_void_p)]
    _takes_ = {"struct_size": Size, "h": Reading, "y": Reading, "signal": Reading, "weights": Reading,
               "losses": Writing}
    _matrices_ = {"h": False, "y": False, "signal": False, "weights": False, "losses": True}


class Lesson(Struct):
    """A lesson for an SG. Set struct_size, then what applies; leave the rest 0."""

    _fields_ = [("struct_size", c_size_t), ("h", c_void_p), ("y", c_void_p), ("target", c_void_p),
                ("losses", c_void_p), ("prediction", c_void_p), ("weights", c_void_p),
                ("flags", c_int32), ("reserved", c_int32)]
    _takes_ = {"struct_size": Size, "h": Reading, "y": Reading, "target": Reading, "losses": Reading,
               "prediction": Writing, "weights": Reading, "flags": GradientFlags, "reserved": Integer}
    _matrices_ = {"h": False, "y": False, "target": False, "losses": False, "prediction": True,
               "weights": False}


class LessonReport(Struct):
    """What a lesson found. Filled in up to struct_size; NaN where there is nothing to tell."""

    _fields_ = [("struct_size", c_size_t), ("mse", c_double), ("cosine", c_double),
                ("own_loss", c_double)]
    _takes_ = {"struct_size": Size}


class Metric(Struct):
    """A measure of the caller's own. Set everything to 0, then the fields."""

    _fields_ = [("struct_size", c_size_t), ("user", c_void_p), ("evaluate", c_void_p),
                ("destroy", c_void_p)]
    _takes_ = {"struct_size": Size}


class Evaluation(Struct):
    """What dni_network_evaluate() found. Filled in up to struct_size."""

    _fields_ = [("struct_size", c_size_t), ("examples", c_size_t), ("loss", c_double),
                ("accuracy", c_double), ("metric", c_double)]
    _takes_ = {"struct_size": Size, "examples": Size}


class MemoryOptions(Struct):
    """How to make a data set of memory. Zero means default."""

    _fields_ = [("struct_size", c_size_t), ("flags", c_int32), ("scaled", c_int32), ("factor", c_double),
                ("offset", c_double), ("classes", c_size_t), ("destroy", c_void_p), ("user", c_void_p)]
    _takes_ = {"struct_size": Size, "flags": DataFlags, "scaled": Integer, "classes": Size}


class IdxOptions(Struct):
    """How to read IDX files. Zero means default."""

    _fields_ = [("struct_size", c_size_t), ("classes", c_size_t), ("scaled", c_int32),
                ("in_file", c_int32), ("factor", c_double), ("offset", c_double)]
    _takes_ = {"struct_size": Size, "classes": Size, "scaled": Integer, "in_file": Integer}


class CsvOptions(Struct):
    """How to read a CSV file. Zero means default."""

    _fields_ = [("struct_size", c_size_t), ("classes", c_size_t), ("target_columns", c_size_t),
                ("header_lines", c_size_t), ("targets_first", c_int32), ("separator", c_int32)]
    _takes_ = {"struct_size": Size, "classes": Size, "target_columns": Size, "header_lines": Size,
               "targets_first": Integer, "separator": Integer}


class DatasetCallbacks(Struct):
    """Examples that the caller fetches. Set everything to 0, then the fields. The struct is copied."""

    _fields_ = [("struct_size", c_size_t), ("user", c_void_p), ("examples", c_size_t),
                ("features", c_size_t), ("targets", c_size_t), ("classes", c_size_t),
                ("fetch", c_void_p), ("destroy", c_void_p)]
    _takes_ = {"struct_size": Size, "examples": Size, "features": Size, "targets": Size, "classes": Size}


class TrainerOptions(Struct):
    """How to train. Zero means default."""

    _fields_ = [("struct_size", c_size_t), ("optimiser", c_void_p), ("sg_optimiser", c_void_p),
                ("max_batch", c_size_t), ("schedule", c_int32), ("measure_gradient_norm", c_int32),
                ("update_probability", c_double), ("threads", c_size_t), ("in_flight", c_size_t),
                ("micro_batches", c_size_t), ("trained_modules", c_size_t), ("layer_thread", c_void_p),
                ("layer_thread_count", c_size_t), ("balance", c_int32), ("has_seed", c_int32),
                ("seed", c_uint64), ("metric", c_void_p), ("activations", c_int32), ("reserved", c_int32)]
    _takes_ = {"struct_size": Size, "optimiser": pointer_to("optimiser"),
               "sg_optimiser": pointer_to("optimiser"), "max_batch": Size, "schedule": ScheduleKind,
               "measure_gradient_norm": Integer, "threads": Size, "in_flight": Size,
               "micro_batches": Size, "trained_modules": Size,
               "layer_thread": numbers("uint64", "layer_thread_count"), "layer_thread_count": Size,
               "balance": BalanceKind, "has_seed": Integer, "seed": Unsigned, "activations": Dtype,
               "reserved": Integer}


class StepReport(Struct):
    """What one step did. Filled in up to struct_size.

    Arrays point into the trainer. They are valid until its next step or, in a callback, until the
    callback returns. NaN stands for what was not computed in the step or is in another process; a
    pointer may be NULL for the same reasons. Arrays of interfaces have one entry for each layer:
    that of the interface after it.
    """

    _fields_ = [("struct_size", c_size_t), ("step", c_uint64), ("loss", c_double),
                ("accuracy", c_double), ("metric", c_double), ("rate", c_double),
                ("gradient_norm", c_double), ("rows", c_size_t), ("epoch", c_uint64),
                ("settled", c_int32), ("validated", c_int32), ("validation_loss", c_double),
                ("validation_accuracy", c_double), ("validation_metric", c_double),
                ("layer_count", c_size_t), ("_sg_mse", c_void_p), ("_sg_cosine", c_void_p),
                ("_target_lag", c_void_p), ("module_count", c_size_t), ("_module_updated", c_void_p),
                ("checkpointed", c_int32), ("checkpoint_status", c_int32)]
    _takes_ = {"struct_size": Size, "step": Unsigned, "rows": Size, "epoch": Unsigned,
               "settled": Integer, "validated": Integer, "layer_count": Size, "module_count": Size,
               "checkpointed": Integer, "checkpoint_status": Status}
    _arrays_ = {"sg_mse": ("layer_count", "float64"), "sg_cosine": ("layer_count", "float64"),
               "target_lag": ("layer_count", "uint64"), "module_updated": ("module_count", "int32")}


class FitOptions(Struct):
    """How long to train, and what to watch. Zero means default."""

    _fields_ = [("struct_size", c_size_t), ("batch", c_size_t), ("epochs", c_uint64),
                ("steps", c_uint64), ("callback", c_void_p), ("callback_user", c_void_p),
                ("callback_every", c_uint64), ("settle_every", c_uint64), ("keep_order", c_int32),
                ("keep_rest", c_int32), ("has_seed", c_int32), ("reserved", c_int32), ("seed", c_uint64),
                ("validation", c_void_p), ("validate_every", c_uint64), ("patience", c_uint64),
                ("best", c_void_p), ("checkpoint", c_void_p), ("checkpoint_every", c_uint64),
                ("checkpoint_may_fail", c_int32), ("anew", c_int32)]
    _takes_ = {"struct_size": Size, "batch": Size, "epochs": Unsigned, "steps": Unsigned,
               "callback_every": Unsigned, "settle_every": Unsigned, "keep_order": Integer,
               "keep_rest": Integer, "has_seed": Integer, "reserved": Integer, "seed": Unsigned,
               "validation": pointer_to("dataset"), "validate_every": Unsigned, "patience": Unsigned,
               "best": pointer_to("network"), "checkpoint": Text, "checkpoint_every": Unsigned,
               "checkpoint_may_fail": Integer, "anew": Integer}


class Stream(Struct):
    """Batches that the caller produces. Set everything to 0, then the fields."""

    _fields_ = [("struct_size", c_size_t), ("user", c_void_p), ("next", c_void_p),
                ("position", c_void_p), ("seek", c_void_p)]
    _takes_ = {"struct_size": Size}


class MemoryReport(Struct):
    """Bytes by purpose. Filled in up to struct_size."""

    _fields_ = [("struct_size", c_size_t), ("parameter_bytes", c_size_t), ("gradient_bytes", c_size_t),
                ("optimiser_bytes", c_size_t), ("activation_bytes", c_size_t),
                ("workspace_bytes", c_size_t)]
    _takes_ = {"struct_size": Size, "parameter_bytes": Size, "gradient_bytes": Size,
               "optimiser_bytes": Size, "activation_bytes": Size, "workspace_bytes": Size}


class GuardOptions(Struct):
    """How to guard. Zero means default."""

    _fields_ = [("struct_size", c_size_t), ("mode", c_int32), ("reserved", c_int32), ("cosine", c_double)]
    _takes_ = {"struct_size": Size, "mode": GuardKind, "reserved": Integer}


class Alignment(Struct):
    """An estimate beside the truth, both taken as one vector of rows * columns numbers. Filled in up
    to struct_size.
    """

    _fields_ = [("struct_size", c_size_t), ("cosine", c_double), ("relative_error", c_double),
                ("sign_agreement", c_double), ("error_norm", c_double), ("estimate_norm", c_double),
                ("truth_norm", c_double)]
    _takes_ = {"struct_size": Size}


class InterfaceReport(Struct):
    """The terms of Proposition 2 at one interface, on one batch, of the batch's mean loss L; theta are
    the trained parameters of all layers below h. Filled in up to struct_size.
    """

    _fields_ = [("struct_size", c_size_t), ("delta_cosine", c_double),
                ("delta_relative_error", c_double), ("delta_sign_agreement", c_double),
                ("delta_error_norm", c_double), ("estimate_norm", c_double), ("truth_norm", c_double),
                ("error_norm", c_double), ("jacobian_norm", c_double), ("gradient_norm", c_double),
                ("ratio", c_double), ("gradient_cosine", c_double), ("synthetic_gradient_norm", c_double)]
    _takes_ = {"struct_size": Size}


class ProbeOptions(Struct):
    """Options of the classifier probe. Zero means default."""

    _fields_ = [("struct_size", c_size_t), ("batch", c_size_t), ("steps", c_uint64),
                ("learning_rate", c_double), ("seed", c_uint64)]
    _takes_ = {"struct_size": Size, "batch": Size, "steps": Unsigned, "seed": Unsigned}


class ProbeReport(Struct):
    """What the classifier probe found. Filled in up to struct_size."""

    _fields_ = [("struct_size", c_size_t), ("accuracy", c_double), ("loss", c_double),
                ("steps", c_uint64)]
    _takes_ = {"struct_size": Size, "steps": Unsigned}


PROTOTYPES = {
    "dni_status_name": (c_char_p, Status,),
    "dni_last_message": (c_char_p,),
    "dni_last_status": (c_int32,),
    "dni_fail": (c_int32, Status, Text,),
    "dni_version": (c_int32,),
    "dni_version_string": (c_char_p,),
    "dni_build_info": (c_char_p,),
    "dni_matrix_init_f32": (None, c_void_p, c_void_p, Size, Size,),
    "dni_matrix_init_f64": (None, c_void_p, c_void_p, Size, Size,),
    "dni_matrix_init_labels": (None, c_void_p, c_void_p, Size,),
    "dni_matrix_init_u8": (None, c_void_p, c_void_p, Size, Size,),
    "dni_matrix_init_strided_f32": (None, c_void_p, c_void_p, Size, Size, Size,),
    "dni_matrix_init_strided_f64": (None, c_void_p, c_void_p, Size, Size, Size,),
    "dni_matrix_copy": (checked, Reading, Writing,),
    "dni_setting_name": (c_char_p, Setting,),
    "dni_context_create": (checked, c_void_p, c_void_p,),
    "dni_context_retain": (c_void_p, pointer_to("context"),),
    "dni_context_release": (None, pointer_to("context"),),
    "dni_context_backend": (c_void_p, pointer_to("context"),),
    "dni_context_dtype": (c_int32, pointer_to("context"),),
    "dni_context_compute": (c_int32, pointer_to("context"),),
    "dni_context_instructions": (c_int32, pointer_to("context"),),
    "dni_instructions_name": (c_char_p, Instructions,),
    "dni_context_bytes": (c_size_t, pointer_to("context"),),
    "dni_context_allocate": (checked, pointer_to("context"), Size, c_void_p,),
    "dni_context_free": (None, pointer_to("context"), c_void_p,),
    "dni_backend_create_builtin": (checked, c_void_p, c_void_p,),
    "dni_backend_create_cblas": (checked, c_void_p, c_void_p,),
    "dni_backend_create_dynamic": (checked, c_void_p, Text, c_void_p,),
    "dni_backend_create_callback": (checked, c_void_p, c_void_p, c_void_p,),
    "dni_backend_retain": (c_void_p, pointer_to("backend"),),
    "dni_backend_release": (None, pointer_to("backend"),),
    "dni_backend_kind": (c_int32, pointer_to("backend"),),
    "dni_backend_kind_name": (c_char_p, pointer_to("backend"),),
    "dni_backend_name": (c_char_p, pointer_to("backend"),),
    "dni_backend_set_threads": (checked, pointer_to("backend"), Size,),
    "dni_backend_gemm": (checked, pointer_to("backend"), Integer, Integer, c_double, Reading, Reading, c_double, Writing,),
    "dni_layer_create_dense": (checked, pointer_to("context"), Size, Size, Activation, c_void_p,),
    "dni_layer_create_activation": (checked, pointer_to("context"), Size, Activation, c_void_p,),
    "dni_layer_create_batch_norm": (checked, pointer_to("context"), Size, c_void_p,),
    "dni_layer_create_layer_norm": (checked, pointer_to("context"), Size, c_void_p,),
    "dni_layer_create_dropout": (checked, pointer_to("context"), Size, c_double, c_void_p, c_void_p,),
    "dni_layer_create_callback": (checked, pointer_to("context"), Size, Size, c_void_p, c_void_p,),
    "dni_layer_copy": (checked, pointer_to("layer"), c_void_p,),
    "dni_layer_retain": (c_void_p, pointer_to("layer"),),
    "dni_layer_release": (None, pointer_to("layer"),),
    "dni_layer_kind": (c_int32, pointer_to("layer"),),
    "dni_layer_kind_name": (c_char_p, pointer_to("layer"),),
    "dni_layer_inputs": (c_size_t, pointer_to("layer"),),
    "dni_layer_outputs": (c_size_t, pointer_to("layer"),),
    "dni_layer_activation": (c_int32, pointer_to("layer"),),
    "dni_activation_name": (c_char_p, Activation,),
    "dni_state_create": (checked, pointer_to("layer"), Size, c_void_p,),
    "dni_state_retain": (c_void_p, pointer_to("state"),),
    "dni_state_release": (None, pointer_to("state"),),
    "dni_state_rows": (c_size_t, pointer_to("state"),),
    "dni_layer_reserve": (checked, pointer_to("layer"), Size,),
    "dni_layer_forward": (checked, pointer_to("layer"), Mode, pointer_to("state"), Reading, Writing,),
    "dni_layer_backward": (checked, pointer_to("layer"), GradientFlags, pointer_to("state"), Reading, Reading, Writing,
        Writing,),
    "dni_layer_parameter_count": (c_size_t, pointer_to("layer"),),
    "dni_layer_parameter_name": (c_char_p, pointer_to("layer"), Size,),
    "dni_layer_parameter": (checked, pointer_to("layer"), Size, c_void_p, c_void_p,),
    "dni_layer_changed": (checked, pointer_to("layer"),),
    "dni_layer_set_parameter": (checked, pointer_to("layer"), Size, Reading,),
    "dni_layer_get_parameter": (checked, pointer_to("layer"), Size, Writing,),
    "dni_layer_initialise": (checked, pointer_to("layer"), c_void_p,),
    "dni_layer_has": (c_int32, pointer_to("layer"), Setting,),
    "dni_layer_bounds": (checked, pointer_to("layer"), Setting, c_void_p, c_void_p,),
    "dni_layer_set_f64": (checked, pointer_to("layer"), Setting, c_double,),
    "dni_layer_get_f64": (checked, pointer_to("layer"), Setting, c_void_p,),
    "dni_loss_create_softmax_cross_entropy": (checked, pointer_to("context"), c_void_p, c_void_p,),
    "dni_loss_create_sigmoid_cross_entropy": (checked, pointer_to("context"), c_void_p, c_void_p,),
    "dni_loss_create_squared_error": (checked, pointer_to("context"), c_void_p,),
    "dni_loss_create_absolute_error": (checked, pointer_to("context"), c_void_p,),
    "dni_loss_create_callback": (checked, pointer_to("context"), c_void_p, c_void_p,),
    "dni_loss_retain": (c_void_p, pointer_to("loss"),),
    "dni_loss_release": (None, pointer_to("loss"),),
    "dni_loss_kind": (c_int32, pointer_to("loss"),),
    "dni_loss_kind_name": (c_char_p, pointer_to("loss"),),
    "dni_loss_classifies": (c_int32, pointer_to("loss"),),
    "dni_loss_evaluate": (checked, pointer_to("loss"), c_void_p, Writing, Writing, c_void_p,),
    "dni_loss_count_correct": (checked, pointer_to("loss"), c_void_p, c_void_p,),
    "dni_schedule_value": (checked, c_void_p, Unsigned, c_void_p,),
    "dni_optimiser_create_sgd": (checked, pointer_to("context"), c_double, c_void_p,),
    "dni_optimiser_create_adam": (checked, pointer_to("context"), c_double, c_void_p,),
    "dni_optimiser_create_adamw": (checked, pointer_to("context"), c_double, c_void_p,),
    "dni_optimiser_create_like": (checked, pointer_to("optimiser"), c_void_p,),
    "dni_optimiser_set_moment_dtype": (checked, pointer_to("optimiser"), Dtype,),
    "dni_optimiser_moment_dtype": (c_int32, pointer_to("optimiser"),),
    "dni_optimiser_retain": (c_void_p, pointer_to("optimiser"),),
    "dni_optimiser_release": (None, pointer_to("optimiser"),),
    "dni_optimiser_kind": (c_int32, pointer_to("optimiser"),),
    "dni_optimiser_kind_name": (c_char_p, pointer_to("optimiser"),),
    "dni_optimiser_add_layer": (checked, pointer_to("optimiser"), pointer_to("layer"),),
    "dni_optimiser_add_sg": (checked, pointer_to("optimiser"), pointer_to("sg"),),
    "dni_optimiser_add": (checked, pointer_to("optimiser"), c_void_p, c_void_p, c_void_p, c_void_p,),
    "dni_optimiser_changed": (checked, pointer_to("optimiser"),),
    "dni_optimiser_step": (checked, pointer_to("optimiser"),),
    "dni_optimiser_step_scaled": (checked, pointer_to("optimiser"), c_double,),
    "dni_optimiser_set_schedule": (checked, pointer_to("optimiser"), c_void_p,),
    "dni_optimiser_has": (c_int32, pointer_to("optimiser"), Setting,),
    "dni_optimiser_bounds": (checked, pointer_to("optimiser"), Setting, c_void_p, c_void_p,),
    "dni_optimiser_set_f64": (checked, pointer_to("optimiser"), Setting, c_double,),
    "dni_optimiser_get_f64": (checked, pointer_to("optimiser"), Setting, c_void_p,),
    "dni_optimiser_step_count": (c_uint64, pointer_to("optimiser"),),
    "dni_optimiser_rate": (c_double, pointer_to("optimiser"),),
    "dni_optimiser_bytes": (c_size_t, pointer_to("optimiser"),),
    "dni_sg_create_synthetic": (checked, pointer_to("context"), Size, Size, c_void_p, c_void_p,),
    "dni_sg_create_least_squares": (checked, pointer_to("context"), Size, Size, c_void_p, c_void_p,),
    "dni_sg_create_dfa": (checked, pointer_to("context"), Size, Size, c_void_p, c_void_p,),
    "dni_sg_create_fa": (checked, pointer_to("context"), Size, Size, c_void_p, c_void_p,),
    "dni_sg_create_local": (checked, pointer_to("context"), Size, Size, pointer_to("loss"), c_void_p, c_void_p,),
    "dni_sg_create_critic": (checked, pointer_to("context"), Size, Size, c_void_p, c_void_p,),
    "dni_sg_create_delayed": (checked, pointer_to("context"), Size, c_double, c_void_p,),
    "dni_sg_create_zero": (checked, pointer_to("context"), Size, c_void_p,),
    "dni_sg_create_mixture": (checked, pointer_to("context"), pointer_to("sg"), c_double, c_void_p,),
    "dni_sg_create_frozen": (checked, pointer_to("context"), pointer_to("sg"), c_void_p,),
    "dni_sg_create_warm_up": (checked, pointer_to("context"), pointer_to("sg"), Unsigned, c_void_p,),
    "dni_sg_create_callback": (checked, pointer_to("context"), Size, Size, Size, c_void_p, c_void_p,),
    "dni_sg_retain": (c_void_p, pointer_to("sg"),),
    "dni_sg_release": (None, pointer_to("sg"),),
    "dni_sg_kind": (c_int32, pointer_to("sg"),),
    "dni_sg_kind_name": (c_char_p, pointer_to("sg"),),
    "dni_sg_needs": (c_int32, pointer_to("sg"),),
    "dni_sg_learns": (c_int32, pointer_to("sg"),),
    "dni_sg_units": (c_size_t, pointer_to("sg"),),
    "dni_sg_targets": (c_size_t, pointer_to("sg"),),
    "dni_sg_signal_units": (c_size_t, pointer_to("sg"),),
    "dni_sg_reserve": (checked, pointer_to("sg"), Size,),
    "dni_sg_estimate": (checked, pointer_to("sg"), c_void_p, Writing,),
    "dni_sg_learn": (checked, pointer_to("sg"), c_void_p, c_void_p,),
    "dni_sg_parameter_count": (c_size_t, pointer_to("sg"),),
    "dni_sg_parameter_name": (c_char_p, pointer_to("sg"), Size,),
    "dni_sg_parameter": (checked, pointer_to("sg"), Size, c_void_p, c_void_p,),
    "dni_sg_changed": (checked, pointer_to("sg"),),
    "dni_sg_set_parameter": (checked, pointer_to("sg"), Size, Reading,),
    "dni_sg_get_parameter": (checked, pointer_to("sg"), Size, Writing,),
    "dni_sg_has": (c_int32, pointer_to("sg"), Setting,),
    "dni_sg_bounds": (checked, pointer_to("sg"), Setting, c_void_p, c_void_p,),
    "dni_sg_set_f64": (checked, pointer_to("sg"), Setting, c_double,),
    "dni_sg_get_f64": (checked, pointer_to("sg"), Setting, c_void_p,),
    "dni_sg_set_schedule": (checked, pointer_to("sg"), c_void_p,),
    "dni_network_create": (checked, pointer_to("context"), c_void_p,),
    "dni_network_retain": (c_void_p, pointer_to("network"),),
    "dni_network_release": (None, pointer_to("network"),),
    "dni_network_add": (checked, pointer_to("network"), pointer_to("layer"),),
    "dni_network_set_sg": (checked, pointer_to("network"), Size, pointer_to("sg"),),
    "dni_network_inputs": (c_size_t, pointer_to("network"),),
    "dni_network_outputs": (c_size_t, pointer_to("network"),),
    "dni_network_layer_count": (c_size_t, pointer_to("network"),),
    "dni_network_layer": (c_void_p, pointer_to("network"), Size,),
    "dni_network_sg": (checked, pointer_to("network"), Size, c_void_p,),
    "dni_network_copy": (checked, pointer_to("network"), c_void_p,),
    "dni_network_assign": (checked, pointer_to("network"), pointer_to("network"),),
    "dni_predictor_create": (checked, pointer_to("network"), Size, c_void_p,),
    "dni_predictor_retain": (c_void_p, pointer_to("predictor"),),
    "dni_predictor_release": (None, pointer_to("predictor"),),
    "dni_predictor_run": (checked, pointer_to("predictor"), Size, Reading, Writing,),
    "dni_network_reserve": (checked, pointer_to("network"), Size,),
    "dni_network_predict": (checked, pointer_to("network"), Reading, Writing,),
    "dni_network_evaluate": (checked, pointer_to("network"), pointer_to("loss"), pointer_to("dataset"), c_void_p, c_void_p,),
    "dni_network_save": (checked, pointer_to("network"), Text,),
    "dni_network_write": (checked, pointer_to("network"), c_void_p,),
    "dni_network_load": (checked, pointer_to("context"), Text, c_void_p,),
    "dni_network_read": (checked, pointer_to("context"), c_void_p, c_void_p,),
    "dni_dataset_create_memory": (checked, pointer_to("context"), Reading, Reading, c_void_p, c_void_p,),
    "dni_dataset_create_idx": (checked, pointer_to("context"), Text, Text, c_void_p, c_void_p,),
    "dni_dataset_create_csv": (checked, pointer_to("context"), Text, c_void_p, c_void_p,),
    "dni_dataset_create_callback": (checked, pointer_to("context"), c_void_p, c_void_p,),
    "dni_dataset_subset": (checked, pointer_to("dataset"), c_void_p, Size, c_void_p,),
    "dni_dataset_split": (checked, pointer_to("dataset"), Size, Integer, c_void_p, c_void_p, c_void_p,),
    "dni_dataset_retain": (c_void_p, pointer_to("dataset"),),
    "dni_dataset_release": (None, pointer_to("dataset"),),
    "dni_dataset_examples": (c_size_t, pointer_to("dataset"),),
    "dni_dataset_features": (c_size_t, pointer_to("dataset"),),
    "dni_dataset_targets": (c_size_t, pointer_to("dataset"),),
    "dni_dataset_classes": (c_size_t, pointer_to("dataset"),),
    "dni_dataset_batch": (checked, pointer_to("dataset"), Size, Writing, Writing,),
    "dni_dataset_gather": (checked, pointer_to("dataset"), c_void_p, Size, Writing, Writing,),
    "dni_order_create": (checked, pointer_to("dataset"), c_void_p, c_void_p,),
    "dni_order_retain": (c_void_p, pointer_to("order"),),
    "dni_order_release": (None, pointer_to("order"),),
    "dni_order_shuffle": (checked, pointer_to("order"),),
    "dni_order_state": (checked, pointer_to("order"), c_void_p, Size,),
    "dni_order_set_state": (checked, pointer_to("order"), c_void_p, Size,),
    "dni_order_indices": (c_void_p, pointer_to("order"),),
    "dni_trainer_create": (checked, pointer_to("network"), pointer_to("loss"), c_void_p, c_void_p,),
    "dni_trainer_retain": (c_void_p, pointer_to("trainer"),),
    "dni_trainer_release": (None, pointer_to("trainer"),),
    "dni_trainer_step": (checked, pointer_to("trainer"), c_void_p, c_void_p,),
    "dni_trainer_fit": (checked, pointer_to("trainer"), pointer_to("dataset"), c_void_p,),
    "dni_trainer_fit_stream": (checked, pointer_to("trainer"), c_void_p, c_void_p,),
    "dni_trainer_report": (checked, pointer_to("trainer"), c_void_p,),
    "dni_trainer_save": (checked, pointer_to("trainer"), Text,),
    "dni_trainer_write": (checked, pointer_to("trainer"), c_void_p,),
    "dni_trainer_load": (checked, pointer_to("trainer"), Text, c_void_p,),
    "dni_trainer_read": (checked, pointer_to("trainer"), c_void_p, c_void_p,),
    "dni_trainer_abandon": (checked, pointer_to("trainer"),),
    "dni_trainer_flush": (checked, pointer_to("trainer"),),
    "dni_trainer_cancel": (None, pointer_to("trainer"),),
    "dni_trainer_set_rate_factor": (checked, pointer_to("trainer"), Size, c_double,),
    "dni_trainer_step_count": (c_uint64, pointer_to("trainer"),),
    "dni_trainer_module_count": (c_size_t, pointer_to("trainer"),),
    "dni_trainer_layer_module": (checked, pointer_to("trainer"), Size, c_void_p,),
    "dni_trainer_thread_count": (c_size_t, pointer_to("trainer"),),
    "dni_trainer_module_thread": (checked, pointer_to("trainer"), Size, c_void_p,),
    "dni_trainer_module_optimiser": (c_void_p, pointer_to("trainer"), Size,),
    "dni_trainer_sg_optimiser": (c_void_p, pointer_to("trainer"), Size,),
    "dni_trainer_memory": (checked, pointer_to("trainer"), c_void_p,),
    "dni_checkpoint_create": (checked, pointer_to("context"), c_void_p,),
    "dni_checkpoint_retain": (c_void_p, pointer_to("checkpoint"),),
    "dni_checkpoint_release": (None, pointer_to("checkpoint"),),
    "dni_checkpoint_add_layer": (checked, pointer_to("checkpoint"), Text, pointer_to("layer"),),
    "dni_checkpoint_add_sg": (checked, pointer_to("checkpoint"), Text, pointer_to("sg"),),
    "dni_checkpoint_add_network": (checked, pointer_to("checkpoint"), Text, pointer_to("network"),),
    "dni_checkpoint_add_optimiser": (checked, pointer_to("checkpoint"), Text, pointer_to("optimiser"),),
    "dni_checkpoint_add_order": (checked, pointer_to("checkpoint"), Text, pointer_to("order"),),
    "dni_checkpoint_add_trainer": (checked, pointer_to("checkpoint"), Text, pointer_to("trainer"),),
    "dni_checkpoint_add_matrix": (checked, pointer_to("checkpoint"), Text, c_void_p,),
    "dni_checkpoint_add_count": (checked, pointer_to("checkpoint"), Text, c_void_p,),
    "dni_checkpoint_add_real": (checked, pointer_to("checkpoint"), Text, c_void_p,),
    "dni_checkpoint_save": (checked, pointer_to("checkpoint"), Text,),
    "dni_checkpoint_write": (checked, pointer_to("checkpoint"), c_void_p,),
    "dni_checkpoint_load": (checked, pointer_to("checkpoint"), Text, c_void_p,),
    "dni_checkpoint_read": (checked, pointer_to("checkpoint"), c_void_p, c_void_p,),
    "dni_sg_create_scalar": (checked, pointer_to("context"), Size, c_void_p,),
    "dni_sg_create_theorem": (checked, pointer_to("context"), Size, c_void_p,),
    "dni_sg_line_search": (checked, pointer_to("sg"), Reading, Reading, c_void_p,),
    "dni_guard_create": (checked, pointer_to("optimiser"), c_void_p, c_void_p,),
    "dni_guard_retain": (c_void_p, pointer_to("guard"),),
    "dni_guard_release": (None, pointer_to("guard"),),
    "dni_guard_step": (checked, pointer_to("guard"), c_double, c_double, c_double, c_void_p,),
    "dni_guard_accepted": (c_uint64, pointer_to("guard"),),
    "dni_guard_refused": (c_uint64, pointer_to("guard"),),
    "dni_checkpoint_add_guard": (checked, pointer_to("checkpoint"), Text, pointer_to("guard"),),
    "dni_analysis_align": (checked, Reading, Reading, c_void_p,),
    "dni_analysis_interface": (checked, pointer_to("context"), pointer_to("network"), pointer_to("loss"), Size, c_void_p, Size,
        Unsigned, c_void_p,),
    "dni_analysis_rdm": (checked, pointer_to("context"), Reading, Writing,),
    "dni_analysis_rdm_distance": (checked, Reading, Reading, c_void_p, Size, c_void_p,),
    "dni_analysis_classifier_probe": (checked, pointer_to("context"), Reading, Reading, c_void_p, c_void_p,),
    "dni_analysis_regressor_probe": (checked, pointer_to("context"), Reading, Reading, c_void_p, c_void_p,),
    "dni_analysis_extract_loss": (checked, pointer_to("context"), pointer_to("sg"), Reading, Reading, Reading, Size, Writing,),
    "dni_analysis_integrability": (checked, pointer_to("sg"), c_void_p,),
    "dni_analysis_agreement": (checked, pointer_to("context"), Reading, Reading, c_void_p, Size, c_void_p, c_void_p,),
    "dni_dataset_create_artificial": (checked, pointer_to("context"), ArtificialKind, Size, Size, Size, c_void_p, c_void_p,),
    "dni_network_measure": (checked, pointer_to("network"), Size, pointer_to("optimiser"), c_void_p, c_void_p, Size,),
    "dni_costs_balance": (checked, c_void_p, Size, Size, c_double, c_void_p,),
    "dni_trainer_record": (checked, pointer_to("trainer"), c_void_p, Size, Size,),
    "dni_trainer_replay": (checked, pointer_to("trainer"), c_void_p, Size, Size,),
}
lib.declare(PROTOTYPES)


class ContextMethods(Handle, thing="context"):
    """Memory, element type, random seed, backend and log. See dni/context.h."""

    @property
    def backend(self) -> Backend | None:
        """The backend of the context's objects. Borrowed: valid as long as the context. NULL for NULL."""
        return Handle._borrow("backend", lib.dni_context_backend(self))

    @property
    def dtype(self) -> Dtype:
        """The element type of the context's objects. 0 for NULL."""
        return Dtype(lib.dni_context_dtype(self))

    @property
    def compute(self) -> Dtype:
        """The element type that products of layers and SGs round their operands to: DNI_BF16, if that was
        asked for and the backend has such products (the builtin kind has), else the context's dtype. 0
        for NULL.
        """
        return Dtype(lib.dni_context_compute(self))

    @property
    def instructions(self) -> Instructions:
        """The instructions that the context's kernels use, never DNI_INSTRUCTIONS_BEST. 0 for NULL."""
        return Instructions(lib.dni_context_instructions(self))

    @property
    def bytes(self) -> int:
        """Bytes that the context and all objects made on it have from the allocator now. 0 for NULL. Any
        thread.
        """
        return lib.dni_context_bytes(self)


class BackendMethods(Handle, thing="backend"):
    """The matrix product. See dni/backend.h."""

    @classmethod
    def builtin(cls, *, threads: int | None = None, instructions: Instructions | str | int | None = None) -> Backend:
        """The library's own product: cache-blocked, vectorised, without dependency. It starts with one
        thread. The number of threads changes no bit of a result.
        """
        options = BackendOptions.given(threads=threads, instructions=instructions)
        out = c_void_p()
        lib.dni_backend_create_builtin(options, byref(out))
        return Handle._adopt("backend", out)

    @classmethod
    def cblas(cls, *, threads: int | None = None, instructions: Instructions | str | int | None = None) -> Backend:
        """The CBLAS that this library was built with; dni_build_info() names it.

        The first call loads it, and with it what it brings: memory and, as a rule, threads. From then on
        it is as a dynamic one, see dni_backend_create_dynamic().
        """
        options = BackendOptions.given(threads=threads, instructions=instructions)
        out = c_void_p()
        lib.dni_backend_create_cblas(options, byref(out))
        return Handle._adopt("backend", out)

    @classmethod
    def dynamic(cls, path: str, *, threads: int | None = None,
                instructions: Instructions | str | int | None = None) -> Backend:
        """Any CBLAS, from the shared library at `path`: a path, or a name that the dynamic loader finds.

        The names of its functions ("", "_64", "64_", "_64_") and the width of its integers are found
        out, and a small product is checked before use. The library stays loaded until the process ends,
        because a BLAS with threads cannot be unloaded safely.
        """
        options = BackendOptions.given(threads=threads, instructions=instructions)
        out = c_void_p()
        lib.dni_backend_create_dynamic(options, path, byref(out))
        return Handle._adopt("backend", out)

    @property
    def kind(self) -> BackendKind:
        """Which kind it is: a DNI_BACKEND_ value; 0 for NULL."""
        return BackendKind(lib.dni_backend_kind(self))

    @property
    def kind_name(self) -> str:
        """"builtin", "cblas", "dynamic" or "callback"; "" for NULL. Never NULL; static."""
        return lib.dni_backend_kind_name(self).decode()

    @property
    def name(self) -> str:
        """The path of a dynamic backend, else the name of the kind. "" for NULL. Valid as long as the
        backend.
        """
        return lib.dni_backend_name(self).decode()

    def set_threads(self, threads: int) -> None:
        """Use `threads` threads, at least 1, in each product from now on.

        For the builtin kind the setting is the handle's own. For a CBLAS it is what that library offers,
        as a rule one setting for the whole process. Call it while no other thread uses the backend.
        """
        lib.dni_backend_set_threads(self, threads)

    def gemm(self, transpose_a: int, transpose_b: int, alpha: float, a: Array, b: Array, beta: float,
             c: Array) -> None:
        """Compute C = alpha op(A) op(B) + beta C; the same on every backend.

        op(A) is [m][k], op(B) is [k][n], c is [m][n]; op transposes where the flag is 1. c is written
        and must not overlap a or b. With beta = 0 the old c is not read; with alpha = 0 or k = 0 a and b
        are not read; an empty c is no work. Several threads may call it at once on one backend.
        """
        lib.dni_backend_gemm(self, transpose_a, transpose_b, alpha, a, b, beta, c)


class LayerMethods(Handle, thing="layer"):
    """One step y = f(x) with its parameters. See dni/layer.h."""

    @classmethod
    def dense(cls, context: Context, inputs: int, outputs: int, activation: Activation | str | int) -> Layer:
        """A dense layer: y = activation(x W^T + b).

        Parameters: "weight" [outputs][inputs] and "bias" [1][outputs]. Weights start normal with mean 0
        and variance 2 / inputs for ReLU, leaky ReLU and GELU (He et al. 2015), 1 / inputs otherwise
        (LeCun); biases start at 0. dni_layer_initialise() draws others.
        """
        out = c_void_p()
        lib.dni_layer_create_dense(context, inputs, outputs, activation, byref(out))
        return Handle._adopt("layer", out)

    @classmethod
    def activation_(cls, context: Context, units: int, activation: Activation | str | int) -> Layer:
        """An activation alone: y = activation(x), element by element. It has no parameters. y may be x
        itself, except for GELU, whose backward needs x.
        """
        out = c_void_p()
        lib.dni_layer_create_activation(context, units, activation, byref(out))
        return Handle._adopt("layer", out)

    @classmethod
    def batch_norm(cls, context: Context, units: int) -> Layer:
        """Batch normalisation: y = scale (x - mean) / sqrt(variance + epsilon) + shift, for each column
        (Ioffe and Szegedy 2015).

        In training, mean and variance are the batch's; the variance is the biased one. In inference they
        are running averages. These start at 0 and 1 and move by DNI_SETTING_STATISTICS_RATE at each
        training forward, the variance with the unbiased estimate. A batch of one row has no variance and
        is refused in training; an empty batch changes nothing. Weights of examples are not looked at:
        rows of weight 0 are part of the statistics.

        Parameters, all [1][units]: "scale", 1 at first; "shift", 0 at first; and without gradients
        "running_mean" and "running_variance". Settings: DNI_SETTING_EPSILON,
        DNI_SETTING_STATISTICS_RATE.
        """
        out = c_void_p()
        lib.dni_layer_create_batch_norm(context, units, byref(out))
        return Handle._adopt("layer", out)

    @classmethod
    def layer_norm(cls, context: Context, units: int) -> Layer:
        """Layer normalisation: y = scale (x - mean) / sqrt(variance + epsilon) + shift, mean and biased
        variance being those of the row (Ba et al. 2016).

        It computes the same in training and in inference. Parameters, both [1][units]: "scale", 1 at
        first; "shift", 0 at first. Setting: DNI_SETTING_EPSILON, 1e-5 at first. Squares do not overflow.
        """
        out = c_void_p()
        lib.dni_layer_create_layer_norm(context, units, byref(out))
        return Handle._adopt("layer", out)

    @classmethod
    def dropout(cls, context: Context, units: int, drop: float, *, seed: int | None = None) -> Layer:
        """Dropout (Srivastava et al. 2014): in training each element becomes 0 with probability `drop`,
        and the others are multiplied with 1 / (1 - drop). In inference y = x.

        Which elements are dropped is drawn at each training forward, row by row, from the layer's own
        stream: an element is dropped if the next uniform number in [0, 1) is below drop. The choice is
        kept in the state, and backward uses it. It has no parameters. Setting: DNI_SETTING_DROP.
        `options` may be NULL.
        """
        options = RandomOptions.given(seed=seed)
        out = c_void_p()
        lib.dni_layer_create_dropout(context, units, drop, options, byref(out))
        return Handle._adopt("layer", out)

    def copy(self) -> Layer:
        """Make a second layer of the same kind, settings and parameters, on the same context.

        Gradients and states are not copied; a dropout layer starts a new stream from the context.
        """
        out = c_void_p()
        lib.dni_layer_copy(self, byref(out))
        return Handle._adopt("layer", out)

    @property
    def kind(self) -> LayerKind:
        """Which kind it is: a DNI_LAYER_ value; 0 for NULL."""
        return LayerKind(lib.dni_layer_kind(self))

    @property
    def kind_name(self) -> str:
        """"dense", "activation", "batch_norm", "callback", "dropout" or "layer_norm"; "" for NULL. Never
        NULL; static.
        """
        return lib.dni_layer_kind_name(self).decode()

    @property
    def inputs(self) -> int:
        """The width of x; 0 for NULL."""
        return lib.dni_layer_inputs(self)

    @property
    def outputs(self) -> int:
        """The width of y; 0 for NULL."""
        return lib.dni_layer_outputs(self)

    @property
    def activation(self) -> Activation:
        """The activation of a dense or an activation layer; -1 for other kinds and for NULL."""
        return Activation(lib.dni_layer_activation(self))

    def reserve(self, rows: int) -> None:
        """Plan the layer's own state for batches of up to `rows` rows, so that forward and backward of
        that size allocate nothing.
        """
        lib.dni_layer_reserve(self, rows)

    @property
    def parameter_count(self) -> int:
        """How many parameters the layer has; 0 for NULL."""
        return lib.dni_layer_parameter_count(self)

    def parameter_name(self, index: int) -> str:
        """The name of parameter `index`, from 0: "weight", "bias", "scale", ...; "" for NULL or out of
        range. Never NULL; static.
        """
        return lib.dni_layer_parameter_name(self, index).decode()

    def changed(self) -> None:
        """Say that parameters were written through views. Not while another thread uses the layer."""
        lib.dni_layer_changed(self)

    def set_parameter(self, index: int, value: Array) -> None:
        """Copy `value` into parameter `index`; shape and type must be its own. No dni_layer_changed() is
        needed.
        """
        lib.dni_layer_set_parameter(self, index, value)

    def get_parameter(self, index: int, value: Array) -> None:
        """Copy parameter `index` into `value`, of its shape and type."""
        lib.dni_layer_get_parameter(self, index, value)

    def initialise(self, *, kind: Initialiser | str | int | None = None, uniform: int | None = None,
                   value: float | None = None, seed: int | None = None) -> None:
        """Draw the weights of a dense layer anew; its biases become 0.

        Where batch normalisation follows, the scale of the weights does not change what the layer
        computes, but how far a step of a given size turns them. `options` may be NULL: as at creation.
        """
        options = InitialiserOptions.given(kind=kind, uniform=uniform, value=value, seed=seed)
        lib.dni_layer_initialise(self, options)

    def has(self, setting: Setting | str | int) -> int:
        """1 if the layer has the setting, else 0. All layers with trained parameters have
        DNI_SETTING_RATE_SCALE.
        """
        return lib.dni_layer_has(self, setting)

    def bounds(self, setting: Setting | str | int) -> tuple[float, float]:
        """The closed interval of values that the layer's setting may have, in the element type. An open
        end is given as the nearest number inside. See dni/settings.h for numbers near 0.
        """
        least = c_double()
        most = c_double()
        lib.dni_layer_bounds(self, setting, byref(least), byref(most))
        return least.value, most.value

    def set_f64(self, setting: Setting | str | int, value: float) -> None:
        """Change a setting. Of a layer that a trainer uses: only while the report says settled."""
        lib.dni_layer_set_f64(self, setting, value)

    def get_f64(self, setting: Setting | str | int) -> float:
        """Read a setting."""
        value = c_double()
        lib.dni_layer_get_f64(self, setting, byref(value))
        return value.value


class StateMethods(Handle, thing="state"):
    """What one batch leaves in one layer between forward and backward. See dni/layer.h."""

    def __init__(self, layer: Layer, rows: int) -> None:
        """A state for batches of up to `rows` rows of this layer. The state keeps the layer.

        A layer has one state of its own, which is used where NULL is given for a state. More are needed
        only if several batches are between forward and backward at the same time. One state serves one
        batch at a time.
        """
        out = c_void_p()
        lib.dni_state_create(layer, rows, byref(out))
        self._take(out)

    @property
    def rows(self) -> int:
        """The most rows that the state has room for; 0 for NULL."""
        return lib.dni_state_rows(self)


class LossMethods(Handle, thing="loss"):
    """The loss of each example and its gradient. See dni/loss.h."""

    @classmethod
    def softmax_cross_entropy(cls, context: Context, *, label_smoothing: float | None = None,
                              class_weights: Sequence | None = None) -> Loss:
        """Softmax cross-entropy of logits h: L = -sum_c w_c y'_c log softmax(h)_c.

        y is one-hot, a distribution, or a label. y' is y after label smoothing, w_c the class weight. It
        does not overflow for any finite logits. `options` may be NULL. h has 2 columns or more: of one,
        softmax is always 1.
        """
        options = LossOptions.given(label_smoothing=label_smoothing, class_weights=class_weights)
        out = c_void_p()
        lib.dni_loss_create_softmax_cross_entropy(context, options, byref(out))
        return Handle._adopt("loss", out)

    @classmethod
    def sigmoid_cross_entropy(cls, context: Context, *, label_smoothing: float | None = None,
                              class_weights: Sequence | None = None) -> Loss:
        """Sigmoid cross-entropy of logits h: L = sum_c w_c (log(1 + exp(h_c)) - y'_c h_c), y in [0, 1].

        It does not overflow for any finite logits. `options` may be NULL. Statuses as for softmax.
        """
        options = LossOptions.given(label_smoothing=label_smoothing, class_weights=class_weights)
        out = c_void_p()
        lib.dni_loss_create_sigmoid_cross_entropy(context, options, byref(out))
        return Handle._adopt("loss", out)

    @classmethod
    def squared_error(cls, context: Context) -> Loss:
        """Squared error: L = 1/2 sum_c (h_c - y_c)^2."""
        out = c_void_p()
        lib.dni_loss_create_squared_error(context, byref(out))
        return Handle._adopt("loss", out)

    @classmethod
    def absolute_error(cls, context: Context) -> Loss:
        """Absolute error: L = sum_c |h_c - y_c|; its derivative at 0 is 0."""
        out = c_void_p()
        lib.dni_loss_create_absolute_error(context, byref(out))
        return Handle._adopt("loss", out)

    @property
    def kind(self) -> LossKind:
        """Which kind it is: a DNI_LOSS_ value; 0 for NULL."""
        return LossKind(lib.dni_loss_kind(self))

    @property
    def kind_name(self) -> str:
        """"softmax_cross_entropy", "sigmoid_cross_entropy", "squared_error", "absolute_error" or
        "callback"; "" for NULL. Never NULL; static.
        """
        return lib.dni_loss_kind_name(self).decode()

    @property
    def classifies(self) -> int:
        """1 if the loss classifies, so that dni_loss_count_correct() and accuracies mean something: the
        cross-entropies, and callbacks with `correct`. Else 0.
        """
        return lib.dni_loss_classifies(self)


class OptimiserMethods(Handle, thing="optimiser"):
    """Turns gradients into updates of parameters. See dni/optimiser.h."""

    @classmethod
    def sgd(cls, context: Context, learning_rate: float) -> Optimiser:
        """Stochastic gradient descent:

            g += d w
            v = momentum v + g
            w -= r v

        g is the gradient after clipping, by value first and then by norm; w the parameter; r the rate of
        this step; d the weight decay. Momentum and decay are 0 at first.

        A parameter whose gradient is not finite becomes NaN, and so does one that its update would make
        infinite. The next step of a trainer then fails and names it.
        """
        out = c_void_p()
        lib.dni_optimiser_create_sgd(context, learning_rate, byref(out))
        return Handle._adopt("optimiser", out)

    @classmethod
    def adam(cls, context: Context, learning_rate: float) -> Optimiser:
        """Adam (Kingma and Ba 2015):

            g += d w
            m = b1 m + (1 - b1) g
            v = b2 v + (1 - b2) g^2
            w -= r (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)

        t counts this optimiser's steps from 1. b1 is DNI_SETTING_BETA1 and b2 is DNI_SETTING_BETA2. A g
        above 2^63 (2^511 where moments are double) counts as this number, so that its square is finite:
        the update does not depend on the size of large gradients, and v forgets them again. What is not
        finite, the other letters and the statuses are as in dni_optimiser_create_sgd().
        """
        out = c_void_p()
        lib.dni_optimiser_create_adam(context, learning_rate, byref(out))
        return Handle._adopt("optimiser", out)

    @classmethod
    def adamw(cls, context: Context, learning_rate: float) -> Optimiser:
        """AdamW (Loshchilov and Hutter 2019): as Adam without the decay in g, but first w -= r d w. Its
        decay is 0.01 at first.

        Letters and statuses are those of dni_optimiser_create_adam().
        """
        out = c_void_p()
        lib.dni_optimiser_create_adamw(context, learning_rate, byref(out))
        return Handle._adopt("optimiser", out)

    @classmethod
    def like(cls, other: Optimiser) -> Optimiser:
        """A new optimiser of the kind, settings and schedule of `other`, at step 0 and without parameters.
        A schedule's function is shared, not copied.
        """
        out = c_void_p()
        lib.dni_optimiser_create_like(other, byref(out))
        return Handle._adopt("optimiser", out)

    def set_moment_dtype(self, dtype: Dtype | str | int) -> None:
        """What moments are kept as: the context's dtype (at first), or DNI_BF16.

        Moments of bf16 take half the memory (a quarter in double), and a step reads and writes less. An
        update computes in the context's dtype and then rounds m and v, or v, up or down by chance, so
        that small changes are not lost: on average nothing changes. The random bits are a function of
        the step, of the parameter's place in the optimiser and of the element, so the same steps give
        the same numbers, whatever the threads. Their range is that of float: in double, the v of SGD is
        infinite from 2^128 on, and the parameter then becomes NaN. Files keep such moments as BF16.

        The optimiser has no parameters yet. dni_optimiser_create_like() copies the type, so a trainer's
        optimisers have that of their pattern.
        """
        lib.dni_optimiser_set_moment_dtype(self, dtype)

    @property
    def moment_dtype(self) -> Dtype:
        """What moments are kept as. 0 for NULL."""
        return Dtype(lib.dni_optimiser_moment_dtype(self))

    @property
    def kind(self) -> OptimiserKind:
        """Which kind it is: a DNI_OPTIMISER_ value; 0 for NULL."""
        return OptimiserKind(lib.dni_optimiser_kind(self))

    @property
    def kind_name(self) -> str:
        """"sgd", "adam" or "adamw"; "" for NULL. Never NULL; static."""
        return lib.dni_optimiser_kind_name(self).decode()

    def add_layer(self, layer: Layer) -> None:
        """Move the trained parameters of a layer, at a rate multiplied with its DNI_SETTING_RATE_SCALE.

        The optimiser keeps the layer if it has trained parameters; else the call does nothing. Moments
        are allocated now and start at 0.
        """
        lib.dni_optimiser_add_layer(self, layer)

    def add_sg(self, sg: SG | None) -> None:
        """Move the trained parameters of an SG, in the same way. An SG whose parameters are another's (a
        wrapper's) counts as moved already if that one is.
        """
        lib.dni_optimiser_add_sg(self, sg)

    def changed(self) -> None:
        """Say that values of parameters given to dni_optimiser_add() were written by the caller."""
        lib.dni_optimiser_changed(self)

    def step(self) -> None:
        """Update every parameter once from its gradient as it is now. Gradients stay as they are. Nothing
        is allocated.

        With DNI_SETTING_CLIP_NORM the norm is right whatever the size of the gradients.
        """
        lib.dni_optimiser_step(self)

    def step_scaled(self, factor: float) -> None:
        """The same with every gradient multiplied with `factor` first, before clipping.

        For gradients that are sums over the parts of a batch (DNI_GRADIENT_ADD + DNI_GRADIENT_SUM), the
        factor is 1 / rows of all parts.
        """
        lib.dni_optimiser_step_scaled(self, factor)

    def has(self, setting: Setting | str | int) -> int:
        """1 if the optimiser has the setting, else 0."""
        return lib.dni_optimiser_has(self, setting)

    def bounds(self, setting: Setting | str | int) -> tuple[float, float]:
        """The closed interval of values that a setting may have, in the element type; see
        dni_layer_bounds().
        """
        least = c_double()
        most = c_double()
        lib.dni_optimiser_bounds(self, setting, byref(least), byref(most))
        return least.value, most.value

    def set_f64(self, setting: Setting | str | int, value: float) -> None:
        """Change a setting. Of an optimiser of a trainer: only while the report says settled."""
        lib.dni_optimiser_set_f64(self, setting, value)

    def get_f64(self, setting: Setting | str | int) -> float:
        """Read a setting."""
        value = c_double()
        lib.dni_optimiser_get_f64(self, setting, byref(value))
        return value.value

    @property
    def step_count(self) -> int:
        """Steps made so far; 0 for NULL."""
        return lib.dni_optimiser_step_count(self)

    @property
    def rate(self) -> float:
        """The learning rate of the next step: the schedule is in it, rate scales of layers are not. 0 for
        NULL.
        """
        return lib.dni_optimiser_rate(self)

    @property
    def bytes(self) -> int:
        """Bytes of moments; 0 for NULL."""
        return lib.dni_optimiser_bytes(self)


class SGMethods(Handle, thing="sg"):
    """Answers "what is dL/dh here?" at one interface. See dni/sg.h."""

    @classmethod
    def synthetic(cls, context: Context, units: int, targets: int, *,
                  condition: Condition | str | int | None = None, hidden_layers: int | None = None,
                  hidden_units: int | None = None, seed: int | None = None, loss: Loss | None = None) -> SG:
        """A synthetic gradient M(h, y) for h [rows][units] and y [rows][targets] or labels below targets.

        It is trained on E, the mean over the batch of || M(h, y) - delta ||^2, a sum over the units
        (Jaderberg et al. 2016; Czarnecki et al. 2017). Its last layer starts at zero, so the first
        answer is exactly 0, and the layers below stand still until it has learned something. `options`
        may be NULL: linear in (h, y), the paper's choice.

        Parameters, for each of its layers: "weight" [outputs][inputs] and "bias" [1][outputs]. The
        inputs of the first are h's columns, then y's, then those of r, without what is not seen. With a
        loss also "guess_weight" [targets][units] and "guess_bias" [1][targets], which start at zero and
        whose gradients are those of the loss.
        """
        options = SGOptions.given(condition=condition, hidden_layers=hidden_layers, hidden_units=hidden_units, seed=seed,
            loss=loss)
        out = c_void_p()
        lib.dni_sg_create_synthetic(context, units, targets, options, byref(out))
        return Handle._adopt("sg", out)

    @classmethod
    def least_squares(cls, context: Context, units: int, targets: int, *,
                      condition: Condition | str | int | None = None, loss: Loss | None = None,
                      forgetting: float | None = None, ridge: float | None = None,
                      solve_every: int | None = None, guess_rate: float | None = None) -> SG:
        """A synthetic gradient that needs no optimiser: M = W z, linear in what it sees, with the best W
        for all lessons so far.

        z = [h, 1, y, r], without what it does not see; n columns. Each lesson of B rows adds to two
        sums, and W follows from them:

            C <- (1 - rho) C + rho Z^T Z / B        R <- (1 - rho) R + rho delta^T Z / B
            W = R (C + lambda (tr C / n) I)^-1

        This is the ridge regression on all lessons, each weighing (1 - rho)^age. So 1 / rho is how many
        lessons it remembers. The first answer is exactly 0, before the first lesson. Lessons with less
        rows than n columns are fine: the ridge decides what they leave open.

        It learns in dni_sg_learn() alone. Answers follow from the sums as they are after the first
        lesson and after every `solve_every` more. A lesson without a prediction is not answered again
        unless a report is wanted. Flags: REPLACE begins a lesson; ADD adds rows to the last one and
        forgets nothing; SKIP learns nothing. A rate scale of 0 freezes it; others are for the guess.

        With a loss the residual r of a local guess is seen too, or, with DNI_CONDITION_RESIDUAL, only r
        and 1: this costs next to nothing, and for classification it is the place to start. The guess is
        moved in lessons, by an Adam of its own.

        Parameters, which no optimiser takes: "weight" W [units][n], which lessons leave behind and
        dni_sg_parameter() and dni_sg_get_parameter() bring up to date; "gram" C [n][n], whose lower
        triangle counts; "moment" R [units][n]; with a loss "guess_weight" [targets][units] and
        "guess_bias" [1][targets]. Where z is above 2^20 (2^300 in double), C and R are those of 2^-e z.
        Settings: DNI_SETTING_FORGETTING; DNI_SETTING_RIDGE, which may be set to 0: columns of z that
        others give up to rounding then get weights of 0. With a loss DNI_SETTING_LEARNING_RATE, of the
        guess.

        A lesson fails with DNI_ERROR_NON_FINITE if h, y, r or the target is not finite, if the target
        is 2^90 or more (2^600 in double), or h times r 2^100 (2^900); it is then not counted, and
        nothing has changed. Where a solution is not finite, the call that needs it fails in the same
        way. After a product that failed, C, R and W may have taken a part of the lesson in. What weighs
        0 is absent, so a lesson of nothing else is none; if it should begin one, what is added to it
        does.
        """
        options = LeastSquaresOptions.given(condition=condition, loss=loss, forgetting=forgetting, ridge=ridge, solve_every=solve_every,
            guess_rate=guess_rate)
        out = c_void_p()
        lib.dni_sg_create_least_squares(context, units, targets, options, byref(out))
        return Handle._adopt("sg", out)

    @classmethod
    def dfa(cls, context: Context, units: int, signal_units: int, *, seed: int | None = None) -> SG:
        """Direct feedback alignment (Nokland 2016): delta = e B, where e [rows][signal_units] is dL/dh_N.

        B [signal_units][units] is fixed: normal with variance 1 / signal_units, from the context's next
        stream or from the options' seed. It is the parameter "feedback", not trained. `options` may be
        NULL.
        """
        options = RandomOptions.given(seed=seed)
        out = c_void_p()
        lib.dni_sg_create_dfa(context, units, signal_units, options, byref(out))
        return Handle._adopt("sg", out)

    @classmethod
    def fa(cls, context: Context, units: int, signal_units: int, *, seed: int | None = None) -> SG:
        """Feedback alignment (Lillicrap et al. 2016): delta = e B, where e [rows][signal_units] is dL/dz
        of the dense layer above. It is the chain rule with that layer's W replaced by B.

        B [signal_units][units] is fixed: normal with variance 2 / units, drawn as for
        dni_sg_create_dfa(). It is the parameter "feedback", not trained. In a network the layer right
        above must be dense. Statuses as for dni_sg_create_dfa().
        """
        options = RandomOptions.given(seed=seed)
        out = c_void_p()
        lib.dni_sg_create_fa(context, units, signal_units, options, byref(out))
        return Handle._adopt("sg", out)

    @classmethod
    def local(cls, context: Context, units: int, targets: int, loss: Loss, *,
              condition: Condition | str | int | None = None, hidden_layers: int | None = None,
              hidden_units: int | None = None, seed: int | None = None) -> SG:
        """A local loss (Belilovsky et al. 2019; Nokland and Eidnes 2019): a small network g on top of h,
        and delta = d loss(g(h), y) / dh.

        g is linear or has hidden ReLU layers, and has `targets` outputs. Its first weights are drawn as
        a dense layer's. It learns alone, from h and y. The loss is kept. `options` may be NULL: linear;
        a condition must be 0. Parameters as of a synthetic gradient.
        """
        options = SGOptions.given(condition=condition, hidden_layers=hidden_layers, hidden_units=hidden_units, seed=seed)
        out = c_void_p()
        lib.dni_sg_create_local(context, units, targets, loss, options, byref(out))
        return Handle._adopt("sg", out)

    @classmethod
    def critic(cls, context: Context, units: int, targets: int, *,
               condition: Condition | str | int | None = None, hidden_layers: int | None = None,
               hidden_units: int | None = None, seed: int | None = None, loss: Loss | None = None) -> SG:
        """A critic (Appendix A): phi(h, y), an estimate of each example's loss; delta = d phi / dh.

        phi is linear or has hidden layers of tanh units (with ReLU its gradient would be constant
        between kinks). Its last layer starts at zero, so the first answer is exactly 0. It learns from
        losses. `options` may be NULL: one hidden layer of as many units as h, and (h, y) seen.
        Parameters as of a synthetic gradient; the last layer has one output.
        """
        options = SGOptions.given(condition=condition, hidden_layers=hidden_layers, hidden_units=hidden_units, seed=seed,
            loss=loss)
        out = c_void_p()
        lib.dni_sg_create_critic(context, units, targets, options, byref(out))
        return Handle._adopt("sg", out)

    @classmethod
    def delayed(cls, context: Context, units: int, shrink: float) -> SG:
        """The exact gradient, later (Huo et al. 2018): delta = shrink e, where e is dL/dh of the same
        batch.

        In the sequential schedule nothing is late, and with shrink 1 the step is backpropagation. In the
        pipelined schedule the layers below go on with other batches and keep what those in flight left
        in them. When e comes they run backward with their present parameters, on the outputs and states
        of that batch. It does not learn. Setting: DNI_SETTING_SHRINK.
        """
        out = c_void_p()
        lib.dni_sg_create_delayed(context, units, shrink, byref(out))
        return Handle._adopt("sg", out)

    @classmethod
    def zero(cls, context: Context, units: int) -> SG:
        """No gradient: delta = 0. In a trainer the layers below are not moved at all, weight decay
        included, and nothing is computed for them but their outputs; batch norm still gathers its
        statistics.

        It shows what the layers above reach on random features.
        """
        out = c_void_p()
        lib.dni_sg_create_zero(context, units, byref(out))
        return Handle._adopt("sg", out)

    @classmethod
    def mixture(cls, context: Context, inner: SG, lambda_: float) -> SG:
        """A mixture, BP(lambda) (Jaderberg et al. 2016): delta = lambda e + (1 - lambda) M(h, y), where M
        is the inner SG's answer and e = dL/dh. It needs e, so the layers below wait; M learns from e.

        lambda in [0, 1] is DNI_SETTING_LAMBDA, or follows a schedule: dni_sg_set_schedule(). The inner
        SG must need nothing and learn from targets. It is kept, and its parameters are shown as this
        one's.
        """
        out = c_void_p()
        lib.dni_sg_create_mixture(context, inner, lambda_, byref(out))
        return Handle._adopt("sg", out)

    @classmethod
    def frozen(cls, context: Context, inner: SG) -> SG:
        """The inner SG's answers, but it no longer learns. The inner SG must need nothing. It is kept; its
        parameters are shown without gradients.
        """
        out = c_void_p()
        lib.dni_sg_create_frozen(context, inner, byref(out))
        return Handle._adopt("sg", out)

    @classmethod
    def warm_up(cls, context: Context, inner: SG, lessons: int) -> SG:
        """The answer 0 until the inner SG has had `lessons` lessons, then the inner SG's answers. So the
        layers below do not follow its first guesses. mse and cosine of a lesson are always those of the
        inner SG's answer.

        The inner SG must need nothing and learn from targets. It is kept, and its parameters are shown
        as this one's. A mixture whose lambda goes from 1 to 0 is a warm-up during which the layers below
        follow the exact gradient.
        """
        out = c_void_p()
        lib.dni_sg_create_warm_up(context, inner, lessons, byref(out))
        return Handle._adopt("sg", out)

    @property
    def kind(self) -> SGKind:
        """Which kind it is: a DNI_SG_ value; 0 for NULL."""
        return SGKind(lib.dni_sg_kind(self))

    @property
    def kind_name(self) -> str:
        """"synthetic", "dfa", "fa", "local", "critic", "delayed", "zero", "mixture", "frozen", "warm_up",
        "callback", "least_squares", "scalar" or "theorem"; "" for NULL. Never NULL; static.
        """
        return lib.dni_sg_kind_name(self).decode()

    @property
    def needs(self) -> Needs:
        """Which signal it needs: a DNI_SG_NEEDS_ value; -1 for NULL."""
        return Needs(lib.dni_sg_needs(self))

    @property
    def learns(self) -> Learns:
        """What it learns from: a DNI_SG_LEARNS_ value; -1 for NULL."""
        return Learns(lib.dni_sg_learns(self))

    @property
    def units(self) -> int:
        """The width of h and delta; 0 for NULL."""
        return lib.dni_sg_units(self)

    @property
    def targets(self) -> int:
        """The width of y, or the number of classes of labels; 0 if it does not look at y, and for NULL."""
        return lib.dni_sg_targets(self)

    @property
    def signal_units(self) -> int:
        """The width of the signal it needs; 0 if it needs none, and for NULL."""
        return lib.dni_sg_signal_units(self)

    def reserve(self, rows: int) -> None:
        """Plan working space for batches of up to `rows`, so that calls of that size allocate nothing.
        Calls with more rows grow it.
        """
        lib.dni_sg_reserve(self, rows)

    @property
    def parameter_count(self) -> int:
        """How many parameters the SG has; 0 for NULL."""
        return lib.dni_sg_parameter_count(self)

    def parameter_name(self, index: int) -> str:
        """The name of parameter `index`; see dni_layer_parameter_name()."""
        return lib.dni_sg_parameter_name(self, index).decode()

    def changed(self) -> None:
        """Say that parameters were written through views. Not while another thread uses the SG."""
        lib.dni_sg_changed(self)

    def set_parameter(self, index: int, value: Array) -> None:
        """Copy `value` into parameter `index`; see dni_layer_set_parameter()."""
        lib.dni_sg_set_parameter(self, index, value)

    def get_parameter(self, index: int, value: Array) -> None:
        """Copy parameter `index` into `value`, of its shape and type."""
        lib.dni_sg_get_parameter(self, index, value)

    def has(self, setting: Setting | str | int) -> int:
        """1 if the SG has the setting, else 0. All SGs that learn have DNI_SETTING_RATE_SCALE; those that
        learn nothing, frozen ones included, do not.
        """
        return lib.dni_sg_has(self, setting)

    def bounds(self, setting: Setting | str | int) -> tuple[float, float]:
        """The closed interval of values that a setting may have; see dni_layer_bounds()."""
        least = c_double()
        most = c_double()
        lib.dni_sg_bounds(self, setting, byref(least), byref(most))
        return least.value, most.value

    def set_f64(self, setting: Setting | str | int, value: float) -> None:
        """Change a setting. Setting lambda removes a schedule. Of an SG that a trainer uses: only while
        the report says settled.
        """
        lib.dni_sg_set_f64(self, setting, value)

    def get_f64(self, setting: Setting | str | int) -> float:
        """Read a setting. Lambda is what the next answer uses."""
        value = c_double()
        lib.dni_sg_get_f64(self, setting, byref(value))
        return value.value

    @classmethod
    def scalar(cls, context: Context, units: int) -> SG:
        """One trainable number (Appendix B): delta = c for every example and unit. h and y are not looked
        at.

        It is trained as a synthetic gradient. Parameter: "scalar" [1][1], 0 at first. With it training
        can stop where the loss has no critical point.
        """
        out = c_void_p()
        lib.dni_sg_create_scalar(context, units, byref(out))
        return Handle._adopt("sg", out)

    @classmethod
    def theorem(cls, context: Context, units: int) -> SG:
        """The synthetic gradient of Theorem 1 (Appendix C): delta = (alpha + 1) h - (beta + 1) y + gamma,
        for h and y of [rows][units].

        With (alpha, beta, gamma) = 0 it is h - y, the gradient of 1/2 || h - y ||^2. It is trained as a
        synthetic gradient. Parameter: "omega" [1][3] = (alpha, beta, gamma), (-1, -1, 0) at first, so
        that the first answer is exactly 0. y must be numbers, not labels.
        """
        out = c_void_p()
        lib.dni_sg_create_theorem(context, units, byref(out))
        return Handle._adopt("sg", out)

    def line_search(self, h: Array, y: Array) -> float:
        """Exact line search (Theorem 1): the learning rate with which one step of plain SGD, along the
        gradients that dni_sg_learn() has just computed for the same h and y, makes the error E as small
        as it can be on this line:

            E = mean || M(h, y) - target ||^2
            rate = 1/2 (g . g) / mean || J g ||^2,

        g being the parameter gradients and J g the change of M along them. For SGs that are linear in
        their parameters: scalar, theorem, and synthetic without hidden layers. In the theorem's terms
        (sums in place of means) nu = rate * 2 / rows. *rate = 0 if g = 0 or J g = 0. What the SG does
        not look at may be NULL, but not both h and y: one says how many rows there are. Weights are not
        taken.
        """
        rate = c_double()
        lib.dni_sg_line_search(self, h, y, byref(rate))
        return rate.value


class NetworkMethods(Handle, thing="network"):
    """A chain of layers and the SGs between them. See dni/network.h."""

    def add(self, layer: Layer) -> None:
        """Append a layer; the network keeps it. Its index is the number of layers added before it.

        While a trainer of the network exists, its layers and SGs cannot be changed.
        """
        lib.dni_network_add(self, layer)

    def set_sg(self, after: int, sg: SG | None) -> None:
        """Put an SG at the interface after layer `after`; the network keeps it. NULL: the exact gradient,
        which is what every interface has at first.

        After the last layer there can be none: that gradient is the loss's own, and dni_trainer_create()
        refuses one. One SG serves one interface.
        """
        lib.dni_network_set_sg(self, after, sg)

    @property
    def inputs(self) -> int:
        """The width of the network's input; 0 for NULL and without layers."""
        return lib.dni_network_inputs(self)

    @property
    def outputs(self) -> int:
        """The width of the network's output; 0 for NULL and without layers."""
        return lib.dni_network_outputs(self)

    @property
    def layer_count(self) -> int:
        """How many layers there are; 0 for NULL."""
        return lib.dni_network_layer_count(self)

    def layer(self, index: int) -> Layer | None:
        """Layer `index`, borrowed; NULL for NULL and out of range."""
        return Handle._borrow("layer", lib.dni_network_layer(self, index))

    def sg(self, after: int) -> SG | None:
        """The SG at the interface after layer `after`, borrowed: *sg = NULL where the gradient is exact."""
        sg = c_void_p()
        lib.dni_network_sg(self, after, byref(sg))
        return Handle._borrow("sg", sg)

    def copy(self) -> Network:
        """A second network with copies of the layers (dni_layer_copy()) on the same context. Interfaces
        are exact: SGs are not copied. For the best parameters so far, an average, or a network per
        thread.
        """
        out = c_void_p()
        lib.dni_network_copy(self, byref(out))
        return Handle._adopt("network", out)

    def assign(self, from_: Network) -> None:
        """Copy all parameters of all layers of `from` into `to`, running statistics included.

        The chains must have layers of the same kinds and shapes. SGs and settings are not looked at.
        Nothing is allocated.
        """
        lib.dni_network_assign(self, from_)

    def reserve(self, rows: int) -> None:
        """Plan working space for predictions of up to `rows` rows at a time, for dni_network_predict() and
        dni_network_evaluate().
        """
        lib.dni_network_reserve(self, rows)

    def measure(self, rows: int, optimiser: Optimiser, count: int) -> tuple[Array, Array]:
        """How long the parts of a training step take on this machine.

        seconds [count] becomes, for each layer, the time of forward, backward and update on `rows` rows;
        count is the number of layers. sg_seconds [count], which may be NULL, becomes the time of answer,
        lesson and update of the SG after each layer; in the lesson the SG answers again, as it does
        between threads. It is 0 where there is no SG or one that needs an error signal. Medians of a few
        runs on made-up numbers; it takes about ten steps. With batch norm at least 2 rows are used.

        `optimiser` is a pattern; NULL leaves the updates out. Parameters, gradients, running statistics,
        random streams and the counts of SGs are as before afterwards. The caller's own layers and SGs
        are not called: their times are NaN.

        After a failure seconds and sg_seconds are as they were.
        """
        seconds = results("float64", length=count)
        sg_seconds = results("float64", length=count)
        lib.dni_network_measure(self, rows, optimiser, seconds.pointer, sg_seconds.pointer, count)
        return seconds.array, sg_seconds.array


class PredictorMethods(Handle, thing="predictor"):
    """Buffers to predict with a network. See dni/network.h."""

    def __init__(self, network: Network, rows: int) -> None:
        """Buffers to predict with a network, `rows` rows at a time.

        rows 0: 256. It keeps the network. Any number of predictors of one network may be used by
        different threads at once while nothing trains it. Layers that are added later are not seen.
        """
        out = c_void_p()
        lib.dni_predictor_create(network, rows, byref(out))
        self._take(out)


class DatasetMethods(Handle, thing="dataset"):
    """Examples x with targets y. See dni/dataset.h."""

    @classmethod
    def idx(cls, context: Context, images_path: str, labels_path: str, *, classes: int | None = None,
            scaled: int | None = None, in_file: int | None = None, factor: float | None = None,
            offset: float | None = None) -> Dataset:
        """A data set of two IDX files of unsigned bytes, plain or gzip, the format of MNIST.

        A gzip file may have several members. Zero bytes after them are padding; other bytes are refused.
        Images have rank 2 or more; what follows the first dimension is flattened. Labels have rank 1.
        The pixels stay bytes in memory. Sizes are believed only as far as the file backs them: a header
        that claims 2^31 items does not allocate them. `options` may be NULL. Messages name the file.

        With in_file images are read from their file when a batch is copied out, for data larger than
        memory. Sizes and length are checked here all the same. The file is kept open until the last
        release and must not change meanwhile; its descriptor is the data set's own, and exec closes it.
        Labels are always in memory.
        """
        options = IdxOptions.given(classes=classes, scaled=scaled, in_file=in_file, factor=factor, offset=offset)
        out = c_void_p()
        lib.dni_dataset_create_idx(context, images_path, labels_path, options, byref(out))
        return Handle._adopt("dataset", out)

    @classmethod
    def csv(cls, context: Context, path: str, *, classes: int | None = None,
            target_columns: int | None = None, header_lines: int | None = None,
            targets_first: int | None = None, separator: int | None = None) -> Dataset:
        """A data set of a CSV file of numbers, plain or gzip, one example on each line.

        These are read: lines that end with LF, CR LF or CR, the last one also without an end; a UTF-8
        byte-order mark; spaces and tabs around a field; quotes around a whole field; decimal numbers as
        in "-1.5e3". The decimal point is always '.', whatever the locale. Empty lines are skipped, and
        lines that begin with '#'. A tab or a space that is the separator separates and nothing else.

        Everything else is refused: empty fields, words for missing values, hexadecimal numbers,
        separators of thousands, a separator at the end of a line, a header that `header_lines` does not
        skip. `options` may be NULL.
        """
        options = CsvOptions.given(classes=classes, target_columns=target_columns, header_lines=header_lines,
            targets_first=targets_first, separator=separator)
        out = c_void_p()
        lib.dni_dataset_create_csv(context, path, options, byref(out))
        return Handle._adopt("dataset", out)

    def subset(self, indices: Sequence) -> Dataset:
        """A data set of some of the examples of another, in the order of `indices` [count], which are
        copied. It shares the examples. An index may come more than once.
        """
        indices = results("uint64", given=indices)
        out = c_void_p()
        lib.dni_dataset_subset(self, indices.pointer, len(indices.array), byref(out))
        return Handle._adopt("dataset", out)

    @property
    def examples(self) -> int:
        """How many examples there are; 0 for NULL."""
        return lib.dni_dataset_examples(self)

    @property
    def features(self) -> int:
        """The width of x; 0 for NULL."""
        return lib.dni_dataset_features(self)

    @property
    def targets(self) -> int:
        """The width of y as numbers or one-hot rows; 0 for NULL."""
        return lib.dni_dataset_targets(self)

    @property
    def classes(self) -> int:
        """How many classes there are; 0 if the targets are numbers, and for NULL."""
        return lib.dni_dataset_classes(self)

    @classmethod
    def artificial(cls, context: Context, kind: ArtificialKind | str | int, dimensions: int,
                   examples: int, classes: int, *, seed: int | None = None) -> Dataset:
        """The paper's artificial problems (Appendix D): x ~ N(0, I) [examples][dimensions].

        classes = 2: y are labels of two classes. classes = 1: y is one column of 0 or 1, for a sigmoid
        output. Drawn from `options`, or if that is NULL from the context's next stream.
        """
        options = RandomOptions.given(seed=seed)
        out = c_void_p()
        lib.dni_dataset_create_artificial(context, kind, dimensions, examples, classes, options, byref(out))
        return Handle._adopt("dataset", out)


class OrderMethods(Handle, thing="order"):
    """An order of examples, for loops of one's own. See dni/dataset.h."""

    def shuffle(self) -> None:
        """Shuffle: each new order is equally likely (Fisher-Yates). One thread at a time."""
        lib.dni_order_shuffle(self)


class TrainerMethods(Handle, thing="trainer"):
    """Trains a network. See dni/trainer.h."""

    def abandon(self) -> None:
        """Say that a callback was left by a jump, so that the trainer is idle again.

        It is needed where the library cannot find that out by itself: if the next call comes from
        another thread, from a fiber, or from deeper in the same thread's stack. A C++ exception needs no
        such call. The next step starts afresh; what was in flight is dropped. It must not be called
        while a call on this trainer is still running.
        """
        lib.dni_trainer_abandon(self)

    def flush(self) -> None:
        """Wait until nothing is in flight: every batch has been through all modules, every target has been
        learned. Parameters may be read, written, saved and evaluated then, until the next step.

        dni_trainer_fit() ends with it. It returns at once in schedules that have nothing in flight.
        """
        lib.dni_trainer_flush(self)

    def cancel(self) -> None:
        """Stop dni_trainer_fit() between two steps: it lets what is in flight be finished and returns
        DNI_ERROR_CANCELLED.

        It may be called from any thread, from a callback and from a signal handler. It is remembered: a
        fit that begins afterwards stops before its first step. The fit that returns DNI_ERROR_CANCELLED
        forgets it. NULL is allowed.
        """
        lib.dni_trainer_cancel(self)

    def set_rate_factor(self, module: int, factor: float) -> None:
        """Multiply the learning rate of a module's optimiser, and of the optimiser of the SG above it,
        with `factor`, from the next batch on that the module takes. DNI_ALL for `module`: of all.

        It may be called at any time from any thread, also while batches are in flight. It replaces an
        earlier factor; 1 is what every module has at first.
        """
        lib.dni_trainer_set_rate_factor(self, module, factor)

    @property
    def step_count(self) -> int:
        """Steps made so far that are complete in all modules; 0 for NULL. Any thread, also from callbacks."""
        return lib.dni_trainer_step_count(self)

    @property
    def module_count(self) -> int:
        """How many modules there are; 0 for NULL. With micro-batches each thread's layers are one."""
        return lib.dni_trainer_module_count(self)

    def layer_module(self, layer: int) -> int:
        """The module of a layer, from 0: *module."""
        module = c_size_t()
        lib.dni_trainer_layer_module(self, layer, byref(module))
        return module.value

    @property
    def thread_count(self) -> int:
        """How many threads the schedule has, the caller's included; 0 for NULL."""
        return lib.dni_trainer_thread_count(self)

    def module_thread(self, module: int) -> int:
        """The thread that runs a module: *thread, from 0, the caller's, upwards."""
        thread = c_size_t()
        lib.dni_trainer_module_thread(self, module, byref(thread))
        return thread.value

    def module_optimiser(self, module: int) -> Optimiser | None:
        """The optimiser of a module, borrowed: to read its step count at any time or, only while settled,
        to change a setting. NULL if the module does not move, for NULL and out of range. Add no
        parameters to it.
        """
        return Handle._borrow("optimiser", lib.dni_trainer_module_optimiser(self, module))

    def sg_optimiser(self, after: int) -> Optimiser | None:
        """The optimiser of the SG after layer `after`, borrowed, in the same way. NULL if nothing learns
        there, for NULL and out of range.
        """
        return Handle._borrow("optimiser", lib.dni_trainer_sg_optimiser(self, after))

    def memory(self) -> MemoryReport:
        """What the training occupies, summed over network, SGs and trainer."""
        report = MemoryReport.of()
        lib.dni_trainer_memory(self, byref(report))
        return report


class CheckpointMethods(Handle, thing="checkpoint"):
    """Things that are saved and loaded together. See dni/checkpoint.h."""

    def __init__(self, context: Context) -> None:
        """An empty checkpoint.

        Add what belongs together, then save or load it as often as wanted. Everything that is added is
        kept until the last release. Names are 1 to 100 bytes of UTF-8 without ASCII's control
        characters; those
        that begin with "libdni.", and "__metadata__", are the file's own. The entries of the file begin
        with the name and a dot: a layer "encoder" has the entry "encoder.weight". The name "" is allowed
        once, for a network or a trainer: its entries have nothing in front.

        One thread at a time, and while nothing else uses what was added.
        """
        out = c_void_p()
        lib.dni_checkpoint_create(context, byref(out))
        self._take(out)

    def add_layer(self, name: str, layer: Layer) -> None:
        """Add a layer: its parameters, settings, statistics, and its random stream. The values in the
        caller's own layers are their parameters; what else they keep, add with _add_matrix() or
        _add_count().
        """
        lib.dni_checkpoint_add_layer(self, name, layer)

    def add_sg(self, name: str, sg: SG | None) -> None:
        """Add an SG with all it has learned, SGs inside it too. Failures as dni_checkpoint_add_layer()."""
        lib.dni_checkpoint_add_sg(self, name, sg)

    def add_network(self, name: str, network: Network) -> None:
        """Add all layers and SGs of a network, those too that are added to it later. Failures as
        dni_checkpoint_add_layer().
        """
        lib.dni_checkpoint_add_network(self, name, network)

    def add_optimiser(self, name: str, optimiser: Optimiser) -> None:
        """Add an optimiser: settings, count of steps, moments. What it moves is not part of it. Failures
        as dni_checkpoint_add_layer().
        """
        lib.dni_checkpoint_add_optimiser(self, name, optimiser)

    def add_order(self, name: str, order: Order) -> None:
        """Add an order of examples, which goes on after a load as it would have. Failures as
        dni_checkpoint_add_layer().
        """
        lib.dni_checkpoint_add_order(self, name, order)

    def add_trainer(self, name: str, trainer: Trainer) -> None:
        """Add a trainer with its network, as dni_trainer_save() does. Failures as
        dni_checkpoint_add_layer().
        """
        lib.dni_checkpoint_add_trainer(self, name, trainer)

    def add_guard(self, name: str, guard: Guard) -> None:
        """Add a guard's counts to a checkpoint; its optimiser is added for itself. Failures as
        dni_checkpoint_add_layer().
        """
        lib.dni_checkpoint_add_guard(self, name, guard)


class GuardMethods(Handle, thing="guard"):
    """An optimiser whose gradients are synthetic, and which steps only while the condition of
    Proposition 2 holds (Appendix C; eq. 2 in Corollary 1):

        error * jacobian < r * gradient,      r = (1 - cosine) / (1 + cosine).

    error = |SG - dL/dh|, jacobian = |dh/dtheta| and gradient = |dL/dtheta| are the Frobenius norms
    of the gradients of the batch's mean loss, theta being the parameters below h. The gradient it
    then steps with has a cosine of at least `cosine` with the exact one. So has the step of plain
    SGD, but not always one with momentum or moments.
    """

    def __init__(self, optimiser: Optimiser, *, mode: GuardKind | str | int | None = None,
                 cosine: float | None = None) -> None:
        """A guard around an optimiser, which it keeps. `options` may be NULL."""
        options = GuardOptions.given(mode=mode, cosine=cosine)
        out = c_void_p()
        lib.dni_guard_create(optimiser, options, byref(out))
        self._take(out)

    def step(self, error_norm: float, jacobian_norm: float, gradient_norm: float) -> int:
        """Step the optimiser if the condition holds, else leave everything as it is. *accepted becomes 1
        if it stepped, else 0; accepted may be NULL.

        The norms are the caller's to measure, or to bound: error_norm and jacobian_norm from above,
        gradient_norm from below. dni_analysis_interface() measures them. With a jacobian of 0 nothing
        can move, and with an infinite norm or rate nothing is known: the step is then not accepted.
        """
        accepted = c_int32()
        lib.dni_guard_step(self, error_norm, jacobian_norm, gradient_norm, byref(accepted))
        return accepted.value

    @property
    def accepted(self) -> int:
        """Steps accepted so far; 0 for NULL."""
        return lib.dni_guard_accepted(self)

    @property
    def refused(self) -> int:
        """Steps refused so far; 0 for NULL."""
        return lib.dni_guard_refused(self)


def status_name(status: Status | str | int) -> str:
    """The name of a status, for example "DNI_ERROR_IO".

    Never NULL. "caller's status" for 1000 and above, "unknown status" for other numbers. The text is
    static. Any thread may call it.
    """
    return lib.dni_status_name(status).decode()


def version() -> int:
    """The version of the running library: major * 10000 + minor * 100 + patch. Any thread."""
    return lib.dni_version()


def version_string() -> str:
    """The version of the running library as text. Never NULL; static. Any thread."""
    return lib.dni_version_string().decode()


def build_info() -> str:
    """How the running library was built, in one line: compiler, BLAS, instruction sets. Once a context
    with products of bf16 has asked for AMX, it also says whether that may be used, or why not. For
    reports of faults. Never NULL; static. Any thread.
    """
    return lib.dni_build_info().decode()


def setting_name(setting: Setting | str | int) -> str:
    """The name of a setting in words, for example "weight decay". "" for an unknown number. Never
    NULL; static. Any thread.
    """
    return lib.dni_setting_name(setting).decode()


def instructions_name(instructions: Instructions | str | int) -> str:
    """The name of an instruction set: "best", "baseline", "avx2", "avx512", "avx512_bf16" or "amx"; ""
    for other numbers. Never NULL; static.
    """
    return lib.dni_instructions_name(instructions).decode()


def activation_name(activation: Activation | str | int) -> str:
    """The name of an activation: "identity", "relu", "tanh", "sigmoid", "leaky_relu" or "gelu"; "" for
    other numbers. Never NULL; static.
    """
    return lib.dni_activation_name(activation).decode()


def analysis_align(estimate: Array, truth: Array) -> Alignment:
    """Compare two matrices of the same shape and element type."""
    out = Alignment.of()
    lib.dni_analysis_align(estimate, truth, byref(out))
    return out


def analysis_interface(context: Context, network: Network, loss: Loss, after: int, directions: int,
                       seed: int, *, x: Array | None = None, y: Array | None = None,
                       weights: Array | None = None) -> InterfaceReport:
    """Measure the SG at the interface after layer `after` of `network` on a batch.

    There is one forward pass in training mode, one backward pass from the loss, one from the
    estimate, and `directions` (0: 16) more from random directions u ~ N(0, 1), for K^2, the mean of
    |u dh/dtheta|^2. The directions come from a stream of their own that starts from `seed`. SGs that
    need the output error are given it; those that need the delta are given the exact gradient; of
    feedback alignment, and of an interface without SG, the estimate is the exact gradient. Weights
    are not taken.

    Parameters, running statistics and the counts of SGs are as before afterwards; gradients and
    states of the layers are overwritten, as by any pass. Call it between two steps of a settled
    trainer only.
    """
    batch = Batch.given(x=x, y=y, weights=weights)
    out = InterfaceReport.of()
    lib.dni_analysis_interface(context, network, loss, after, batch, directions, seed, byref(out))
    return out


def analysis_rdm(context: Context, h: Array, rdm: Array) -> None:
    """Representational dissimilarity matrix (Figure 7): rdm[i][j] = 1 - corr(h_i, h_j), the
    correlation of rows i and j of h [rows][units] over the units. rdm is [rows][rows].

    It lies in [0, 2], is symmetric, and 0 on the diagonal. A row whose units are all equal
    correlates with nothing: 1 off the diagonal.
    """
    lib.dni_analysis_rdm(context, h, rdm)


def analysis_rdm_distance(a: Array, b: Array, labels: Sequence) -> float:
    """The L2 distance of the diagonal blocks of two RDMs [n][n] (Figure 7, bottom): the root of the
    sum of (a_ij - b_ij)^2 over all i, j with labels[i] = labels[j]. labels is [count], count = n.
    """
    labels = results("int32", given=labels)
    distance = c_double()
    lib.dni_analysis_rdm_distance(a, b, labels.pointer, len(labels.array), byref(distance))
    return distance.value


def analysis_classifier_probe(context: Context, h: Array, y: Array, *, batch: int | None = None,
                              steps: int | None = None, learning_rate: float | None = None,
                              seed: int | None = None) -> ProbeReport:
    """Linear classifier probe (Figure 8, left): a softmax classifier of h [rows][units] for y, one-hot
    [rows][classes], trained on them with h fixed; and its accuracy on the same rows.

    Columns of h are brought to mean 0 and variance 1 first, constant ones to 0. That changes nothing
    that a linear classifier can do, and makes one rate fit all layers. The order of rows is drawn
    anew for each pass. The training is stopped after the given steps, before it has converged: on
    separable rows that are few, more steps or a larger rate find a better classifier. `options` may
    be NULL.
    """
    options = ProbeOptions.given(batch=batch, steps=steps, learning_rate=learning_rate, seed=seed)
    out = ProbeReport.of()
    lib.dni_analysis_classifier_probe(context, h, y, options, byref(out))
    return out


def analysis_regressor_probe(context: Context, h: Array, x: Array) -> tuple[float, int]:
    """Linear regressor probe (Figure 8, right): the least mean squared error, over rows and columns of
    x [rows][inputs], of any affine map from h [rows][units] to x. *rank, which may be NULL, becomes
    the number of independent columns.

    Closed form: normal equations of the standardised columns in double, solved by a pivoted Cholesky
    factorisation that leaves out columns of h which depend on the others to rounding. The count of
    multiplications is about

        rows * units * (units + 2 * inputs) + units^2 * (units / 2 + inputs).
    """
    mse = c_double()
    rank = c_size_t()
    lib.dni_analysis_regressor_probe(context, h, x, byref(mse), byref(rank))
    return mse.value, rank.value


def analysis_extract_loss(context: Context, sg: SG | None, h: Array, y: Array, origin: Array, nodes: int,
                          loss: Array) -> None:
    """The loss that an SG implies (Figure 9), up to a constant for each label: loss [rows][1],

        loss_s = integral over t from 0 to 1 of SG(o + t (h_s - o), y_s) . (h_s - o),

    along the line from the origin o [1][units] (NULL: 0) to each row of h [rows][units].

    Gauss-Legendre quadrature with `nodes` nodes, 1 to 64; 0: 1 for SGs that are affine in h, where
    one node is exact, else 16. For a smooth SG the error falls exponentially with the nodes; for one
    with ReLU units about as their number. Of a local loss no quadrature is needed: loss(g(h)) -
    loss(g(o)) is computed, and nodes is not used. For a linear SG = A h + C y + b and o = 0 the
    result is 1/2 h^T A h + (C y + b)^T h. y may be NULL where the SG does not look at it.
    """
    lib.dni_analysis_extract_loss(context, sg, h, y, origin, nodes, loss)


def analysis_integrability(sg: SG | None) -> float:
    """How far an SG is from being the gradient of anything: |A - A^T| / |A| (Frobenius), A = dSG/dh.

    0: it is a gradient, and the integral above does not depend on the path; at most 2. For SGs
    affine in h, of which A is part of a parameter: synthetic without hidden layers and least
    squares, both without a loss. 0 for scalar, theorem and critic, for DNI_CONDITION_Y without a
    loss and for A = 0.
    """
    defect = c_double()
    lib.dni_analysis_integrability(sg, byref(defect))
    return defect.value


def analysis_agreement(context: Context, estimate: Array, truth: Array, groups: Sequence) -> tuple[float, float]:
    """How well `estimate` follows `truth`, two columns [rows][1], when a constant for each group may
    be added to either (a loss extracted from an SG leaves one for each label open).

    Both are centred in each group. *correlation is then Pearson's, 0 if either is constant in every
    group. *r2 = 1 - sum (truth - estimate)^2 / sum truth^2 of the centred numbers, 0 if truth is
    constant. groups [count] are any numbers, equal ones one group, count = rows; NULL: one group.
    correlation and r2 may be NULL.
    """
    groups = results("int32", given=groups)
    correlation = c_double()
    r2 = c_double()
    lib.dni_analysis_agreement(context, estimate, truth, groups.pointer, len(groups.array), byref(correlation), byref(r2))
    return correlation.value, r2.value


def costs_balance(costs: Sequence, parts: int, cut_cost: float) -> Array:
    """Cut a row of `count` costs into `parts` runs whose largest sum is as small as it can be. lengths
    [parts] receives the length of each, at least 1. Every run but the last also bears cut_cost, what
    its SG takes. Any thread.
    """
    costs = results("float64", given=costs)
    lengths = results("uint64", length=parts)
    lib.dni_costs_balance(costs.pointer, len(costs.array), parts, cut_cost, lengths.pointer)
    return lengths.array

"""libdni for Python: train neural networks whose layers do not wait for each other.

Names follow the C interface: dni_layer_create_dense(context, 784, 512, activation, &layer) is
Layer.dense(context, 784, 512, "relu"), dni_trainer_step(trainer, ...) is trainer.step(...). Fields of option
structs are keyword arguments. A failure raises a dni.Error with the library's message.

    import dni, numpy
    context = dni.Context(seed=1)
    network = dni.Network(context, dni.Layer.dense(context, 784, 256, "relu"),
                          dni.Layer.dense(context, 256, 10, "identity"))
    network.set_sg(0, dni.SG.synthetic(context, 256, 10))
    trainer = dni.Trainer(network, dni.Loss.softmax_cross_entropy(context))
    trainer.fit(dni.Dataset(context, x, y), epochs=2, progress=True)

Arrays are used where they lie: float32 (or float64, as the context says), labels int32. Calls release the
interpreter's lock. Objects may be closed, or dropped, in any order."""

from ._errors import (ArgumentError, BackendError, CallbackError, CancelledError, DataError, Error, FileError,
                      NonFiniteError, OutOfMemoryError, StateError, SystemRefusal, UnsupportedError)
from ._interface import (ALL, NONE, Activation, ArtificialKind, BackendKind, BalanceKind, Condition, DataFlags,
                         Dtype, GradientFlags, GuardKind, Initialiser, Instructions, LayerKind, Learns,
                         LogLevel, LossKind, Mode, Needs, OptimiserKind, RateKind, SGKind, ScheduleKind,
                         Setting, Status, activation_name, build_info, instructions_name, setting_name, status_name, version,
                         version_string)
from ._objects import (Backend, Checkpoint, Context, Dataset, Guard, Layer, Loss, Network, Optimiser, Order,
                       Predictor, SG, Schedule, State)
from ._trainer import Trainer
from . import research

__version__ = version_string()

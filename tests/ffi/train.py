"""The same as train.c, through ctypes and Python's standard library alone: train.py libdni.so

Whatever this needs beyond the header's declarations would be a fault of the header.
"""

import ctypes
import sys
from ctypes import (POINTER, Structure, byref, c_char_p, c_double, c_float, c_int32, c_size_t,
                    c_uint64, c_void_p, sizeof)

ROWS, INPUTS, HIDDEN, CLASSES, STEPS, SEED = 32, 8, 16, 3, 20, 7
F32, IDENTITY, RELU = 1, 0, 1


class Matrix(Structure):
    _fields_ = [("data", c_void_p), ("rows", c_size_t), ("columns", c_size_t),
                ("stride", c_size_t), ("dtype", c_int32), ("reserved", c_int32)]


class Batch(Structure):
    _fields_ = [("struct_size", c_size_t), ("x", POINTER(Matrix)), ("y", POINTER(Matrix)),
                ("weights", POINTER(Matrix))]


class ContextOptions(Structure):
    _fields_ = [("struct_size", c_size_t), ("allocator", c_void_p), ("seed", c_uint64),
                ("dtype", c_int32), ("compute", c_int32), ("instructions", c_int32),
                ("reserved", c_int32), ("backend", c_void_p), ("log", c_void_p),
                ("log_user", c_void_p), ("log_destroy", c_void_p)]


class TrainerOptions(Structure):
    _fields_ = [("struct_size", c_size_t), ("optimiser", c_void_p), ("sg_optimiser", c_void_p),
                ("max_batch", c_size_t), ("schedule", c_int32),
                ("measure_gradient_norm", c_int32), ("update_probability", c_double),
                ("threads", c_size_t), ("in_flight", c_size_t), ("micro_batches", c_size_t),
                ("trained_modules", c_size_t), ("layer_thread", POINTER(c_size_t)),
                ("layer_thread_count", c_size_t), ("balance", c_int32), ("has_seed", c_int32),
                ("seed", c_uint64), ("metric", c_void_p)]


class StepReport(Structure):
    _fields_ = [("struct_size", c_size_t), ("step", c_uint64), ("loss", c_double),
                ("accuracy", c_double), ("metric", c_double), ("rate", c_double),
                ("gradient_norm", c_double), ("rows", c_size_t), ("epoch", c_uint64),
                ("settled", c_int32), ("validated", c_int32), ("validation_loss", c_double),
                ("validation_accuracy", c_double), ("validation_metric", c_double),
                ("layer_count", c_size_t), ("sg_mse", POINTER(c_double)),
                ("sg_cosine", POINTER(c_double)), ("target_lag", POINTER(c_size_t)),
                ("module_count", c_size_t), ("module_updated", POINTER(c_int32))]


dni = ctypes.CDLL(sys.argv[1])
dni.dni_last_message.restype = c_char_p
for thing in "layer", "sg", "loss", "optimiser", "trainer", "network", "context":
    getattr(dni, "dni_" + thing + "_release").restype = None


def call(name, *arguments):
    """Call dni_<name>, which returns a status; a failure becomes an exception with its message."""
    if getattr(dni, "dni_" + name)(*arguments) != 0:
        raise RuntimeError(dni.dni_last_message().decode())


class Handle:
    """A counted reference made by dni_<thing>_create<kind>(..., &handle), released with it."""

    def __init__(self, thing, kind, *arguments):
        self.thing, self._as_parameter_ = thing, c_void_p()
        call(thing + "_create" + kind, *arguments, byref(self._as_parameter_))

    def __del__(self):
        getattr(dni, "dni_" + self.thing + "_release")(self._as_parameter_)


def matrix(rows):
    """A view of a list of rows of floats, and the memory it views."""
    flat = [value for row in rows for value in row]
    memory = (c_float * len(flat))(*flat)
    view = Matrix()
    dni.dni_matrix_init_f32(byref(view), memory, c_size_t(len(rows)), c_size_t(len(rows[0])))
    return view, memory


def labels(classes):
    """The same of a list of classes."""
    memory = (c_int32 * len(classes))(*classes)
    view = Matrix()
    dni.dni_matrix_init_labels(byref(view), memory, c_size_t(len(classes)))
    return view, memory


def make_network(context):
    network = Handle("network", "", context)
    for layer in (
            Handle("layer", "_dense", context, c_size_t(INPUTS), c_size_t(HIDDEN), RELU),
            Handle("layer", "_batch_norm", context, c_size_t(HIDDEN)),
            Handle("layer", "_dense", context, c_size_t(HIDDEN), c_size_t(CLASSES), IDENTITY)):
        call("network_add", network, layer)
    sg = Handle("sg", "_synthetic", context, c_size_t(HIDDEN), c_size_t(CLASSES), None)
    call("network_set_sg", network, c_size_t(1), sg)
    return network


def main():
    options = ContextOptions(struct_size=sizeof(ContextOptions), seed=SEED, dtype=F32)
    context = Handle("context", "", byref(options))
    network = make_network(context)
    optimiser = Handle("optimiser", "_adam", context, c_double(0.01))
    sg_optimiser = Handle("optimiser", "_adam", context, c_double(0.001))
    options = TrainerOptions(struct_size=sizeof(TrainerOptions), max_batch=ROWS,
                             optimiser=optimiser._as_parameter_,
                             sg_optimiser=sg_optimiser._as_parameter_)
    trainer = Handle("trainer", "", network,
                     Handle("loss", "_softmax_cross_entropy", context, None), byref(options))
    x, x_memory = matrix([[(row * 37 + column * 11 + row * column) % 17 / 16
                           for column in range(INPUTS)] for row in range(ROWS)])
    y, y_memory = labels([row * 5 % 7 % CLASSES for row in range(ROWS)])
    batch = Batch(struct_size=sizeof(Batch), x=ctypes.pointer(x), y=ctypes.pointer(y))
    for _ in range(STEPS):
        report = StepReport(struct_size=sizeof(StepReport))
        call("trainer_step", trainer, byref(batch), byref(report))
        print("%.9g %.9g" % (report.loss, report.sg_mse[1]))


main()

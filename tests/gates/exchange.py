"""The library's files read by another program, and another program's by the library:
exchange.py libdni.so DIRECTORY, with tests/reference in PYTHONPATH."""
import ctypes
import os
import struct
import sys
from ctypes import byref, c_char_p, c_double, c_int32, c_size_t, c_uint64, c_void_p, sizeof

import safetensors

SETTINGS = {6: "epsilon", 10: "rate_scale", 20: "statistics_rate", 21: "drop"}
TYPES = {1: ("F32", "f"), 2: ("F64", "d")}


class Matrix(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("rows", c_size_t), ("columns", c_size_t),
                ("stride", c_size_t), ("dtype", c_int32), ("reserved", c_int32)]


class ContextOptions(ctypes.Structure):
    _fields_ = [("struct_size", c_size_t), ("allocator", c_void_p), ("seed", c_uint64),
                ("dtype", c_int32), ("compute", c_int32), ("instructions", c_int32),
                ("reserved", c_int32), ("backend", c_void_p), ("log", c_void_p),
                ("log_user", c_void_p), ("log_destroy", c_void_p)]


dni = ctypes.CDLL(sys.argv[1])
for name in "dni_last_message", "dni_layer_parameter_name", "dni_sg_parameter_name":
    getattr(dni, name).restype = c_char_p
dni.dni_network_layer.restype = c_void_p
for name in ("dni_layer_parameter_count", "dni_sg_parameter_count", "dni_network_layer_count"):
    getattr(dni, name).restype = c_size_t


def call(name, *arguments):
    status = getattr(dni, "dni_" + name)(*arguments)
    assert status == 0, "dni_%s: %s" % (name, dni.dni_last_message().decode())


def create(name, *arguments):
    thing = c_void_p()
    call(name, *arguments, byref(thing))
    return thing


def values_of(kind, thing, index):
    """Shape and values of a parameter, through a view of it."""
    view = Matrix()
    call(kind + "_parameter", thing, c_size_t(index), byref(view), None)
    size = struct.calcsize(TYPES[view.dtype][1])
    row = "=%d%s" % (view.columns, TYPES[view.dtype][1])
    values = []
    for r in range(view.rows):
        values += struct.unpack(row, ctypes.string_at(view.data + r * view.stride * size,
                                                      view.columns * size))
    return [view.rows, view.columns], values


def parameters_of(kind, thing, prefix):
    for index in range(getattr(dni, "dni_%s_parameter_count" % kind)(thing)):
        name = getattr(dni, "dni_%s_parameter_name" % kind)(thing, c_size_t(index)).decode()
        yield (prefix + name,) + values_of(kind, thing, index)


def layers_of(network):
    return [c_void_p(dni.dni_network_layer(network, c_size_t(i)))
            for i in range(dni.dni_network_layer_count(network))]


def make_network(context):
    network = create("network_create", context)
    four = c_size_t(4)
    for layer in (create("layer_create_dense", context, c_size_t(3), four, 1),
                  create("layer_create_batch_norm", context, four),
                  create("layer_create_layer_norm", context, four),
                  create("layer_create_dropout", context, four, c_double(0.3), None),
                  create("layer_create_dense", context, four, c_size_t(2), 0)):
        call("network_add", network, layer)
        dni.dni_layer_release(layer)
    sg = create("sg_create_synthetic", context, four, c_size_t(2), None)
    call("network_set_sg", network, c_size_t(1), sg)
    return network, sg


def compare(network, sg, path):
    """What a file says is what the network has."""
    metadata, tensors, begin = safetensors.read(path)
    assert begin % 8 == 0 and metadata["libdni.format"] == "2", metadata
    layers = layers_of(network)
    assert metadata["layers"] == str(len(layers)), metadata
    expected = [p for i, layer in enumerate(layers)
                for p in parameters_of("layer", layer, "layers.%d." % i)]
    expected += list(parameters_of("sg", sg, "sgs.1.")) if sg else []
    for name, shape, values in expected:
        assert tensors.pop(name)[1:] == (shape, values), name
    assert not tensors, "nobody has " + ", ".join(tensors)
    for i, layer in enumerate(layers):
        for setting, name in SETTINGS.items():
            if dni.dni_layer_has(layer, setting):
                value = c_double()
                call("layer_get_f64", layer, setting, byref(value))
                assert float(metadata["layers.%d.%s" % (i, name)]) == value.value, name
    return len(expected)


def write_foreign(path, dtype):
    """As somebody would who knows the kinds of layers and nothing of checksums."""
    weights = [n / 7 for n in range(6)]
    if dtype == "F32":
        weights = [struct.unpack("<f", struct.pack("<f", w))[0] for w in weights]
    tensors = {"layers.0.weight": (dtype, [2, 3], weights), "layers.0.bias": (dtype, [2], [0.5, -2]),
               "of another": ("I64", [1], [-7])}
    metadata = {"layers": "1", "layers.0.kind": "dense", "layers.0.inputs": "3",
                "layers.0.outputs": "2", "layers.0.activation": "gelu", "layers.0.rate_scale": "1",
                "who": "\u00e9"}
    safetensors.write(path, metadata, tensors)
    return weights


def check_foreign(context, path, dtype, exact):
    weights = write_foreign(path, dtype)
    network = create("network_load", context, path.encode())
    found = dict((name, values) for name, _, values in
                 parameters_of("layer", layers_of(network)[0], ""))
    assert not exact or found["weight"] == weights, found
    assert all(abs(a - b) < 1e-6 for a, b in zip(found["weight"], weights)), found
    assert found["bias"] == [0.5, -2], found
    call("network_save", network, path.encode())
    metadata, tensors, _ = safetensors.read(path)
    assert metadata["who"] == "\u00e9" and tensors["of another"] == ("I64", [1], [-7]), metadata
    dni.dni_network_release(network)


count = 0
for dtype, (word, _) in TYPES.items():
    options = ContextOptions(struct_size=sizeof(ContextOptions), seed=7, dtype=dtype)
    context = create("context_create", byref(options))
    path = os.path.join(sys.argv[2], word)
    network, sg = make_network(context)
    call("network_save", network, path.encode())
    count += compare(network, sg, path)
    for foreign in "F32", "F64":
        check_foreign(context, path, foreign, foreign == "F32" or word == "F64")
        count += 2
    dni.dni_sg_release(sg)
    dni.dni_network_release(network)
    dni.dni_context_release(context)
print("%d tensors compared" % count)

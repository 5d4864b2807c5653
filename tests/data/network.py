#!/usr/bin/env python3
"""Write network-1-f32.dni and network-1-f64.dni, as docs/FORMAT.md describes version 1.

Independent of the library: the tests load these files and save them again, byte for byte.
Parameter number i of the file, counted from 0, is i / 8 - 1.
"""
import os
import struct
import zlib

DENSE, ACTIVATION, BATCH_NORM = 1, 2, 3
IDENTITY, RELU, TANH = 0, 1, 2
LAYERS = [
    (DENSE, RELU, 3, 2, 3 * 2 + 2),
    (BATCH_NORM, IDENTITY, 2, 2, 4 * 2),
    (ACTIVATION, TANH, 2, 2, 0),
    (DENSE, IDENTITY, 2, 1, 2 * 1 + 1),
]


def network(dtype, element):
    body, index = b"", 0
    for kind, activation, inputs, outputs, parameters in LAYERS:
        body += struct.pack("<IIQQ", kind, activation, inputs, outputs)
        if kind == BATCH_NORM:
            body += struct.pack("<dd", 0.001, 0.25)
        for _ in range(parameters):
            body += struct.pack("<" + element, index / 8 - 1)
            index += 1
    size = 32 + len(body) + 4
    head = b"\x89DNI\r\n\x1a\n" + struct.pack("<IIQQ", 1, dtype, size, len(LAYERS))
    return head + body + struct.pack("<I", zlib.crc32(head + body))


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    for name, dtype, element in (("f32", 1, "f"), ("f64", 2, "d")):
        with open(os.path.join(here, "network-1-%s.dni" % name), "wb") as file:
            file.write(network(dtype, element))

"""Safetensors files in Python's standard library alone, written from the format's description and
from nothing of the library: read(path) and write(path, metadata, tensors).

Tensors are {name: (dtype, shape, values)}, values being a flat list in row-major order.
"""
import json
import struct

FORMATS = {"F32": "f", "F64": "d", "I32": "i", "I64": "q", "U8": "B", "U64": "Q"}


def read(path):
    """(metadata, tensors, where the data begin); what does not add up is an AssertionError."""
    with open(path, "rb") as file:
        content = file.read()
    length, = struct.unpack_from("<Q", content)
    header = json.loads(content[8:8 + length].decode("utf-8"))
    metadata = header.pop("__metadata__", {})
    data, end, tensors = content[8 + length:], 0, {}
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        first, last = entry["data_offsets"]
        element, count = FORMATS[entry["dtype"]], 1
        for size in entry["shape"]:
            count *= size
        assert first == end and last - first == count * struct.calcsize("<" + element), name
        values = struct.unpack("<%d%s" % (count, element), data[first:last])
        tensors[name] = entry["dtype"], entry["shape"], list(values)
        end = last
    assert end == len(data), "%d bytes after the last tensor" % (len(data) - end)
    return metadata, tensors, 8 + length


def write(path, metadata, tensors):
    header, data = {"__metadata__": metadata}, b""
    for name, (dtype, shape, values) in tensors.items():
        packed = struct.pack("<%d%s" % (len(values), FORMATS[dtype]), *values)
        header[name] = {"dtype": dtype, "shape": shape,
                        "data_offsets": [len(data), len(data) + len(packed)]}
        data += packed
    text = json.dumps(header, ensure_ascii=False).encode("utf-8")
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)

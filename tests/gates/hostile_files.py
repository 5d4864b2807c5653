"""Files that are damaged, hostile or of other programs, for dni-info.

hostile_files.py DNI-INFO FOLDER FILE... cuts each FILE off at every byte and flips a bit of every byte, with
DNI_ALL_BITS in the environment each of its bits; the program has to call every such file bad, in one JSON
object that can be read. Then safetensors files that break
one rule each, and some of other programs that break none.
"""
import gzip
import json
import os
import struct
import subprocess
import sys
import zlib

AT_ONCE = 500


def run(program, paths, *options):
    done = subprocess.run([program, "--json", *options, *paths], capture_output=True, timeout=120)
    if done.returncode not in (0, 1):
        sys.exit(f"exit code {done.returncode}: {done.stderr.decode(errors='replace')[-3000:]}")
    return json.loads(done.stdout)["files"]


def write(folder, number, content):
    path = os.path.join(folder, f"file-{number}")
    with open(path, "wb") as file:
        file.write(content)
    return path


def damaged(content):
    for size in range(len(content)):
        yield f"the first {size} bytes", content[:size]
    some = (8 * byte + byte % 8 for byte in range(len(content)))
    for bit in range(8 * len(content)) if "DNI_ALL_BITS" in os.environ else some:
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        yield f"bit {bit} flipped", bytes(flipped)


def in_pieces(items):
    piece = []
    for item in items:
        piece.append(item)
        if len(piece) == AT_ONCE:
            yield piece
            piece = []
    if piece:
        yield piece


def holds_the_same(damaged_gzip, content):
    """Some bits of gzip mean nothing: in its header, and behind the last code."""
    if content[:2] != b"\x1f\x8b":
        return False
    try:
        return gzip.decompress(damaged_gzip) == gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return False


def check_damaged(program, folder, original):
    with open(original, "rb") as file:
        content = file.read()
    wrong = 0
    for piece in in_pieces(damaged(content)):
        paths = [write(folder, i, bytes_) for i, (_, bytes_) in enumerate(piece)]
        for (what, bytes_), report in zip(piece, run(program, paths, "--tensors")):
            if report["good"] and not holds_the_same(bytes_, content):
                print(f"{original}: {what}: is called good")
                wrong += 1
    return wrong


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(shape, begin, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


BAD = {
    "a length of 2^63": struct.pack("<Q", 1 << 63) + b"{}",
    "a length of 10^8 + 1": struct.pack("<Q", 10**8 + 1) + b"{}",
    "a header behind the end": struct.pack("<Q", 99999999) + b"{}",
    "no JSON": safetensors(b"{nonsense}"),
    "an array": safetensors(b"[1, 2]"),
    "deep nesting": safetensors(b'{"a":' * 5000 + b"1" + b"}" * 5000),
    "a NUL in a name": safetensors(b'{"a\\u0000b": 1}'),
    "no UTF-8": safetensors(b'{"\xff": 1}'),
    "a name twice": safetensors(b'{"a": 1, "a": 1}'),
    "metadata of numbers": safetensors({"__metadata__": {"a": 1}}),
    "metadata as a list": safetensors({"__metadata__": []}),
    "a tensor that is a number": safetensors({"a": 1}),
    "a tensor without a shape": safetensors({"a": {"dtype": "F32", "data_offsets": [0, 4]}}, bytes(4)),
    "a key too many": safetensors({"a": {**tensor([1], 0, 4), "b": 1}}, bytes(4)),
    "a shape of texts": safetensors({"a": tensor(["1"], 0, 4)}, bytes(4)),
    "a negative size": safetensors({"a": tensor([-1], 0, 4)}, bytes(4)),
    "sizes that overflow": safetensors({"a": tensor([1 << 62, 8], 0, 4)}, bytes(4)),
    "a size of 2^64": safetensors({"a": tensor([1 << 64], 0, 4)}, bytes(4)),
    "nine dimensions": safetensors({"a": tensor([1] * 9, 0, 4)}, bytes(4)),
    "too few bytes": safetensors({"a": tensor([2], 0, 4)}, bytes(4)),
    "offsets backwards": safetensors({"a": tensor([1], 4, 0)}, bytes(4)),
    "offsets behind the end": safetensors({"a": tensor([1], 4, 8)}, bytes(4)),
    "one offset": safetensors({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0]}}, bytes(4)),
    "a hole": safetensors({"a": tensor([1], 0, 4), "b": tensor([1], 8, 12)}, bytes(12)),
    "an overlap": safetensors({"a": tensor([2], 0, 8), "b": tensor([1], 4, 8)}, bytes(8)),
    "bytes behind the end": safetensors({"a": tensor([1], 0, 4)}, bytes(8)),
    "a format without checksum": safetensors({"__metadata__": {"libdni.format": "2"}}),
    "a checksum without format": safetensors({"__metadata__": {"libdni.checksum": "xxh3-64:" + "0" * 16}}),
    "a checksum of another kind": safetensors({"__metadata__": {"libdni.checksum": "crc", "libdni.format": "2"}}),
    "a later format": safetensors({"__metadata__": {"libdni.format": "3"}}),
    "IDX of 2^32 items": b"\0\0\x08\x01\xff\xff\xff\xff\0",
    "IDX whose sizes overflow": b"\0\0\x0e\x08" + b"\xff" * 32,
    "IDX with more bytes": b"\0\0\x08\x01\0\0\0\x01\0\0",
    "IDX with half an element more": b"\0\0\x0e\x01\0\0\0\x01" + bytes(12),
    "IDX without sizes": b"\0\0\x08\xff",
    "binary": bytes(range(256)),
    "a word": b"hello\n",
    "not a number": b"1,2,3\n4,nan,6\n",
}

GOOD = {
    "nothing in it": safetensors({}),
    "of another program": safetensors({"__metadata__": {"format": "pt"}, "w": tensor([2, 2], 0, 16)}, bytes(16)),
    "a scalar and an empty one": safetensors({"a": tensor([], 0, 4), "b": tensor([0, 5], 4, 4)}, bytes(4)),
    "a type that is not known": safetensors({"a": tensor([3], 0, 2, "F4")}, bytes(2)),
    "dots in names": safetensors({"." * 3000 + ".kind": tensor([1], 0, 1, "U8")}, bytes(1)),
}


def check_made(program, folder, made, good):
    paths = [write(folder, i, content) for i, content in enumerate(made.values())]
    wrong = 0
    for what, report in zip(made, run(program, paths, "--tensors")):
        if report["good"] != good or bool(report["problems"]) == good:
            print(f"{what}: good: {report['good']}, {report['problems']}")
            wrong += 1
    return wrong


def check_numbers(program, folder):
    """What is said of numbers is right, for all types of elements."""
    nan, inf = float("nan"), float("inf")
    layouts = {"F64": "d", "F32": "f", "I64": "q", "U64": "Q", "I32": "i", "U32": "I", "F16": "e",
               "I16": "h", "U16": "H", "I8": "b", "U8": "B"}
    header, data, wrong = {}, b"", 0
    for dtype, code in layouts.items():
        values = [3, 4, nan, inf] if code in "dfe" else [3, 4, 0, 0]
        one = struct.pack("<4" + code, *values)
        header[dtype] = tensor([4], len(data), len(data) + len(one), dtype)
        data += one
    header["BF16"] = tensor([2], len(data), len(data) + 4, "BF16")
    data += struct.pack("<2H", 0x4040, 0x4080)  # 3 and 4
    for each in run(program, [write(folder, 0, safetensors(header, data))], "--tensors")[0]["tensors"]:
        lost = 2 if each["type"] in ("F64", "F32", "F16") else 0
        if (each["maximum"], each["norm"], each["non_finite"]) != (4, 5, lost):
            print(f"{each}: not maximum 4, norm 5, not finite {lost}")
            wrong += 1
    return wrong


def main():
    program, work, *originals = sys.argv[1:]
    folder = os.path.join(work, "hostile")
    os.mkdir(folder)
    wrong = sum(check_damaged(program, folder, original) for original in originals)
    wrong += check_made(program, folder, BAD, False) + check_made(program, folder, GOOD, True)
    wrong += check_numbers(program, folder)
    sys.exit(wrong > 0)


main()

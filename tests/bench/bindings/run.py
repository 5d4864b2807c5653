"""What a step costs more from another language than from C: run.py BUILD

Each language makes the same steps, in turns with C; the medians of differences and ratios count. Of a small network at
batch 1 a call is what matters, of one of 512 units at batch 256 the share of a step. The table goes to
BUILD/bench/bindings.md."""

import os
import shutil
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.normpath(os.path.join(HERE, "../../.."))
CASES = [(1, 1000, 16), (256, 6, 512)]
ROUNDS = 15


def compile_programs(build, out):
    library = os.path.join(build, "lib")
    flags = ["-O2", "-L" + library, "-ldni", "-Wl,-rpath," + library]
    include = ["-I" + os.path.join(TOP, "include")]
    subprocess.run([os.environ.get("CC", "cc"), "-std=c11", "-D_GNU_SOURCE", *include, HERE + "/step.c", *flags, "-o",
                    out + "/step_c"], check=True)
    subprocess.run([os.environ.get("CXX", "c++"), "-std=c++17", *include, "-I" + TOP + "/bindings/cpp", HERE + "/step.cpp",
                    *flags, "-o", out + "/step_cpp"], check=True)


def languages(build, out):
    """Name, command and environment of each that is there."""
    yield "C", [out + "/step_c"], {}
    yield "C++", [out + "/step_cpp"], {}
    yield "Python", [os.environ.get("PYTHON", "/usr/bin/python3"), "-B", HERE + "/step.py"], \
        {"PYTHONPATH": TOP + "/bindings/python"}
    if shutil.which("luajit"):
        yield "LuaJIT", ["luajit", HERE + "/step.lua"], {"LUA_PATH": TOP + "/bindings/lua/?.lua;;"}
    if shutil.which("node") and os.path.isdir(build + "/node/node_modules/koffi"):
        modules = out + "/node_modules"
        shutil.rmtree(modules, ignore_errors=True)
        shutil.copytree(build + "/node/node_modules", modules, symlinks=True)
        shutil.copytree(TOP + "/bindings/node", modules + "/libdni")
        yield "Node.js", ["node", HERE + "/step.js"], {"NODE_PATH": modules}


def blocks(build, command, environment, case):
    environment = {**os.environ, **environment, "DNI_LIBRARY": build + "/lib/libdni.so"}
    done = subprocess.run([*command, *map(str, case)], env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return [float(line) for line in done.stdout.split()]


def main():
    build = os.path.abspath(sys.argv[1])
    out = os.path.join(build, "bench/bindings")
    os.makedirs(out, exist_ok=True)
    compile_programs(build, out)
    found = list(languages(build, out))
    times = {(name, case): [] for name, _, _ in found for case in CASES}
    for _ in range(ROUNDS):
        for case in CASES:
            for name, command, environment in found:
                times[name, case].append(statistics.median(blocks(build, command, environment, case)))
    lines = ["| language | batch 1, us a step | more than C, us | batch 256, us a step | more than C |",
             "|---|---|---|---|---|"]
    for name, _, _ in found:
        one, many = (statistics.median(times[name, case]) for case in CASES)
        more = statistics.median(a - b for a, b in zip(times[name, CASES[0]], times["C", CASES[0]]))
        share = statistics.median(a / b for a, b in zip(times[name, CASES[1]], times["C", CASES[1]]))
        lines.append("| %s | %.1f | %.1f | %.0f | %.1f %% |" % (name, one, more, many, 100 * (share - 1)))
    text = "\n".join(lines) + "\n"
    print(text, end="")
    with open(out + ".md", "w", encoding="utf-8") as file:
        file.write(text)


main()

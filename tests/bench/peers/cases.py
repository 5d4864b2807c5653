"""What is compared: networks, methods, and the settings that each library is given to try.

A setting is a dictionary of keys for a worker's "case" line, and an environment for its process. The
environments of OpenBLAS matter as much as any setting: it picks kernels for a processor by a list that may
not know it (OPENBLAS_CORETYPE overrules), and PyTorch does the same (ATEN_CPU_CAPABILITY)."""

import glob
import os

# depth, width and so on as in torch_step.py; rate in millionths.
DEEP = {"depth": 20, "width": 512, "rate": 30}
SMALL = {"depth": 1, "width": 64, "plain": 1, "rate": 300}
NETWORKS = [  # key, name, its keys, batches
    ("deep", "20 x 512", DEEP, [256, 32]),
    ("small", "1 x 64", SMALL, [64]),
]
MIDDLE = str(DEEP["depth"] // 2)

FANN_RULES = ["batch", "incremental"]

OPENBLAS_NAMES = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"]


class Setting:
    """How a library is used: its process's environment (None takes a variable away) and its keys."""

    def __init__(self, name, environment=None, **keys):
        self.name, self.environment, self.keys = name, environment or {}, keys

    def process(self):
        """Settings of one process have the same."""
        return tuple(sorted(self.environment.items(), key=str))

    def with_keys(self, name, **keys):
        return Setting(f"{self.name}, {name}", self.environment, **{**self.keys, **keys})


def kernels():
    """Ways of choosing OpenBLAS's kernels: as the environment has it, and some known ones."""
    clean = {name: None for name in OPENBLAS_NAMES}
    ways = [("kernels unset", clean)]
    if any(name in os.environ for name in OPENBLAS_NAMES):
        ways.append(("kernels as in the environment", {}))
    return ways + [(f"kernels {core}", {**clean, "OPENBLAS_CORETYPE": core})
                   for core in ("SkylakeX", "Haswell")]


def libraries():
    """Folders with a libblas.so.3: the system's own choice, and OpenBLAS with OpenMP if it is there."""
    found = [("BLAS of the system", {})]
    for folder in glob.glob("/usr/lib/*/openblas-openmp"):
        path = folder + (":" + os.environ["LD_LIBRARY_PATH"] if "LD_LIBRARY_PATH" in os.environ else "")
        found.append(("OpenBLAS with OpenMP", {"LD_LIBRARY_PATH": path}))
    return found


def threads_environment(threads):
    return {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}


def torch_environments(cores):
    """PyTorch's first choice: BLAS, kernels and threads. With one core any BLAS has one thread."""
    settings = []
    for library, library_environment in (libraries() if cores > 1 else libraries()[:1]):
        for way, way_environment in kernels():
            environment = {**library_environment, **way_environment, **threads_environment(cores)}
            name = f"{library}, {way}" if cores > 1 else way
            settings += [Setting(f"{name}, threads {threads}", environment, threads=threads)
                         for threads in range(1, cores + 1)]
    return settings


def torch_details(best, method):
    """Its second, with the first settled: how Adam is used."""
    optimisers = ["modules"] if method == "backprop" else ["modules", "one"]
    return [best.with_keys(f"Adam of {optimiser}, foreach {foreach}", foreach=foreach,
                           optimiser=optimiser)
            for optimiser in optimisers for foreach in (0, 1)]


def torch_last(best):
    """Its third: instructions, denormals, and products of bf16."""
    wider = Setting(best.name + ", ATen AVX-512",
                    {**best.environment, "ATEN_CPU_CAPABILITY": "avx512"}, **best.keys)
    return [setting for base in (best, wider)
            for setting in (base, base.with_keys("flush denormals", flush=1),
                            base.with_keys("bf16", bf16=1),
                            base.with_keys("bf16, flush denormals", bf16=1, flush=1))]


def dni_environments(cores, backends):
    """libdni's first choice: backends, the kernels of OpenBLAS, threads."""
    settings = []
    for backend in backends:
        for way, environment in (kernels() if backend == "cblas" else [("", {})]):
            environment = {**environment, **threads_environment(cores)}
            settings += [Setting(f"{backend} {way}".strip() + f", threads {threads}", environment,
                                 backend=backend, **{"backend-threads": threads})
                         for threads in range(1, cores + 1)]
    return settings


def dni_pipelined(settled, cores):
    """Of those that are settled, one for each backend: threads of the schedule in place of theirs."""
    return [Setting(f"{setting.keys['backend']}, pipelined, threads {cores}", setting.environment,
                    backend=setting.keys["backend"], schedule="pipelined", threads=cores)
            for setting in settled]


def contestants(network, cores):
    """(name, library, method, schedule, compute) of what takes turns on one network, and the pairs to
    compare. PyTorch computes in what is faster for it.

    Pipelining has no counterpart in PyTorch: it is set beside PyTorch's backpropagation."""
    both = [("backprop", "0")] + ([("sg-all", "all")] if network == "deep" else [])
    names = [(f"{library} {method}", library, sg, "sequential", "float")
             for method, sg in both for library in ("libdni", "PyTorch")]
    pairs = [(f"libdni {method}", f"PyTorch {method}") for method, _ in both]
    if network == "deep":
        names += [(f"libdni {method} in bf16", "libdni", sg, "sequential", "bf16") for method, sg in both]
        pairs += [(f"libdni {method} in bf16", f"PyTorch {method}") for method, _ in both]
    if network == "deep" and cores > 1:
        names += [("libdni sg-middle pipelined", "libdni", MIDDLE, "pipelined", "float"),
                  ("libdni sg-all pipelined", "libdni", "all", "pipelined", "float"),
                  ("libdni sg-all pipelined in bf16", "libdni", "all", "pipelined", "bf16")]
        pairs += [("libdni sg-middle pipelined", "PyTorch backprop"),
                  ("libdni sg-all pipelined", "PyTorch sg-all"),
                  ("libdni sg-all pipelined in bf16", "PyTorch sg-all")]
    if network == "small" and cores == 1:
        names += [(f"FANN {rule}", "FANN", rule, "sequential", "float") for rule in FANN_RULES]
        pairs += [("libdni backprop", f"FANN {rule}") for rule in FANN_RULES]
    return names, pairs

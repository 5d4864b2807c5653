"""peers.py --workers DIR --out DIR [--rounds N] [--quick]: libdni beside PyTorch and FANN.

The same network, batch, optimiser and first weights (FANN: the same sizes), each library in a process of
its own, on one core (every thread count 1, all pinned to it) and on two. Each library is given the
settings it does best with: they are tried first, for each network, batch and method by itself. Then the
libraries take turns, round by round, so that what disturbs the machine disturbs all; medians are printed,
and the median of the rounds' ratios.

Checked besides: that every loss goes down, and that libdni and PyTorch, which start with the same weights,
have the same losses in the first steps.

Writes DIR/peers.json and DIR/peers.md. Standard library only."""

import argparse
import json
import math
import os
import platform
import statistics
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # the source tree stays as it is

import cases  # noqa: E402
from tables import markdown, text  # noqa: E402
from workers import Failed, Pool, cores, this_python  # noqa: E402

TRIAL_SECONDS, FINALISTS = 0.15, 3     # of calibration
TURN_SECONDS = 0.35                    # of each contestant in a round
PAUSE_SECONDS = 0.05                   # lets threads that spin fall asleep
# How far the first losses may be apart, relatively. It grows: Adam's first steps are of the same length
# whatever the gradient, so rounding decides the direction where that is almost 0, and through 20
# layers of batch normalisation small differences become large.
AGREE_WITHIN = [1e-3, 0.02, 0.15]


class Contestant:
    """A library with a method on a network: its settings, and what was measured."""

    def __init__(self, bench, name, library, method, schedule, compute, keys, cpus):
        self.bench, self.name, self.library, self.schedule = bench, name, library, schedule
        self.compute = compute
        self.method = "backprop" if method == "0" else method
        self.keys = {**keys, "rule": method} if library == "FANN" else {**keys, "sg": method}
        if compute == "bf16":
            self.keys["bf16"] = 1
        if library == "FANN":
            self.keys = {key: self.keys[key] for key in ("width", "batch", "rule")}
        self.cpus, self.setting, self.tried, self.seconds = cpus, None, [], []

    def make(self, worker, setting):
        """The network anew, in a worker."""
        data = {"data": self.bench.data} if self.library == "PyTorch" else {}
        worker.case({**self.keys, **data, **setting.keys})

    def trial(self, setting):
        """Seconds of a step."""
        worker = self.bench.pool.get(self.library, setting.process(), self.cpus)
        self.make(worker, setting)
        worker.go(1)
        steps = 2
        seconds, _ = worker.go(steps)
        if seconds < TRIAL_SECONDS:
            steps = min(2000, int(steps * TRIAL_SECONDS / seconds) + 1)
            seconds, _ = worker.go(steps)
        worker.ask("free")
        time.sleep(PAUSE_SECONDS)
        return seconds / steps

    def ranked(self, settings):
        """The settings, the fastest first. The FINALISTS best of a first pass have two more trials, and the
        best of all counts: noise only adds."""
        if len(settings) == 1:
            return settings
        best = {setting: self.trial(setting) for setting in settings}
        for _ in range(2):
            for setting in sorted(settings, key=best.get)[:FINALISTS]:
                best[setting] = min(best[setting], self.trial(setting))
        self.tried += [(setting.name, 1e3 * best[setting]) for setting in settings]
        return sorted(settings, key=best.get)

    def settled(self, settings, key):
        """The fastest of the settings that agree in each value of `key`. They are found once for each
        library, batch and number of cores: what suits the products of one method suits another's."""
        place = (self.library, self.compute, self.keys["width"], self.keys["batch"], len(self.cpus))
        if place not in self.bench.settled:
            first = {}
            for setting in self.ranked(settings):
                first.setdefault(key(setting), setting)
            self.bench.settled[place] = list(first.values())
        return self.bench.settled[place]

    def calibrate_dni(self):
        count = len(self.cpus)
        backends = ["builtin"] if self.compute == "bf16" else self.bench.backends
        found = self.settled(cases.dni_environments(count, backends),
                             lambda setting: setting.keys["backend"])
        if self.schedule == "pipelined":
            found = cases.dni_pipelined(found, count)
        return self.ranked(found)[0]

    def calibrate_torch(self):
        best = self.settled(cases.torch_environments(len(self.cpus)), lambda setting: 0)[0]
        best = self.ranked(cases.torch_details(best, self.method))[0]
        return self.ranked(cases.torch_last(best))[0]

    def calibrate(self):
        if self.library == "FANN":
            self.setting = cases.Setting(self.keys["rule"])
        else:
            self.setting = self.calibrate_dni() if self.library == "libdni" else self.calibrate_torch()

    def prepare(self):
        """Ready for its turns, in a process of its own: the first losses, then steps to warm up and to
        time a turn."""
        self.worker = self.bench.pool.own(self.library, self.setting.process(), self.cpus)
        self.make(self.worker, self.setting)
        self.losses = [self.worker.go(1)[1] for _ in AGREE_WITHIN]
        once = min(self.worker.go(1)[0] for _ in range(3))
        self.steps = max(2, int(TURN_SECONDS / once))

    def turn(self):
        seconds, loss = self.worker.go(self.steps)
        self.seconds.append(seconds / self.steps)
        self.losses.append(loss)
        time.sleep(PAUSE_SECONDS)

    def facts(self):
        """With synthetic gradients a loss wavers at first, so the least one tells whether it goes down.
        Pipelined, there is none (NaN) before a step is complete."""
        losses = [loss for loss in self.losses if math.isfinite(loss)]
        return {"name": self.name, "library": self.library, "setting": self.setting.name,
                "environment": self.setting.environment, "keys": {**self.keys, **self.setting.keys},
                "step_ms": 1e3 * statistics.median(self.seconds),
                "rounds_ms": [1e3 * seconds for seconds in self.seconds],
                "losses": losses, "learns": min(losses) < losses[0],
                "tried": [{"setting": name, "step_ms": ms} for name, ms in self.tried]}


class Bench:
    def __init__(self, options, folder):
        self.pool = Pool(options.workers, this_python())
        self.rounds = options.rounds
        self.data = os.path.join(folder, "data")
        self.cpus = cores()
        self.settled = {}
        self.began = time.monotonic()
        self.backends = self.any_worker("libdni").ask("backends").split()

    def any_worker(self, library):
        environment = tuple(cases.threads_environment(1).items())
        return self.pool.get(library, environment, self.cpus[-1:])

    def dump(self, keys):
        """The batch and the first weights that libdni has, for PyTorch to take."""
        worker = self.any_worker("libdni")
        worker.case(keys)
        worker.ask("dump " + self.data)

    def compare(self, network, name, keys, core_count):
        """One network, batch and number of cores: calibration, rounds, facts."""
        self.dump(keys)
        names, pairs = cases.contestants(network, core_count)
        entries = [Contestant(self, *entry, keys, self.cpus[-core_count:])
                   for entry in names if self.pool.has(entry[1])]
        where = f"{name}, batch {keys['batch']}, cores {core_count}"
        ready = [entry for entry in entries if self.made_ready(entry, where)]
        for _ in range(self.rounds):
            for entry in ready:
                entry.turn()
        for entry in ready:
            entry.worker.stop()
        return {"network": name, "batch": keys["batch"], "cores": core_count,
                "contestants": [entry.facts() for entry in ready],
                "pairs": pairs_of(ready, pairs)}

    def made_ready(self, entry, where):
        """Settings and warming up. False, and why, if the library fails at that."""
        say(f"{time.monotonic() - self.began:4.0f} s: {where}: {entry.name}")
        try:
            entry.calibrate()
            entry.prepare()
        except Failed as failure:
            say(f"{where}: {entry.name} is left out: {failure}")
            return False
        return True


def pairs_of(entries, pairs):
    found = {entry.name: entry for entry in entries}
    return [pair(found[ours], found[theirs]) for ours, theirs in pairs
            if ours in found and theirs in found]


def pair(ours, theirs):
    ratios = [b / a for a, b in zip(ours.seconds, theirs.seconds)]
    facts = {"ours": ours.name, "theirs": theirs.name, "ratio": statistics.median(ratios),
             "ratio_least": min(ratios), "ratio_most": max(ratios)}
    in_float = ours.compute == "float" and not theirs.setting.keys.get("bf16")
    if theirs.library == "PyTorch" and ours.schedule == "sequential" and in_float:
        apart = [abs(a - b) / abs(b)
                 for a, b, _ in zip(ours.losses, theirs.losses, AGREE_WITHIN)]
        facts["losses_apart"] = apart
        facts["agree"] = all(gap <= limit for gap, limit in zip(apart, AGREE_WITHIN))
    return facts


def say(line):
    print(line, file=sys.stderr, flush=True)


def versions(bench):
    found = {"processor": processor(), "cores": len(bench.cpus)}
    if bench.pool.has("PyTorch"):
        worker = bench.any_worker("PyTorch")
        found["PyTorch"] = worker.ask("version")
        found["PyTorch config"] = json.loads(worker.ask("config"))
    if bench.pool.has("FANN"):
        found["FANN"] = ("FANN has no ReLU, softmax, batch normalisation or Adam: same sizes, hidden "
                         "LINEAR_PIECE, sigmoid outputs, squared error, plain gradient descent; a step "
                         "is an epoch of as many examples")
    return found


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":", 1)[1].strip() for line in file
                        if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def run(bench, quick):
    results = []
    for core_count in (1, 2):
        if core_count > len(bench.cpus):
            say("one core only: nothing is measured on two")
            break
        for network, name, keys, batches in cases.NETWORKS:
            for batch in batches[-1:] if quick else batches:
                results.append(bench.compare(network, name, {**keys, "batch": batch}, core_count))
    return {"about": versions(bench), "rounds": bench.rounds, "results": results}


def write(path, content):
    with open(path, "w", encoding="utf-8") as file:
        file.write(content)


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--workers", required=True, help="folder of dni_step and fann_step")
    parser.add_argument("--out", required=True, help="folder for peers.json and peers.md")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each [9]")
    parser.add_argument("--quick", action="store_true", help="the smallest batch of each network only")
    return parser.parse_args()


def main():
    options = read_options()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, folder)
        for library in ("PyTorch", "FANN"):
            if not bench.pool.has(library):
                say(f"{library} is not there: left out")
        try:
            found = run(bench, options.quick)
        finally:
            bench.pool.stop()
    os.makedirs(options.out, exist_ok=True)
    write(os.path.join(options.out, "peers.json"), json.dumps(found, indent=1) + "\n")
    write(os.path.join(options.out, "peers.md"), markdown(found))
    print(text(found))


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"peers: {failure}")

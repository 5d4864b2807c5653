"""Two builds of libdni beside each other: the same training steps, in turns within one run.

    python3 tests/bench/turns.py OLD/build/bench/peers/dni_step build/bench/peers/dni_step [WORD]

With a WORD only the cases that have it. For each case both programs (tests/bench/peers/dni_step.c) take turns of some steps. Printed are the
medians of their times for a step, and the median, least and most of the ratios new / old of
neighbours in time, so that a drift of the machine's speed meets both. The losses show whether they
did the same work.
"""
import statistics
import subprocess
import sys

TURNS = 11

# What is trained, and the steps of a turn. 784 inputs and 10 classes.
CASES = [
    ("depth=20 width=512 batch=256 sg=0", 4),
    ("depth=20 width=512 batch=256 sg=all", 3),
    ("depth=20 width=512 batch=32 sg=0", 20),
    ("depth=20 width=512 batch=32 sg=all", 12),
    ("depth=2 width=128 batch=32 sg=all", 400),
    ("depth=1 width=64 batch=256 plain=1 sg=0", 200),
    ("depth=1 width=64 batch=32 plain=1 sg=0", 800),
    ("depth=1 width=64 batch=1 plain=1 sg=0", 4000),
    ("depth=20 width=512 batch=64 sg=10 schedule=pipelined threads=2", 12),
    ("depth=20 width=512 batch=256 sg=10 schedule=pipelined threads=2", 5),
    ("depth=20 width=512 batch=256 sg=0 bf16=1", 8),
    ("depth=20 width=512 batch=256 sg=all bf16=1", 5),
    ("depth=20 width=512 batch=32 sg=0 bf16=1", 30),
    ("depth=20 width=512 batch=32 sg=all bf16=1", 16),
]


class Worker:
    def __init__(self, path):
        self.process = subprocess.Popen(
            [path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        return self.process.stdout.readline().split()

    def run(self, steps):
        """Milliseconds for a step, and the last loss."""
        seconds, loss = self.ask(f"go {steps}")
        return float(seconds) / steps * 1e3, loss

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def compare(old, new, case, steps):
    workers = {"old": Worker(old), "new": Worker(new)}
    for worker in workers.values():
        if worker.ask("case " + case) != ["ready"]:
            sys.exit(f"turns.py: {worker.process.args[0]} refuses {case}")
        worker.run(steps)  # caches, and the first touch of memory
    times = {"old": [], "new": []}
    for turn in range(TURNS):
        for name in ("old", "new") if turn % 2 else ("new", "old"):
            milliseconds, loss = workers[name].run(steps)
            times[name].append(milliseconds)
            workers[name].loss = loss
    ratios = [n / o for n, o in zip(times["new"], times["old"])]
    print(
        f"{case:64} {statistics.median(times['old']):9.4f} {statistics.median(times['new']):9.4f}"
        f" {statistics.median(ratios):7.3f} {min(ratios):7.3f} {max(ratios):7.3f}"
        f"  {workers['old'].loss} {workers['new'].loss}",
        flush=True,
    )
    for worker in workers.values():
        worker.close()


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    word = sys.argv[3] if len(sys.argv) == 4 else ""
    print(f"{'case':64} {'old ms':>9} {'new ms':>9} {'ratio':>7} {'least':>7} {'most':>7}  losses")
    for case, steps in CASES:
        if word in case:
            compare(sys.argv[1], sys.argv[2], case, steps)


main()

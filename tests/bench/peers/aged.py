"""aged.py --workers DIR --out DIR --mnist FOLDER: a step after thousands of steps, libdni beside PyTorch.

A small network learns MNIST. Where a gradient becomes 0 for good, Adam's moments decay until they are denormal;
PyTorch then becomes slower unless its user calls torch.set_flush_denormal(True), which holds for the whole
process. So there are two of PyTorch. All are trained to a first age, take turns there, are trained on and take
turns again: medians of the turns, on one core. Writes DIR/aged.json and DIR/aged.md; standard library only."""

import argparse
import json
import os
import statistics
import sys
import tempfile

sys.dont_write_bytecode = True  # the source tree stays as it is

import cases  # noqa: E402
from workers import Failed, Pool, cores, this_python  # noqa: E402

KEYS = {"depth": 1, "width": 128, "plain": 1, "sg": "0", "rate": 1000}
BATCHES, AGES, TURNS = [1, 32, 64], [10, 4000], 11
WHO = [("libdni", "libdni", {}), ("PyTorch", "PyTorch", {"flush": 0}), ("PyTorch, flushed", "PyTorch", {"flush": 1})]
HEAD = ["batch", "steps before", *[f"{who[0]}, us a step" for who in WHO], *[f"{who[0]} / libdni" for who in WHO[1:]]]


def make(pool, library, keys, data):
    environment = {**cases.threads_environment(1), **dict.fromkeys(cases.OPENBLAS_NAMES)}
    if library == "PyTorch":
        environment["OPENBLAS_CORETYPE"] = "SkylakeX"
        keys = {**keys, "data": data, "threads": 1, "foreach": 1}
    worker = pool.own(library, tuple(sorted(environment.items(), key=str)), cores()[-1:])
    worker.case(keys)
    return worker


def turns(workers, batch):
    """Microseconds of a step, by worker."""
    steps = 40 if batch == 1 else 20
    rounds = [[1e6 * worker.go(steps)[0] / steps for worker in workers] for _ in range(TURNS)]
    return [statistics.median(times) for times in zip(*rounds)]


def measure(pool, batch, folder, mnist):
    keys, data = {**KEYS, "batch": batch, "mnist": mnist}, os.path.join(folder, "data")
    with_data = pool.get("libdni", (), cores()[-1:])
    with_data.case({**KEYS, "batch": batch})
    with_data.ask("dump " + data)
    workers = [make(pool, library, {**keys, **more}, data) for _, library, more in WHO]
    done, rows = 0, []
    for age in AGES:
        losses = [worker.go(age - done)[1] for worker in workers]
        done = age
        times = turns(workers, batch)
        done += TURNS * (40 if batch == 1 else 20)
        rows.append({"batch": batch, "steps": age, "us": times, "losses": losses})
        print(rows[-1], file=sys.stderr, flush=True)
    for worker in workers:
        worker.stop()
    return rows


def markdown(rows):
    lines = [HEAD, ["---"] * len(HEAD)]
    for row in rows:
        us = row["us"]
        lines.append([str(row["batch"]), str(row["steps"]), *[f"{t:.1f}" for t in us],
                      *[f"{t / us[0]:.2f}" for t in us[1:]]])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    for name in ("--workers", "--out", "--mnist"):
        parser.add_argument(name, required=True)
    options = parser.parse_args()
    pool = Pool(options.workers, this_python())
    if not pool.has("PyTorch"):
        sys.exit("aged: PyTorch is not there")
    with tempfile.TemporaryDirectory() as folder:
        rows = [row for batch in BATCHES for row in measure(pool, batch, folder, options.mnist)]
    pool.stop()
    with open(os.path.join(options.out, "aged.json"), "w", encoding="utf-8") as file:
        json.dump(rows, file, indent=1)
    with open(os.path.join(options.out, "aged.md"), "w", encoding="utf-8") as file:
        file.write(markdown(rows))
    print(markdown(rows))


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"aged: {failure}")

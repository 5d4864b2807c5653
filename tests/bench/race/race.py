"""Time to 97.5 % test accuracy on MNIST, all ways of using two cores beside each other.

Runs build/examples/mnist for every way, batch size and seed, one run at a time, the ways taking turns
so that a drift of the machine's speed meets all of them. A run ends when an evaluation reaches the
accuracy, or after --steps. Seconds are of training alone. What has been run is kept in runs.jsonl and
not run again, so an interrupted race goes on where it stopped.

Writes race.json, race.md (a table: medians over the seeds) and, with gnuplot, race.svg.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys

# What is raced: a name and the options of the mnist program.
WAYS = {
    "backprop, 1 thread": "--method backprop --threads 1",
    "backprop, 2-thread products (builtin)": "--method backprop --threads 2",
    "backprop, 2-thread products (CBLAS)": "--method backprop --threads 2 --backend cblas",
    "micro-batches, 2 parts": "--method backprop --schedule micro-batches --threads 2 --micro-batches 2",
    "micro-batches, 4 parts": "--method backprop --schedule micro-batches --threads 2 --micro-batches 4",
    "one SG, 1 thread": "--method sg --sg adam --modules 2 --threads 1",
    "one SG, pipelined": "--method sg --sg adam --schedule pipelined --modules 2 --threads 2",
    "SG everywhere, pipelined": "--method sg-all --sg adam --schedule pipelined --threads 2",
    "one SG by least squares, pipelined": "--method sg --schedule pipelined --modules 2 --threads 2",
    "SG everywhere by least squares, pipelined": "--method sg-all --schedule pipelined --threads 2",
    "local loss, pipelined": "--method local --schedule pipelined --modules 2 --threads 2",
    "delayed gradients, pipelined": "--method delayed --schedule pipelined --modules 2 --threads 2",
    "no gradient below, pipelined": "--method none --schedule pipelined --modules 2 --threads 2",
}

# Learning rates by batch size, constant, since a race has no planned end; the same for every way, but for
# the guess of least-squares SGs: of 1e-4, 2e-4 and 3e-4 those at which
# backpropagation got there first.
RATES = {32: "1e-4", 64: "3e-4", 256: "3e-4"}

# An old OpenBLAS is fast here only if it chooses its kernels by itself.
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--mnist", default="build/examples/mnist", help="the program")
    parser.add_argument("--out", default="build/bench/race")
    parser.add_argument("--batches", default="32,64,256")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--depth", type=int, default=8)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--examples", type=int, default=250000, help="most examples shown in a run")
    parser.add_argument("--eval-examples", type=int, default=6400, help="examples between evaluations")
    parser.add_argument("--ways", default="", help="only ways with one of these words, by semicolons")
    parser.add_argument("--extra", default="", help="more options for every run")
    return parser.parse_args()


def command(options, way, batch, seed, directory):
    steps, every = options.examples // batch, max(1, options.eval_examples // batch)
    rate = RATES.get(batch, "3e-4")
    guess = ["--sg-lr", "1e-3"] if "least squares" in way else []
    return [options.mnist, *WAYS[way].split(), "--depth", str(options.depth), "--width", str(options.width),
            "--batch", str(batch), "--lr", rate, *guess, "--warm-up", "0", "--decay", "constant",
            "--seed", str(seed), "--steps", str(steps), "--eval-every", str(every),
            "--until", "0.975", "--json", "--out", directory, *options.extra.split()]


def read_curve(directory):
    with open(os.path.join(directory, "curves.tsv"), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file][1:]
    return [[float(row[2]), float(row[3])] for row in rows]


def run(options, way, batch, seed):
    directory = os.path.join(options.out, "last")
    os.makedirs(directory, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name not in UNSET}
    words = command(options, way, batch, seed, directory)
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit("race: %s: %s" % (" ".join(words), done.stderr.strip()))
    result = json.loads(done.stdout)["runs"][0]
    return {"way": way, "batch": batch, "seed": seed, "depth": options.depth, "width": options.width,
            "extra": options.extra, "curve": read_curve(directory), **result}


def key_of(result):
    return (result["way"], result["batch"], result["seed"], result["depth"], result["width"], result["extra"])


def load(path):
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return {key_of(result): result for result in map(json.loads, file)}


def race(options, ways, batches):
    path = os.path.join(options.out, "runs.jsonl")
    os.makedirs(options.out, exist_ok=True)
    known = load(path)
    for seed in range(1, options.seeds + 1):
        for batch in batches:
            for way in ways:
                key = (way, batch, seed, options.depth, options.width, options.extra)
                if key not in known:
                    known[key] = run(options, way, batch, seed)
                    with open(path, "a", encoding="utf-8") as file:
                        file.write(json.dumps(known[key]) + "\n")
                    print("%-40s batch %3d seed %d: %s s, %.2f ms a step" %
                          (way, batch, seed, known[key]["seconds_to_975"], known[key]["ms_per_step"]),
                          flush=True)


def summary(results, way, batch):
    runs = [r for r in results if r["way"] == way and r["batch"] == batch]
    # One that never got there took longer than any that did.
    times = [r["seconds_to_975"] if r["seconds_to_975"] is not None else float("inf") for r in runs]
    steps = [r["steps"] for r in runs]
    best = [max(point[1] for point in r["curve"]) for r in runs]
    return {"way": way, "batch": batch, "runs": len(runs), "reached": sum(t < float("inf") for t in times),
            "seconds": statistics.median(times), "least": min(times), "most": max(times),
            "steps": statistics.median(steps), "ms": statistics.median(r["ms_per_step"] for r in runs),
            "best_accuracy": statistics.median(best),
            "lag": statistics.median(r["target_lag"] or 0 for r in runs)}


def seconds(value):
    return "%.1f" % value if value < float("inf") else "never"


def table(rows, batches):
    lines = []
    for batch in batches:
        lines += ["", "Batch %d" % batch, "",
                  "| | seconds to 97.5 %, median (least to most) | runs that got there | steps | ms a step |"
                  " targets late by, batches |", "|---|---|---|---|---|---|"]
        for row in (r for r in rows if r["batch"] == batch):
            lines.append("| %s | %s (%s to %s) | %d of %d | %.0f | %.2f | %.2f |" % (
                row["way"], seconds(row["seconds"]), seconds(row["least"]), seconds(row["most"]),
                row["reached"], row["runs"], row["steps"], row["ms"], row["lag"]))
    return "\n".join(lines[1:]) + "\n"


def figure(results, ways, batches, path):
    """Test accuracy against seconds of training: every run a line, a colour for each way."""
    if not shutil.which("gnuplot"):
        return
    script = ["set terminal svg size %d,420 background rgb 'white' font 'sans,11'" % (430 * len(batches)),
              "set output '%s'" % path, "set multiplot layout 1,%d" % len(batches),
              "set logscale x", "set yrange [0.9:0.98]", "set key bottom right font ',8'",
              "set xlabel 'seconds of training'", "set ylabel 'test accuracy'", "set grid"]
    data = []
    for batch in batches:
        plots = []
        for index, way in enumerate(ways):
            for run_index, result in enumerate(r for r in results if r["way"] == way and r["batch"] == batch):
                title = way if run_index == 0 else ""
                plots.append("'-' with lines lc %d lw 1.5 title '%s'" % (index + 1, title))
                data.append("\n".join("%g %g" % tuple(point) for point in result["curve"]) + "\ne")
        script += ["set title 'batch %d'" % batch, "plot 0.975 with lines dt 2 lc rgb 'black' title '', "
                   + ", ".join(plots)] + data
        data = []
    subprocess.run(["gnuplot"], input="\n".join(script), text=True, check=True)


def main():
    options = arguments()
    words = [word for word in options.ways.split(";") if word]
    ways = [way for way in WAYS if not words or any(word in way for word in words)]
    batches = [int(batch) for batch in options.batches.split(",")]
    race(options, ways, batches)
    shown = list(load(os.path.join(options.out, "runs.jsonl")).values())
    ways = [way for way in WAYS if any(r["way"] == way for r in shown)]
    results = [r for r in shown if r["depth"] == options.depth and r["width"] == options.width]
    rows = [summary(results, way, batch) for batch in batches for way in ways
            if any(r["way"] == way and r["batch"] == batch for r in results)]
    rows.sort(key=lambda row: (row["batch"], row["seconds"]))
    text = "%d hidden layers of %d units\n\n%s" % (options.depth, options.width, table(rows, batches))
    with open(os.path.join(options.out, "race.md"), "w", encoding="utf-8") as file:
        file.write(text)
    with open(os.path.join(options.out, "race.json"), "w", encoding="utf-8") as file:
        finite = [{name: None if value == float("inf") else value for name, value in row.items()} for row in rows]
        json.dump({"depth": options.depth, "width": options.width, "rows": finite}, file, indent=1)
    figure(results, ways, batches, os.path.join(options.out, "race.svg"))
    print(text)


if __name__ == "__main__":
    main()

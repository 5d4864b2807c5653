"""Table and figures of the studies: report.py RESULTS DESTINATION

DESTINATION becomes a directory with README.md, a figure for each study and runs.tsv. Seconds are steps
times the milliseconds of a step that times.py has measured.
"""

import csv
import json
import os
import statistics
import subprocess
import sys

from arms import ARMS, STUDIES
from run import name_of

THRESHOLDS = (0.95, 0.97, 0.975, 0.98)
PLOT = """set terminal svg size 900,560 font 'Helvetica,13' background '#ffffff'
set output '{name}.svg'
set title '{title}'
set xlabel 'steps'
set ylabel 'test accuracy in %, spaced by the logarithm of the error'
set logscale y
set yrange [80:1.2] reverse
set ytics ('20' 80, '50' 50, '80' 20, '90' 10, '95' 5, '97' 3, '98' 2, '98.5' 1.5)
set grid ytics lc '#dddddd'
set key outside bottom center horizontal maxcols 2 width 2
plot {lines}
"""


def load(results, network, arm, steps, seed):
    path = os.path.join(results, name_of(network, arm, steps, seed))
    try:
        with open(f"{path}.json", encoding="utf-8") as file:
            run = json.load(file)
        with open(f"{path}/curves.tsv", encoding="utf-8") as file:
            run["curve"] = [(int(row["step"]), float(row["test_accuracy"]))
                            for row in csv.DictReader(file, delimiter="\t")]
        return run
    except FileNotFoundError:
        return None


def seeds_of(results, study, arm, steps):
    found = (load(results, study.network, arm, steps, seed) for seed in range(1, study.seeds + 1))
    return [run for run in found if run]


def first_step(run, threshold):
    return next((step for step, accuracy in run["curve"] if accuracy >= threshold), None)


def median_step(runs, threshold):
    """None if half of the runs or more never get there."""
    steps = sorted(first_step(run, threshold) or float("inf") for run in runs)
    middle = steps[len(steps) // 2]
    return middle if middle < float("inf") else None


def milestone(runs, threshold, ms):
    step = median_step(runs, threshold)
    if step is None:
        return "-"
    return f"{step:,}" + (f"<br>{step * ms / 1000:.0f} s" if ms else "")


def row(runs, arm, ms):
    accuracies = [100 * run["test_accuracy"] for run in runs]
    cells = [ARMS[arm].label, f"{runs[0]['lr']:g}", f"{statistics.median(accuracies):.2f}",
             f"{min(accuracies):.2f} to {max(accuracies):.2f}", str(len(runs)),
             f"{ms:.1f}" if ms else "-"]
    return cells + [milestone(runs, threshold, ms) for threshold in THRESHOLDS]


def table(results, study, steps, times):
    head = ["method", "rate", "test accuracy, median", "range", "seeds", "ms a step"]
    head += [f"to {100 * threshold:g} %" for threshold in THRESHOLDS]
    lines = [head, ["---"] * len(head)]
    for arm in study.arms:
        runs = seeds_of(results, study, arm, steps)
        if runs:
            lines.append(row(runs, arm, times.get(study.network, {}).get(arm)))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def median_curve(runs):
    for points in zip(*(run["curve"] for run in runs)):
        yield points[0][0], statistics.median(accuracy for _, accuracy in points)


def figure(results, destination, name, study, steps):
    lines = []
    for arm in study.arms:
        runs = seeds_of(results, study, arm, steps)
        if not runs:
            continue
        data = f"{name}-{arm}.tsv"
        with open(os.path.join(destination, data), "w", encoding="utf-8") as file:
            file.writelines(f"{step}\t{100 - 100 * accuracy:.4f}\n"
                            for step, accuracy in median_curve(runs))
        label = ARMS[arm].label.replace("'", "''")  # gnuplot's way
        lines.append(f"'{data}' with lines lw 2 {ARMS[arm].line} title '{label}'")
    if not lines:
        return False
    title = f"{study.network.replace('x', ' hidden layers of ')} units, batch 256, {steps:,} steps"
    script = PLOT.format(name=name, title=title, lines=", \\\n  ".join(lines))
    subprocess.run(["gnuplot"], input=script, text=True, cwd=destination, check=True)
    return True


def write_runs(results, destination):
    listed = {}
    for study in STUDIES.values():
        for steps in study.steps:
            for arm in study.arms:
                for run in seeds_of(results, study, arm, steps):
                    listed[name_of(study.network, arm, steps, run["seed"])] = run
    keys = ("steps", "seed", "lr", "sg_lr", "warm_up", "decay", "sg_kind", "condition", "train_accuracy",
            "test_accuracy", "final_loss", "sg_cosine")
    with open(os.path.join(destination, "runs.tsv"), "w", encoding="utf-8") as file:
        file.write("run\t" + "\t".join(keys) + "\n")
        for name, run in listed.items():
            file.write(name + "".join(f"\t{run[key]}" for key in keys) + "\n")


def main(results, destination):
    os.makedirs(destination, exist_ok=True)
    times = {}
    if os.path.exists(os.path.join(results, "times.json")):
        with open(os.path.join(results, "times.json"), encoding="utf-8") as file:
            times = json.load(file)
    with open(os.path.join(destination, "tables.md"), "w", encoding="utf-8") as file:
        for name, study in STUDIES.items():
            for steps in study.steps:
                drawn = f"{name}-{steps}"
                if figure(results, destination, drawn, study, steps):
                    file.write(f"## {study.network}, {steps:,} steps\n\n![{drawn}]({drawn}.svg)\n\n")
                    file.write(table(results, study, steps, times) + "\n")
    write_runs(results, destination)


if __name__ == "__main__":
    main(*sys.argv[1:])

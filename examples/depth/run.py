"""Run the studies of arms.py: run.py MNIST RESULTS [STUDY...]

MNIST is the mnist program, RESULTS a directory. Each run leaves RESULTS/<name>.json and
RESULTS/<name>/curves.tsv; runs that are there are not made again, so a stop loses one or two. Runs are
side by side, each on one thread.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from arms import ARMS, NETWORKS, STUDIES

EVALUATIONS = 40  # in a run


def options_of(network, arm):
    options = f"{NETWORKS[network]} {ARMS[arm].options}".split()
    depth = int(options[options.index("--depth") + 1])
    everywhere = ",".join(str(layer) for layer in range(1, depth + 1))
    return [everywhere if option == "ALL" else option for option in options]


def name_of(network, arm, steps, seed):
    return f"{network}-{arm}-{steps}-{seed}"


def runs(studies):
    """Name to (network, arm, steps, seed). Seeds first, so that every arm has been seen early."""
    listed = {}
    for study in (STUDIES[name] for name in studies or STUDIES):
        for seed in range(1, study.seeds + 1):
            for steps in study.steps:
                for arm in study.arms:
                    what = (study.network, arm, steps, seed)
                    listed[name_of(*what)] = what
    return listed


def run(mnist, results, name, what):
    network, arm, steps, seed = what
    path, out = os.path.join(results, f"{name}.json"), os.path.join(results, name)
    if os.path.exists(path):
        return
    os.makedirs(out, exist_ok=True)
    command = [mnist, *options_of(network, arm), "--steps", str(steps), "--seed", str(seed),
               "--threads", "1", "--eval-every", str(steps // EVALUATIONS), "--json", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    found = json.loads(done.stdout)["runs"][0]
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(found, file)
    os.replace(path + ".part", path)
    print(f"  {name}: {100 * found['test_accuracy']:.2f} %, {found['seconds']:.0f} s", flush=True)


def main(mnist, results, *studies):
    os.makedirs(results, exist_ok=True)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        jobs = [pool.submit(run, mnist, results, name, what) for name, what in runs(studies).items()]
        for job in jobs:
            job.result()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""How long a step of each arm takes: times.py MNIST RESULTS

On one thread, in turns, so that all arms see the same machine; the median of the rounds goes into
RESULTS/times.json, in ms. Nothing else should run meanwhile.
"""

import json
import os
import statistics
import subprocess
import sys

from arms import ARMS, NETWORKS
from run import options_of

ROUNDS, STEPS = 5, 60


def measure(mnist, network, arm):
    done = subprocess.run([mnist, *options_of(network, arm), "--steps", str(STEPS), "--threads", "1",
                           "--eval-every", str(STEPS), "--train-limit", "2560", "--json"],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["runs"][0]["ms_per_step"]


def main(mnist, results):
    found = {}
    for network in NETWORKS:
        rounds = [{arm: measure(mnist, network, arm) for arm in ARMS} for _ in range(ROUNDS)]
        found[network] = {arm: statistics.median(each[arm] for each in rounds) for arm in ARMS}
        print(network, {arm: round(ms, 2) for arm, ms in found[network].items()}, flush=True)
    path = os.path.join(results, "times.json")
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1)
    os.replace(path + ".part", path)


if __name__ == "__main__":
    main(*sys.argv[1:])

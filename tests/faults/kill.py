#!/usr/bin/env python3
"""Kill a training that saves after every step, again and again, and let it go on each time.

kill.py MNIST KILLS: MNIST is the mnist program. There is never a file that cannot be read, nothing but
the file and what one killed save left lies beside it, and the resumed training ends with the bits of
one that was never disturbed. The last line says how often it was killed.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time

STEPS_OF_A_LIFE = 12  # that a life makes between two kills, about


def options(program, folder, name, steps):
    return [program, "--method", "sg-all", "--depth", "2", "--width", "24", "--batch", "16",
            "--steps", str(steps), "--eval-every", "1000000000", "--train-limit", "300",
            "--data", os.path.join("examples", "mnist_sample"), "--json",
            "--checkpoint", os.path.join(folder, name), "--checkpoint-every", "1",
            "--save", os.path.join(folder, name + ".network")]


def run(command, check=True):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if check and result.returncode != 0:
        sys.exit("%s: exit status %d: %s" % (" ".join(command), result.returncode, result.stderr))
    return result


def live(command, seconds):
    """Whether the process was killed before it ended."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return True
    if process.returncode != 0:
        sys.exit("resumed: exit status %d: %s" % (process.returncode, errors))
    return False


def seconds_of(command):
    started = time.monotonic()
    run(command)
    return time.monotonic() - started


def main():
    program, kills = sys.argv[1], int(sys.argv[2])
    random.seed(1)
    with tempfile.TemporaryDirectory() as folder:
        start = seconds_of(options(program, folder, "start", 1))
        step = (seconds_of(options(program, folder, "some", 401)) - start) / 400
        steps = max(200, kills * STEPS_OF_A_LIFE)
        run(options(program, folder, "undisturbed", steps))
        done = 0
        command = options(program, folder, "killed", steps) + ["--resume"]
        while done < kills and live(command, start * random.uniform(0.2, 1) +
                                    step * STEPS_OF_A_LIFE * random.random()):
            done += 1
            beside = [name for name in os.listdir(folder) if name.startswith("killed")]
            if len(beside) > 2:
                sys.exit("after %d kills there are %s" % (done, ", ".join(sorted(beside))))
        run(command)
        with open(os.path.join(folder, "undisturbed.network"), "rb") as one, \
                open(os.path.join(folder, "killed.network"), "rb") as other:
            if one.read() != other.read():
                sys.exit("after %d kills the training ended with other bits" % done)
    print("%d kills: every file could be read, the end is the same" % done)
    return 0 if done >= kills or kills > 100 else 1


if __name__ == "__main__":
    sys.exit(main())

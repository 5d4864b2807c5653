"""Processes that train as they are told: dni_step, torch_step.py and fann_step, which answer each line with
one. See dni_step.c for the lines."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


class Failed(Exception):
    pass


def cores():
    """The processors we may use, one for each core (not for each of its hardware threads)."""
    found = {}
    for cpu in sorted(os.sched_getaffinity(0)):
        try:
            folder = f"/sys/devices/system/cpu/cpu{cpu}/topology"
            with open(f"{folder}/physical_package_id", encoding="ascii") as package, \
                    open(f"{folder}/core_id", encoding="ascii") as core:
                place = (package.read(), core.read())
        except OSError:
            place = cpu
        found.setdefault(place, cpu)
    return sorted(found.values())


def environment_of(changes):
    environment = dict(os.environ)
    for name, value in changes:
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value
    return environment


class Worker:
    def __init__(self, command, environment, cpus):
        self.command = command
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            env=environment_of(environment), preexec_fn=lambda: os.sched_setaffinity(0, cpus))

    def ask(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except OSError:
            answer = ""
        if not answer:
            self.process.wait()
            raise Failed(f"{os.path.basename(self.command[-1])} has ended at '{line}'")
        return answer.strip()

    def case(self, keys):
        self.ask("case " + " ".join(f"{key}={value}" for key, value in keys.items()))

    def go(self, steps):
        """Seconds, and the last loss."""
        seconds, loss = self.ask(f"go {steps}").split()
        return float(seconds), float(loss)

    def stop(self):
        try:
            self.process.stdin.close()
        except OSError:
            pass  # it has ended
        self.process.wait()


class Pool:
    """Workers by library, environment and processors; each is started once, and anew if it has ended."""

    def __init__(self, folder, python):
        self.commands = {"libdni": [os.path.join(folder, "dni_step")],
                         "FANN": [os.path.join(folder, "fann_step")],
                         "PyTorch": [python, os.path.join(HERE, "torch_step.py")]}
        self.workers = {}

    def has(self, library):
        if library == "PyTorch":
            test = "import importlib.util, sys; sys.exit(not importlib.util.find_spec('torch'))"
            return subprocess.run([self.commands[library][0], "-c", test], check=False).returncode == 0
        return os.access(self.commands[library][0], os.X_OK)

    def get(self, library, environment, cpus):
        key = (library, environment, tuple(cpus))
        if key not in self.workers or self.workers[key].process.poll() is not None:
            self.workers[key] = self.own(library, environment, cpus)
        return self.workers[key]

    def own(self, library, environment, cpus):
        """One that is shared with nobody; the caller stops it."""
        return Worker(self.commands[library], environment, cpus)

    def stop(self):
        for worker in self.workers.values():
            worker.stop()


def this_python():
    return sys.executable

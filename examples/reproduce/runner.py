"""The programs of a run: JOBS of them at a time, each with one thread, until all are done or have failed.

The files of a program are RESULTS_DIR/<name>.json, what it prints, RESULTS_DIR/<name>/, and <name>.log,
its messages. state.py says how a run that was stopped goes on."""

import ctypes
import os
import shlex
import shutil
import signal
import subprocess
import time

from programs import PROGRAMS, arguments, seconds
from progress import Line, clock, left_of, scale, seconds_left
from state import State, fingerprint

TICK = 0.2       # seconds between two looks at the programs
SAVE_EVERY = 10  # seconds between two savings of the times spent
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def die_with_parent():
    """A program that outlived this one would write into the files of the next start."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Run:
    def __init__(self, results, place, size, jobs):
        self.results, self.place, self.size, self.jobs = results, place, size, jobs
        self.state, self.line = State(results), Line()
        self.running = {}  # name -> (process, when it was started)
        self.failed = []
        self.booked = self.saved = time.monotonic()

    # What is to do. ------------------------------------------------------------------------------

    def command(self, program):
        return shlex.join([program.name] + arguments(program, self.size, self.results))

    def is_done(self, program):
        return self.state.is_done(program.name, self.command(program))

    def waiting(self):
        return [each for each in PROGRAMS if not self.is_done(each)
                and each.name not in self.running and each.name not in self.failed]

    # Programs. -----------------------------------------------------------------------------------

    def path(self, program, suffix=""):
        return os.path.join(self.results, program.name + suffix)

    def start(self, program):
        binary = os.path.join(self.place, program.name)
        self.state.begin(program.name, self.command(program), fingerprint(binary))
        shutil.rmtree(self.path(program), ignore_errors=True)
        for old in (".json", ".json.tmp"):
            if os.path.exists(self.path(program, old)):
                os.remove(self.path(program, old))
        words = [binary] + arguments(program, self.size, self.results)
        one_thread = dict(os.environ, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
        with open(self.path(program, ".json.tmp"), "wb") as out, \
                open(self.path(program, ".log"), "wb") as log:
            process = subprocess.Popen(words + ["--json", "--out", self.path(program)], stdout=out,
                                       stderr=log, stdin=subprocess.DEVNULL, env=one_thread,
                                       preexec_fn=die_with_parent)
        self.running[program.name] = (process, time.monotonic())

    def messages(self, program):
        with open(self.path(program, ".log"), encoding="utf-8", errors="replace") as log:
            return log.read().strip()

    def end(self, program, status):
        del self.running[program.name]
        text = self.messages(program)
        if status == 0:
            os.replace(self.path(program, ".json.tmp"), self.path(program, ".json"))
            self.state.finish(program.name)
            if text:
                self.line.say(text)
            return
        self.failed.append(program.name)
        how = f"exit status {status}" if status > 0 else f"signal {-status}"
        self.line.say(f"reproduce: {program.name} failed ({how}): "
                      f"{text.splitlines()[-1] if text else 'it said nothing'}")

    def book_time(self):
        """Books the time since it was booked last."""
        now = time.monotonic()
        self.state.wall += now - self.booked
        for name, (_, begun) in self.running.items():
            self.state.spend(name, now - max(begun, self.booked))
        self.booked = now
        if now - self.saved >= SAVE_EVERY:
            self.state.write()
            self.saved = now

    def end_those_that_ended(self):
        ended = [(each, self.running[each.name][0].poll()) for each in PROGRAMS
                 if each.name in self.running]
        ended = [(program, status) for program, status in ended if status is not None]
        for program, status in ended:
            self.end(program, status)
        return bool(ended)

    def start_what_can(self):
        started = False
        for program in self.waiting():
            if len(self.running) < self.jobs:
                self.start(program)
                started = True
        return started

    # Words. --------------------------------------------------------------------------------------

    def left(self):
        done = [each for each in PROGRAMS if self.is_done(each)]
        factor = scale([self.state.seconds(each.name) for each in done],
                       [seconds(each, self.size) for each in done])
        running = []
        for program in [each for each in PROGRAMS if each.name in self.running]:
            passed = self.state.seconds(program.name) if program.resumes else \
                time.monotonic() - self.running[program.name][1]
            running.append(left_of(factor * seconds(program, self.size), passed))
        waiting = [factor * seconds(each, self.size) for each in self.waiting()]
        return seconds_left(running, waiting, self.jobs)

    def describe(self):
        done = sum(self.is_done(each) for each in PROGRAMS)
        return (f"reproduce: {done} of {len(PROGRAMS)} programs done; running "
                f"{', '.join(self.running) or 'none'}; {clock(self.state.wall)} so far, about "
                f"{clock(self.left())} left")

    # All. ----------------------------------------------------------------------------------------

    def work(self):
        self.state.starts += 1
        changed = self.start_what_can()
        while self.running:
            self.line.show(self.describe(), changed)
            time.sleep(TICK)
            self.book_time()
            changed = self.end_those_that_ended()
            changed = self.start_what_can() or changed
        self.state.write()
        self.line.clear()

    def stop(self):
        self.book_time()
        for process, _ in self.running.values():
            process.kill()
            process.wait()
        self.state.write()
        self.line.clear()

"""run.py RESULTS_DIR PROGRAMS_DIR full|quick JOBS COMMAND: every program of programs.py, JOBS at a time,
then the page RESULTS_DIR/index.html. COMMAND is how the user asked for it.

The files of a program are RESULTS_DIR/<name>.json, what it prints, RESULTS_DIR/<name>/, and <name>.log,
its messages. It may be stopped at any moment: started again, it runs what is not done (state.py). Each
program has one thread; they run side by side. Exit status 1 if one failed: the others are kept."""

import ctypes
import fcntl
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # the source tree stays as it is

import report  # noqa: E402
from programs import PROGRAMS, arguments, seconds  # noqa: E402
from progress import Line, clock, left_of, scale, seconds_left  # noqa: E402
from state import State, fingerprint, write_whole  # noqa: E402

TICK = 0.2       # seconds between two looks at the programs
SAVE_EVERY = 10  # seconds between two savings of the times spent
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def die_with_parent():
    """A program that outlived this one would write into the files of the next start."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Stopped(Exception):
    pass


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

    def meta(self, command):
        """How the results were made, for the page and for keep.py."""
        binary = os.path.join(self.place, PROGRAMS[0].name)
        about = subprocess.run([binary, "--version"], check=True, capture_output=True, text=True)
        version, build = about.stdout.strip().split("\n", 1)
        kept = self.state.programs
        stale = [each.name for each in PROGRAMS
                 if kept[each.name]["fingerprint"] != fingerprint(os.path.join(self.place, each.name))]
        return {"command": command, "date": time.strftime("%Y-%m-%d", time.gmtime()),
                "version": version.rsplit(", ", 1)[-1], "build": build, "processor": processor(),
                "jobs": self.jobs, "starts": self.state.starts, "wall": round(self.state.wall),
                "seconds": {each.name: round(kept[each.name]["seconds"]) for each in PROGRAMS},
                "commands": {each.name: kept[each.name]["command"] for each in PROGRAMS},
                "rebuilt": stale}


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else "unknown"


def locked(results):
    """The open lock of a results directory, which ends with this process; None if another has it."""
    lock = open(os.path.join(results, "run.lock"), "w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock


def on_signal(number, _):
    raise Stopped(signal.Signals(number).name)


def make_page(run, command):
    meta = os.path.join(run.results, "meta.json")
    write_whole(meta, json.dumps(run.meta(command), indent=1) + "\n")
    page = os.path.join(run.results, "index.html")
    status = report.main([run.results, page])
    if status == 0:
        print(f"  {page}")
    return status


def carry_out(run, command):
    try:
        run.work()
    except (Stopped, KeyboardInterrupt) as reason:
        run.stop()
        print(f"reproduce: stopped ({reason or 'SIGINT'}); what is done is kept, {command} goes on "
              "from there", file=sys.stderr)
        return 1
    if run.failed:
        print(f"reproduce: failed: {', '.join(run.failed)}; the results of the others are kept, "
              f"{command} runs what is missing", file=sys.stderr)
        return 1
    return make_page(run, command)


def main(words):
    if len(words) != 5 or words[2] not in ("full", "quick") or not words[3].isdigit():
        print("usage: run.py RESULTS_DIR PROGRAMS_DIR full|quick JOBS COMMAND", file=sys.stderr)
        return 2
    results, place, size, jobs, command = words
    os.makedirs(results, exist_ok=True)
    lock = locked(results)  # until this process ends
    if lock is None:
        print(f"reproduce: another run works in {results}", file=sys.stderr)
        return 1
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    try:
        return carry_out(Run(results, place, size, max(int(jobs), 1)), command)
    except (OSError, ValueError) as error:
        print(f"reproduce: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

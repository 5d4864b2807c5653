"""run.py RESULTS_DIR PROGRAMS_DIR full|quick JOBS COMMAND: every program of programs.py, JOBS at a time,
then the page RESULTS_DIR/index.html. COMMAND is how the user asked for it.

It may be stopped at any moment: started again, it runs what is not done. Exit status 1 if a program
failed: the results of the others are kept."""

import fcntl
import json
import os
import signal
import sys

sys.dont_write_bytecode = True  # the source tree stays as it is

import report  # noqa: E402
from meta import meta  # noqa: E402
from runner import Run  # noqa: E402
from state import write_whole  # noqa: E402


class Stopped(Exception):
    pass


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
    write_whole(os.path.join(run.results, "meta.json"),
                json.dumps(meta(run, command), indent=1) + "\n")
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

"""keep.py RESULTS_DIR PROGRAMS_DIR DESTINATION: a run of make reproduce into DESTINATION: JSON, tables,
figures, and README.md with the claims. The matrices behind colour maps stay out: they are large, and
the figures show them.

It refuses what is not one whole run of make reproduce, as it is without settings, by the programs that
are in PROGRAMS_DIR now, and a claim that is not reproduced without a reason. DESTINATION is replaced as
a whole, or stays as it was."""

import json
import os
import shlex
import shutil
import sys

sys.dont_write_bytecode = True  # the source tree stays as it is

import claims  # noqa: E402
import report  # noqa: E402
from programs import PROGRAMS, arguments  # noqa: E402
from state import State, fingerprint  # noqa: E402

COMMAND = "make reproduce"
MATRICES = {"rdm.tsv", "loss_hy.tsv", "loss_h.tsv", "loss_y.tsv"}


def object_in(results, name):
    return report.read_object(os.path.join(results, name)) or {}


def differences(results, place):
    """Why this is not one plain run; in words, one by one."""
    meta, state = object_in(results, "meta.json"), State(results)
    if not meta:
        yield f"it has no meta.json: {COMMAND} first"
        return
    if meta.get("command") != COMMAND:
        yield f"it was made by '{meta.get('command')}'"
    for program in PROGRAMS:
        plain = shlex.join([program.name] + arguments(program, "full", results, {}))
        if not state.is_done(program.name, plain):
            was = meta.get("commands", {}).get(program.name)
            yield f"{program.name} was run as '{was}', not as '{plain}'"
        elif state.programs[program.name]["fingerprint"] != \
                fingerprint(os.path.join(place, program.name)):
            yield f"{program.name} has been built anew since"
        data = object_in(results, program.name + ".json").get("data", "mnist")
        if data != "mnist":
            yield f"{program.name} had the digits of {data}"
    for text in claims.unexplained(claims.judge_all(report.read_results(results))):
        yield f"no reason is given for '{text}'"


def copy(results, destination):
    os.makedirs(destination)
    shutil.copy(os.path.join(results, "meta.json"), destination)
    for program in PROGRAMS:
        shutil.copy(os.path.join(results, program.name + ".json"), destination)
        source, target = (os.path.join(each, program.name) for each in (results, destination))
        os.mkdir(target)
        for name in sorted(os.listdir(source)):
            if name.endswith((".svg", ".tsv")) and name not in MATRICES:
                shutil.copy(os.path.join(source, name), target)


def keep(results, place, destination):
    found = list(differences(results, place))
    if found:
        raise ValueError(f"{results} is not kept: {'; '.join(found)}")
    fresh, old = destination + ".new", destination + ".old"
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    copy(results, fresh)
    report.make(fresh, os.path.join(fresh, "README.md"))
    if os.path.exists(destination):
        os.rename(destination, old)
    os.rename(fresh, destination)
    shutil.rmtree(old, ignore_errors=True)


def main(words):
    if len(words) != 3:
        print("usage: keep.py RESULTS_DIR PROGRAMS_DIR DESTINATION", file=sys.stderr)
        return 2
    try:
        keep(*words)
    except (OSError, ValueError, json.JSONDecodeError, report.Broken) as error:
        print(f"results: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

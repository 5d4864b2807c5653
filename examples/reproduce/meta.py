"""How results were made: meta.json, which the page shows and keep.py asks."""

import os
import subprocess
import time

from programs import PROGRAMS
from state import fingerprint


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else "unknown"


def meta(run, command):
    """How the results were made, for the page and for keep.py."""
    binary = os.path.join(run.place, PROGRAMS[0].name)
    about = subprocess.run([binary, "--version"], check=True, capture_output=True, text=True)
    version, build = about.stdout.strip().split("\n", 1)
    kept = run.state.programs
    stale = [each.name for each in PROGRAMS
             if kept[each.name]["fingerprint"] != fingerprint(os.path.join(run.place, each.name))]
    return {"command": command, "date": time.strftime("%Y-%m-%d", time.gmtime()),
            "version": version.rsplit(", ", 1)[-1], "build": build, "processor": processor(),
            "jobs": run.jobs, "starts": run.state.starts, "wall": round(run.state.wall),
            "seconds": {each.name: round(kept[each.name]["seconds"]) for each in PROGRAMS},
            "commands": {each.name: kept[each.name]["command"] for each in PROGRAMS},
            "rebuilt": stale}

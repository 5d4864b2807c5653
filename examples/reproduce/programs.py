"""What make reproduce runs: the programs, their arguments, and how long they take."""

import os
import shlex
from typing import NamedTuple


class Program(NamedTuple):
    name: str        # of examples/, and of its section on the page
    full: str        # arguments; {results} is the directory of the run
    quick: str
    expected: tuple  # seconds of one core in the full and in the quick run, as measured once
    resumes: bool = False  # whether it goes on where it was stopped


# rdm and probes look at the same networks, which the one that needs it first trains and keeps. They run
# at the same time, rdm from the first network and probes from the last: the same arguments for both.
FULL_NETWORKS = "--networks {results}/networks --seeds 3"
QUICK_NETWORKS = "--networks {results}/networks --width 128 --steps 1000 --sg-all-steps 2000"

# In the order of starting: the long ones first, so that two of them run side by side until the end.
PROGRAMS = [
    Program("rdm", FULL_NETWORKS, QUICK_NETWORKS, (1600, 80), resumes=True),
    Program("probes", FULL_NETWORKS, QUICK_NETWORKS + " --examples 5000", (2500, 80), resumes=True),
    Program("artificial", "--sets 1000 --slow 1", "--iterations 3000 --datasets 2 --sets 50", (1400, 45)),
    Program("loss_estimation", "--seeds 3", "--iterations 20000 --seeds 1 --lr 1.5e-4", (600, 60)),
    Program("critic", "--seeds 3", "--seeds 1", (10, 12)),
    Program("proposition2", "--seeds 3", "--steps 200", (100, 12)),
    Program("guard", "", "", (25, 15)),
    Program("theorem1", "--bound both", "--bound both", (12, 4)),
    Program("critical_points", "", "", (2, 3)),
]


def flags_name(name):
    """Of the environment variable whose arguments come after those of the table."""
    return name.upper() + "_FLAGS"


def arguments(program, size, results, environment=os.environ):
    """Its command line after the program's name; size is "full" or "quick"."""
    own = shlex.split(getattr(program, size).format(results=shlex.quote(results)))
    return own + shlex.split(environment.get(flags_name(program.name), ""))


def seconds(program, size):
    return program.expected[size == "quick"]

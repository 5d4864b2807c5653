"""What is compared: methods, each with the rates it does best with, and how often it is run. Colours are
those of examples/common/style.c; dashes tell apart what shares one.

All networks are those of the mnist program: hidden layers of ReLU units with batch normalisation,
batches of 256, Adam, rates that rise over the first steps (200, or a tenth of the run) and then fall
to 0 along a cosine. README.md beside the results says how rates were chosen.
"""

from typing import NamedTuple


class Arm(NamedTuple):
    label: str  # in the table and in the figure
    options: str  # of mnist
    line: str  # of gnuplot


class Study(NamedTuple):
    network: str
    steps: tuple  # one run for each, since the rates fall to 0 at its end
    seeds: int
    arms: tuple


NETWORKS = {
    "20x512": "--depth 20 --width 512",
    "20x128": "--depth 20 --width 128",
    "50x512": "--depth 50 --width 512",
    "50x128": "--depth 50 --width 128",
}

ARMS = {
    "backprop": Arm("backpropagation", "--method backprop --lr 1e-3", "lc '#000000' dt 1"),
    "ls-r": Arm("SG everywhere, least squares, r", "--method sg-all --lr 1e-3", "lc '#56b4e9' dt 1"),
    "ls-hyr": Arm("SG everywhere, least squares, (h, y, r)",
                  "--method sg-all --condition hyr --lr 2e-4", "lc '#56b4e9' dt (12,4)"),
    "ls-hy": Arm("SG everywhere, least squares, (h, y)",
                 "--method sg-all --condition hy --lr 1e-4", "lc '#cc79a7' dt 1"),
    "adam-r": Arm("SG everywhere, Adam, r", "--method sg-all --sg adam --condition r --lr 1e-3",
                  "lc '#d55e00' dt (12,4)"),
    "adam-hyr": Arm("SG everywhere, Adam, (h, y, r)",
                    "--method sg-all --sg adam --condition hyr --lr 1e-4", "lc '#d55e00' dt (6,3,2,3)"),
    "adam-hy": Arm("SG everywhere, Adam, (h, y), the paper's", "--method sg-all --sg adam --lr 1e-4",
                   "lc '#d55e00' dt 1"),
    "adam-hy-mixture": Arm("the same after a mixture of 500 steps",
                           "--method sg-all --sg adam --lr 1e-4 --mixture 500",
                           "lc '#d55e00' dt (3,3)"),
    "local": Arm("local loss after every layer", "--method local --sg-at ALL --lr 1e-3",
                 "lc '#e69f00' dt 1"),
    "dfa": Arm("direct feedback alignment", "--method dfa --lr 1e-3", "lc '#009e73' dt 1"),
    "ls-r-plain": Arm("least squares, r, rate without warm-up and decay",
                      "--method sg-all --lr 1e-3 --warm-up 0 --decay constant",
                      "lc '#56b4e9' dt (3,3)"),
}

# Those that mix r with h or y are compared in narrow networks alone: in wide ones they take hours.
MIXED = ("ls-hyr", "adam-hyr")
UNMIXED = tuple(name for name in ARMS if name not in MIXED)

STUDIES = {
    "horizons": Study("20x512", (1000, 3000, 6000), 3, ("backprop", "ls-r")),
    "arms": Study("20x512", (3000,), 3, UNMIXED),
    "narrow": Study("20x128", (3000,), 5, tuple(ARMS)),
    "fifty": Study("50x512", (2000,), 3, ("backprop", "ls-r")),
    "fifty-narrow": Study("50x128", (3000,), 3, ("backprop", "ls-r", "local", "adam-hy")),
}

"""report.py RESULTS_DIR OUT.html|OUT.md: one page with every claim of the paper's appendix, its number and
ours, out of RESULTS_DIR/<program>.json, RESULTS_DIR/<program>/*.svg and RESULTS_DIR/meta.json. With
OUT.md the same claims as Markdown, which links to the figures.

What is not there is shown as not run. Exit status 1 and one line if a file is broken, 2 on usage."""

import json
import os
import sys

sys.dont_write_bytecode = True  # the source tree stays as it is

import claims  # noqa: E402
import figures  # noqa: E402
from markdown import markdown  # noqa: E402
from page import page  # noqa: E402
from paper import SECTIONS  # noqa: E402
from state import write_whole  # noqa: E402


class Broken(Exception):
    pass


def read_object(path):
    """The JSON object in a file; None if there is no such file."""
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise Broken(f"{path}: {error}") from error
    if not isinstance(content, dict):
        raise Broken(f"{path}: not a JSON object")
    return content


def read_results(folder):
    found = {program: read_object(os.path.join(folder, program + ".json"))
             for program, _, _ in SECTIONS}
    return {program: data for program, data in found.items() if data is not None}


def make(folder, out):
    if not os.path.isdir(folder):
        raise Broken(f"{folder}: no such directory")
    rows = claims.judge_all(read_results(folder))
    drawn = [each for program, heading, _ in SECTIONS
             for each in figures.collect(folder, program, heading)]
    meta = read_object(os.path.join(folder, "meta.json")) or {}
    write = markdown if out.endswith(".md") else page
    try:
        write_whole(out, write(rows, drawn, meta))
    except OSError as error:
        raise Broken(f"{out}: {error.strerror}") from error


def main(arguments):
    if len(arguments) != 2:
        print("usage: report.py RESULTS_DIR OUT.html|OUT.md", file=sys.stderr)
        return 2
    try:
        make(*arguments)
    except (Broken, figures.BadFigure) as error:
        print(f"report.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

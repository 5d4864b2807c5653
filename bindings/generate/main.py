"""Makes the description of the interface and what the bindings have of it.

    main.py                 writes include/dni/interface.json and the generated files of all bindings
    main.py --check         writes nothing, names the files that are not up to date, and fails then

It needs Python and clang. What it writes is kept with the sources, so users of the bindings need neither.
"""

import argparse
import json
import os
import re
import sys

import cpp
import headers
import lua
import node
import python
import rust
from model import Interface

TOP = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))


def files(clang):
    """Path from the top of the source, and content, of each file."""
    description = headers.read(os.path.join(TOP, "include"), clang)
    yield "include/dni/interface.json", as_text(description)
    interface = Interface(description)
    for language in python, lua, node, cpp, rust:
        yield from language.files(interface, TOP)


def as_text(description):
    """JSON with the innermost objects on one line each."""
    text = json.dumps(description, indent=1, ensure_ascii=False)
    return re.sub(r"\{[^{}\[\]]*\}", lambda match: re.sub(r"\n\s*", " ", match[0]), text) + "\n"


def is_new(path, text):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read() != text
    except FileNotFoundError:
        return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    parser.add_argument("--clang", default="clang", help="the compiler to ask")
    arguments = parser.parse_args()
    old = [(path, text) for path, text in files(arguments.clang) if is_new(os.path.join(TOP, path), text)]
    for path, text in old:
        print("%s %s" % ("not up to date:" if arguments.check else "written:", path))
        if not arguments.check:
            with open(os.path.join(TOP, path), "w", encoding="utf-8") as file:
                file.write(text)
    return 1 if arguments.check and old else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except headers.Refused as refused:
        sys.exit("bindings/generate: %s" % refused)

#!/bin/sh
# docs.sh FOLDER [SETTING...]: Doxygen's pages of the headers into a folder. Doxygen reads a
# copy, as it does not follow links between pages below a path with a space in it.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cp -r docs include "$work" && mkdir -p "$1" && output=$(cd "$1" && pwd) || exit 1
shift
cd "$work" && { cat docs/Doxyfile && printf '%s\n' "OUTPUT_DIRECTORY = \"$output\"" "$@"; } | doxygen -

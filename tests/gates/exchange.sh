#!/bin/sh
# A safetensors reader that knows nothing of the library reads the library's files, and the library
# reads files of such a writer.
set -u
: "${BUILD:=build}" "${CFLAGS:=}" "${FILES:=}"
[ "$FILES" != none ] || { echo "built with FILES=none"; exit 77; }
command -v python3 >/dev/null || { echo "python3 is not there"; exit 77; }
case $CFLAGS in *-fsanitize*) echo "Python cannot load a sanitized library"; exit 77 ;; esac
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
library=$(cd "$BUILD/lib" && pwd) || exit 1
PYTHONPATH=tests/reference python3 -B tests/gates/exchange.py "$library/libdni.so" "$work"

#!/bin/sh
# The shared library trains the same way from C and from Python, whose ctypes knows nothing but
# what the headers say.
set -u
: "${BUILD:=build}" "${CC:=cc}" "${CFLAGS:=}" "${LDFLAGS:=}"
command -v python3 >/dev/null || { echo "python3 is not there"; exit 77; }
case $CFLAGS in *-fsanitize*) echo "Python cannot load a sanitized library"; exit 77 ;; esac
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
library=$(cd "$BUILD/lib" && pwd) || exit 1

# shellcheck disable=SC2086 # flags
$CC -std=c99 -Iinclude $CFLAGS -o "$work/train" tests/ffi/train.c $LDFLAGS -L"$library" -ldni &&
  LD_LIBRARY_PATH=$library "$work/train" >"$work/c.txt" &&
  python3 tests/ffi/train.py "$library/libdni.so" >"$work/python.txt" || exit 1
[ "$(wc -l <"$work/c.txt")" -eq 20 ] || { echo "expected 20 lines"; exit 1; }
diff "$work/c.txt" "$work/python.txt" || { echo "C (<) and Python (>) differ"; exit 1; }
cat "$work/c.txt"

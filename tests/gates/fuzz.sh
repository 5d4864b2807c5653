#!/bin/sh
# The targets of tests/fuzz keep what the headers promise on their seeds, and on all inputs that once
# broke something (tests/fuzz/corpus); `make fuzz` searches for more.
set -eu
: "${BUILD:=build}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ ! -x "$BUILD/tests/fuzz/seeds" ] || "$BUILD/tests/fuzz/seeds" "$work"
for target in calls csv idx idx_gzip network old_network training; do
  [ -x "$BUILD/tests/fuzz/$target" ] || continue # a build without files
  mkdir -p "$work/$target"
  kept=tests/fuzz/corpus/$target
  [ -d "$kept" ] || kept=
  ${TEST_PREFIX:-} "$BUILD/tests/fuzz/$target" "$work/$target" ${kept:+"$kept"}
done

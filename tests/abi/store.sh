#!/bin/sh
# make abi-store: keep what the present headers promise, as tests/abi/VERSION and
# tests/abi/libdni-VERSION-MACHINE.abi. What that changes of the version before is said, not refused.
set -eu
export LC_ALL=C
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
. tests/abi/common.sh
command -v abidw >/dev/null || { echo "abidw is not there: install abigail-tools"; exit 1; }

present=$(version include)
kept=$stored/$present description=$stored/libdni-$present-$machine.abi
stub include lib/libdni.map "$work/libdni.so"
if [ -n "$(ls $stored/libdni-*-"$machine".abi 2>/dev/null)" ]; then
  base "$work/base.abi"
  compare "$work/base.abi" "$work/libdni.so" || echo "libdni: programs may break that use what changed"
fi

rm -rf "$kept"
mkdir -p "$kept/dni"
cp include/dni.h "$kept"
cp include/dni/*.h "$kept/dni"
rm "$kept/dni/research.h"
promise tests/header_test.c >"$kept/promise.c"
describe "$work/libdni.so" "$work/libdni.abi"
mv "$work/libdni.abi" "$description"
echo "  $kept"
echo "  $description"

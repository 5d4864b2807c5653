#!/bin/sh
# make abi-check: does the library in $BUILD/lib keep what the newest stored description promises? A
# library without debug information is built once more, with it, into $BUILD/abi.
set -u
export LC_ALL=C
: "${BUILD:=build}" "${MAKE:=make}"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
. tests/abi/common.sh
command -v abidw >/dev/null || { echo "abidw is not there (abigail-tools)"; exit 77; }

library=$BUILD/lib/libdni.so
readelf -S "$library" | grep -q '\.debug_info' || {
  library=$BUILD/abi/lib/libdni.so
  $MAKE BUILD="$BUILD/abi" CFLAGS='-O0 -g' "$library" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
}
base "$work/base.abi" || exit 1
compare "$work/base.abi" "$library" >"$work/report" && exit
cat "$work/report"
echo "$library breaks what ${newest##*/} promises"
exit 1

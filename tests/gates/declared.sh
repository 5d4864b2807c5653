#!/bin/sh
# Every function, struct field and constant of the public headers has a comment of its own and a line
# in tests/header_test.c; every struct that grows has a first size and a test of it; and no line of a
# header is over 100 columns. The last line counts the declarations.
set -u
code=0

wide=$(awk 'length($0) > 100 { print FILENAME ":" FNR ": over 100 columns" }' include/dni.h include/dni/*.h)
[ -z "$wide" ] || { echo "$wide"; code=1; }
command -v python3 >/dev/null || {
  [ $code -eq 0 ] || exit $code
  echo "python3 is not there: declarations were not looked at"
  exit 77
}
python3 -B tests/gates/header_test.py --check || code=1
exit $code

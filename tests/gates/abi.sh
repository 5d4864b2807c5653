#!/bin/sh
# The library keeps what tests/abi has of the newest version (make abi-check). What is kept of the
# present version is what the present headers say (make abi-store), and has every public struct with its
# fields.
set -u
work='' code=0
. tests/abi/common.sh

present=$(version include)
kept=tests/abi/$present
if [ -d "$kept" ]; then
  for header in include/dni.h include/dni/*.h; do
    [ "$header" != include/dni/research.h ] || continue
    cmp "$header" "$kept/${header#include/}" || code=1
  done
  promise tests/header_test.c | cmp - "$kept/promise.c" || code=1
  [ $code -eq 0 ] || echo "$kept is not what this version promises: make abi-store, and look at its diff"
fi

for struct in $(sed -n 's/^typedef struct \(dni_[a-z0-9_]*\) {$/\1/p' "$kept"/dni/*.h 2>/dev/null); do
  grep -q "<class-decl name='$struct' size-in-bits" tests/abi/libdni-"$present"-*.abi ||
    { echo "tests/abi/libdni-$present-*.abi does not describe $struct"; code=1; }
done

sh tests/abi/check.sh
checked=$?
[ $checked -eq 0 ] || [ $code -ne 0 ] || exit $checked
exit $code

#!/bin/sh
# Programs of older versions run with the present library. tests/abi/program is compiled with the oldest
# headers that are kept in tests/abi, linked with the shared library and run; it uses every function that
# those headers promise. The constants, offsets and prototypes of all kept headers are those of the
# present ones.
set -u
export LC_ALL=C
: "${BUILD:=build}" "${CC:=cc}" "${CFLAGS:=}" "${LDFLAGS:=}"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
code=0

for promise in tests/abi/[0-9]*/promise.c; do
  # shellcheck disable=SC2086 # a compiler with options
  $CC -std=c99 -w -fsyntax-only -Iinclude "$promise" ||
    { echo "the present headers do not keep ${promise%/*}"; code=1; }
done

kept=$(ls -d tests/abi/[0-9]*.[0-9]* | sort -V | head -n 1)
# shellcheck disable=SC2086 # flags
$CC -std=c11 -Wall -Wextra -Werror $CFLAGS "-I$kept" -o "$work/program" tests/abi/program/*.c \
  $LDFLAGS "-L$BUILD/lib" -ldni -lm || exit 1
LD_LIBRARY_PATH="$BUILD/lib" "$work/program" "$work/network.dni" ||
  { echo "a program compiled with $kept fails"; code=1; }

"${NM:=nm}" -D --undefined-only "$work/program" | sed 's/.* //; s/@.*//' | sort >"$work/used"
grep -h -o '<elf-symbol name=.dni_[a-z0-9_]*' "tests/abi/libdni-${kept##*/}"-*.abi | sed "s/.*'//" |
  sort -u | comm -23 - "$work/used" >"$work/missed"
[ -s "$work/missed" ] && { sed 's/$/ is not used by tests\/abi\/program/' "$work/missed"; code=1; }
exit $code

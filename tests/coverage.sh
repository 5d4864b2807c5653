#!/bin/sh
# Which lines and branches of lib/ are run: coverage.sh SUITE|SCRIPT.sh ...
#
# The programs of $BUILD are built by clang with -fprofile-instr-generate -fcoverage-mapping. Each check is
# run as by run.sh, and what the fuzzers have found so far ($CORPUS) by their plain programs. The table is
# $BUILD/report.txt, every line with its count $BUILD/lines.txt.
set -u
: "${BUILD:=build/coverage}" "${CC:=clang}" "${CORPUS:=build/fuzz/corpus}"

# The tools of the compiler's own version, whatever they are called here.
version=$($CC -dumpversion | cut -d. -f1)
tool() {
  command -v "$1-$version" || command -v "$1" || { echo "coverage: $1 is missing" >&2; exit 1; }
}
profdata=$(tool llvm-profdata) && cov=$(tool llvm-cov) || exit 1

rm -rf "$BUILD/profiles"
mkdir -p "$BUILD/profiles"
# %4m: programs add to what is there, in at most four files each, also from processes that they fork.
LLVM_PROFILE_FILE=$PWD/$BUILD/profiles/%4m.profraw
export LLVM_PROFILE_FILE
sh tests/run.sh "$@"
objects=''
for program in "$BUILD"/tests/test_* "$BUILD"/tests/random "$BUILD"/tests/fuzz/*; do
  case $program in *.d | *.o) continue ;; esac
  [ -f "$program" ] && objects="$objects -object $program"
done
for folder in "$CORPUS"/*; do
  [ ! -x "$BUILD/tests/fuzz/${folder##*/}" ] || "$BUILD/tests/fuzz/${folder##*/}" "$folder"
done

"$profdata" merge -sparse -o "$BUILD/profile" "$BUILD"/profiles/*.profraw || exit 1
# The first program has no option in front of it.
objects=${objects# -object }
# shellcheck disable=SC2086 # several words
"$cov" report $objects -instr-profile="$BUILD/profile" lib >"$BUILD/report.txt" 2>"$BUILD/warnings" ||
  { cat "$BUILD/warnings" >&2; exit 1; }
# shellcheck disable=SC2086
"$cov" show $objects -instr-profile="$BUILD/profile" lib >"$BUILD/lines.txt" 2>>"$BUILD/warnings"
# File, lines, missed lines, their share, branches, missed branches, their share.
awk '/^TOTAL/ || /\.[ch] / { print $1, $8, $9, $10, $11, $12, $13 }' "$BUILD/report.txt" |
  awk '{ sub("%", "", $4); if ($1 == "TOTAL" || $4 < 90) printf "%-36s %5s lines, %6.2f %% run; %5s branches, %s\n", $1, $2, $4, $5, $7 }'

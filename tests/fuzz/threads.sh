#!/bin/sh
# Run targets of tests/fuzz, built with ThreadSanitizer, again and again on what fuzzing has found
# interesting: threads.sh TARGET ...
#
# libFuzzer itself is of no use here: its counters of code, which all threads add to, are races. The
# inputs are the seeds, tests/fuzz/corpus, and $CORPUS, which `make fuzz` adds to. All are run, then all
# again, until $FUZZ_SECONDS are over; each time the threads meet otherwise.
set -u
: "${BUILD:=build/fuzz-threads}" "${CORPUS:=build/fuzz/corpus}" "${FUZZ_SECONDS:=60}"
TSAN_OPTIONS="halt_on_error=1:${TSAN_OPTIONS:-}"
export TSAN_OPTIONS
mkdir -p "$BUILD/seeds" "$BUILD/logs"
"$BUILD/tests/fuzz/seeds" "$BUILD/seeds" || exit 1

repeat() {
  name=$1 log=$BUILD/logs/$1.log end=$(($(date +%s) + FUZZ_SECONDS)) passes=0 found=0
  set --
  for folder in "$BUILD/seeds/$name" "tests/fuzz/corpus/$name" "$CORPUS/$name"; do
    [ ! -d "$folder" ] || set -- "$@" "$folder"
  done
  while [ $found -eq 0 ] && { [ $passes -eq 0 ] || [ "$(date +%s)" -lt "$end" ]; }; do
    "$BUILD/tests/fuzz/$name" "$@" >"$log" 2>&1 || found=1
    passes=$((passes + 1))
  done
  inputs=$(sed -n 's/ inputs$//p' "$log")
  printf '%-12s %8s %8s %6s\n' "$name" "${inputs:--}" $passes $found
  [ $found -eq 0 ] || all=1
}

all=0
printf '%-12s %8s %8s %6s\n' target inputs passes found
for target; do repeat "$target"; done
[ $all -eq 0 ] || echo "what was said is in $BUILD/logs"
exit $all

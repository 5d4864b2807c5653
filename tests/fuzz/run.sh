#!/bin/sh
# Run targets of tests/fuzz that are linked with libFuzzer: run.sh TARGET ...
#
# Each runs for $FUZZ_SECONDS. It begins with the seeds, with tests/fuzz/corpus, and with what earlier
# runs found interesting ($BUILD/corpus), which it adds to. An input that breaks something is kept in
# $BUILD/found; $BUILD/logs has what was said. The last lines are a table: executions of this run, of all
# runs with this $BUILD, and edges of the library's and the target's code that were passed. The exit status
# is 1 if anything was found.
set -u
: "${BUILD:=build/fuzz}" "${FUZZ_SECONDS:=60}" "${FUZZ_FLAGS:=}"
mkdir -p "$BUILD/corpus" "$BUILD/found" "$BUILD/logs"
"$BUILD/tests/fuzz/seeds" "$BUILD/corpus" || exit 1

# AddressSanitizer keeps freed blocks from use for a while: few of them, as each input frees all that it
# has taken, and fresh pages cost more than all else.
ASAN_OPTIONS="quarantine_size_mb=2:thread_local_quarantine_size_kb=64:malloc_context_size=1:\
allocator_release_to_os_interval_ms=-1:${ASAN_OPTIONS:-}"
UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"
export ASAN_OPTIONS UBSAN_OPTIONS

# Small inputs are quick ones: the most bytes of each.
most_of() {
  case $1 in
  training) echo 8192 ;;
  network) echo 4096 ;;
  calls) echo 600 ;;
  *) echo 300 ;;
  esac
}

# libFuzzer's statistic of the log: its last value, or "-".
statistic() {
  sed -n "s/^stat::$1: *//p" "$log" | tail -n 1
}

fuzz() {
  name=$1 log=$BUILD/logs/$1.log
  kept=tests/fuzz/corpus/$name dictionary=tests/fuzz/$name.dict
  set -- "$BUILD/corpus/$name"
  mkdir -p "$1"
  [ ! -d "$kept" ] || set -- "$@" "$kept"
  [ ! -f "$dictionary" ] || set -- "-dict=$dictionary" "$@"
  # shellcheck disable=SC2086 # several options
  "$BUILD/tests/fuzz/$name" -max_total_time="$FUZZ_SECONDS" \
    -max_len="$(most_of "$name")" -len_control=0 -print_final_stats=1 -timeout=100 \
    -rss_limit_mb=2000 -artifact_prefix="$BUILD/found/$name-" $FUZZ_FLAGS "$@" >"$log" 2>&1
  code=$? found=0
  [ $code -eq 0 ] || found=1
  executions=$(statistic number_of_executed_units)
  total=$(($(cat "$BUILD/logs/$name.total" 2>/dev/null || echo 0) + ${executions:-0}))
  echo $total >"$BUILD/logs/$name.total"
  edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
  printf '%-12s %12s %12s %10s %8s %6s\n' "$name" "${executions:--}" $total \
    "$(statistic average_exec_per_sec)" "${edges:--}" $found
  [ $code -eq 0 ] || all=1
}

all=0
rows=$(printf '%-12s %12s %12s %10s %8s %6s\n' target executions 'in all' 'a second' edges found
  for target; do fuzz "$target"; done
  exit $all)
all=$?
echo "$rows"
[ $all -eq 0 ] || echo "inputs are in $BUILD/found, and what was said in $BUILD/logs"
exit $all

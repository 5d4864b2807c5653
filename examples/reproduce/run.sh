#!/bin/sh
# Run one program for the report: run.sh RESULTS_DIR PROGRAM [ARGUMENTS...]
#
# PROGRAM is its path. Files of --out go into RESULTS_DIR/<program>/, the time it took and its command
# line into <program>.seconds and <program>.command, and last its JSON into <program>.json: if that is
# there, the rest is whole. One thread: make runs programs side by side.
set -u
results=$1 program=$2
shift 2
name=${program##*/}
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1

mkdir -p "$results" && rm -rf "${results:?}/$name" || exit 1
start=$(date +%s)
"$program" "$@" --json --out "$results/$name" >"$results/$name.json.tmp" || {
  rm -f "$results/$name.json.tmp"
  exit 1
}
echo $(($(date +%s) - start)) >"$results/$name.seconds" &&
  echo "$name${*:+ $*}" >"$results/$name.command" &&
  mv "$results/$name.json.tmp" "$results/$name.json"

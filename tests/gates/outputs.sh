#!/bin/sh
# Every program of examples/ and tests/bench/ fails, with one line on stderr that says what, if what it
# prints or a file of its results cannot be written, and refuses a command line that it cannot mean.
set -u
: "${BUILD:=build}" "${MAKE:=make}"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
code=0
[ -w /dev/full ] || {
  echo "no /dev/full"
  exit 77
}

complain() {
  echo "$*"
  code=1
}

# Quick arguments of each example.
digits="--data examples/mnist_sample --width 8 --batch 50"
quick() {
  case $1 in
  artificial) echo "--iterations 5 --datasets 1 --sets 2" ;;
  callback_layer) ;;
  critic) echo "--seeds 1 --steps 20" ;;
  critical_points) echo "--starts 1" ;;
  custom_loop) echo "--steps 5" ;;
  fine_tune) echo "--epochs 1" ;;
  guard) echo "--steps 10" ;;
  loss_estimation) echo "--iterations 5 --seeds 1" ;;
  mnist) echo "$digits --depth 1 --steps 1" ;;
  probes) echo "$digits --depth 3 --steps 1 --sg-all-steps 1 --examples 100" ;;
  proposition2) echo "$digits --depth 1 --steps 1" ;;
  rdm) echo "$digits --depth 3 --steps 1 --sg-all-steps 1" ;;
  stream) echo "--batches 5" ;;
  tabular) echo "--epochs 1 $work/data.csv" ;;
  theorem1) echo "--dims 1 --samples 5" ;;
  *) complain "$1: its quick arguments are not known here" ;;
  esac
}

# failed CODE WHAT: the last run had this exit code and said one line on stderr
failed() {
  [ "$status" -eq "$1" ] && [ "$(wc -l <"$work/err")" -eq 1 ] ||
    complain "$2: exit code $status, not $1 and one line: $(cat "$work/err")"
}

# refuse WORD PROGRAM ARGUMENTS...: usage, before anything is done; the line has the word
refuse() {
  word=$1
  shift
  "$@" >"$work/out" 2>"$work/err"
  status=$?
  failed 2 "$*"
  [ ! -s "$work/out" ] && grep -qe "$word" "$work/err" || complain "$*: $(cat "$work/err")"
}

awk 'BEGIN { for (i = 0; i < 40; i++) print i % 7 "," i % 2 }' >"$work/data.csv"
touch "$work/file"

for source in examples/*.c examples/*/main.c; do
  name=${source#examples/}
  name=${name%.c}
  name=${name%/main}
  program=$BUILD/examples/$name
  arguments=$(quick "$name")
  for last in --help ''; do
    # shellcheck disable=SC2086 # options
    "$program" $arguments $last >/dev/full 2>"$work/err"
    status=$?
    failed 1 "$name $arguments $last >/dev/full"
    grep -q 'standard output' "$work/err" || complain "$name >/dev/full: $(cat "$work/err")"
    # shellcheck disable=SC2086 # options
    "$program" $arguments $last >&- 2>"$work/err"
    status=$?
    failed 1 "$name $arguments $last >&-"
  done
  "$program" --help >"$work/help" 2>"$work/err" || complain "$name --help: $(cat "$work/err")"
  ! grep -q -e '--out' "$work/help" || for place in "$work/file" "$work/file/below" /proc/none; do
    # shellcheck disable=SC2086 # options
    "$program" --out "$place" $arguments >"$work/out" 2>"$work/err"
    status=$?
    failed 1 "$name --out $place"
    [ ! -s "$work/out" ] || complain "$name --out $place: trains first"
  done
  ! grep -q -e '--seed ' "$work/help" || {
    refuse '--seed' "$program" --seed
    refuse '--seed' "$program" --seed 1 --seed 2
    for value in '' x 1x ' 1' +1 -1 1.5 0x1 99999999999999999999; do
      refuse '--seed' "$program" --seed "$value"
    done
  }
  refuse 'unexpected argument' "$program" "$work/data.csv" no-such-word
done

for value in '' x 1x nan inf -1 1e999; do
  refuse '--lr' "$BUILD/examples/tabular" --lr "$value" "$work/data.csv"
  refuse '--lr' "$BUILD/examples/mnist" --lr "$value"
done
refuse 'FILE.csv' "$BUILD/examples/tabular"
refuse '--out' "$BUILD/examples/mnist" --out ''
refuse '--json' "$BUILD/examples/mnist" --json=1
for place in /dev/full "$work/file/below" "$work/none/net"; do
  # shellcheck disable=SC2046 # options
  "$BUILD/examples/mnist" $(quick mnist) --method sg --save "$place" >"$work/out" 2>"$work/err"
  status=$?
  failed 1 "mnist --save $place"
done

benches="gemm scale schedules step"
# shellcheck disable=SC2086 # words
$MAKE BUILD="$BUILD" $(for name in $benches; do echo "$BUILD/bench/$name"; done) >"$work/out" 2>&1 || {
  cat "$work/out"
  exit 1
}
for name in $benches; do
  program=$BUILD/bench/$name
  for where in '--help' '--json' '--json-file /dev/full' "--json-file $work/none/file"; do
    # shellcheck disable=SC2086 # options
    timeout 60 "$program" $where >/dev/full 2>"$work/err"
    status=$?
    failed 1 "$name $where >/dev/full"
  done
  "$program" --help >&- 2>"$work/err"
  status=$?
  failed 1 "$name --help >&-"
  refuse '--json-file' "$program" --json-file
  refuse '--json-file' "$program" --json-file "$work/a" --json-file "$work/b"
done
for value in '' x 1x ' 1' +1 -1 0 1.5 99999999999999999999; do
  refuse '--depth' "$BUILD/bench/step" --depth "$value"
done
exit $code

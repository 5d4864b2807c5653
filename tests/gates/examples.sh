#!/bin/sh
# The programs of examples/ run: each explains itself and refuses an unknown option with exit code 2
# and one line; with small tasks each succeeds, and --json prints one JSON object.
set -u
: "${BUILD:=build}"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
code=0

complain() {
  echo "$*"
  code=1
}

for source in examples/*.c examples/*/main.c; do
  name=${source#examples/}
  name=${name%.c}
  name=${name%/main}
  program=$BUILD/examples/$name
  "$program" --help >"$work/out" 2>"$work/err" && [ -s "$work/out" ] && [ ! -s "$work/err" ] ||
    complain "$name --help: fails, or prints nothing"
  "$program" --no-such-option >"$work/out" 2>"$work/err"
  [ $? -eq 2 ] || complain "$name --no-such-option: the exit code is not 2"
  [ "$(wc -l <"$work/err")" -eq 1 ] && [ ! -s "$work/out" ] ||
    complain "$name --no-such-option: not one line on stderr"
done

# run PROGRAM ARGUMENTS...
run() {
  program=$1
  shift
  "$BUILD/examples/$program" "$@" >"$work/out" 2>"$work/err" ||
    complain "$program $*: $(cat "$work/err")"
}

run_json() {
  run "$@" --json
  ! command -v python3 >/dev/null || python3 -m json.tool "$work/out" >/dev/null ||
    complain "$* --json: not one JSON object"
}

# Label 1 above the diagonal, 0 below.
awk 'BEGIN { for (i = 0; i < 200; i++) { a = i * 37 % 101; b = i * 53 % 97; print a "," b "," (a < b) } }' \
  >"$work/data.csv"

run custom_loop
run tabular "$work/data.csv"
small="--data examples/mnist_sample --depth 2 --width 16 --batch 50 --steps 4"
# shellcheck disable=SC2086 # options
run mnist $small --method all --out "$work/mnist"
# shellcheck disable=SC2086 # options
run_json mnist $small --method all

# A label that is no digit: one line that names the file.
cp examples/mnist_sample/*.gz "$work/mnist"
gunzip "$work/mnist/train-labels-idx1-ubyte.gz"
printf '\012' | dd of="$work/mnist/train-labels-idx1-ubyte" bs=1 seek=108 conv=notrunc 2>/dev/null
"$BUILD/examples/mnist" --data "$work/mnist" --steps 1 --json >"$work/out" 2>"$work/err"
[ $? -eq 1 ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" -eq 1 ] &&
  grep -q 'train-labels.*label 100 is 10' "$work/err" ||
  complain "mnist: label 10 among the digits: $(cat "$work/err")"
exit $code

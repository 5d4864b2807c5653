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

# The experiments of the paper, with their tables and figures (scripts at least: gnuplot may be
# missing, which is one line on stderr and no failure).
experiment() {
  name=$1
  shift
  run_json "$name" "$@" --out "$work/$name"
  ls "$work/$name"/*.tsv "$work/$name"/*.gp >/dev/null || complain "$name $*: no table or no figure"
  run "$name" "$@"
  [ -s "$work/out" ] || complain "$name $*: prints nothing"
}

# refuse CODE PROGRAM ARGUMENTS...: one line on stderr, nothing on stdout
refuse() {
  wanted=$1
  program=$2
  shift 2
  "$BUILD/examples/$program" "$@" >"$work/out" 2>"$work/err"
  [ $? -eq "$wanted" ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" -eq 1 ] ||
    complain "$program $*: not refused with $wanted and one line: $(cat "$work/err")"
}

small="--data examples/mnist_sample --depth 3 --width 16 --batch 50 --steps 4 --sg-all-steps 4"
experiment theorem1 --dims 1,2 --samples 50
experiment critical_points --starts 5
experiment guard --steps 500
experiment critic --seeds 1 --steps 200
experiment artificial --iterations 150 --datasets 2 --threads 2
experiment loss_estimation --iterations 60 --seeds 1 --threads 2
# shellcheck disable=SC2086 # options
experiment rdm $small --networks "$work/networks"
# shellcheck disable=SC2086 # options
experiment probes $small --networks "$work/networks" --examples 300
[ "$(ls "$work/networks" | wc -l)" -eq 4 ] || complain "rdm --networks: did not keep 4 networks"

refuse 2 theorem1 --dims 0
refuse 2 theorem1 --samples 0
refuse 2 artificial --datasets 0
refuse 2 artificial --sg-at 11
refuse 2 artificial --outputs three
refuse 2 rdm --lr nan
refuse 2 rdm --depth 1
refuse 1 rdm --data "$work/nowhere"
refuse 1 probes --data "$work/nowhere"
touch "$work/file"
refuse 1 guard --steps 1 --out "$work/file"

# The same numbers for any number of threads.
run artificial --iterations 30 --datasets 1 --json
cp "$work/out" "$work/one"
run artificial --iterations 30 --datasets 1 --json --threads 3
cmp -s "$work/out" "$work/one" || complain "artificial: --threads changes the results"

# A label that is no digit: one line that names the file.
cp examples/mnist_sample/*.gz "$work/mnist"
gunzip "$work/mnist/train-labels-idx1-ubyte.gz"
printf '\012' | dd of="$work/mnist/train-labels-idx1-ubyte" bs=1 seek=108 conv=notrunc 2>/dev/null
"$BUILD/examples/mnist" --data "$work/mnist" --steps 1 --json >"$work/out" 2>"$work/err"
[ $? -eq 1 ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" -eq 1 ] &&
  grep -q 'train-labels.*label 100 is 10' "$work/err" ||
  complain "mnist: label 10 among the digits: $(cat "$work/err")"
exit $code

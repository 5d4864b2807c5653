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
run callback_layer
run_json callback_layer
run fine_tune --epochs 5
run_json fine_tune --epochs 5
run stream --batches 50
run_json stream --batches 50
run tabular "$work/data.csv"
small="--data examples/mnist_sample --depth 2 --width 16 --batch 50 --steps 4"
# shellcheck disable=SC2086 # options
run mnist $small --method all --out "$work/mnist"
# shellcheck disable=SC2086 # options
run_json mnist $small --method all

# Schedules and estimators. fields PYTHON: an expression that is true of the runs of the last --json (r
# is the first), looked at if there is a python3.
fields() {
  command -v python3 >/dev/null || return 0
  python3 -c "import json, sys; runs = json.load(open(sys.argv[1]))['runs']; r = runs[0]
sys.exit(not ($1))" "$work/out" || complain "mnist: not true of the JSON: $1"
}

digits="--data examples/mnist_sample --depth 3 --width 16 --batch 50 --steps 12 --eval-every 5"
train() {
  # shellcheck disable=SC2086 # options
  run_json mnist $digits "$@"
}

train --schedule pipelined --modules 3 --threads 2
fields "[x['method'] for x in runs] == ['sg-all', 'sg']"
fields "[(x['schedule'], x['modules'], x['threads']) for x in runs] == [('pipelined', 4, 2), ('pipelined', 3, 2)]"
fields "r['in_flight'] == 2 and r['micro_batches'] is None and r['steps'] == 12"
fields "r['sg_at'] == [1, 2, 3] and len(runs[1]['sg_at']) == 2 and r['target_lag'] >= 0"
fields "min(r['activation_bytes'], r['parameter_bytes'], r['optimiser_bytes']) > 0"
fields "r['seconds_to_975'] is None"
train --schedule pipelined --method sg --sg-at 2 --in-flight 5
fields "r['sg_at'] == [2] and r['modules'] == 2 and r['in_flight'] == 5"
for method in local delayed none; do
  train --method $method --modules 2
  fields "r['schedule'] == 'sequential' and r['target_lag'] is None and len(r['sg_at']) == 1"
  train --method $method --schedule pipelined --sg-at 1,2 --threads 3
  fields "r['modules'] == 3 and r['threads'] == 3"
done
train --method delayed --shrink 0.5 --schedule pipelined --threads 2
train --method sg-all
fields "r['sg_kind'] == 'least-squares' and r['condition'] == 'r' and r['sg_cosine'] is not None"
for condition in hy h y r hyr hr yr; do
  for kind in least-squares adam; do
    train --method sg-all --sg $kind --condition $condition
    fields "r['sg_kind'] == '$kind' and r['condition'] == '$condition' and r['sg_error'] >= 0"
  done
done
train --method sg-all-adam --warm-up 3 --decay constant --mixture 5
fields "(r['sg_kind'], r['condition'], r['warm_up'], r['decay']) == ('adam', 'hy', 3, 'constant')"
train --method sg-all --sg adam --sg-hidden 1
fields "r['sg_hidden'] == 1 and r['condition'] == 'hy'"
train --method dfa
fields "r['sg_kind'] is None and r['lr'] == 0.001"
train --schedule micro-batches --micro-batches 3 --threads 2
fields "len(runs) == 1 and r['method'] == 'backprop' and r['schedule'] == 'micro-batches'"
fields "r['micro_batches'] == 3 and r['threads'] == 2 and r['in_flight'] is None and r['sg_at'] == []"
train --method sg --until 0.01
fields "r['steps'] == 5"
train --method sg --schedule pipelined --until 0.01
fields "r['steps'] == 5"
# shellcheck disable=SC2086 # options
run mnist $digits --schedule pipelined --threads 2 --out "$work/mnist"
grep -q '^sg: pipelined, 2 modules on 2 threads, estimators after hidden layer [123], ' "$work/out" ||
  complain "mnist --schedule pipelined: no line says how"
[ "$(head -n 1 "$work/mnist/results.tsv" | tr '\t' '\n' | tail -n 4 | tr '\n' ' ')" = \
  "schedule modules threads seconds_to_975 " ] || complain "mnist: results.tsv has other columns"

# The same numbers twice, times apart.
without_times() {
  sed -E 's/"(ms_per_step|seconds|seconds_to_975)":[^,]*,//g' "$work/out"
}
train --threads 1
without_times >"$work/one"
train --threads 1
without_times | cmp -s - "$work/one" || complain "mnist --threads 1: not the same numbers twice"

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
tiny="--data examples/mnist_sample --width 16 --batch 50"
# shellcheck disable=SC2086 # options
experiment proposition2 $tiny --depth 3 --steps 5
# The error of a gradient is within eps K, and K, an operator norm, within the Frobenius norm.
awk -F'\t' 'NR > 1 && ($10 > 1.02 * $9 || $6 > 1.1 * $7) { exit 1 }' \
  "$work/proposition2/proposition2.tsv" || complain "proposition2: norms that cannot be"
experiment critic --seeds 1 --steps 200
experiment artificial --iterations 150 --datasets 2 --sets 5 --slow 1 --threads 2
experiment loss_estimation --iterations 60 --seeds 1 --threads 2
# shellcheck disable=SC2086 # options
experiment rdm $small --networks "$work/networks"
# shellcheck disable=SC2086 # options
experiment probes $small --networks "$work/networks" --examples 300
[ "$(ls "$work/networks" | grep -c '\.dni$')" -eq 5 ] || complain "rdm --networks: did not keep 5 networks"

# A network that another process trains is waited for, not trained twice.
# shellcheck disable=SC2086 # options
! command -v python3 >/dev/null || python3 - "$BUILD/examples/rdm" "$work/networks" $small <<'END_OF_PYTHON' ||
import fcntl, os, subprocess, sys, time
rdm, networks = sys.argv[1:3]
name = next(each for each in os.listdir(networks) if "backprop" in each and each.endswith(".dni"))
path = os.path.join(networks, name)
os.remove(path)
with open(path + ".lock", "w") as lock:
    fcntl.lockf(lock, fcntl.LOCK_EX)
    process = subprocess.Popen([rdm, "--networks", networks] + sys.argv[3:], stdout=subprocess.DEVNULL)
    time.sleep(2)
    assert process.poll() is None and not os.path.exists(path)
assert process.wait() == 0 and os.path.exists(path)
END_OF_PYTHON
  complain "rdm --networks: does not wait for a network that is being trained"

refuse 1 stream --fail-after 3
refuse 2 stream --batches 0
refuse 2 theorem1 --dims 0
refuse 2 theorem1 --samples 0
refuse 1 proposition2 --data examples/mnist_sample --batch 60000
refuse 2 guard --setting none
refuse 2 artificial --datasets 0
refuse 2 artificial --sg-at 11
refuse 2 artificial --outputs three
refuse 2 rdm --lr nan
refuse 2 rdm --depth 1
refuse 1 rdm --data "$work/nowhere"
refuse 1 probes --data "$work/nowhere"
refuse 2 mnist --schedule fast
refuse 2 mnist --sg sgd
refuse 2 mnist --condition x
refuse 2 mnist --decay linear
refuse 2 mnist --sg-hidden 1 --method sg-all
refuse 2 mnist --mixture 5 --schedule pipelined --method sg
refuse 2 mnist --schedule pipelined --p-update 0.5
refuse 2 mnist --schedule micro-batches --p-update 0.5
refuse 2 mnist --schedule pipelined --method backprop
refuse 2 mnist --schedule pipelined --method dfa
refuse 2 mnist --schedule pipelined --method fa
refuse 2 mnist --schedule micro-batches --method sg
refuse 2 mnist --schedule micro-batches --threads 10
refuse 2 mnist --schedule micro-batches --modules 2
refuse 2 mnist --modules 2 --sg-at 1
refuse 2 mnist --modules 1 --method sg
refuse 2 mnist --modules 6 --method local
refuse 2 mnist --modules 3 --method sg-all
refuse 2 mnist --modules 2 --method backprop
refuse 2 mnist --modules 2 --method dfa
refuse 2 mnist --modules 2 --method fa
refuse 2 mnist --sg-at 5 --method none
refuse 2 mnist --in-flight 2
refuse 2 mnist --in-flight 256 --schedule pipelined
refuse 2 mnist --micro-batches 2
refuse 2 mnist --micro-batches 0 --schedule micro-batches
refuse 2 mnist --shrink 0.5
refuse 2 mnist --shrink 1.5 --method delayed
refuse 2 mnist --until 0
refuse 2 mnist --until 1.1
for wrong in 'p-update 0.5 --schedule pipelined' 'method backprop --schedule pipelined' \
  'modules 1 --method sg' 'in-flight 2' 'shrink 0.5' 'micro-batches 2'; do
  # shellcheck disable=SC2086 # options
  refuse 2 mnist --$wrong
  grep -q -e "^mnist: --${wrong%% *} " "$work/err" || complain "mnist --$wrong: another option named"
done
touch "$work/file"
refuse 1 guard --steps 1 --out "$work/file"

# The same numbers for any number of threads.
run artificial --iterations 30 --datasets 1 --sets 3 --json
cp "$work/out" "$work/one"
run artificial --iterations 30 --datasets 1 --sets 3 --json --threads 3
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

#!/bin/sh
# shellcheck disable=SC2015 # a && b || complain: also when a is true and b is not
# The installed programs, dni-train and dni-info: every option on small files, every kind of wrong input with
# its exit code and one line that names what is wrong, a training that is stopped and goes on to the same
# bytes, files that are cut off or damaged anywhere, and man pages that name the options of --help.
set -u
: "${BUILD:=build}"
train=$BUILD/bin/dni-train info=$BUILD/bin/dni-info sample=examples/mnist_sample
[ -x "$train" ] || {
  echo "no programs: built with FILES=none"
  exit 77
}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
code=0

complain() {
  echo "$*"
  code=1
}

have_python=$(command -v python3)

# train ARGUMENTS...: succeeds, says nothing on stderr
train() {
  "$train" "$@" >"$work/out" 2>"$work/err" && [ -s "$work/out" ] && [ ! -s "$work/err" ] ||
    complain "dni-train $*: $(cat "$work/err")"
}

# refused CODE WORDS PROGRAM ARGUMENTS...: one line on stderr that has the words, nothing on stdout
refused() {
  wanted=$1 words=$2
  shift 2
  timeout 60 "$@" >"$work/out" 2>"$work/err"
  status=$?
  [ "$status" -eq "$wanted" ] && [ "$(wc -l <"$work/err")" -eq 1 ] && [ ! -s "$work/out" ] &&
    grep -qe "$words" "$work/err" || complain "$*: exit code $status, not $wanted and '$words': $(cat "$work/err")"
}

# fields FILE PYTHON: an expression that is true of the JSON, j
fields() {
  [ -n "$have_python" ] || return 0
  python3 -c 'import json, sys
j = json.load(open(sys.argv[1]))
sys.exit(not eval(sys.argv[2]))' "$1" "$2" || complain "$1: not true of the JSON: $2"
}

# Tables: labels inside and outside of a square, with a header; two numbers to learn.
awk 'BEGIN { print "a;b;inside"; for (i = 0; i < 300; i++) { a = i * 37 % 101; b = i * 53 % 97
  print a ";" b * 1000 ";" (a > 20 && a < 80 && b > 20 && b < 80) } }' >"$work/labels.csv"
awk 'BEGIN { for (i = 0; i < 300; i++) { a = i * 37 % 101; b = i * 53 % 97
  print 1e6 + 3 * a - b "," a * b "," a "," b ",7" } }' >"$work/numbers.csv"
sed 1d "$work/labels.csv" | head -n 40 >"$work/more.csv"
cut -d ';' -f 1,2 "$work/labels.csv" >"$work/unlabelled.csv"

# The command line. ---------------------------------------------------------------------------------

for program in train info; do
  "$BUILD/bin/dni-$program" --help >"$work/$program.help" 2>"$work/err" && [ ! -s "$work/err" ] ||
    complain "dni-$program --help fails"
  "$BUILD/bin/dni-$program" --version | grep -q "^dni-$program, libdni [0-9]" ||
    complain "dni-$program --version"
  refused 2 '--no-such-option' "$BUILD/bin/dni-$program" --no-such-option file
  "$BUILD/bin/dni-$program" --help >/dev/full 2>"$work/err" && complain "dni-$program --help >/dev/full succeeds"

  # The page and --help name the same options, and this script tries them all.
  grep -o '^  --[a-z-]*' "$work/$program.help" | tr -d ' ' >"$work/options"
  grep -o '^  --help, --version' "$work/$program.help" | grep -o -e '--version' >>"$work/options"
  sort -u "$work/options" >"$work/in_help"
  grep -o '^\.It Fl -[a-z-]*' "programs/$program/dni-$program.1" | sed 's/.*Fl -/--/' | sort -u >"$work/in_page"
  cmp -s "$work/in_help" "$work/in_page" || complain "dni-$program: --help and the man page differ:
$(diff "$work/in_help" "$work/in_page")"
  while read -r option; do
    [ "$(grep -c -e "$option\\b" "$0")" -gt 0 ] || complain "this test does not try dni-$program $option"
  done <"$work/in_help"
  ! command -v mandoc >/dev/null || mandoc -T lint -W warning "programs/$program/dni-$program.1" ||
    complain "dni-$program.1: mandoc finds fault"
done

# Behind -- there are no options; as the value of an option it is one.
program=$(cd "$BUILD/bin" && pwd)/dni-train
train --steps 5 --width 8 -- "$work/labels.csv"
refused 2 'unexpected argument --steps' "$train" -- "$work/labels.csv" --steps
refused 1 '^dni-info: --json: ' "$info" -- --json
(cd "$work" && "$program" --width 8 --save -- labels.csv --steps 5 >out 2>&1 && rm ./--) ||
  complain "a file of the name -- and options behind it: $(cat "$work/out")"

refused 2 'DATA is missing' "$train"
refused 2 'FILE is missing' "$info"
refused 2 'unexpected argument' "$train" a b
refused 2 '--seed is given twice' "$train" --seed 1 --seed 2 a
refused 2 '--steps needs a value' "$train" a --steps
refused 2 '--resume=1: this option takes no value' "$train" --resume=1 a
for wrong in 'split 1' 'split x' 'classes -1' 'targets 0' 'header x' 'separator dot' 'layers 0' 'layers 3,' \
  'depth 1001' 'width 0' 'activation step' 'batch-norm yes' 'dropout 1' 'sg all' 'sg-every 0' 'sg-after 0' \
  'sg-rate -1' 'loss hinge' 'optimiser rms' 'rate inf' 'rate nan' 'decay linear' 'warm-up -1' 'momentum 1' \
  'weight-decay -1' 'clip-norm x' 'batch 0' 'epochs 0' 'steps 1.5' 'evaluate-every 0' 'seed -1' 'dtype f16' \
  'schedule fast' 'threads 0' 'update-probability 0' 'in-flight 256' 'micro-batches 0' 'checkpoint-every 0'; do
  # shellcheck disable=SC2086 # an option and its value
  refused 2 "--${wrong%% *} .*expected" "$train" --$wrong "$work/labels.csv"
done
refused 2 '--save ' "$train" --save '' "$work/labels.csv"
refused 2 "--seed '': .* to 18446744073709551615$" "$train" --seed '' "$work/labels.csv"
refused 2 'at most 32' "$train" --layers "$(seq -s, 1 33)" "$work/labels.csv"
while IFS='|' read -r words arguments; do
  # shellcheck disable=SC2086 # options
  refused 2 "$words" "$train" $arguments "$work/labels.csv"
done <<'END'
--split|--split 0.5 --validation x
--validation-labels|--validation-labels x
--classes|--classes 1
--classes|--classes 3 --targets 2
--layers|--layers 5 --depth 2
--layers|--layers 5 --width 2
--load|--load x --depth 2
--load|--load x --activation tanh
--load|--load x --dropout 0.5
--steps 0|--steps 0
--sg-every|--sg-every 2
--sg-rate|--sg-rate 0.1
--sg-after|--sg local --sg-every 1 --sg-after 1
--schedule pipelined|--schedule pipelined
--schedule pipelined|--schedule pipelined --sg critic
--schedule micro-batches|--schedule micro-batches --sg local
--update-probability|--update-probability 0.5
--in-flight|--in-flight 2
--micro-batches|--micro-batches 2
--momentum|--momentum 0.5
--resume|--resume
--checkpoint-every|--checkpoint-every 5
--steps 0|--load x --steps 0 --figure y
--save and --predict|--save x --predict x
END
refused 2 '--labels' "$train" --labels "$work/labels.csv" "$sample"
for option in '--header 1' '--separator tab' '--targets 2' --targets-first '--classes 0'; do
  # shellcheck disable=SC2086 # an option and its value
  refused 2 "${option%% *}" "$train" $option "$sample"
done
refused 2 '--labels' "$train" --labels "$work/more.csv" "$work/labels.csv"
refused 2 '--validation-labels' "$train" --validation "$work/more.csv" --validation-labels "$work/more.csv" \
  "$work/labels.csv"
refused 2 'name one file' "$train" --save "$work/labels.csv" "$work/labels.csv"

# Wrong files. --------------------------------------------------------------------------------------

: >"$work/empty"
mkdir "$work/folder"
printf '1,2,0\n3,x,1\n' >"$work/text.csv"
printf '1,2,0\n3,1\n' >"$work/ragged.csv"
gzip -dc $sample/t10k-images-idx3-ubyte.gz >"$work/t10k-images-idx3-ubyte"
gzip -dc $sample/t10k-labels-idx1-ubyte.gz >"$work/t10k-labels-idx1-ubyte"
head -c 5000 "$work/t10k-images-idx3-ubyte" >"$work/cut-images-idx3-ubyte"
cp "$work/t10k-labels-idx1-ubyte" "$work/cut-labels-idx1-ubyte"
refused 1 'nowhere' "$train" "$work/nowhere"
refused 1 'empty' "$train" "$work/empty"
refused 1 'folder.*train-images' "$train" "$work/folder"
refused 1 'text.csv:2.*x' "$train" "$work/text.csv"
refused 1 'ragged.csv:2' "$train" "$work/ragged.csv"
refused 1 'cut-images' "$train" "$work/cut-images-idx3-ubyte"
refused 1 '--labels' "$train" "$work/t10k-labels-idx1-ubyte"
refused 1 'nowhere' "$train" --labels "$work/nowhere" "$work/t10k-images-idx3-ubyte"
refused 1 'labels.csv.*no label from 0 to 1' "$train" --classes 2 --targets-first "$work/labels.csv"
refused 1 '--targets 9' "$train" --targets 9 "$work/labels.csv"
refused 1 'header' "$train" --header 0 "$work/labels.csv"
refused 1 'labels.csv' "$train" --separator comma "$work/labels.csv"
refused 1 'loss sigmoid' "$train" --loss sigmoid "$work/numbers.csv"
refused 1 '--validation .*numbers.csv' "$train" --validation "$work/numbers.csv" "$work/labels.csv"
refused 1 '--batch 1' "$train" --batch 1 "$work/labels.csv"
refused 1 '--micro-batches 20: .* expected 40' "$train" --schedule micro-batches --micro-batches 20 --batch 39 \
  "$work/labels.csv"
refused 1 '--sg' "$train" --sg local --depth 0 "$work/labels.csv"
refused 1 '--sg-after 3' "$train" --sg local --sg-after 3 "$work/labels.csv"
refused 1 'nowhere' "$train" --load "$work/nowhere" "$work/labels.csv"
refused 1 'not a safetensors file' "$train" --load "$work/numbers.csv" "$work/labels.csv"
for option in save checkpoint predict json-file figure; do
  refused 1 "--$option" "$train" --$option "$work/nowhere/file" "$work/labels.csv"
  refused 1 "--$option" "$train" --$option "$work/folder" "$work/labels.csv"
done
for option in predict json-file figure; do
  "$train" --steps 5 --$option /dev/full "$work/labels.csv" >"$work/out" 2>"$work/err"
  [ $? -eq 1 ] && grep -q -e "--$option /dev/full" "$work/err" || complain "--$option /dev/full: $(cat "$work/err")"
done
"$train" --steps 20 --rate 1e30 "$work/numbers.csv" >"$work/out" 2>"$work/err"
[ $? -eq 1 ] && [ "$(wc -l <"$work/err")" -eq 1 ] || complain "a training that diverges: $(cat "$work/err")"

# Numbers of any length are no header, and of any size are scaled or refused.
awk 'BEGIN { for (i = 0; i < 40; i++) printf "%d.%080d,%d.%080d\n", i, i, i, i }' >"$work/long.csv"
"$info" --json "$work/long.csv" >"$work/long.json"
fields "$work/long.json" 'j["files"][0]["header_lines"] == 0 and j["files"][0]["rows"] == 40'
awk 'BEGIN { for (i = 0; i < 40; i++) print i "," i % 7 "e300," i % 5 "e-200," i * 37 % 11 }' >"$work/sizes.csv"
awk 'BEGIN { for (i = 0; i < 40; i++) print i % 7 "e35," i % 5 "e-35," i * 37 % 11 }' >"$work/wide.csv"
refused 1 'sizes.csv: column 2: .* 1e150' "$train" --dtype f64 "$work/sizes.csv"
refused 1 'wide.csv: column 1: .*--dtype f64' "$train" "$work/wide.csv"
cut -d , -f 2,3 "$work/wide.csv" >"$work/small.csv"
refused 1 'small.csv: column 1: ' "$train" "$work/small.csv"
awk -F , '{ print $3 "," $1 }' "$work/wide.csv" >"$work/targets.csv"
refused 1 'targets.csv: column 2: ' "$train" "$work/targets.csv"
train --steps 5 --dtype f64 "$work/wide.csv"

# What is far from 0 for how little it changes: answers have the digits for it, and floats that are saved have not.
awk 'BEGIN { for (i = 0; i < 40; i++) print i * 37 % 11 "," 1700000000 + i }' >"$work/far.csv"
train --steps 5 --predict "$work/far-answers.csv" "$work/far.csv"
[ "$(sed 1d "$work/far-answers.csv" | cut -d , -f 2 | sort -u | wc -l)" -ge 11 ] ||
  complain "--predict: too few digits: $(head -n 3 "$work/far-answers.csv")"
"$train" --steps 5 --save "$work/far.safetensors" "$work/far.csv" >"$work/out" 2>"$work/err" &&
  grep -q 'note: .*far.csv: column 2: .*--dtype f64' "$work/err" ||
  complain "--save of what floats cannot hold: $(cat "$work/err")"
train --steps 5 --dtype f64 --save "$work/far.safetensors" "$work/far.csv"

# Every option. -------------------------------------------------------------------------------------

quick="--width 16 --steps 12"
# shellcheck disable=SC2086 # options
{
  train $sample $quick --seed 3 --split 0.2 --depth 3 --save "$work/a.safetensors" \
    --json-file "$work/a.json" --figure "$work/a.svg" --predict "$work/a.csv"
  for sg in none synthetic least-squares least-squares-r local dfa fa critic delayed zero; do
    train "$work/labels.csv" $quick --depth 3 --sg $sg --save "$work/sg-$sg.safetensors"
    train "$work/numbers.csv" $quick --targets 2 --sg $sg --schedule random --update-probability 0.7
  done
  for sg in synthetic least-squares least-squares-r local delayed zero; do
    train "$work/labels.csv" $quick --sg $sg --schedule pipelined --threads 2 --in-flight 3
  done
  train "$work/labels.csv" $quick --schedule micro-batches --micro-batches 2 --threads 2
  train "$work/labels.csv" $quick --sg least-squares-r --sg-every 2 --sg-rate 0.01
  for activation in identity relu tanh sigmoid leaky_relu gelu; do
    train "$work/labels.csv" $quick --activation $activation --batch-norm off
  done
  for dtype in f32 f64 bf16; do
    train "$work/numbers.csv" $quick --dtype $dtype --batch-norm on --predict "$work/$dtype.csv"
  done
  for loss in softmax sigmoid squared absolute; do
    train "$work/labels.csv" $quick --loss $loss
  done
  train "$work/labels.csv" $quick --loss sigmoid --classes 0
  for optimiser in sgd adam adamw; do
    train "$work/labels.csv" $quick --optimiser $optimiser --weight-decay 0.01 --clip-norm 1 --decay constant
  done
  train "$work/labels.csv" $quick --optimiser sgd --momentum 0.5 --rate 0.1 --warm-up 4
}
train "$work/labels.csv" --layers 8,16,4 --sg dfa --sg-after 1,3 --dropout 0.2 --epochs 2 --batch 32 \
  --evaluate-every 3 --json-file "$work/b.json" --save "$work/b.safetensors"
train "$work/labels.csv" --separator semicolon --header 1 --classes 2 --steps 5 --validation "$work/more.csv"
train "$work/numbers.csv" --targets 2 --targets-first --steps 5 --split 0
train "$work/t10k-images-idx3-ubyte" --steps 5 --validation $sample/train-images-idx3-ubyte.gz \
  --labels $sample/t10k-labels-idx1-ubyte.gz --validation-labels $sample/train-labels-idx1-ubyte.gz
fields "$work/a.json" 'j["settings"]["steps"] == 12 and j["settings"]["seed"] == 3 and j["data"]["validation_examples"] == 400'
fields "$work/a.json" '[l["outputs"] for l in j["network"] if l["kind"] == "dense"] == [16, 16, 16, 10]'
fields "$work/b.json" '[("sg" in l) for l in j["network"]] == [False, False, True, False, False, False, False, False, True, False]'
fields "$work/b.json" '[e["step"] for e in j["evaluations"]] == [3, 6, 9, 12, 15, 16] or [e["step"] for e in j["evaluations"]]'
fields "$work/b.json" '0 <= j["results"]["validation"]["accuracy"] <= 1 and j["settings"]["modules"] >= 1'
[ "$(wc -l <"$work/a.csv")" -eq 501 ] || complain "--predict: not a line for each of the test images"
grep -q '^</svg>' "$work/a.svg" || complain "--figure draws no SVG"

# What is learned. A table needs no options. ---------------------------------------------------------

train "$work/labels.csv" --json-file "$work/c.json" --save "$work/c.safetensors" --predict "$work/c.csv"
fields "$work/c.json" 'j["results"]["validation"]["accuracy"] > 0.9 and j["data"]["classes"] == 2'
train "$work/numbers.csv" --targets 2 --json-file "$work/d.json" --save "$work/d.safetensors" --split 0 \
  --predict "$work/d.csv"
fields "$work/d.json" 'j["results"]["training"]["root_mean_squared_error"] < 10 and j["data"]["classes"] == 0'

# A network that is loaded answers as the one that was saved, of the file's own numbers, also without targets.
train --load "$work/c.safetensors" --steps 0 --predict "$work/again.csv" "$work/unlabelled.csv"
[ -z "$have_python" ] || python3 - "$work" <<'END' || complain "--load and --predict: other answers than before"
import csv, sys
def rows(name):
    return [[float(x) for x in row] for row in list(csv.reader(open(f"{sys.argv[1]}/{name}.csv")))[1:]]
before, after = rows("c"), rows("again")
assert len(before) == len(after) == 300
assert max(abs(a - b) for x, y in zip(before, after) for a, b in zip(x[2:], y[2:])) < 1e-3
targets = [[float(x) for x in line.split(",")[3:]] for line in open(sys.argv[1] + "/numbers.csv")]
assert max(abs(a - b) for x, y in zip(rows("d"), targets) for a, b in zip(x[1:], y)) < 60
END
train --load "$work/d.safetensors" --targets 2 --steps 5 --sg local --save "$work/e.safetensors" "$work/numbers.csv"
refused 1 '2 inputs, but .*numbers.csv' "$train" --load "$work/c.safetensors" --targets 2 --classes 0 "$work/numbers.csv"

# Stopped and resumed: the same bytes as never stopped. ---------------------------------------------

# same NAME ARGUMENTS...: saving now and then changes nothing; SIGINT leaves a training that can be read
same() {
  name=$1 file=$work/$1.checkpoint
  shift
  train "$@" --steps 24 --save "$work/whole.safetensors"
  train "$@" --checkpoint "$file" --checkpoint-every 7 --steps 24 --resume --save "$work/rest.safetensors"
  cmp -s "$work/whole.safetensors" "$work/rest.safetensors" || complain "$name: a checkpoint changes the network"
  rm "$file"
  : >"$work/out" # an old epoch is none of this training
  "$train" "$@" --evaluate-every 3 --steps 2000000 --checkpoint "$file" >"$work/out" 2>"$work/err" &
  process=$!
  while kill -0 $process 2>/dev/null && [ "$(grep -c ^epoch "$work/out")" -lt 2 ]; do sleep 0.1; done
  kill -INT $process
  wait $process
  [ $? -eq 130 ] && grep -q -e '--resume goes on' "$work/err" || complain "$name: SIGINT: $(cat "$work/err")"
  "$info" "$file" >"$work/out" || complain "$name: the checkpoint of a stopped training is bad"
}
same plain "$work/labels.csv" --width 16 --dropout 0.1
same sg $sample --width 16 --sg least-squares-r

# A training of 400 steps that stops somewhere.
long="--width 32 --steps 400 --evaluate-every 20 --sg synthetic --decay constant"
# shellcheck disable=SC2086 # options
{
  train "$work/labels.csv" $long --save "$work/whole.safetensors"
  : >"$work/out"
  "$train" "$work/labels.csv" $long --checkpoint "$work/long" >"$work/out" 2>"$work/err" &
  process=$!
  while kill -0 $process 2>/dev/null && ! grep -q ^epoch "$work/out"; do :; done
  kill -TERM $process 2>/dev/null
  wait $process
  status=$?
  [ $status -eq 143 ] || [ $status -eq 0 ] || complain "SIGTERM: exit code $status"
  train "$work/labels.csv" $long --checkpoint "$work/long" --resume --save "$work/rest.safetensors"
  cmp -s "$work/whole.safetensors" "$work/rest.safetensors" || complain "a training that was resumed differs"
  refused_rate=$("$train" "$work/labels.csv" $long --rate 0.5 --checkpoint "$work/long" --resume 2>&1 >/dev/null)
  case $refused_rate in *--rate*) ;; *) complain "--resume with another rate: $refused_rate" ;; esac
  for other in '--sg-rate 0.5' '--weight-decay 0.5' '--clip-norm 0.5'; do
    "$train" "$work/labels.csv" $long $other --checkpoint "$work/long" --resume >"$work/out" 2>"$work/err"
    [ $? -eq 1 ] && grep -qe "${other%% *}" "$work/err" || complain "--resume with $other: $(cat "$work/err")"
  done
}

# The second signal ends a training at once, also if it is another one than the first: a step takes seconds.
: >"$work/out"
"$train" "$work/labels.csv" --depth 4 --width 4000 --batch 300 --threads 1 --dtype f64 --split 0 \
  >"$work/out" 2>"$work/err" &
process=$!
while kill -0 $process 2>/dev/null && ! grep -q ^network "$work/out"; do sleep 0.1; done
sleep 0.2
kill -INT $process
sleep 0.1
kill -TERM $process
wait $process 2>/dev/null
[ $? -eq 143 ] && ! grep -q stopped "$work/err" || complain "SIGINT and SIGTERM: $(cat "$work/err")"

# dni-info of everything that was written. ----------------------------------------------------------

"$info" --tensors --json "$work"/*.safetensors "$work/long" "$work"/plain.checkpoint "$work"/[a-d].csv \
  "$work/numbers.csv" "$work/labels.csv" $sample/*.gz "$work"/t10k-* tests/data/*.dni tests/data/*.safetensors \
  >"$work/info.json" 2>"$work/err" || complain "dni-info: $(cat "$work/err")"
fields "$work/info.json" 'len(j["files"]) > 20 and all(f["good"] and not f["problems"] for f in j["files"])'
"$info" --json "$work/c.safetensors" >"$work/c-info.json"
fields "$work/c-info.json" 'j["files"][0]["libdni"]["checksum"] == "right" and j["files"][0]["libdni"]["content"] == "network"'
fields "$work/c-info.json" '[o["settings"]["kind"] for o in j["files"][0]["objects"]] == ["dense", "batch_norm"] * 2 + ["dense"]'
"$info" --tensors "$work/c.safetensors" "$work/long" >"$work/out" || complain "dni-info --tensors fails"
grep -q 'layers.0 .*dense, 2 -> 256, activation relu' "$work/out" || complain "dni-info: no line of layer 0"
grep -q 'trainer.steps  *400' "$work/out" || complain "dni-info: no count of steps"
grep -q 'layers.0.weight .*F32 256 x 2, 2048 bytes; .* norm .*not finite: 0' "$work/out" ||
  complain "dni-info --tensors: no statistics"
"$info" "$work/more.csv" "$work/nowhere" "$work/t10k-labels-idx1-ubyte" >"$work/out" 2>"$work/err"
[ $? -eq 1 ] && [ "$(grep -c -e '^[^ ].*: CSV' -e ': IDX' "$work/out")" -eq 2 ] &&
  grep -q 'nowhere: No such file' "$work/err" || complain "dni-info: a missing file hides the others"
grep -q 'labels of 10 classes, of each: 50 50' "$work/out" || complain "dni-info: no classes of an IDX file"
printf '1\n2\n' >"$work/column.csv"
refused_column=$("$info" "$work/column.csv" 2>&1 >/dev/null)
case $refused_column in *'one column'*) ;; *) complain "dni-info of one column: $refused_column" ;; esac
for wrong in "$work/empty" "$work/folder" /dev/null "$work/text.csv" "$work/ragged.csv" "$work/cut-images-idx3-ubyte"; do
  "$info" "$wrong" >"$work/out" 2>"$work/err"
  [ $? -eq 1 ] && [ "$(wc -l <"$work/err")" -eq 1 ] && grep -q "^dni-info: $wrong: " "$work/err" ||
    complain "dni-info $wrong: $(cat "$work/err")"
done

# Files of other programs, and hostile ones.
[ -z "$have_python" ] || python3 tests/gates/hostile_files.py "$info" "$work" tests/data/network-2.safetensors \
  tests/data/network-1-f32.dni $sample/t10k-labels-idx1-ubyte.gz ||
  complain "dni-info: see above"
exit $code

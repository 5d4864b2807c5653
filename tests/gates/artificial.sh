#!/bin/sh
# The example `artificial` on small data: trainings end at the optimum where a linear SG can, and
# where the closed form says where it cannot; at a tenth of the rate and with one output, too.
set -u
: "${BUILD:=build}"
command -v python3 >/dev/null || {
  echo "no python3"
  exit 77
}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

train() {
  out=$1
  shift
  "$BUILD/examples/artificial" --model shallow --datasets 2 --json "$@" >"$work/$out" || exit 1
}

train noisy.json --data noisy2 --sets 20 --slow 1
train sigmoid.json --data noisy2 --sets 20 --outputs sigmoid
train linear.json --data linear2 --sets 20 --iterations 20
train short.json --data noisy2 --sets 2 --iterations 20
cat >"$work/check.py" <<'END_OF_PYTHON'
import json, sys

code = 0

def expect(true, words):
    global code
    if not true:
        print(words)
        code = 1

def rows(name):
    with open(f"{sys.argv[1]}/{name}.json") as file:
        return {row["loss"]: row for row in json.load(file)["rows"]}

def near(found, expected, within):
    return all(abs(value - expected) <= within for value in found)

for name in ("noisy", "sigmoid"):
    found = rows(name)
    squared, logarithm = found["mse"], found["log"]
    expect(near(squared["sg_minus_optimum"]["each"], 0, 1e-5), f"{name}: MSE does not end at the optimum")
    expect(near(logarithm["closed_form"]["trained_minus_end"]["each"], 0, 1e-5),
           f"{name}: the log loss does not end where the closed form says")
    expect(min(logarithm["sg_minus_optimum"]["each"]) > 1e-5, f"{name}: no gap in the log loss")
    expect(near(logarithm["sg_minus_backprop"]["each"], logarithm["sg_minus_backprop"]["mean"], 1),
           f"{name}: no difference from backpropagation")
    expect(logarithm["separable"] == 0 and logarithm["paper"] == 0.00036, f"{name}: another cell")
    for row in (squared, logarithm):
        expect(row["stopped_sg"] == {"loss stands still": 2, "most iterations": 0},
               f"{name}: {row['loss']} did not stand still: {row['stopped_sg']}")
    low, high = logarithm["closed_form"]["interval"]
    expect(low < logarithm["closed_form"]["mean"] < high, f"{name}: the mean is not in its interval")
    expect(squared["closed_form"] is None, f"{name}: MSE has a closed form of the log loss")

noisy, sigmoid, linear, short = (rows(name)["log"] for name in ("noisy", "sigmoid", "linear", "short"))
expect(near(noisy["slow_minus_sg"]["each"], 0, 1e-5), "a tenth of the rate ends elsewhere")
expect(len(noisy["slow_minus_sg"]["each"]) == 1 and sigmoid["slow_minus_sg"] is None,
       "not as many slow trainings as asked for")
expect(noisy["optimum"] == sigmoid["optimum"], "one output has other data than two")
expect(linear["separable"] == 2 and linear["optimum"]["each"] == [0, 0], "linear2 has an optimum above 0")
expect(short["stopped_sg"]["most iterations"] == 2 and short["iterations_sg"]["each"] == [20, 20],
       "--iterations does not end a training")
sys.exit(code)
END_OF_PYTHON
python3 -B "$work/check.py" "$work"

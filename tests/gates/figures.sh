#!/bin/sh
# The figures of examples/: a method has the same colour in all of them, no label runs into what stands
# beside it, a legend has a place of its own, and a colour bar that is cut says so.
set -u
: "${BUILD:=build}"
command -v python3 >/dev/null || {
  echo "no python3"
  exit 77
}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
digits="--data examples/mnist_sample --depth 3 --width 8 --batch 50"
# shellcheck disable=SC2086 # options
{
  "$BUILD/examples/mnist" $digits --steps 2 --out "$work" &&
    "$BUILD/examples/rdm" $digits --steps 2 --sg-all-steps 2 --out "$work" &&
    "$BUILD/examples/probes" $digits --steps 2 --sg-all-steps 2 --examples 100 --probe-steps 5 --out "$work"
} >/dev/null 2>"$work/err" || {
  cat "$work/err"
  exit 1
}
python3 - "$work" <<'END_OF_PYTHON'
import re
import sys

def text(name):
    with open(f"{sys.argv[1]}/{name}", encoding="utf-8") as file:
        return file.read()

# A label of accuracy.svg: its line's colour, its name and, to the left of its end, the accuracy.
svg, probes = text("accuracy.svg"), text("probes.gp")
labels = re.findall(r'h32" stroke="(#\w+)".*?<text x="(\d+)"[^>]*>([^<]+)</text>\s*'
                    r'<text x="([\d.]+)"[^>]*text-anchor="end">([^<]+)<', svg, re.S)
assert len(labels) >= 4, labels
width = float(re.search(r'viewBox="0 0 ([\d.]+)', svg).group(1))
for colour, begin, name, end, accuracy in labels:
    assert float(begin) + 7.5 * len(name) <= float(end) - 7.5 * len(accuracy), name
    assert float(end) <= width, name
    number = re.search(rf"titles\[(\d)\] = '{name}'", probes).group(1)
    style = re.search(rf"styles\[{number}\] = (\d+)", probes).group(1)
    assert f"set style line {style} lc rgb '{colour}'" in probes, name
    assert f"set title '{name}'" in text("rdm_distance.gp"), name

assert "at screen 0.5,0.02" not in probes and "eval legend" in probes
assert "at most 1 % above the bar" in text("rdm.gp")
bar = float(re.search(r"set cbrange \[0:([\d.]+)\]", text("rdm.gp")).group(1))
cells = [float(each) for each in text("rdm.tsv").split() if float(each) >= 0]
assert sum(each > bar for each in cells) <= 0.011 * len(cells), bar
END_OF_PYTHON

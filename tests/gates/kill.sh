#!/bin/sh
# A training that is killed while it saves, 20 times over, loses nothing. make check-faults does it 1,000 times.
set -u
: "${BUILD:=build}"
command -v python3 >/dev/null || { echo "no python3"; exit 77; }
python3 -B tests/faults/kill.py "$BUILD/examples/mnist" "${KILLS:-20}"

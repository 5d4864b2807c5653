#!/bin/sh
# The Python package: its tests, and the five programs, which print what C prints.
. tests/bindings/common.sh
python=
for candidate in "${PYTHON:-/usr/bin/python3}" python3; do
  [ -z "$python" ] && "$candidate" -c 'import numpy' 2>/dev/null && python=$candidate
done
[ -n "$python" ] || { echo "no Python with NumPy"; exit 77; }

export PYTHONPATH="$top/bindings/python:$top/bindings/python/tests"
for program in $programs; do
  same Python "$program" "$python" -B "bindings/python/examples/$program.py"
done
short Python bindings/python/examples/*.py
"$python" -B -W error -X faulthandler -m unittest -q test_parts test_arrays test_training test_display test_faults \
  >"$work/tests" 2>&1 ||
  { cat "$work/tests"; complain "the tests of bindings/python fail"; }
exit $code

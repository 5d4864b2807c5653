#!/bin/sh
# The suites of layers, SGs, networks and trainings once more with products of bf16, at its tolerances.
# DNI_TEST_COMPUTE=bf16 is for any suite; these are the ones that it changes.
set -u
export DNI_TEST_COMPUTE=bf16
code=0
for suite in layer layer_kinds states sg guess estimators decoupled_estimators weights equivalence \
  step_reference trainer fit pipelined schedules network network_files resume resumed_fits own_loop \
  own_calls learning threads memory rate_scale optimiser interrupted interface extract_loss range; do
  [ ! -x "$BUILD/tests/test_$suite" ] || "$BUILD/tests/test_$suite" || code=1
done
exit $code

#!/bin/sh
# The library's own threads have the stack that dni.h states, whatever the process's limit is: the C
# library would give them the limit.
set -u
: "${BUILD:=build}"
code=0
for limit in 256 unlimited; do
  (ulimit -s "$limit" && CK_RUN_CASE='own threads' "$BUILD/tests/test_stack") ||
    { echo "ulimit -s $limit: failed"; code=1; }
done
exit $code

#!/bin/sh
# Random trainers, driven at random, keep what the headers promise; see tests/random/main.c. More of
# them, under sanitizers: make check-random.
set -eu
"${BUILD:-build}/tests/random" 1 150

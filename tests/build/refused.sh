#!/bin/sh
# What the library must not be built with is refused on the first line, before anything is compiled.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
. tests/build/common.sh
tree=$work/tree
small_tree "$tree"

# refused PATTERN SETTING...
refused() {
  pattern=$1
  shift
  fresh_make -C "$tree" BLAS=none FILES=none "$@" lib && complain "$* is accepted"
  sed '/Entering directory/d' "$work/log" | head -n 1 | grep -q -- "$pattern" ||
    complain "$*: the first line does not say why"
  [ -z "$(built)" ] && [ ! -e "$tree/build" ] || complain "$*: something is built"
}

for option in -Ofast -ffast-math -funsafe-math-optimizations -ffinite-math-only -fassociative-math \
  -freciprocal-math -fno-signed-zeros -fsingle-precision-constant; do
  refused " $option:" CFLAGS="-O2 $option"
done
refused ' -ffast-math:' LDFLAGS='-ffast-math'
refused ' -Ofast:' CC="$CC -Ofast"
refused "FILES='idx'" FILES=idx
refused "FILES=''" FILES=
refused "BLAS=''" BLAS=

# Where make cannot see an option, the compiler does; and every file of the library that calculates is told.
echo '-ffast-math' >"$work/options"
fresh_make -C "$tree" BLAS=none FILES=none CC="$CC @$work/options" lib && complain "-ffast-math from a file is accepted"
grep -q '#\?error.*-ffast-math' "$work/log" ||
  complain "-ffast-math from a file: the compiler does not say why"
for option in -ffinite-math-only -Ofast; do
  # shellcheck disable=SC2086 # a compiler with options
  $CC -std=c11 -D_GNU_SOURCE $option -Iinclude -Ilib -fsyntax-only lib/core/status.c 2>/dev/null &&
    complain "lib/core/core.h does not refuse $option"
done
: >"$work/log"
for object in "$BUILD"/objects/*.d; do
  case $object in */io_checksum.d | */core_float_mode.d) continue ;; esac
  grep -q 'lib/core/core\.h' "$object" || complain "$object: includes core/core.h nowhere"
done
nm "$BUILD/lib/libdni.so" | grep -q set_fast_math && complain "libdni.so changes the floating-point mode"
exit $code

#!/bin/sh
# What is missing is named on the first line of make, all of it, before anything is compiled. Nothing that
# is not asked for has to be there: FILES=none does without zlib.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
. tests/build/common.sh
tree=$work/tree
small_tree "$tree"
mkdir "$tree/tests" && : >"$tree/tests/test_small.c"

# missing NAMES SETTING... GOAL
missing() {
  names=$1
  shift
  fresh_make -C "$tree" "$@" && complain "make $*: succeeds"
  sed '/Entering directory/d' "$work/log" | head -n 1 | grep -q "^libdni: missing: $names\. " ||
    complain "make $*: the first line does not say: missing $names"
  [ -z "$(built)" ] || complain "make $*: something is built"
}
none="PKG_CONFIG_LIBDIR=$work PKG_CONFIG_PATH=$work"
# shellcheck disable=SC2086 # two settings
{
  missing 'openblas, zlib' $none lib
  missing 'openblas, zlib, check' $none tests
  missing 'a C compiler (CC=none: .*not found), pkg-config, openblas, zlib, check' \
    CC=none PKG_CONFIG=no-pkg-config tests
  missing 'no-such-blas' $none BLAS=no-such-blas FILES=none lib
  missing 'a C compiler (CC=.*)' BLAS=none FILES=none LDFLAGS=-lno-such-library lib
}

# zlib as pkg-config has it, of another machine: it cannot be linked.
cat >"$work/zlib.pc" <<'END'
Name: zlib
Description: zlib of another machine
Version: 1
Libs: -lz_of_another_machine
END
missing "zlib for CC=$CC (pkg-config finds another)" PKG_CONFIG_LIBDIR="$work" PKG_CONFIG_PATH="$work" \
  BLAS=none lib

# Without zlib: no file of the library asks for its header, and nothing is linked with it.
mkdir "$work/include"
echo '#error "zlib.h is included"' >"$work/include/zlib.h"
: >"$work/log"
for source in lib/*/*.c; do
  grep -q -E 'zlib|DNI_NO_FILES' "$source" || continue
  # shellcheck disable=SC2086 # a compiler with options
  $CC -std=c11 -D_GNU_SOURCE -DDNI_NO_FILES -Iinclude -Ilib "-I$work/include" -fsyntax-only "$source" ||
    complain "$source: FILES=none needs zlib.h"
done
fresh_make -C "$tree" PKG_CONFIG=no-pkg-config BLAS=none FILES=none CFLAGS=-O0 DESTDIR="$work/stage" install ||
  complain "FILES=none BLAS=none needs pkg-config"
readelf -d "$work/stage/usr/local/lib/libdni.so" | grep -q 'NEEDED.*libz' && complain "FILES=none links zlib"
grep -q 'zlib\|-lz' "$work/stage/usr/local/lib/pkgconfig/libdni.pc" &&
  complain "FILES=none: libdni.pc has zlib"
exit $code

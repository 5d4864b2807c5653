#!/bin/sh
# What is missing is named on the first line of make, all of it, before anything is compiled. Nothing that
# is not asked for has to be there: FILES=none does without zlib, jansson and xxhash.
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
  missing 'openblas, zlib, jansson, libxxhash' $none lib
  missing 'openblas, zlib, jansson, libxxhash, check' $none tests
  missing 'a C compiler (CC=none: .*not found), pkg-config, openblas, zlib, jansson, libxxhash, check' \
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
missing "zlib for CC=$CC (pkg-config finds another), jansson, libxxhash" PKG_CONFIG_LIBDIR="$work" PKG_CONFIG_PATH="$work" \
  BLAS=none lib

# Without them: no file of the library asks for their headers, and nothing is linked with them.
mkdir "$work/include"
for header in zlib jansson xxhash; do
  echo "#error \"$header.h is included\"" >"$work/include/$header.h"
done
: >"$work/log"
for source in lib/*/*.c; do
  grep -q -E 'zlib|jansson|xxhash|DNI_NO_FILES' "$source" || continue
  # shellcheck disable=SC2086 # a compiler with options
  $CC -std=c11 -D_GNU_SOURCE -DDNI_NO_FILES -Iinclude -Ilib "-I$work/include" -fsyntax-only "$source" ||
    complain "$source: FILES=none needs the header of a package"
done
fresh_make -C "$tree" PKG_CONFIG=no-pkg-config BLAS=none FILES=none CFLAGS=-O0 DESTDIR="$work/stage" install ||
  complain "FILES=none BLAS=none needs pkg-config"
readelf -d "$work/stage/usr/local/lib/libdni.so" | grep -q -E 'NEEDED.*lib(z|jansson)' &&
  complain "FILES=none links packages"
grep -q 'zlib\|-lz\|jansson' "$work/stage/usr/local/lib/pkgconfig/libdni.pc" &&
  complain "FILES=none: libdni.pc has packages"
exit $code

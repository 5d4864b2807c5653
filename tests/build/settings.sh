#!/bin/sh
# A build remembers its settings. What is installed is what was built and tested, by whomever, and
# `make install` writes nothing into the build.
set -u
work=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
. tests/build/common.sh
tree=$work/tree
small_tree "$tree"

m() {
  fresh_make -C "$tree" "$@"
}
# remembers WHAT GOAL...: this make succeeds and builds nothing.
remembers() {
  what=$1
  shift
  m "$@" || { complain "$what: make $* fails"; return; }
  [ -z "$(built)" ] || complain "$what: make $* builds again"
}
recorded() {
  grep -q -- "$1" "$tree/build/compiled-with"
}

# shellcheck disable=SC2086 # several settings
m $small lib || complain "the small tree cannot be built"
remembers 'no setting given' lib
remembers 'the same setting' CFLAGS=-O0 lib
remembers 'CI' CI=1 lib
remembers 'install' DESTDIR="$work/stage" install
cmp -s "$tree/build/lib/libdni.a" "$work/stage/usr/local/lib/libdni.a" ||
  complain "make install installs another library than was built"
grep -q '^Requires.private: *$' "$work/stage/usr/local/lib/pkgconfig/libdni.pc" ||
  complain "libdni.pc requires packages that the build does not use"

m DESTDIR="$work/refused" CFLAGS=-O1 install && complain "make install CFLAGS=... builds and installs"
grep -q "CFLAGS was '-O0' and is '-O1'" "$work/log" && [ -z "$(built)" ] && [ ! -e "$work/refused" ] ||
  complain "make install CFLAGS=... says nothing, or did something"
remembers 'after a refused setting' lib

# README.md says to set this after the first installation.
PKG_CONFIG_PATH=$work/stage remembers 'where pkg-config looks' DESTDIR="$work/stage" install
PKG_CONFIG_PATH=$work/stage remembers 'where pkg-config looks' lib
PKG_CONFIG_PATH=$work/stage remembers 'where pkg-config looks' DESTDIR="$work/stage" uninstall

CC="$CC -DX" m lib || complain "another compiler"
grep -q "^libdni: .*CC was '$CC' and is '$CC -DX'" "$work/log" && [ -n "$(built)" ] ||
  complain "a setting from the environment: does not build again, or does not say so"
CC="$CC -DX" remembers 'the environment' lib
m LDFLAGS=-Wl,--as-needed lib && grep -q "LDFLAGS was '' and is '-Wl,--as-needed'" "$work/log" ||
  complain "LDFLAGS: does not say that it builds again"
m CC=no-such-compiler lib && complain "builds without a compiler"
remembers 'after a compiler that is not there' lib

# Values are kept as they are.
odd='-O0 -DA="a #b" -DB=\"c\" -DC='\''%&|;'\'' -DD="(e"'
m CFLAGS="$odd" lib || complain "odd characters in CFLAGS"
remembers 'odd characters in CFLAGS' lib
remembers 'odd characters in CFLAGS' CFLAGS="$odd" DESTDIR="$work/stage" install
recorded '-DC=.%&|;. -DD="(e"' || complain "odd characters in CFLAGS are lost"

# Each directory has its own memory.
# shellcheck disable=SC2086 # several settings
m BUILD=build/other $small CFLAGS=-O1 lib || complain "another directory"
remembers 'another directory' BUILD=build/other lib
remembers 'the first directory' lib

# Places: of a build, or of one command.
m PREFIX=/opt/dni LIBDIR=/opt/dni/lib64 lib
remembers 'PREFIX' DESTDIR="$work/places" install
[ -e "$work/places/opt/dni/lib64/libdni.a" ] || complain "PREFIX and LIBDIR given to make are forgotten"
remembers 'PREFIX for one command' DESTDIR="$work/places" PREFIX=/usr install
[ -e "$work/places/usr/lib/libdni.a" ] || complain "PREFIX given to make install does not move LIBDIR"
remembers 'uninstall' DESTDIR="$work/places" uninstall
[ ! -e "$work/places/opt/dni/lib64/libdni.a" ] && [ -e "$work/places/usr/lib/libdni.a" ] ||
  complain "PREFIX given to make install is remembered"

# A build that cannot be written, its owner's or another user's.
m PREFIX=/usr/local lib
find "$tree" -type f | sort | xargs ls -l --full-time >"$work/before"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
  chmod 755 "$work"
  mkdir -m 777 "$work/theirs"
  : >"$work/log"
  setpriv --reuid=65534 --regid=65534 --clear-groups env -i PATH="$PATH" CC="$CC" HOME=/ \
    "$MAKE" -C "$tree" DESTDIR="$work/theirs" install >"$work/log" 2>&1 ||
    complain "another user cannot install"
  [ -e "$work/theirs/usr/local/lib/pkgconfig/libdni.pc" ] || complain "another user installed nothing"
fi
chmod -R a-w "$tree"
remembers 'a build that cannot be written' DESTDIR="$work/mine" install
chmod -R u+w "$tree"
find "$tree" -type f | sort | xargs ls -l --full-time | cut -c 11- >"$work/after"
cut -c 11- "$work/before" | cmp -s - "$work/after" || complain "make install writes into the build"

m clean && m BLAS=none FILES=none lib && recorded '-O3 -g' || complain "make clean does not forget"
exit $code

#!/bin/sh
# The soname of the shared library that has a package's CBLAS: soname.sh openblas prints
# libopenblas.so.0. libdni loads it by this name when a context asks for it.
#
# The linker is asked: a library that needs cblas_sgemm and nothing else is linked with what
# pkg-config names, and its list of needed libraries is read.
set -u
: "${PKG_CONFIG:=pkg-config}" "${CC:=cc}" "${CFLAGS:=}" "${LDFLAGS:=}"

fail() {
  echo "libdni: $*" >&2
  exit 1
}

# The Makefile says what pkg-config does not find.
libs=$($PKG_CONFIG --libs "$1" 2>/dev/null) || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
echo 'void cblas_sgemm(void); void (*dni_probe)(void) = cblas_sgemm;' >"$work/probe.c"
eval "$CC $CFLAGS -fPIC -shared -nostdlib -Wl,--as-needed -o '$work/probe.so' '$work/probe.c' $LDFLAGS $libs" ||
  fail "BLAS=$1: cannot link with $libs"
needed=$(readelf -d "$work/probe.so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p')
[ -n "$needed" ] || fail "BLAS=$1: no shared library with cblas_sgemm in $libs"
echo "$needed" | head -n 1

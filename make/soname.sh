#!/bin/sh
# The soname of the shared library that has a package's CBLAS: soname.sh openblas prints
# libopenblas.so.0. libdni loads it by this name when a context asks for it.
#
# The linker is asked: a library that needs cblas_sgemm and nothing else is linked with what
# pkg-config names, and its list of needed libraries is read.
set -u
: "${PKG_CONFIG:=pkg-config}" "${CC:=cc}" "${CFLAGS:=}" "${LDFLAGS:=}"

# Prints nothing where there is none: make says what is missing.
libs=$($PKG_CONFIG --libs "$1" 2>/dev/null) || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
echo 'void cblas_sgemm(void); __attribute__((visibility("default"), used)) void (*dni_probe)(void) = cblas_sgemm;' >"$work/probe.c"
eval "$CC $CFLAGS -fPIC -shared -nostdlib -o '$work/probe.so' '$work/probe.c' $LDFLAGS -Wl,--as-needed $libs" \
  >/dev/null 2>&1 || exit 1
readelf -d "$work/probe.so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p' | head -n 1

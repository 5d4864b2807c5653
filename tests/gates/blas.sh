#!/bin/sh
# A CBLAS is loaded when a context asks for it, and not before: the shared library needs none, a
# program with a default context has none and one thread, and one that is missing is an error with
# its name.
set -u
: "${BUILD:=build}" "${CC:=cc}" "${CFLAGS:=}" "${LDFLAGS:=}" "${PKG_CONFIG:=pkg-config}"
case $CFLAGS in *-fsanitize*) echo "sanitizers start threads of their own"; exit 77 ;; esac
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
code=0

needed=$(readelf -d "$BUILD/lib/libdni.so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p')
for library in $needed; do
  case $library in
  libz.so.* | libjansson.so.* | libm.so.* | libc.so.* | libgcc_s.so.* | libdl.so.* | libpthread.so.* | ld-*) ;;
  *) echo "libdni.so needs $library"; code=1 ;;
  esac
done

# The soname as it was built in; none without a BLAS.
name=$(sed -n "s/.*-DDNI_CBLAS_LIBRARY=['\"]*\([^'\"]*\).*/\1/p" "$BUILD/compiled-with")
library=$(cd "$BUILD/lib" && pwd) || exit 1

# build OUTPUT FILES-AND-FLAGS...
build() {
  output=$1
  shift
  # shellcheck disable=SC2086 # flags
  $CC -std=c11 -D_GNU_SOURCE -Iinclude -Ilib -pthread $CFLAGS -o "$work/$output" \
    tests/gates/blas.c "$@" $LDFLAGS || { echo "$output does not build"; exit 1; }
}

build shared -L"$library" -ldni
LD_LIBRARY_PATH=$library "$work/shared" "${name:-none}" || { echo "shared library: failed"; code=1; }

# The file that has the name, again with the name of a library that does not exist.
# shellcheck disable=SC2046 # flags
build missing -DDNI_CBLAS_LIBRARY='"libdni-test-missing.so.0"' lib/backend/cblas.c \
  "$library/libdni.a" $("$PKG_CONFIG" --libs zlib jansson 2>/dev/null) -lm -ldl
"$work/missing" missing || { echo "static library, CBLAS missing: failed"; code=1; }
exit $code

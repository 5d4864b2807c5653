# What the scripts about the build share. It is read with `.` from the top of the tree, by a script that has
# made a folder $work of its own.
: "${BUILD:=build}" "${CC:=cc}" "${MAKE:=make}" "${PKG_CONFIG:=pkg-config}"
code=0

complain() {
  echo "$*"
  [ ! -s "$work/log" ] || sed 's/^/    /' "$work/log"
  code=1
}

# small_tree PATH: a checkout with the whole build and a library of one function, which is built in a second.
small_tree() {
  mkdir -p "$1/lib/core" "$1/bindings"
  cp -r Makefile make include "$1"
  cp -r bindings/cpp "$1/bindings"
  cp lib/libdni.map "$1/lib"
  cp lib/core/*.h "$1/lib/core"
  cat >"$1/lib/core/version.c" <<'END'
#include "core/core.h"
int32_t dni_version(void) { return DNI_VERSION_MAJOR * 10000 + DNI_VERSION_MINOR * 100; }
END
}

# A make that knows nothing of the one that runs this script. Its output goes to $work/log.
fresh_make() {
  env -i PATH="$PATH" HOME="${HOME:-/}" CC="$CC" ${PKG_CONFIG_PATH:+PKG_CONFIG_PATH="$PKG_CONFIG_PATH"} \
    "$MAKE" "$@" >"$work/log" 2>&1
}

# The small tree needs no package.
small='BLAS=none FILES=none CFLAGS=-O0'

# What the last fresh_make compiled or linked.
built() {
  grep -E '^  (CC|AR|LINK) ' "$work/log"
}

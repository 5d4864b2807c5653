# What the scripts about the build share. It is read with `.` from the top of the tree, by a script that has
# made a folder $work of its own.
: "${BUILD:=build}" "${CC:=cc}" "${MAKE:=make}" "${PKG_CONFIG:=pkg-config}"
code=0

complain() {
  echo "$*"
  [ ! -s "$work/log" ] || sed 's/^/    /' "$work/log"
  code=1
}

# small_tree PATH: a checkout with the whole build and next to no library, which is built in a second.
small_tree() {
  mkdir -p "$1/lib/core"
  cp -r Makefile make include "$1"
  cp lib/libdni.map "$1/lib"
  cp lib/core/core.h lib/core/first_size.h lib/core/status.c lib/core/version.c "$1/lib/core"
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

#!/bin/sh
# Make sure that packages are there, as pkg-config sees them: require.sh openblas zlib check
# gnuplot and python3 are programs: they are there if the shell finds them. torch and numpy are of the
# Python PEERS_PYTHON, openblas-openmp is a second OpenBLAS beside the system's.
#
# What is there is left alone. What is missing is installed, and nothing else, if this is a Debian
# or Ubuntu machine and we are root or sudo asks no password; otherwise one line says what to
# install. Any name of a pkg-config file is accepted; only those in debian_name can be installed.
set -u
: "${PKG_CONFIG:=pkg-config}" "${CC:=cc}" "${PEERS_PYTHON:=/usr/bin/python3}"

fail() {
  echo "libdni: $*" >&2
  exit 1
}

debian_name() {
  case $1 in
  openblas) echo libopenblas-dev ;;
  zlib) echo zlib1g-dev ;;
  check) echo check ;;
  gnuplot) echo gnuplot-nox ;;
  python3) echo python3 ;;
  torch | numpy) echo "python3-$1" ;;
  fann) echo libfann-dev ;;
  openblas-openmp) echo libopenblas0-openmp ;;
  *) fail "pkg-config finds no package named $1: install it, or choose another" ;;
  esac
}

python_has() {
  "$PEERS_PYTHON" -c 'import importlib.util, sys; sys.exit(not importlib.util.find_spec(sys.argv[1]))' \
    "$1" 2>/dev/null
}

is_there() {
  case $1 in
  gnuplot | python3) command -v "$1" >/dev/null ;;
  torch | numpy) python_has "$1" ;;
  openblas-openmp) ls /usr/lib/*/openblas-openmp/libblas.so.3 >/dev/null 2>&1 ;;
  *) "$PKG_CONFIG" --exists "$1" 2>/dev/null ;;
  esac
}

# Debian names of those arguments that are not there; of all packages if pkg-config is not, to ask.
missing() {
  for package; do
    is_there "$package" || debian_name "$package" || exit 1
  done
}

find_apt() {
  command -v apt-get >/dev/null || return 1
  if [ "$(id -u)" -eq 0 ]; then
    apt=apt-get
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    apt='sudo -n apt-get'
  else
    return 1
  fi
}

# The first attempt uses the package lists as they are; a fresh machine has none yet.
install() {
  echo "libdni: installing $*" >&2
  export DEBIAN_FRONTEND=noninteractive
  set -- -qq -y --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"
  $apt install "$@" </dev/null >/dev/null 2>&1 && return
  $apt update -qq >/dev/null && $apt install "$@" </dev/null >/dev/null ||
    fail "apt-get could not install what is missing"
}

command -v "${CC%% *}" >/dev/null ||
  fail "no C compiler (${CC%% *}): install gcc and libc6-dev, or set CC"

if ! command -v "$PKG_CONFIG" >/dev/null; then
  names=$(missing "$@") || exit 1
  find_apt || fail "please install pkg-config and, unless they are there:" $names
  install pkg-config
fi
names=$(missing "$@") || exit 1
[ -n "$names" ] || exit 0
find_apt || fail "please install:" $names "(names of Debian and Ubuntu)"
install $names
names=$(missing "$@") || exit 1
[ -z "$names" ] || fail "installed, but still not to be found:" $names

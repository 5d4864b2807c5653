#!/bin/sh
# What pip makes of bindings/python, by the functions of setuptools that pip calls: from a checkout with a space in its
# path the library is built and is in the wheel; an editable installation finds it in the checkout; for the system's
# library the wheel has none, whatever was built before. The library of the checkout has one function, to be quick, so that the rest of the package is not imported.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
. tests/build/common.sh
for python in "${PYTHON:-/usr/bin/python3}" python3 ''; do
  "$python" -c 'import numpy, wheel, setuptools.build_meta as meta; meta.build_editable' 2>/dev/null && break
done
[ -n "$python" ] || { echo "no Python with NumPy, wheel and setuptools 64"; exit 77; }
small_tree "$work/a checkout"
cp -r bindings/python "$work/a checkout/bindings"
package=$work/a\ checkout/bindings/python
rm -rf "$package/build" "$package"/*.egg-info "$package/dni/libdni.so.0"

# made KIND FOLDER VARIABLE...: pip's build_KIND puts a wheel into the folder, which is unpacked there.
made() {
  kind=$1 folder=$work/$2
  shift 2
  mkdir -p "$folder"
  (cd "$package" && env -u MAKEFLAGS DNI_MAKE_FLAGS="$small" "$@" "$python" -B -c "import sys
import setuptools.build_meta as meta, zipfile
folder = sys.argv[1]
name = meta.build_$kind(folder)
if name.endswith('.whl'): zipfile.ZipFile(folder + '/' + name).extractall(folder)" "$folder") >"$work/log" 2>&1 ||
    complain "pip cannot make: $kind $*"
}
# loads FOLDER FILE: the package in the folder loads this library.
loads() {
  (cd "$work" && env -u DNI_LIBRARY -u LD_LIBRARY_PATH "$python" -B -c 'import sys, types
package = sys.modules["dni"] = types.ModuleType("dni")
package.__path__ = [sys.argv[1] + "/dni"]
from dni._library import Library
print(Library().library._name)' "$1") >"$work/loaded" 2>"$work/log"
  [ "$(cat "$work/loaded")" = "$2" ] || complain "the package in $1 loads '$(cat "$work/loaded")', not $2"
}

made wheel bundled
loads "$work/bundled" "$work/bundled/dni/libdni.so.0"
made editable editable
loads "$package" "$package/dni/libdni.so.0"
made wheel system DNI_SYSTEM_LIBRARY=1
[ -f "$work/system/dni/__init__.py" ] && [ ! -e "$work/system/dni/libdni.so.0" ] ||
  complain "DNI_SYSTEM_LIBRARY=1: the wheel has a library"
for wheel in "$work"/bundled/*.whl "$work"/system/*.whl; do
  case $wheel in
  */bundled/*linux*.whl | */system/*-none-any.whl) ;;
  *) complain "the name of a wheel is not of the machines that it is for: $wheel" ;;
  esac
done

# What is unpacked elsewhere has no library to build.
made sdist source
mkdir "$work/elsewhere" && tar -x -C "$work/elsewhere" -f "$work"/source/*.tar.gz && package=$(echo "$work"/elsewhere/*)
made wheel unpacked
[ -f "$work/unpacked/dni/__init__.py" ] && [ ! -e "$work/unpacked/dni/libdni.so.0" ] ||
  complain "the wheel of an sdist has a library"
exit $code

#!/bin/sh
# make check-packages: Debian packages are made of the tarball of make dist, and lintian has neither errors nor
# warnings. They are unpacked below a folder, not installed, and a program is built with what is there.
#
# check.sh VERSION ABI FOLDER: everything is in FOLDER, the log of the build in FOLDER/build.log. The suites
# are not run again, as make check runs them; DEB_BUILD_OPTIONS=parallel=2, for example, does.
set -u
version=$1 abi=$2 debian=packaging/debian code=0
: "${DEB_BUILD_OPTIONS=nocheck}"

fail() {
  echo "libdni: $*" >&2
  exit 1
}
complain() {
  echo "$*"
  code=1
}

# What has to be changed for a new version, or a new soname.
head -n 1 $debian/changelog | grep -q "^libdni ($version-" || fail "$debian/changelog is not of version $version"
grep -q -F "| libdni$abi (>= $version), libdni$abi (<< $version.1~)" "$debian/libdni$abi.symbols" ||
  fail "$debian/libdni$abi.symbols is not there, or its second line is not of version $version"
for node in $(sed -n 's/^\(DNI_[A-Z0-9._]*\) *{.*/\1/p' lib/libdni.map); do
  grep -q -F " (symver)$node " "$debian/libdni$abi.symbols" || fail "$debian/libdni$abi.symbols has no line for $node"
done

# The packages are built as on a machine of their own: with the system's programs, and no settings of make.
mkdir -p "$3" && folder=$(cd "$3" && pwd) || exit 1
source=$folder/libdni-$version
rm -rf "${folder:?}"/*
sh make/dist.sh "$version" "$folder" && tar -x -C "$folder" -f "$source.tar.xz" &&
  mv "$source.tar.xz" "$folder/libdni_$version.orig.tar.xz" && cp -r "$source/$debian" "$source/debian" ||
  fail "there is no source to make packages of"
system() {
  (cd "$source" && env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="${HOME:-/}" LC_ALL=C.UTF-8 "$@")
}
system DEB_BUILD_OPTIONS="$DEB_BUILD_OPTIONS" dpkg-buildpackage -us -uc >"$folder/build.log" 2>&1 ||
  { tail -n 30 "$folder/build.log"; fail "dpkg-buildpackage fails; all it says is in $folder/build.log"; }
system lintian --allow-root --fail-on error,warning "$folder"/libdni_*.changes || complain "lintian is not content"

# Debian's flags have come through, beside the library's own.
flags=$(cat "$source/build/compiled-with")
for flag in -fstack-protector-strong -Wdate-time -O3 -fexceptions -fvisibility=hidden -std=c11; do
  case " $flags " in *" $flag "*) ;; *) complain "the library is compiled without $flag" ;; esac
done

root=$folder/root
for package in "$folder"/*.deb; do
  dpkg -x "$package" "$root" || complain "$package cannot be unpacked"
done
libraries=$root/usr/lib/$(dpkg-architecture -q DEB_HOST_MULTIARCH)
readelf -d "$libraries/libdni.so.$version" | grep -q 'FLAGS.*NOW' || complain "the library is linked without -z now"
for file in libdni.so libdni.a pkgconfig/libdni.pc cmake/dni/dni-config.cmake; do
  [ -e "$libraries/$file" ] || complain "libdni-dev does not have $file for several architectures"
done
[ -e "$root/usr/share/doc/libdni-dev/html/index.html" ] || complain "libdni-doc has no pages"
"$root/usr/bin/dni-info" --version >/dev/null || complain "libdni-bin's programs do not run"
paths=$(grep -r -l -I -F "$folder" "$root")
[ -z "$paths" ] || complain "the path of the build is in" $paths
for package in "$folder"/python3-dni_*.deb; do
  [ ! -e "$package" ] || dpkg-deb -f "$package" Depends | grep -q -F "libdni$abi (<< $version.1~)" ||
    complain "python3-dni takes a libdni$abi of another version, whose dni/research.h may be another one"
done
[ ! -e "$source/bindings/python/pyproject.toml" ] || (cd / && LD_LIBRARY_PATH=$libraries \
  PYTHONPATH=$root/usr/lib/python3/dist-packages /usr/bin/python3 -B -c 'import dni') ||
  complain "python3-dni cannot be imported"

# libdni.pc and the files for CMake say /usr; here it is below $root.
system PKG_CONFIG_PATH="$libraries/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root" CMAKE_PREFIX_PATH="$root/usr" \
  LD_LIBRARY_PATH="$libraries" AUTOPKGTEST_TMP="$(mktemp -d "$folder/program.XXXXXX")" \
  sh debian/tests/program >"$folder/program.log" 2>&1 ||
  { cat "$folder/program.log"; complain "a program cannot be built with libdni-dev"; }
ls "$folder"/*.deb | sed "s:^:  :"
exit $code

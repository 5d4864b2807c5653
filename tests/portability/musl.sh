#!/bin/sh
# zlib, jansson, xxhash and Check for musl, from Debian's sources, without touching the system: musl.sh FOLDER
#
# Debian has their libraries for its own C library alone. apt-get works in a state of its own and checks what
# it fetches; static libraries, headers and pkg-config files are put below FOLDER. It needs cmake and
# dpkg-dev's tools for no more than this.
set -eu
folder=$1 release=bookworm
[ ! -e "$folder/done" ] || exit 0
for program in musl-gcc cmake; do
  command -v $program >/dev/null || { echo "musl: $program is not there: install musl-tools and cmake"; exit 1; }
done
rm -rf "$folder"
mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial" "$folder/apt/parts"
cd "$folder"
root=$PWD
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep '/debian$' | head -n 1)
[ -n "$mirror" ] || { echo "musl: apt-get has no Debian mirror" >&2; exit 1; }
: >apt/status
echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main" >apt/sources.list

apt() {
  apt-get -qq -o Dir::State="$root/apt" -o Dir::State::status="$root/apt/status" -o Dir::Cache="$root/apt/cache" \
    -o Dir::Etc::sourcelist="$root/apt/sources.list" -o Dir::Etc::sourceparts="$root/apt/parts" \
    -o APT::Sandbox::User=root "$@"
}
apt update
apt --download-only source zlib jansson xxhash check
for archive in *.orig.tar.*; do
  tar xf "$archive"
done

# by_cmake SOURCE OPTIONS...
by_cmake() {
  source=$1
  shift
  cmake -S "$source" -B "build/$source" -DCMAKE_C_COMPILER=musl-gcc -DCMAKE_BUILD_TYPE=Release \
    -DBUILD_SHARED_LIBS=OFF -DCMAKE_INSTALL_PREFIX="$root" -DCMAKE_INSTALL_LIBDIR=lib "$@"
  cmake --build "build/$source"
  cmake --install "build/$source"
}

{
  (cd zlib-* && CC=musl-gcc ./configure --static --prefix="$root" && make libz.a &&
    mkdir -p "$root/lib/pkgconfig" "$root/include" && cp libz.a "$root/lib" && cp zlib.pc "$root/lib/pkgconfig" &&
    cp zlib.h zconf.h "$root/include")
  by_cmake jansson-* -DJANSSON_BUILD_DOCS=OFF -DJANSSON_WITHOUT_TESTS=ON -DJANSSON_EXAMPLES=OFF
  by_cmake check-* -DCHECK_ENABLE_TESTS=OFF -DCHECK_ENABLE_SUBUNIT=OFF -DCHECK_ENABLE_TIMEOUT_TESTS=OFF
  cp xxHash-*/xxhash.h include
  printf 'Name: xxhash\nDescription: its header\nVersion: 0.8.1\nCflags: -I%s/include\n' "$root" \
    >lib/pkgconfig/libxxhash.pc
  rm -f lib/*.so*
} >log 2>&1 || { tail -n 20 log; exit 1; }
rm -rf apt build ./*.dsc ./*.tar.*
touch done

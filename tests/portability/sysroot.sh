#!/bin/sh
# Packages for another architecture, from Debian's packages, without touching the system:
# sysroot.sh ARCHITECTURE SUITE FOLDER PACKAGE...
#
# apt-get works in a state of its own; the packages are unpacked below FOLDER. Links of shared
# libraries are removed, so that programs are linked with the static ones and run anywhere; but the C
# library's own parts belong together.
set -eu
architecture=$1 suite=$2 folder=$3
shift 3
[ "$(cat "$folder/done" 2>/dev/null)" != "$*" ] || exit 0
rm -rf "$folder"
mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial" "$folder/apt/parts"
cd "$folder"
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep '/debian$' | head -n 1)
[ -n "$mirror" ] || { echo "sysroot: apt-get has no Debian mirror" >&2; exit 1; }
: >apt/status
keys=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keys] $mirror $suite main" >apt/sources.list

apt() {
  apt-get -qq -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" \
    -o Dir::State="$PWD/apt" -o Dir::State::status="$PWD/apt/status" -o Dir::Cache="$PWD/apt/cache" \
    -o Dir::Etc::sourcelist="$PWD/apt/sources.list" -o Dir::Etc::sourceparts="$PWD/apt/parts" \
    -o APT::Sandbox::User=root "$@"
}
apt update
apt download "$@"
for package in *.deb; do
  dpkg-deb -x "$package" .
done
rm -rf apt ./*.deb
# Newer packages have all below /usr, and the link to it in a package of its own.
[ -e lib ] || ln -s usr/lib lib
find . -name "*.so" -type l ! -name libm.so -delete
echo "$*" >done

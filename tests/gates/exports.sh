#!/bin/sh
# The same functions are declared DNI_API in the headers, listed in lib/libdni.map and exported by
# the shared library; the newest version node is the headers' version.
set -u
export LC_ALL=C
: "${BUILD:=build}" "${NM:=nm}"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
map=lib/libdni.map
code=0

# Comments and preprocessor lines out; then each declaration from DNI_API to its parameters.
cat include/dni.h include/dni/*.h | grep -v '^ *#' | tr '\n' ' ' |
  sed 's:/\*[^*]*\*\**\([^/*][^*]*\*\**\)*/: :g' | grep -o 'DNI_API[^(]*(' | grep -v DNI_API.*DNI_API |
  sed 's/ *($//; s/.*[ *]//' | sort >"$work/headers"
grep -o '^ *dni_[a-z0-9_]*;' $map | tr -d ' ;' >"$work/map_order"
sort "$work/map_order" >"$work/map"
"$NM" -D --defined-only "$BUILD/lib/libdni.so" | sed 's/.* //; s/@.*//' |
  grep -v '^DNI_[0-9.]*$' | sort >"$work/library"

# complain FIRST SECOND TEXT: names in the first list and not in the second
complain() {
  comm -23 "$work/$1" "$work/$2" >"$work/difference"
  [ -s "$work/difference" ] || return
  sed "s|\$| $3|" "$work/difference"
  code=1
}
complain headers map "is declared in include/ and not in $map"
complain map headers "is in $map and not declared in include/"
complain map library "is in $map and not exported by libdni.so: is it defined?"
complain library map "is exported by libdni.so and not in $map"

for list in headers map; do
  repeated=$(uniq -d "$work/$list")
  [ -z "$repeated" ] || { echo "twice in $list: $repeated"; code=1; }
done

number() {
  sed -n "s/^#define DNI_VERSION_$1 //p" include/dni/status.h
}
node=$(sed -n 's/^\(DNI_[0-9.]*\) {.*/\1/p' $map | tail -n 1)
version=DNI_$(number MAJOR).$(number MINOR)
[ "$node" = "$version" ] || { echo "the newest node in $map is $node, the headers say $version"; code=1; }
[ -s "$work/headers" ] || { echo "found no DNI_API declaration at all"; code=1; }
exit $code

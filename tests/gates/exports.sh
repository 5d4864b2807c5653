#!/bin/sh
# The same functions are declared DNI_API in the headers, listed in lib/libdni.map and exported by
# the shared library, under the same symbol version: DNI_1.0 what dni.h declares, DNI_RESEARCH what
# dni/research.h declares.
set -u
export LC_ALL=C
: "${BUILD:=build}" "${NM:=nm}"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
map=lib/libdni.map
code=0

# declared VERSION FILES...: lines "function VERSION". Comments and preprocessor lines out; then each
# declaration from DNI_API to its parameters.
declared() {
  version=$1
  shift
  cat "$@" | grep -v '^ *#' | tr '\n' ' ' | sed 's:/\*[^*]*\*\**\([^/*][^*]*\*\**\)*/: :g' |
    grep -o 'DNI_API[^(]*(' | grep -v DNI_API.*DNI_API | sed "s/ *(\$/ $version/; s/.*[ *]\(dni_\)/\1/"
}

declared DNI_RESEARCH include/dni/research.h >"$work/research"
# shellcheck disable=SC2046 # file names without spaces
declared DNI_1.0 include/dni.h $(ls include/dni/*.h | grep -v /research.h) >"$work/promised"
[ -s "$work/promised" ] && [ -s "$work/research" ] || { echo "found no DNI_API declaration"; code=1; }
sort "$work/promised" "$work/research" >"$work/headers"

awk '/^DNI_[A-Z0-9._]* *{/ { node = $1 } /^ *dni_[a-z0-9_]*;/ { sub(";", ""); print $1, node }' \
  $map >"$work/map_order"
sort "$work/map_order" >"$work/map"
"$NM" -D --defined-only "$BUILD/lib/libdni.so" | sed 's/.* //; s/@@*/ /' |
  grep -v '^DNI_[A-Z0-9.]*\( \|$\)' | sort >"$work/library"

# complain FIRST SECOND TEXT: lines in the first list and not in the second
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
  repeated=$(cut -d ' ' -f 1 "$work/$list" | uniq -d)
  [ -z "$repeated" ] || { echo "twice in $list: $repeated"; code=1; }
done
for node in DNI_1.0 DNI_RESEARCH; do
  grep " $node\$" "$work/map_order" | sort -c 2>/dev/null || { echo "$map: $node is not sorted"; code=1; }
done
exit $code

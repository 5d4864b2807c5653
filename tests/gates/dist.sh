#!/bin/sh
# make dist gives the same bytes in another folder, from the unpacked tarball, for another umask, time zone,
# language and configuration of git. Its tarball has every file of the source, and can be built.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
. tests/build/common.sh
xz --version >/dev/null 2>&1 || { echo "xz is not there"; exit 77; }
[ ! -e .git ] || git rev-parse HEAD >/dev/null 2>&1 || { echo "git does not read this checkout"; exit 77; }

# dist NAME TREE UMASK VARIABLE...: a tarball in $work/NAME/dist.
dist() {
  out=$work/$1 tree=$2 mask=$3
  shift 3
  (cd "$tree" && umask "$mask" && env -i PATH="$PATH" HOME="${HOME:-/}" "$@" "$MAKE" BUILD="$out" dist) \
    >"$work/log" 2>&1 || complain "make dist fails in $tree"
}

dist first . 022
tarball=$(echo "$work"/first/dist/libdni-*.tar.xz)
[ -f "$tarball" ] || exit 1
# Names in order, and with their modes those of the commit.
tar -t -f "$tarball" | sed 's:/$::' | tr / '\001' | LC_ALL=C sort -c 2>/dev/null || complain "the names are not sorted"
if [ -e .git ]; then
  git ls-tree -r HEAD | sed 's/^100\(...\) [^\t]*\t/\1 /' | LC_ALL=C sort >"$work/source"
  tar -t -v -f "$tarball" | sed -n 's:^-rw-r--r-- .* [^ /]*/:644 :p; s:^-rwxr-xr-x .* [^ /]*/:755 :p' |
    LC_ALL=C sort >"$work/packed"
  diff "$work/source" "$work/packed" >"$work/log" || complain "the tarball (>) has other files than the commit (<)"
fi

# Without optimisation, to be quick. What is built in the tree is not packed.
mkdir "$work/an unpacked tree" && tar -x -C "$work/an unpacked tree" -f "$tarball"
unpacked=$(echo "$work/an unpacked tree"/libdni-*)
fresh_make -C "$unpacked" BLAS=none ${FILES:+FILES="$FILES"} CFLAGS= lib && [ -e "$unpacked/build/lib/libdni.so" ] ||
  complain "the unpacked tarball cannot be built"
for ignored in build/x bindings/python/build bindings/python/dni.egg-info bindings/node/node_modules tests/__pycache__; do
  mkdir -p "$unpacked/$ignored" && echo built >"$unpacked/$ignored/file"
done
dist second "$unpacked" 077 TZ=Asia/Kathmandu LC_ALL=C.UTF-8 XZ_OPT=-e TAR_OPTIONS=--exclude=*.h
cmp -s "$tarball" "$work/second/dist/${tarball##*/}" || complain "the unpacked tarball makes another tarball"

dist dated . 022 SOURCE_DATE_EPOCH=1000000000 GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.autocrlf GIT_CONFIG_VALUE_0=true
tar -x -O -f "$work/dated/dist/${tarball##*/}" "${unpacked##*/}/README.md" | cmp -s - "$unpacked/README.md" ||
  complain "the ends of lines are those that a setting of git asks for"
[ "$(tar -t -v --full-time --utc -f "$work/dated/dist/${tarball##*/}" | grep -c -v ' 0/0 .* 2001-09-09 01:46:40 ')" -eq 0 ] ||
  complain "not all files are of owner 0 and of the time SOURCE_DATE_EPOCH"
for date in '' soon; do
  fresh_make BUILD="$work/undated" SOURCE_DATE_EPOCH="$date" dist && complain "make dist accepts SOURCE_DATE_EPOCH='$date'"
done
exit $code

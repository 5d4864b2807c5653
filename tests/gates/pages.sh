#!/bin/sh
# The commands in README.md, docs/PACKAGES.md and the manual work, and so do their blocks for CMake and Meson.
#
# A command is a line of a block that is indented by four spaces. The commands of a page are run one after the other, by
# one shell, in a folder that looks like the checkout, with libdni installed below the home directory. What cannot be
# run is in the list below, with its reason. Other blocks are marked: for C see snippets.sh, for other languages
# tests/bindings/manual.sh; `text` is what programs print.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
. tests/build/common.sh
pages="README.md docs/PACKAGES.md docs/manual/*.md"
case ${CFLAGS:-} in *-fsanitize*) echo "other programs cannot be linked with a sanitized library"; exit 77 ;; esac
for program in bin/dni-train examples/mnist; do
  [ -x "$BUILD/$program" ] || { echo "$BUILD/$program is not there: built without files, or not yet"; exit 77; }
done

# command | reason
cat >"$work/not_run" <<'LIST'
make | it is what made the build that is looked at here
make check | it runs this gate
make BLAS=blis | another build: tests/build/settings.sh
make BLAS=none | another build: make check-builtin
make FILES=none | another build: make check-matrix
sudo make install | for root: tests/build/readme.sh
make deps | installs packages
make mnist | minutes, and installs packages
make reproduce | hours
make reproduce-quick | minutes
make bench | minutes
make bench-peers | minutes, and installs PyTorch
make dist | tests/gates/dist.sh
make check-packages | minutes, and installs packages
build/examples/mnist --backend cblas --method sg-all | the build may be without a BLAS
build/examples/mnist --backend /path/to/libblis.so --method sg-all | the path stands for another one
python3 -m venv env | what pip makes is looked at in tests/bindings/pip.sh
env/bin/pip install ./bindings/python | fetches NumPy, and builds the library again: tests/bindings/pip.sh
env/bin/python xor.py | needs the lines above: tests/bindings/manual.sh
luajit xor.lua | the machine may be without LuaJIT: tests/bindings/manual.sh
npm install --install-links /path/to/libdni/bindings/node | fetches koffi
node xor.js | needs koffi: tests/bindings/manual.sh
dni-train DATA | DATA stands for a path: tests/gates/programs.sh
dni-info FILE... | FILE stands for a path: tests/gates/programs.sh
LIST

# One line for each block's line: page, number, kind (command or the mark of a fence) and text, with tabs between.
# shellcheck disable=SC2086 # a pattern
awk -v OFS='\t' '
  FNR == 1 { kind = ""; previous = "" }
  /^```/ { kind = kind != "" ? "" : substr($0, 4); if (kind == "" && $0 != "```") kind = "unmarked"; previous = $0; next }
  kind != "" { print FILENAME, FNR, kind, $0; next }
  /^    / && (previous == "" || inside) { inside = 1; print FILENAME, FNR, "command", substr($0, 5); previous = $0; next }
  { inside = 0; previous = $0 }
' $pages >"$work/lines"
cut -f 1,3 "$work/lines" | sort -u | while read -r page kind; do
  case $kind in
  c | command | text) ;;
  cmake | meson) [ "$page" = docs/PACKAGES.md ] || echo "$page has $kind, which nothing runs" ;;
  cpp | python | lua | js) grep -q -F "$page" tests/bindings/manual.sh || echo "$page has $kind, which nothing runs" ;;
  *) echo "$page: nothing runs blocks that are marked $kind" ;;
  esac
done >"$work/unknown"
[ ! -s "$work/unknown" ] || complain "$(cat "$work/unknown")"

# The folder that looks like the checkout; the build is the real one.
checkout=$work/checkout home=$work/home
mkdir -p "$checkout/data" "$home"
for name in Makefile make include lib bindings examples programs tests docs; do
  ln -s "$PWD/$name" "$checkout/$name"
done
ln -s "$(cd "$BUILD" && pwd)" "$checkout/build"
ln -s "$PWD/examples/mnist_sample" "$checkout/data/mnist"
cp tests/outside/loop.c "$checkout/program.c"
cp tests/outside/plugin.c "$checkout"
awk -v OFS=, 'BEGIN { for (i = 0; i < 200; i++) print i * 7 % 13, i * 5 % 11, (i * 7 % 13 > i * 5 % 11) }' >"$checkout/table.csv"
cp "$checkout/table.csv" "$checkout/other.csv"
# in_checkout COMMAND...: as a user who has installed libdni as README.md says, without root.
in_checkout() {
  (cd "$checkout" && env -i PATH="$home/dni/bin:$PATH" HOME="$home" \
    PKG_CONFIG_PATH="$home/dni/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}" \
    LD_LIBRARY_PATH="$home/dni/lib" CMAKE_PREFIX_PATH="$home/dni" "$@") >"$work/log" 2>&1
}
in_checkout "$MAKE" install PREFIX="$home/dni" || { complain "make install fails"; exit 1; }

# block PAGE KIND: all blocks of this kind on the page, one after the other.
block() {
  awk -F '\t' -v page="$1" -v kind="$2" '$1 == page && $3 == kind { sub(/^[^\t]*\t[^\t]*\t[^\t]*\t/, ""); print }' "$work/lines"
}

# Commands, without comments. Training is shortened.
awk -F '\t' '$3 == "command" { sub(/ *# .*/, "", $4); line = line $4 }
  $3 == "command" && sub(/\\$/, "", line) { next } # it goes on in the next line
  $3 == "command" { print $1 "\t" $2 "\t" line; line = "" }' "$work/lines" >"$work/commands"
sed 's/ *|.*//' "$work/not_run" >"$work/known"
cut -f 3 "$work/commands" | sort -u | grep -v -x -F -f - "$work/known" >"$work/stale" &&
  complain "no page has these any more, which are listed in $0 as not run: $(cat "$work/stale")"
sed -n 's/^make \([a-z-]*\)$/\1/p' "$work/known" | while read -r target; do
  grep -q "^$target:" Makefile make/*.mk || echo "make $target"
done >"$work/stale"
[ ! -s "$work/stale" ] || complain "these targets are not there: $(cat "$work/stale")"
for page in $pages; do
  awk -F '\t' -v page="$page" -v known="$work/known" '
    BEGIN { while ((getline line <known) > 0) skip[line] = 1; print "set -e" }
    $1 == page && !($3 in skip) {
      if ($3 ~ /^(build\/examples\/mnist|dni-train data)/) $3 = $3 " --steps 2"
      print "at=" $1 ":" $2; print $3
    }' "$work/commands" >"$work/script"
  [ "$(wc -l <"$work/script")" -gt 1 ] || continue
  echo 'at=' >>"$work/script"
  # What the reader has put into a file: the first whole program of the page.
  block "$page" c | awk '/^#include <dni.h>/ { text = "" } { text = text $0 "\n" } /^int main/ { main = 1 }
    main && /^}/ { printf "%s", text; exit }' >"$checkout/xor.c"
  block "$page" cpp >"$checkout/xor.cpp"
  in_checkout sh -c 'trap "[ -z \"\$at\" ] || echo \"\$at: this command fails\"" EXIT; . "$1"' sh "$work/script" ||
    complain "$page"
done
readelf -d "$checkout/plugin.so" | grep 'NEEDED.*libdni' && complain "docs/manual/embedding.md: the plugin needs libdni.so"

# project TOOL FILE COMMAND: the block of docs/PACKAGES.md for this tool follows standard input in FILE, and the command
# builds the project, which has a program of one file.
project() {
  mkdir "$checkout/$1" && cp tests/outside/loop.c "$checkout/$1/program.c"
  block docs/PACKAGES.md "$1" >"$work/block"
  [ -s "$work/block" ] || complain "docs/PACKAGES.md has no block for $1"
  cat - "$work/block" >"$checkout/$1/$2"
  in_checkout sh -c "$3" && in_checkout "$1/build/program" || complain "docs/PACKAGES.md: the block for $1"
}
if command -v cmake >/dev/null; then
  project cmake CMakeLists.txt 'cmake -S cmake -B cmake/build && cmake --build cmake/build' <<'HEAD'
cmake_minimum_required(VERSION 3.12)
project(program C)
add_executable(program program.c)
HEAD
fi
if command -v meson >/dev/null && command -v ninja >/dev/null; then
  project meson meson.build 'meson setup meson/build meson && meson compile -C meson/build' <<'HEAD'
project('program', 'c')
HEAD
fi
exit $code

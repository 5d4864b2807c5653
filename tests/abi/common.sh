# What the scripts about the binary interface share. It is read with `.` from the top of the tree, by a
# script that has made a folder $work of its own.
: "${CC:=cc}"
machine=$(uname -m)
stored=tests/abi

# version HEADERS: the major and minor version of a folder with dni.h and dni/.
version() {
  sed -n 's/^#define DNI_VERSION_M[AI][JN]OR //p' "$1/dni/status.h" | paste -s -d . -
}

# promise FILE: what tests/header_test.c holds of the promised headers.
promise() {
  sed '/^#include <dni\/research.h>/d; /^\/\* dni\/research.h/,$d' "$1" |
    awk '!NF { blank = blank "\n"; next } { printf "%s%s\n", blank, $0; blank = "" }'
}

# stub HEADERS MAP LIBRARY: a shared library made from headers alone, in which each function that dni.h
# declares DNI_API does nothing. Debug information about it is about the promise alone: no internal
# struct and nothing of dni/research.h is in it. MAP is the library's version script.
stub() {
  # The preprocessor takes comments and macros away; what is left of DNI_API marks the declarations.
  {
    echo '#include <dni.h>'
    # shellcheck disable=SC2086 # a compiler with options
    echo '#include <dni.h>' | $CC -E -P "-I$1" -x c - | awk '
      BEGIN { RS = ";"; mark = "visibility(\"default\")))" }
      index($0, mark) {
        gsub(/[ \t\n]+/, " ")
        print substr($0, index($0, mark) + length(mark)), "{ for (;;); }"
      }'
  } >"$work/stub.c"
  # shellcheck disable=SC2086 # a compiler with options
  $CC -std=c99 -g -O0 -w -fPIC "-I$1" -shared -Wl,-soname,"$(soname)" "-Wl,--version-script=$2" \
    -o "$3" "$work/stub.c"
}

# The name by which programs ask for the library; the number in it is the Makefile's.
soname() {
  sed -n 's/^ABI *:= */libdni.so./p' Makefile
}

# describe LIBRARY FILE: the functions and types of a library with debug information, without places in
# files and names of parameters.
describe() {
  abidw --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed --no-parameter-names \
    --type-id-style hash --out-file "$2.long" "$1" && sed "s| path='$work/| path='|" "$2.long" >"$2"
}

# compare OLD LIBRARY: does the library keep what the description OLD promises? Says what it breaks.
compare() {
  describe "$2" "$work/whole.abi" &&
    awk -f $stored/known.awk "$1" "$work/whole.abi" >"$work/present.abi" &&
    abidiff --harmless --no-added-syms "$1" "$work/present.abi"
}

# base FILE: the newest stored description for this machine. Where there is none, one of the newest kept
# headers, which is as good as long as the compiler lays out structs as it always did.
base() {
  newest=$(ls $stored/libdni-*-"$machine".abi 2>/dev/null | sort -V | tail -n 1)
  [ -n "$newest" ] && cp "$newest" "$1" && return
  newest=$(ls -d $stored/[0-9]*.[0-9]* | sort -V | tail -n 1)
  stub "$newest" lib/libdni.map "$work/base.so" && describe "$work/base.so" "$1"
}

# What the checks of bindings share. The five programs are the same in all languages: C's output is expected.
set -u
: "${BUILD:=build}" "${CC:=cc}" "${CXX:=c++}" "${CFLAGS:=}" "${LDFLAGS:=}"
case $CFLAGS in *-fsanitize*) echo "other programs cannot load a sanitized library"; exit 77 ;; esac
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
top=$(pwd) library=$(cd "$BUILD/lib" && pwd) || exit 1
sample=$top/examples/mnist_sample
programs='mnist custom_loop custom_sg threads resume'
# With FILES=none the library reads no MNIST.
files=$(sed -n 's/^FILES *:*= *//p' "$BUILD/settings.mk" 2>/dev/null)
[ "$files" != none ] || { echo "built without files"; exit 77; }
export DNI_LIBRARY="$library/libdni.so" LD_LIBRARY_PATH="$library" TMPDIR="$work"
code=0

complain() {
  echo "$*"
  code=1
}

# expect PROGRAM: what C prints goes into $work/PROGRAM.
expect() {
  # shellcheck disable=SC2086 # flags
  $CC -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror -Iinclude $CFLAGS -o "$work/c_$1" \
    "bindings/c/$1.c" $LDFLAGS -L"$library" -ldni && "$work/c_$1" "$sample" >"$work/$1"
}

# same LANGUAGE PROGRAM COMMAND...: the command prints what C prints. On threads, how late targets are learned
# depends on timing, so there the accuracy is only about the same.
same() {
  language=$1 program=$2
  shift 2
  expect "$program" || { complain "bindings/c/$program.c fails"; return; }
  "$@" "$sample" >"$work/got" || { complain "$language: $program fails"; return; }
  if [ "$program" = threads ]; then
    [ "$(head -n 1 "$work/got")" = "$(head -n 1 "$work/threads")" ] ||
      complain "$language: $program: $(head -n 1 "$work/got")"
    awk '/accuracy/ { accuracy = $3 } END { exit accuracy < 75 }' "$work/got" ||
      complain "$language: $program: $(tail -n 1 "$work/got")"
  else
    diff "$work/$program" "$work/got" || complain "$language: $program: C (<) and $language (>) differ"
  fi
}

# short LANGUAGE FILE...: each program has under 100 lines.
short() {
  language=$1
  shift
  for file; do
    [ "$(wc -l <"$file")" -lt 100 ] || complain "$language: $file has 100 lines or more"
  done
}

#!/bin/sh
# The checks of the binary interface see what they should see. Headers are changed in a copy, one change
# at a time, and a library is made of each copy, in which each function does nothing. What breaks programs
# has to fail: against the description in tests/abi, or, as constants are not in a library, in
# the promise that is kept beside it. Appended fields and new functions have to pass.
set -u
export LC_ALL=C
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
. tests/abi/common.sh
command -v abidw >/dev/null || { echo "abidw is not there (abigail-tools)"; exit 77; }
code=0
base "$work/base.abi" || exit 1
promise=$(ls tests/abi/[0-9]*/promise.c | sort -V | tail -n 1)

# change HEADER SCRIPT [SCRIPT OF THE MAP]: a copy of headers and map, changed by sed -E. The copy is of
# the headers that the description is of: the present ones may be about to change.
change() {
  rm -rf "$work/include"
  cp -r "${promise%/*}" "$work/include"
  sed -E "$2" "${promise%/*}/$1" >"$work/include/$1"
  sed -E "${3:-}" lib/libdni.map >"$work/map"
  [ -n "${3:-}" ] && ! cmp -s "$work/map" lib/libdni.map && return
  ! cmp -s "$work/include/$1" "${promise%/*}/$1"
}

# Does the changed copy keep what the description, or the promise, has? 0 yes, 4 and 12 no.
check_description() {
  stub "$work/include" "$work/map" "$work/stub.so" && compare "$work/base.abi" "$work/stub.so"
}

check_promise() {
  compiles() {
    # shellcheck disable=SC2086 # a compiler with options
    $CC -std=c99 -w -fsyntax-only "-I$work/include" -x c "$1"
  }
  compiles "$work/include/dni.h" || return 1
  compiles "$promise" || return 4
}

# expect kept|broken description|promise WHAT HEADER SCRIPT [SCRIPT OF THE MAP]
expect() {
  wanted=$1 check=$2 what=$3
  shift 3
  change "$@" || { echo "$what: nothing changed: this test has to follow the headers"; code=1; return; }
  "check_$check" >"$work/log" 2>&1
  case $? in
  0) found=kept ;;
  4 | 12) found=broken ;;
  *) found='no answer' ;;
  esac
  [ "$found" = "$wanted" ] && return
  echo "$what: by the $check $found, and should be $wanted"
  cat "$work/log"
  code=1
}

more='double more; void *more_still;'
expect broken description 'a function is gone' dni/sg.h 's/^DNI_API (.*dni_sg_units)/\1/'
expect broken description 'a function left its node' dni/sg.h '' 's/DNI_1\.0/DNI_9.9/'
expect broken description 'a parameter became narrower' dni/sg.h \
  's/(dni_sg_create_zero\(.*, )size_t units/\1int32_t units/'
expect broken description 'a parameter more' dni/status.h 's/dni_version\(void\)/dni_version(int32_t x)/'
expect broken description 'another type is returned' dni/sg.h \
  's/^DNI_API size_t dni_sg_units/DNI_API int32_t dni_sg_units/'
expect broken description 'statuses have no sign' dni/status.h \
  's/^typedef int32_t dni_status/typedef uint32_t dni_status/'
expect broken description 'a callback has a parameter more' dni/layer.h \
  's/(\*forward\)\(void \*user, )/\1int32_t more, /'
expect broken description 'a field in the middle' dni/matrix.h \
  '/^typedef struct dni_batch /,/^}/s/^  const dni_matrix \*y;/  const dni_matrix *more; &/'
expect broken description 'a field of another type, of the same size' dni/dataset.h \
  's/^  double offset;/  int64_t offset;/'
expect broken description 'that, and fields at the end' dni/dataset.h \
  "s/^  double offset;/  int64_t offset;/; s/^\} dni_[a-z]*_options;/$more &/"
expect broken description 'two fields changed places' dni/sg.h \
  '/^typedef struct dni_lesson_report /,/^}/{s/ mse;/ other;/; s/ cosine;/ mse;/; s/ other;/ cosine;/}'
expect broken description 'a field is gone' dni/sg.h '/^  double own_loss;/d'
expect broken description 'dni_matrix has grown' dni/matrix.h "s/^\} dni_matrix;/$more &/"
expect broken promise 'a constant has another value' dni/status.h \
  's/^  DNI_ERROR_IO = 4/  DNI_ERROR_IO = 44/'
expect broken promise 'a constant is gone' dni/status.h '/^  DNI_ERROR_IO = 4/d'
expect broken promise 'a field has moved' dni/matrix.h \
  '/^typedef struct dni_batch /,/^}/s/^  const dni_matrix \*y;/  const dni_matrix *more; &/'

for check in description promise; do
  expect kept $check 'fields at the end' dni/trainer.h "s/^\} dni_[a-z]*(_options|_report);/$more &/"
  expect kept $check 'fields at the end of what callbacks see' dni/layer.h "s/^\} dni_layer_call;/$more &/"
  expect kept $check 'a new function' dni/types.h \
    '$s/.*/DNI_API int32_t dni_more(dni_kind kind);\n&/' 's/^  dni_version;/  dni_more;\n&/'
  expect kept $check 'a new constant' dni/status.h 's/^  DNI_STATUS_CALLER = /  DNI_ERROR_MORE = 12, &/'
done
exit $code

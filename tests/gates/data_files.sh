#!/bin/sh
# The programs that read data of the user's own (tabular, mnist), with files as people have them: what
# spreadsheets, editors, archives and broken downloads leave. Each is read, or refused with exit code 1
# and one line that names the file and the reason.
set -u
: "${BUILD:=build}"
sample=examples/mnist_sample
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
code=0

complain() {
  echo "$*"
  code=1
}

# run PROGRAM ARGUMENTS...; the exit code is in status
run() {
  program=$BUILD/examples/$1
  shift
  timeout 60 "$program" "$@" >"$work/out" 2>"$work/err"
  status=$?
}

# refused WORDS WHAT: the last run failed with one line that has the words, and printed nothing
refused() {
  [ "$status" -eq 1 ] && [ "$(wc -l <"$work/err")" -eq 1 ] && [ ! -s "$work/out" ] &&
    grep -qe "$1" "$work/err" || complain "$2: exit code $status: $(cat "$work/err")"
}

# Tables. -------------------------------------------------------------------------------------------

table=$work/table.csv
awk 'BEGIN { for (i = 0; i < 60; i++) print i % 7 "," i % 5 "," (i % 7 > 3) }' >"$work/plain.csv"
run tabular --epochs 2 --json "$work/plain.csv"
cp "$work/out" "$work/expected"
[ "$status" -eq 0 ] || complain "tabular: $(cat "$work/err")"

# same WHAT OPTIONS...: the table gives the numbers of the plain one
same() {
  what=$1
  shift
  run tabular --epochs 2 --json "$@" "$table"
  [ "$status" -eq 0 ] && cmp -s "$work/out" "$work/expected" ||
    complain "tabular, $what: $(cat "$work/err" "$work/out")"
}

sed 's/$/\r/' "$work/plain.csv" >"$table" && same 'CR LF'
tr '\n' '\r' <"$work/plain.csv" >"$table" && same 'CR'
printf '\357\273\277' | cat - "$work/plain.csv" >"$table" && same 'a byte-order mark'
head -c -1 "$work/plain.csv" >"$table" && same 'no last newline'
printf '\n\n \n' | cat "$work/plain.csv" - >"$table" && same 'empty lines at the end'
sed 's/\([0-9]\)/"\1"/g' "$work/plain.csv" >"$table" && same 'quotes'
sed 's/,/ , /g' "$work/plain.csv" >"$table" && same 'spaces'
printf '# made by hand\n' | cat - "$work/plain.csv" >"$table" && same 'a comment'
printf 'a,b,"label, of\n' | cat - "$work/plain.csv" >"$table" && same 'a header' --header 1
gzip -c "$work/plain.csv" >"$table" && same 'gzip'
head -c 4096 /dev/zero >>"$table" && same 'gzip and padding'
head -n 20 "$work/plain.csv" | gzip -c >"$table"
tail -n +21 "$work/plain.csv" | gzip -c >>"$table" && same 'gzip in two members'
rm "$table" && mkfifo "$table"
cat "$work/plain.csv" >"$table" &
same 'a pipe'
wait
rm "$table"
awk -F, '{ print $3 "," $1 "," $2 }' "$work/plain.csv" >"$table" && same 'labels first' --labels-first

# bad WORDS: the table on standard input is refused
bad() {
  cat >"$table"
  run tabular "$table"
  refused "table.csv$1" "tabular, $1"
}

printf 'a,b,label\n1,2,0\n' | bad ":1: column 1: 'a' is not a number (header_lines"
printf '1,2,0\n3,,1\n' | bad ':2: column 2 is empty'
printf '1,2,0\n,,\n' | bad ':2: column 1 is empty'
printf '1,2,0\n3,4\n' | bad ':2: 2 columns, expected 3'
printf '1,2,0\n3,4,5,1\n' | bad ':2: 4 columns, expected 3'
printf '1,2,0\n3,nan,1\n' | bad ":2: column 2: 'nan' is not finite"
printf '1,2,0\n3,NA,1\n' | bad ":2: column 2: 'NA' is not a number"
printf '1,2,0\n3,0x10,1\n' | bad ":2: column 2: '0x10' is not a number"
printf '1,2,0\n3,1e39,1\n' | bad ":2: column 2: '1e39' is not finite or out of range"
printf '1,2,0\n3,4,setosa\n' | bad ":2: column 3: 'setosa' is not a label 0 to 1"
printf '1,2,0\n3,4,2\n' | bad ":2: column 3: '2' is not a label 0 to 1"
printf '1;2;0\n' | bad ':1: 1 columns'
printf '1\t2\t0\n' | bad ':1: 1 columns'
printf '1,2,0\n3,\0004,1\n' | bad ':2: not a text file'
printf '\377\3761\000,\000' | bad ': is UTF-16'
printf '\376\377\0001\000,' | bad ': is UTF-16'
printf 'PK\003\004' | bad ': is a zip archive'
printf '' | bad ': no rows'
printf '\n\n' | bad ': no rows'
gzip -c "$work/plain.csv" | head -c 40 | bad ': truncated gzip data'
(gzip -c "$work/plain.csv" && echo text) | bad ': 5 bytes follow the compressed data'
awk 'BEGIN { for (i = 0; i < 300000; i++) printf "9"; print ",x,0" }' | bad ':1: column 1: .*out of range'

run tabular "$work/missing"
refused 'missing: cannot open: No such file' 'tabular, a missing file'
run tabular "$work"
refused 'cannot read: Is a directory' 'tabular, a directory'
run tabular ''
refused "'': cannot open: No such file" 'tabular, an empty path'
[ "$(id -u)" -eq 0 ] || {
  cp "$work/plain.csv" "$work/secret" && chmod 000 "$work/secret"
  run tabular "$work/secret"
  refused 'secret: cannot open: Permission denied' 'tabular, no right to read'
}

# Digits. -------------------------------------------------------------------------------------------

images=train-images-idx3-ubyte
quick="--depth 1 --width 8 --batch 50 --steps 2 --method sg --json"
digits=$work/digits

# A folder with plain copies of the sample.
unpack() {
  rm -rf "$digits" && mkdir "$digits" && cp "$sample"/*.gz "$digits" && gunzip "$digits"/*.gz
}

# numbers WHAT: the digits give the numbers of the sample
numbers() {
  # shellcheck disable=SC2086 # options
  run mnist --data "$digits" $quick
  sed -E 's/"(ms_per_step|seconds|seconds_to_975|data)":[^,]*,//g' "$work/out" >"$work/numbers"
  [ "$status" -eq 0 ] || complain "mnist, $1: $(cat "$work/err")"
  [ -s "$work/sample" ] || cp "$work/numbers" "$work/sample"
  cmp -s "$work/numbers" "$work/sample" || complain "mnist, $1: other numbers"
}

each_file() {
  for file in "$digits"/*; do
    "$@" "$file"
  done
}

dotted() { mv "$1" "${1%/*}/$(echo "${1##*/}" | sed 's/-idx/.idx/')"; }
packed() { gzip "$1"; }
# As Kaggle has it: train-images-idx3-ubyte/train-images-idx3-ubyte, and the same with a dot
nested() { mv "$1" "$1.file" && mkdir "$1" && mv "$1.file" "$1/${1##*/}"; }
nested_dotted() { nested "$1" && dotted "$1/${1##*/}"; }
beside() { mkdir "$1.folder" && cp "$1" "$1.folder/${1##*/}" && dotted "$1" && mv "$1.folder" "$1"; }
padded() { gzip "$1" && head -c 512 /dev/zero >>"$1.gz"; }

unpack && numbers 'plain files'
for form in dotted packed nested nested_dotted beside padded; do
  unpack && each_file $form && numbers "$form"
done
unpack && each_file nested && for file in "$digits"/*; do gzip "$file"/*; done && numbers 'nested, gzip'

# wrong WORDS: the digits are refused
wrong() {
  # shellcheck disable=SC2086 # options
  run mnist --data "$digits" $quick
  refused "$1" "mnist, $1"
}

# header BYTES: these at the start of the training images
header() {
  # shellcheck disable=SC2059 # octal numbers
  unpack && printf "$1" | dd of="$digits/$images" conv=notrunc 2>/dev/null
}

unpack && rm "$digits/$images" && wrong 'there is no train-images-idx3-ubyte'
unpack && rm "$digits/$images" && mkdir "$digits/$images" && wrong 'there is no train-images-idx3-ubyte'
unpack && : >"$digits/$images" && wrong "$images: the file is empty"
unpack && echo '<!DOCTYPE html>' >"$digits/$images" && wrong "$images: not an IDX file"
unpack && printf 'PK\003\004' >"$digits/$images" && wrong "$images: is a zip archive"
unpack && echo x >>"$digits/$images" && wrong "$images: trailing bytes"
unpack && truncate -s -1 "$digits/$images" && wrong "$images: truncated"
unpack && truncate -s 10 "$digits/$images" && wrong "$images: truncated in its header"
unpack && gzip "$digits/$images" && echo x >>"$digits/$images.gz" && wrong ': 2 bytes follow'
unpack && gzip "$digits/$images" && truncate -s -9 "$digits/$images.gz" && wrong ': truncated gzip'
unpack && cp "$digits/train-labels-idx1-ubyte" "$digits/$images" && wrong "$images: rank 1, expected 2"
unpack && cp "$digits/$images" "$digits/train-labels-idx1-ubyte" && wrong 'labels.*: rank 3, expected 1'
unpack && cp "$digits/t10k-labels-idx1-ubyte" "$digits/train-labels-idx1-ubyte" &&
  wrong 'train-labels.*labels, but .*images'
header '\000\000\015' && wrong "$images: IDX element type 0d, expected 08 (bytes)"
header '\000\000\010\003\000\000\000\000' && wrong "$images: 0 items of 784 bytes"
header '\001\000\010' && wrong "$images: not an IDX file"
header '\000\000\010\003\377\377\377\377\377\377\377\377\377\377\377\377' && wrong "$images: .*overflow"
header '\000\000\010\003\000\001\000\000' && wrong "$images: truncated: 65536 items"
exit $code

#!/bin/sh
# shellcheck disable=SC2015 # a && b || complain: also when a is true and b is not
# The files of dni-train: nothing is written over what is read, whatever names lead to it; pipes and devices are
# refused before any work or, where that makes sense, written; what cannot be written leaves the old file and hides no
# other result; odd names do not break a line or a figure.
set -u
: "${BUILD:=build}"
train=$PWD/$BUILD/bin/dni-train sample=$PWD/examples/mnist_sample
case $BUILD in /*) train=$BUILD/bin/dni-train ;; esac
[ -x "$train" ] || {
  echo "no programs: built with FILES=none"
  exit 77
}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
code=0

complain() {
  echo "$*"
  code=1
}

# refused CODE WORDS ARGUMENTS...: one line on stderr that has the words, nothing on stdout, in time
refused() {
  wanted=$1 words=$2
  shift 2
  timeout 60 "$train" --width 8 --steps 5 "$@" >out 2>err
  status=$?
  [ $status -eq "$wanted" ] && [ "$(wc -l <err)" -eq 1 ] && [ ! -s out ] && grep -qe "$words" err ||
    complain "$*: exit code $status, not $wanted and '$words': $(cat err)"
}

awk 'BEGIN { for (i = 0; i < 60; i++) print i * 37 % 101 "," i * 53 % 97 "," i % 2 }' >table.csv
cp table.csv original.csv
gzip -dc "$sample/t10k-images-idx3-ubyte.gz" >my-images-idx3-ubyte
gzip -dc "$sample/t10k-labels-idx1-ubyte.gz" >my-labels-idx1-ubyte
cp -r "$sample" folder

# One file by two names. ----------------------------------------------------------------------------

ln -s table.csv link.csv
ln table.csv hard.csv
for name in table.csv ./table.csv "$work/table.csv" link.csv hard.csv; do
  for option in save checkpoint predict json-file figure; do
    refused 2 "--$option and DATA name one file" --$option "$name" table.csv
  done
  refused 2 '--predict and --validation name one file' --predict "$name" --validation table.csv original.csv
done
cmp -s table.csv original.csv || complain "DATA was changed"
refused 2 '--predict and DATA' --predict my-labels-idx1-ubyte my-images-idx3-ubyte
refused 2 '--predict and DATA' --predict table.csv --labels table.csv my-images-idx3-ubyte
refused 2 '--predict and DATA' --predict ./folder/t10k-labels-idx1-ubyte.gz folder
refused 2 '--save and --predict name one file' --save new --predict ./new table.csv
refused 2 '--json-file and --figure name one file' --json-file "$work/new" --figure new table.csv
[ ! -e new ] || complain "what was refused has made a file"

# A network may take the place of the one that it began with, and nothing else may.
"$train" --width 8 --steps 5 --save net table.csv >out 2>err &&
  "$train" --steps 5 --load net --save ./net table.csv >out 2>err || complain "--load and --save: $(cat err)"
for option in checkpoint predict json-file figure; do
  timeout 60 "$train" --steps 5 --load net --$option ./net table.csv >out 2>err
  [ $? -eq 2 ] && grep -q -e "--$option and --load name one file" err || complain "--load and --$option: $(cat err)"
done

# Pipes and devices. --------------------------------------------------------------------------------

mkfifo pipe
refused 1 'pipe: is not a regular file' pipe
refused 1 'pipe: is not a regular file' --validation pipe table.csv
refused 1 'pipe: is not a regular file' --labels pipe my-images-idx3-ubyte
refused 1 'pipe: is not a regular file' --validation table.csv --validation-labels pipe table.csv
refused 1 'folder: is a directory' --validation folder table.csv
refused 1 '/dev/zero: is not a regular file' /dev/zero
# shellcheck disable=SC2002 # a pipe is meant
cat table.csv | timeout 60 "$train" /dev/stdin >out 2>err
grep -q 'not a regular file' err || complain "a pipe on standard input: $(cat err)"
timeout 60 "$train" --steps 5 /dev/stdin <table.csv >out 2>err || complain "a file on standard input: $(cat err)"
for option in save checkpoint; do
  refused 1 "--$option /dev/null: is not a regular file" --$option /dev/null table.csv
done
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
  chmod 755 .
  setpriv --reuid=65534 --regid=65534 --clear-groups "$train" --steps 5 --json-file /dev/null table.csv >out 2>err ||
    complain "/dev/null of an ordinary user: $(cat err)"
fi

# What cannot be written. ---------------------------------------------------------------------------

"$train" --width 8 --steps 5 --predict /dev/full --save saved --json-file saved.json --figure saved.svg table.csv \
  >out 2>err
[ $? -eq 1 ] && [ "$(wc -l <err)" -eq 1 ] && [ -s saved ] && [ -s saved.json ] && [ -s saved.svg ] ||
  complain "a full disk hides the other results: $(cat err)"

# With files of at most one block the answers do not fit.
for option in predict json-file figure; do
  echo old >"old.$option"
  (
    ulimit -f 1
    trap '' XFSZ
    "$train" --width 8 --steps 200 --evaluate-every 2 --$option "old.$option" table.csv >/dev/null 2>err
  )
  [ "$(cat "old.$option")" = old ] && grep -q -e "--$option old.$option: cannot be written" err ||
    complain "--$option: a failure changes the old file: $(cat err)"
done
[ -z "$(ls old.*.?????? 2>/dev/null)" ] || complain "left behind: $(ls old.*)"

# Links and permissions stay; a new file has those of any other.
echo old >there.csv
chmod 640 there.csv
ln -s there.csv to-there.csv
ln -s nowhere-yet.csv to-nowhere.csv
for name in to-there.csv to-nowhere.csv fresh.csv; do
  "$train" --width 8 --steps 5 --predict $name table.csv >out 2>err || complain "--predict $name: $(cat err)"
done
[ -L to-there.csv ] && [ "$(wc -l <there.csv)" -eq 61 ] && [ "$(wc -l <nowhere-yet.csv)" -eq 61 ] ||
  complain "--predict: links are not followed"
case $(ls -l there.csv) in -rw-r-----*) ;; *) complain "--predict: $(ls -l there.csv)" ;; esac
: >usual
[ "$(ls -l fresh.csv | cut -c 1-10)" = "$(ls -l usual | cut -c 1-10)" ] || complain "--predict: $(ls -l fresh.csv)"

# Odd names. ----------------------------------------------------------------------------------------

odd=$(printf 'a\nb\033[1m <&>\303\251\377.csv')
cp table.csv "$odd"
refused 1 '^dni-train: no\\x0asuch\\x1b: No such file' "$(printf 'no\nsuch\033')"
"$train" --width 8 --steps 5 --figure odd.svg --json-file odd.json --predict "$odd.answers" "$odd" >out 2>err ||
  complain "an odd name: $(cat err)"
head -n 1 out | LC_ALL=C grep -q '^a\\x0ab\\x1b.* 2 features' || complain "an odd name: $(head -n 2 out)"
[ "$(wc -l <"$odd.answers")" -eq 61 ] || complain "an odd name: no answers"
! command -v python3 >/dev/null || python3 -c 'import json, xml.dom.minidom
xml.dom.minidom.parse("odd.svg")
assert json.load(open("odd.json"))["data"]["path"].startswith("a\nb")' || complain "an odd name breaks a file"

# Closed standard error: no other file gets its number.
if [ -e /proc/self/fd/2 ]; then
  : >out # an old epoch is none of this training
  "$train" --width 8 --steps 2000000 table.csv >out 2>&- &
  process=$!
  while kill -0 $process 2>/dev/null && ! grep -q ^epoch out; do sleep 0.1; done
  [ "$(readlink /proc/$process/fd/2)" = /dev/null ] || complain "closed standard error: $(readlink /proc/$process/fd/2)"
  kill -KILL $process
  wait $process 2>/dev/null
fi
exit $code

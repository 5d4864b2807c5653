#!/bin/sh
# How the results were made, as JSON on standard output: meta.sh RESULTS_DIR COMMAND PROGRAM...
#
# PROGRAMs are paths; the first one is asked for version and build of the library. Times and command
# lines are those that run.sh left.
set -u
results=$1 command=$2
shift 2

# A JSON string.
quoted() {
  printf '"%s"' "$(printf '%s' "$1" | tr '\n\t' '  ' | sed 's/["\\]/\\&/g')"
}

# "NAME": WORD for each program that has a file NAME.SUFFIX; object SUFFIX FORMATTER PROGRAM...
object() {
  suffix=$1 word=$2 separator=''
  shift 2
  for program; do
    name=${program##*/}
    [ -f "$results/$name.$suffix" ] || continue
    printf '%s"%s": %s' "$separator" "$name" "$($word "$(cat "$results/$name.$suffix")")"
    separator=', '
  done
}

about=$("$1" --version) || exit 1
processor=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo 2>/dev/null | head -n 1)
cat <<END_OF_META
{"command": $(quoted "$command"),
 "date": "$(date -u +%Y-%m-%d)",
 "version": $(quoted "$(echo "$about" | sed -n '1s/.*, //p')"),
 "build": $(quoted "$(echo "$about" | sed 1d)"),
 "processor": $(quoted "$processor"),
 "seconds": {$(object seconds echo "$@")},
 "commands": {$(object command quoted "$@")}}
END_OF_META

#!/bin/sh
# Run checks and count: run.sh PROGRAM|SCRIPT.sh ...
#
# A check passes if it exits with 0 and is skipped with 77; its output is shown when it fails, and
# its last line when it is skipped. A Check program counts as many times as it has tests.
# $TEST_PREFIX goes before each program. The last line is the count.
set -u
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
trap 'exit 1' INT TERM
passed=0 failed=0 skipped=0

# "100%: Checks: 12, Failures: 0, Errors: 0" -> 12 0
check_counts() {
  sed -n 's/^[0-9]*%: Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3/p' \
    "$log" | awk '{ bad += $2 + $3; all += $1 } END { print all + 0, bad + 0 }'
}

# count NAME EXIT_CODE SECONDS
count() {
  # shellcheck disable=SC2046 # two numbers
  set -- "$1" "$2" "$3" $(check_counts)
  all=$4 bad=$5
  [ "$all" -gt 0 ] || all=1
  [ "$2" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
  [ "$bad" -le "$all" ] || all=$bad
  passed=$((passed + all - bad)) failed=$((failed + bad))
  if [ "$bad" -eq 0 ]; then
    printf 'ok      %-28s %4d  %s s\n' "$1" "$all" "$3"
  else
    printf 'FAILED  %-28s %4d of %d (exit code %d)\n' "$1" "$bad" "$all" "$2"
    sed 's/^/    /' "$log"
  fi
}

for check; do
  name=${check#"$BUILD"/}
  start=$(date +%s)
  case $check in
  *.sh) sh "$check" >"$log" 2>&1 </dev/null ;;
  *) ${TEST_PREFIX:-} "$check" >"$log" 2>&1 </dev/null ;;
  esac
  code=$?
  if [ "$code" -eq 77 ]; then
    skipped=$((skipped + 1))
    printf 'skipped %-28s %s\n' "$name" "$(tail -n 1 "$log")"
  else
    count "$name" "$code" $(($(date +%s) - start))
  fi
done

[ "$skipped" -eq 0 ] || echo "$skipped skipped"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

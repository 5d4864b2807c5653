#!/bin/sh
# make reproduce (examples/reproduce/run.py) may be stopped at any moment and goes on from there; a failed
# program is one line, and the others are kept; make results (keep.py) takes one whole plain run alone.
# The programs are stand-ins that write what the real ones would.
set -u
command -v python3 >/dev/null || {
  echo "no python3"
  exit 77
}
work=$(mktemp -d) || exit 1
runner=
trap '[ -z "$runner" ] || kill -9 "$runner" 2>/dev/null; rm -rf "$work"' EXIT
programs=$work/programs results=$work/results kept=$work/kept
mkdir "$programs"
code=0

complain() {
  echo "$*"
  code=1
}

# A stand-in begins its JSON; in a directory with a file hang-NAME it then waits, with fail-NAME it fails.
cat >"$work/program" <<'END_OF_PROGRAM'
#!/bin/sh
name=${0##*/} here=$(dirname "$0")/..
[ "$1" = --version ] && printf '%s, libdni 9.8.7\nbuild\n' "$name" && exit
while [ "$1" != --out ]; do shift; done
mkdir "$2" || exit 1
echo "$name" >>"$here/started"
printf '{"data": "mnist"'
echo '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>' >"$2/$name.svg"
[ ! -e "$here/hang-$name" ] || { echo $$ >"$here/hanging"; exec sleep 600; }
[ ! -e "$here/fail-$name" ] || { echo "$name: no room" >&2; exit 3; }
echo '}'
END_OF_PROGRAM
names=$(python3 -B -c 'import sys; sys.path.insert(0, "examples/reproduce")
import programs; print(*[each.name for each in programs.PROGRAMS])')
for name in $names; do
  cp "$work/program" "$programs/$name"
  chmod +x "$programs/$name"
  [ -e "examples/$name.c" ] || [ -e "examples/$name/main.c" ] || complain "there is no program $name"
done

run() {
  : >"$work/started"
  python3 examples/reproduce/run.py "$results" "$programs" full 2 "make reproduce" >"$work/out" 2>"$work/err"
}

# The same at the back; its process is $runner.
run_behind() {
  : >"$work/started"
  python3 examples/reproduce/run.py "$results" "$programs" full 2 "make reproduce" \
    >"$work/out" 2>"$work/err" &
  runner=$!
}

# started NAMES: these programs and no others were started by the last run
started() {
  [ "$(sort "$work/started")" = "$(printf '%s\n' $1 | sort)" ] ||
    complain "started $(tr '\n' ' ' <"$work/started"), not $1"
}

said() {
  grep -q "$1" "$work/err" || complain "does not say '$1': $(cat "$work/err")"
}

# Until the file is there, 20 seconds at most.
wait_for() {
  tries=0
  while [ ! -e "$1" ] && [ $tries -lt 200 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
}

gone() {
  tries=0
  while kill -0 "$1" 2>/dev/null && [ $tries -lt 50 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
  ! kill -0 "$1" 2>/dev/null || complain "process $1 outlives its run"
}

# Killed while rdm is at work: its half result is none, what was done stays done.
touch "$work/hang-rdm"
run_behind
wait_for "$results/theorem1.json"
python3 examples/reproduce/run.py "$results" "$programs" full 2 x >"$work/out" 2>"$work/err2" &&
  complain "two runs in one directory"
grep -q 'another run works in' "$work/err2" || complain "two runs: $(cat "$work/err2")"
kill -9 "$runner"
wait "$runner" 2>/dev/null
gone "$(cat "$work/hanging")"
[ ! -e "$results/rdm.json" ] && [ ! -e "$results/index.html" ] || complain "half a result is taken for whole"
said 'programs done; running .*rdm.* so far, about .* left'
rm "$work/hang-rdm"
done_before=$(cd "$results" && ls *.json | sed 's/\.json$//' | grep -v run)
run || complain "does not go on: $(cat "$work/err")"
started "$(for name in $names; do echo "$done_before" | grep -qx "$name" || echo "$name"; done)"
for name in $names; do
  grep -q "\"$name\": \"$name" "$results/meta.json" || complain "meta.json lacks $name"
done
grep -q '"starts": 2' "$results/meta.json" || complain "meta.json hides that the run was stopped"
[ -s "$results/index.html" ] || complain "no page"
run || complain "fails where all is done"
started ""

# Other arguments: that program alone.
CRITIC_FLAGS='--seeds 9' run
started critic
run
started critic

# A signal that can be caught.
touch "$work/hang-guard"
rm "$results/guard.json" "$work/hanging"
run_behind
wait_for "$work/hanging"
kill -TERM "$runner"
wait "$runner" 2>/dev/null
gone "$(cat "$work/hanging")"
said 'stopped (SIGTERM); what is done is kept'
rm "$work/hang-guard"
runner=

# A program that fails.
touch "$work/fail-rdm"
rm "$results/rdm.json"
run && complain "does not fail with rdm"
started "guard rdm"
said 'rdm failed (exit status 3): rdm: no room'
[ -s "$results/guard.json" ] && [ ! -e "$results/rdm.json" ] || complain "what is kept when rdm fails: $(ls "$results")"
rm "$work/fail-rdm"
run || complain "does not go on after a failure"
started rdm

# Only one whole plain run is kept, by the programs of now.
keep() {
  python3 examples/reproduce/keep.py "$results" "$programs" "$kept" >"$work/out" 2>"$work/err"
}
refused() {
  keep && complain "kept: $1"
  said "$1"
  [ ! -e "$kept" ] || [ "$(cat "$kept/mark")" = old ] || complain "a refusal changes what was kept"
}
mkdir "$kept"
echo old >"$kept/mark"
sed -i 's/"make reproduce"/"make reproduce BLAS=none"/' "$results/meta.json"
refused "made by 'make reproduce BLAS=none'"
sed -i 's/"make reproduce BLAS=none"/"make reproduce"/' "$results/meta.json"
echo '# other' >>"$programs/guard"
refused 'guard has been built anew'
cp "$work/program" "$programs/guard"
echo '{"data": "mnist-sample"}' >"$results/rdm.json"
refused 'rdm had the digits of mnist-sample'
echo '{"counterexample": {"critic_error": 1, "gradient_norm": 1}}' >"$results/critic.json"
echo '{}' >"$results/rdm.json"
CRITIC_FLAGS=--none run
refused "critic was run as 'critic --seeds 3 --none'"
run
keep || complain "not kept: $(cat "$work/err")"
[ -s "$kept/README.md" ] && [ -s "$kept/rdm/rdm.svg" ] && [ ! -e "$kept/mark" ] && [ ! -e "$kept.new" ] &&
  [ ! -e "$kept.old" ] && [ ! -e "$kept/run.json" ] || complain "kept: $(ls -R "$kept")"

# The estimate: the 5 follow the 2, the 4 the 3.
python3 -B -c 'import sys; sys.path.insert(0, "examples/reproduce")
from progress import left_of, scale, seconds_left
assert seconds_left([3, 2], [5, 4], 2) == 7 and seconds_left([], [5, 4], 2) == 5
assert seconds_left([10], [5, 3], 1) == 18 and seconds_left([], [], 2) == 0
assert scale([], []) == 1 and scale([6], [3]) == 2
assert left_of(100, 30) == 70 and left_of(100, 300) == 30' || complain "the estimate of what is left"
exit $code

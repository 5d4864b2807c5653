#!/bin/sh
# The report on the paper's claims (examples/reproduce/report.py): from a few results it makes one
# page with the verdicts that the numbers ask for and nothing to load; a broken file is one line.
set -u
command -v python3 >/dev/null || {
  echo "no python3"
  exit 77
}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
results=$work/results page=$work/page.html
mkdir -p "$results/critic"
code=0

complain() {
  echo "$*"
  code=1
}

report() {
  python3 examples/reproduce/report.py "$results" "$page" >"$work/out" 2>"$work/err"
}

# refused WORDS: exit code 1, one line that names the file, the old page untouched
refused() {
  cp "$page" "$work/before"
  report
  [ $? -eq 1 ] && [ "$(wc -l <"$work/err")" -eq 1 ] && [ ! -s "$work/out" ] &&
    grep -q "$1" "$work/err" && cmp -s "$page" "$work/before" ||
    complain "$1 is broken: $(cat "$work/err")"
}

# verdict CLAIM WORD: of the row whose claim begins so
verdict() {
  grep -F "<div>$1" "$page" | grep -q "</span> $2</span>" ||
    complain "'$1' is not '$2': $(grep -F "<div>$1" "$page")"
}

cat >"$results/critic.json" <<'END_OF_JSON'
{"counterexample": {"critic_error": 0, "gradient_norm": 0},
 "runs": [{"estimator": "sg", "cosine": 0.9, "error": 0.1, "seed": 1},
          {"estimator": "sg", "cosine": 0.5, "error": 0.1, "seed": 2},
          {"estimator": "critic-linear", "cosine": 0.1, "error": 0.1, "seed": 1},
          {"estimator": "critic-linear", "cosine": 0.4, "error": 0.1, "seed": 2},
          {"estimator": "sg-hidden", "cosine": 0.5, "error": 0.1, "seed": 1},
          {"estimator": "critic", "cosine": 0.6, "error": 0.1, "seed": 1},
          {"estimator": "critic", "cosine": 0.2, "error": 0.1, "seed": 2}]}
END_OF_JSON
cat >"$results/critical_points.json" <<'END_OF_JSON'
{"runs": [{"method": "sg", "a0": 1, "b0": 2, "a": 1, "b": 0.5, "c": 0, "loss": 6},
          {"method": "backprop", "a0": 1, "b0": 2, "a": 0.1, "b": null, "c": 0, "loss": null}]}
END_OF_JSON
cat >"$results/artificial.json" <<'END_OF_JSON'
{"rows": [
  {"model": "shallow", "loss": "log", "data": "noisy100",
   "sg_minus_optimum": {"mean": 0.0045, "each": [0.004, 0.005]}, "sg_minus_backprop": {"mean": 0.0046},
   "closed_form": {"mean": 0.0046, "interval": [0.00399, 0.00532],
                   "end": {"each": [0.3, 0]},
                   "trained_minus_end": {"mean": 0, "each": [0.00002, 0.03]}},
   "slow_minus_sg": {"each": [-0.0005]}, "iterations_sg": {"mean": 2664},
   "stopped_sg": {"loss stands still": 2, "most iterations": 0}},
  {"model": "shallow", "loss": "log", "data": "linear100",
   "sg_minus_optimum": {"mean": 0.2, "each": [0.2, 0.2]}, "sg_minus_backprop": {"mean": 0.1},
   "closed_form": {"mean": 0.086, "interval": [0.0796, 0.0928],
                   "end": {"each": [0.08, 0.09]},
                   "trained_minus_end": {"mean": 0.114, "each": [0.114, 0.114]}},
   "slow_minus_sg": null, "iterations_sg": {"mean": 5000},
   "stopped_sg": {"loss stands still": 0, "most iterations": 2}},
  {"model": "shallow", "loss": "log", "data": "noisy2",
   "sg_minus_optimum": {"mean": 0.002, "each": [0.002]}, "sg_minus_backprop": {"mean": 0.002},
   "closed_form": {"mean": 0.002, "interval": [0.001, 0.003],
                   "end": {"each": [0.4]},
                   "trained_minus_end": {"mean": 0, "each": [0]}},
   "slow_minus_sg": null, "iterations_sg": {"mean": 5000},
   "stopped_sg": {"loss stands still": 1, "most iterations": 0}},
  {"model": "deep", "loss": "mse", "data": "linear2",
   "sg_minus_optimum": {"mean": 0, "each": [0, 0]}, "sg_minus_backprop": {"mean": 0},
   "closed_form": null, "slow_minus_sg": null, "iterations_sg": {"mean": 3000},
   "stopped_sg": {"loss stands still": 2, "most iterations": 0}},
  {"model": "deep", "loss": "log", "data": "noisy100",
   "sg_minus_optimum": {"mean": 0.0047, "each": [0.0046, 0.0048]}, "sg_minus_backprop": {"mean": 0},
   "closed_form": null, "slow_minus_sg": null, "iterations_sg": {"mean": 3000},
   "stopped_sg": {"loss stands still": 2, "most iterations": 0}}]}
END_OF_JSON
cat >"$results/guard.json" <<'END_OF_JSON'
{"runs": [{"setting": "lagging", "mode": "unguarded", "seed": 1, "optimum": 0.3, "loss": null},
          {"setting": "lagging", "mode": "unguarded", "seed": 2, "optimum": 0.3, "loss": 0.3},
          {"setting": "lagging", "mode": "gated", "seed": 1, "optimum": 0.3, "loss": 0.3003},
          {"setting": "searched", "mode": "gated", "seed": 1, "optimum": 0.3, "loss": 0.4}]}
END_OF_JSON
cat >"$results/proposition2.json" <<'END_OF_JSON'
{"runs": [{"sg": "adam", "probes": [{"step": 1, "ratio": 20, "cosine": 0, "layer": 1},
                                    {"step": 100, "ratio": 2, "cosine": 0.6, "layer": 1}]},
          {"sg": "residual", "probes": [{"step": 100, "ratio": 0.3, "cosine": 0.4, "layer": 1},
                                        {"step": 100, "ratio": 3, "cosine": 0.9, "layer": 2}]}]}
END_OF_JSON
echo '{"command": "make <reproduce>", "version": "9.8.7", "seconds": {"critic": 60}}' \
  >"$results/meta.json"
cat >"$results/critic/figure.svg" <<'END_OF_SVG'
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 width="100" height="50" onload="alert(1)"><script>alert(1)</script><defs><path id="p"/></defs><g id="p"/>
 <use xlink:href="#p" fill="url(#p)"/></svg>
END_OF_SVG
cp "$results/critic/figure.svg" "$results/critic/other.svg"

report || complain "fails: $(cat "$work/err")"
verdict 'A critic that is right at every training point' reproduced
verdict "Nothing ties a critic's gradient to the true one; of linear estimators" reproduced
verdict "Nothing ties a critic's gradient to the true one; of estimators with a hidden layer" partly
verdict 'Under a scalar SG a never moves' reproduced
verdict 'Gradient descent from the same starts' not
verdict 'shallow, log loss, noisy100' reproduced
verdict 'shallow, log loss, linear100' partly
verdict 'shallow, log loss, noisy2' not
verdict 'deep, log loss, noisy100' partly
verdict 'Shallow models of the log loss end' partly
verdict 'A tenth of the rate' partly
verdict 'deep, MSE, linear2' 'not in the paper'
verdict 'deep, MSE, noisy2' 'not run'
verdict 'With the guard a deep linear model' 'not run'
verdict 'Gated, at a constant rate while the condition holds, it does too; line' not
verdict 'Gated, at a constant rate while the condition holds, it does too; Adam' partly
verdict 'Without the guard the training is lost' partly
verdict 'Where εK ≤ ⅓ ‖dL/dθ‖ holds' not
verdict 'The cosine stays above δ all the same: SGs trained by Adam' reproduced
verdict 'The cosine stays above δ all the same: SGs solved for by' 'not run'
verdict 'The cosine stays above δ all the same: SGs solved for, on the residual' partly
grep -q 'Why: 1 of the 1 probes below 0.5 are in the lower half' "$page" || complain "no reason"
verdict 'Better SGs come nearer' 'not run'
grep -q '1 more end at infinity, still 0.03 above 0' "$page" || complain "no ends at infinity"
grep -q '0.00450.*0.00400..0.00500' "$page" || complain "no spread over data sets"
grep -q '9\.8\.7' "$page" && grep -q 'make &lt;reproduce&gt;' "$page" ||
  complain "does not say how it was made"
for id in critic-figure-p critic-other-p; do
  grep -q "id=\"$id\"" "$page" && grep -q "xlink:href=\"#$id\" fill=\"url(#$id)\"" "$page" ||
    complain "no element $id that is referred to"
done
! grep -q -E 'alert|onload|<script|<link|src=|@import' "$page" ||
  complain "loads or runs something: $(grep -o -E '.{20}(alert|onload|<script|<link|src=|@import).{20}' "$page")"
[ -z "$(grep -o ' id="[^"]*"' "$page" | sort | uniq -d)" ] ||
  complain "identifiers that occur twice"

grep -q '</span> reproduced</span> 7 <span class="soft">before: 49</span>' "$page" ||
  complain "counts: $(grep -o 'class="counts".*' "$page")"

# What is not reproduced says why, where the claim knows.
python3 -B - <<'END_OF_PYTHON' || complain "reasons"
import sys
sys.path.insert(0, "examples/reproduce")
import claims
from page import page
from results import NOT, PARTLY, REPRODUCED, Claim, explained

def judged(verdict, reason):
    claim = Claim("critic", "App. A", "A text", "1", "a rule",
                  explained(lambda data: ("2", verdict), reason))
    return claims.judge(claim, {"critic": {"steps": 3}})

assert judged(NOT, "Too few steps.").reason == "Too few steps."
assert judged(PARTLY, lambda data: f"{data['steps']} steps.").reason == "3 steps."
assert judged(REPRODUCED, "Too few steps.").reason == ""
rows = [judged(NOT, "Few <steps>."), judged(PARTLY, ""), judged(REPRODUCED, "")]
assert claims.unexplained(rows) == ["A text"]
assert "Why: Few &lt;steps&gt;." in page(rows, [], {})
END_OF_PYTHON

# So do all of the run that the repository keeps, if make reproduce has made it.
python3 -B - <<'END_OF_PYTHON' || complain "docs/results: a claim that is not reproduced gives no reason"
import sys
sys.path.insert(0, "examples/reproduce")
import claims
import report
meta = report.read_object("docs/results/meta.json")
missing = claims.unexplained(claims.judge_all(report.read_results("docs/results")))
print("\n".join(missing) if meta["command"] == "make reproduce" else "", end="")
sys.exit(meta["command"] == "make reproduce" and len(missing) > 0)
END_OF_PYTHON

# The same rows as Markdown.
python3 examples/reproduce/report.py "$results" "$work/page.md" 2>"$work/err" &&
  grep -q '^| deep, MSE, noisy2 | Table 2 | .* not run |$' "$work/page.md" &&
  grep -q '^!\[.*\](critic/other.svg)$' "$work/page.md" || complain "no Markdown: $(cat "$work/err")"

echo '{"runs": [' >"$results/rdm.json"
refused rdm.json
echo '[]' >"$results/rdm.json"
refused rdm.json
rm "$results/rdm.json"
echo '<svg' >"$results/critic/other.svg"
refused other.svg
echo '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><image href="http://x/y"/></svg>' \
  >"$results/critic/other.svg"
refused other.svg
rm "$results/critic/other.svg"
page=$work/none/page.html
report
[ $? -eq 1 ] && [ "$(wc -l <"$work/err")" -eq 1 ] && grep -q none/page.html "$work/err" ||
  complain "a page that cannot be written: $(cat "$work/err")"
[ ! -e examples/reproduce/__pycache__ ] || complain "leaves __pycache__ in the source tree"
exit $code

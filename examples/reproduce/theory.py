"""Claims of appendices A, B and C."""

from statistics import median

from results import (NO_NUMBER, NOT, PARTLY, REPRODUCED, Claim, Missing, explained, graded, largest, mean,
                     missing, number, rows, share, show, smallest, spread, values)

# Appendix A. ---------------------------------------------------------------------------------


def counterexample(data):
    found = data.get("counterexample")
    if not isinstance(found, dict):
        raise Missing
    error, gradient = (number(found.get(key, "")) for key in ("critic_error", "gradient_norm"))
    return (f"error {show(error)}, gradient {show(gradient)}",
            graded(abs(error) <= 1e-12 and abs(gradient) <= 1e-12))


CRITIC_REASONS = {
    REPRODUCED: "",
    PARTLY: "The cosines differ from run to run by more than the SG's is larger.",
    NOT: "A critic's gradient may be good, though nothing makes it so, and here it is."}

# An SG and a critic of as many hidden layers, and what both are.
PAIRS = [("sg", "critic-linear", "linear estimators"),
         ("sg-hidden", "critic", "estimators with a hidden layer")]


def estimates(data, name):
    """(cosines, errors in what it learns), one for each run."""
    return tuple([number(run.get(key, "")) for run in rows(data, estimator=name)]
                 for key in ("cosine", "error"))


def critic_cosine(sg, critic):
    def measure(data):
        (mine, _), (its, error) = estimates(data, sg), estimates(data, critic)
        verdict = graded(smallest(mine) > largest(its), mean(mine) > mean(its))
        return (f"SG {spread(mine)}; critic {spread(its)}; the critic's relative error in the loss "
                f"{spread(error)}", verdict, CRITIC_REASONS[verdict])
    return measure


CRITIC = [
    Claim("critic", "App. A", "A critic that is right at every training point can have a gradient "
          "of zero at each", "error 0, gradient 0", "both at most 1e-12", counterexample),
] + [
    Claim("critic", "App. A", f"Nothing ties a critic's gradient to the true one; of {both} trained on "
          "the same problem, the SG's answer has the larger cosine with it than the critic's",
          "no number", "smallest of the SG's larger than largest of the critic's; partly: the means",
          critic_cosine(sg, critic)) for sg, critic, both in PAIRS
]


# Appendix B. ---------------------------------------------------------------------------------


def stays(data):
    moved = [abs(number(run.get("a", "")) - number(run.get("a0", "")))
             for run in rows(data, method="sg")]
    words, verdict = share([each <= 1e-9 for each in moved])
    return f"largest |a - a0| {show(largest(moved))}; {words}", verdict


def new_points(data):
    runs = rows(data, method="sg")
    c = [abs(number(run.get("c", ""))) for run in runs]
    inside = [abs(number(run.get("b", ""))) <= abs(number(run.get("a0", ""))) + 1e-6
              for run in runs]
    words, verdict = share([small < 1e-6 and within for small, within in zip(c, inside)])
    return f"largest |c| {show(largest(c))}; both in {words}", verdict


def no_minimum(data):
    losses = values(data, "loss", method="sg")
    words, verdict = share([each > 1e-3 for each in losses])
    return f"final loss {spread(losses)}, minimum 0; {words}", verdict


def backprop_minimum(data):
    far = [max(abs(number(run.get("a", ""))), abs(number(run.get("b", ""))))
           for run in rows(data, method="backprop")]
    words, verdict = share([each <= 1e-6 for each in far])
    return f"largest of |a|, |b| {show(largest(far))}; {words}", verdict


HALF = "; partly: in at least half of them"
CRITICAL_POINTS = [
    Claim("critical_points", "App. B", "Under a scalar SG a never moves", "a = a0",
          "|a - a0| ≤ 1e-9 in all runs" + HALF, stays),
    Claim("critical_points", "App. B, Fig. 6", "It ends at a critical point of the SG's system: "
          "c = 0 and |b| ≤ |a0| (the paper names b = 0)", "c = 0, b = 0",
          "|c| < 1e-6 and |b| ≤ |a0| + 1e-6 in all runs" + HALF, new_points),
    Claim("critical_points", "App. B, Fig. 6", "Where it ends is no critical point of the loss", "a ≠ 0",
          "final loss above 1e-3 in all runs" + HALF, no_minimum),
    Claim("critical_points", "App. B", "Gradient descent from the same starts ends at the minimum",
          "a = b = 0", "|a|, |b| ≤ 1e-6 in all runs" + HALF, backprop_minimum),
]


# Theorem 1. ----------------------------------------------------------------------------------

SEARCHED = {"sg": "line-search", "bound": "corrected"}
SOLVED = {"sg": "least-squares", "ridge": 0}


def converges(d):
    def measure(data):
        error = values(data, "w_error", d=d, **SEARCHED)
        iterations = values(data, "iterations", d=d, **SEARCHED)
        words = f"largest {show(largest(error))}, {show(largest(iterations), '.0f')} iterations"
        try:
            printed = values(data, "w_error", d=d, sg="line-search", bound="printed")
            words += f"; printed bound: {show(largest(printed))}"
        except Missing:
            words += "; printed bound: not run"
        return words, graded(largest(error) <= 1e-12, largest(error) <= 1e-9)
    return measure


def contraction(data):
    found = values(data, "max_violation", **SEARCHED)
    return f"largest excess {show(largest(found))}", graded(largest(found) <= 1e-9)


def xi_vanishes(data):
    found = values(data, "xi_norm", **SEARCHED)
    return f"largest |ξ| {show(largest(found))}", graded(largest(found) <= 1e-9,
                                                         largest(found) <= 1e-6)


def falls(data):
    rises, steps = (sum(values(data, key, **SEARCHED)) for key in ("rises", "iterations"))
    return (f"rises in {show(rises, '.0f')} of {show(steps, '.0f')} steps",
            graded(rises == 0, rises <= 0.01 * steps))


def relative(data, key, /, **where):
    """In units of |y|."""
    return [value / norm for value, norm in zip(values(data, key, **where),
                                                values(data, "y_norm", **where))]


def exact_at_once(d):
    def measure(data):
        solved = relative(data, "xi_first", d=d, **SOLVED)
        searched = relative(data, "xi_first", d=d, **SEARCHED)
        return (f"largest {show(largest(solved))}; line search: {show(largest(searched))}",
                graded(largest(solved) <= 1e-12, largest(solved) <= 1e-9))
    return measure


def solved_converges(d):
    def measure(data):
        error = values(data, "w_error", d=d, **SOLVED)
        same, descent, searched = (
            largest(values(data, "iterations", d=d, **where))
            for where in (SOLVED | {"bound": "corrected"}, SOLVED | {"bound": "descent"}, SEARCHED))
        return (f"largest error {show(largest(error))}; {show(same, '.0f')} iterations, at the rate "
                f"1/‖B‖ {show(descent, '.0f')}; line search {show(searched, '.0f')}",
                graded(largest(error) <= 1e-12 and max(same, descent) <= searched,
                       largest(error) <= 1e-9))
    return measure


def ridge_leaves(data):
    words, shares = [], []
    for ridge in (1e-12, 1e-9, 1e-6, 1e-3):
        xi = relative(data, "xi_norm", sg="least-squares", ridge=ridge)
        error = values(data, "w_error", sg="least-squares", ridge=ridge)
        shares += [each / ridge for each in xi + error]
        words.append(f"λ {ridge:g}: |ξ|/|y| {show(largest(xi), '.1e')}, W {show(largest(error), '.1e')}")
    return "; ".join(words), graded(largest(shares) <= 10 and smallest(shares) >= 0.1)


THEOREM_1 = [
    Claim("theorem1", "Theorem 1", f"The weights converge to the least-squares solution, d = {d}: "
          "relative error of W", "0", "at most 1e-12 in all runs; partly: 1e-9", converges(d))
    for d in (1, 2, 5, 20)
] + [
    Claim("theorem1", "Theorem 1", "The synthetic gradient converges to the true one", "|ξ| → 0",
          "at most 1e-9 in all runs; partly: 1e-6", xi_vanishes),
    Claim("theorem1", "Theorem 1", "Line search contracts: |Aₖωₖ₊₁| ≤ √(1-q) |ξₖ|", "excess 0",
          "at most 1e-9 of |ξₖ| in all steps of all runs", contraction),
    Claim("theorem1", "Theorem 1, proof", "‖f‖ + ‖ξ‖ falls in every step (the proof holds A fixed)",
          "0 rises", "0 in all runs; partly: in 1 % of the steps",
          explained(falls, "The first column of A is p, which moves with W: the proof does not see it.")),
] + [
    Claim("theorem1", "Theorem 1 [ours]", "Solved for by least squares (ridge 0, rank A = 3), the "
          f"SG is the true gradient after the first lesson, d = {d}: |ξ| / |y|", "no number",
          "at most 1e-12 in all runs; partly: 1e-9", exact_at_once(d))
    for d in (1, 2, 5, 20)
] + [
    Claim("theorem1", "Theorem 1 [ours]", f"W then converges no later than with line search, d = {d}",
          "no number", "relative error of W at most 1e-12 in all runs, in no more iterations than "
          "line search; partly: 1e-9", solved_converges(d))
    for d in (1, 2, 5, 20)
] + [
    Claim("theorem1", "Theorem 1 [ours]", "A ridge λ leaves errors in proportion to it",
          "no number", "|ξ| / |y| and the error of W from 0.1 λ to 10 λ in all runs", ridge_leaves),
]


# Proposition 2, Corollary 1. -----------------------------------------------------------------


def excess_losses(data, **where):
    return [number(run.get("loss", "")) - number(run.get("optimum", ""))
            for run in rows(data, **where)]


def reaches(mode, setting):
    def measure(data):
        excess = excess_losses(data, mode=mode, setting=setting)
        return (f"loss - optimum {spread(excess)}",
                graded(largest(excess) <= 1e-6, largest(excess) <= 1e-3))
    return measure


def guarded_values(data, key):
    return [value for mode in ("guarded", "gated") for value in values(data, key, mode=mode)]


def kept(data):
    found = guarded_values(data, "violations")
    return f"{sum(found):.0f} in {len(found)} runs", graded(sum(found) == 0)


def keeps_direction(data):
    found = guarded_values(data, "least_cosine")
    return f"least {show(smallest(found))}", graded(smallest(found) >= 0.5)


def diverges(data):
    excess = excess_losses(data, mode="unguarded", setting="lagging")
    words, verdict = share([not each <= 1 for each in excess])  # one that is not finite as well
    return f"{words}; largest loss - optimum {show(largest(excess))}", verdict


def unguarded(data):
    excess = excess_losses(data, mode="unguarded", setting="searched")
    cosine = values(data, "least_cosine", mode="unguarded", setting="searched")
    return f"loss - optimum {spread(excess)}, least cosine {show(smallest(cosine))}", NO_NUMBER


REACHES = "loss at most 1e-6 above the optimum's in all runs; partly: 1e-3"
GUARD_SETTINGS = {"searched": "line search from zero", "lagging": "Adam from random weights"}
GUARD = [
    claim for setting, words in GUARD_SETTINGS.items() for claim in (
        Claim("guard", "Prop. 2, Cor. 1", "With the guard a deep linear model reaches the optimum; "
              f"the SG learns by {words}", "converges", REACHES, reaches("guarded", setting)),
        Claim("guard", "Prop. 2", "Gated, at a constant rate while the condition holds, it does "
              f"too; {words}", "converges", REACHES, reaches("gated", setting)))
] + [
    Claim("guard", "Cor. 1, eq. (2)", "The condition holds in every accepted step",
          "0 violations", "0 in all runs", kept),
    Claim("guard", "Prop. 2", "An accepted step keeps a cosine above δ with the true gradient",
          "0.5", "at least 0.5 in all steps of all runs", keeps_direction),
    Claim("guard", "Prop. 2", "Without the guard the training is lost where the SG starts wrong "
          "(Adam from random weights)", "no number",
          "ends not finite or more than 1 above the optimum in all runs; partly: in half of them",
          diverges),
    Claim("guard", "Prop. 2", "Without the guard it converges too where the SG learns by line search "
          "from zero: the condition is sufficient, not necessary", "no number", "none", unguarded),
    Claim("guard", "Cor. 1", "Backpropagation with the same rates", "converges", REACHES,
          reaches("backprop", "searched")),
]

# Proposition 2 on MNIST. ----------------------------------------------------------------------

THIRD, DELTA, SETTLED = 1 / 3, 0.5, 100  # the steps after which answers are more than guesses


def probes(data, first=1, **where):
    return [probe for run in rows(data, **where) for probe in rows(run, "probes")
            if number(probe.get("step", "")) >= first] or missing()


def of_probes(found, key):
    return [number(probe.get(key, "")) for probe in found]


def holds(probe):
    return number(probe.get("ratio", "")) <= THIRD


def protects(data):
    found = probes(data)
    cosine = of_probes([probe for probe in found if holds(probe)], "cosine")
    if not cosine:
        return f"holds in 0 of {len(found)} probes", NO_NUMBER
    return (f"holds in {len(cosine)} of {len(found)} probes; least cosine {show(smallest(cosine))}",
            graded(smallest(cosine) >= DELTA))


def how_often(sg):
    def measure(data):
        found = probes(data, sg=sg)
        ratio = of_probes(probes(data, SETTLED, sg=sg), "ratio")
        return (f"{sum(map(holds, found))} of {len(found)} probes; from step {SETTLED} on, "
                f"εK / ‖dL/dθ‖ median {show(median(ratio), '.1f')}, least {show(smallest(ratio))}",
                NO_NUMBER)
    return measure


def keeps_cosine(sg):
    def measure(data):
        cosine = of_probes(probes(data, SETTLED, sg=sg), "cosine")
        kept = sum(each >= DELTA for each in cosine)
        return (f"{kept} of {len(cosine)} probes; median {show(median(cosine))}, least "
                f"{show(smallest(cosine))}", graded(kept == len(cosine), 2 * kept >= len(cosine)))
    return measure


def why_not_kept(sg):
    def reason(data):
        found = probes(data, SETTLED, sg=sg)
        depth = largest(of_probes(found, "layer"))
        failed = [probe for probe in found if not number(probe.get("cosine", "")) >= DELTA]
        low = sum(number(probe.get("layer", "")) <= depth / 2 for probe in failed)
        return (f"{low} of the {len(failed)} probes below {DELTA} are in the lower half of the network: "
                "an SG there learns from the answers of the SGs above it, whose errors add up.")
    return reason


def nearer(data):
    ratio = [median(of_probes(probes(data, SETTLED, sg=sg), "ratio")) for sg in SG_KINDS]
    return (", ".join(show(each, ".1f") for each in ratio),
            graded(ratio[0] > ratio[1] > ratio[2], ratio[0] > max(ratio[1:])))


SG_KINDS = {"adam": "trained by Adam", "least-squares": "solved for by least squares",
            "residual": "solved for, on the residual of a local guess"}
PROPOSITION_2 = [
    Claim("proposition2", "Prop. 2", "Where εK ≤ ⅓ ‖dL/dθ‖ holds while a network learns MNIST, the "
          "SG's gradient has a cosine above δ with the true one", "0.5",
          "at least 0.5 in all probes in which it holds", protects)
] + [
    claim for sg, words in SG_KINDS.items() for claim in (
        Claim("proposition2", "Prop. 2 [ours]", "How often the condition holds, K the operator norm: "
              f"SGs {words}", "no number", "none", how_often(sg)),
        Claim("proposition2", "Prop. 2 [ours]", f"The cosine stays above δ all the same: SGs {words}",
              "no number", f"at least 0.5 in all probes from step {SETTLED} on; partly: in half of "
              "them", explained(keeps_cosine(sg), why_not_kept(sg))))
] + [
    Claim("proposition2", "Prop. 2 [ours]", "Better SGs come nearer to the condition: εK / ‖dL/dθ‖ "
          "by Adam, by least squares, on the residual", "no number",
          f"medians from step {SETTLED} on fall in this order; partly: Adam's is the largest", nearer),
]

CLAIMS = CRITIC + CRITICAL_POINTS + THEOREM_1 + GUARD + PROPOSITION_2

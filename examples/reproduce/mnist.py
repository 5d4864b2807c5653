"""Claims about deep networks on MNIST: Figures 7 and 8. Layers are counted from 1; those that the
paper names are of 20, and scaled where a run has another depth."""

import math

from results import (Claim, Missing, graded, largest, mean, missing, number, numbers, percent, rows,
                     show, smallest, spread, values)

METHODS = {"backprop": "backprop", "sg": "one SG", "sg-all": "SG everywhere", "dfa": "DFA"}


def curves(data, method, key):
    """One list of numbers for each run of the method, all of the same length."""
    found = [numbers(run.get(key)) for run in rows(data, method=method)]
    if len({len(each) for each in found}) != 1 or len(found[0]) < 4:
        raise Missing
    return found


def all_curves(data, key):
    return {method: curves(data, method, key) for method in METHODS}


def mean_curve(found):
    return [mean(layer) for layer in zip(*found)]


def scaled(layer, curve):
    return max(1, round(layer * len(curve) / 20))


def part(curve, first, last):
    """Mean over layers first..last."""
    return mean(curve[first - 1:last])


def upper(curve):
    """Layers 9 to 19 of 20."""
    return part(curve, scaled(9, curve), len(curve) - 1)


def sg_layer(curve):
    """The single SG sits after this layer: 11 of 20."""
    return len(curve) // 2 + 1


# Figure 7. -----------------------------------------------------------------------------------


def distances(data, method):
    return curves(data, method, "rdm_distance")


def settles(data):
    backprop = [upper(each) for each in distances(data, "backprop")]
    everywhere = [upper(each) for each in distances(data, "sg-all")]
    return (f"backprop {spread(backprop)}, SG everywhere {spread(everywhere)}",
            graded(largest(backprop) < smallest(everywhere), mean(backprop) < mean(everywhere)))


def below_sg(curve):
    return part(curve, 1, sg_layer(curve))


def above_sg(curve):
    return part(curve, sg_layer(curve) + 1, len(curve) - 1)


def ratio(a, b):
    return a / b if b else math.inf if a else 0.0


def step_at_sg(curve):
    """The change where the SG sits, and the mean change from layer to layer elsewhere."""
    steps = [abs(b - a) for a, b in zip(curve, curve[1:])]
    return steps.pop(sg_layer(curve) - 1), mean(steps)


def halves(data):
    single = mean_curve(distances(data, "sg"))
    below, above = below_sg(single), above_sg(single)
    jump, elsewhere = step_at_sg(single)
    plain, _ = step_at_sg(mean_curve(distances(data, "backprop")))
    conditions = [below >= 2 * above, jump >= 2 * elsewhere]
    return (f"below {show(below)}, above {show(above)}; step at the SG {show(jump)}, elsewhere "
            f"{show(elsewhere)}; backprop's step there {show(plain)}",
            graded(all(conditions), any(conditions)))


def evolves(data):
    found = distances(data, "sg-all")
    falls = [mean([a > b for a, b in zip(each, each[1:])]) for each in found]
    left = [ratio(each[scaled(15, each) - 1], each[0]) for each in found]
    plain = [ratio(each[scaled(15, each) - 1], each[0]) for each in distances(data, "backprop")]
    return (f"falls in {percent(falls, 0)} of the steps; at layer 15 {percent(left, 0)} of layer "
            f"1's, backprop {percent(plain, 0)}",
            graded(mean(falls) >= 0.75 and mean(left) > mean(plain),
                   mean(falls) >= 0.75 or mean(left) > mean(plain)))


def early(data):
    found = {method: mean([part(each, 2, len(each) - 1) for each in distances(data, method)])
             for method in METHODS}
    others = [value for method, value in found.items() if method != "dfa"]
    return (", ".join(f"{METHODS[method]} {show(value)}" for method, value in found.items()),
            graded(found["dfa"] <= mean(others) / 2, found["dfa"] < min(others)))


FIGURE_7 = [
    Claim("rdm", "Fig. 7", "Backprop's representation is nearly constant from layer 9 on, that of SG "
          "everywhere is not: mean distance of layers 9 to 19 from layer 20", "no number",
          "backprop's below SG everywhere's in all runs; partly: on average", settles),
    Claim("rdm", "Fig. 7", "A single SG after layer 11 gives two distinct parts: mean distance of "
          "layers 1 to 11 against 12 to 19", "no number",
          "below at least twice above, and the step from layer 11 to 12 at least twice the mean step "
          "elsewhere; partly: one of the two", halves),
    Claim("rdm", "Fig. 7", "With SG everywhere the representation evolves through all layers",
          "no number", "the distance falls in at least 75 % of the steps, and at layer 15 more is left "
          "than of backprop's; partly: one of the two", evolves),
    Claim("rdm", "Fig. 7", "DFA's hardly changes after the first layer: mean distance of layers 2 "
          "to 19", "no number", "at most half of the others' mean; partly: the smallest", early),
]


def accuracy(method):
    def measure(data):
        found = values(data, "test_accuracy", method=method)
        steps = max(number(run.get("steps", 0)) for run in rows(data, method=method))
        words = percent(found) + (f", {steps:,.0f} steps" if steps else "")
        if method == "sg-all":
            return words, graded(mean(found) >= 0.975, mean(found) >= 0.9)
        return words, graded(smallest(found) >= 0.97, smallest(found) >= 0.95)
    return measure


def accuracy_claim(method):
    everywhere = method == "sg-all"
    return Claim("rdm", "App. D",
                 f"The deep network learns the task: test accuracy, {METHODS[method]}",
                 "about 98 % in 500,000 steps (21 layers, Jaderberg et al. 2016)" if everywhere
                 else "no number",
                 "at least 97.5 % on average; partly: 90 %" if everywhere
                 else "at least 97 % in all runs; partly: 95 %", accuracy(method))


# Figure 8. -----------------------------------------------------------------------------------


def first_layer(data):
    dfa, plain = ([each[0] for each in curves(data, method, "classifier_accuracy")]
                  for method in ("dfa", "backprop"))
    return (f"DFA {percent(dfa)}, backprop {percent(plain)}",
            graded(mean(dfa) >= 0.995 and mean(dfa) > mean(plain), mean(dfa) > mean(plain)))


def probes_agree(data):
    plain, single = (mean_curve(curves(data, method, "classifier_accuracy"))
                     for method in ("backprop", "sg"))
    if len(plain) != len(single):
        missing()
    apart = [100 * abs(a - b) for a, b in zip(plain, single)]
    return (f"{show(mean(apart), '.2f')} points on average, at most {show(largest(apart), '.2f')}",
            graded(mean(apart) <= 1, mean(apart) <= 3))


def early_errors(data):
    found = {method: mean([part(each, 1, scaled(5, each)) for each in runs])
             for method, runs in all_curves(data, "regressor_mse").items()}
    others = [value for method, value in found.items() if method != "dfa"]
    return (", ".join(f"{METHODS[method]} {show(value)}" for method, value in found.items()),
            graded(found["dfa"] >= 1.1 * max(others), found["dfa"] > max(others)))


def regressor_halves(data):
    jump, elsewhere = step_at_sg(mean_curve(curves(data, "sg", "regressor_mse")))
    return (f"step {show(jump)}, elsewhere {show(elsewhere)}",
            graded(jump >= 2 * elsewhere, jump > elsewhere))


FIGURE_8 = [
    Claim("probes", "Fig. 8, left", "DFA has the classes linearly separated after the first hidden "
          "layer, which not even backprop has: training accuracy of the probe there", "100 %",
          "at least 99.5 % and above backprop's; partly: above backprop's", first_layer),
    Claim("probes", "Fig. 8, left", "Between backprop and a single SG there is not much of a "
          "difference", "no number", "at most 1 point, mean over layers; partly: 3", probes_agree),
    Claim("probes", "Fig. 8, right", "DFA transforms most in its first layers: mean squared error of "
          "the regressor, layers 1 to 5", "no number",
          "at least 1.1 times each of the others; partly: the largest", early_errors),
    Claim("probes", "Fig. 8, right", "A single SG makes two parts: change of the regressor's error "
          "from layer 11 to 12", "no number",
          "at least twice the mean change elsewhere; partly: above it", regressor_halves),
]

CLAIMS = FIGURE_7 + [accuracy_claim(method) for method in METHODS] + FIGURE_8

"""Claims about deep networks on MNIST: Figures 7 and 8. Layers are counted from 1; those that the
paper names are of 20, and scaled where a run has another depth."""

import math

from results import (Claim, Missing, explained, graded, largest, mean, missing, number, numbers,
                     percent, rows, show, smallest, spread, values)

# In the order of tables and figures.
METHODS = {"backprop": "backprop", "sg": "one SG", "sg-all": "SG everywhere, by Adam",
           "sg-matched": "SG everywhere, loss-matched", "dfa": "DFA"}
# SG everywhere: method -> whose it is. The paper's SGs are linear in (h, y) and trained by Adam.
EVERYWHERE = {"sg-all": "the paper's SGs, by Adam", "sg-matched": "our loss-matched SGs"}
LEARNED = 0.97  # of the test digits right: the network has learned the task


def curves(data, method, key):
    """One list of numbers for each run of the method, all of the same length."""
    found = [numbers(run.get(key)) for run in rows(data, method=method)]
    if len({len(each) for each in found}) != 1 or len(found[0]) < 4:
        raise Missing
    return found


def present(data):
    """The methods that the results have."""
    return [method for method in METHODS
            if any(run.get("method") == method for run in rows(data))]


def all_curves(data, key):
    return {method: curves(data, method, key) for method in present(data)}


def test_accuracy(data, method):
    return mean(values(data, "test_accuracy", method=method))


def slopes(curve):
    """Mean change from layer to layer below the single SG, and above it."""
    changes = [b - a for a, b in zip(curve, curve[1:])]
    place = sg_layer(curve)
    return mean(changes[:place - 1]), mean(changes[place:])


def two_slopes(data, key):
    """Of one SG and of backprop, in words."""
    single, plain = (slopes(mean_curve(curves(data, method, key))) for method in ("sg", "backprop"))
    return (f"it changes by {show(single[0])} a layer below the SG and by {show(single[1])} above, "
            f"backprop's by {show(plain[0])} and {show(plain[1])}")


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


def bend(data, key):
    """What the slopes of one SG and of backprop say, in words."""
    single, plain = (slopes(mean_curve(curves(data, method, key))) for method in ("sg", "backprop"))
    if abs(ratio(*single)) >= 1.5 * abs(ratio(*plain)):
        return ("the parts differ in how fast the representation changes, more than backprop's, and not "
                "by a jump")
    return "backprop's curve bends as much, so this measure does not show the SG"


# Figure 7. -----------------------------------------------------------------------------------


def distances(data, method):
    return curves(data, method, "rdm_distance")


def settles(method):
    def measure(data):
        backprop = [upper(each) for each in distances(data, "backprop")]
        everywhere = [upper(each) for each in distances(data, method)]
        return (f"backprop {spread(backprop)}, {METHODS[method]} {spread(everywhere)}",
                graded(largest(backprop) < smallest(everywhere), mean(backprop) < mean(everywhere)))
    return measure


def why_not_settled(data):
    backprop = mean_curve(distances(data, "backprop"))
    ninth, fifteenth = (backprop[scaled(layer, backprop) - 1] for layer in (9, 15))
    return (f"Here backprop's representation changes up to the last layers: its distance is {show(ninth)} "
            f"at layer 9 and {show(fifteenth)} at layer 15, after {steps_of(data, 'backprop')} steps. The "
            "paper does not say after how many steps its networks were looked at.")


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


def evolves(method):
    def measure(data):
        found = distances(data, method)
        falls = [mean([a > b for a, b in zip(each, each[1:])]) for each in found]
        left = [ratio(each[scaled(15, each) - 1], each[0]) for each in found]
        plain = [ratio(each[scaled(15, each) - 1], each[0]) for each in distances(data, "backprop")]
        return (f"falls in {percent(falls, 0)} of the steps; at layer 15 {percent(left, 0)} of layer "
                f"1's, backprop {percent(plain, 0)}",
                graded(mean(falls) >= 0.75 and mean(left) > mean(plain),
                       mean(falls) >= 0.75 or mean(left) > mean(plain)))
    return measure


def early(data):
    found = {method: mean([part(each, 2, len(each) - 1) for each in runs])
             for method, runs in all_curves(data, "rdm_distance").items()}
    others = [value for method, value in found.items() if method != "dfa"]
    return (", ".join(f"{METHODS[method]} {show(value)}" for method, value in found.items()),
            graded(found["dfa"] <= mean(others) / 2, found["dfa"] < min(others)))


def why_not_halves(data):
    return ("The paper calls the two parts “qualitatively different”, without a measure. Of the "
            f"distance, {two_slopes(data, 'rdm_distance')}: {bend(data, 'rdm_distance')}.")


def why_not_early(data):
    dfa = mean_curve(distances(data, "dfa"))
    fifth = scaled(5, dfa)
    return (f"DFA's representation takes some layers to settle: its distance is {show(dfa[0])} at layer 1 and "
            f"{show(dfa[fifth - 1])} at layer {fifth}.")


def settled(method):
    return Claim("rdm", "Fig. 7", "Backprop's representation is nearly constant from layer 9 on, that of "
                 f"SG everywhere is not ({EVERYWHERE[method]}): mean distance of layers 9 to 19 from "
                 "layer 20", "no number",
                 "backprop's below SG everywhere's in all runs; partly: on average",
                 explained(settles(method), why_not_settled))


def evolving(method):
    return Claim("rdm", "Fig. 7", "With SG everywhere the representation evolves through all layers "
                 f"({EVERYWHERE[method]})", "no number",
                 "the distance falls in at least 75 % of the steps, and at layer 15 more is left "
                 "than of backprop's; partly: one of the two",
                 explained(evolves(method), why_not_settled))


FIGURE_7 = [settled(method) for method in EVERYWHERE] + [
    Claim("rdm", "Fig. 7", "A single SG after layer 11 gives two distinct parts: mean distance of "
          "layers 1 to 11 against 12 to 19", "no number",
          "below at least twice above, and the step from layer 11 to 12 at least twice the mean step "
          "elsewhere; partly: one of the two", explained(halves, why_not_halves)),
] + [evolving(method) for method in EVERYWHERE] + [
    Claim("rdm", "Fig. 7", "DFA's hardly changes after the first layer: mean distance of layers 2 "
          "to 19", "no number", "at most half of the others' mean; partly: the smallest",
          explained(early, why_not_early)),
]


def steps_of(data, method):
    """In words; the most of any run."""
    return f"{max(number(run.get('steps', 0)) for run in rows(data, method=method)):,.0f}"


def accuracy(method):
    def measure(data):
        found = values(data, "test_accuracy", method=method)
        words = percent(found) + f", {steps_of(data, method)} steps"
        if method in EVERYWHERE:
            return words, graded(mean(found) >= 0.975, mean(found) >= 0.9)
        return words, graded(smallest(found) >= 0.97, smallest(found) >= 0.95)
    return measure


def why_not_accurate(method):
    def reason(data):
        if method != "sg-all":
            return f"It was trained for {steps_of(data, method)} steps."
        return (f"Too few steps: {steps_of(data, method)}, where Jaderberg et al. took 500,000. An SG that "
                "Adam trains lags behind the gradient that it has to follow, the more so the lower the "
                "layer.")
    return reason


def accuracy_claim(method):
    everywhere = method in EVERYWHERE
    name = f"SG everywhere ({EVERYWHERE[method]})" if everywhere else METHODS[method]
    return Claim("rdm", "App. D", f"The deep network learns the task: test accuracy, {name}",
                 "about 98 % in 500,000 steps (21 layers, Jaderberg et al. 2016)" if everywhere
                 else "no number",
                 "at least 97.5 % on average; partly: 90 %" if everywhere
                 else "at least 97 % in all runs; partly: 95 %",
                 explained(accuracy(method), why_not_accurate(method)))


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


def early_error_means(data):
    return {method: mean([part(each, 1, scaled(5, each)) for each in runs])
            for method, runs in all_curves(data, "regressor_mse").items()}


def early_errors(data):
    found = early_error_means(data)
    others = [value for method, value in found.items() if method != "dfa"]
    return (", ".join(f"{METHODS[method]} {show(value)}" for method, value in found.items()),
            graded(found["dfa"] >= 1.1 * max(others), found["dfa"] > max(others)))


def regressor_halves(data):
    jump, elsewhere = step_at_sg(mean_curve(curves(data, "sg", "regressor_mse")))
    return (f"step {show(jump)}, elsewhere {show(elsewhere)}",
            graded(jump >= 2 * elsewhere, jump > elsewhere))


def why_not_first(data):
    dfa = mean([each[0] for each in curves(data, "dfa", "classifier_accuracy")])
    return (f"The probe is trained for 20 passes over the digits, after which {show(100 * dfa, '.2f')} % are "
            "right; the paper does not say how its probes were trained.")


def why_not_agree(data):
    plain, single = (mean_curve(curves(data, method, "classifier_accuracy"))
                     for method in ("backprop", "sg"))
    apart = [abs(a - b) for a, b in zip(plain, single)]
    layer = apart.index(max(apart))
    return (f"They differ most at layer {layer + 1}: backprop {show(100 * plain[layer], '.2f')} %, one SG "
            f"{show(100 * single[layer], '.2f')} %.")


def why_not_early_errors(data):
    found = early_error_means(data)
    above = [method for method in found if method != "dfa" and 1.1 * found[method] > found["dfa"]]
    listed = ", ".join(f"{METHODS[method]} ({show(100 * test_accuracy(data, method), '.1f')} % of the "
                       "test digits right)" for method in above)
    plain = mean_curve(curves(data, "backprop", "regressor_mse"))[0]
    young = [method for method in above if test_accuracy(data, method) < LEARNED]
    first = "".join(f" {METHODS[method]} has not learned the task, and steps along the answers of SGs that "
                    "lag lose the input: the error at its first layer is "
                    f"{show(mean_curve(curves(data, method, 'regressor_mse'))[0])}, backprop's {show(plain)}."
                    for method in young)
    rest = "" if young == above else (" With the task learned, this is a difference from the paper, "
                                      "whose figure has no numbers.")
    return f"DFA's error is not 1.1 times that of {listed}.{first}{rest}"


def why_not_regressor_halves(data):
    return ("The paper says that the parts “do have slightly different behaviour”, without a measure. Of "
            f"the error, {two_slopes(data, 'regressor_mse')}: {bend(data, 'regressor_mse')}.")


FIGURE_8 = [
    Claim("probes", "Fig. 8, left", "DFA has the classes linearly separated after the first hidden "
          "layer, which not even backprop has: training accuracy of the probe there", "100 %",
          "at least 99.5 % and above backprop's; partly: above backprop's",
          explained(first_layer, why_not_first)),
    Claim("probes", "Fig. 8, left", "Between backprop and a single SG there is not much of a "
          "difference", "no number", "at most 1 point, mean over layers; partly: 3",
          explained(probes_agree, why_not_agree)),
    Claim("probes", "Fig. 8, right", "DFA transforms most in its first layers: mean squared error of "
          "the regressor, layers 1 to 5", "no number",
          "at least 1.1 times each of the others; partly: the largest",
          explained(early_errors, why_not_early_errors)),
    Claim("probes", "Fig. 8, right", "A single SG makes two parts: change of the regressor's error "
          "from layer 11 to 12", "no number",
          "at least twice the mean change elsewhere; partly: above it",
          explained(regressor_halves, why_not_regressor_halves)),
]

CLAIMS = FIGURE_7 + [accuracy_claim(method) for method in METHODS] + FIGURE_8

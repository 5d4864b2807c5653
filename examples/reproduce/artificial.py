"""Claims about artificial data: Table 2 and Figure 9."""

from results import NO_NUMBER, Claim, graded, mean, number, rows, show, spread, values
from paper import DATA_SETS, TABLE_2

# Table 2. ------------------------------------------------------------------------------------


def table_row(data, model, loss, name):
    return rows(data, "rows", model=model, loss=loss, data=name)[0]


def difference(data, model, loss, name):
    return number(table_row(data, model, loss, name).get("difference", ""))


def cell_words(row, printed):
    mean_ = number(row.get("difference", ""))
    words = show(mean_, ".5f")
    if "difference_min" in row and "difference_max" in row:
        words += (f" ({show(number(row['difference_min']), '.5f')}.."
                  f"{show(number(row['difference_max']), '.5f')}"
                  f"{', ' + str(row['datasets']) + ' data sets' if 'datasets' in row else ''})")
    if printed and printed > 1e-4:
        words += f"; {show(mean_ / printed, '.2g')} times the paper's"
    if row.get("optimum") is not None and "sg" in row:
        words += f"; from the optimum {show(number(row['sg']) - number(row['optimum']), '.5f')}"
    return words


def small(most, partly):
    return (f"|difference| ≤ {most:g}; partly: {partly:g}",
            lambda mine, data: graded(abs(mine) <= most, abs(mine) <= partly))


def alike(printed):
    def verdict(mine, data):
        factor = mine / printed
        return graded(0.5 <= factor <= 2, 0.1 <= factor <= 10)
    return "within a factor of 2; partly: 10", verdict


def five_times_noisy(mine, data):
    noisy = difference(data, "shallow", "log", "noisy100")
    return graded(mine >= 5 * noisy and mine > 0, mine >= 2 * noisy and mine > 0)


def cell_rule(model, loss, name, printed):
    if printed is None:
        return "none", lambda mine, data: NO_NUMBER
    if (model, loss, name) == ("shallow", "log", "linear100"):
        return "at least 5 times noisy100's; partly: 2 times", five_times_noisy
    if printed > 1e-4:
        return alike(printed)
    return small(1e-4, 1e-3) if model == "shallow" else small(1e-3, 1e-2)


def cell(model, loss, name):
    printed = TABLE_2[model, loss].get(name)
    rule, verdict = cell_rule(model, loss, name, printed)

    def measure(data):
        row = table_row(data, model, loss, name)
        mine = number(row.get("difference", ""))
        return cell_words(row, printed), verdict(mine, data)
    loss_name = "MSE" if loss == "mse" else "log loss"
    return Claim("artificial", "Table 2", f"{model}, {loss_name}, {name}",
                 "-" if printed is None else f"{printed:.5f}", rule, measure)


ARTIFICIAL = [cell(model, loss, name) for model, loss in TABLE_2 for name in DATA_SETS]


# Figure 9. -----------------------------------------------------------------------------------

CONDITIONS = [("hy", "(h,y)"), ("h", "h"), ("y", "y")]


def by_condition(data, key, /, **where):
    return {condition: values(data, key, condition=condition, **where)
            for condition, _ in CONDITIONS}


def best(found):
    return mean(found["hy"]) > mean(found["h"]) and mean(found["hy"]) > mean(found["y"])


def condition_words(found, form=".2f"):
    return ", ".join(f"{name}\u00a0{spread(found[key], form)}" for key, name in CONDITIONS)


def fidelity(where):
    def measure(data):
        correlation, r2 = (by_condition(data, key, **where) for key in ("correlation", "r2"))
        return (f"correlation: {condition_words(correlation)}; R²: {condition_words(r2)}",
                graded(best(correlation) and best(r2), best(correlation) or best(r2)))
    return measure


PLACES = [{"data": name, "loss": loss, "interfaces": interfaces}
          for name in ("linear2", "noisy2") for loss in ("mse", "log")
          for interfaces in ("one", "all")]


def place_name(where):
    loss = "MSE" if where["loss"] == "mse" else "log loss"
    place = "one SG" if where["interfaces"] == "one" else "SG everywhere"
    return f"{where['data']}, {loss}, {place}"


def solved(final, backprop):
    return final <= 1.1 * backprop + 0.01


def y_fails(data):
    failed = []
    for where in PLACES:
        final, backprop = (mean(values(data, key, condition="y", **where))
                           for key in ("final_loss", "backprop_loss"))
        failed.append(not solved(final, backprop))
    return (f"not solved in {sum(failed)} of {len(failed)} settings",
            graded(all(failed), 2 * sum(failed) >= len(failed)))


def h_slower(data):
    finals = [by_condition(data, "final_loss", **where) for where in PLACES]
    between = [mean(each["hy"]) <= mean(each["h"]) <= mean(each["y"]) for each in finals]
    words = ", ".join(f"{name} {show(mean([mean(each[key]) for each in finals]))}"
                      for key, name in CONDITIONS)
    return (f"in {sum(between)} of {len(between)} settings; mean final loss: {words}",
            graded(all(between), 2 * sum(between) >= len(between)))


LOSS_ESTIMATION = [
    Claim("loss_estimation", "Fig. 9", f"An SG of (h,y) describes the loss better than one of h or "
          f"y alone: {place_name(where)}", "no number",
          "the largest mean correlation and the largest mean R²; partly: one of them",
          fidelity(where)) for where in PLACES
] + [
    Claim("loss_estimation", "Fig. 9", "Seeing y alone, training does not reach a good solution",
          "not in 100,000 iterations", "mean final loss above 1.1 times backpropagation's + 0.01 in "
          "all settings; partly: in half of them", y_fails),
    Claim("loss_estimation", "Fig. 9", "Seeing h alone it is slower than with (h,y)", "much longer",
          "mean final loss (h,y) ≤ h ≤ y in all settings; partly: in half of them", h_slower),
]

CLAIMS = ARTIFICIAL + LOSS_ESTIMATION

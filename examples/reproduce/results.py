"""Numbers out of the programs' JSON, and words for them."""

import math
from typing import Callable, NamedTuple

REPRODUCED, PARTLY, NOT = "reproduced", "partly", "not"
NOT_RUN, NO_NUMBER = "not run", "not in the paper"


class Missing(Exception):
    """The results do not have what a claim needs."""


class Claim(NamedTuple):
    program: str
    place: str  # in the paper
    text: str
    paper: str  # its number
    rule: str   # what counts as reproduced, and as partly
    # Of the program's JSON: our number in words, the verdict and, if that is "partly" or "not" and the
    # reason is known, the reason, a whole sentence. May raise Missing.
    measure: Callable


def number(value):
    """A JSON number; null stands for one that is not finite."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Missing
    return float(value)


def numbers(value):
    if not isinstance(value, list) or not value:
        raise Missing
    return [number(each) for each in value]


def rows(data, key="runs", /, **where):
    """The objects in the list data[key] that have all of `where`; at least one."""
    found = data.get(key)
    if not isinstance(found, list):
        raise Missing
    found = [each for each in found if isinstance(each, dict)
             and all(each.get(name) == value for name, value in where.items())]
    if not found:
        raise Missing
    return found


def values(data, key, /, **where):
    return [number(run[key]) for run in rows(data, **where) if key in run] or missing()


def missing():
    raise Missing


def mean(numbers_):
    return math.fsum(numbers_) / len(numbers_) if numbers_ else math.nan


def largest(numbers_):
    return math.nan if any(math.isnan(each) for each in numbers_) else max(numbers_)


def smallest(numbers_):
    return math.nan if any(math.isnan(each) for each in numbers_) else min(numbers_)


def graded(reproduced, partly=False):
    return REPRODUCED if reproduced else PARTLY if partly else NOT


def explained(measure, reason):
    """The measure with a reason, in words or as a function of the JSON, where it is not reproduced."""
    def measured(data):
        ours, verdict = measure(data)
        if verdict not in (PARTLY, NOT):
            return ours, verdict
        return ours, verdict, reason(data) if callable(reason) else reason
    return measured


def share(flags):
    """How many of how many, and the verdict: all, at least half, fewer."""
    good = sum(flags)
    return f"{good} of {len(flags)} runs", graded(good == len(flags), 2 * good >= len(flags))


# Words. --------------------------------------------------------------------------------------


def show(value, form=".3g"):
    return format(value, form) if math.isfinite(value) else "not finite"


def spread(numbers_, form=".3g", unit=""):
    """mean (min..max), in one piece"""
    text = show(mean(numbers_), form) + unit
    if len(numbers_) < 2 or smallest(numbers_) == largest(numbers_):
        return text
    return f"{text}\u00a0({show(smallest(numbers_), form)}..{show(largest(numbers_), form)})"


def percent(numbers_, digits=2):
    return spread([100 * each for each in numbers_], f".{digits}f", " %")

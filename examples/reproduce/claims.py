"""All claims, and what the results say to each."""

from typing import NamedTuple

import artificial
import mnist
import theory
from results import NOT, NOT_RUN, PARTLY, Claim, Missing

CLAIMS = theory.CLAIMS + artificial.CLAIMS + mnist.CLAIMS


class Row(NamedTuple):
    claim: Claim
    ours: str
    verdict: str
    reason: str = ""


def judge(claim, results):
    """results: program -> its JSON; a program that is not there has not been run."""
    data = results.get(claim.program)
    if data is None:
        return Row(claim, "-", NOT_RUN)
    try:
        return Row(claim, *claim.measure(data))
    except Missing:
        return Row(claim, "not among the results", NOT_RUN)


def judge_all(results):
    return [judge(claim, results) for claim in CLAIMS]


def unexplained(rows):
    """The claims that are not reproduced, or partly, and do not say why."""
    return [row.claim.text for row in rows if row.verdict in (PARTLY, NOT) and not row.reason]

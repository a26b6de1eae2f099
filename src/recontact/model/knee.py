"""Which settings to take: those beyond which dearer explanations buy nothing to speak of."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from recontact.model.calibration import Floats


class Tried(NamedTuple):
    """One set of settings, and how it did.

    Attributes
    ----------
    number : int
        Of the trial, from 0; trial 0 has the defaults.
    params : dict
        The settings that were tried.
    loss : float
        Share of the uncertainty that is left: log-loss over that of the bare rate.
    steps : float
        What one explanation walks (`recontact.model.latency.size`), of the dearer model.
    groups : tuple of float
        The loss by group of customers; they sum up to it.
    facts : dict
        `trees`, `ms` of an explanation on the machine that tried it, `seconds` it took.
    """

    number: int
    params: dict[str, Any]
    loss: float
    steps: float
    groups: tuple[float, ...]
    facts: dict[str, Any]


def front(tried: Sequence[Tried]) -> list[Tried]:
    """Give the trials that no other one beats at the same or a lower cost, cheapest first.

    Examples
    --------
    >>> some = [Tried(k, {}, *x, (), {}) for k, x in enumerate([(0.9, 5), (0.8, 9), (0.95, 7)])]
    >>> [t.number for t in front(some)]
    [0, 1]
    """
    best, least = [], float("inf")
    for one in sorted(tried, key=lambda t: (t.steps, t.loss, t.number)):
        if one.loss < least:
            best.append(one)
            least = one.loss
    return best


def knee(tried: Sequence[Tried], budget: float) -> Tried:
    """Choose: the cheapest trial that is not worse than the best by more than chance.

    Only trials within the budget count; where there is none, the cheapest of all. Chance is one
    standard error of the difference, over groups of customers, since a customer's contacts are
    told well or badly together. It is the rule of one standard error of Breiman and others
    (1984, "Classification and regression trees"), on the differences from the best.

    Parameters
    ----------
    tried : sequence of Tried
        At least one.
    budget : float
        The most steps that an explanation may take.

    Examples
    --------
    >>> dear = Tried(0, {}, 0.80, 900.0, (0.39, 0.41), {})
    >>> cheap = Tried(1, {}, 0.81, 100.0, (0.41, 0.40), {})
    >>> cheaper = Tried(2, {}, 0.90, 50.0, (0.44, 0.46), {})
    >>> knee([dear, cheap, cheaper], 1000).number, knee([dear, cheap, cheaper], 60).number
    (1, 2)
    """
    within = [one for one in front(tried) if one.steps <= budget] or front(tried)[:1]
    best = within[-1]
    return next(one for one in within if one.loss - best.loss <= chance(one, best))


def chance(one: Tried, other: Tried) -> float:
    """Give the standard error of the difference of two losses, over groups of customers."""
    apart: Floats = np.subtract(one.groups, other.groups)
    count = len(apart)
    if count < 2:
        return 0.0
    return float(np.sqrt(count / (count - 1) * ((apart - apart.mean()) ** 2).sum()))

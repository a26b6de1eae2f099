"""Whether following up prevents anything: at-risk contacts left untouched by lot, and the others.

The lot falls by customer, so that nobody is half followed up. What is compared are the two arms as
the lot made them, whoever was really followed up (intention to treat).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recontact.clusters import Share, Span, apart, means_apart, share
from recontact.evaluation.costs import Costs

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

LEAST = 100  # contacts of each arm whose window has passed; fewer tell nothing worth reading
LEAST_TREATED = 20


@dataclass(frozen=True)
class Cases:
    """At-risk contacts whose window has passed.

    Attributes
    ----------
    customer : numpy.ndarray of int64
        Whose contact it is; the unknown are customers of their own.
    held : numpy.ndarray of bool
        The customer is held out.
    treated : numpy.ndarray of bool
        Somebody followed it up in time.
    repeated, escalated : numpy.ndarray of bool
        What became of it.
    risk : numpy.ndarray of float64
        The probability of a repeat, as it was told at the end of the contact.
    """

    customer: Ints
    held: Flags
    treated: Flags
    repeated: Flags
    escalated: Flags
    risk: Floats

    def only(self, rows: Flags) -> "Cases":
        """Give some of them."""
        return Cases(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


class Effect(NamedTuple):
    """What following up did to one outcome.

    Attributes
    ----------
    listed, held : Share
        Of the contacts that could be followed up, and of those held out.
    difference : Span or None
        The first less the second: below 0, follow-ups prevent.
    on_treated : Span or None
        By how much the chance of a contact falls that is really followed up.
    prevented_share : float or None
        Which part of what would have come a follow-up prevents.
    prevented : Span or None
        How many of the listed contacts were spared it.
    """

    listed: Share
    held: Share
    difference: Span | None
    on_treated: Span | None
    prevented_share: float | None
    prevented: Span | None


class Saved(NamedTuple):
    """What following up was worth.

    Attributes
    ----------
    gross : Span or None
        What was prevented, in the unit of the costs.
    spent : float
        On follow-ups.
    net : Span or None
        The one less the other.
    """

    gross: Span | None
    spent: float
    net: Span | None


def stories(customer: Ints, started: Ints, closes: Ints) -> Flags:
    """Choose the contacts that come out of the blue, and not in the window of an earlier one.

    Who is back within the window of an at-risk contact is what that contact came to. Counted as a
    contact of its own it would be one more where follow-ups are not made and one fewer where they
    are: the two arms would no longer be alike.

    Parameters
    ----------
    customer, started, closes : numpy.ndarray of int64
        By at-risk contact: whose it is, when it started, and when its window passed.

    Examples
    --------
    >>> started, closes = np.array([0, 5, 30, 5]), np.array([10, 15, 40, 15])
    >>> stories(np.array([1, 1, 1, 2]), started, closes).tolist()
    [True, False, True, True]
    """
    ranks = np.lexsort((closes, started, customer))
    chosen = np.ones(len(ranks), dtype=bool)
    whose, until = -1, 0
    for place, (own, start, end) in enumerate(
        zip(customer[ranks].tolist(), started[ranks].tolist(), closes[ranks].tolist(), strict=True)
    ):
        if own == whose:
            chosen[place] = start > until
            until = max(until, end)
        else:
            whose, until = own, end
    found = np.empty_like(chosen)
    found[ranks] = chosen
    return found


def effect(cases: Cases, outcome: str) -> Effect:
    """Compare the arms by `repeated` or `escalated`.

    Parameters
    ----------
    cases : Cases
        Of which each story counts once (`stories`).
    outcome : str
        Which.

    Notes
    -----
    The effect on those followed up is that of the lot over how many more are followed up where it
    leaves them to be: Wald (1940), as an effect on compliers by Imbens and Angrist (1994),
    "Identification and estimation of local average treatment effects". The share followed up is
    taken as known. Without a follow-up, those followed up would have had what is left of the held
    out's rate when the share of those not followed up is taken out.
    """
    hits, held = getattr(cases, outcome), cases.held
    listed, left = (
        share(hits[~held], cases.customer[~held]),
        share(hits[held], cases.customer[held]),
    )
    found = apart(listed, left)
    if found is None:
        return Effect(listed, left, None, None, None, None)
    taken = float(cases.treated[~held].mean() - cases.treated[held].mean())
    on_treated = Span(*(value / taken for value in found)) if taken > 0 else None
    low, high = (-bound * listed.of for bound in (found.high, found.low))
    prevented = Span(-found.value * listed.of, low, high)
    return Effect(listed, left, found, on_treated, _part(cases, hits, taken), prevented)


def _part(cases: Cases, hits: Flags, taken: float) -> float | None:
    """Give the part that a follow-up prevents, of what those followed up would have had."""
    held, treated = cases.held, cases.treated
    if taken <= 0 or not (~held & treated).any():
        return None
    rest = hits[~held & ~treated]
    had = hits[held].mean() - (1 - taken) * (rest.mean() if len(rest) else 0.0)
    fell = hits[held].mean() - hits[~held].mean()
    return float(fell / had) if had > 0 else None


def saved(cases: Cases, costs: Costs) -> Saved:
    """Give what was prevented in money, less what the follow-ups cost.

    A contact costs what came of it; the mean of each arm is compared, customers drawn whole.
    """
    worth = costs.repeat * cases.repeated + costs.escalation * cases.escalated
    held, size = cases.held, int((~cases.held).sum())
    found = means_apart(worth[~held], cases.customer[~held], worth[held], cases.customer[held])
    spent = costs.follow_up * float(cases.treated[~held].sum())
    if found is None:
        return Saved(None, spent, None)
    gross = Span(-found.value * size, -found.high * size, -found.low * size)
    return Saved(gross, spent, Span(*(value - spent for value in gross)))


def within(cost: Floats, group: Ints, capacity: Ints, listed: Flags) -> Flags:
    """Choose the contacts within each day's capacity: the worst of each group.

    Parameters
    ----------
    cost : numpy.ndarray of float64
        By contact, what the list is sorted by.
    group : numpy.ndarray of int64
        By contact, which day and team it is of.
    capacity : numpy.ndarray of int64
        By group, how many can be followed up.
    listed : numpy.ndarray of bool
        On the list. Others are chosen where they would have been among the worst.

    Examples
    --------
    >>> cost, held = np.array([5.0, 4.0, 3.0, 2.0, 4.5, 1.0]), np.array([0, 0, 0, 0, 1, 1])
    >>> within(cost, np.zeros(6, dtype=int), np.array([2]), held == 0).tolist()
    [True, True, False, False, True, False]
    """
    rows = np.flatnonzero(listed)
    ranks = rows[np.lexsort((-cost[rows], group[rows]))]
    begin = np.searchsorted(group[ranks], np.arange(len(capacity)))
    place = np.arange(len(ranks)) - begin[group[ranks]]
    chosen = np.zeros(len(cost), dtype=bool)
    chosen[ranks[place < capacity[group[ranks]]]] = True
    least = np.full(len(capacity), np.inf)
    np.minimum.at(least, group[chosen], cost[chosen])
    size = np.bincount(group[rows], minlength=len(capacity))
    least[size < capacity] = -np.inf  # nobody is left out
    return chosen | (~listed & (cost >= least[group]))


def missing(cases: Cases) -> list[str]:
    """Say what is still missing before figures tell anything; empty: enough is there.

    Examples
    --------
    >>> nobody = np.zeros(0)
    >>> missing(Cases(*(nobody.astype(t) for t in (int, bool, bool, bool, bool, float))))[0]
    '100 more held-out contacts whose window has passed (0 so far)'
    """
    counts = {
        "held-out contacts whose window has passed": (int(cases.held.sum()), LEAST),
        "other contacts at risk whose window has passed": (int((~cases.held).sum()), LEAST),
        "contacts that somebody followed up": (
            int((cases.treated & ~cases.held).sum()),
            LEAST_TREATED,
        ),
    }
    return [
        f"{least - count:,} more {what} ({count:,} so far)"
        for what, (count, least) in counts.items()
        if count < least
    ]

"""Whether customer, agent and record say the same of what was resolved."""

from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.intervals import Z, wilson
from recontact.labels.tally import known
from recontact.rates import Flags, Measures

Floats = npt.NDArray[np.float64]

SAID = {  # whose word it is
    "customer": "the customer's answer",
    "agent": "the agent's claim",
    "measured": "no repeat followed",
}


def kappa(table: npt.ArrayLike, z: float = Z) -> tuple[float, float, float]:
    """Give the agreement beyond chance of two who judge the same cases, with its interval.

    Parameters
    ----------
    table : array_like, shape (k, k)
        Cases by the answer of the first (rows) and of the second (columns).
    z : float
        Normal quantile; the default gives 95 %.

    Returns
    -------
    kappa, low, high : float
        1 is full agreement, 0 what chance gives; nan where both always say the same one thing.

    Notes
    -----
    Cohen (1960), "A coefficient of agreement for nominal scales"; the large-sample variance of
    Fleiss, Cohen and Everitt (1969), "Large sample standard errors of kappa and weighted kappa".

    Examples
    --------
    >>> value, low, high = kappa([[20, 5], [10, 15]])
    >>> round(value, 3), round(low, 3), round(high, 3)
    (0.4, 0.151, 0.649)
    """
    counts = np.asarray(table, dtype=float)
    total = counts.sum()
    share = counts / max(total, 1.0)
    first, second = share.sum(axis=1), share.sum(axis=0)
    agreed, chance = float(np.trace(share)), float(first @ second)
    if total == 0 or chance >= 1:
        return np.nan, np.nan, np.nan
    value = (agreed - chance) / (1 - chance)
    pull = np.eye(len(counts)) - (first[None, :] + second[:, None]) * (1 - value)
    mean = value - chance * (1 - value)
    variance = ((share * pull**2).sum() - mean**2) / (total * (1 - chance) ** 2)
    reach = z * np.sqrt(max(variance, 0.0))
    return value, float(max(value - reach, -1.0)), float(min(value + reach, 1.0))


def agreement(contacts: pa.Table, measures: Measures) -> list[dict[str, Any]]:
    """Compare the three words on a contact's resolution, two by two.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    measures : Measures
        Whose `repeat` is the measured outcome: of eligible and matured contacts.

    Returns
    -------
    list of dict
        For each pair of `SAID` that speaks of the same contacts: `first`, `second`, `of`, the
        counts `both`, `only_first`, `only_second`, `neither` of resolved, `agreed` with its
        interval, `kappa` with its interval, and `wrong` with its interval: of those that the
        first calls resolved, the share that the second does not.
    """
    repeated, judged = measures.shares["repeat"]
    words = {
        "customer": known(contacts["survey_resolved"]),
        "agent": known(contacts["agent_resolved"]),
        "measured": (judged & ~repeated, judged),
    }
    pairs = (_pair(a, words[a], b, words[b]) for a, b in combinations(SAID, 2))
    return [pair for pair in pairs if pair["of"]]


def _pair(
    first: str, one: tuple[Flags, Flags], second: str, other: tuple[Flags, Flags]
) -> dict[str, Any]:
    rows = one[1] & other[1]
    a, b = one[0][rows], other[0][rows]
    both, only_first = int((a & b).sum()), int((a & ~b).sum())
    only_second, neither = int((~a & b).sum()), int((~a & ~b).sum())
    value, low, high = kappa([[both, only_first], [only_second, neither]])
    return {
        "first": first,
        "second": second,
        "of": len(a),
        "both": both,
        "only_first": only_first,
        "only_second": only_second,
        "neither": neither,
        **share("agreed", both + neither, len(a)),
        "kappa": value,
        "kappa_low": low,
        "kappa_high": high,
        **share("wrong", only_first, both + only_first),
    }


def share(name: str, hits: int, of: int) -> dict[str, Any]:
    """Give a share with its interval and what it is taken of, as in a row of rates."""
    low, high = wilson(hits, of)
    found = [hits / of, float(low), float(high)] if of else [None, None, None]
    return {name: found[0], f"{name}_low": found[1], f"{name}_high": found[2], f"{name}_of": of}

"""Figures of one score against what came; None where a figure is not defined."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
CAPACITIES = (0.01, 0.02, 0.05, 0.10, 0.20)
BINS = 10


def roc_auc(outcome: Floats, score: Floats) -> float | None:
    """Give the chance that a contact with the outcome is scored above one without.

    Ties count half. None unless both outcomes occur.

    Examples
    --------
    >>> import numpy as np
    >>> roc_auc(np.array([0.0, 1.0, 1.0]), np.array([1.0, 1.0, 2.0]))
    0.75
    >>> roc_auc(np.ones(2), np.ones(2)) is None
    True
    """
    positives = outcome.sum()
    negatives = len(outcome) - positives
    if not positives or not negatives:
        return None
    values, place = np.unique(score, return_inverse=True)
    among = np.bincount(place, minlength=len(values))
    hits = np.bincount(place, weights=outcome, minlength=len(values))
    misses = among - hits
    below = np.cumsum(misses) - misses
    return float((hits * (below + misses / 2)).sum() / (positives * negatives))


def average_precision(outcome: Floats, score: Floats) -> float | None:
    """Give the mean of precision over the recall levels; None without a positive.

    Examples
    --------
    >>> import numpy as np
    >>> average_precision(np.array([1.0, 0.0, 1.0]), np.array([3.0, 2.0, 1.0]))
    0.8333333333333333
    """
    if not outcome.sum():
        return None
    flagged, hits = cumulated(outcome, score)
    gained = np.diff(hits, prepend=0.0)
    return float((gained * hits / flagged).sum() / hits[-1])


def brier(outcome: Floats, probability: Floats) -> float | None:
    """Give the mean squared distance of probability and outcome (Brier, 1950)."""
    return float(np.mean((probability - outcome) ** 2)) if len(outcome) else None


def calibration_error(outcome: Floats, probability: Floats) -> float | None:
    """Give the expected calibration error: mean distance of probability and rate.

    Over ten groups of equally many contacts by rising probability, each distance weighted
    by its group's size.

    Examples
    --------
    >>> import numpy as np
    >>> calibration_error(np.array([0.0, 1.0] * 50), np.full(100, 0.7)).__round__(6)
    0.2
    """
    bins = reliability(outcome, probability)
    total = sum(b.contacts for b in bins)
    if not total:
        return None
    return sum(b.contacts * abs(b.predicted - b.observed) for b in bins) / total


class Bin(NamedTuple):
    """One group of the reliability plot."""

    predicted: float
    observed: float
    contacts: int


def reliability(outcome: Floats, probability: Floats) -> list[Bin]:
    """Group contacts by rising probability into ten groups of the same size.

    Equal probabilities stay together, so that their order decides nothing.
    """
    if not len(outcome):
        return []
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, BINS + 1)[1:-1]))
    place = np.searchsorted(edges, probability, side="right")
    counts = np.bincount(place)
    predicted = np.bincount(place, weights=probability)
    observed = np.bincount(place, weights=outcome)
    return [
        Bin(float(p / n), float(o / n), int(n))
        for p, o, n in zip(predicted, observed, counts, strict=True)
        if n
    ]


class AtCapacity(NamedTuple):
    """What following up the highest scores would find."""

    share: float
    flagged: int
    precision: float | None
    recall: float | None


def at_capacity(outcome: Floats, score: Floats, share: float) -> AtCapacity:
    """Give precision and recall when the highest `share` of the contacts is followed up.

    At least one contact is flagged. Of equal scores at the cut a random choice is expected,
    so that their order decides nothing.

    Examples
    --------
    >>> import numpy as np
    >>> at_capacity(np.array([1.0, 0.0, 0.0, 1.0]), np.array([4.0, 3.0, 2.0, 1.0]), 0.25)
    AtCapacity(share=0.25, flagged=1, precision=1.0, recall=0.5)
    """
    if not len(outcome):
        return AtCapacity(share, 0, None, None)
    k = max(1, round(share * len(outcome)))
    flagged, hits = cumulated(outcome, score)
    found = float(np.interp(k, np.append(0, flagged), np.append(0, hits)))
    return AtCapacity(share, k, found / k, found / float(hits[-1]) if hits[-1] else None)


def cumulated(outcome: Floats, score: Floats) -> tuple[Floats, Floats]:
    """Give flagged contacts and hits at each distinct score, from the highest down."""
    values, place = np.unique(-score, return_inverse=True)
    flagged = np.cumsum(np.bincount(place, minlength=len(values))).astype(np.float64)
    hits = np.cumsum(np.bincount(place, weights=outcome, minlength=len(values))).astype(np.float64)
    return flagged, hits

"""Figures of one score against what came; None where a figure is not defined.

Where contacts have weights, each counts as often as its weight says.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
CAPACITIES = (0.01, 0.02, 0.05, 0.10, 0.20)
RECALLS = (0.5, 0.8, 0.9)
BINS = 10


class Ranked(NamedTuple):
    """Flagged contacts and hits at each distinct score, cumulated from the highest down."""

    flagged: Floats
    hits: Floats

    @property
    def area(self) -> float | None:
        """The area under the ROC curve: see `roc_auc`."""
        positives, total = (_last(column) for column in (self.hits, self.flagged))
        if positives <= 0 or total - positives <= 0:
            return None
        hits, misses = (np.diff(c, prepend=0.0) for c in (self.hits, self.flagged - self.hits))
        above = self.flagged - self.hits - misses / 2
        return float(1 - (hits * above).sum() / (positives * (total - positives)))

    @property
    def precision(self) -> float | None:
        """The mean of precision over the recall levels: see `average_precision`."""
        if _last(self.hits) <= 0:
            return None
        gained = np.diff(self.hits, prepend=0.0)
        there = self.flagged > 0
        pure = self.hits[there] / self.flagged[there]
        return float((gained[there] * pure).sum() / self.hits[-1])

    def found(self, flagged: float) -> float:
        """Give the hits among so many; of equal scores a random choice is expected."""
        return float(np.interp(flagged, np.append(0, self.flagged), np.append(0, self.hits)))

    def needed(self, hits: float) -> float:
        """Give how many must be flagged to find so many; the other way round."""
        gain = np.flatnonzero(np.diff(self.hits, prepend=0.0) > 0)
        k = gain[np.searchsorted(self.hits[gain], hits - 1e-9)]
        below = (self.flagged[k - 1], self.hits[k - 1]) if k else (0.0, 0.0)
        part = (hits - below[1]) / (self.hits[k] - below[1])
        return float(below[0] + part * (self.flagged[k] - below[0]))


def _last(cumulated: Floats) -> float:
    return float(cumulated[-1]) if len(cumulated) else 0.0


def ranked(outcome: Floats, score: Floats, weight: Floats | None = None) -> Ranked:
    """Rank contacts by a score.

    Examples
    --------
    >>> import numpy as np
    >>> ranked(np.array([0.0, 1.0, 1.0]), np.array([1.0, 1.0, 2.0]))
    Ranked(flagged=array([1., 3.]), hits=array([1., 2.]))
    """
    order = np.argsort(-score, kind="stable")  # quick where they are in order already
    values = score[order]
    ends = np.append(np.flatnonzero(values[1:] != values[:-1]), len(values) - 1)
    ends = ends[: len(values)]  # none of none
    each = np.ones(len(score)) if weight is None else weight[order]
    return Ranked(np.cumsum(each)[ends], np.cumsum(each * outcome[order])[ends])


def roc_auc(outcome: Floats, score: Floats, weight: Floats | None = None) -> float | None:
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
    return ranked(outcome, score, weight).area


def average_precision(outcome: Floats, score: Floats, weight: Floats | None = None) -> float | None:
    """Give the mean of precision over the recall levels; None without a positive.

    Examples
    --------
    >>> import numpy as np
    >>> average_precision(np.array([1.0, 0.0, 1.0]), np.array([3.0, 2.0, 1.0])).__round__(6)
    0.833333
    """
    return ranked(outcome, score, weight).precision


def brier(outcome: Floats, probability: Floats, weight: Floats | None = None) -> float | None:
    """Give the mean squared distance of probability and outcome (Brier, 1950)."""
    if not len(outcome):
        return None
    return float(np.average((probability - outcome) ** 2, weights=weight))


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
    """What following up the highest scores would find.

    `lift` is how many times more often they have the outcome than all contacts do.
    """

    share: float
    flagged: int
    precision: float | None
    recall: float | None
    lift: float | None


def at_capacity(outcome: Floats, score: Floats, share: float) -> AtCapacity:
    """Give precision, recall and lift when the highest `share` of the contacts is followed up.

    At least one contact is flagged. Of equal scores at the cut a random choice is expected,
    so that their order decides nothing.

    Examples
    --------
    >>> import numpy as np
    >>> at_capacity(np.array([1.0, 0.0, 0.0, 1.0]), np.array([4.0, 3.0, 2.0, 1.0]), 0.25)
    AtCapacity(share=0.25, flagged=1, precision=1.0, recall=0.5, lift=2.0)
    """
    return at_share(ranked(outcome, score), share)


def at_share(line: Ranked, share: float) -> AtCapacity:
    """Give the same of contacts that are ranked already."""
    rows, hits = _last(line.flagged), _last(line.hits)
    if not rows:
        return AtCapacity(share, 0, None, None, None)
    k = max(1, round(share * rows))
    found = line.found(k)
    if not hits:
        return AtCapacity(share, k, 0.0, None, None)
    return AtCapacity(share, k, found / k, found / hits, found / k / (hits / rows))


class Workload(NamedTuple):
    """How many must be followed up to reach a share of all with the outcome."""

    recall: float
    share: float | None
    flagged: int | None
    precision: float | None


def for_recall(outcome: Floats, score: Floats, recall: float) -> Workload:
    """Give how many of the highest scores must be followed up to find a share of all cases.

    Among equal scores a random choice is expected; a part of a contact is a whole one.

    Examples
    --------
    >>> import numpy as np
    >>> for_recall(np.array([1.0, 0.0, 0.0, 1.0]), np.array([4.0, 3.0, 2.0, 1.0]), 0.8)
    Workload(recall=0.8, share=1.0, flagged=4, precision=0.5)
    """
    return to_reach(ranked(outcome, score), recall)


def to_reach(line: Ranked, recall: float) -> Workload:
    """Give the same of contacts that are ranked already."""
    hits = _last(line.hits)
    if not hits:
        return Workload(recall, None, None, None)
    flagged = int(np.ceil(line.needed(recall * hits) - 1e-9))
    return Workload(recall, flagged / _last(line.flagged), flagged, line.found(flagged) / flagged)


def each_customer_once(customer: npt.NDArray[np.int64]) -> Floats:
    """Give each contact the weight by which its customer weighs 1 in total.

    Examples
    --------
    >>> import numpy as np
    >>> each_customer_once(np.array([7, 9, 7])).tolist()
    [0.5, 1.0, 0.5]
    """
    _, place, count = np.unique(customer, return_inverse=True, return_counts=True)
    weight: Floats = 1.0 / count[place]
    return weight

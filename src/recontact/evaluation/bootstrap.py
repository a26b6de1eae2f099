"""How far figures may be off by chance: test customers are drawn again, all rows of each together.

Rows of one customer resemble each other, so drawing rows alone would promise too much.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recontact.evaluation import kernel
from recontact.evaluation.metrics import Floats

Ints = npt.NDArray[np.int64]
Counts = npt.NDArray[np.uint8]

REPLICATES = 200
LEVEL = 0.95
MOST = 255  # times that one customer is drawn; more has no chance to happen


class Areas(NamedTuple):
    """Two figures of one score in each replicate; NaN where an outcome was not drawn."""

    roc_auc: Floats
    average_precision: Floats


class Paired(NamedTuple):
    """How much better one score is than another on the same contacts.

    `chance` is the share of the replicates in which it is not better (ties count half): small
    where the difference is no accident. All are None where a figure is not defined.
    """

    difference: float | None
    low: float | None
    high: float | None
    chance: float | None


class Part(NamedTuple):
    """Contacts scored twice: what came, both scores, and whose contacts they are."""

    outcome: Floats
    ours: Floats
    theirs: Floats
    customer: Ints


@dataclass(frozen=True)
class Draws:
    """How often each customer is drawn in each replicate (Efron, 1979, "Bootstrap methods").

    Attributes
    ----------
    customers : numpy.ndarray of int64
        The customers, rising.
    counts : numpy.ndarray of uint8
        A row a customer, a column a replicate; each column sums to the number of customers.

    Examples
    --------
    >>> draws = Draws.of(np.array([7, 7, 9]), replicates=4)
    >>> draws.customers.tolist(), draws.counts.sum(axis=0).tolist()
    ([7, 9], [2, 2, 2, 2])
    """

    customers: Ints
    counts: Counts

    @classmethod
    def of(cls, customer: Ints, seed: int = 0, replicates: int = REPLICATES) -> "Draws":
        """Draw customers with replacement, as many as there are; `customer` may repeat."""
        customers = np.unique(customer)
        n, random = len(customers), np.random.default_rng(seed)
        counts = np.empty((n, replicates), dtype=np.uint8)
        for k in range(replicates):
            drawn = np.bincount(random.integers(0, n, n), minlength=n) if n else 0
            counts[:, k] = np.minimum(drawn, MOST)
        return cls(customers, counts)

    def places(self, customer: Ints) -> Ints:
        """Give the row in `counts` of each contact's customer."""
        return np.searchsorted(self.customers, customer).astype(np.int64)

    def areas(self, outcome: Floats, score: Floats, customer: Ints) -> Areas:
        """Give ROC AUC and average precision of one score in each replicate.

        Examples
        --------
        >>> n = np.arange(6)
        >>> areas = Draws.of(n, replicates=50).areas((n > 2) * 1.0, n * 1.0, n)
        >>> float(np.nanmin(areas.roc_auc)), float(np.nanmin(areas.average_precision))
        (1.0, 1.0)
        """
        order = np.argsort(-score, kind="stable")
        return self.sorted_areas(outcome[order], score[order], self.places(customer[order]))

    def sorted_areas(self, outcome: Floats, score: Floats, places: Ints) -> Areas:
        """Give the same of rows that fall by score already, with their `places`."""
        return Areas(*kernel.areas(outcome > 0, score, places, self.counts))

    def sums(self, columns: Sequence[Floats], places: Ints) -> Floats:
        """Sum each column over the contacts of each replicate: a row a column."""
        size = len(self.customers)
        held = np.flatnonzero(np.bincount(places, minlength=size))
        each = [np.bincount(places, weights=column, minlength=size)[held] for column in columns]
        # in single precision, and this way round, the product is many times faster
        counts = self.counts[held].astype(np.float32)
        return (counts.T @ np.stack(each).astype(np.float32).T).T.astype(np.float64)


def interval(values: Floats, level: float = LEVEL) -> tuple[float, float] | None:
    """Give the middle share of the replicates; None where a tenth of them is not defined.

    Examples
    --------
    >>> [round(bound, 3) for bound in interval(np.arange(1001.0))]
    [25.0, 975.0]
    >>> interval(np.array([1.0, np.nan])) is None
    True
    """
    there = values[np.isfinite(values)]
    if len(there) < 0.9 * len(values) or not len(there):
        return None
    low, high = np.quantile(there, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def paired(
    outcome: Floats,
    ours: Floats,
    theirs: Floats,
    customer: Ints,
    seed: int = 0,
    replicates: int = REPLICATES,
    figure: str = "roc_auc",
) -> Paired:
    """Compare two scores of the same contacts, the customers drawn again for both at once.

    Parameters
    ----------
    outcome : numpy.ndarray of float64
        What came, 0 or 1.
    ours, theirs : numpy.ndarray of float64
        The scores; the higher, the likelier.
    customer : numpy.ndarray of int64
        Whose contact it is.
    seed, replicates : int
        Of the draws.
    figure : {"roc_auc", "average_precision"}
        What is compared.

    Returns
    -------
    Paired
        Ours minus theirs, its 95 % interval, and the share of replicates without a gain.

    Examples
    --------
    >>> n = np.arange(40)
    >>> found = paired((n % 4 == 0) * 1.0, -(n % 4) * 1.0, n * 1.0, n)
    >>> round(found.difference, 2), found.low > 0, found.chance
    (0.55, True, 0.0)
    """
    part = Part(outcome, ours, theirs, customer)
    return paired_mean([part], seed=seed, replicates=replicates, figure=figure)


def paired_mean(
    parts: Iterable[Part],
    seed: int = 0,
    replicates: int = REPLICATES,
    figure: str = "roc_auc",
) -> Paired:
    """Compare two scores by a figure that is the mean over parts, such as the moments.

    A customer drawn is drawn in all parts. See `paired`.
    """
    parts = list(parts)
    draws = Draws.of(np.concatenate([part.customer for part in parts]), seed, replicates)
    gains = [_gain(draws, part, figure) for part in parts]
    point = [_gain(_once(part), part, figure)[0] for part in parts]
    return difference(float(np.mean(point)), np.mean(gains, axis=0))


def difference(point: float | None, replicates: Floats) -> Paired:
    """Put a difference beside those of the replicates."""
    found = interval(replicates)
    if point is None or not np.isfinite(point) or found is None:
        return Paired(None, None, None, None)
    there = replicates[np.isfinite(replicates)]
    chance = float((there < 0).mean() + (there == 0).mean() / 2)
    return Paired(float(point), *found, chance)


def _gain(draws: Draws, part: Part, figure: str) -> Floats:
    ours, theirs = (
        getattr(draws.areas(part.outcome, score, part.customer), figure)
        for score in (part.ours, part.theirs)
    )
    gain: Floats = ours - theirs
    return gain


def _once(part: Part) -> Draws:
    """Give the draw in which every customer is drawn once: the contacts as they are."""
    customers = np.unique(part.customer)
    return Draws(customers, np.ones((len(customers), 1), dtype=np.uint8))

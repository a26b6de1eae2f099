"""A logistic regression on categories alone, small enough to need no other package.

Contacts with the same categories are one cell, so the work grows with the cells; the normal
equations are sums over pairs of categories, so no table of zeros and ones is ever made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RIDGE = 1.0  # one level's log odds lie about 1 around the common ones, before any data
STEPS, ENOUGH = 50, 1e-6  # a last step so small leaves an error of its square


def fit(factors: Sequence[Ints], hits: Floats, of: Floats, ridge: float = RIDGE) -> Floats:
    """Fit the chance of a hit to the levels of several factors.

    Parameters
    ----------
    factors : sequence of numpy.ndarray of int64
        By factor the level of each cell, from 0 up.
    hits, of : numpy.ndarray of float
        By cell: how many, out of how many.
    ridge : float
        Penalty on the squared log odds of each level; the common intercept has none, so that as
        many hits are expected in all as there were.

    Returns
    -------
    numpy.ndarray of float
        By cell the fitted chance.

    Notes
    -----
    Penalised likelihood by Newton's method: le Cessie and van Houwelingen (1992), "Ridge
    estimators in logistic regression".

    Examples
    --------
    >>> cells = np.array([0, 1])
    >>> fit([cells], np.array([20.0, 80.0]), np.array([100.0, 100.0]), ridge=1e-9).round(3).tolist()
    [0.2, 0.8]
    """
    overall = hits.sum() / max(of.sum(), 1.0)
    if overall in {0.0, 1.0} or not factors:
        return np.full(len(hits), overall)
    cells = _Cells.made(factors, hits, of, ridge)
    weights = np.zeros(len(cells.penalty))
    weights[0] = np.log(overall / (1 - overall))
    for _ in range(STEPS):
        step = cells.step(weights)
        weights = weights + step
        if np.abs(step).max() <= ENOUGH:
            break
    return cells.chance(weights)


@dataclass(frozen=True)
class _Cells:
    """The cells, and where the weights of each factor begin; the intercept's is the first."""

    factors: Sequence[Ints]
    starts: Ints
    hits: Floats
    tried: Floats
    penalty: Floats

    @classmethod
    def made(cls, factors: Sequence[Ints], hits: Floats, of: Floats, ridge: float) -> "_Cells":
        starts = np.cumsum([1, *(int(factor.max(initial=-1)) + 1 for factor in factors)])
        penalty = np.full(starts[-1], ridge)
        penalty[0] = 0.0
        return cls(factors, starts, hits, of, penalty)

    def log_odds(self, weights: Floats) -> Floats:
        total: Floats = np.full(len(self.hits), weights[0])
        for factor, start in zip(self.factors, self.starts, strict=False):
            total += weights[start + factor]
        return total

    def chance(self, weights: Floats) -> Floats:
        return np.asarray(1 / (1 + np.exp(-self.log_odds(weights))))

    def worth(self, weights: Floats) -> float:
        """Give the penalised log likelihood."""
        odds = self.log_odds(weights)
        likelihood = self.hits * odds - self.tried * np.logaddexp(0, odds)
        return float(likelihood.sum() - (self.penalty * weights**2).sum() / 2)

    def step(self, weights: Floats) -> Floats:
        """Give Newton's step, halved until it is no step down."""
        chance = self.chance(weights)
        slope = self.sums(self.hits - self.tried * chance) - self.penalty * weights
        bend = self.pairs(self.tried * chance * (1 - chance)) + np.diag(self.penalty)
        step, worth = np.linalg.solve(bend, slope), self.worth(weights)
        while self.worth(weights + step) < worth and np.abs(step).max() > ENOUGH:
            step = step / 2
        return np.asarray(step)

    def sums(self, values: Floats) -> Floats:
        """Sum over all cells, then over those of each level."""
        sizes = np.diff(self.starts)
        own = [np.bincount(f, values, n) for f, n in zip(self.factors, sizes, strict=True)]
        return np.concatenate([[values.sum()], *own])

    def pairs(self, values: Floats) -> Floats:
        """Sum over the cells of each pair of levels, the intercept being a level of all."""
        starts, sizes = self.starts, np.diff(self.starts)
        sums = np.diag(self.sums(values))
        sums[0, 1:] = sums[1:, 0] = np.diag(sums)[1:]
        for a, b in combinations(range(len(self.factors)), 2):
            both = self.factors[a] * sizes[b] + self.factors[b]
            block = np.bincount(both, values, sizes[a] * sizes[b]).reshape(sizes[a], sizes[b])
            rows, columns = slice(starts[a], starts[a + 1]), slice(starts[b], starts[b + 1])
            sums[rows, columns], sums[columns, rows] = block, block.T
        return np.asarray(sums)

"""A logistic regression on categories alone, small enough to need no other package.

Contacts with the same categories are one cell, so the work grows with the cells; the normal
equations are sums over pairs of categories, so no table of zeros and ones is ever made.
"""

from collections.abc import Sequence
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
    sizes = [int(factor.max(initial=-1)) + 1 for factor in factors]
    penalty = np.concatenate([[0.0], np.full(sum(sizes), ridge)])
    weights = np.zeros(1 + sum(sizes))
    weights[0] = np.log(overall / (1 - overall))
    worth = _worth(weights, factors, sizes, hits, of, penalty)
    for _ in range(STEPS):
        chance = _chance(weights, factors, sizes)
        slope = _by_level(hits - of * chance, factors, sizes) - penalty * weights
        step = np.linalg.solve(
            _curvature(of * chance * (1 - chance), factors, sizes) + np.diag(penalty), slope
        )
        better = _worth(weights + step, factors, sizes, hits, of, penalty)
        while better < worth and np.abs(step).max() > ENOUGH:
            step /= 2
            better = _worth(weights + step, factors, sizes, hits, of, penalty)
        weights, worth = weights + step, better
        if np.abs(step).max() <= ENOUGH:
            break
    return _chance(weights, factors, sizes)


def _log_odds(weights: Floats, factors: Sequence[Ints], sizes: list[int]) -> Floats:
    starts = np.cumsum([1, *sizes])
    total = np.full(len(factors[0]), weights[0])
    for factor, start in zip(factors, starts, strict=False):
        total += weights[start + factor]
    return total


def _chance(weights: Floats, factors: Sequence[Ints], sizes: list[int]) -> Floats:
    return np.asarray(1 / (1 + np.exp(-_log_odds(weights, factors, sizes))))


def _worth(
    weights: Floats,
    factors: Sequence[Ints],
    sizes: list[int],
    hits: Floats,
    of: Floats,
    penalty: Floats,
) -> float:
    """Give the penalised log likelihood."""
    odds = _log_odds(weights, factors, sizes)
    likelihood = hits * odds - of * np.logaddexp(0, odds)
    return float(likelihood.sum() - (penalty * weights**2).sum() / 2)


def _by_level(values: Floats, factors: Sequence[Ints], sizes: list[int]) -> Floats:
    """Sum over all cells, then over those of each level."""
    sums = [np.bincount(factor, values, size) for factor, size in zip(factors, sizes, strict=True)]
    return np.concatenate([[values.sum()], *sums])


def _curvature(values: Floats, factors: Sequence[Ints], sizes: list[int]) -> Floats:
    """Sum over the cells of each pair of levels, the intercept being the first."""
    starts = np.cumsum([1, *sizes])
    sums = np.diag(_by_level(values, factors, sizes))
    sums[0, 1:] = sums[1:, 0] = np.diag(sums)[1:]
    for a, b in combinations(range(len(factors)), 2):
        pair = np.bincount(factors[a] * sizes[b] + factors[b], values, sizes[a] * sizes[b])
        block = pair.reshape(sizes[a], sizes[b])
        rows, columns = slice(starts[a], starts[a + 1]), slice(starts[b], starts[b + 1])
        sums[rows, columns], sums[columns, rows] = block, block.T
    return np.asarray(sums)

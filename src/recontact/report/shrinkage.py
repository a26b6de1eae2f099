"""Rates of small groups, drawn towards the rate of all as far as chance explains the distance."""

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def likeness(hits: npt.ArrayLike, of: npt.ArrayLike) -> float:
    """Say how alike the contacts of one group are: the share of the spread that groups explain.

    Parameters
    ----------
    hits, of : array_like of int
        By group: how many, out of how many.

    Returns
    -------
    float
        The intra-class correlation of a beta-binomial model by the method of moments: 0 where
        groups differ no more than by chance, 1 where every group is all or nothing.

    Notes
    -----
    Kleinman (1973), "Proportions with extraneous variance: single and independent samples",
    with groups weighted by size. The variance of a group's rate is
    ``p (1 - p) (1 + (n - 1) likeness) / n``; the weighted squares of the rates around the rate of
    all are set equal to what that expects of them.

    Examples
    --------
    >>> likeness([5, 5], [10, 10]), round(likeness([7, 3], [10, 10]), 3)  # (3.2 - 1) / (10 - 1)
    (0.0, 0.244)
    """
    x, n = np.asarray(hits, dtype=float), np.asarray(of, dtype=float)
    x, n = x[n > 0], n[n > 0]
    total, by_chance = n.sum(), len(n) - 1
    room = total - (n**2).sum() / max(total, 1) - by_chance
    overall = x.sum() / max(total, 1)
    if room <= 0 or overall in {0.0, 1.0}:
        return 0.0
    spread = (n * (x / n - overall) ** 2).sum() / (overall * (1 - overall))
    return float(np.clip((spread - by_chance) / room, 0.0, 1.0))


def shrunk(hits: npt.ArrayLike, of: npt.ArrayLike) -> Floats:
    """Give the best guess of each group's own rate.

    Parameters
    ----------
    hits, of : array_like of int
        By group: how many, out of how many.

    Returns
    -------
    numpy.ndarray of float
        The posterior means of an empirical Bayes beta-binomial model: between the group's rate
        and the rate of all, the nearer to the latter the smaller the group and the less the
        groups differ. Of a group of none, the rate of all; nan where all are of none.

    Notes
    -----
    The prior is a beta distribution around the rate of all whose weight in contacts is
    ``1 / likeness - 1``. See Casella (1985), "An introduction to empirical Bayes data analysis".

    Examples
    --------
    >>> shrunk([7, 3], [10, 10]).round(3).tolist()
    [0.653, 0.347]
    """
    x, n = np.asarray(hits, dtype=float), np.asarray(of, dtype=float)
    if n.sum() == 0:
        return np.full(len(n), np.nan)
    overall, alike = x.sum() / n.sum(), likeness(x, n)
    if alike == 0:
        return np.full(len(n), overall)
    weight = 1 / alike - 1
    if math.isclose(weight, 0.0):
        return np.asarray(np.where(n > 0, x / np.maximum(n, 1), overall), dtype=float)
    means: Floats = (x + weight * overall) / (n + weight)
    return means

"""How likely a group's count is by chance alone, and how many groups to accuse of it.

All tests are exact and two-sided by doubling, the observed count taken at half (mid-P; Lancaster
1961, "Significance tests in discrete distributions"): the plain exact test is too shy where
counts are small, a normal approximation too bold.
"""

import math

import numpy as np
import numpy.typing as npt

from recontact.compiled import compiled

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

FALSE_SHARE = 0.05  # of the groups named, how many may be named wrongly
NEGLIGIBLE = 1e-17  # terms below this share of a tail change no digit of it


def against_the_rest(hits: npt.ArrayLike, of: npt.ArrayLike) -> Floats:
    """Give for each group the chance of differing as much from all others taken together.

    Fisher's exact test of the group against the rest.

    Parameters
    ----------
    hits, of : array_like of int
        By group: how many, out of how many.

    Returns
    -------
    numpy.ndarray of float
        P-values; 1 where of none, or where there is no other.

    Examples
    --------
    >>> against_the_rest([3, 1], [4, 4]).round(4).tolist()  # twice (16 / 2 + 1) / 70
    [0.2571, 0.2571]
    """
    own, n = np.asarray(hits, dtype=np.int64), np.asarray(of, dtype=np.int64)
    return _fisher(own, n, own.sum(), n.sum())


def against_expected(hits: npt.ArrayLike, of: npt.ArrayLike, expected: npt.ArrayLike) -> Floats:
    """Give for each group the chance of a count as far from the expected one.

    The count is taken as binomial around its mean probability. Where the contacts differ in
    theirs, the true spread is a little smaller, so the test is on the careful side.

    Parameters
    ----------
    hits, of : array_like of int
        By group: how many, out of how many.
    expected : array_like of float
        How many were expected, from 0 to `of`.

    Returns
    -------
    numpy.ndarray of float
        P-values; 1 where of none.

    Examples
    --------
    >>> against_expected([4], [4], [2.0]).tolist()  # twice 1 / 2 of 1 / 16
    [0.0625]
    """
    own, n = np.asarray(hits, dtype=np.int64), np.asarray(of, dtype=np.int64)
    return _binomial(own, n, np.asarray(expected, dtype=float) / np.maximum(n, 1))


def stand_out(chances: Floats, false_share: float = FALSE_SHARE) -> Flags:
    """Choose the groups to name, so that few of those named are named by chance.

    Parameters
    ----------
    chances : numpy.ndarray of float
        A p-value for each group that is looked at.
    false_share : float
        The expected share of wrongly named groups among those named.

    Notes
    -----
    Benjamini and Hochberg (1995), "Controlling the false discovery rate".

    Examples
    --------
    >>> stand_out(np.array([0.04, 0.01, 0.03, 0.2])).tolist()  # 0.01 <= 0.05 / 4 only
    [False, True, False, False]
    """
    ranks = np.argsort(chances, kind="stable")
    passed = chances[ranks] <= false_share * np.arange(1, len(chances) + 1) / max(len(chances), 1)
    named = np.zeros(len(chances), dtype=bool)
    named[ranks[: np.flatnonzero(passed).max(initial=-1) + 1]] = True
    return named


@compiled
def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1.0) - math.lgamma(k + 1.0) - math.lgamma(n - k + 1.0)


@compiled
def _fisher(own: Ints, of: Ints, hits: int, total: int) -> Floats:
    chances = np.ones(len(own))
    for g in range(len(own)):
        n, k, rest = of[g], own[g], total - of[g]
        if n == 0 or rest == 0 or hits in {0, total}:
            continue
        at = math.exp(_log_choose(n, k) + _log_choose(rest, hits - k) - _log_choose(total, hits))
        tail, term = at / 2, at
        if k * total >= n * hits:  # walk away from the mean, where terms only get smaller
            while k < n and k < hits and term > NEGLIGIBLE * tail:
                term *= (n - k) * (hits - k) / ((k + 1.0) * (rest - hits + k + 1.0))
                tail, k = tail + term, k + 1
        else:
            while k > 0 and term > NEGLIGIBLE * tail and rest - hits + k > 0:
                term *= k * (rest - hits + k) / ((n - k + 1.0) * (hits - k + 1.0))
                tail, k = tail + term, k - 1
        chances[g] = 2 * max(0.0, min(tail, 1 - tail))  # the mean need not be the middle
    return chances


@compiled
def _binomial(own: Ints, of: Ints, share: Floats) -> Floats:
    chances = np.ones(len(own))
    for g in range(len(own)):
        n, k, p = of[g], own[g], share[g]
        if n == 0 or p <= 0.0 or p >= 1.0:
            continue
        at = math.exp(_log_choose(n, k) + k * math.log(p) + (n - k) * math.log1p(-p))
        tail, term = at / 2, at
        if k >= n * p:
            while k < n and term > NEGLIGIBLE * tail:
                term *= (n - k) / (k + 1.0) * p / (1 - p)
                tail, k = tail + term, k + 1
        else:
            while k > 0 and term > NEGLIGIBLE * tail:
                term *= k / (n - k + 1.0) * (1 - p) / p
                tail, k = tail + term, k - 1
        chances[g] = 2 * max(0.0, min(tail, 1 - tail))
    return chances

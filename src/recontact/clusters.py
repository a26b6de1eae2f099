"""Shares and means of contacts whose customers come several times, with intervals that know it.

Contacts of one customer resemble each other: taken one by one they would promise too much.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recontact.intervals import Z, wilson

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class Share(NamedTuple):
    """A share of contacts.

    Attributes
    ----------
    hits, of, customers : int
        How many, of how many contacts, of how many customers.
    rate, low, high : float or None
        The share with its 95 % interval; None of no contact.
    """

    hits: int
    of: int
    customers: int
    rate: float | None
    low: float | None
    high: float | None


class Span(NamedTuple):
    """A number with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float


def share(hits: Flags, customer: Ints) -> Share:
    """Give the share of contacts that are hits.

    Parameters
    ----------
    hits : numpy.ndarray of bool
        By contact.
    customer : numpy.ndarray of int64
        By contact, whose it is.

    Notes
    -----
    Wilson's interval at the effective number of contacts: their number over the design effect, by
    how much the variance between customers exceeds that of as many unrelated contacts (Kish,
    1965, "Survey sampling"; Korn and Graubard, 1998, for the interval). Never more than there are.

    Examples
    --------
    >>> hits = np.arange(40) < 10
    >>> alone, fours = share(hits, np.arange(40)), share(hits, np.arange(40) // 4)
    >>> alone.rate, round(alone.low, 3), round(fours.low, 3)
    (0.25, 0.142, 0.084)
    """
    of = len(hits)
    if not of:
        return Share(0, 0, 0, None, None, None)
    rate = float(hits.mean())
    chance = rate * (1 - rate) / max(of - 1, 1)
    effect = max(1.0, variance(hits.astype(np.float64), customer) / chance) if chance else 1.0
    low, high = wilson(rate * of / effect, of / effect)
    return Share(int(hits.sum()), of, len(np.unique(customer)), rate, float(low), float(high))


def variance(values: Floats, customer: Ints) -> float:
    """Give the variance of the mean of values of contacts, drawn customer by customer.

    By linearisation: the mean is a ratio of two sums over customers.

    Examples
    --------
    >>> round(variance(np.array([1.0, 0.0, 1.0, 0.0]), np.arange(4)), 4)  # 0.25 / (4 - 1)
    0.0833
    """
    _, place = np.unique(customer, return_inverse=True)
    size = int(place.max(initial=-1)) + 1
    if size < 2:
        return 0.0
    off = np.bincount(place, values - values.mean())
    return float(size / (size - 1) * (off**2).sum() / len(values) ** 2)


def apart(one: Share, other: Share) -> Span | None:
    """Give by how much one share exceeds another; None where either is of none.

    Notes
    -----
    Newcombe (1998), "Interval estimation for the difference between independent proportions",
    method 10: the distances to the bounds of both, squared and added. It holds for small groups and
    rates near 0.

    Examples
    --------
    >>> ones = [np.arange(n) < k for k, n in ((56, 70), (48, 80))]  # as in the paper
    >>> found = apart(*(share(hits, np.arange(len(hits))) for hits in ones))
    >>> [round(value, 4) for value in found]
    [0.2, 0.0524, 0.3339]
    """
    if one.rate is None or other.rate is None:
        return None
    difference = one.rate - other.rate
    below = math.hypot(one.rate - (one.low or 0.0), (other.high or 0.0) - other.rate)
    above = math.hypot((one.high or 0.0) - one.rate, other.rate - (other.low or 0.0))
    return Span(difference, difference - below, difference + above)


def means_apart(one: Floats, ones: Ints, other: Floats, others: Ints) -> Span | None:
    """Give by how much one mean exceeds another, each of values by contact with their customers.

    Examples
    --------
    >>> values = np.array([1.0, 3.0] * 50)
    >>> found = means_apart(values + 1, np.arange(100), values, np.arange(100, 200))
    >>> [round(value, 2) for value in found]
    [1.0, 0.72, 1.28]
    """
    if not len(one) or not len(other):
        return None
    difference = float(one.mean() - other.mean())
    reach = Z * math.sqrt(variance(one, ones) + variance(other, others))
    return Span(difference, difference - reach, difference + reach)

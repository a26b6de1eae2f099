"""Hours of the day: how contacts lie over them, and by how much two such shapes are apart."""

import numpy as np
import numpy.typing as npt

from recontact.durations import HOUR

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LEAST = 500


def profile(instants_us: Ints) -> Ints:
    """Count instants by UTC hour of the day.

    Examples
    --------
    >>> profile(np.array([0, 3_600_000_000, 86_400_000_000]))[:3].tolist()
    [2, 1, 0]
    """
    return np.bincount((instants_us // HOUR) % 24, minlength=24)


def shift_between(usual: Ints, other: Ints) -> int:
    """Tell by how many hours one day is another one moved; 0 where it is not.

    The shift is the one under which the shapes differ least (by Kullback-Leibler divergence). It
    is told only where the shapes differ by clearly more than chance, and the shift explains
    three quarters of it.

    Parameters
    ----------
    usual, other : numpy.ndarray of int64
        Contacts by hour of the day.

    Returns
    -------
    int
        Hours from -11 to 12; positive where `other` is later.

    Examples
    --------
    >>> day = np.array([0] * 8 + [100] * 8 + [50] * 2 + [0] * 6)
    >>> shift_between(day, np.roll(day, 3)), shift_between(day, day)
    (3, 0)
    """
    count = int(other.sum())
    if min(count, int(usual.sum())) < LEAST:
        return 0
    shifts = np.arange(-11, 13)
    apart = np.array([_divergence(other, np.roll(usual, shift)) for shift in shifts])
    plain = apart[11]
    best = int(apart.argmin())
    if plain < 0.02 + 24 / count or apart[best] > plain / 4:
        return 0
    return int(shifts[best])


def _divergence(counts: Ints, usual: Ints) -> float:
    p = (counts + 0.5) / (counts.sum() + 12)
    q = (usual + 0.5) / (usual.sum() + 12)
    return float((p * np.log(p / q)).sum())

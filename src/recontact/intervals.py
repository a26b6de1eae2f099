"""Intervals of shares."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

Z = 1.959963984540054  # the normal quantile of a two-sided 95 % interval


def wilson(hits: npt.ArrayLike, of: npt.ArrayLike, z: float = Z) -> tuple[Floats, Floats]:
    """Give the bounds of Wilson's score interval of a share; nan where of none.

    Parameters
    ----------
    hits, of : array_like of int
        How many, out of how many.
    z : float
        Normal quantile; the default gives 95 %.

    Notes
    -----
    Wilson (1927), "Probable inference, the law of succession, and statistical inference"; it
    holds for small groups and for rates near 0 or 1.

    Examples
    --------
    >>> low, high = wilson([0, 8], [10, 10])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.0, 0.49], [0.278, 0.943])
    """
    n = np.asarray(of, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.asarray(hits, dtype=float) / n
        middle = share + z**2 / (2 * n)
        reach = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
        scale = 1 + z**2 / n
        low, high = (middle - reach) / scale, (middle + reach) / scale
    return np.maximum(low, 0.0), np.minimum(high, 1.0)

"""How long until the customer is back: the curve of Kaplan and Meier."""

import numpy as np
import numpy.typing as npt

from recontact.intervals import Z

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def kaplan_meier(
    times: npt.ArrayLike, happened: npt.ArrayLike, at: npt.ArrayLike, z: float = Z
) -> tuple[Floats, Floats, Floats, Ints]:
    """Estimate the share to whom it has not happened yet.

    Parameters
    ----------
    times : array_like of float
        For each case how long it was watched: until it happened or watching ended.
    happened : array_like of bool
        Whether it did.
    at : array_like of float
        The times at which the curve is wanted.
    z : float
        Normal quantile; the default gives 95 %.

    Returns
    -------
    share, low, high : numpy.ndarray of float
        At each time; nan where nobody was watched so long and somebody left unseen before.
    at_risk : numpy.ndarray of int64
        How many were still watched just before each time.

    Notes
    -----
    Kaplan and Meier (1958), "Nonparametric estimation from incomplete observations"; the variance
    of Greenwood (1926); the interval on the scale of log(-log), which stays within 0 and 1
    (Kalbfleisch and Prentice 1980, "The statistical analysis of failure time data").
    Who left at the same time as it happened to another was still watched then.

    Examples
    --------
    >>> share, low, high, watched = kaplan_meier([1, 2, 2, 3], [True, True, False, True], [1, 2, 3])
    >>> share.tolist(), watched.tolist()
    ([0.75, 0.5, 0.0], [4, 3, 1])
    """
    ended, event = np.asarray(times, dtype=float), np.asarray(happened, dtype=bool)
    wanted = np.asarray(at, dtype=float)
    sorted_times = np.sort(ended)
    steps, deaths = np.unique(ended[event], return_counts=True)
    watched = len(ended) - np.searchsorted(sorted_times, steps, side="left")
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.cumprod(1 - deaths / watched)
        spread = np.cumsum(deaths / (watched * (watched - deaths)))
        reach = z * np.sqrt(spread) / np.abs(np.log(shares))
        lower, upper = shares ** np.exp(reach), shares ** np.exp(-reach)
    gone = shares == 0
    lower[gone], upper[gone] = 0.0, np.nan
    here = np.searchsorted(steps, wanted, side="right")
    at_risk = len(ended) - np.searchsorted(sorted_times, wanted, side="left")
    share, low, high = (np.append(1.0, curve)[here] for curve in (shares, lower, upper))
    unseen = (at_risk == 0) & (share > 0)
    share[unseen] = low[unseen] = high[unseen] = np.nan
    return share, low, high, at_risk.astype(np.int64)

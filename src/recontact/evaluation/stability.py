"""How much a column has moved between two stretches of time: the population stability index."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recontact.evaluation.metrics import Floats

Counts = npt.NDArray[np.int64]

BINS = 10
PRIOR = 0.5  # rows that every bin has beforehand, so that an empty one is not infinitely odd


def stability(then: Any, now: Any, bins: int = BINS) -> float:
    """Tell how far the values of a column have moved; 0 is not at all.

    The usual reading: below 0.1 little has changed, above 0.25 much has. It says that a column
    moved, not that a model got worse.

    Parameters
    ----------
    then, now : pandas.Series or sequence
        The column in both stretches. Numbers are cut at the quantiles of `then`; anything else
        counts value by value. Unknown values are a bin of their own.
    bins : int
        Of numbers, how many bins of equally many values.

    Returns
    -------
    float
        The sum over the bins of (q - p) log(q / p), p and q the shares then and now.

    Raises
    ------
    ValueError
        One of the stretches is empty.

    Examples
    --------
    >>> round(stability(["a"] * 50 + ["b"] * 50, ["a"] * 50 + ["b"] * 50), 3)
    0.0
    >>> round(stability(["a"] * 50 + ["b"] * 50, ["a"] * 80 + ["b"] * 20), 3)
    0.406
    >>> round(stability(range(100), range(20, 120)), 2) > 0.25
    True
    """
    first, second = pd.Series(then), pd.Series(now)
    if not len(first) or not len(second):
        raise ValueError("there is nothing in one of the stretches to compare")
    if _are_numbers(first) and _are_numbers(second):
        cuts = _cuts(_floats(first), bins)
        counts = [_in_bins(_floats(column), cuts) for column in (first, second)]
    else:
        both = pd.concat([first.astype(object), second.astype(object)])
        codes, values = pd.factorize(both, use_na_sentinel=False)
        parts = np.split(codes, [len(first)])
        counts = [np.bincount(part, minlength=len(values)) for part in parts]
    there = counts[0] + counts[1] > 0
    p, q = (_shares(count[there]) for count in counts)
    return float(((q - p) * np.log(q / p)).sum())


def _are_numbers(column: "pd.Series[Any]") -> bool:
    known = column.dropna()
    return bool(not len(known) or pd.api.types.is_numeric_dtype(known.infer_objects()))


def _floats(column: "pd.Series[Any]") -> Floats:
    floats = column.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(floats, dtype=np.float64)


def _cuts(values: Floats, bins: int) -> Floats:
    known = values[~np.isnan(values)]
    if not len(known):
        return np.zeros(0)
    quantiles = np.quantile(known, np.arange(1, bins) / bins, method="higher")
    cuts, times = np.unique(quantiles, return_counts=True)
    # a value that more than one bin would be full of, such as a count of 0, is a bin by itself
    cuts = np.concatenate([cuts, np.nextafter(cuts[times > 1], np.inf)])
    return np.unique(cuts).astype(np.float64)


def _in_bins(values: Floats, cuts: Floats) -> Counts:
    """Count values from cut to cut; the last bin is that of the unknown ones."""
    place = np.searchsorted(cuts, values, side="right")
    place[np.isnan(values)] = len(cuts) + 1
    return np.bincount(place, minlength=len(cuts) + 2).astype(np.int64)


def _shares(counts: Counts) -> Floats:
    some = counts.astype(np.float64) + PRIOR
    return np.asarray(some / some.sum(), dtype=np.float64)

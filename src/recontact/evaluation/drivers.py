"""What drives a score: what each feature adds to the log-odds, over many contacts and by kind.

The additions are Shapley values of the trees: Lundberg and others (2020), "From local
explanations to global understanding with explainable AI for trees".
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recontact.evaluation.metrics import Floats

PLOTTED = 15  # features
POINTS = 250  # contacts in the plot
CLEAR = 0.3  # rank correlation from which a feature has a direction
ENOUGH = 0.01  # share of the contacts that a named value has at least

Parts = Mapping[str, npt.NDArray[np.bool_]]


def drivers(
    effects: Floats,
    matrix: Floats,
    features: Sequence[str],
    categories: Mapping[str, Sequence[str]],
    parts: Parts,
) -> dict[str, Any]:
    """Sum up what features add, over all contacts of a sample and over parts of it.

    Parameters
    ----------
    effects : numpy.ndarray of float64
        A row a contact, a column a feature: what it adds to the log-odds.
    matrix : numpy.ndarray of float64
        The values, in the same form; of a category the place of its value.
    features : sequence of str
        The columns.
    categories : mapping of str to sequence of str
        The values of each feature that is a category.
    parts : mapping of str to numpy.ndarray of bool
        Which contacts are in each part, by name.

    Returns
    -------
    dict
        `rows`; `features`: of each, the strongest first, `effect` (mean size), `share` of all
        effects, `direction` (`raises` or `lowers`: what a higher value does; `mixed`; None for
        a category), `raises` and `lowers` (of a category, the values that do so most), and by
        part its `effect` in `parts`; `points`: for a plot, of the strongest features, what they
        added to some contacts and where their value stood among all (0 the lowest, 1 the highest).

    Examples
    --------
    >>> effects, matrix = np.array([[-1.0, 0.1], [1.0, -0.1]]), np.array([[2.0, 0.0], [5.0, 1.0]])
    >>> found = drivers(effects, matrix, ["calls", "queue"], {"queue": ["a", "b"]}, {})
    >>> [(f["feature"], f["effect"], f["direction"]) for f in found["features"]]
    [('calls', 1.0, 'raises'), ('queue', 0.1, None)]
    >>> found["features"][1]["raises"]
    ['a']
    """
    size = np.abs(effects).mean(axis=0) if len(effects) else np.zeros(len(features))
    order = np.argsort(-size, kind="stable").tolist()
    total = max(float(size.sum()), 1e-12)
    of_part = {
        name: np.abs(effects[rows]).mean(axis=0) for name, rows in parts.items() if rows.any()
    }
    table = []
    for k in order:
        values = categories.get(features[k])
        table.append(
            {
                "feature": features[k],
                "effect": _short(size[k]),
                "share": _short(size[k] / total),
                "direction": None if values is not None else direction(matrix[:, k], effects[:, k]),
                **({} if values is None else telling(matrix[:, k], effects[:, k], values)),
                "parts": {name: _short(effect[k]) for name, effect in of_part.items()},
            }
        )
    return {
        "rows": len(effects),
        "features": table,
        "points": [_points(effects, matrix, k, features, categories) for k in order[:PLOTTED]],
    }


def direction(values: Floats, effects: Floats) -> str | None:
    """Tell what a higher value does to the score; None where there is but one value.

    Examples
    --------
    >>> direction(np.array([1.0, 2.0, 3.0]), np.array([0.3, 0.2, 0.1]))
    'lowers'
    """
    known = np.isfinite(values)
    ranks = [_ranks(column[known]) for column in (values, effects)]
    if not known.any() or min(rank.std() for rank in ranks) == 0:
        return None
    together = float(np.atleast_2d(np.corrcoef(ranks))[0, 1])
    if abs(together) < CLEAR:
        return "mixed"
    return "raises" if together > 0 else "lowers"


def telling(values: Floats, effects: Floats, names: Sequence[str]) -> dict[str, list[str]]:
    """Name the values of a category that raise and lower the score most; at most three each."""
    known = np.isfinite(values) & (values < len(names))
    codes = values[known].astype(np.int64)
    counts = np.bincount(codes, minlength=len(names))
    mean = np.bincount(codes, weights=effects[known], minlength=len(names)) / np.maximum(counts, 1)
    there = np.flatnonzero(counts >= max(1, ENOUGH * len(values)))
    rising = there[np.argsort(mean[there], kind="stable")].tolist()
    return {
        "raises": [names[k] for k in rising[::-1][:3] if mean[k] > 0],
        "lowers": [names[k] for k in rising[:3] if mean[k] < 0],
    }


def _points(
    effects: Floats,
    matrix: Floats,
    k: int,
    features: Sequence[str],
    categories: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    some = np.unique(np.linspace(0, len(effects) - 1, min(len(effects), POINTS)).astype(np.int64))
    values = matrix[:, k]
    known = np.isfinite(values) & (features[k] not in categories)
    place = np.full(len(values), np.nan)
    place[known] = _ranks(values[known]) / max(int(known.sum()) - 1, 1)
    return {
        "feature": features[k],
        "effect": [_short(v) for v in effects[some, k].tolist()],
        "place": [None if np.isnan(v) else _short(v) for v in place[some].tolist()],
    }


def _ranks(values: Floats) -> Floats:
    """Rank values from 0 on; equal ones share the mean of their ranks."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(count) - (count + 1) / 2)[place]
    return ranks


def _short(value: float) -> float:
    return round(float(value), 5)

"""Rates out of counts that were summed before, and groups compared by them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recontact.intervals import wilson
from recontact.report.by_day import COUNTS
from recontact.report.chance import against_expected, stand_out
from recontact.report.shrinkage import shrunk

Floats = npt.NDArray[np.float64]
Row = dict[str, Any]

RATES = {  # by rate: how many, of how many
    "fcr": ("fcr", "fcr_of"),
    "gross_fcr": ("fcr", "gross_of"),
    "repeat": ("repeated", "repeated_of"),
    "escalation": ("escalation", "escalation_of"),
    "unknown_reason": ("unknown_after", "fcr_of"),
}


def rates_of(groups: Sequence[str | None], sums: Mapping[str, Sequence[int]]) -> list[Row]:
    """Give rates as `recontact.rates.tally` does, from counts.

    Parameters
    ----------
    groups : sequence of str or None
        Names.
    sums : mapping of str to sequence of int
        `recontact.report.by_day.COUNTS`, by group.

    Returns
    -------
    list of dict
        By group: `group`, `contacts`, `eligible`, and for each of `RATES` the rate, `*_low`,
        `*_high` and `*_of`; None where it is taken of none.

    Examples
    --------
    >>> sums = dict.fromkeys(COUNTS, [4]) | {"fcr": [3]}
    >>> row = rates_of(["x"], sums)[0]
    >>> row["fcr"], row["fcr_of"], round(row["fcr_low"], 3)
    (0.75, 4, 0.301)
    """
    counts = {name: np.asarray(sums[name], dtype=np.int64) for name in COUNTS}
    columns: dict[str, list[Any]] = {"group": [*groups]}
    for name in ("contacts", "eligible"):
        columns[name] = counts[name].tolist()
    for name, (hits, of) in RATES.items():
        columns |= _rate(name, counts[hits], counts[of])
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _rate(name: str, hits: npt.NDArray[np.int64], of: npt.NDArray[np.int64]) -> dict[str, Any]:
    low, high = wilson(hits, of)
    share = hits / np.where(of == 0, 1, of)
    found = {name: share, f"{name}_low": low, f"{name}_high": high}
    shown = {
        key: [value if n else None for value, n in zip(values.tolist(), of, strict=True)]
        for key, values in found.items()
    }
    return {**shown, f"{name}_of": of.tolist()}


def adjusted(rows: Sequence[Row], expected: Sequence[float], min_volume: int) -> list[Row]:
    """Compare how many were resolved with how many were to be expected of these very contacts.

    Parameters
    ----------
    rows : sequence of dict
        As of `rates_of`.
    expected : sequence of float
        By group: how many would be resolved, had each contact gone as its like did.
    min_volume : int
        Groups of fewer judged contacts get no verdict.

    Returns
    -------
    list of dict
        The rows with, besides: `expected`, set so that all together have as many as there were
        (what all did in a good or a bad week is nobody's own doing); `ratio` of observed to
        expected; `adjusted`, the ratio times the rate of all, with its interval; `guess`, the
        best guess of that (`recontact.report.shrinkage`), by which they are ranked, the worst
        first; `small`; and `verdict`: `worse` or `better` than expected by more than chance
        (`recontact.report.chance.stand_out`), else `as expected`, None where small. Rows without
        a name come last.

    Examples
    --------
    >>> sums = dict.fromkeys(COUNTS, [400, 400]) | {"fcr": [300, 200]}
    >>> found = adjusted(rates_of(["a", "b"], sums), [320.0, 200.0], 30)
    >>> [(row["group"], round(row["ratio"], 2), row["verdict"]) for row in found]
    [('a', 0.98, 'as expected'), ('b', 1.04, 'as expected')]
    """
    of = np.array([row["fcr_of"] for row in rows], dtype=float)
    hits = np.array([round((row["fcr"] or 0) * row["fcr_of"]) for row in rows], dtype=float)
    hoped = np.asarray(expected, dtype=float)
    hoped = np.minimum(hoped * (hits.sum() / hoped.sum() if hoped.sum() else 0.0), of)
    overall = hits.sum() / max(of.sum(), 1.0)
    named = np.array([row["group"] is not None for row in rows], dtype=bool)
    known = (of > 0) & (hoped > 0)
    scale = np.where(known, of / np.where(known, hoped, 1.0), np.nan)
    columns = {"expected": hoped, "ratio": hits / np.where(of > 0, of, 1) * scale}
    low, high = wilson(hits, of)
    for name, share in (("", hits / np.maximum(of, 1)), ("_low", low), ("_high", high)):
        columns[f"adjusted{name}"] = np.minimum(share * scale * overall, 1.0)
    columns["guess"] = _guess(columns["adjusted"], of, named & known)
    for row, *values in zip(rows, *columns.values(), strict=True):
        row |= {k: None if np.isnan(v) else float(v) for k, v in zip(columns, values, strict=True)}
    _judge(rows, known & named & (of >= max(min_volume, 1)), hits, of, hoped)
    return sorted(rows, key=lambda row: (row["guess"] is None, row["guess"] or 0, -row["fcr_of"]))


def _guess(rate: Floats, of: Floats, named: npt.NDArray[np.bool_]) -> Floats:
    found = np.full(len(rate), np.nan)
    found[named] = shrunk(rate[named] * of[named], of[named])
    return found


def _judge(
    rows: Sequence[Row],
    large: npt.NDArray[np.bool_],
    hits: Floats,
    of: Floats,
    hoped: Floats,
) -> None:
    for row, enough in zip(rows, large, strict=True):
        row |= {"small": not enough, "verdict": "as expected" if enough else None}
    places = np.flatnonzero(large)
    whole = hits[places].astype(np.int64), of[places].astype(np.int64)
    out = stand_out(against_expected(*whole, hoped[places]))
    for place in places[out]:
        rows[place]["verdict"] = "worse" if hits[place] < hoped[place] else "better"

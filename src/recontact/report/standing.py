"""The groups of a report: each with its rates, its best guess, and whether it stands out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recontact.groups import SPANS, Groups
from recontact.rates import Measures, tally
from recontact.report.chance import against_the_rest, stand_out
from recontact.report.shrinkage import shrunk

Row = Mapping[str, Any]

MIN_VOLUME = 30  # fewer judged contacts than this are too few to speak of a group


def standing(
    measures: Measures, grouped: Groups, min_volume: int = MIN_VOLUME
) -> list[dict[str, Any]]:
    """Rank groups by their FCR rate, worst first.

    Parameters
    ----------
    measures : Measures
        With `fcr`, by which they are ranked.
    grouped : Groups
        The contacts in groups; weeks and months stay in the order of time.
    min_volume : int
        Groups with fewer first contacts whose outcome is known are `small`.

    Returns
    -------
    list of dict
        Rows as of `recontact.rates.tally`, and: `fcr_guess`, the best guess of the group's own
        rate (`recontact.report.shrinkage`), by which they are ranked; `small`; `fcr_p`, the chance
        of differing so much from the rest; `verdict`: `worse` or `better` than the rest by more
        than chance (`recontact.report.chance.stand_out` among all that are not small), else
        `not told apart`; null where the group is small, unknown, or has nothing judged. The
        unknown group and then those with nothing judged come last.
    """
    return stand(tally(measures, grouped).to_pylist(), grouped.by, min_volume)


def stand(
    rows: list[dict[str, Any]], by: str | None, min_volume: int = MIN_VOLUME
) -> list[dict[str, Any]]:
    """Rank groups whose rates are there already.

    Parameters
    ----------
    rows : list of dict
        With `group`, `contacts`, `fcr` and `fcr_of` as of `recontact.rates.tally`; they are
        completed in place.
    by, min_volume
        As of `standing`.

    Returns
    -------
    list of dict
        As of `standing`.
    """
    _guess([row for row in rows if row["group"] is not None])
    for row in rows:
        row["small"] = row["fcr_of"] < max(min_volume, 1)
        row |= {"fcr_guess": row.get("fcr_guess"), "fcr_p": None, "verdict": None}
    _judge(rows)
    in_time = by in SPANS
    return sorted(rows, key=_in_time if in_time else _worst_first)


def named(rows: Sequence[Row], verdict: str) -> list[str]:
    """List the groups of one verdict."""
    return [row["group"] for row in rows if row["verdict"] == verdict]


def _hits(rows: Sequence[Row]) -> tuple[list[int], list[int]]:
    of = [row["fcr_of"] for row in rows]
    return [round((row["fcr"] or 0) * n) for row, n in zip(rows, of, strict=True)], of


def _guess(rows: Sequence[dict[str, Any]]) -> None:
    for row, value in zip(rows, shrunk(*_hits(rows)), strict=True):
        row["fcr_guess"] = float(value) if row["fcr_of"] else None


def _judge(rows: Sequence[dict[str, Any]]) -> None:
    """Compare each group that is known and not small with all other contacts."""
    hits, of = _hits(rows)
    overall = sum(hits) / max(sum(of), 1)
    compared = [
        (row, chance)
        for row, chance, n in zip(rows, against_the_rest(hits, of), of, strict=True)
        if row["group"] is not None and not row["small"] and n < sum(of)
    ]
    standing_out = stand_out(np.array([chance for _, chance in compared]))
    for (row, chance), out in zip(compared, standing_out, strict=True):
        direction = "worse" if row["fcr"] < overall else "better"
        row |= {"fcr_p": float(chance), "verdict": direction if out else "not told apart"}


def _worst_first(row: Row) -> tuple[Any, ...]:
    nothing, unknown = not row["fcr_of"], row["group"] is None
    worst = np.inf if row["fcr_guess"] is None else row["fcr_guess"]
    return nothing, unknown, worst, -row["fcr_of"], -row["contacts"], row["group"] or ""


def _in_time(row: Row) -> tuple[Any, ...]:
    return (row["group"],)

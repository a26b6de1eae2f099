"""Contacts in groups: by a column, by a level of the reason, by week or month."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.contacts import instants, map_values, normalise_reason
from recontact.durations import DAY
from recontact.errors import UserError, did_you_mean
from recontact.history import codes

Ints = npt.NDArray[np.int64]

SPANS = ("week", "month")  # of the start, in UTC
LEVEL = "reason:"  # reason:1 is the first level of the reason
_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class Groups:
    """Which group each contact is in.

    Attributes
    ----------
    by : str or None
        What they are grouped by; None: all contacts are one group.
    codes : numpy.ndarray of int64
        By contact, the position of its group in `names`.
    names : list of str or None
        None is the group of those of which it is not known.
    """

    by: str | None
    codes: Ints
    names: list[str | None]


def groups(contacts: pa.Table, by: str | None = None) -> Groups:
    """Group contacts.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    by : str, optional
        `week` (named by its Monday) or `month` of the start, in UTC; or `reason:N`, the first N
        levels of the reason; or else a column.

    Raises
    ------
    UserError
        There is nothing of that name, or it holds no names of groups.

    Examples
    --------
    >>> import pyarrow as pa
    >>> t = [dt.datetime(2026, 1, d) for d in (1, 4, 5)]
    >>> table = pa.table({"started_at": t, "reason": ["a > b", "a > c", None]})
    >>> groups(table, "week").names, groups(table, "week").codes.tolist()
    (['2025-12-29', '2026-01-05'], [0, 0, 1])
    >>> groups(table, "reason:1").names, groups(table, "reason:1").codes.tolist()
    (['a', None], [0, 0, 1])
    """
    if by is None:
        return Groups(None, np.zeros(len(contacts), dtype=np.int64), [None])
    if by in SPANS:
        return _by_span(by, instants(contacts["started_at"]) // DAY)
    if by in contacts.column_names:
        return _by_text(by, contacts[by])
    level = by.removeprefix(LEVEL)
    if by.startswith(LEVEL) and level.isdecimal() and int(level):
        cut = map_values(contacts["reason"], lambda text: normalise_reason(text, int(level)))
        return _by_text(by, cut)
    names = [*contacts.column_names, *SPANS, f"{LEVEL}1"]
    raise UserError(
        f"no column '{by}' to group by",
        did_you_mean(by, names) + f"there are {', '.join(names)}",
    )


def crossed(cells: Sequence[Groups]) -> tuple[Ints, list[tuple[str | None, ...]]]:
    """Number the combinations of groups that occur, and name them.

    Examples
    --------
    >>> one, two = (Groups(None, np.array(codes), ["a", None]) for codes in ([1, 0, 1], [0, 1, 0]))
    >>> crossed([one, two])[0].tolist(), crossed([one, two])[1]
    ([1, 0, 1], [('a', None), (None, 'a')])
    """
    key = np.zeros(len(cells[0].codes), dtype=np.int64)
    for one in cells:
        key = key * max(1, len(one.names)) + one.codes
    there, place = np.unique(key, return_inverse=True)
    columns = []
    for one in reversed(cells):
        columns.append([one.names[k] for k in (there % max(1, len(one.names))).tolist()])
        there = there // max(1, len(one.names))
    return place, list(zip(*reversed(columns), strict=True))


def _by_text(by: str, column: pa.ChunkedArray) -> Groups:
    try:
        text = column.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
        raise UserError(
            f"column '{by}' holds {column.type}, which is no name of a group",
            "group by a column of text, numbers or yes and no",
        ) from error
    names = text.drop_null().unique().to_pylist()
    unknown = [None] if text.null_count else []
    return Groups(by, codes(text) % (len(names) + 1), [*names, *unknown])


def _by_span(by: str, days: Ints) -> Groups:
    """Name weeks by their Monday, months by year and month; days are counted from 1970."""
    distinct, of_row = np.unique(days, return_inverse=True)
    dates = [_EPOCH + dt.timedelta(days=int(day)) for day in distinct]
    texts = [
        str(day - dt.timedelta(days=day.weekday())) if by == "week" else f"{day:%Y-%m}"
        for day in dates
    ]
    names = list(dict.fromkeys(texts))
    number = {text: code for code, text in enumerate(names)}
    return Groups(by, np.array([number[text] for text in texts])[of_row], [*names])

"""Origins that roll on through time: what had settled before each, and the stretch after it."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from recontact.contacts import instants
from recontact.errors import UserError
from recontact.model.split import Mask

FOLDS = 5
FIRST = 0.5  # of the rows by time lie before the first origin


class Fold(NamedTuple):
    """One origin: what had settled by then, and the stretch that came next.

    Attributes
    ----------
    origin : int
        Microseconds since 1970.
    train : numpy.ndarray of bool
        Rows that ended at least the gap before the origin.
    test : numpy.ndarray of bool
        Rows that started from the origin on, up to the next one.
    """

    origin: int
    train: Mask
    test: Mask


def rolling(rows: pa.Table, gap: int, folds: int = FOLDS, first: float = FIRST) -> list[Fold]:
    """Cut the later rows into stretches of equally many; each is told from what had settled.

    Parameters
    ----------
    rows : pyarrow.Table
        With `started_at` and `ended_at`; a contact may have several rows.
    gap : int
        Microseconds: a training row ended at least so long before its fold's origin. At least
        the greatest window of the policy.
    folds : int
        How many origins.
    first : float
        Which share of the rows, by time, lies before the first origin.

    Returns
    -------
    list of Fold
        The earliest first.

    Raises
    ------
    UserError
        Fewer than one fold, or fewer different starts than folds.

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa
    >>> t = [dt.datetime(2026, 1, day) for day in range(1, 11)]
    >>> days = rolling(pa.table({"started_at": t, "ended_at": t}), 2 * 86_400_000_000, folds=2)
    >>> [(int(f.train.sum()), int(f.test.sum())) for f in days]
    [(4, 2), (6, 3)]
    """
    if folds < 1:
        raise UserError(f"{folds} folds", mend="ask for 1 fold or more, say --folds 5")
    started, ended = instants(rows["started_at"]), instants(rows["ended_at"])
    origins = _origins(started, folds, first)
    ends = [*origins[1:], int(started.max()) + 1 if len(started) else 0]
    return [
        Fold(origin, ended + gap <= origin, (started >= origin) & (started < end))
        for origin, end in zip(origins, ends, strict=True)
    ]


def _origins(started: Any, folds: int, first: float) -> list[int]:
    ordered = np.sort(started)
    shares = first + (1 - first) * np.arange(folds) / folds
    origins = [int(ordered[int(len(ordered) * share)]) for share in shares if len(ordered)]
    if len(set(origins)) < folds:
        raise UserError(
            f"too little data: {len(np.unique(ordered))} different starts for {folds} folds",
            mend="ask for fewer folds, or give more contacts",
        )
    return origins

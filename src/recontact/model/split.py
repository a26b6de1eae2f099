"""Split by time with a gap, so that nothing learnt rests on what was not settled by then."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.contacts import instants
from recontact.policy import Policy

Mask = npt.NDArray[np.bool_]
SHARE = 0.2


class Split(NamedTuple):
    """Which rows come before, which after, and from when on.

    Attributes
    ----------
    earlier, later : numpy.ndarray of bool
        Rows on either side; those whose outcome was not settled at `boundary` are in neither.
    boundary : int
        Microseconds since 1970: the first start of the later rows.
    """

    earlier: Mask
    later: Mask
    boundary: int


def greatest_window(policy: Policy) -> int:
    """Give the greatest window of a policy, in microseconds.

    Examples
    --------
    >>> greatest_window(Policy.parse({"window": "1h", "by_program": {"x": {"window": "2h"}}}))
    7200000000
    """
    overrides = [{}, *policy.by_program.values()]
    windows = [policy.window, *policy.window_by_reason.values()]
    for own in overrides:
        windows += [own.get("window", 0), *own.get("window_by_reason", {}).values()]
    return max(windows)


def split(rows: pa.Table, gap: int, share: float = SHARE) -> Split:
    """Put the last `share` of the rows, by time, on the later side.

    Parameters
    ----------
    rows : pyarrow.Table
        With `started_at` and `ended_at`; a contact may have several rows.
    gap : int
        Microseconds: an earlier row ended at least so long before the boundary, since its
        outcome was not known sooner. At least the greatest window of the policy.
    share : float
        Which share of the rows is later.

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa
    >>> t = [dt.datetime(2026, 1, day) for day in range(1, 11)]
    >>> parts = split(pa.table({"started_at": t, "ended_at": t}), gap=2 * 86_400_000_000)
    >>> parts.earlier.sum(), parts.later.sum()
    (np.int64(7), np.int64(2))
    """
    started = instants(rows["started_at"])
    if not len(started):
        return Split(np.zeros(0, dtype=bool), np.zeros(0, dtype=bool), 0)
    boundary = int(np.sort(started)[int(len(started) * (1 - share))])
    return Split(instants(rows["ended_at"]) + gap <= boundary, started >= boundary, boundary)

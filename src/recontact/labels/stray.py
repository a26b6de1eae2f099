"""A record whose last end stands alone: one late row would be taken for the end of the record."""

import datetime as dt
from collections.abc import Sequence

from recontact.durations import DAY
from recontact.epoch import EPOCH


def stray_end(latest: Sequence[int], first: int, rows: int) -> str | None:
    """Say so where the last end stands alone, far after all others; else None.

    One late row, or a few (one in a thousand, at most 10), would move `as_of` and let contacts
    mature whose windows the record does not hold.

    Parameters
    ----------
    latest : sequence of int
        The last 11 ends (or all), ascending, in microseconds since 1970.
    first : int
        The first start.
    rows : int
        How many contacts there are.

    Examples
    --------
    >>> day = 24 * 3_600_000_000
    >>> stray_end([8 * day, 9 * day], 0, 20) is None
    True
    >>> stray_end([9 * day, 99 * day], 0, 20)  # doctest: +ELLIPSIS
    'the last contact ends 90.0 days after nearly all others; ... since 1970-01-10 count as ...'
    """
    late = max(1, min(10, rows // 1_000))
    if len(latest) <= late:
        return None
    last_of_rest = latest[-late - 1]
    gap = latest[-1] - last_of_rest
    usual = (last_of_rest - first) // rows
    if gap <= max(DAY, 20 * usual):
        return None
    since = (EPOCH + dt.timedelta(microseconds=last_of_rest)).date().isoformat()
    return (
        f"the last contact ends {gap / DAY:.1f} days after nearly all others; unless as_of is set "
        f"in the policy, contacts since {since} count as matured though what followed is not in "
        "the data"
    )

"""Instants as whole microseconds since 1970, UTC."""

import datetime as dt

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)


def micros(instant: dt.datetime) -> int:
    """Give an aware instant in microseconds since 1970.

    Examples
    --------
    >>> micros(EPOCH + dt.timedelta(seconds=1))
    1000000
    """
    return (instant - EPOCH) // MICROSECOND

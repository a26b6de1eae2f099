"""Instants as the database keeps them: integer microseconds since 1970, UTC."""

import datetime as dt

from recontact.epoch import EPOCH, micros

__all__ = ["EPOCH", "instant", "micros", "now", "text"]


def now() -> dt.datetime:
    """Return the present instant."""
    return dt.datetime.now(dt.UTC)


def instant(micros: int) -> dt.datetime:
    """Give back the instant that `micros` counted.

    Examples
    --------
    >>> instant(1_000_000).isoformat()
    '1970-01-01T00:00:01+00:00'
    """
    return EPOCH + dt.timedelta(microseconds=micros)


def text(instant: dt.datetime) -> str:
    """Write an instant the way JSON answers carry it.

    Examples
    --------
    >>> text(EPOCH)
    '1970-01-01T00:00:00Z'
    """
    return instant.astimezone(dt.UTC).isoformat().removesuffix("+00:00") + "Z"

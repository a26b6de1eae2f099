"""Instants as the database keeps them: integer microseconds since 1970, UTC."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from recontact.epoch import EPOCH, micros

__all__ = ["EPOCH", "as_if", "instant", "micros", "now", "text"]


@dataclass
class _Clock:
    ahead: dt.timedelta = dt.timedelta()


_ours = _Clock()


def now() -> dt.datetime:
    """Return the present instant."""
    return dt.datetime.now(dt.UTC) + _ours.ahead


@contextmanager
def as_if(present: dt.datetime) -> Iterator[None]:
    """Let this process go on from another instant, as a demonstration does with days gone by.

    Examples
    --------
    >>> with as_if(EPOCH):
    ...     now().year
    1970
    """
    before, _ours.ahead = _ours.ahead, present - dt.datetime.now(dt.UTC)
    try:
        yield
    finally:
        _ours.ahead = before


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

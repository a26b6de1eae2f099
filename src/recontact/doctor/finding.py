"""What a check is given, and what it gives back."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.contacts import instants
from recontact.durations import DAY
from recontact.policy import Policy

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

LEVELS = ("bad", "mind", "good")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
        What was looked at.
    level : {"bad", "mind", "good"}
        Figures would mean nothing; mean less than they seem; nothing to mind.
    text : str
        What was found and what follows from it.
    value : object
        The figure itself, as JSON can hold it.
    mend : str
        What to do about it; empty where there is nothing to mend.
    """

    name: str
    level: str
    text: str
    value: Any = None
    mend: str = ""


@dataclass(frozen=True)
class Record:
    """The record under examination.

    Attributes
    ----------
    contacts : pyarrow.Table
        Canonical contacts, at least one.
    labels : pyarrow.Table
        Their labels, row for row.
    policy : Policy
        By which they were labeled.
    now : int
        Microseconds since 1970: what lies beyond is in the future.
    """

    contacts: pa.Table
    labels: pa.Table
    policy: Policy
    now: int

    @cached_property
    def started(self) -> Ints:
        """Starts in microseconds."""
        return instants(self.contacts["started_at"])

    @cached_property
    def ended(self) -> Ints:
        """Ends in microseconds."""
        return instants(self.contacts["ended_at"])

    @cached_property
    def eligible(self) -> Flags:
        """Which contacts may be judged."""
        return np.asarray(self.labels["eligible"].to_numpy(), dtype=bool)

    @property
    def days(self) -> float:
        """Days from the first start to the last end."""
        return (int(self.ended.max()) - int(self.started.min())) / DAY


def day(us: int) -> str:
    """Write the UTC day of an instant.

    Examples
    --------
    >>> day(86_400_000_000)
    '1970-01-02'
    """
    begin = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return (begin + dt.timedelta(microseconds=int(us))).date().isoformat()


def some(names: Sequence[str], most: int = 5) -> str:
    """List names, the first few of many.

    Examples
    --------
    >>> some(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def level(share: float, mind: float, bad: float = np.inf) -> str:
    """Give the level of a share that should be small.

    Examples
    --------
    >>> [level(share, mind=0.1, bad=0.5) for share in (0.1, 0.2, 0.6)]
    ['good', 'mind', 'bad']
    """
    return "bad" if share > bad else "mind" if share > mind else "good"

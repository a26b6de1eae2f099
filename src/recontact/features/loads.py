"""Load: how many contacts of an entity arrived of late, and how many are usual at such an hour.

Arrivals are counted by whole minutes, and the minute of the instant is never read: what is seen
lies strictly before it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pyarrow as pa

from recontact.compiled import compiled
from recontact.contacts import instants
from recontact.durations import MINUTE
from recontact.features.cumulated import (
    LATEST,
    NEVER,
    SKIP,
    Cumulated,
    Floats,
    filled,
    ticks,
)
from recontact.features.entities import EVERYTHING, UNKNOWN, Coded, Codes, Entities, entity
from recontact.features.steps import Ints, Steps, last_row

WEEK = 7 * 24 * 60  # in minutes
WEEKS = 8  # so many weeks back is what is usual taken from
REMEMBERED = 100_000  # entities and minutes


@dataclass(frozen=True, eq=False)
class Loads:
    """Inbound contacts by minute.

    Parameters
    ----------
    arrived : mapping of str to Cumulated
        By the column whose values are the entities: arrivals by minute since 1970.
    since : int
        The first minute of the record; `LATEST` where there is none.

    Examples
    --------
    >>> acme = entity("queue", "acme", "q")
    >>> week = 7 * 24 * 60
    >>> loads = Loads.from_rows([("queue", acme, 30, 6), ("queue", acme, week + 10, 4)], since=0)
    >>> own = Coded(pa.table({"program": ["acme"], "queue": ["q"]}))
    >>> at = np.array([(week + 12) * MINUTE])
    >>> loads.load("queue", 15, own, at, at), loads.usual("queue", 15, own, at)
    (array([4.]), array([1.5]))
    >>> loads.load_at("queue", 15, "acme", "q", int(at[0]))
    4.0
    """

    arrived: Mapping[str, Cumulated]
    since: int

    def load(self, of: str, within: int, own: Coded, at: Ints, own_since: Ints) -> Floats:
        """Count the arrivals in the whole minutes before each instant.

        Parameters
        ----------
        of : str
            Column whose values are the entities.
        within : int
            How many minutes.
        own : Coded
            The contacts with what is known of each itself.
        at : numpy.ndarray of int64
            Instants in microseconds.
        own_since : numpy.ndarray of int64
            The instant from which each contact itself is counted (`counted.arrivals`): it is
            left out of its own load.

        Returns
        -------
        numpy.ndarray of float64
            nan where the entity is unknown or there is no record.
        """
        arrived = self.arrived.get(of, NOTHING)
        if self.since == LATEST:
            return np.full(len(at), np.nan)
        s, codes = arrived.steps, own.among(of, arrived.entities)
        return filled(lambda p: _load(s, codes[p], within, at[p], own_since[p]), len(at))

    def usual(self, of: str, within: int, own: Coded, at: Ints) -> Floats:
        """Give how many arrivals are usual in such a stretch at that hour of the week.

        The mean over those of the 8 weeks before whose span lies in the record. The span is the
        same clock hour of the same weekday, of which a shorter stretch has its share; for a
        longer stretch, the whole clock hours that end with that hour.

        Returns
        -------
        numpy.ndarray of float64
            nan where the entity is unknown or no such span lies in the record.
        """
        arrived = self.arrived.get(of, NOTHING)
        s, codes = arrived.steps, own.among(of, arrived.entities)
        return filled(lambda p: _usual(s, self.since, codes[p], within, at[p]), len(at))

    def load_at(
        self,
        of: str,
        within: int,
        program: str | None,
        name: object,
        at: int,
        own_since: int = NEVER,
    ) -> float | None:
        """Give what `load` gives, of one contact."""
        minute = at // MINUTE
        found = self._arrived_at(of, within, program, name, minute)
        own = minute - within <= own_since // MINUTE < minute
        return found - 1.0 if own and found else found

    def usual_at(
        self, of: str, within: int, program: str | None, name: object, at: int
    ) -> float | None:
        """Give what `usual` gives, of one contact."""
        return self._usual_at(of, within, program, name, at // MINUTE // 60)

    def as_of(self, at: int) -> "Loads":  # noqa: ARG002 - all of it holds at any instant
        """Give itself: it holds for as long as it is there."""
        return self

    @cached_property
    def _arrived_at(self) -> Callable[[str, int, str | None, object, int], float | None]:
        """Count the arrivals before a minute; what was found is remembered."""

        def arrived(
            of: str, within: int, program: str | None, name: object, minute: int
        ) -> float | None:
            if self.since == LATEST or (name is None and of != EVERYTHING):
                return None
            known = entity(of, program, name)
            return float(self._between(of, known, minute - within, minute))

        return lru_cache(REMEMBERED)(arrived)

    @cached_property
    def _usual_at(self) -> Callable[[str, int, str | None, object, int], float | None]:
        """Give what is usual at an hour; what was found is remembered."""

        def usual(
            of: str, within: int, program: str | None, name: object, hour: int
        ) -> float | None:
            if name is None and of != EVERYTHING:
                return None
            length = span_of(within)
            ends = [hour * 60 + 60 - week * WEEK for week in range(1, WEEKS + 1)]
            ends = [end for end in ends if end - length >= self.since]
            known = entity(of, program, name)
            total = sum(self._between(of, known, end - length, end) for end in ends)
            return (total * within) / (len(ends) * length) if ends else None

        return lru_cache(REMEMBERED)(usual)

    def _between(self, of: str, name: str, begin: int, end: int) -> int:
        arrived = self.arrived.get(of, NOTHING)
        return arrived.at(name, end - 1)[0] - arrived.at(name, begin - 1)[0]

    def rows(self) -> list[tuple[str, str, int, int]]:
        """List (of, entity, minute, count), to be kept in a database beside `since`."""
        return [
            (of, name, minute, count)
            for of, arrived in self.arrived.items()
            for name, minute, count, _ in arrived.rows()
        ]

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[str, str, int, int]], since: int) -> "Loads":
        """Read back what `rows` gave, of one or more parts, in any order."""
        found: dict[str, list[tuple[str, int, int, int]]] = {}
        for of, name, minute, count in rows:
            found.setdefault(of, []).append((name, minute, count, 0))
        return cls({of: Cumulated.from_rows(own, totals=False) for of, own in found.items()}, since)

    @classmethod
    def together(cls, parts: Sequence["Loads"], since: int) -> "Loads":
        """Add up parts counted over disjoint contacts, from a minute on; forget what is before it.

        Examples
        --------
        >>> hours = [Loads.from_rows([("queue", "q", 60 * k, 2)], since=0) for k in range(3)]
        >>> Loads.together(hours, since=60).rows()
        [('queue', 'q', 60, 2), ('queue', 'q', 120, 2)]
        """
        columns = dict.fromkeys(of for part in parts for of in part.arrived)
        of_all = {of: [p.arrived[of] for p in parts if of in p.arrived] for of in columns}
        return cls({of: _added(arrived, since) for of, arrived in of_all.items()}, since)


NOTHING = Cumulated.from_rows([], totals=False)


def _added(parts: Sequence[Cumulated], since: int) -> Cumulated:
    entities = Entities.together(part.entities for part in parts)
    apart = [part.apart() for part in parts]
    codes = [entities.places(p.entities)[a[0]] for p, a in zip(parts, apart, strict=True)]
    minute, count = (np.concatenate([a[k] for a in apart]) for k in (1, 2))
    kept = np.where(minute < since, np.int32(SKIP), minute)
    return Cumulated.add_up(entities, np.concatenate(codes), kept, count)


def first_minute(contacts: pa.Table) -> int:
    """Give the first minute of the record, `LATEST` where there is none."""
    return int(ticks(instants(contacts["started_at"]), MINUTE, 0).min(initial=LATEST))


@compiled
def span_of(within: int) -> int:
    """Give how many minutes of a week a stretch is compared with: whole clock hours."""
    return (within + 59) // 60 * 60


@compiled
def _between(s: Steps, code: int, begin: int, end: int) -> int:
    """Count the arrivals from a minute to before another."""
    found = 0
    for sign, tick in ((1, end - 1), (-1, begin - 1)):  # one call, which is then compiled inline
        row = last_row(s, code, tick) if code >= 0 else -1
        found += sign * int(s.counts[row]) if row >= 0 else 0
    return found


@compiled
def _load(s: Steps, codes: Codes, within: int, at: Ints, own_since: Ints) -> Floats:
    out = np.full(len(codes), np.nan)
    for k in range(len(codes)):
        if codes[k] != UNKNOWN:
            minute = at[k] // MINUTE
            found = _between(s, codes[k], minute - within, minute)
            own = minute - within <= own_since[k] // MINUTE < minute
            out[k] = found - 1 if own and found > 0 else found
    return out


@compiled
def _usual(s: Steps, since: int, codes: Codes, within: int, at: Ints) -> Floats:
    """Rows come mostly in order of time, so what was found last of each entity is kept."""
    size = len(s.starts) - 1
    hours, values = np.full(size + 1, np.iinfo(np.int64).min), np.empty(size + 1)
    out = np.full(len(codes), np.nan)
    for k in range(len(codes)):
        if codes[k] != UNKNOWN:
            hour = at[k] // MINUTE // 60
            place = codes[k] if codes[k] >= 0 else size
            if hours[place] != hour:
                hours[place], values[place] = hour, _mean(s, since, codes[k], within, hour)
            out[k] = values[place]
    return out


@compiled
def _mean(s: Steps, since: int, code: int, within: int, hour: int) -> float:
    """Give what is usual of one entity at an hour."""
    length = span_of(within)
    total, weeks = 0, 0
    for week in range(1, WEEKS + 1):
        end = hour * 60 + 60 - week * WEEK
        if end - length >= since:
            total += _between(s, code, end - length, end)
            weeks += 1
    return (total * within) / (weeks * length) if weeks else np.nan

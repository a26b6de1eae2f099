"""Figures by day: rates of settled labels, volumes and typical numbers of agents, queues ...

They change at midnight (UTC) only. The same small table serves batch and service: `rate` and its
like read it for many contacts, `on` for one, by the same arithmetic.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np

from recontact.features.counted import BEGAN, LABELS, THOUSANDTHS
from recontact.features.cumulated import Cumulated, Floats, filled
from recontact.features.entities import EVERYTHING, UNKNOWN, Coded, entity
from recontact.features.steps import Ints

Values = Mapping[tuple[str, str], float | None]

PRIOR = 20.0  # a figure starts out as this many contacts like all others
RECENT = 28  # days over which a volume is counted
REMEMBERED = 100_000  # entities and days


class Figure(NamedTuple):
    """What is counted by day, and of whom.

    Attributes
    ----------
    of : str
        Column whose values are the entities, each inside its program; empty for everything.
    what : str
        A label (``repeated``, ``escalation``), ``began`` (inbound contacts), ``duration_s`` or
        a column of numbers.
    """

    of: str
    what: str


class Found(NamedTuple):
    """What is found of an entity (a number) or of many (an array) on a day.

    Attributes
    ----------
    tally, total : int or numpy.ndarray of int64
        Count and total of the entity.
    before : int or numpy.ndarray of int64
        Its count 28 days before, of arrivals.
    of_all : float or numpy.ndarray of float64
        Count of everything, nan where that is 0.
    sum_of_all : int or numpy.ndarray of int64
        Total of everything.
    """

    tally: Any
    total: Any
    before: Any
    of_all: Any
    sum_of_all: Any


@dataclass(frozen=True, eq=False)
class Daily:
    """Figures by UTC day.

    Parameters
    ----------
    counts : mapping of Figure to Cumulated
        Counts and totals by day since 1970: of labels the positive ones, of numbers the sum in
        thousandths. For each `what` that of everything is among them.

    Examples
    --------
    >>> import pyarrow as pa
    >>> daily = Daily.from_rows([("", "repeated", "", 9, 100, 10),
    ...                          ("queue", "repeated", entity("queue", "acme", "q"), 9, 20, 6)])
    >>> own = Coded(pa.table({"program": ["acme"] * 2, "queue": ["q", "r"]}))
    >>> daily.rate("queue", "repeated", own, np.array([9, 9])).tolist()
    [0.2, 0.1]
    >>> daily.on("queue", "acme", "q", 9)["rate", "repeated"]
    0.2
    """

    counts: Mapping[Figure, Cumulated]

    def rate(self, of: str, label: str, own: Coded, day: Ints) -> Floats:
        """Give the smoothed rate of a label, as known on each day.

        Parameters
        ----------
        of : str
            Column whose values are the entities.
        label : {"repeated", "escalation"}
            Of what.
        own : Coded
            The contacts with what is known of each itself.
        day : numpy.ndarray of int64
            UTC days since 1970.

        Returns
        -------
        numpy.ndarray of float64
            nan where the entity is unknown or no label at all had settled.
        """
        return self._many(Figure(of, label), own, day, _rate)

    def judged(self, of: str, own: Coded, day: Ints) -> Floats:
        """Give how many labels the rate of repeats rests on; nan where the entity is unknown."""
        return self._many(Figure(of, LABELS[0]), own, day, _judged)

    def volume(self, of: str, own: Coded, day: Ints) -> Floats:
        """Give how many inbound contacts began in the 28 days before each day.

        nan where the entity is unknown or no contact at all had begun.
        """
        return self._many(Figure(of, BEGAN), own, day, _volume)

    def typical(self, column: str, of: str, own: Coded, day: Ints) -> Floats:
        """Give the smoothed mean of a column of numbers.

        nan where the entity is unknown or no record at all that has a value was known.
        """
        return self._many(Figure(of, column), own, day, _typical)

    def _pair(self, figure: Figure) -> tuple[Cumulated, Cumulated]:
        """Give the counts of a figure, and those of everything."""
        of_all = Figure(EVERYTHING, figure.what)
        return self.counts.get(figure, NOTHING), self.counts.get(of_all, NOTHING)

    def _many(
        self, figure: Figure, own: Coded, day: Ints, formula: Callable[[Found], Floats]
    ) -> Floats:
        counted, of_all = self._pair(figure)
        codes = own.among(figure.of, counted.entities)
        everything = own.among(EVERYTHING, of_all.entities)

        def values(part: slice) -> Floats:
            mine, days = codes[part], day[part]
            before = counted.look_up(mine, days - RECENT)[0] if figure.what == BEGAN else 0
            n, total = of_all.look_up(everything[part], days)
            some = np.where(n > 0, n, np.nan)
            found = formula(Found(*counted.look_up(mine, days), before, some, total))
            return np.where(mine == UNKNOWN, np.nan, found)

        return filled(values, len(day))

    @cached_property
    def on(self) -> Callable[[str, str | None, object, int], Values]:
        """Give all figures of one entity on a day: ``on(of, program, name, day)``.

        By ``("rate", label)``, ``("judged", "repeated")``, ``("volume", "began")`` and
        ``("typical", column)``; empty where the entity is unknown. What was found is
        remembered.
        """
        return lru_cache(REMEMBERED)(self._on)

    def _on(self, of: str, program: str | None, name: object, day: int) -> Values:
        if name is None and of != EVERYTHING:
            return {}
        known = entity(of, program, name)
        whats = dict.fromkeys([LABELS[0], *(figure.what for figure in self.counts)])
        found = (self._one(Figure(of, what), known, day) for what in whats)
        return {key: value for values in found for key, value in values.items()}

    def _one(self, figure: Figure, known: str, day: int) -> Values:
        counted, of_all = self._pair(figure)
        before = counted.at(known, day - RECENT)[0] if figure.what == BEGAN else 0
        n, total = of_all.at(EVERYTHING, day)
        found = Found(*counted.at(known, day), before, n or math.nan, total)
        values = {(kind, figure.what): of(found) for kind, of in formulas(figure.what).items()}
        return {key: None if math.isnan(value) else value for key, value in values.items()}

    def rows(self) -> list[tuple[str, str, str, int, int, int]]:
        """List (of, what, entity, day, count, total), not cumulated, to be kept in a database."""
        return [
            (*figure, *row) for figure, counted in self.counts.items() for row in counted.rows()
        ]

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[str, str, str, int, int, int]]) -> "Daily":
        """Read back what `rows` gave, of one or more parts, in any order."""
        found: dict[Figure, list[tuple[str, int, int, int]]] = {}
        for of, what, name, day, count, total in rows:
            found.setdefault(Figure(of, what), []).append((name, day, count, total))
        return cls(
            {f: Cumulated.from_rows(own, totals=f.what != BEGAN) for f, own in found.items()}
        )


NOTHING = Cumulated.from_rows([], totals=False)


def formulas(what: str) -> dict[str, Callable[[Found], Any]]:
    """Give the values that are computed of what is counted, by their names."""
    if what in LABELS:
        return {"rate": _rate} | ({"judged": _judged} if what == LABELS[0] else {})
    return {"volume": _volume} if what == BEGAN else {"typical": _typical}


def _rate(f: Found) -> Any:
    return smoothed(f.total, f.tally, f.sum_of_all / f.of_all)


def _judged(f: Found) -> Any:
    return f.tally * 1.0


def _volume(f: Found) -> Any:
    return f.tally - f.before + 0.0 * f.of_all  # nan where nothing at all had begun


def _typical(f: Found) -> Any:
    base = f.sum_of_all / THOUSANDTHS / f.of_all
    return smoothed(f.total / THOUSANDTHS, f.tally, base)


def smoothed(total: Any, count: Any, base: Any) -> Any:
    """Give a mean of few contacts drawn towards that of all, of numbers or of arrays.

    Examples
    --------
    >>> smoothed(3, 10, 0.15)
    0.2
    """
    return (total + PRIOR * base) / (count + PRIOR)

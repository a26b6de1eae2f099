"""Figures by day: rates of settled labels, volumes and typical numbers of agents, queues ...

They change at midnight (UTC) only. The same small table serves batch and service: `rate` and its
like read it for many contacts, `on` for one, by the same arithmetic.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.features.counted import BEGAN, LABELS, THOUSANDTHS
from recontact.features.cumulated import NONE, Cumulated, Ints
from recontact.features.entities import EVERYTHING, UNKNOWN, Coded, Entities, entity

Floats = npt.NDArray[np.float64]
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
        count, total = self._found(of, label, own, day)
        base = _many_over(*self._found(EVERYTHING, label, own, day))
        return _where_known(of, own, smoothed(total, count, base))

    def judged(self, of: str, own: Coded, day: Ints) -> Floats:
        """Give how many labels the rate of repeats rests on; nan where the entity is unknown."""
        count, _ = self._found(of, LABELS[0], own, day)
        return _where_known(of, own, count.astype(np.float64))

    def volume(self, of: str, own: Coded, day: Ints) -> Floats:
        """Give how many inbound contacts began in the 28 days before each day.

        nan where the entity is unknown or no contact at all had begun.
        """
        count, _ = self._found(of, BEGAN, own, day)
        before, _ = self._found(of, BEGAN, own, day - RECENT)
        everything, _ = self._found(EVERYTHING, BEGAN, own, day)
        return _where_known(of, own, np.where(everything > 0, count - before, np.nan))

    def typical(self, column: str, of: str, own: Coded, day: Ints) -> Floats:
        """Give the smoothed mean of a column of numbers.

        nan where the entity is unknown or no record at all that has a value was known.
        """
        count, total = self._found(of, column, own, day)
        of_all, sum_of_all = self._found(EVERYTHING, column, own, day)
        base = _many_over(of_all, sum_of_all / THOUSANDTHS)
        return _where_known(of, own, smoothed(total / THOUSANDTHS, count, base))

    def _found(self, of: str, what: str, own: Coded, day: Ints) -> tuple[Ints, Ints]:
        counted = self.counts.get(Figure(of, what), NOTHING)
        return counted.look_up(own.among(of, counted.entities), day)

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
        out: dict[tuple[str, str], float | None] = {("judged", LABELS[0]): 0.0}
        for figure, counted in self.counts.items():
            if figure.of == of:
                of_all = self.counts[Figure(EVERYTHING, figure.what)].at(EVERYTHING, day)
                out |= _one(figure.what, counted, known, day, of_all)
        return out

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


NOTHING = Cumulated.add_up(Entities(pa.array([], pa.string())), NONE, NONE)


def smoothed(total: Any, count: Any, base: Any) -> Any:
    """Give a mean of few contacts drawn towards that of all, of numbers or of arrays.

    Examples
    --------
    >>> smoothed(3, 10, 0.15)
    0.2
    """
    return (total + PRIOR * base) / (count + PRIOR)


def _many_over(count: Ints, total: npt.NDArray[np.integer] | Floats) -> Floats:
    """Give the mean, nan of none."""
    mean: Floats = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    return mean


def _where_known(of: str, own: Coded, values: Floats) -> Floats:
    values[own.of(of)[0] == UNKNOWN] = np.nan
    return values


def _one(
    what: str, counted: Cumulated, known: str, day: int, of_all: tuple[int, int]
) -> dict[tuple[str, str], float | None]:
    """Give what one count of one entity says."""
    count, total = counted.at(known, day)
    if what == BEGAN:
        before, _ = counted.at(known, day - RECENT)
        return {("volume", what): float(count - before) if of_all[0] else None}
    if what not in LABELS:
        base = of_all[1] / THOUSANDTHS / of_all[0] if of_all[0] else None
        mean = None if base is None else smoothed(total / THOUSANDTHS, count, base)
        return {("typical", what): mean}
    rate = smoothed(total, count, of_all[1] / of_all[0]) if of_all[0] else None
    judged = {("judged", what): float(count)} if what == LABELS[0] else {}
    return {("rate", what): rate, **judged}

"""Counts and totals by entity and tick (a day, a minute), cumulated, and how they are looked up."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.compiled import compiled
from recontact.features.entities import Codes, Entities
from recontact.features.steps import Ints, Steps, Ticks, read, steps
from recontact.workers import each

Floats = npt.NDArray[np.float64]

LATEST = np.iinfo(np.int32).max
SKIP = np.iinfo(np.int32).min  # in place of a tick: not counted
NEVER = np.iinfo(np.int64).max  # in place of an instant: not counted
NONE = np.empty(0, dtype=np.int64)  # no counts: each is 1; no totals: none are kept
DENSE = 1_000_000  # so many cells are affordable whatever the number of rows
AT_ONCE = 1 << 14  # rows: what is computed of so many stays in the cache

Row = tuple[str, int, int, int]
T = TypeVar("T")
R = TypeVar("R")


@compiled
def ticks(instants: Ints, unit: int, later: int) -> Ticks:
    """Give the tick of each instant, so many later; `SKIP` for `NEVER`.

    Parameters
    ----------
    instants : numpy.ndarray of int64
        Microseconds since 1970.
    unit : int
        Length of a tick in microseconds.
    later : int
        Ticks to add. What is beyond an int32 counts as the last one.
    """
    out = np.empty(len(instants), np.int32)
    for k in range(len(instants)):
        tick = instants[k] // unit + later
        out[k] = SKIP if instants[k] == NEVER else min(max(tick, SKIP + 1), LATEST)
    return out


@dataclass(frozen=True, eq=False)
class Cumulated:
    """What was counted by entity and tick, cumulated over each entity's ticks.

    Attributes
    ----------
    entities : Entities
        Whom the counts are of.
    starts : numpy.ndarray of int64
        Where each entity's rows begin, closed by the number of rows.
    tick, count : numpy.ndarray of int32
        First tick on which this holds, ascending, and how many up to then.
    total : numpy.ndarray of int64
        Sum of the amounts up to then; empty where only counts are kept.

    Examples
    --------
    >>> queues = Entities(pa.array(["q", "r"]))
    >>> codes, days = np.array([[0, 1, 0, 0], [5, 5, 3, 5]], np.int32)
    >>> found = Cumulated.add_up(queues, codes, days, totals=np.array([10, 20, 30, 40]))
    >>> found.at("q", 4), found.at("q", 9), found.at("q", 2), found.at("s", 9)
    ((1, 30), (3, 80), (0, 0), (0, 0))
    >>> found.rows()
    [('q', 3, 1, 30), ('q', 5, 2, 50), ('r', 5, 1, 20)]
    """

    entities: Entities
    starts: Ints
    tick: Ticks
    count: Ticks
    total: Ints

    @classmethod
    def add_up(
        cls,
        entities: Entities,
        codes: Codes,
        ticks: Ticks,
        counts: Ints = NONE,
        totals: Ints = NONE,
    ) -> "Cumulated":
        """Count by entity and tick.

        Parameters
        ----------
        entities : Entities
            Whom the counts are of.
        codes, ticks : numpy.ndarray of int32
            Entity and tick of each row; negative codes and `SKIP` are left out.
        counts, totals : numpy.ndarray of int64
            What is added up; without counts each row is one, without totals none are kept.
        """
        first, last = _extent(ticks)
        width = last - first + 1
        if len(entities) * width <= 4 * len(ticks) + DENSE:
            cells = _add_up_cells(codes, ticks, counts, totals, first, len(entities) * width, width)
        else:
            cells = _add_up_sorted(codes, ticks, counts, totals, first, width)
        return cls._of_cells(entities, *cells, first, width)

    @classmethod
    def _of_cells(
        cls, entities: Entities, cell: Ints, count: Ints, total: Ints, first: int, width: int
    ) -> "Cumulated":
        """Cumulate counts of cells, which are numbered by entity, then tick."""
        starts = np.searchsorted(cell, np.arange(len(entities) + 1) * width)
        tick = (cell % width + first).astype(np.int32)
        count, total = _cumulated(count, starts), _cumulated(total, starts)
        return cls(entities, starts, tick, count.astype(np.int32), total)

    def look_up(self, codes: Codes, tick: Ints) -> tuple[Ints, Ints]:
        """Give count and total of each entity up to a tick, 0 where there are none."""
        return read(self.steps, codes, tick)

    def at(self, name: str, tick: int) -> tuple[int, int]:
        """Give count and total of one entity up to a tick, 0 where there are none."""
        code = self.entities.code.get(name)
        if code is None:
            return 0, 0
        starts, ticks, count, total = self._views
        low = starts[code]
        place = bisect_right(ticks, tick, low, starts[code + 1]) - 1
        if place < low:
            return 0, 0
        return count[place], total[place] if total else 0

    @cached_property
    def _views(self) -> tuple[memoryview, memoryview, memoryview, memoryview]:
        """The arrays as they are read quickest one by one."""
        return self.starts.data, self.tick.data, self.count.data, self.total.data

    @cached_property
    def steps(self) -> Steps:
        """The rows with their index, made when first looked up."""
        return steps(self.starts, self.tick, self.count, self.total)

    def apart(self) -> tuple[Codes, Ticks, Ints, Ints]:
        """Give the rows not cumulated: code of the entity, tick, count, total."""
        lengths = np.diff(self.starts)
        codes = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
        total = self.total if len(self.total) else NONE
        return codes, self.tick, _apart(self.count, self.starts), _apart(total, self.starts)

    def rows(self) -> list[Row]:
        """List (entity, tick, count, total), not cumulated: rows of disjoint contacts add up."""
        codes, tick, count, total = self.apart()
        names = self.entities.names.take(pa.array(codes)).to_pylist()
        totals = total.tolist() or [0] * len(tick)
        return list(zip(names, tick.tolist(), count.tolist(), totals, strict=True))

    @classmethod
    def from_rows(cls, rows: Sequence[Row], *, totals: bool) -> "Cumulated":
        """Read back what `rows` gave, of one or more parts, in any order."""
        encoded = pa.array([row[0] for row in rows], pa.string()).dictionary_encode()
        # One by one, so that other threads get their turn: a service reads rates beside its scores.
        tick, count, total = (
            np.fromiter((row[k] for row in rows), np.int64, len(rows)) for k in (1, 2, 3)
        )
        codes, days = np.asarray(encoded.indices, dtype=np.int32), tick.astype(np.int32)
        entities = Entities(encoded.dictionary)
        return cls.add_up(entities, codes, days, count, total if totals else NONE)

    @classmethod
    def together(cls, parts: Sequence["Cumulated"], entities: Entities) -> "Cumulated":
        """Add up parts counted over disjoint contacts.

        Parameters
        ----------
        parts : sequence of Cumulated
            All with totals or all without.
        entities : Entities
            Among them those of all parts.
        """
        apart = [part.apart() for part in parts]
        codes = [entities.places(p.entities)[a[0]] for p, a in zip(parts, apart, strict=True)]
        columns = zip(*(a[1:] for a in apart), strict=True)
        tick, count, total = (np.concatenate(column) for column in columns)
        return cls.add_up(entities, np.concatenate(codes), tick, count, total)


def spread(size: int) -> Callable[[Callable[[T], R], Iterable[T]], Iterator[R]]:
    """Give what applies a function to items: on all processors where there is much to do."""
    return each if size > AT_ONCE else map


def in_stretches(function: Callable[[slice], None], size: int) -> None:
    """Call a function on stretches of rows, short enough that what it needs stays near."""
    parts = (slice(k, min(size, k + AT_ONCE)) for k in range(0, size, AT_ONCE))
    for _ in spread(size)(function, parts):
        pass


def filled(values: Callable[[slice], Floats], size: int) -> Floats:
    """Compute values stretch by stretch."""
    out = np.empty(size)

    def fill(part: slice) -> None:
        out[part] = values(part)

    in_stretches(fill, size)
    return out


@compiled
def _extent(ticks: Ticks) -> tuple[int, int]:
    """Give the first and the last tick."""
    first, last = LATEST, SKIP
    for tick in ticks:
        if tick != SKIP:
            first, last = min(first, int(tick)), max(last, int(tick))
    return (first, last) if first <= last else (0, 0)


@compiled
def _add_up_cells(
    codes: Codes, ticks: Ticks, counts: Ints, totals: Ints, first: int, size: int, width: int
) -> tuple[Ints, Ints, Ints]:
    """Add up where there is room for every tick of every entity; give the cells that have any."""
    count, total = np.zeros(size, np.int32), np.zeros(size if len(totals) else 0, np.int64)
    for k in range(len(codes)):
        if codes[k] >= 0 and ticks[k] != SKIP:
            cell = codes[k] * width + ticks[k] - first
            count[cell] += counts[k] if len(counts) else 1
            if len(totals):
                total[cell] += totals[k]
    cells = np.flatnonzero(count)
    return cells, count[cells].astype(np.int64), total[cells] if len(totals) else total


def _add_up_sorted(
    codes: Codes, ticks: Ticks, counts: Ints, totals: Ints, first: int, width: int
) -> tuple[Ints, Ints, Ints]:
    """Add up where there is not: in order of the cells."""
    rows = np.flatnonzero((codes >= 0) & (ticks != SKIP))
    cells = codes[rows].astype(np.int64) * width + ticks[rows] - first
    order = np.argsort(cells)
    rows, cells = rows[order], cells[order]
    begins = np.flatnonzero(np.diff(cells, prepend=-1))
    numbers = counts[rows] if len(counts) else np.ones(len(rows), np.int64)
    count = np.add.reduceat(numbers, begins) if len(rows) else NONE
    total = np.add.reduceat(totals[rows], begins) if len(rows) and len(totals) else NONE
    return cells[begins], count, total


def _cumulated(values: Ints, starts: Ints) -> Ints:
    """Cumulate each entity's values; of none, none."""
    if not len(values):
        return values
    sums = np.cumsum(values)
    before = np.append(0, sums)[starts[:-1]]
    own: Ints = sums - np.repeat(before, np.diff(starts))
    return own


def _apart(values: npt.NDArray[np.integer], starts: Ints) -> Ints:
    """Undo the cumulation of each entity's values."""
    out = values.astype(np.int64)
    out[1:] -= values[:-1]
    first = starts[:-1][starts[1:] > starts[:-1]] if len(values) else NONE
    out[first] = values[first]
    return out

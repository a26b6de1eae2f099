"""Counts and totals by entity and tick (a day, a minute), cumulated, and how they are looked up."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.compiled import compiled
from recontact.features.entities import Codes, Entities
from recontact.workers import WORKERS, each

Ints = npt.NDArray[np.int64]
Ticks = npt.NDArray[np.int32]

LATEST = np.iinfo(np.int32).max
SKIP = np.iinfo(np.int32).min  # in place of a tick: not counted
NONE = np.empty(0, dtype=np.int64)  # no counts: each is 1; no totals: none are kept
AT_ONCE = 100_000  # fewer look-ups than this are not worth a thread

Row = tuple[str, int, int, int]
T = TypeVar("T")
R = TypeVar("R")


def ticks(instants: Ints, unit: int) -> Ticks:
    """Give the whole days or minutes since 1970 of instants, as far as they can be told apart."""
    return np.clip(instants // unit, SKIP + 1, LATEST).astype(np.int32)


class Steps(NamedTuple):
    """The rows of `Cumulated` as plain arrays, with an index of where to search.

    Block `k` of an entity begins `k << shift` ticks after its first tick; `place` tells at which
    row, from `offset` on.
    """

    starts: Ints
    tick: Ticks
    counts: Ticks
    totals: Ints
    offset: Ints
    place: Ticks
    shift: int


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
    >>> codes, days = np.array([0, 1, 0, 0]), np.array([5, 5, 3, 5])
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
        codes: npt.NDArray[np.integer],
        ticks: npt.NDArray[np.integer],
        counts: Ints = NONE,
        totals: Ints = NONE,
    ) -> "Cumulated":
        """Count by entity and tick; negative codes and `SKIP` are left out."""
        grouped = group(codes.astype(np.int32, copy=False), len(entities))
        return cls.of_groups(entities, grouped, ticks, counts, totals)

    @classmethod
    def of_groups(
        cls,
        entities: Entities,
        grouped: tuple[Ints, Ticks],
        ticks: npt.NDArray[np.integer],
        counts: Ints = NONE,
        totals: Ints = NONE,
    ) -> "Cumulated":
        """Count by tick what `group` grouped by entity."""
        size = len(grouped[1])
        tick, count = np.empty(size, np.int32), np.empty(size, np.int32)
        total = np.empty(size if len(totals) else 0, np.int64)
        days = ticks.astype(np.int32, copy=False)
        starts = _add_up(*grouped, days, counts, totals, tick, count, total)
        end = starts[-1]
        return cls(entities, starts, tick[:end].copy(), count[:end].copy(), total[:end].copy())

    def look_up(self, codes: Codes, tick: Ints) -> tuple[Ints, Ints]:
        """Give count and total of each entity up to a tick, 0 where there are none."""
        count, total = np.empty(len(tick), np.int64), np.empty(len(tick), np.int64)
        in_stretches(
            lambda part: _read(self.steps, codes[part], tick[part], count[part], total[part]),
            len(tick),
        )
        return count, total

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
        lengths = _spans(self.starts, self.tick)
        shift = 0
        while ((lengths >> shift) + 1).sum() > 2 * len(self.tick) + len(self.entities):
            shift += 1
        blocks = np.where(np.diff(self.starts) > 0, (lengths >> shift) + 1, 0)
        offset = np.append(0, np.cumsum(blocks)).astype(np.int64)
        place = np.empty(offset[-1], np.int32)
        _index(self.starts, self.tick, offset, place, shift)
        return Steps(self.starts, self.tick, self.count, self.total, offset, place, shift)

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
        numbers = np.array([row[1:] for row in rows], dtype=np.int64).reshape(-1, 3)
        tick, count, total = (np.ascontiguousarray(column) for column in numbers.T)
        codes = np.asarray(encoded.indices, dtype=np.int32)
        entities = Entities(encoded.dictionary)
        return cls.add_up(entities, codes, tick, count, total if totals else NONE)

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
    """Call a function on stretches of rows, on all processors where there are many."""
    step = max(AT_ONCE, -(-size // WORKERS))
    parts = [slice(k, min(size, k + step)) for k in range(0, size, step)]
    for _ in spread(size)(function, parts):
        pass


@compiled
def group(codes: Codes, size: int) -> tuple[Ints, Ticks]:
    """Give where each entity's rows begin, and the row numbers by entity; negative codes drop."""
    starts = np.zeros(size + 1, np.int64)
    for code in codes:
        if code >= 0:
            starts[code + 1] += 1
    for k in range(size):
        starts[k + 1] += starts[k]
    rows = np.empty(starts[size], np.int32)
    place = starts[:size].copy()
    for row in range(len(codes)):
        code = codes[row]
        if code >= 0:
            rows[place[code]] = row
            place[code] += 1
    return starts, rows


@compiled
def _add_up(
    starts: Ints,
    rows: Ticks,
    ticks: Ticks,
    counts: Ints,
    totals: Ints,
    tick: Ticks,
    count: Ticks,
    total: Ints,
) -> Ints:
    """Write each entity's ticks with cumulated counts; give where each entity's rows begin."""
    out = np.zeros(len(starts), np.int64)
    for entity in range(len(starts) - 1):
        own = rows[starts[entity] : starts[entity + 1]]
        at = out[entity]
        first, last, size = _extent(own, ticks)
        if size == 0:
            out[entity + 1] = at
            continue
        if last - first < 4 * size + 64:
            end = _add_up_dense(own, ticks, counts, totals, first, last, tick, count, total, at)
        else:
            end = _add_up_sorted(own, ticks, counts, totals, tick, count, total, at)
        for k in range(at + 1, end):
            count[k] += count[k - 1]
            if len(total):
                total[k] += total[k - 1]
        out[entity + 1] = end
    return out


@compiled
def _extent(rows: Ticks, ticks: Ticks) -> tuple[int, int, int]:
    """Give the first and last tick of some rows, and how many of them are counted."""
    first, last, size = LATEST, SKIP, 0
    for row in rows:
        if ticks[row] != SKIP:
            first, last = min(first, int(ticks[row])), max(last, int(ticks[row]))
            size += 1
    return first, last, size


@compiled
def _add_up_dense(
    rows: Ticks,
    ticks: Ticks,
    counts: Ints,
    totals: Ints,
    first: int,
    last: int,
    tick: Ticks,
    count: Ticks,
    total: Ints,
    at: int,
) -> int:
    """Write the counts of one entity on the ticks that have any; give where the next one's begin.

    For ticks close together: there is a place for each.
    """
    there = np.zeros(last - first + 1, np.bool_)
    number, amount = np.zeros(len(there), np.int64), np.zeros(len(there), np.int64)
    for row in rows:
        if ticks[row] != SKIP:
            k = ticks[row] - first
            there[k] = True
            number[k] += counts[row] if len(counts) else 1
            if len(totals):
                amount[k] += totals[row]
    for k in range(len(there)):
        if there[k]:
            tick[at], count[at] = first + k, number[k]
            if len(total):
                total[at] = amount[k]
            at += 1
    return at


@compiled
def _add_up_sorted(
    rows: Ticks,
    ticks: Ticks,
    counts: Ints,
    totals: Ints,
    tick: Ticks,
    count: Ticks,
    total: Ints,
    at: int,
) -> int:
    """Do the same for ticks far apart."""
    own = rows[np.argsort(ticks[rows])]
    previous = np.int64(SKIP)
    for row in own:
        if ticks[row] == SKIP:
            continue
        if ticks[row] != previous:
            previous = np.int64(ticks[row])
            tick[at], count[at] = ticks[row], 0
            if len(total):
                total[at] = 0
            at += 1
        count[at - 1] += counts[row] if len(counts) else 1
        if len(totals):
            total[at - 1] += totals[row]
    return at


def _spans(starts: Ints, tick: Ticks) -> Ints:
    """Give from first to last how many ticks each entity spans, 0 where it has none."""
    some = starts[1:] > starts[:-1]
    first = np.where(some, starts[:-1], 0)
    last = np.where(some, starts[1:] - 1, 0)
    if not len(tick):
        return np.zeros(len(some), np.int64)
    return np.where(some, tick[last].astype(np.int64) - tick[first], 0)


def _apart(values: npt.NDArray[np.integer], starts: Ints) -> Ints:
    """Undo the cumulation of each entity's values."""
    out = values.astype(np.int64)
    out[1:] -= values[:-1]
    first = starts[:-1][starts[1:] > starts[:-1]] if len(values) else NONE
    out[first] = values[first]
    return out


@compiled
def _index(starts: Ints, tick: Ticks, offset: Ints, place: Ticks, shift: int) -> None:
    """Write at which row each block of each entity begins."""
    for entity in range(len(starts) - 1):
        row = starts[entity]
        for k in range(offset[entity + 1] - offset[entity]):
            begin = np.int64(tick[starts[entity]]) + (k << shift)
            while tick[row] < begin:
                row += 1
            place[offset[entity] + k] = row


@compiled
def last_row(s: Steps, entity: int, tick: int) -> int:
    """Give the entity's last row up to a tick, -1 where there is none."""
    low, high = int(s.starts[entity]), int(s.starts[entity + 1])
    if low == high or tick < s.tick[low]:
        return -1
    block = s.offset[entity] + ((tick - s.tick[low]) >> s.shift)
    if block >= s.offset[entity + 1]:
        return high - 1
    low = int(s.place[block])
    if s.tick[low] > tick:
        return low - 1
    if block + 1 < s.offset[entity + 1]:
        high = int(s.place[block + 1])
    while high - low > 1:
        middle = (low + high) // 2
        if s.tick[middle] <= tick:
            low = middle
        else:
            high = middle
    return low


@compiled
def _read(s: Steps, codes: Codes, ticks: Ints, count: Ints, total: Ints) -> None:
    """Look up count and total of each entity up to its tick."""
    for k in range(len(codes)):
        row = last_row(s, codes[k], ticks[k]) if codes[k] >= 0 else -1
        count[k] = s.counts[row] if row >= 0 else 0
        total[k] = s.totals[row] if row >= 0 and len(s.totals) else 0

"""Rows of entities by tick as plain arrays, and how the last row up to a tick is found."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recontact.compiled import compiled
from recontact.features.entities import Codes

Ints = npt.NDArray[np.int64]
Ticks = npt.NDArray[np.int32]


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


def steps(starts: Ints, tick: Ticks, counts: Ticks, totals: Ints) -> Steps:
    """Add the index to rows: no longer than twice the rows, yet blocks hold few of them."""
    lengths = _spans(starts, tick)
    shift = 0
    while ((lengths >> shift) + 1).sum() > 2 * len(tick) + len(lengths):
        shift += 1
    blocks = np.where(np.diff(starts) > 0, (lengths >> shift) + 1, 0)
    offset = np.append(0, np.cumsum(blocks)).astype(np.int64)
    place = np.empty(offset[-1], np.int32)
    _index(starts, tick, offset, place, shift)
    return Steps(starts, tick, counts, totals, offset, place, shift)


def _spans(starts: Ints, tick: Ticks) -> Ints:
    """Give from first to last how many ticks each entity spans, 0 where it has none."""
    some = starts[1:] > starts[:-1]
    first = np.where(some, starts[:-1], 0)
    last = np.where(some, starts[1:] - 1, 0)
    if not len(tick):
        return np.zeros(len(some), np.int64)
    return np.where(some, tick[last].astype(np.int64) - tick[first], 0)


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
def read(s: Steps, codes: Codes, ticks: Ints) -> tuple[Ints, Ints]:
    """Look up count and total of each entity up to its tick."""
    count, total = np.zeros(len(ticks), np.int64), np.zeros(len(ticks), np.int64)
    for k in range(len(codes)):
        row = last_row(s, codes[k], ticks[k]) if codes[k] >= 0 else -1
        if row >= 0:
            count[k] = s.counts[row]
            total[k] = s.totals[row] if len(s.totals) else 0
    return count, total

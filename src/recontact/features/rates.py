"""Rates of agents, queues and reasons, counting only labels that had settled by then.

A label counts from the start of the UTC day after the latest of its maturity and the instants
from which all that it rests on was known. Rates are cumulated by day and looked up by
(entity, day): the same small table in batch and in the service.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.compiled import compiled
from recontact.contacts import instants, known_of
from recontact.durations import DAY
from recontact.features.kernel import Floats, Ints
from recontact.history import Order

PRIOR = 20.0  # a rate starts out as this many contacts at the overall rate
ENTITIES = {"agent": "agent_id", "queue": "queue", "reason": "reason"}
TARGETS = {"repeat": "repeated", "escalation": "escalation"}
ALL = "all"
KINDS = tuple(f"{entity}_{target}" for entity in (ALL, *ENTITIES) for target in TARGETS)


@dataclass(frozen=True)
class Rate:
    """Cumulated labels of one kind: rows sorted by (entity, day).

    Attributes
    ----------
    entities : pyarrow.Array of string
        The distinct entities, each inside its program.
    entity, day, count, positives : numpy.ndarray of int64
        Code of the entity, first UTC day on which this holds (days since 1970), labels and
        positive labels up to then.
    """

    entities: pa.Array
    entity: Ints
    day: Ints
    count: Ints
    positives: Ints

    @cached_property
    def _days(self) -> dict[str, tuple[list[int], list[int], list[int]]]:
        """The days, labels and positive labels of each entity, for look-ups one by one."""
        first = np.flatnonzero(np.diff(self.entity, prepend=-1))
        runs = pairwise([*first.tolist(), len(self.entity)])
        names = self.entities.take(pa.array(self.entity[first])).to_pylist()
        columns = (self.day.tolist(), self.count.tolist(), self.positives.tolist())
        return {
            name: (columns[0][a:b], columns[1][a:b], columns[2][a:b])
            for name, (a, b) in zip(names, runs, strict=True)
        }

    def at(self, entity: str, day: int) -> tuple[int, int]:
        """Give labels and positive labels of one entity up to a day, 0 where there are none.

        Examples
        --------
        >>> days, positive = np.array([3, 5]), np.array([True, False])
        >>> rate = cumulate(pa.chunked_array([["q", "q"]]), days, positive)
        >>> rate.at("q", 4), rate.at("q", 5), rate.at("q", 2), rate.at("other", 9)
        ((1, 1), (2, 1), (0, 0), (0, 0))
        """
        found = self._days.get(entity)
        place = bisect_right(found[0], day) - 1 if found else -1
        return (found[1][place], found[2][place]) if found and place >= 0 else (0, 0)

    def look_up(self, entities: pa.ChunkedArray, day: Ints) -> tuple[Ints, Ints]:
        """Give labels and positive labels of each entity up to a day, 0 where there are none."""
        code = np.asarray(pc.index_in(entities, self.entities).fill_null(-1), dtype=np.int64)
        if not len(self.day):
            return np.zeros_like(day), np.zeros_like(day)
        base = int(min(self.day.min(), day.min(initial=0)))
        width = int(max(self.day.max(), day.max(initial=0))) - base + 1
        keys = self.entity * width + self.day - base
        found = np.searchsorted(keys, code * width + day - base, side="right") - 1
        fits = (code >= 0) & (found >= 0) & (self.entity[found] == code)
        return np.where(fits, self.count[found], 0), np.where(fits, self.positives[found], 0)


@dataclass(frozen=True)
class Rates:
    """The rates of every kind (`KINDS`)."""

    kinds: Mapping[str, Rate]

    def rows(self) -> list[tuple[str, str, int, int, int]]:
        """List (kind, entity, day, count, positives), to be kept in a database.

        Examples
        --------
        >>> Rates.from_rows([("queue_repeat", "acme > q", 20000, 10, 2)]).rows()
        [('queue_repeat', 'acme > q', 20000, 10, 2)]
        """
        return [
            (kind, entity, int(day), int(count), int(positives))
            for kind, rate in self.kinds.items()
            for entity, day, count, positives in zip(
                rate.entities.take(pa.array(rate.entity)).to_pylist(),
                rate.day,
                rate.count,
                rate.positives,
                strict=True,
            )
        ]

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[str, str, int, int, int]]) -> "Rates":
        """Read back what `rows` gave, in any order."""
        by_kind: dict[str, list[tuple[str, int, int, int]]] = {kind: [] for kind in KINDS}
        for kind, entity, day, count, positives in rows:
            by_kind[kind].append((entity, day, count, positives))
        return cls({kind: _from_rows(sorted(found)) for kind, found in by_kind.items()})

    @classmethod
    def together(cls, parts: Sequence["Rates"]) -> "Rates":
        """Put together the rates of disjoint customers."""
        kinds = parts[0].kinds if parts else {}
        return cls({kind: _together([part.kinds[kind] for part in parts]) for kind in kinds})


def _together(parts: list[Rate]) -> Rate:
    names = pa.chunked_array([part.entities for part in parts], pa.string()).unique()
    columns: list[tuple[Ints, ...]] = []
    for part in parts:
        place = np.asarray(pc.index_in(part.entities, names), dtype=np.int64)
        numbers = (_apart(part, part.count), _apart(part, part.positives))
        columns.append((place[part.entity], part.day, *numbers))
    code, day, count, positives = (np.concatenate(own) for own in zip(*columns, strict=True))
    rows = np.lexsort((day, code))
    code, day = code[rows], day[rows]
    last = np.flatnonzero((np.diff(code, append=-1) != 0) | (np.diff(day, append=-1) != 0))
    first = np.searchsorted(code, code[last])
    sums = [np.append(0, np.cumsum(own[rows])) for own in (count, positives)]
    return Rate(names, code[last], day[last], *(own[last + 1] - own[first] for own in sums))


def _apart(rate: Rate, cumulated: Ints) -> Ints:
    """Undo the cumulation."""
    first = np.diff(rate.entity, prepend=-1) != 0
    return np.where(first, cumulated, np.diff(cumulated, prepend=0))


def _from_rows(rows: list[tuple[str, int, int, int]]) -> Rate:
    encoded = pa.array([row[0] for row in rows], pa.string()).dictionary_encode()
    numbers = np.array([row[1:] for row in rows], dtype=np.int64).reshape(-1, 3)
    code = np.asarray(encoded.indices, dtype=np.int64)
    return Rate(encoded.dictionary, code, *np.ascontiguousarray(numbers.T))


def inside_program(contacts: pa.Table, column: str) -> pa.ChunkedArray:
    """Name the entities of a column inside their program; null where the entity is unknown."""
    if column == ALL:
        return pa.chunked_array([pa.repeat(pa.scalar(ALL), len(contacts))])
    program = pc.fill_null(contacts["program"], "")
    return pc.binary_join_element_wise(program, contacts[column], " > ")


def cumulate(entities: pa.ChunkedArray, day: Ints, positive: npt.NDArray[np.bool_]) -> Rate:
    """Cumulate labels by entity and day; null entities are left out."""
    encoded = entities.combine_chunks().dictionary_encode()
    code = np.asarray(encoded.indices.fill_null(-1), dtype=np.int64)
    rows = np.flatnonzero(code >= 0)
    rows = rows[np.lexsort((day[rows], code[rows]))]
    code, day = code[rows], day[rows]
    last = np.flatnonzero((np.diff(code, append=-1) != 0) | (np.diff(day, append=-1) != 0))
    count = np.arange(1, len(rows) + 1, dtype=np.int64)
    positives = np.cumsum(positive[rows]).astype(np.int64)
    first = np.searchsorted(code, code[last])  # where each entity's rows begin
    before = np.where(first > 0, positives[first - 1], 0)
    return Rate(
        encoded.dictionary, code[last], day[last], count[last] - first, positives[last] - before
    )


@compiled
def settle(  # what each label rests on: itself and whoever might have been its repeat
    order_rows: Ints, starts: Ints, started: Ints, ended: Ints, window: Ints, known: Ints, out: Ints
) -> None:
    """Fill `out` with the instant from which all that each row's label rests on was known.

    Rows of one customer are in order. A label rests on the contact itself and on every later
    contact of the customer within its window. Whole blocks are passed at once, so that a
    shared number's long run stays affordable.
    """
    block = 64
    peaks = np.empty((starts[-1] - starts[0]) // block + 2, np.int64)
    for run in range(len(starts) - 1):
        low, high = starts[run], starts[run + 1]
        for k in range((high - low) // block + 1):
            peaks[k] = np.iinfo(np.int64).min
        for j in range(low, high):
            k = (j - low) // block
            peaks[k] = max(peaks[k], known[order_rows[j]])
        for i in range(low, high):
            row = order_rows[i]
            latest = max(ended[row] + window[row], known[row])
            j = i + 1
            while j < high and started[order_rows[j]] - ended[row] <= window[row]:
                whole = (j - low) % block == 0 and j + block <= high
                if whole and started[order_rows[j + block - 1]] - ended[row] <= window[row]:
                    latest = max(latest, peaks[(j - low) // block])
                    j += block
                else:
                    latest = max(latest, known[order_rows[j]])
                    j += 1
            out[row] = latest


def build(
    contacts: pa.Table,
    labels: pa.Table,
    order: Order,
    window: Ints,
    rests_on: Ints,
    entity_known: Mapping[str, Ints],
) -> Rates:
    """Build the rates from labels.

    Parameters
    ----------
    contacts, labels : pyarrow.Table
        Canonical contacts and their labels, in the same row order.
    order : recontact.history.Order
        The contacts in order.
    window, rests_on : numpy.ndarray of int64
        Each contact's window, and the instant from which its part in any label was known.
    entity_known : mapping of str to numpy.ndarray of int64
        For each column of `ENTITIES`, the instant from which its value was known.

    Returns
    -------
    Rates
        Every kind, cumulated by the day from which it counts.
    """
    started, ended = instants(contacts["started_at"]), instants(contacts["ended_at"])
    kinds = {}
    for target, column in TARGETS.items():
        known = rests_on if target == "repeat" else np.maximum(rests_on, known_of(contacts))
        settled = np.full(len(contacts), np.iinfo(np.int64).max)
        settle(order.rows, order.starts, started, ended, window, known, settled)
        judged = np.flatnonzero(np.asarray(labels[column].is_valid()))
        positive = np.asarray(pc.fill_null(labels[column], fill_value=False), dtype=bool)[judged]
        rows = contacts.take(pa.array(judged))
        for entity in (ALL, *ENTITIES):
            name = ENTITIES.get(entity, ALL)
            since = np.maximum(settled, entity_known[name]) if name in entity_known else settled
            day = since[judged] // DAY + 1
            kinds[f"{entity}_{target}"] = cumulate(inside_program(rows, name), day, positive)
    return Rates(kinds)


def rate_features(own: pa.Table, at: Ints, rates: Rates) -> dict[str, Floats]:
    """Give each contact's smoothed rates and how many labels they rest on, as known at `at`.

    Parameters
    ----------
    own : pyarrow.Table
        The contacts with what is known of each itself.
    at : numpy.ndarray of int64
        Instants in microseconds.
    rates : Rates
        The cumulated labels.

    Returns
    -------
    dict of str to numpy.ndarray of float64
        `<entity>_<target>_rate` and `<entity>_judged`; nan where the entity is unknown, or
        where no label at all had settled.
    """
    day = at // DAY
    features: dict[str, Floats] = {}
    for target in TARGETS:
        everything = rates.kinds[f"{ALL}_{target}"].look_up(inside_program(own, ALL), day)
        base = np.divide(everything[1], everything[0], out=np.full(len(day), np.nan),
                         where=everything[0] > 0)  # fmt: skip
        for entity, column in ENTITIES.items():
            named = inside_program(own, column)
            count, positives = rates.kinds[f"{entity}_{target}"].look_up(named, day)
            known = np.asarray(named.is_valid())
            rate = (positives + PRIOR * base) / (count + PRIOR)
            features[f"{entity}_{target}_rate"] = np.where(known, rate, np.nan)
            if target == "repeat":
                features[f"{entity}_judged"] = np.where(known, count.astype(np.float64), np.nan)
    return features

"""Figures: what is known of agents, queues, reasons ... on a day and at a minute.

Built once from contacts and their labels, or by parts over disjoint customers and put together.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa

from recontact.durations import MINUTE
from recontact.features.counted import Facts, arrivals, is_late
from recontact.features.cumulated import LATEST, Cumulated, spread, ticks
from recontact.features.daily import Daily, Figure
from recontact.features.entities import EVERYTHING, Coded, Entities
from recontact.features.loads import Loads, first_minute
from recontact.features.steps import Ints
from recontact.history import Order

K = TypeVar("K", Figure, str)


@dataclass(frozen=True, eq=False)
class Figures:
    """What is known of entities: by day, and by minute."""

    daily: Daily
    loads: Loads

    @classmethod
    def none(cls) -> "Figures":
        """Give the figures of no contact at all.

        Examples
        --------
        >>> Figures.none().daily.on("queue", "acme", "billing", 20000)
        {('rate', 'repeated'): None, ('judged', 'repeated'): 0.0}
        """
        return cls(Daily({}), Loads({}, LATEST))

    @classmethod
    def together(cls, parts: Iterable["Figures"]) -> "Figures":
        """Put together what was built over disjoint customers.

        Parameters
        ----------
        parts : iterable of Figures
            May be made one by one: only few are kept at a time.
        """
        waiting: list[tuple[int, Figures]] = []  # how many parts each holds, ever fewer
        for part in parts:
            waiting.append((1, part))
            while len(waiting) > 1 and waiting[-2][0] == waiting[-1][0]:
                (size, first), (_, second) = waiting[-2:]
                waiting[-2:] = [(2 * size, _merge([first, second]))]
        return _merge([part for _, part in waiting])


def _merge(parts: Sequence[Figures]) -> Figures:
    if len(parts) == 1:
        return parts[0]
    daily = _add_up([part.daily.counts for part in parts], lambda figure: figure.of)
    arrived = _add_up([part.loads.arrived for part in parts], lambda of: of)
    since = min((part.loads.since for part in parts), default=LATEST)
    return Figures(Daily(daily), Loads(arrived, since))


def _add_up(parts: Sequence[Mapping[K, Cumulated]], of: Callable[[K], str]) -> dict[K, Cumulated]:
    """Add up what the parts counted, of each column over all entities of the parts."""
    keys = list(dict.fromkeys(key for part in parts for key in part))
    found = {key: [part[key] for part in parts if key in part] for key in keys}
    every = {
        column: Entities.together(
            part.entities for key in keys if of(key) == column for part in found[key]
        )
        for column in {of(key) for key in keys}
    }
    size = sum(len(own.tick) for part in parts for own in part.values())
    merged = spread(size)(lambda key: Cumulated.together(found[key], every[of(key)]), keys)
    return dict(zip(keys, merged, strict=True))


def build(
    contacts: pa.Table,
    labels: pa.Table,
    order: Order,
    window_us: Ints,
    rests_on: Ints,
    known: Mapping[str, str],
    wanted: Sequence[Figure],
    loaded: Sequence[str],
) -> Figures:
    """Build the figures of contacts.

    Parameters
    ----------
    contacts, labels : pyarrow.Table
        Canonical contacts and their labels, in the same row order.
    order : recontact.history.Order
        The contacts in order.
    window_us, rests_on : numpy.ndarray of int64
        Each contact's window, and the instant from which its part in any label was known.
    known : mapping of str to str
        Column to the moment from which it is known (`recontact.features.known_from`).
    wanted : sequence of Figure
        What to count by day; of each, everything is counted too.
    loaded : sequence of str
        Columns whose entities' arrivals are counted by minute.

    Returns
    -------
    Figures
        Each looked up later by what was known by then.
    """
    facts, coded = Facts(contacts, labels, order, window_us, rests_on), Coded(contacts)
    work = spread(len(contacts))
    for _ in work(coded.of, sorted({EVERYTHING, *(f.of for f in wanted), *loaded})):
        pass  # each column is coded, once
    whats = list(dict.fromkeys(figure.what for figure in wanted))
    columns = [[EVERYTHING, *(f.of for f in wanted if f.what == what)] for what in whats]
    found = work(lambda k: _count(facts, coded, whats[k], columns[k], known), range(len(whats)))
    daily = {figure: counted for part in found for figure, counted in part.items()}
    arrived = work(lambda of: _arrived(coded, of, known), loaded)
    return Figures(
        Daily(daily), Loads(dict(zip(loaded, arrived, strict=True)), first_minute(contacts))
    )


def _count(
    facts: Facts, coded: Coded, what: str, columns: Sequence[str], known: Mapping[str, str]
) -> dict[Figure, Cumulated]:
    """Count one thing by day, of the entities of some columns."""
    counted = facts.counted(what)
    days = {late: counted.days(facts.recorded if late else None) for late in (False, True)}
    return {
        Figure(of, what): Cumulated.add_up(
            coded.of(of)[1], coded.of(of)[0], days[is_late(of, known)], totals=counted.amount
        )
        for of in dict.fromkeys(columns)
    }


def _arrived(coded: Coded, of: str, known: Mapping[str, str]) -> Cumulated:
    codes, entities = coded.of(of)
    return Cumulated.add_up(entities, codes, ticks(arrivals(coded.contacts, of, known), MINUTE, 0))

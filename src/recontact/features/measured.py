"""Each measure computed for many contacts at once, from what was seen and is known of them.

What rests on the customers' histories needs their other contacts (`past`); all else needs what is
known of the contacts themselves and of agents, queues, reasons ... (`measure`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from recontact.contacts import instants, map_values, normalise_reason
from recontact.durations import DAY, HOUR, MINUTE, SECOND
from recontact.features.columns import number_of, text_of
from recontact.features.counted import arrivals
from recontact.features.entities import Coded
from recontact.features.figures import Figures
from recontact.features.hashed_words import counted
from recontact.features.measures import (
    ELAPSED,
    Beyond,
    ByDay,
    ByMinute,
    Calendar,
    Figured,
    Has,
    Itself,
    Judged,
    Load,
    Own,
    Past,
    Rate,
    Surge,
    Volume,
    Words,
    typical_of,
)
from recontact.features.shapes import Floats, Ints, Seen
from recontact.features.walks import Walks
from recontact.history import Order

Column: TypeAlias = pa.Array | pa.ChunkedArray | Floats


@dataclass(frozen=True)
class Scored:
    """Contacts being scored, with all that measures beside those of the past are made of.

    Attributes
    ----------
    known : mapping of str to str
        From which moment each column is known.
    own : pyarrow.Table
        What is known of each itself.
    at : numpy.ndarray of int64
        Their instants in microseconds.
    figures : Figures
        What is known of agents, queues, reasons ....
    """

    known: Mapping[str, str]
    own: pa.Table
    at: Ints
    figures: Figures

    @cached_property
    def day(self) -> Ints:
        """The UTC day of each instant, since 1970."""
        return self.at // DAY

    @cached_property
    def coded(self) -> Coded:
        """The entities of those scored."""
        return Coded(self.own)

    @cached_property
    def elapsed_s(self) -> Floats:
        """Seconds since each began."""
        return (self.at - instants(self.own["started_at"])) / SECOND


def past(what: Past, contacts: pa.Table, order: Order, walks: Walks, seen: Seen) -> Column:
    """Give what was found in the customers' histories.

    Parameters
    ----------
    what : Past
        Of what was looked for.
    contacts : pyarrow.Table
        All contacts.
    order, walks
        Of all contacts, and what was looked for.
    seen : Seen
        What was found for each scored contact.

    Returns
    -------
    pyarrow.ChunkedArray or numpy.ndarray of float64
        One value per scored contact, null or nan where unknown.
    """
    found = seen.values[walks.places[what]]
    if what.what != "last_text":
        return found
    text = text_of(contacts, what.column or "")
    there = np.isfinite(found)
    rows = order.rows[np.where(there, found, 0).astype(np.int64)]
    return text.take(pa.array(rows, mask=~there))


def measure(what: Itself | Figured | Calendar, scored: Scored) -> Column:
    """Compute what does not rest on the customers' histories.

    Returns
    -------
    pyarrow.Array, pyarrow.ChunkedArray or numpy.ndarray of float64
        One value per scored contact, null or nan where unknown.
    """
    if isinstance(what, Own):
        return _own(what, scored)
    if isinstance(what, Has):
        return np.where(np.asarray(scored.own[what.column].is_valid()), 1.0, np.nan)
    if isinstance(what, Calendar):
        return _calendar(what, scored)
    if isinstance(what, Words):
        return counted(text_of(scored.own, what.column), what.bucket, what.buckets)
    return _figured(what, scored)


def _figured(what: Figured, scored: Scored) -> Floats:
    if isinstance(what, Beyond):
        return _beyond(what, scored)
    if isinstance(what, Load | Surge):
        return _by_minute(what, scored)
    return _by_day(what, scored)


def _own(what: Own, scored: Scored) -> Column:
    if what.column == ELAPSED:
        return scored.elapsed_s
    column = scored.own[what.column]
    if what.levels is None:
        return column
    return map_values(column, lambda text: normalise_reason(text, what.levels))


def _calendar(what: Calendar, scored: Scored) -> Floats:
    day = scored.day
    if what.what == "hour":
        return (scored.at - day * DAY) / HOUR
    if what.what == "weekday":
        return ((day + 3) % 7).astype(np.float64)  # 1 January 1970 was a Thursday
    date = day.astype("datetime64[D]")
    since_first = date - date.astype("datetime64[M]")
    return np.asarray(since_first, np.float64) + 1


def _by_day(what: ByDay, scored: Scored) -> Floats:
    """Look up what was known of an entity at midnight."""
    daily, own, day = scored.figures.daily, scored.coded, scored.day
    if isinstance(what, Rate):
        return daily.rate(what.of, what.label, own, day)
    if isinstance(what, Judged):
        return daily.judged(what.of, own, day)
    if isinstance(what, Volume):
        return daily.volume(what.of, own, day)
    return daily.typical(what.column, what.of, own, day)


def _by_minute(what: ByMinute, scored: Scored) -> Floats:
    """Look up how busy it is."""
    loads, own, minutes = scored.figures.loads, scored.coded, what.within // MINUTE
    load = loads.load(what.of, minutes, own, scored.at, arrivals(scored.own, what.of, scored.known))
    if isinstance(what, Load):
        return load
    return (load + 1) / (loads.usual(what.of, minutes, own, scored.at) + 1)


def _beyond(what: Beyond, scored: Scored) -> Floats:
    mine = scored.elapsed_s if what.column == ELAPSED else number_of(scored.own, what.column)
    usual = typical_of(what)
    return mine - scored.figures.daily.typical(usual.column, usual.of, scored.coded, scored.day)

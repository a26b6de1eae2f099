"""What is counted of each contact, and from which day: judged labels, arrivals, numbers.

A label counts from the start of the UTC day after the latest of its maturity and the instants
from which all that it rests on was known; an arrival from the day after it, a number of a contact
that may be judged from the day after its record was known. So a figure is the same from midnight
to midnight, and whoever looks it up sees nothing of the day itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.compiled import compiled
from recontact.contacts import direction_of, instants, known_of
from recontact.durations import DAY
from recontact.features.columns import number_of
from recontact.features.cumulated import NEVER, NONE, ticks
from recontact.features.steps import Ints, Ticks
from recontact.history import Order

LABELS = ("repeated", "escalation")
BEGAN = "began"  # inbound contacts
THOUSANDTHS = 1000.0  # numbers are added up as whole thousandths, so that order does not matter
GREATEST = 1e8  # greater numbers count as this one, so that no sum overflows


class Counted(NamedTuple):
    """What is counted of each contact.

    `since` is the instant after whose UTC day it counts, `NEVER` where it does not; `amount` is
    1 for a positive label, thousandths for a number, empty for an arrival.
    """

    since: Ints
    amount: Ints

    def days(self, known: Ints | None = None) -> Ticks:
        """Give the first UTC day on which each counts, `SKIP` where it never does.

        Parameters
        ----------
        known : numpy.ndarray of int64, optional
            The instant from which each contact's entity was known; None: from its start.
        """
        since = self.since if known is None else np.maximum(self.since, known)
        return ticks(since, DAY, 1)


@dataclass(frozen=True)
class Facts:
    """What is needed to count.

    Parameters
    ----------
    contacts, labels : pyarrow.Table
        Canonical contacts and their labels, in the same row order.
    order : recontact.history.Order
        The contacts in order.
    window_us, rests_on : numpy.ndarray of int64
        Each contact's window, and the instant from which its part in any label was known.
    """

    contacts: pa.Table
    labels: pa.Table
    order: Order
    window_us: Ints
    rests_on: Ints

    @cached_property
    def recorded(self) -> Ints:
        """The instant from which each record was known."""
        return known_of(self.contacts)

    def counted(self, what: str) -> Counted:
        """Find what is counted: of `LABELS`, `BEGAN` or a column of numbers."""
        if what in LABELS:
            return self._judged(what)
        if what == BEGAN:
            return Counted(arrivals(self.contacts), NONE)
        return self._numbers(number_of(self.contacts, what))

    def _judged(self, label: str) -> Counted:
        c, known = self.contacts, self.rests_on
        if label != "repeated":
            known = np.maximum(known, self.recorded)
        settled = np.full(len(c), NEVER)
        started, ended = instants(c["started_at"]), instants(c["ended_at"])
        o = self.order
        settle(o.rows, o.starts, started, ended, self.window_us, known, settled)
        settled[~np.asarray(self.labels[label].is_valid(), dtype=bool)] = NEVER
        positive = pc.fill_null(self.labels[label], fill_value=False)
        return Counted(settled, np.asarray(positive, dtype=np.int64))

    def _numbers(self, values: npt.NDArray[np.float64]) -> Counted:
        """Count numbers that are there, as whole thousandths, of contacts that may be judged.

        How long an e-mail takes says nothing of calls.
        """
        there = np.isfinite(values) & np.asarray(self.labels["eligible"], dtype=bool)
        thousandths = np.rint(np.clip(values, -GREATEST, GREATEST) * THOUSANDTHS)
        amount = np.where(there, thousandths, 0.0).astype(np.int64)
        since = np.maximum(self.recorded, instants(self.contacts["ended_at"]))
        return Counted(np.where(there, since, NEVER), amount)


def arrivals(contacts: pa.Table, of: str = "", known: Mapping[str, str] | None = None) -> Ints:
    """Give the instant from which each arrival is counted, `NEVER` where it is not inbound.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    of : str
        Column of the entities that are counted; empty for all contacts.
    known : mapping of str to str, optional
        Column to the moment from which it is known (`recontact.features.known_from`).

    Returns
    -------
    numpy.ndarray of int64
        The start in microseconds; where the entity is known from its record only, the later of
        both.
    """
    since = instants(contacts["started_at"])
    if is_late(of, known or {}):
        since = np.maximum(since, known_of(contacts))
    inbound = np.asarray(pc.equal(direction_of(contacts), "inbound"), dtype=bool)
    return np.where(inbound, since, NEVER)


def is_late(of: str, known: Mapping[str, str]) -> bool:
    """Tell whether a contact's entity is known from its record only, not from its start."""
    return of != "" and known.get(of) != "start"


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

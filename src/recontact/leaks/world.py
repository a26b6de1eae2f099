"""All that features are computed from, with features planted in it that leak on purpose."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import instants
from recontact.durations import SECOND
from recontact.features.figures import Figures
from recontact.features.shapes import Floats, Ints
from recontact.features.table import Source, compute
from recontact.history import codes, customers
from recontact.labels.table import label
from recontact.leaks.found import PLANTED
from recontact.model.bundle import TARGETS

HISTORY, RATE = f"{PLANTED}history", f"{PLANTED}rate"
PLACE, RECORDS = f"{PLANTED}place", f"{PLANTED}records"


@dataclass(frozen=True)
class World:
    """Contacts with their labels and figures.

    Attributes
    ----------
    source : Source
        The contacts.
    labels : pyarrow.Table
        Their labels.
    figures : Figures
        What is known of agents, queues and reasons.
    """

    source: Source
    labels: pa.Table
    figures: Figures

    @classmethod
    def of(cls, source: Source) -> Self:
        """Label the contacts and build their figures."""
        labels = label(source.contacts, source.policy)
        return cls(source, labels, source.figures(labels))

    def features(self, rows: Ints, moment: str, elapsed_s: Floats | None = None) -> pa.Table:
        """Compute the features of some contacts, and those that leak on purpose beside them.

        Of these, two look ahead (`planted_history`: how often the customer comes later;
        `planted_rate`: the share of repeats among all later contacts), one tells where in the
        table the contact stands and one how many records of it there are.
        """
        table = compute(self.source, rows, moment, self.figures, elapsed_s=elapsed_s)
        at = self.source.at(moment, elapsed_s)[rows]
        ids = codes(self.source.contacts["contact_id"])
        planted = {
            HISTORY: pa.array(_later_of_customer(self.source.contacts, rows, at)),
            RATE: pa.array(self._later_rate(at), from_pandas=True),
            PLACE: pa.array(rows.astype(np.float64)),
            RECORDS: pa.array(np.bincount(ids)[ids[rows]].astype(np.float64)),
        }
        for name, column in planted.items():
            table = table.append_column(name, column)
        return table

    def _later_rate(self, at: Ints) -> Floats:
        started = instants(self.source.contacts["started_at"])
        order = np.argsort(started, kind="stable")
        repeated = self.labels["repeated"].cast(pa.float64()).to_numpy()[order]
        judged = np.append(np.cumsum(~np.isnan(repeated)[::-1])[::-1], 0)
        positive = np.append(np.cumsum(np.nan_to_num(repeated)[::-1])[::-1], 0.0)
        later = np.searchsorted(started[order], at, side="right")
        none = judged[later] == 0
        return np.where(none, np.nan, positive[later] / np.maximum(judged[later], 1))


def _later_of_customer(contacts: pa.Table, rows: Ints, at: Ints) -> Floats:
    """Count how often the customer of each row begins a contact over a second after an instant."""
    customer = customers(contacts)
    started = instants(contacts["started_at"]) // SECOND
    first = started.min(initial=0)
    width = max(int(started.max(initial=0)), int(at.max(initial=0)) // SECOND) - first + 2
    keys = np.sort(customer * width + started - first)
    now = np.searchsorted(keys, customer[rows] * width + at // SECOND - first, side="right")
    end = np.searchsorted(keys, (customer[rows] + 1) * width)
    return np.asarray(end - now, dtype=np.float64)


@dataclass(frozen=True)
class Asked:
    """The features of all contacts that may be asked for at one moment.

    Attributes
    ----------
    moment : str
        The moment.
    rows : numpy.ndarray of int64
        The contacts, ascending.
    at : numpy.ndarray of int64
        The instant of every contact of the world, in microseconds.
    elapsed_s : numpy.ndarray of float64 or None
        At `live`: half of each contact's length.
    table : pyarrow.Table
        One row for each of `rows`.
    """

    moment: str
    rows: Ints
    at: Ints
    elapsed_s: Floats | None
    table: pa.Table


def asked(world: World, moment: str) -> Asked:
    """Compute the features of every eligible contact at a moment; at `live`, of those that last."""
    contacts = world.source.contacts
    rows = np.flatnonzero(np.asarray(world.labels["eligible"]))
    elapsed = None
    if moment == "live":
        elapsed = (instants(contacts["ended_at"]) - instants(contacts["started_at"])) / SECOND / 2
        rows = rows[elapsed[rows] >= 1]
    at = world.source.at(moment, elapsed)
    return Asked(moment, rows, at, elapsed, world.features(rows, moment, elapsed))


def with_outcomes(source: Source, labels: pa.Table) -> Source:
    """Plant columns that tell the outcomes, as if a user had joined them in from the future."""
    contacts, known = source.contacts, dict(source.known)
    for target in TARGETS:
        name = PLANTED + target
        contacts = contacts.append_column(name, pc.cast(labels[target], pa.float64()))
        known[name] = "start"
    return replace(source, contacts=contacts, known=known)

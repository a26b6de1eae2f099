"""Contacts played in the order in which they came: the live path gives the batch's features.

Each is scored at its start, once while it goes on and at its wrap-up, from what had been told by
then: beginnings, ends and records are told one by one, and what is told at an instant is not yet
seen by a score of the same instant. In a campaign every contact is scored, of the real records and
of 200,000 simulated ones; else some of them.
"""

import datetime as dt
import math
import os
from collections import defaultdict
from heapq import merge

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.reference.sent import held, request

from recontact import Policy, label
from recontact.clean import read_contacts
from recontact.features.known import known_from
from recontact.features.live import Live
from recontact.features.moments import SO_FAR
from recontact.features.past import Pasts
from recontact.features.reached import asked_after
from recontact.features.so_far import so_far
from recontact.features.table import Source, compute
from recontact.simulate import simulate

CAMPAIGN = bool(os.environ.get("RECONTACT_CAMPAIGN"))
SIMULATED = 200_000
SOME = 150  # contacts scored at each moment where it is no campaign
AT_ONCE = 5_000
INCIDENTS = {"index_channels": ["voice", "email", "web", "self service"], "window": "7d"}
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
TICK = dt.timedelta(microseconds=1)


@pytest.fixture(scope="module")
def played(request, tmp_path_factory):
    """Contacts with what happened in them, by name."""
    folder = tmp_path_factory.mktemp("centre")
    if CAMPAIGN:
        simulate(contacts=SIMULATED, seed=4, out=folder)
    else:
        folder = request.getfixturevalue("centre")
    events = pq.read_table(folder / "events.parquet")
    return {
        "simulated": (read_contacts([folder / "contacts.parquet"]), events),
        "incidents": (request.getfixturevalue("incidents"), None),
    }


@pytest.mark.parametrize(
    ("name", "policy", "moment"),
    [
        *(("simulated", {}, moment) for moment in ("start", "live", "wrapup")),
        *(("incidents", INCIDENTS, moment) for moment in ("start", "wrapup")),  # they take no time
    ],
)
def test_no_value_differs(name, policy, moment, played):
    """All features of all contacts scored: not one value differs between live and batch."""
    contacts, events = played[name]
    changes = {} if events is None else dict.fromkeys(SO_FAR, "live")
    source = Source(contacts, Policy.parse(policy), known_from(contacts, changes), events=events)
    figures = source.figures(label(source.contacts, source.policy))
    elapsed, scored = None, source.rules.eligible
    if moment == "live":
        elapsed, reached = asked_after(source)
        scored = scored & reached
    rows = np.flatnonzero(scored)
    if not CAMPAIGN:
        rows = rows[:: max(1, len(rows) // SOME)]
    assert len(rows)
    at = source.at(moment, elapsed)
    rows = rows[np.argsort(at[rows], kind="stable")]
    replay = Replay(source, figures, moment, elapsed)
    compared = 0
    for first in range(0, len(rows), AT_ONCE):
        some = rows[first : first + AT_ONCE]
        batch = compute(source, some, moment, figures, elapsed_s=elapsed).to_pylist()
        for row, expected in zip(some.tolist(), batch, strict=True):
            ours = replay.score(row, EPOCH + TICK * int(at[row]))
            differing = {k: (ours[k], v) for k, v in expected.items() if not same(k, ours[k], v)}
            assert not differing, (expected["contact_id"], differing)
            compared += len(expected)
    print(f"{name} at {moment}: {len(rows):,} contacts, {compared:,} values equal")  # noqa: T201


class Replay:
    """What a service has been told, moved on from instant to instant."""

    def __init__(self, source, figures, moment, elapsed):
        self.source, self.moment = source, moment
        self.live = Live(source.policy, source.known, texts_of(source), source.features)
        self.figures = self.live.figures(figures)
        self.contacts = source.contacts.to_pylist()
        self.known = [c["known_at"] or c["ended_at"] for c in self.contacts]
        times = ([c["started_at"] for c in self.contacts], [c["ended_at"] for c in self.contacts])
        self.told = merge(*(self._in_time(each) for each in (*times, self.known)))
        self.next = next(self.told, None)
        self.customers = defaultdict(dict)
        self.so_far = self._so_far(elapsed)

    def _in_time(self, instants):
        order = sorted(range(len(instants)), key=instants.__getitem__)
        return ((instants[row], row) for row in order)

    def _so_far(self, elapsed):
        if self.source.events is None or self.moment != "live":
            return None
        ids = self.source.contacts["contact_id"]
        found = so_far(self.source.events, ids, self.source.at("live", elapsed))
        return pa.table(found).to_pylist()

    def score(self, row, at):
        """Tell all that came before an instant, then score a contact."""
        while self.next and self.next[0] < at:
            self._tell(*self.next)
            self.next = next(self.told, None)
        contact = self.contacts[row]
        sent = request(
            contact, self.source.known, self.moment, at, self.so_far and self.so_far[row]
        )
        others = self.customers.get(self._customer(contact), {})
        pasts = Pasts.of((p for k, p in others.items() if k != row), self.live.walks)
        return self.live.look(sent, pasts, self.moment, at, self.figures).row

    def _tell(self, at, row):
        contact = self.contacts[row]
        if contact["customer_id"] is None:
            return
        view = held({**contact, "known_at": self.known[row]}, self.source.known, at + TICK)
        past = self.live.rules(contact["program"]).past(view)
        self.customers[self._customer(contact)][row] = past

    def _customer(self, contact):
        return contact["program"], contact["customer_id"]


def texts_of(source):
    kinds = {f.name: f.type for f in source.contacts.schema}
    numbers = (pa.types.is_integer, pa.types.is_floating)
    return frozenset(n for n, kind in kinds.items() if not any(is_(kind) for is_ in numbers))


def same(name, ours, batch):
    if name == "at":
        return EPOCH + TICK * ours == batch
    return ours == batch or (
        isinstance(ours, float) and isinstance(batch, float) and math.isnan(ours + batch)
    )

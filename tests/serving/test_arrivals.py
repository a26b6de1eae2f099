"""How busy it is now, as the service counts it, equals what the batch counts later."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from recontact import Policy, label
from recontact.features.entities import Coded
from recontact.features.known import known_from
from recontact.features.table import Source
from recontact_serving.scoring import history
from recontact_serving.scoring.arrivals import Arrivals
from recontact_serving.storage.clock import micros
from recontact_serving.storage.database import put
from recontact_serving.storage.tables import versions

MINUTE = dt.timedelta(minutes=1)
SPANS = (15, 60, 1440)


@pytest.mark.parametrize("reason", ["start", "wrapup"])
def test_loads_as_they_come_in_equal_the_batchs(simulated, database, reason):
    """Told contact by contact in order of time, the service counts what the whole table gives."""
    source = Source(simulated.slice(0, 700), Policy(), known_from(simulated, {"reason": reason}))
    figures = source.figures(label(source.contacts, source.policy))
    arrivals = Arrivals(database, ("queue", "reason"), source.known, figures.loads)
    told = []
    for row in source.contacts.to_pylist():
        known_at = row["known_at"] or row["ended_at"]
        told += [
            (row["started_at"], "begin", row),
            (known_at, "end", {**row, "known_at": known_at}),
        ]
    for at, what, row in sorted(told, key=lambda each: each[0]):
        if what == "begin":
            check(arrivals, figures, source, row, at)
        with database.write() as db:
            if what == "begin":
                hidden = () if reason == "start" else ("reason",)
                put(
                    db,
                    versions,
                    [history.arrival({k: v for k, v in row.items() if k not in hidden})],
                )
            else:
                history.record(db, [{k: v for k, v in row.items() if v is not None}], at)


def check(arrivals, figures, source, row, at):
    """Compare the load of a contact's queue and reason with the batch's."""
    place = source.contacts["contact_id"].to_pylist().index(row["contact_id"])
    own, never = Coded(source.contacts.slice(place, 1)), np.array([2**62])
    for of in ("queue", "reason"):
        for within in SPANS:
            batch = figures.loads.load(of, within, own, np.array([micros(at)]), never)[0]
            live = arrivals.load_at(of, within, row["program"], row[of], micros(at), 2**62)
            assert (live is None and np.isnan(batch)) or live == batch, (row["contact_id"], of)


def test_what_comes_late_is_counted_within_the_hour(database):
    """An arrival told after its minute was read is there once an hour of minutes has passed."""
    t0 = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    figures = Source(history_table(), Policy(), known_from(history_table(), {"reason": "start"}))
    arrivals = Arrivals(database, ("queue",), figures.known, figures.figures(
        label(figures.contacts, figures.policy)).loads)  # fmt: skip

    def load(minutes):
        at = micros(t0 + minutes * MINUTE)
        return arrivals.load_at("queue", 1440, None, "q", at, 2**62)

    assert load(10) == 0
    with database.write() as db:
        put(db, versions, [history.arrival({"contact_id": "c", "started_at": t0, "queue": "q"})])
    assert load(11) == 0
    assert load(75) == 1


def history_table():
    t = [dt.datetime(2026, 1, 1, tzinfo=dt.UTC)]
    return pa.table({"contact_id": ["1"], "started_at": t, "ended_at": t})

"""How busy it is now, as the service counts it, equals what the batch counts later."""

import datetime as dt
import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
import numpy as np
import pyarrow as pa
import pytest

from recontact import Policy, label
from recontact.features.entities import Coded, entity
from recontact.features.known import known_from
from recontact.features.loads import Loads
from recontact.features.table import Source
from recontact_serving.scoring import history
from recontact_serving.scoring.arrivals import Arrivals
from recontact_serving.scoring.arrived import arrived
from recontact_serving.storage.clock import micros
from recontact_serving.storage.database import put
from recontact_serving.storage.tables import LAST, versions

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
    """An arrival told after its minute was read is there a minute after all is read anew."""
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
    assert load(75) == 0  # now it is read anew, beside whoever asks
    arrivals.settle()
    assert load(75) == 0  # within a minute nothing changes
    assert load(76) == 1


KNOWN = {"queue": "start", "reason": "wrapup", "a.b": "start", 'it\'s "x"': "start", "né": "start"}
NAMES = ['billing "extra"', "a\\b", "Größe ✓", "", None, True, 7, 7.0, 0.1, 1e22, "NaN", "null"]


def test_what_the_database_counts_is_what_the_rows_say(database):
    """Any name of a column, any value, another direction, corrections, and what is no JSON."""
    rows, t0 = [], dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    for k in range(200):
        told = {of: NAMES[(k + n) % len(NAMES)] for n, of in enumerate(KNOWN) if k % (n + 2)}
        direction = (None, "inbound", "outbound", "")[k % 4]
        start = t0 + k * MINUTE / 7
        facts = {"contact_id": f"c{k}", "program": ("", "x")[k % 2], "direction": direction}
        row = history.arrival({**told, **facts, "started_at": start})
        if k % 5 < 3:  # recorded, some of them corrected later
            row |= {"known_at": micros(start + k % 7 * MINUTE)}
            row |= {"valid_to": row["known_at"] + 10**9} if k % 9 == 0 else {}
        if k % 10 == 0:  # as earlier versions wrote it
            row["payload"] = json.dumps({**json.loads(row["payload"]), "csat": float("nan")})
        rows.append(row)
    with database.write() as db:
        put(db, versions, rows)
    begin, end = micros(t0) // 60_000_000 + 2, micros(t0) // 60_000_000 + 20
    with database.read() as db:
        counted = Counter()
        for part in arrived(db, tuple(KNOWN), KNOWN, begin, end):
            for *what, count in part:
                counted[tuple(what)] += count
    assert counted == Counter(_arrivals(rows, begin, end))
    assert len({of for of, *_ in counted}) == len(KNOWN)


def _arrivals(rows, begin, end):
    """Name the arrivals at entities, contact by contact."""
    for row in rows:
        facts = json.loads(row["payload"])
        if row["valid_to"] != LAST or facts.get("direction") not in (None, "", "inbound"):
            continue
        for of, moment in KNOWN.items():
            at = row["started_at"] if moment == "start" else row["known_at"]
            if at is None or facts.get(of) in (None, ""):
                continue
            minute = max(at, row["started_at"]) // 60_000_000
            if begin <= minute < end:
                yield of, entity(of, row["program"] or None, facts[of]), minute


def test_nobody_waits_for_a_count_of_another_minute(database, monkeypatch):
    """While a minute is counted, what the minute before rests on is told at once."""
    arrivals = Arrivals(database, ("queue",), {"queue": "start"}, Loads({}, 0))
    at = micros(dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC))
    with database.write() as db:
        began = dt.datetime(2026, 3, 1, 11, 30, tzinfo=dt.UTC)
        put(db, versions, [history.arrival({"contact_id": "c", "started_at": began, "queue": "q"})])
    arrivals.prepare(at)
    going_on, over = threading.Event(), threading.Event()
    read = database.read

    def slow():
        going_on.set()
        assert over.wait(30)
        return read()

    monkeypatch.setattr(database, "read", slow)
    later = threading.Thread(target=arrivals.prepare, args=(at + 60_000_000,))
    later.start()
    assert going_on.wait(30)
    assert arrivals.load_at("queue", 60, None, "q", at, 2**62) == 1
    assert arrivals.load_at("queue", 60, None, "q", at - 50 * 60_000_000, 2**62) == 0
    assert not arrivals.at_hand(at + 60_000_000)
    over.set()
    later.join()
    assert arrivals.at_hand(at + 60_000_000)
    assert arrivals.at_hand(at)


def test_what_is_asked_of_the_past_leaves_the_present_at_hand(database):
    """Another time is read beside the present one, and goes on by itself."""
    arrivals = Arrivals(database, ("queue",), {"queue": "start"}, Loads({}, 0))
    at = micros(dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC))
    past = at - 9 * 86_400_000_000
    arrivals.prepare(at)
    for minute in range(3):
        arrivals.prepare(past + minute * 60_000_000)
    assert arrivals.at_hand(at)
    assert arrivals.at_hand(past)
    arrivals.prepare(past - 86_400_000_000)
    assert not arrivals.at_hand(at)  # two times at once are enough


def test_a_count_keeps_no_other_score_waiting(start, settings, models):
    """A score whose arrivals are not at hand waits for them; another one is answered meanwhile."""
    waiting, counted = threading.Event(), threading.Event()

    def ready(_stamps, _fetch, at):
        if at.minute == 1:
            waiting.set()
            counted.wait(20)

    models.at_hand = lambda at: at.minute != 1
    models.ready = ready
    client = start(replace(settings, time_limit_ms=30_000), models).client

    def score(minute):
        at = dt.datetime(2026, 3, 1, 12, minute, tzinfo=dt.UTC).isoformat()
        body = {"contact_id": "c", "customer_id": "u", "moment": "start", "started_at": at}
        return httpx.post(f"{client.base_url}/v1/score", json=body, timeout=30, trust_env=False)

    with ThreadPoolExecutor(1) as apart:
        waits = apart.submit(score, 1)
        assert waiting.wait(20)
        assert score(0).is_success
        assert not waits.done()
        counted.set()
        assert waits.result().is_success


def history_table():
    t = [dt.datetime(2026, 1, 1, tzinfo=dt.UTC)]
    return pa.table({"contact_id": ["1"], "started_at": t, "ended_at": t})

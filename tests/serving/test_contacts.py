"""`POST /v1/contacts`: what is taken, what is known already, what is refused, and what is seen."""

import datetime as dt
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from recontact_serving.scoring import history
from recontact_serving.storage.tables import versions

DONE = {
    "contact_id": "c0",
    "customer_id": "u1",
    "started_at": "2026-03-01T08:00:00Z",
    "ended_at": "2026-03-01T08:10:00Z",
    "talk_s": 500,
}
LATER = {
    "contact_id": "c1",
    "customer_id": "u1",
    "moment": "start",
    "started_at": "2026-03-01T10:00:00Z",
    "at": "2026-03-01T10:00:00Z",
}


def send(client, *contacts: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/v1/contacts", json={"contacts": contacts})
    assert answer.status_code == 200
    return answer.json()


def seen(client, models, **change: Any) -> list[dict[str, Any]]:
    client.post("/v1/score", json={**LATER, **change})
    return models.seen[-1]["history"]


def test_sending_again_changes_nothing(client):
    """A contact sent twice, in one request or in two, is accepted once."""
    assert send(client, DONE, DONE) == {"accepted": 1, "unchanged": 1, "rejected": []}
    assert send(client, DONE) == {"accepted": 0, "unchanged": 1, "rejected": []}


def test_the_time_of_receipt_stands_for_known_at(client, models):
    """A record without `known_at` was known when it came, and not before."""
    before = dt.datetime.now(dt.UTC)
    send(client, DONE)
    known = seen(client, models)[0]["known_at"]
    assert before <= known <= dt.datetime.now(dt.UTC)


@pytest.mark.parametrize(
    ("at", "talk_s"),
    [("08:30", 500), ("09:00", 500), ("09:00:00.000001", 1), ("09:30", 1), ("11:00", 2)],
)
def test_each_instant_sees_the_version_that_was_known_then(client, models, at, talk_s):
    """The version with the greatest `known_at` strictly before the instant, else the earliest."""
    for minute, value in (("10:30", 2), ("08:20", 500), ("09:00", 1)):
        send(client, {**DONE, "talk_s": value, "known_at": f"2026-03-01T{minute}:00Z"})
    when = f"2026-03-01T{at}Z"
    assert [row["talk_s"] for row in seen(client, models, started_at=when, at=when)] == [talk_s]


def test_before_any_version_was_known_the_earliest_is_seen(client, models):
    """A contact whose record came later is history all the same."""
    send(client, {**DONE, "known_at": "2026-03-02T00:00:00Z"})
    send(client, {**DONE, "talk_s": 9, "known_at": "2026-03-03T00:00:00Z"})
    assert [row["talk_s"] for row in seen(client, models)] == [500]


@pytest.mark.parametrize(
    ("known_at", "ahead"),
    [("2026-03-01T08:09:59Z", 0), (30, 0), (120, 1), ("2199-12-31T00:00:00Z", 1)],
)
def test_a_record_known_at_any_instant_is_taken(client, models, known_at, ahead):
    """Early or ahead, it counts from then on, as that of a file does; ahead, the log says so."""
    if isinstance(known_at, int):  # seconds from now
        then = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=known_at)
        known_at = then.isoformat()
    with structlog.testing.capture_logs() as logged:
        counts = send(client, {**DONE, "known_at": known_at}, {**DONE, "contact_id": "c2"})
    assert (counts["accepted"], counts["rejected"]) == (2, [])
    told = [one["contacts"] for one in logged if "known_at" in one["event"]]
    assert sum(told) == ahead
    known = {row["contact_id"]: row["known_at"] for row in seen(client, models)}
    assert known["c0"] == dt.datetime.fromisoformat(known_at)


def test_a_corrected_customer_moves_the_contact(client, models):
    """From the correction on, the contact is no more in the wrong customer's history."""
    send(client, {**DONE, "known_at": "2026-03-01T09:00:00Z"})
    send(client, {**DONE, "customer_id": "u2", "known_at": "2026-03-01T11:00:00Z"})
    noon = {"started_at": "2026-03-01T12:00:00Z", "at": "2026-03-01T12:00:00Z"}
    assert [row["contact_id"] for row in seen(client, models)] == ["c0"]
    assert seen(client, models, **noon) == []
    assert [row["contact_id"] for row in seen(client, models, customer_id="u2", **noon)] == ["c0"]


def test_of_two_records_of_one_instant_the_last_counts(client, models):
    """A record with the same `known_at` and other content takes the place of the first."""
    known = {**DONE, "known_at": "2026-03-01T09:00:00Z"}
    counts = send(client, known, {**known, "talk_s": 7})
    assert (counts["accepted"], counts["unchanged"]) == (2, 0)
    assert [row["talk_s"] for row in seen(client, models)] == [7]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"contact_id": None}, "/contact_id"),
        ({"started_at": None}, "/started_at"),
        ({"ended_at": None}, "/ended_at"),
        ({"ended_at": "2026-03-01T07:59:59Z"}, "/ended_at"),
        ({"hold_s": -1}, "/hold_s"),
        ({"transfer_count": "2"}, "/transfer_count"),
        ({"city": "Rome"}, "/city"),
    ],
)
def test_a_bad_contact_is_named_and_stops_no_other(client, change, field):
    """The refused contact is told by its place, its name and its field; the rest is taken."""
    bad = {**DONE, **change}
    counts = send(client, bad, {**DONE, "contact_id": "good"})
    assert counts["accepted"] == 1
    (refused,) = counts["rejected"]
    assert (refused["index"], refused["contact_id"]) == (0, bad["contact_id"])
    assert refused["problem"]["status"] == 422
    assert refused["problem"]["errors"][0]["pointer"] == field


@pytest.mark.parametrize("item", [None, 7, "x", [DONE]])
def test_what_is_no_contact_stops_no_other(client, item):
    """An item that is not even an object is refused in its place."""
    counts = send(client, item, {**DONE, "contact_id": "good"})
    assert counts["accepted"] == 1
    (refused,) = counts["rejected"]
    assert (refused["index"], refused["contact_id"]) == (0, None)
    assert refused["problem"]["detail"] == "the request: must be an object"


def test_reasons_and_empty_text_have_one_form(client, models):
    """A reason is trimmed and joined as in batch; empty text is unknown."""
    send(client, {**DONE, "reason": "billing>dispute > ", "queue": "", "program": ""})
    (row,) = seen(client, models)
    assert row["reason"] == "billing > dispute"
    assert "queue" not in row
    assert row["program"] is None


def naive(records: list[dict[str, Any]], at: dt.datetime) -> dict[str, float]:
    """Choose the versions of customer u1 the slow way."""
    chosen = {}
    for contact_id in {r["contact_id"] for r in records}:
        known: dict[dt.datetime, dict[str, Any]] = {}
        for r in records:
            if r["contact_id"] == contact_id:
                known[r["known_at"]] = r
        past = [k for k in known if k < at]
        version = known[max(past) if past else min(known)]
        if version["customer_id"] == "u1" and version["started_at"] < at:
            chosen[contact_id] = version["talk_s"]
    return chosen


T0 = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
HOURS = st.integers(0, 12).map(lambda n: T0 + dt.timedelta(hours=n))
RECORDS = st.lists(
    st.builds(
        lambda contact, customer, start, known, talk: {
            "contact_id": contact,
            "customer_id": customer,
            "started_at": start,
            "ended_at": start,
            "known_at": known,
            "talk_s": talk,
        },
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["u1", "u1", "u2"]),
        HOURS,
        HOURS,
        st.integers(0, 3),
    ),
    max_size=8,
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(RECORDS, st.integers(1, 8), HOURS)
def test_versions_are_chosen_as_the_contract_says(database, records, chunk, at):
    """However records come, in whatever order and batches, each instant sees the right ones."""
    with database.write() as db:
        db.execute(delete(versions))  # the examples share one database
    for i in range(0, len(records), chunk):
        with database.write() as db:
            history.record(db, records[i : i + chunk], T0)
    with database.read() as db:
        found = history.of_customer(db, {"contact_id": "z", "customer_id": "u1"}, at)
    assert {row["contact_id"]: row["talk_s"] for row in found} == naive(records, at)
    assert len(found) == len({row["contact_id"] for row in found})

"""What the service computes for a live contact equals what the batch computes for it later."""

import datetime as dt
import math
from types import SimpleNamespace

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from recontact import Policy, label
from recontact.contacts import instants
from recontact.features.known import known_from
from recontact.features.moments import SO_FAR
from recontact.features.table import Source, compute
from recontact.next_issues import NextIssues
from recontact.scoring import Scorer

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
FROM_LIVE = ("agent_id", "team")


def arrival(contact, known):
    """The columns that a start request carries."""
    return {k: v for k, v in contact.items() if known.get(k) == "start"} | {
        name: contact[name] for name in ("contact_id", "started_at")
    }


def request(contact, known, moment, at):
    """What is sent at a moment: no more than is known."""
    sent = arrival(contact, known)
    if moment == "wrapup":
        in_time = contact["known_at"] - contact["ended_at"] <= dt.timedelta(minutes=15)
        late = ("ended_at", *FROM_LIVE)
        return {k: v for k, v in contact.items() if in_time or k in sent or k in late}
    wait = contact["wait_s"]
    answered = wait is not None and at - contact["started_at"] > dt.timedelta(seconds=wait)
    return sent | {name: contact[name] for name in FROM_LIVE if moment == "live" and answered}


def stored(contact, known, at):
    """What the service holds of another contact just before an instant."""
    if contact["known_at"] < at:
        return contact
    begun = arrival(contact, known)
    if contact["ended_at"] < at:  # its record is known to come; its end and handling are
        return begun | {k: contact[k] for k in ("ended_at", "handled", "known_at")}
    return begun


def scorer(source, figures):
    encoding = SimpleNamespace(
        categories=dict.fromkeys(
            ("location", "opened_by", "impact", "urgency", "priority", "knowledge"), ()
        )
    )
    bundle = SimpleNamespace(
        policy=source.policy.text(),
        known_from=source.known,
        wrapup_delay_s=source.delay_s,
        features=source.features,
        encoding=encoding,
    )
    return Scorer({"repeated": bundle}, figures, NextIssues({}, {}))


@pytest.mark.parametrize("moment", ["start", "live", "wrapup"])
@pytest.mark.parametrize(
    ("name", "policy"),
    [
        ("simulated", {}),
        ("simulated", {"related_by": "reason_or_case", "window": "7d"}),
        ("incidents", {"index_channels": ["voice", "email"], "reason_level": 1, "window": "7d"}),
    ],
)
def test_live_features_equal_the_batchs(name, policy, moment, request_contacts):
    """Each drawn contact, sent live with the history of that instant, gets the batch's features."""
    contacts = request_contacts(name)
    source = Source(contacts, Policy.parse(policy), known_from(contacts))
    figures = source.figures(label(source.contacts, source.policy))
    rows = np.flatnonzero(source.rules.eligible)
    rows = np.sort(np.random.default_rng(5).choice(rows, 60, replace=False))
    lasted = (instants(source.contacts["ended_at"]) - instants(source.contacts["started_at"])) / 1e6
    elapsed = np.floor(lasted / 2) if moment == "live" else None
    batch = compute(source, rows, moment, figures, elapsed_s=elapsed).to_pylist()
    everything = with_known_at(source.contacts)
    live = scorer(source, figures)
    for row, expected in zip(rows, batch, strict=True):
        contact, at = everything[row], expected["at"]
        history = [
            stored(other, source.known, at)
            for other in everything
            if other["customer_id"] == contact["customer_id"]
            and other["program"] == contact["program"]
            and other["started_at"] < at
            and other is not contact
        ]
        sent = request(contact, source.known, moment, at)
        ours = live.look(sent, history, moment=moment, at=at).row
        assert same({**ours, "at": EPOCH + dt.timedelta(microseconds=ours["at"])}, expected)


def same(ours, batch):
    differing = {
        name: (ours[name], value)
        for name, value in batch.items()
        if ours[name] != value and not (nan(ours[name]) and nan(value))
    }
    assert differing == {}
    return True


def nan(value):
    return isinstance(value, float) and math.isnan(value)


def with_known_at(contacts):
    rows = contacts.to_pylist()
    for row in rows:
        row["known_at"] = row["known_at"] or row["ended_at"]
    return rows


@pytest.fixture
def request_contacts(request):
    return request.getfixturevalue


def so_far(happened, at):
    """Count a contact's events before an instant, one by one."""
    past = [event for event in happened if event["at"] < at]
    holds = [event["at"] for event in past if event["event"] == "hold"]
    resumes = [event["at"] for event in past if event["event"] == "resume"]
    held = sum((at - h).total_seconds() for h in holds)
    held -= sum((at - r).total_seconds() for r in resumes)
    moved = sum(event["event"] == "transfer" for event in past)
    return {"hold_count": len(holds), "hold_s": held, "transfer_count": moved}


def test_holds_and_transfers_so_far_equal_the_batchs(simulated, centre):
    """Live, a request that tells what happened so far gets what the events table gives later."""
    events = pq.read_table(centre / "events.parquet")
    known = known_from(simulated, dict.fromkeys(SO_FAR, "live"))
    source = Source(simulated, Policy(), known, events=events)
    figures = source.figures(label(source.contacts, source.policy))
    held = pc.is_in(source.contacts["contact_id"], pc.unique(events["contact_id"]))
    rows = np.flatnonzero(source.rules.eligible & np.asarray(held))[:40]
    elapsed = np.full(len(source.contacts), 240.0)
    batch = compute(source, rows, "live", figures, elapsed_s=elapsed).to_pylist()
    assert {row["hold_count"] for row in batch} > {0.0}
    live, everything = scorer(source, figures), with_known_at(source.contacts)
    for row, expected in zip(rows, batch, strict=True):
        contact, at = everything[row], expected["at"]
        happened = events.filter(pc.equal(events["contact_id"], contact["contact_id"])).to_pylist()
        sent = request(contact, known, "live", at) | so_far(happened, at)
        ours = live.look(sent, [], moment="live", at=at).row
        for name in SO_FAR:
            assert ours[name] == pytest.approx(expected[name], abs=1e-5), name

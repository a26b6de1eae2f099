"""What the service computes for a live contact equals what the batch computes for it later."""

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from tests.reference.sent import others, request

from recontact import Policy, label
from recontact.contacts import instants
from recontact.features import FEATURES, MOMENTS
from recontact.features.known import known_from
from recontact.features.moments import SO_FAR
from recontact.features.table import Source, compute
from recontact.next_issues import NextIssues
from recontact.scoring import Scorer

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
HELD = ("hold_beyond_reason_s", "hold_beyond_queue_s", "transfers_beyond_reason")


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


def half(source):
    """Half the length of each contact, in whole seconds."""
    lasted = instants(source.contacts["ended_at"]) - instants(source.contacts["started_at"])
    return np.floor(lasted / 2e6)


def unlike(source, rows, moment, elapsed_s=None, so_far=None):
    """Compute some rows in batch, and one by one with what is sent and held at each instant.

    Gives the batch's rows, and where the live ones differ.
    """
    figures = source.figures(label(source.contacts, source.policy))
    batch = compute(source, rows, moment, figures, elapsed_s=elapsed_s).to_pylist()
    contacts, live, found = source.contacts.to_pylist(), scorer(source, figures), []
    for row, expected in zip(rows, batch, strict=True):
        contact, at = contacts[row], expected["at"]
        history = others(contacts, contact, source.known, at)
        happened = so_far(contact, at) if so_far else None
        sent = request(contact, source.known, moment, at, happened)
        ours = live.look(sent, history, moment=moment, at=at).row
        ours["at"] = EPOCH + dt.timedelta(microseconds=ours["at"])
        found += [(name, ours[name], expected[name]) for name in expected
                  if ours[name] != expected[name]]  # fmt: skip
    return batch, found


def drawn(source, size, among=True):
    rows = np.flatnonzero(source.rules.eligible & among)
    return np.sort(np.random.default_rng(5).choice(rows, size, replace=False))


@pytest.mark.parametrize("moment", MOMENTS)
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
    elapsed_s = half(source) if moment == "live" else None
    assert unlike(source, drawn(source, 60), moment, elapsed_s)[1] == []


@pytest.fixture
def request_contacts(request):
    return request.getfixturevalue


def test_contacts_that_are_never_judged_equal_the_batchs_too(simulated):
    """Anonymous, outbound and unserved contacts may be scored as well: live equals batch."""
    source = Source(simulated, Policy(), known_from(simulated, {"reason": "start"}))
    others_too = np.flatnonzero(~source.rules.eligible)
    rows = np.sort(np.random.default_rng(5).choice(others_too, 150, replace=False))
    elapsed_s = np.full(len(source.contacts), 600.0)
    batch, found = unlike(source, rows, "live", elapsed_s)
    assert found == []
    outbound = np.asarray(pc.equal(source.contacts["direction"].take(rows), "outbound"))
    assert any(row["queue_load_1h"] for row, out in zip(batch, outbound, strict=True) if out)


def with_events(simulated, centre):
    """Contacts of which all that can be known at `live` is, and who among them was held."""
    events = pq.read_table(centre / "events.parquet")
    known = known_from(simulated, {"reason": "start", **dict.fromkeys(SO_FAR, "live")})
    source = Source(simulated, Policy(), known, events=events)
    return source, np.asarray(pc.is_in(source.contacts["contact_id"], events["contact_id"]))


def counter(events):
    """Give a function that counts a contact's events before an instant, one by one."""

    def so_far(contact, at):
        mine = events.filter(pc.equal(events["contact_id"], contact["contact_id"])).to_pylist()
        past = [event for event in mine if event["at"] < at]
        holds = [event["at"] for event in past if event["event"] == "hold"]
        resumes = [event["at"] for event in past if event["event"] == "resume"]
        held = sum((at - h).total_seconds() for h in holds)
        held -= sum((at - r).total_seconds() for r in resumes)
        moved = sum(event["event"] == "transfer" for event in past)
        return {"hold_count": len(holds), "hold_s": held, "transfer_count": moved} if past else {}

    return so_far


def test_live_features_equal_the_batchs_with_what_happened_so_far(simulated, centre):
    """With a request that tells what happened so far, live equals batch, held contacts too."""
    source, held = with_events(simulated, centre)
    elapsed_s = np.full(len(source.contacts), 240.0)
    going_on = source.at("live", elapsed_s) < source.at("wrapup")
    rows = drawn(source, 60, held & going_on)
    batch, found = unlike(source, rows, "live", elapsed_s, counter(source.events))
    rounded = {*SO_FAR, *HELD}  # the batch adds seconds up in another order
    assert [each for each in found if each[0] not in rounded] == []
    assert all(ours == pytest.approx(theirs, abs=1e-5) for _, ours, theirs in found)
    assert {row["hold_count"] for row in batch} > {0.0}
    assert all(len({row[name] for row in batch} - {None}) > 5 for name in HELD[:2])


def test_live_and_batch_are_compared_in_every_feature(simulated, centre):
    """Among the contacts compared, each feature says something, and loads leave out the own one."""
    source, held = with_events(simulated, centre)
    told, differing = set(), []
    for moment in ("live", "wrapup"):
        rows = drawn(source, 120, held if moment == "live" else True)
        so_far = counter(source.events) if moment == "live" else None
        elapsed_s = half(source) if moment == "live" else None
        batch, found = unlike(source, rows, moment, elapsed_s, so_far)
        told |= {name for row in batch for name, value in row.items() if value is not None}
        differing += [each for each in found if each[0] not in {*SO_FAR, *HELD}]
        assert {row["queue_load_24h"] for row in batch} > {0.0, 1.0}
    assert differing == []
    assert {feature.name for feature in FEATURES} - told == set()

"""FCR today: settled contacts as they are, open ones by what may still come, with an interval."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

import recontact
from recontact.contacts import instants
from recontact.errors import UserError
from recontact.labels.table import label
from recontact.policy import Policy
from recontact.today import fcr_today

HOUR, DAY = 3_600_000_000, 86_400_000_000


def then(contacts, now):
    """What there was at an instant: ended by then."""
    return contacts.filter(pa.array(instants(contacts["ended_at"]) <= now))


def estimate(contacts, bundle, now, days=2.0):
    """FCR today at an instant, and which contacts it is of."""
    policy = replace(Policy.from_text(bundle.policy), as_of=now)
    there = then(contacts, now)
    labels = label(there, policy)
    found = fcr_today(there, labels, replace(bundle, policy_digest=policy.digest), days)
    first = np.asarray(labels["first_contact"].fill_null(False))
    ids = there["contact_id"].filter(
        pa.array(first & (instants(there["started_at"]) >= found.since_us))
    )
    return found, ids.to_pylist()


@pytest.fixture(scope="module")
def days(simulated, learnt):
    """Estimates of eleven days, beside what the rate came to."""
    bundle = learnt.bundles["repeated"]
    came_to = label(simulated, Policy.from_text(bundle.policy))
    fcr = dict(zip(simulated["contact_id"].to_pylist(), came_to["fcr"].to_pylist(), strict=True))
    begin = int(instants(simulated["started_at"]).min())
    rows = []
    for day in range(146, 176, 3):
        found, ids = estimate(simulated, bundle, begin + day * DAY)
        rows.append((found, float(np.mean([fcr[i] for i in ids])), len(ids)))
    return rows


def test_the_interval_holds_what_the_rate_came_to(days):
    """Of these days at least eight in ten; the estimate is far closer than the rate so far."""
    held = [found.low <= truth <= found.high for found, truth, _ in days]
    assert np.mean(held) >= 0.8
    off = np.mean([abs(found.rate - truth) for found, truth, _ in days])
    so_far = np.mean([found.so_far - truth for found, truth, _ in days])
    assert off < 0.8 * so_far
    assert np.mean([found.high - found.low for found, _, _ in days]) < 0.3


def test_each_contact_counts_once(days):
    """It is taken of the first contacts of those days, of which some are settled."""
    for found, _, count in days:
        assert found.contacts == count
        assert 0 < found.settled < found.contacts
        assert found.low <= found.rate <= found.high
        assert found.rate <= found.so_far


def test_once_all_has_matured_it_is_the_rate_itself(simulated, learnt):
    """Long after, nothing is estimated: the rate, and no room around it."""
    bundle = learnt.bundles["repeated"]
    policy = Policy.from_text(bundle.policy)
    now = int(instants(simulated["ended_at"]).max()) + 10 * DAY
    labels = label(simulated, replace(policy, as_of=now))
    bundle = replace(bundle, policy_digest=replace(policy, as_of=now).digest)
    found = fcr_today(simulated, labels, bundle, 20.0)
    recent = instants(simulated["started_at"]) >= found.since_us
    fcr = labels["fcr"].filter(pa.array(recent)).drop_null().to_numpy(zero_copy_only=False)
    assert found.rate == found.low == found.high == found.so_far == pytest.approx(fcr.mean())
    assert found.settled == found.contacts == len(fcr)


def test_what_is_known_already_is_not_estimated(learnt):
    """Who came back or was escalated is not resolved, though its window is open."""
    at = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
    hours = [0, 100, 101, 102, 110, 120]
    when = [at + dt.timedelta(hours=h) for h in hours]
    contacts = pa.table(
        {
            "contact_id": ["old", "back", "raised", "open", "again", "end"],
            "customer_id": ["o", "b", "r", "q", "b", None],
            "reason": ["bill"] * 6,
            "started_at": when,
            "ended_at": when,
            "escalated": [False, False, True, False, False, False],
        }
    )
    bundle = learnt.bundles["repeated"]
    found = recontact.fcr_today(contacts, recontact.label(contacts), bundle, days=1)
    assert (found.contacts, found.settled) == (3, 2)  # again is no first contact
    assert 0 < found.rate < found.so_far == pytest.approx(1 / 3)
    assert found.low == 0.0
    assert found.until_us - found.since_us == DAY


def test_none_is_none_and_other_policies_are_refused(simulated, learnt):
    """No first contact has no rate; a model of another policy, or one without when, is refused."""
    bundle = learnt.bundles["repeated"]
    few = simulated.slice(0, 0)
    with pytest.raises(UserError, match="is of policy"):
        fcr_today(simulated, label(simulated, {"window": "7d"}), bundle)
    with pytest.raises(UserError, match="does not know when"):
        fcr_today(simulated, label(simulated), replace(bundle, when=None))
    found = fcr_today(few, label(few, replace(Policy(), as_of=0)), replace(
        bundle, policy_digest=replace(Policy(), as_of=0).digest))  # fmt: skip
    assert (found.rate, found.low, found.contacts) == (None, None, 0)

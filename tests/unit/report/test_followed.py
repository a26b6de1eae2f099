"""What followed what, held to the labels; other rules held to labels under those rules."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from tests.property.test_labels import POLICIES, contacts, table

from recontact import Policy, label
from recontact.contacts import canonical
from recontact.durations import SECOND
from recontact.history import order
from recontact.labels.tally import known
from recontact.rates import rates
from recontact.report.followed import followed
from recontact.report.sensitivity import WINDOWS, sensitivity


@settings(max_examples=60)
@given(contacts(), POLICIES)
def test_what_followed_is_what_the_labels_say(rows, values):
    """Eligible, first, judged, repeated and the next contact are those of the labels table."""
    clean, policy = canonical(table(rows)), Policy.parse(values)
    labels, found = label(clean, policy), followed(clean, policy, order(clean))
    first, first_known = known(labels["first_contact"])
    assert found.eligible.tolist() == labels["eligible"].to_pylist()
    assert found.first.tolist() == first.tolist()
    assert found.first_known.tolist() == first_known.tolist()
    assert found.judged.tolist() == known(labels["repeated"])[1].tolist()
    names = clean["contact_id"].to_pylist()
    told = [names[k] if near else None for k, near in zip(found.next, found.repeated, strict=True)]
    assert told == labels["next_contact_id"].to_pylist()
    gaps = [gap if near else None for gap, near in zip(found.gap_us, found.repeated, strict=True)]
    seconds = labels["next_gap_s"].to_pylist()
    assert gaps == [None if s is None else round(s * SECOND) for s in seconds]


def test_the_nearest_of_either_way_and_the_latest_end_are_taken():
    """A long contact ends after a short one inside it; a case may follow before the reason does."""
    day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    hours = [(0, 10), (1, 2), (52, 52), (55, 55), (57, 57)]
    rows = pa.table(
        {
            "contact_id": list("abcde"),
            "customer_id": ["x"] * 5,
            "reason": ["bill", "bill", "bill", None, "bill"],
            "case_id": [None, None, "k", "k", None],
            "started_at": [day + dt.timedelta(hours=start) for start, _ in hours],
            "ended_at": [day + dt.timedelta(hours=end) for _, end in hours],
        }
    )
    clean = canonical(rows)
    policy = Policy.parse({"related_by": "reason_or_case", "edges": "data"})
    told = followed(clean, policy, order(clean))
    assert told.next.tolist() == [1, 2, 3, -1, -1]
    assert told.first.tolist() == known(label(clean, policy)["first_contact"])[0].tolist()
    assert not told.first[2]
    assert told.first_known[2]


@settings(max_examples=8)
@given(contacts(), POLICIES)
def test_each_rate_under_other_rules_is_that_of_labels_made_by_them(rows, values):
    """Each row's digest is that of a policy whose labels give the same counts and rates."""
    clean, policy = canonical(table(rows)), Policy.parse({**values, "by_program": {}})
    found = sensitivity(clean, policy, order(clean))
    by_digest = {row["policy_digest"]: row for row in found}
    for related_by in ("any", "case", "reason"):
        for count_unhandled in (False, True):
            for window in WINDOWS[1:3]:
                other = Policy.parse(
                    {
                        **{k: v for k, v in values.items() if k in KEPT},
                        "related_by": related_by,
                        "count_unhandled": count_unhandled,
                        "window": f"{window // SECOND}s",
                    }
                )
                row = by_digest[other.digest]
                told = rates(clean, label(clean, other)).to_pylist()[0]
                assert {k: row[k] for k in COMPARED} == {k: told[k] for k in COMPARED}


KEPT = (
    *("lookback", "index_channels", "counted_channels", "min_talk_s"),
    *("exclude_dispositions", "escalation_breaks_fcr", "edges", "as_of"),
)
COMPARED = ("fcr", "fcr_low", "fcr_of", "repeat", "repeat_high", "repeat_of", "unknown_reason")


def test_other_rules_hold_on_the_simulated_centre(simulated):
    """The policy's own row has the rates of its labels; longer windows never raise FCR's share."""
    policy = Policy()
    found = sensitivity(simulated, policy, order(simulated))
    (own,) = [row for row in found if row["own"]]
    told = rates(simulated, label(simulated, policy)).to_pylist()[0]
    assert {k: own[k] for k in COMPARED} == {k: told[k] for k in COMPARED}
    assert len(found) == 4 * 2 * 5
    assert len({row["policy_digest"] for row in found}) == len(found)
    assert own["policy_digest"] == policy.digest
    repeats = [row["repeat"] for row in found if row["related"] == "any issue"][:5]
    assert repeats == sorted(repeats)


def test_a_policy_with_overrides_is_tried_without_them(simulated):
    """Windows and relatedness of a program are set aside, its other rules are kept."""
    values = {"by_program": {"aurora": {"window": "7d", "index_channels": ["chat"]}}}
    found = sensitivity(simulated, Policy.parse(values), order(simulated))
    kept = {"by_program": {"aurora": {"index_channels": ["chat"]}}, "related_by": "any"}
    other = Policy.parse({**kept, "window": "24h"})
    (row,) = [row for row in found if row["policy_digest"] == other.digest]
    told = rates(simulated, label(simulated, other)).to_pylist()[0]
    assert row["fcr"] == pytest.approx(told["fcr"])


def test_any_issue_is_followed_at_least_as_soon(simulated):
    """A contact about anything comes no later than one about the same."""
    ordered = order(simulated)
    same = followed(simulated, Policy(), ordered)
    anything = followed(simulated, Policy(related_by="any"), ordered)
    assert (anything.gap_us <= same.gap_us).all()
    assert np.count_nonzero(anything.gap_us < same.gap_us) > 0
    assert pc.sum(label(simulated)["repeated"]).as_py() == (same.judged & same.repeated).sum()

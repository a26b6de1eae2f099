"""Labels on random small histories, every column held to the slow twin."""

import datetime as dt
import random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reference import labels as twin

from recontact import Policy, label
from recontact.contacts import SCHEMA

START = dt.datetime(2026, 3, 27, tzinfo=dt.UTC)
HOURS = st.sampled_from([0, 0, 1, 2, 3, 5, 8])
REASONS = st.sampled_from(
    [None, "", "bill", "bill > late", "bill>late>fee", "bill > high", " bill >", "tech", ">late"]
)
DURATIONS = st.sampled_from(["0s", "1h", "2h", "3.5h", "5h", "0.5d", "3000w"])
CHANNELS = st.sampled_from(["voice", "chat", "email"])


def choice(*values):
    return st.sampled_from(values)


OVERRIDES = {
    "window": DURATIONS,
    "window_by_reason": st.dictionaries(choice("bill", "bill>late", "tech", ">late"), DURATIONS),
    "lookback": DURATIONS,
    "related_by": choice("any", "case", "reason", "reason_or_case"),
    "reason_level": choice(None, 1, 2),
    "index_channels": st.lists(CHANNELS, max_size=3),
    "counted_channels": st.none() | st.lists(CHANNELS, max_size=3),
    "count_unhandled": st.booleans(),
    "min_talk_s": choice(None, 0, 30, 60.5),
    "exclude_dispositions": st.lists(choice("test", "spam"), max_size=2),
    "escalation_breaks_fcr": st.booleans(),
}
FOR_ALL = {
    "edges": choice("data", "program"),
    "as_of": st.none() | st.integers(0, 40).map(lambda h: START + dt.timedelta(hours=h)),
    "by_program": st.dictionaries(
        choice("acme", "zeta"), st.fixed_dictionaries({}, optional=OVERRIDES), max_size=2
    ),
}
POLICIES = st.fixed_dictionaries({}, optional={**OVERRIDES, **FOR_ALL})


@st.composite
def contacts(draw):
    rows, clock = [], START
    for number in range(draw(st.integers(1, 12))):
        clock += dt.timedelta(hours=draw(HOURS), microseconds=draw(choice(0, 0, 0, 1)))
        rows.append(
            {
                "contact_id": f"{draw(choice('é', 'z', 'A', 'c'))}{number}",
                "customer_id": draw(choice("x", "x", "x", "y", None)),
                "started_at": clock,
                "ended_at": clock + dt.timedelta(hours=draw(choice(0, 0, 1, 2, 6))),
                "program": draw(choice(None, None, "acme", "zeta")),
                "channel": draw(choice(None, "voice", "voice", "chat", "email")),
                "direction": draw(choice(None, "inbound", "inbound", "outbound", "internal")),
                "handled": draw(choice(None, True, True, False)),
                "reason": draw(REASONS),
                "case_id": draw(choice(None, None, "c1", "c2")),
                "disposition": draw(choice(None, "done", "test", "spam")),
                "talk_s": draw(choice(None, 10.0, 30.0, 100.0)),
                "tier": draw(choice(None, 1, 2)),
                "escalated": draw(choice(None, None, True, False)),
            }
        )
    return draw(st.permutations(rows))


def table(rows):
    return pa.Table.from_pylist(rows, schema=pa.schema([SCHEMA.field(n) for n in rows[0]]))


@given(contacts(), POLICIES)
def test_every_column_equals_the_twins(rows, policy):
    """Whatever the history and the policy, each column is what the rules say, pair by pair."""
    assert label(table(rows), Policy.parse(policy)).to_pylist() == twin.label(rows, policy)


@given(contacts(), POLICIES, st.randoms(use_true_random=False))
def test_row_order_and_strangers_do_not_matter(rows, policy, chance):
    """A contact's labels stay the same when rows are shuffled or other customers are added."""
    policy = {**policy, "as_of": START, "edges": "data"}
    anchor = {**rows[0], "contact_id": "anchor", "customer_id": "w", "started_at": START}
    others = [{**c, "contact_id": "o" + c["contact_id"], "customer_id": "other"} for c in rows]
    before = label(table([anchor, *rows]), Policy.parse(policy)).to_pylist()
    mixed = [anchor, *rows, *others]
    chance.shuffle(mixed)
    after = {
        row["contact_id"]: row for row in label(table(mixed), Policy.parse(policy)).to_pylist()
    }
    assert [after[row["contact_id"]] for row in before] == before


@pytest.mark.parametrize("related_by", ["any", "reason_or_case"])
def test_a_longer_history_equals_the_twins(related_by):
    """A hundred and twenty contacts of one customer, with ties and overlaps, match the twin too."""
    chance = random.Random(7)  # noqa: S311 - test data
    rows = [
        {
            "contact_id": str(k),
            "customer_id": "x",
            "started_at": (begin := START + dt.timedelta(hours=chance.randrange(400))),
            "ended_at": begin + dt.timedelta(hours=chance.choice([0, 0, 1, 30])),
            "reason": chance.choice(["a", "b > c", "b", None]),
            "case_id": chance.choice([None, "1", "2", "3"]),
            "handled": chance.random() < 0.7,
            "tier": chance.choice([1, 1, 1, 2]),
        }
        for k in range(120)
    ]
    policy = {"related_by": related_by, "window": "5h", "window_by_reason": {"b": "20h"}}
    assert label(table(rows), Policy.parse(policy)).to_pylist() == twin.label(rows, policy)


@given(POLICIES)
def test_a_policy_survives_its_text(policy):
    """Any policy, written as YAML and read again, is the same, and so is its digest."""
    parsed = Policy.parse(policy)
    assert Policy.from_text(parsed.text()) == parsed
    assert Policy.from_text(parsed.text()).digest == parsed.digest

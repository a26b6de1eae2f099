"""The leak firewall: nothing moves when the future is taken away, and a planted leak is caught."""

import numpy as np
import pyarrow as pa
import pytest

from recontact import Policy, label
from recontact.dataset import build
from recontact.features import rates
from recontact.features.known import known_from
from recontact.features.table import Source
from recontact.leaks import check

MOMENTS = ("start", "live", "wrapup")
REAL = {
    "index_channels": ["voice", "email", "self service", "ivr", "direct opening"],
    "reason_level": 1,
}
POLICIES = [
    {},
    {"related_by": "reason_or_case", "window": "7d", "exclude_dispositions": ["no_answer"]},
    {"related_by": "any", "window_by_reason": {"billing": "30d"}, "count_unhandled": True},
]


def source(contacts, policy, **known):
    return Source(contacts, Policy.parse(policy), known_from(contacts, known))


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("reason", ["start", "wrapup"])
def test_no_feature_of_the_simulated_centre_knows_the_future(simulated, policy, reason):
    """Without all that was not yet known, every feature of drawn contacts is the same."""
    assert check(source(simulated, policy, reason=reason), MOMENTS, sample=12, seed=3) == []


def test_no_feature_of_the_real_incidents_knows_the_future(incidents):
    """The same holds for the real records, whose final values stand on first rows."""
    assert check(source(incidents, REAL), ("start", "wrapup"), sample=12, seed=3) == []


def test_a_planted_leak_is_caught(simulated, monkeypatch):
    """A rate that counts labels before they have settled is found."""
    honest = rates.rate_features
    early = 3 * rates.DAY
    monkeypatch.setattr(
        "recontact.features.table.rate_features",
        lambda own, at, found: honest(own, at + early, found),
    )
    leaks = check(source(simulated, {}), ("start",), sample=12, seed=3)
    assert {leak.feature for leak in leaks} >= {"queue_repeat_rate"}


def test_a_final_fact_said_to_be_known_from_the_start_is_visible(simulated):
    """The check takes the user's word on known_from, so talk time shows when it is claimed."""
    table = build(simulated, label(simulated), moments=("start",), known={"talk_s": "start"})
    assert table["talk_s"].null_count < len(table)


@pytest.mark.parametrize("contacts", ["simulated", "incidents"])
def test_row_order_changes_nothing(contacts, request):
    """Shuffled contacts give each contact the same features."""
    table = request.getfixturevalue(contacts).slice(0, 4000)
    shuffled = table.take(pa.array(np.random.default_rng(1).permutation(len(table))))
    policy = Policy.parse(REAL)
    both = [build(part, label(part, policy)).drop("customer") for part in (table, shuffled)]
    keys = [("moment", "ascending"), ("contact_id", "ascending")]
    assert both[0].sort_by(keys).equals(both[1].sort_by(keys))


def test_back_filled_columns_of_the_real_export_are_gone(incidents):
    """What the export copied onto first rows is no column of the contacts."""
    back_filled = {"resolved_by", "resolved_at", "closed_at", "closed_code"}
    assert not back_filled & set(incidents.column_names)

"""The labels table as a whole: its form, its inputs, and histories of unusual size."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from recontact import Policy, label
from recontact.errors import UserError

DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
COLUMNS = {
    "contact_id": "string",
    "eligible": "bool",
    "exclusion": "string",
    "matured": "bool",
    "lookback_known": "bool",
    "previous_contact_id": "string",
    "previous_gap_s": "double",
    "next_contact_id": "string",
    "next_gap_s": "double",
    "first_contact": "bool",
    "repeated": "bool",
    "escalated": "bool",
    "escalation": "bool",
    "fcr": "bool",
    "episode_id": "string",
    "episode_position": "int64",
}


def contacts(n, **columns):
    at = [DAY + dt.timedelta(hours=k) for k in range(n)]
    ids = [str(k) for k in range(n)]
    return pa.table({"contact_id": ids, "started_at": at, "ended_at": at, **columns})


@pytest.mark.parametrize("n", [0, 1, 3])
def test_columns_and_types_are_fixed(n):
    """The table has these columns in this order and type, also without a row or a customer."""
    labels = label(contacts(n))
    assert {field.name: str(field.type) for field in labels.schema} == COLUMNS
    assert labels["contact_id"].to_pylist() == [str(k) for k in range(n)]


def test_policy_and_digest_travel_with_the_labels():
    """The metadata give back the policy, whole, and its digest."""
    policy = Policy.parse({"window": "7d", "by_program": {"acme": {"related_by": "any"}}})
    metadata = label(contacts(2), policy).schema.metadata
    assert Policy.from_text(metadata[b"recontact.policy"].decode()) == policy
    assert metadata[b"recontact.policy_digest"].decode() == policy.digest


def test_a_policy_may_be_a_mapping_or_a_file(tmp_path):
    """Keys as YAML holds them, or the path of a policy file, do as a Policy does."""
    path = tmp_path / "policy.yaml"
    path.write_text("window: 7d\n", encoding="utf-8")
    wanted = Policy.parse({"window": "7d"}).digest.encode()
    for policy in ({"window": "7d"}, path, str(path)):
        assert label(contacts(1), policy).schema.metadata[b"recontact.policy_digest"] == wanted
    with pytest.raises(UserError, match="windo"):
        label(contacts(1), {"windo": "7d"})


def test_a_table_without_a_required_column_is_refused():
    """A missing column is named."""
    with pytest.raises(UserError, match="ended_at"):
        label(contacts(2).drop_columns(["ended_at"]))


def test_one_customer_with_a_hundred_thousand_contacts():
    """A shared number costs time by its contacts, not by their square."""
    n = 100_000
    chance = np.random.default_rng(1)
    started = np.sort(chance.integers(0, 10**12, n)).astype("datetime64[us]")
    table = pa.table(
        {
            "contact_id": [f"{k:06}" for k in range(n)],
            "customer_id": ["shared"] * n,
            "started_at": started,
            "ended_at": started + chance.integers(0, 10**8, n).astype("timedelta64[us]"),
            "reason": chance.choice(["a", "b", "c > d"], n).tolist(),
            "case_id": chance.integers(0, n, n).astype(str).tolist(),
        }
    )
    policy = Policy.parse({"related_by": "reason_or_case", "window_by_reason": {"a": "1h"}})
    labels = label(table, policy)
    assert labels["episode_position"].to_numpy().max() > n / 10


def test_windows_longer_than_any_record():
    """A window far beyond the record relates all that follows and matures nothing."""
    long = "999999999999999999w"
    labels = label(
        contacts(3, customer_id=["x"] * 3, reason=["a"] * 3),
        Policy.parse({"window": long, "lookback": long}),
    )
    assert labels["next_contact_id"].to_pylist() == ["1", "2", None]
    assert labels["previous_contact_id"].to_pylist() == [None, "0", "1"]
    assert labels["matured"].to_pylist() == labels["lookback_known"].to_pylist() == [False] * 3


def test_a_repeat_seen_before_maturity_is_not_told():
    """The newest days are left unjudged whole; else they would hold repeats only."""
    labels = label(contacts(3, customer_id=["x"] * 3, reason=["a"] * 3))
    assert labels["next_contact_id"].to_pylist() == ["1", "2", None]
    assert labels["repeated"].null_count == labels["fcr"].null_count == 3


def test_empty_text_is_unknown():
    """Empty customers are anonymous, empty reasons and cases relate to nothing."""
    table = contacts(2, customer_id=["", ""], case_id=["", ""], reason=["", ""])
    for related_by in ("any", "case", "reason", "reason_or_case"):
        labels = label(table, Policy.parse({"related_by": related_by}))
        assert labels["exclusion"].to_pylist() == ["no_customer"] * 2
        assert labels["next_contact_id"].null_count == 2

"""Features on random small histories, held to the slow twin that writes down what was known."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.property.test_labels import OVERRIDES, contacts, table
from tests.reference.features import Features

from recontact import Policy, label
from recontact.contacts import canonical
from recontact.features.known import known_from
from recontact.features.table import Source, compute

POLICIES = st.fixed_dictionaries(
    {"index_channels": st.just(["voice", "chat", "email"])},
    optional={k: v for k, v in OVERRIDES.items() if k not in ("index_channels", "lookback")}
    | {
        "by_program": st.dictionaries(
            st.sampled_from(["acme", "zeta"]), st.fixed_dictionaries({}, optional=OVERRIDES)
        )
    },
)
MORE = {
    "queue": st.sampled_from([None, "q", "r"]),
    "agent_id": st.sampled_from([None, "a", "b"]),
    "wait_s": st.sampled_from([None, 0.0, 600.0, 5400.0]),
    "known_at": st.sampled_from([None, 0, 1, 60 * 15, 3600 * 3, 3600 * 30]),
}


@st.composite
def histories(draw):
    rows = draw(contacts())
    for row in rows:
        row |= {name: draw(values) for name, values in MORE.items()}
        if row["known_at"] is not None:
            row["known_at"] = row["ended_at"] + dt.timedelta(seconds=row["known_at"])
        if row["reason"] == "":
            row["reason"] = None
    return rows


def same(ours, twins):
    if twins is None or ours is None:
        return ours is twins
    return ours == pytest.approx(twins) if isinstance(ours, float) else ours == twins


@pytest.mark.parametrize("moment", ["start", "live", "wrapup"])
@given(
    rows=histories(),
    policy=POLICIES,
    from_start=st.booleans(),
    elapsed=st.sampled_from([0.0, 600.0, 3600.0]),
)
def test_every_feature_equals_the_twins(moment, rows, policy, from_start, elapsed):
    """Whatever the history, the policy and the moment, each feature is what was known by then."""
    source = Source(
        canonical(table(rows)),
        Policy.parse(policy),
        known_from(table(rows), {"reason": "start" if from_start else "wrapup"}),
    )
    labels = label(source.contacts, source.policy)
    eligible = np.flatnonzero(np.asarray(labels["eligible"]))
    elapsed_s = np.full(len(rows), elapsed) if moment == "live" else None
    ours = compute(
        source, eligible, moment, source.figures(labels), elapsed_s=elapsed_s
    ).to_pylist()
    twin = Features(rows, policy, from_start)
    for row in ours:
        contact = next(c for c in rows if c["contact_id"] == row["contact_id"])
        expected = twin.compute(contact, moment, row["at"])
        differing = {
            name: (row[name], value)
            for name, value in expected.items()
            if not same(row[name], value)
        }
        assert not differing, (row["contact_id"], differing)

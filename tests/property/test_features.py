"""Features on random small histories, held to the slow twin that writes down what was known."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.test_labels import OVERRIDES, choice, contacts, table
from tests.reference.features import Features

from recontact import Policy, label
from recontact.contacts import canonical
from recontact.features import FEATURES, MOMENTS
from recontact.features.known import known_from
from recontact.features.moments import SO_FAR
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
    "queue": choice(None, "", "q", "q", "r"),
    "agent_id": choice(None, "a", "a", "b"),
    "team": choice(None, "t", "u"),
    "site": choice(None, "s", "s", "z"),
    "wait_s": choice(None, 0.0, 600.0, 5400.0),
    "hold_s": choice(None, 0.0, 12.5, 300.0),
    "wrap_s": choice(None, 7.0),
    "hold_count": choice(None, 0, 2),
    "transfer_count": choice(None, 0, 1, 3),
    "csat": choice(None, 1.0, 4.5),
    "agent_resolved": choice(None, True, False),
    "dropped": choice(None, True, False),
    "notes": choice(None, "The bill, the BILL!", "spät; late"),
}
DAYS = choice(0, 0, 0, 0, 7, 30, 90)  # bounds of spans, and weeks with a usual load, occur
KNOWN_AFTER = choice(None, -120, 0, 1, 60 * 15, 3600 * 3, 3600 * 30)
TOLD = ("answered", "hold", "resume", "transfer", "hold")
ELAPSED = choice(0.0, 600.0, 3600.0)


@st.composite
def histories(draw):
    rows = draw(contacts())
    for row in rows:
        row |= {name: draw(values) for name, values in MORE.items()}
        late, days = draw(KNOWN_AFTER), dt.timedelta(days=draw(DAYS))
        row["started_at"] += days
        row["ended_at"] += days
        row["known_at"] = None if late is None else row["ended_at"] + dt.timedelta(seconds=late)
        row["reason"] = row["reason"] or None
    return rows


@st.composite
def happened(draw, rows):
    """Some contacts' answer, holds, resumes in turn and transfers, as (contact_id, at, event)."""
    found = []
    for row in rows:
        if draw(st.booleans()):
            clock = row["started_at"]
            for event in TOLD[: draw(choice(1, 3, 5))]:
                clock += dt.timedelta(seconds=draw(choice(0, 300, 600)))
                found.append((row["contact_id"], clock, event))
    return found


def events_table(events):
    names = ("contact_id", "at", "event")
    types = (pa.string(), pa.timestamp("us", tz="UTC"), pa.string())
    columns = zip(*events, strict=True) if events else ([], [], [])
    return pa.table({n: pa.array([*c], t) for n, c, t in zip(names, columns, types, strict=True)})


def asked(source, moment, elapsed_s):
    """All rows, at `live` those that still went on."""
    if moment != "live":
        return np.arange(len(source.contacts)), None
    elapsed = np.full(len(source.contacts), elapsed_s)
    return np.flatnonzero(source.at("live", elapsed) <= source.at("wrapup")), elapsed


def same(ours, twins):
    if twins is None or ours is None:
        return ours is twins
    return ours == pytest.approx(twins, abs=1e-6) if isinstance(ours, float) else ours == twins


@given(histories(), POLICIES, choice(*MOMENTS), st.booleans(), ELAPSED, st.data())
def test_every_feature_equals_the_twins(rows, policy, moment, from_start, elapsed, data):
    """Whatever the history, the policy and the moment, each feature is what was known by then."""
    events = data.draw(st.none() | happened(rows))
    known = {"reason": "start" if from_start else "wrapup"}
    known |= dict.fromkeys(SO_FAR, "live") if events is not None else {}
    source = Source(
        canonical(table(rows)),
        Policy.parse(policy),
        known_from(table(rows), known),
        events=None if events is None else events_table(events),
    )
    labels = label(source.contacts, source.policy)
    scored, elapsed_s = asked(source, moment, elapsed)
    ours = compute(source, scored, moment, source.figures(labels), elapsed_s=elapsed_s).to_pylist()
    twin = Features(rows, policy, source.known, events)
    for row in ours:
        expected = twin.compute(row["contact_id"], moment, row["at"])
        differing = {
            name: (row[name], value)
            for name, value in expected.items()
            if not same(row[name], value)
        }
        assert not differing, (row["contact_id"], differing)


@settings(max_examples=settings.default.max_examples // 50)  # names do not depend on values
@given(histories(), choice(*MOMENTS))
def test_every_feature_has_a_twin(rows, moment):
    """A feature that the twin does not write down is held to nothing."""
    twin = Features(rows, {}, known_from(table(rows)))
    names = twin.compute(rows[0]["contact_id"], moment, rows[0]["ended_at"]).keys()
    told = {feature.name for feature in FEATURES}
    assert names == told | {"repeated_already", "escalation_already"}

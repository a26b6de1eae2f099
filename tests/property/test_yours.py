"""Features that users may declare, on random histories: batch, slow twin and live are one."""

from types import SimpleNamespace

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from tests.property.test_features import (
    ELAPSED,
    POLICIES,
    asked,
    events_table,
    happened,
    histories,
    same,
)
from tests.property.test_labels import choice, table
from tests.reference.features import Features
from tests.reference.measures import measured
from tests.reference.sent import others, request

from recontact import Policy, label
from recontact.contacts import canonical
from recontact.durations import DAY, HOUR, MINUTE
from recontact.features import MOMENTS, Feature
from recontact.features.known import known_from
from recontact.features.live import Live
from recontact.features.measures import (
    Beyond,
    Condition,
    Has,
    Judged,
    Load,
    Past,
    Rate,
    Surge,
    Typical,
    Volume,
    Words,
)
from recontact.features.moments import SO_FAR
from recontact.features.table import Source, compute

EXTRA = {  # columns of the user's own: values, type
    "plan": (choice(None, "", "gold", "gold", "basic"), pa.string()),
    "mood": (choice(None, "glad", "cross"), pa.string()),
    "vip": (choice(None, True, False), pa.bool_()),
    "fee": (choice(None, 0.0, 2.5, 1e9), pa.float64()),
    "floor": (choice(None, -1, -2, 7), pa.int64()),
    "unsaid": (choice(None, "x", "y"), pa.string()),
    "unsaid_s": (choice(None, 1.0, 60.0), pa.float64()),
}
KNOWN = {"plan": "start", "vip": "live", "floor": "live", "fee": "wrapup", "mood": "wrapup"}
SO_FAR_KNOWN = dict.fromkeys(SO_FAR, "live")
NUMBERS = ("talk_s", "wait_s", "hold_s", "transfer_count", "tier", "csat", "escalated", "dropped")
NUMBERS += ("vip", "fee", "floor", "unsaid_s", "duration_s")
TEXTS = ("queue", "agent_id", "site", "reason", "channel", "disposition", "case_id", "plan", "mood")
OWN = ("queue", "agent_id", "team", "reason", "case_id", "disposition", "plan", "mood", "vip")
OWN += ("floor",)
BOUNDS = (None, 0.0, 1.0, 2.5, 30.0, 3600.0)
WITHIN = (None, 0, MINUTE, HOUR, 2 * HOUR, DAY, 7 * DAY, 30 * DAY)
VALUES = {
    "channel": ("voice", "chat", "fax"),
    "direction": ("inbound", "outbound"),
    "handled": (True, False),
    "escalated": (True, False),
    "dropped": (True, False),
    "queue": ("q", "r"),
    "reason": ("bill", "bill>late", "tech", "bill > late > fee"),
    "plan": ("gold", "basic"),
    "mood": ("glad", "cross"),
    "vip": (True, False),
    "tier": (1, 2),
    "floor": (-1, 7),
    "unsaid": ("x",),
}
HELD = st.sampled_from([*VALUES]).flatmap(
    lambda column: st.builds(
        Condition,
        st.just(column),
        st.lists(st.sampled_from(VALUES[column]), min_size=1, max_size=2, unique=True).map(tuple),
    )
)
BETWEEN = st.builds(
    Condition, choice(*NUMBERS), st.just(()), st.sampled_from(BOUNDS), st.sampled_from(BOUNDS)
)
RULES = {
    "within": st.sampled_from(WITHIN),
    "where": st.just(()) | st.lists(HELD | BETWEEN, max_size=2).map(tuple),
    "same": st.sampled_from([None, None, "issue", "issue", *OWN]),
    "among": choice("counted", "counted", "arrived", "any"),
}
OF_NOTHING = ("count", "since", "since_end", "repeats", "position", "mean_gap", "gap_spread")
PASTS = st.one_of(
    st.builds(Past, choice(*OF_NOTHING), **RULES),
    st.builds(Past, choice("sum", "mean", "most", "last"), choice(*NUMBERS), **RULES),
    st.builds(Past, choice("distinct", "last_text"), choice(*TEXTS, "unsaid"), **RULES),
    st.builds(Past, st.just("last_same"), **RULES | {"same": st.sampled_from(["issue", *OWN])}),
)
ENTITY = choice("agent_id", "team", "queue", "reason", "site", "program", "plan", "vip", "floor")
SPAN = choice(15, 60, 90, 1440).map(lambda minutes: minutes * MINUTE)
SINGLE = st.one_of(
    st.builds(Rate, choice("repeated", "escalation"), ENTITY),
    st.builds(Judged, ENTITY),
    st.builds(Volume, ENTITY),
    st.builds(Typical, choice("talk_s", "csat", "dropped", "floor", "duration_s"), ENTITY),
    st.builds(Load, ENTITY, SPAN),
    st.builds(Surge, ENTITY, SPAN),
    st.builds(Beyond, choice("elapsed_s", "hold_s", "transfer_count", "wait_s", "vip"), ENTITY),
    st.builds(Has, choice("case_id", "agent_id", "plan", "fee", "vip")),
    st.builds(Words, choice("notes", "plan", "reason"), st.integers(0, 2), st.just(3)),
)
MEASURES = st.lists(PASTS | PASTS | SINGLE, min_size=1, max_size=12)


@st.composite
def cases(draw):
    """A history with columns of its own, and what to compute of it, from when what is known."""
    rows = draw(histories())
    for row in rows:
        row |= {name: draw(values) for name, (values, _) in EXTRA.items()}
    events = draw(st.none() | happened(rows))
    known = KNOWN | {"reason": draw(choice("start", "wrapup"))}
    known |= {} if events is None else SO_FAR_KNOWN
    features = [
        Feature(f"f{k}", each, "", kind="category" if is_text(each) else "number")
        for k, each in enumerate(draw(MEASURES))
    ]
    return SimpleNamespace(rows=rows, events=events, known=known, features=tuple(features))


def is_text(measure):
    return isinstance(measure, Past) and measure.what == "last_text"


def with_extra(rows):
    found = table([{k: v for k, v in row.items() if k not in EXTRA} for row in rows])
    for name, (_, kind) in EXTRA.items():
        found = found.append_column(name, pa.array([row[name] for row in rows], kind))
    return found


@given(cases(), POLICIES, choice(*MOMENTS), ELAPSED)
def test_whatever_is_declared_equals_the_twins_in_batch_and_live(case, policy, moment, elapsed):
    """A declared feature is what was known by then, and live gives the batch's very number."""
    contacts = canonical(with_extra(case.rows))
    known = known_from(contacts, case.known)
    events = None if case.events is None else events_table(case.events)
    source = Source(contacts, Policy.parse(policy), known, events=events, features=case.features)
    scored, elapsed_s = asked(source, moment, elapsed)
    figures = source.figures(label(source.contacts, source.policy))
    batch = compute(source, scored, moment, figures, elapsed_s=elapsed_s).to_pylist()
    twin = Features(case.rows, policy, known, case.events)
    texts = frozenset(k for k, (_, kind) in EXTRA.items() if kind in (pa.string(), pa.bool_()))
    live = Live(source.policy, known, texts, case.features)
    for row, number in zip(batch, scored, strict=True):
        contact, at = case.rows[number], row["at"]
        then = twin.then(row["contact_id"], moment, at)
        expected = {name: measured(then, measure) for name, measure, *_ in case.features}
        differing = {
            name: (row[name], expected[name], measure)
            for name, measure, *_ in case.features
            if not same(row[name], expected[name])
        }
        assert not differing, (row["contact_id"], differing)
        so_far = twin.so_far(contact, at) if case.events is not None else None
        sent = request(contact, known, moment, at, so_far)
        history = live.pasts(others(case.rows, contact, known, at))
        ours = live.look(sent, history, moment, at, live.figures(figures)).row
        ours["at"] = row["at"]
        unlike = {name: (ours[name], row[name]) for name in row if ours[name] != row[name]}
        measures = {name: measure for name, measure, *_ in case.features if name in unlike}
        assert not unlike, (row["contact_id"], unlike, measures)

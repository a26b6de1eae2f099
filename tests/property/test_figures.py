"""Figures of entities on random small histories, held to the slow twin."""

import datetime as dt
from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.property.test_labels import START, contacts, table
from tests.reference.figures import Figures as Twin

from recontact import Policy, label
from recontact.contacts import canonical
from recontact.durations import DAY
from recontact.epoch import micros
from recontact.features import arrays
from recontact.features.counted import arrivals
from recontact.features.daily import Figure
from recontact.features.entities import Coded
from recontact.features.figures import Figures, build
from recontact.features.known import known_from
from recontact.history import order
from recontact.labels.rules import rules

OFS = ("", "queue", "agent_id", "reason", "program")
WHATS = ("repeated", "escalation", "began", "duration_s", "talk_s")
WITHIN = (15, 60, 1440, 90)
POLICIES = st.sampled_from(
    [
        {},
        {"window": "5h", "related_by": "any"},
        {"window": "0s", "related_by": "reason_or_case", "exclude_dispositions": ["spam"]},
        {"window": "9d", "by_program": {"acme": {"min_talk_s": 30, "window": "1h"}}},
    ]
)


@st.composite
def histories(draw):
    """Contacts within days, some of them moved by whole weeks; ends of minutes and hours occur."""
    rows = draw(contacts())
    for row in rows:
        lasted = row["ended_at"] - row["started_at"]
        row["started_at"] += dt.timedelta(
            weeks=draw(st.sampled_from([0, 0, 1, 2, 8])),
            seconds=draw(st.sampled_from([0, 0, 59, 60, 900, 3599])),
        )
        row["ended_at"] = row["started_at"] + lasted
        late = draw(st.sampled_from([None, -120, 0, 1, 59, 900, 3600 * 30, 3600 * 24 * 9]))
        row["known_at"] = None if late is None else row["ended_at"] + dt.timedelta(seconds=late)
        row["queue"] = draw(st.sampled_from([None, "q", "r"]))
        row["agent_id"] = draw(st.sampled_from([None, "a", "b"]))
        row["reason"] = row["reason"] or None
    return rows


def instants_near(rows):
    """Instants at which minutes, hours and weeks since a contact begin or end."""
    return st.builds(
        lambda row, weeks, seconds: row["started_at"] + dt.timedelta(weeks=weeks, seconds=seconds),
        st.sampled_from(rows),
        st.sampled_from([0, 0, 1, 7, 9]),
        st.sampled_from([0, 1, 59, 60, 61, 899, 900, 960, 3600, 5400, 86399, 86400, 86460]),
    )


def figures_of(source, policy, known, whats=WHATS, labels=None):
    """The figures of everything that the tests look up."""
    labels = label(source, policy) if labels is None else labels
    ordered = order(source)
    key_from = arrays.key_from(source, policy, known)
    return build(
        source,
        labels,
        ordered,
        rules(source, policy, ordered).window_us,
        arrays.rests_on(source, policy, key_from),
        known,
        [Figure(of, what) for of in OFS for what in whats],
        OFS,
    )


def listed(values):
    return [None if np.isnan(value) else value for value in values]


def by_day(daily, of, own, day):
    """All figures of many contacts, by the keys that `Daily.on` gives of one."""
    return {
        ("rate", "repeated"): daily.rate(of, "repeated", own, day),
        ("rate", "escalation"): daily.rate(of, "escalation", own, day),
        ("judged", "repeated"): daily.judged(of, own, day),
        ("volume", "began"): daily.volume(of, own, day),
        ("typical", "talk_s"): daily.typical("talk_s", of, own, day),
        ("typical", "duration_s"): daily.typical("duration_s", of, own, day),
    }


def twins_by_day(twin, c, of, midnight):
    return {
        ("rate", "repeated"): twin.rate(c, of, "repeated", midnight),
        ("rate", "escalation"): twin.rate(c, of, "escalation", midnight),
        ("judged", "repeated"): twin.judged(c, of, midnight),
        ("volume", "began"): twin.volume(c, of, midnight),
        ("typical", "talk_s"): twin.typical(c, of, "talk_s", midnight),
        ("typical", "duration_s"): twin.typical(c, of, "duration_s", midnight),
    }


@given(histories(), POLICIES, st.booleans(), st.integers(-1, 70))
def test_figures_by_day_equal_the_twins(rows, policy, from_start, days):
    """A figure counts what was known before midnight and no more, of many contacts or of one."""
    known = known_from(table(rows), {"reason": "start"} if from_start else {})
    source = canonical(table(rows))
    daily = figures_of(source, Policy.parse(policy), known).daily
    twin, own, records = Twin(rows, policy, known), Coded(source), source.to_pylist()
    day = micros(START) // DAY + days
    midnight = START + dt.timedelta(days=days)
    for of in OFS:
        ours = by_day(daily, of, own, np.full(len(rows), day))
        columns = {key: listed(values) for key, values in ours.items()}
        for k, (row, record) in enumerate(zip(rows, records, strict=True)):
            expected = twins_by_day(twin, row, of, midnight)
            one = daily.on(of, record["program"], record[of] if of else None, day)
            assert {key: values[k] for key, values in columns.items()} == expected, of
            assert {key: one.get(key) for key in columns} == expected, of


@given(histories(), st.booleans(), st.data())
def test_loads_equal_the_twins(rows, from_start, data):
    """A load counts whole minutes before, what is usual the weeks recorded, of many or of one."""
    known = known_from(table(rows), {"reason": "start"} if from_start else {})
    source = canonical(table(rows))
    loads = figures_of(source, Policy(), known, whats=()).loads
    twin, own, records = Twin(rows, {}, known), Coded(source), source.to_pylist()
    asked = [data.draw(instants_near(rows)) for _ in rows]
    at = np.array([micros(instant) for instant in asked])
    for of, within in product(OFS, WITHIN):
        since = arrivals(source, of, known)
        load = listed(loads.load(of, within, own, at, since))
        usual = listed(loads.usual(of, within, own, at))
        for k, (row, record) in enumerate(zip(rows, records, strict=True)):
            whose = (of, within, record["program"], record[of] if of else None, int(at[k]))
            expected = twin.load(row, of, within, asked[k]), twin.usual(row, of, within, asked[k])
            assert (load[k], usual[k]) == expected, (of, within)
            assert (loads.load_at(*whose, int(since[k])), loads.usual_at(*whose)) == expected


def everything(figures):
    return (
        sorted(figures.daily.rows()),
        sorted(figures.loads.rows()),
        figures.loads.since,
    )


@given(histories(), st.integers(1, 4))
def test_parts_put_together_equal_the_whole(rows, size):
    """Figures built over disjoint customers, in any split, add up to those of all."""
    source, policy = canonical(table(rows)), Policy()
    known, labels = known_from(source), label(source, policy)
    customers = [(row["customer_id"], row["program"]) for row in rows]
    place = {customer: k % size for k, customer in enumerate(dict.fromkeys(customers))}
    part = np.array([place[customer] for customer in customers])
    own = (np.flatnonzero(part == k) for k in range(size))
    parts = (figures_of(source.take(rows), policy, known, labels=labels.take(rows)) for rows in own)
    whole = figures_of(source, policy, known, labels=labels)
    assert everything(Figures.together(parts)) == everything(whole)

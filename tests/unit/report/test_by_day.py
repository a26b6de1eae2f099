"""FCR by day: sums of days are the rates of the same contacts, whole or by group."""

import dataclasses

import numpy as np
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.test_labels import POLICIES, choice, contacts, table
from tests.reference import by_day as twin

from recontact.contacts import canonical
from recontact.groups import groups
from recontact.history import order
from recontact.labels.table import label
from recontact.policy import Policy
from recontact.rates import measure, rates
from recontact.report.by_day import COUNTS, KEY, by_day, next_reasons
from recontact.report.case_mix import expected, factors
from recontact.report.sums import RATES, adjusted, rates_of
from recontact.today import fcr_today, fcr_today_by


@st.composite
def teamed(draw):
    """Contacts with teams, queues and agents."""
    names = {
        "team": choice(None, "north", "south"),
        "queue": choice(None, "q"),
        "agent_id": choice(None, "ann", "ben"),
    }
    return [
        row | {name: draw(values) for name, values in names.items()} for row in draw(contacts())
    ]


@settings(max_examples=30)
@given(teamed(), POLICIES)
def test_counts_are_those_of_plain_loops(rows, policy):
    """Whatever the contacts and the policy, each count of each day and group is the twin's."""
    there = canonical(table(rows))
    found = by_day(there, label(there, Policy.parse(policy))).to_pylist()
    counted = {tuple(row[k] for k in KEY): {n: row[n] for n in COUNTS} for row in found}
    whole = {
        key: {n: counts[n] for n in COUNTS} for key, counts in twin.by_day(rows, policy).items()
    }
    assert counted == whole


@settings(max_examples=30)
@given(teamed(), POLICIES)
def test_what_came_next_is_that_of_plain_loops(rows, policy):
    """Each judged contact counts once, under the reason of what came next, or of nothing."""
    there = canonical(table(rows))
    found = next_reasons(there, label(there, Policy.parse(policy)))
    assert found == twin.next_reasons(rows, policy)


@pytest.fixture(scope="module")
def labelled(simulated):
    there = canonical(simulated)
    labels = label(there, Policy())
    return there, labels, by_day(there, labels)


@pytest.mark.parametrize(
    ("by", "column", "group"),
    [
        ("", None, None),
        ("", "team", "team"),
        ("", "program", "program"),
        ("queue", "queue", "entity"),
        ("reason", "reason:1", "entity"),
        ("agent_id", "agent_id", "entity"),
        ("", "week", "week"),
    ],
)
def test_sums_are_the_rates_of_the_same_contacts(labelled, by, column, group):
    """To the last digit, with intervals, whatever they are summed by."""
    there, labels, days = labelled
    days = days.filter(pc.equal(days["by"], by))
    if group == "week":
        monday = pc.subtract(days["day"], [(d + 3) % 7 for d in days["day"].to_pylist()])
        days = days.append_column("week", monday)
    keys = [group] if group else []
    sums = days.group_by(keys).aggregate([(name, "sum") for name in COUNTS])
    named = [None] if group is None else [_name(k, group) for k in sums[group].to_pylist()]
    ours = rates_of(named, {n: sums[f"{n}_sum"].to_pylist() for n in COUNTS})
    theirs = {row["group"]: row for row in rates(there, labels, column).to_pylist()}
    assert {row["group"] for row in ours} == theirs.keys()
    for row in ours:
        assert row["contacts"] == theirs[row["group"]]["contacts"]
        for name in RATES:
            for key in (name, f"{name}_low", f"{name}_high", f"{name}_of"):
                assert row[key] == theirs[row["group"]][key], (row["group"], key)


def _name(key, group):
    if group == "week":
        return str(np.datetime64(key, "D"))
    return key or None


def test_as_many_are_expected_as_were_resolved_and_agents_within_their_queue(labelled):
    """The expected count is the case mix's, by agent with the queue taken out too."""
    there, labels, days = labelled
    measures = measure(there, labels)
    hits, judged = measures.shares["fcr"]
    brought = factors(there, order(there))
    for by, names in (("", set(brought) - {"queue"}), ("agent_id", set(brought))):
        chances = expected([brought[name] for name in brought if name in names], hits, judged)
        own = days.filter(pc.equal(days["by"], by))
        of = groups(there, by or "team")
        sums = own.group_by("entity" if by else "team").aggregate(
            [("expected", "sum"), ("day", "count")]
        )
        for name, ours, days_of in zip(*sums.to_pydict().values(), strict=True):
            rows = of.codes == of.names.index(name or None)
            assert ours == pytest.approx(chances[rows].sum(), abs=0.005 * days_of)  # rounded
        assert pc.sum(own["expected"]).as_py() == pytest.approx(hits.sum(), abs=0.005 * len(own))


def test_who_takes_the_hard_contacts_is_not_blamed():
    """Agents who do as is to be expected are as expected, however low their rate is."""
    sums = {name: [1_000, 1_000, 12, 1_000] for name in COUNTS} | {"fcr": [500, 900, 7, 700]}
    rows = rates_of(["hard", "easy", "new", "slack"], sums)
    found = adjusted(rows, [480.0, 870.0, 9.5, 820.0], 30)
    verdicts = {row["group"]: row["verdict"] for row in found}
    assert verdicts == {"hard": "better", "easy": "better", "new": None, "slack": "worse"}
    assert found[0]["group"] == "slack"  # and not the one who had twelve contacts
    assert sum(row["expected"] for row in found) == pytest.approx(2107)
    ratios = {row["group"]: row["ratio"] for row in found}
    assert ratios["hard"] == pytest.approx(500 / (480 * 2107 / 2179.5))


def test_a_bad_week_of_all_is_nobodys_own_doing():
    """Half as many as usual everywhere: all are as expected."""
    sums = {name: [400, 400] for name in COUNTS} | {"fcr": [150, 152]}
    found = adjusted(rates_of(["a", "b"], sums), [300.0, 302.0], 30)
    assert [row["verdict"] for row in found] == ["as expected"] * 2


def test_the_newest_contacts_of_groups_add_up(simulated, learnt):
    """By team, and all teams together as without groups, to the last digit."""
    bundle = learnt.bundles["repeated"]
    labels = label(simulated, Policy.from_text(bundle.policy))
    there = canonical(simulated)
    found = fcr_today_by(simulated, labels, bundle, groups(there, "team"))
    together, whole = found.today(slice(None)), fcr_today(simulated, labels, bundle)
    assert dataclasses.astuple(together)[1:] == dataclasses.astuple(whole)[1:]
    assert together.rate == pytest.approx(whole.rate, abs=1e-12)
    alone = [found.today([k]) for k in range(len(found.names))]
    assert sum(one.contacts for one in alone) == found.today(slice(None)).contacts
    newest = [one for one in alone if one.contacts]
    assert len(newest) > 1
    assert all(one.low <= one.rate <= one.high for one in newest)

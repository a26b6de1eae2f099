"""The leak firewall: nothing leaks, what is made to leak is caught, and a blind test says so."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from recontact import Policy, label
from recontact.contacts import instants, known_of
from recontact.features.known import known_from
from recontact.features.so_far import so_far
from recontact.features.table import Source, compute
from recontact.labels.table import label as labeled
from recontact.leaks import BlindFirewallError, again, check, found, outcome, then, world
from recontact.leaks.world import World, asked, with_outcomes
from recontact.sources.imports import Imported

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


def source(contacts, policy=None, **known):
    return Source(contacts, Policy.parse(policy or {}), known_from(contacts, known))


def leaks(checks):
    """Give what leaks, by test."""
    return {one.name: {leak.feature for leak in one.leaks} for one in checks if one.leaks}


def draw():
    return np.random.default_rng(5)


@pytest.fixture(scope="module")
def small(simulated):
    """The contacts of some hundred customers."""
    some = pc.unique(simulated["customer_id"]).drop_null()[:250]
    return simulated.filter(pc.is_in(simulated["customer_id"], value_set=some))


@pytest.fixture
def tampered(monkeypatch):
    """Let a function change what is computed: it gets the source, the table and the instants."""

    def tamper(change):
        def changed(source, rows, moment, figures, *, elapsed_s=None):
            table = compute(source, rows, moment, figures, elapsed_s=elapsed_s)
            return change(source, rows, table)

        monkeypatch.setattr(world, "compute", changed)

    return tamper


def replaced(table, name, values):
    return table.set_column(table.column_names.index(name), name, pa.array(values))


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("reason", ["start", "wrapup"])
def test_nothing_leaks_of_the_simulated_centre(simulated, policy, reason):
    """Deleting the future, another order, records twice: no feature moves, and none tells."""
    checks = check(source(simulated, policy, reason=reason), sample=8, seed=3)
    assert leaks(checks) == {}
    assert [one.name for one in checks] == [
        *("columns", "future", "row order", "duplicates", "outcome")
    ]


def test_nothing_leaks_of_the_centre_with_its_events(simulated, centre):
    """Holds and transfers so far come from the events before the instant, in any order."""
    from recontact.leaks.sample import read_events

    events = read_events(centre / "events.parquet", simulated)
    known = known_from(simulated, dict.fromkeys(("hold_count", "hold_s", "transfer_count"), "live"))
    whole = Source(simulated, Policy(), known, events=events)
    checks = check(whole, ("live",), sample=8, seed=3)
    assert leaks(checks) == {}
    table = asked(World.of(whole), "live").table
    assert pc.max(table["hold_count"]).as_py() > 0


def test_nothing_leaks_of_the_real_incidents(incidents):
    """The same holds for the real records; tickets take no time, so they have no live moment."""
    checks = check(source(incidents, REAL), sample=6, seed=3)
    assert leaks(checks) == {}
    assert checks[0].checked["moments"] == ["start", "wrapup"]
    assert "resolved_by" in checks[0].checked["back_filled"]


def test_a_history_that_counts_later_contacts_is_caught(small, tampered):
    """A count over the customer's whole record moves when the future is deleted."""

    def whole_record(source, rows, table):
        ids = source.contacts["customer_id"].dictionary_encode().combine_chunks().indices
        code = np.asarray(ids.fill_null(-1)) + 1
        return replaced(table, "contacts_before", np.bincount(code)[code[rows]] - 1.0)

    tampered(whole_record)
    checks = check(source(small), ("start",), sample=8)
    assert leaks(checks)["future"] == {"contacts_before"}


def test_a_rate_over_labels_not_settled_is_caught(small, tampered):
    """The share of repeats of all contacts, settled or not, moves when the future is deleted."""

    def share(source, rows, table):
        repeated = labeled(source.contacts, source.policy)["repeated"]
        rate = pc.mean(repeated.cast(pa.float64())).as_py()
        return replaced(table, "queue_repeat_rate", pa.array([rate] * len(rows), pa.float64()))

    tampered(share)
    [leak] = check(source(small), ("start",), sample=8)[1].leaks
    assert leak.feature == "queue_repeat_rate"
    assert leak.value != leak.value_then
    assert leak.moved > 8


def test_a_feature_that_follows_the_row_order_is_caught(small, tampered):
    """The number of the row is another one in another order."""
    tampered(lambda _, rows, table: replaced(table, "hour", rows.astype(float)))
    whole = World.of(source(small))
    leaking = again.row_order(whole, [asked(whole, "start")], draw()).leaks
    assert {leak.feature for leak in leaking} == {"hour"}


def test_without_the_imports_versions_duplicates_would_count(small, monkeypatch):
    """Taken as delivered, records that come twice change histories and rates."""
    whole = World.of(source(small))

    monkeypatch.setattr(again, "import_table", lambda rows: Imported(rows, rows[:0], {}))
    names = {leak.feature for leak in again.duplicates(whole, ["start"], draw()).leaks}
    assert {"contacts_before", "queue_judged", "last_escalated"} <= names


def test_a_column_joined_in_from_the_future_is_caught(simulated):
    """Deleting rows can't show it, for its word is taken; that it tells the outcome does."""
    told = pc.fill_null(label(simulated)["repeated"].cast(pa.float64()), 0.0).to_numpy()
    wrong = draw().random(len(told)) < 0.02
    contacts = simulated.append_column("will_call_again", pa.array(np.where(wrong, 1 - told, told)))
    joined = source(contacts, will_call_again="start")
    checks = check(joined, ("start",), sample=2)
    assert leaks(checks) == {"outcome": {"will_call_again"}}
    [leak] = checks[-1].leaks
    assert (leak.moment, leak.target) == ("start", "repeated")
    assert leak.auc > 0.9
    assert leaks(check(joined, ("start",), sample=2, allow=["will_call_again"])) == {}


@pytest.mark.parametrize("kind", ["text", "only where it comes"])
def test_the_future_as_text_is_caught(simulated, kind):
    """A category that tells the outcome is found, also one that is only there, or not."""
    repeated = pc.fill_null(label(simulated)["repeated"], fill_value=False)
    following = label(simulated)["next_contact_id"]
    text = pc.if_else(repeated, "will", "won't") if kind == "text" else following
    contacts = simulated.append_column("seen", text)
    whole = World.of(with_outcomes(source(contacts, seen="start"), label(contacts)))
    told = outcome.outcome(whole, [asked(whole, "start")], (), draw())
    assert {leak.feature for leak in told.leaks} == {"seen"}


def test_a_column_that_names_the_customer_tells_nothing_by_that(small):
    """Customers are kept together, so that one who always calls again is no leak."""
    contacts = small.append_column("account", small["customer_id"])
    whole = World.of(with_outcomes(source(contacts, account="start"), label(contacts)))
    told = outcome._alone(whole, asked(whole, "start"), "repeated", draw())
    assert next(t.auc for t in told if t.feature == "account") < 0.6


def test_honest_features_are_far_from_the_bound(simulated):
    """The best single feature of the simulated centre lies well below what is too good."""
    whole = World.of(with_outcomes(source(simulated), label(simulated)))
    told = [
        t
        for moment in MOMENTS
        for target in ("repeated", "escalation")
        for t in outcome._alone(whole, asked(whole, moment), target, draw())
        if not t.feature.startswith(found.PLANTED)
    ]
    assert 0.6 < max(t.auc for t in told) < 0.85


def test_of_few_outcomes_nothing_is_said(small):
    """With fewer than 30 contacts on either side no feature is called telling."""
    few = small.slice(0, 120)
    assert 5 < pc.sum(label(few)["repeated"]).as_py() < outcome.ENOUGH
    last = check(source(few), ("start",), sample=2)[-1]
    assert (last.leaks, last.planted) == ([], [])
    assert "too little to say" in last.text


def everything(source, row, *_):
    """Delete nothing."""
    rows = np.append(row, np.delete(np.arange(len(source.contacts)), row))
    return then.Known(source.contacts.take(pa.array(rows)), rows)


BLIND = {
    "nothing deleted": (then, "as_known", everything),
    "nothing moved": (again, "replace", lambda source, **_: source),
    "nothing measured": (outcome, "auc_alone", lambda *_: 0.5),
    "nothing compared": (found, "differs", lambda one, _: np.zeros(len(one), dtype=bool)),
}


@pytest.mark.parametrize("broken", BLIND)
def test_a_firewall_that_misses_a_planted_leak_says_so(small, monkeypatch, broken):
    """If what it plants is not found, the check fails instead of passing."""
    monkeypatch.setattr(*BLIND[broken])
    with pytest.raises(BlindFirewallError, match="planted_"):
        check(source(small), ("start",), sample=6)


def test_what_was_not_known_then_is_deleted(simulated):
    """Contacts begun by then are left; their ends and records only where they had come."""
    whole = source(simulated)
    row = len(simulated) // 2
    at = int(whole.at("start")[row])
    known = then.as_known(whole, row, "start", at)
    assert known.rows[0] == row
    assert known.contacts["talk_s"][0].as_py() is None
    then_, now = known.contacts.slice(1), simulated.take(pa.array(known.rows[1:]))
    assert (instants(then_["started_at"]) < at).all()
    assert len(then_) == (instants(simulated["started_at"]) < at).sum()
    over, recorded = instants(now["ended_at"]) < at, known_of(now) < at
    assert 0 < (~over).sum() < (~recorded).sum()
    assert ((instants(then_["ended_at"]) < at) == over).all()
    talked = np.asarray(now["talk_s"].is_valid())
    assert (np.asarray(then_["talk_s"].is_valid()) == (talked & recorded)).all()
    assert then_["queue"].equals(now["queue"])


@pytest.fixture(scope="module")
def eventful(small, centre):
    """The same contacts with their events."""
    from recontact.leaks.sample import read_events

    return Source(
        small, Policy(), known_from(small), events=read_events(centre / "events.parquet", small)
    )


def test_that_something_will_happen_is_not_known(eventful):
    """Holds and transfers are unknown, not 0, until the first event of the contact."""
    contacts, events = eventful.contacts, eventful.events
    first = events.group_by("contact_id").aggregate([("at", "min")])
    at = instants(first["at_min"])
    for later, nulls in ((0, len(first)), (1, 0)):
        found_ = so_far(events, first["contact_id"], at + later)
        assert found_["hold_count"].null_count == nulls
    assert len(first) < len(contacts)


def test_a_count_of_all_events_is_caught(eventful, tampered):
    """Events still to come are deleted too: a final total moves."""

    def total(source, rows, table):
        counts = Counter(source.events["contact_id"].to_pylist())
        ids = source.contacts["contact_id"].take(pa.array(rows)).to_pylist()
        return replaced(table, "hold_count", [float(counts[name]) for name in ids])

    tampered(total)
    assert leaks(check(eventful, ("live",), sample=8))["future"] == {"hold_count"}


def test_a_feature_that_follows_the_order_of_events_is_caught(eventful, tampered):
    """Events come in another order too."""

    def first(source, rows, table):
        places = dict(zip(source.events["contact_id"].to_pylist()[::-1],
                          source.events["event"].to_pylist()[::-1], strict=True))  # fmt: skip
        ids = source.contacts["contact_id"].take(pa.array(rows)).to_pylist()
        return replaced(table, "site", [places.get(name) for name in ids])

    tampered(first)
    whole = World.of(eventful)
    leaking = again.row_order(whole, [asked(whole, "live")], draw()).leaks
    assert {leak.feature for leak in leaking} == {"site"}

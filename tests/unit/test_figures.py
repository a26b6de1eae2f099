"""Figures of entities, by hand: what counts from which midnight and minute, and how they add up."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from tests.property.test_figures import OFS, WHATS, figures_of

from recontact import Policy, label
from recontact.contacts import canonical
from recontact.durations import DAY
from recontact.epoch import micros
from recontact.features.counted import NEVER, Facts, arrivals
from recontact.features.cumulated import SKIP, Cumulated
from recontact.features.daily import Daily, Figure
from recontact.features.entities import Coded, Entities
from recontact.features.figures import Figures
from recontact.features.known import known_from
from recontact.features.loads import Loads
from recontact.history import order

MONDAY = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def contacts(*rows):
    """Calls of billing at acme, one customer each, an hour long unless a row says otherwise."""
    base = {"program": "acme", "queue": "billing", "agent_id": "ann", "reason": "bill"}
    return canonical(
        pa.Table.from_pylist(
            [
                {"contact_id": str(k), "customer_id": f"c{k}", **base}
                | {"ended_at": row["started_at"] + dt.timedelta(hours=1)}
                | row
                for k, row in enumerate(rows)
            ]
        )
    )


def after(**span):
    return MONDAY + dt.timedelta(**span)


def asked(instant):
    return np.array([micros(instant)])


def day(instant):
    return asked(instant) // DAY


ANN = Coded(pa.table({"program": ["acme"], "queue": ["billing"], "agent_id": ["ann"]}))


def test_a_volume_begins_the_day_after_and_ends_after_28_days():
    """A contact is in its queue's volume from the next midnight on, for 28 days."""
    daily = figures_of(contacts({"started_at": MONDAY}), Policy(), known_from(pa.table({}))).daily
    found = [daily.volume("queue", ANN, day(after(days=k)))[0] for k in (0, 1, 28, 29)]
    assert np.isnan(found[0])
    assert found[1:] == [1.0, 1.0, 0.0]


def test_an_agents_volume_waits_for_the_record():
    """Who served a contact is known from its record, so the agent's volume counts it later."""
    late = contacts({"started_at": MONDAY, "known_at": after(days=3)})
    daily = figures_of(late, Policy(), known_from(late)).daily
    found = [daily.volume("agent_id", ANN, day(after(days=k)))[0] for k in (1, 3, 4)]
    assert found == [0.0, 0.0, 1.0]
    assert daily.volume("queue", ANN, day(after(days=1)))[0] == 1.0


def test_a_typical_number_is_drawn_towards_that_of_all():
    """Of two queues with one record each, the typical talk lies near the mean of both."""
    both = contacts(
        {"started_at": MONDAY, "talk_s": 100.0},
        {"started_at": MONDAY, "talk_s": 310.0, "queue": "tech"},
    )
    daily = figures_of(both, Policy(), known_from(both)).daily
    assert daily.typical("talk_s", "queue", ANN, day(after(days=1)))[0] == (100 + 20 * 205) / 21


def test_numbers_that_are_none_or_out_of_bounds():
    """A value that is not a number is left out; one beyond 10^8 counts as 10^8."""
    odd = contacts(*({"started_at": MONDAY, "fee": v} for v in (None, float("inf"), 1e300, -2e9)))
    none = np.array([])
    found = Facts(odd, label(odd), order(odd), none, none).counted("fee")
    assert (found.since == NEVER).tolist() == [True, True, False, False]
    assert found.amount.tolist() == [0, 0, 10**11, -(10**11)]


def test_only_contacts_that_may_be_judged_make_a_typical_number():
    """How long an e-mail took says nothing of calls where calls are judged."""
    rows = [
        {"started_at": MONDAY, "fee": 5.0, "channel": "voice"},
        {"started_at": MONDAY, "fee": 9.0, "channel": "email"},
    ]
    both, none = contacts(*rows), np.array([])
    found = Facts(both, label(both), order(both), none, none).counted("fee")
    assert (found.since == NEVER).tolist() == [False, True]


def test_entities_stand_inside_their_program():
    """Queues of the same name in two programs are two queues."""
    two = contacts({"started_at": MONDAY}, {"started_at": MONDAY, "program": "zeta"})
    daily = figures_of(two, Policy(), known_from(two)).daily
    assert daily.on("queue", "acme", "billing", day(after(days=1))[0])["volume", "began"] == 1.0
    assert daily.on("queue", None, "billing", day(after(days=1))[0])["volume", "began"] == 0.0


def test_a_load_is_of_whole_minutes_and_without_oneself():
    """A contact counts from the next minute on, for the stretch, and never sees itself."""
    two = contacts(
        {"started_at": after(seconds=30)}, {"started_at": after(minutes=10), "queue": "tech"}
    )
    loads = figures_of(two, Policy(), known_from(two)).loads
    far = np.array([np.iinfo(np.int64).max])
    at = [after(seconds=59), after(minutes=1), after(minutes=15, seconds=59), after(minutes=16)]
    assert [loads.load("queue", 15, ANN, asked(t), far)[0] for t in at] == [0.0, 1.0, 1.0, 0.0]
    own = arrivals(two)[:1]
    assert loads.load("queue", 15, ANN, asked(at[1]), own)[0] == 0.0


def test_what_is_usual_is_the_mean_of_the_weeks_recorded():
    """Of three calls within two recorded weeks, half of three are usual in that hour."""
    calls = contacts(
        {"started_at": after(hours=-1)},
        {"started_at": MONDAY},
        {"started_at": after(minutes=59)},
        {"started_at": after(weeks=1)},
    )
    loads = figures_of(calls, Policy(), known_from(calls)).loads
    at = asked(after(weeks=2, minutes=30))
    assert loads.usual("queue", 60, ANN, at)[0] == 1.5
    assert loads.usual("queue", 15, ANN, at)[0] == 1.5 / 4
    assert loads.usual("queue", 60, ANN, asked(after(weeks=1)))[0] == 2.0
    assert np.isnan(loads.usual("queue", 60, ANN, asked(after(days=6)))[0])
    assert np.isnan(loads.usual("queue", 1440, ANN, asked(after(weeks=1)))[0])  # a day before: none


@pytest.fixture(scope="module")
def of_simulated(simulated):
    return figures_of(canonical(simulated), Policy(), known_from(simulated))


def test_rows_are_read_back(of_simulated):
    """What is kept in a database gives the same figures again, in whatever order it is read."""
    rows = of_simulated.daily.rows()
    assert sorted(Daily.from_rows(rows[::-1]).rows()) == sorted(rows)
    found = Loads.from_rows(of_simulated.loads.rows()[::-1], of_simulated.loads.since)
    assert sorted(found.rows()) == sorted(of_simulated.loads.rows())


def test_parts_of_customers_add_up(simulated, of_simulated):
    """Figures of many parts, each over its own customers, are those of all contacts."""
    source = canonical(simulated)
    whole = Policy.parse({"as_of": max(source["ended_at"].to_pylist())})
    part = np.array([hash(c or k) % 7 for k, c in enumerate(source["customer_id"].to_pylist())])
    known = known_from(source)
    parts = (figures_of(source.take(np.flatnonzero(part == k)), whole, known) for k in range(7))
    ours = Figures.together(parts)
    assert sorted(ours.daily.rows()) == sorted(of_simulated.daily.rows())
    assert sorted(ours.loads.rows()) == sorted(of_simulated.loads.rows())
    assert ours.loads.since == of_simulated.loads.since


@pytest.mark.parametrize("width", [1, 40, 1_000_000])
def test_look_ups_find_the_last_tick_up_to_the_one_asked(width):
    """Dense or sparse, a look-up reads the last tick that is not after the one asked."""
    chance = np.random.default_rng(width)
    codes = chance.integers(-1, 6, 400).astype(np.int32)
    ticks = chance.integers(0, 30 * width, 400).astype(np.int32)
    ticks[::9] = SKIP
    names = Entities(pa.array(list("abcdef")))
    found = Cumulated.add_up(names, codes, ticks, totals=np.arange(400))
    ask, at = chance.integers(-2, 6, 500).astype(np.int32), chance.integers(-5, 31 * width, 500)
    count, total = found.look_up(ask, at)
    for k in range(500):
        own = (codes == ask[k]) & (codes >= 0) & (ticks <= at[k]) & (ticks != SKIP)
        assert (count[k], total[k]) == (own.sum(), np.arange(400)[own].sum())
        if ask[k] >= 0:
            assert found.at("abcdef"[ask[k]], int(at[k])) == (count[k], total[k])


@pytest.mark.parametrize("of", OFS)
def test_nothing_known_says_nothing(of):
    """Without any contact, figures are unknown, and the number of judged contacts is 0."""
    figures, own = Figures.none(), Coded(contacts({"started_at": MONDAY}))
    day, at = np.array([20_000]), np.array([20_000 * DAY])
    unknown = (
        figures.daily.rate(of, "repeated", own, day),
        figures.daily.volume(of, own, day),
        figures.daily.typical("talk_s", of, own, day),
        figures.loads.load(of, 15, own, at, at),
        figures.loads.usual(of, 15, own, at),
    )
    assert np.isnan(unknown).all()
    assert figures.daily.judged(of, own, day)[0] == 0.0
    one = figures.daily.on(of, "acme", "x", 20_000)
    assert (one["rate", "repeated"], one["judged", "repeated"]) == (None, 0.0)
    assert figures.loads.load_at(of, 15, "acme", "x", DAY) is None


def test_every_figure_is_there(of_simulated):
    """What was asked for is counted, of its entities and of everything."""
    assert set(of_simulated.daily.counts) == {Figure(of, what) for of in OFS for what in WHATS}
    assert set(of_simulated.loads.arrived) == set(OFS)

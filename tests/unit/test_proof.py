"""The proof: known effects are found, nothing is claimed where there is none, a bad lot is told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reference.trials import WINDOW, trial, truth

from recontact.clusters import means_apart, share, variance
from recontact.evaluation.bootstrap import Draws, interval
from recontact.evaluation.costs import Costs
from recontact.intervals import wilson
from recontact.lots import lot
from recontact.proof import Cases, effect, missing, saved, stories, within

REPEATED, CUSTOMERS = 40, 700  # trials, and how many come in each


def cases(seed, whole=False, **how):
    """The contacts of a made-up trial, each story once or all of them."""
    who, at, until, held, treated, back, risk, _ = trial(seed, **{"customers": CUSTOMERS} | how)
    rows = stories(who.astype(int), at.astype(np.int64), until.astype(np.int64))
    every = Cases(who.astype(int), held, treated, back, back & (risk > 0.5), risk)
    return every if whole else every.only(rows)


@pytest.fixture(scope="module")
def planted():
    """Trials in which a follow-up takes three tenths of the chance to come back away."""
    return [cases(seed) for seed in range(REPEATED)]


def covered(found, true):
    return found.low <= true <= found.high


def test_intervals_hold_a_planted_effect(planted):
    """Of the lot, on those followed up and in money, about 95 of 100 intervals hold the truth."""
    lots, treated = truth()
    effects = [effect(one, "repeated") for one in planted]
    costs = Costs(repeat=8, escalation=0)
    worth = [(saved(one, costs).gross, -8 * lots * (~one.held).sum()) for one in planted]
    for held in (
        [covered(one.difference, lots) for one in effects],
        [covered(one.on_treated, treated) for one in effects],
        [covered(gross, true) for gross, true in worth],
    ):
        assert sum(held) >= 0.88 * REPEATED
    assert np.mean([one.difference.value for one in effects]) == pytest.approx(lots, abs=0.02)
    assert sum(one.difference.high < 0 for one in effects) > 0.15 * REPEATED


def test_nothing_is_claimed_where_there_is_no_effect():
    """Follow-ups that do nothing: an interval leaves 0 out about 5 times in 100."""
    effects = [effect(cases(seed, effect=0.0), "repeated") for seed in range(REPEATED)]
    wrong = sum(not covered(one.difference, 0.0) for one in effects)
    assert wrong <= 0.12 * REPEATED


def test_repeats_counted_as_contacts_of_their_own_would_mislead(planted):
    """Who comes back is at risk again, where nobody followed up more often: the arms differ."""
    lots, _ = truth()
    naive = [effect(cases(seed, whole=True), "repeated") for seed in range(REPEATED // 2)]
    bias = np.mean([one.difference.value for one in naive]) - lots
    ours = np.mean([effect(one, "repeated").difference.value for one in planted]) - lots
    assert bias < -0.02
    assert abs(ours) < 0.5 * abs(bias)


def test_an_interval_of_contacts_taken_one_by_one_would_promise_too_much():
    """Customers who come often and alike widen it; each alone gives Wilson's own."""
    hits = np.repeat(np.arange(30) % 3 == 0, 20)
    alone, often = share(hits, np.arange(600)), share(hits, np.repeat(np.arange(30), 20))
    assert (alone.low, alone.high) == tuple(float(b[0]) for b in wilson([200], [600]))
    assert often.high - often.low > 3 * (alone.high - alone.low)
    assert (often.hits, often.of, often.customers) == (200, 600, 30)


def test_the_variance_is_that_of_customers_drawn_again():
    """Linearisation agrees with the bootstrap by customer."""
    chance = np.random.default_rng(2)
    customer = np.sort(chance.integers(0, 300, 1_000))
    values = chance.random(1_000) + (customer % 7) / 3
    draws = Draws.of(customer, replicates=800)
    sums, there = draws.sums([values, np.ones(1_000)], draws.places(customer))
    assert variance(values, customer) == pytest.approx((sums / there).var(), rel=0.15)
    low, high = interval(sums / there)
    none = means_apart(values, customer, np.zeros(400), np.arange(400))
    assert (none.low, none.high) == pytest.approx((low, high), abs=0.02)


STORIES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 30), st.integers(0, 12)), max_size=25
)


@given(STORIES)
def test_a_story_begins_outside_the_windows_of_those_before(rows):
    """Each contact against all earlier ones of its customer, one by one."""
    customer, started, length = (
        np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)
    ) if rows else (np.zeros(0, np.int64),) * 3  # fmt: skip
    closes = started + length
    found = stories(customer, started, closes)
    order = sorted(
        range(len(rows)), key=lambda k: (rows[k][0], rows[k][1], rows[k][1] + rows[k][2])
    )
    for place, k in enumerate(order):
        before = [j for j in order[:place] if customer[j] == customer[k]]
        assert found[k] == all(started[k] > closes[j] for j in before)


LISTS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2), st.booleans()), max_size=20)


@given(LISTS, st.lists(st.integers(0, 4), min_size=3, max_size=3))
def test_the_capacity_takes_the_worst_of_each_day(rows, capacity):
    """The listed with the greatest cost, and whoever of the held out would have been above them."""
    cost = np.array([row[0] + k / 100 for k, row in enumerate(rows)], dtype=float)
    group = np.array([row[1] for row in rows], dtype=np.int64)
    listed = np.array([row[2] for row in rows], dtype=bool)
    found = within(cost, group, np.array(capacity), listed)
    for g, most in enumerate(capacity):
        on = sorted((c for c, k, yes in zip(cost, group, listed, strict=True) if k == g and yes))[
            ::-1
        ]
        cut = on[:most]
        least = -np.inf if len(on) < most else cut[-1] if cut else np.inf
        for k in np.flatnonzero(group == g):
            assert found[k] == (cost[k] in cut if listed[k] else cost[k] >= least)


def test_a_lot_that_falls_wrong_is_told(planted):
    """Too many held out, or the wrong ones: not sound. A fair one is."""
    assert sum(lot(one, 0.2).sound for one in planted) >= REPEATED - 1
    one = planted[0]
    assert not lot(one, 0.3).sound
    worse = Cases(one.customer, one.risk > 0.5, *(getattr(one, n) for n in list_of_rest()))
    found = lot(worse, float(worse.held[np.unique(one.customer, return_index=True)[1]].mean()))
    assert found.chance > 0.5
    assert found.risk_chance < 0.001
    assert not found.sound


def list_of_rest():
    return [name for name in Cases.__dataclass_fields__ if name not in {"customer", "held"}]


def test_who_was_followed_up_all_the_same_is_allowed_for():
    """A held-out contact that somebody followed up makes the effect on the treated greater."""
    one = cases(3)
    some = np.arange(len(one.held)) % 4 == 0
    leaky = Cases(
        one.customer,
        one.held,
        one.treated | (one.held & some),
        one.repeated,
        one.escalated,
        one.risk,
    )
    pure, mixed = effect(one, "repeated"), effect(leaky, "repeated")
    assert mixed.difference == pure.difference
    taken = leaky.treated[~one.held].mean() - leaky.treated[one.held].mean()
    assert mixed.on_treated.value == pytest.approx(pure.difference.value / taken)
    assert abs(mixed.on_treated.value) > abs(pure.on_treated.value)


def test_money_is_what_was_prevented_less_what_was_spent():
    """By hand: two in ten fewer come back of 200, at 5 each; 100 follow-ups at 2."""
    held = np.repeat([True, False], [100, 200])
    back = np.concatenate([np.arange(100) < 50, np.arange(200) < 60])
    treated = ~held & (np.arange(300) % 2 == 0)
    one = Cases(np.arange(300), held, treated, back, np.zeros(300, bool), np.zeros(300))
    found = saved(one, Costs(repeat=5, escalation=9, follow_up=2))
    assert found.gross.value == pytest.approx(0.2 * 200 * 5)
    assert found.spent == 200
    assert found.net.value == pytest.approx(0)
    assert found.net.low == pytest.approx(found.gross.low - 200)
    assert effect(one, "repeated").prevented.value == pytest.approx(40)


def test_what_is_missing_is_said():
    """Held out, others and followed up: each until there is enough."""
    one = cases(0, customers=60)
    lacking = missing(one)
    assert any("held-out" in line for line in lacking)
    assert missing(cases(0)) == []
    nobody = Cases(*(np.zeros(0, dtype=t) for t in (int, bool, bool, bool, bool, float)))
    assert len(missing(nobody)) == 3
    assert effect(nobody, "repeated").difference is None
    assert saved(nobody, Costs()).net is None
    assert WINDOW > 0

"""Intervals by customer: the fast walk against a plain loop, and what drawing customers means."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from recontact.evaluation.bootstrap import Draws, Part, interval, paired, paired_mean

ROWS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 6)), min_size=1, max_size=40
)


def columns(rows):
    """Outcome, score and customer as arrays."""
    outcome, score, customer = (np.array(column) for column in zip(*rows, strict=True))
    return outcome.astype(float), score.astype(float), customer.astype(np.int64)


@settings(max_examples=60)
@given(ROWS, st.integers(0, 3))
def test_each_replicate_is_that_of_a_plain_loop(rows, seed):
    """ROC AUC and average precision of the rows of the drawn customers, repeated as drawn."""
    outcome, score, customer = columns(rows)
    draws = Draws.of(customer, seed, replicates=5)
    areas = draws.areas(outcome, score, customer)
    sums = draws.sums([outcome, score], draws.places(customer))
    for k in range(5):
        times = dict(zip(draws.customers.tolist(), draws.counts[:, k].tolist(), strict=True))
        again = [i for i, c in enumerate(customer.tolist()) for _ in range(times[c])]
        assert sums[:, k] == pytest.approx([outcome[again].sum(), score[again].sum()])
        if len(set(outcome[again])) < 2:
            assert np.isnan(areas.roc_auc[k])
            assert np.isnan(areas.average_precision[k]) == (not outcome[again].any())
            continue
        assert areas.roc_auc[k] == pytest.approx(roc_auc_score(outcome[again], score[again]))
        wanted = average_precision_score(outcome[again], score[again])
        assert areas.average_precision[k] == pytest.approx(wanted)


def test_customers_are_drawn_whole():
    """With all rows doubled within their customers, nothing becomes more certain."""
    random = np.random.default_rng(1)
    customer = np.arange(300)
    score = random.random(300)
    outcome = (random.random(300) < score).astype(float)
    once = Draws.of(customer).areas(outcome, score, customer).roc_auc
    doubled = [np.tile(column, 2) for column in (outcome, score, customer)]
    twice = Draws.of(customer).areas(*doubled).roc_auc
    alone = Draws.of(np.arange(600)).areas(*doubled[:2], np.arange(600)).roc_auc
    assert interval(twice) == pytest.approx(interval(once))
    assert np.std(alone) < 0.85 * np.std(once)


def test_intervals_hold_what_they_promise():
    """Of many samples, about 95 % of the intervals hold the area of the world they come from."""
    random = np.random.default_rng(2)
    held = []
    for seed in range(150):
        chance = random.random(400)
        outcome = (random.random(400) < chance).astype(float)
        low, high = interval(
            Draws.of(np.arange(400), seed).areas(outcome, chance, np.arange(400)).roc_auc
        )
        held.append(low <= 5 / 6 <= high)  # the area of uniform chances
    assert 0.88 <= np.mean(held) <= 0.99


def test_a_difference_is_paired():
    """Two scores that move together differ by less chance than each has alone."""
    random = np.random.default_rng(3)
    customer = np.arange(500)
    score = random.random(500)
    outcome = (random.random(500) < score).astype(float)
    worse = score + random.normal(0, 0.15, 500)
    found = paired(outcome, score, worse, customer, seed=5)
    alone = interval(Draws.of(customer, 5).areas(outcome, score, customer).roc_auc)
    assert 0 < found.low < found.difference < found.high
    assert found.high - found.low < 0.6 * (alone[1] - alone[0])
    assert found.chance < 0.05
    back = paired(outcome, worse, score, customer, seed=5)
    assert (back.difference, back.chance) == pytest.approx((-found.difference, 1 - found.chance))
    same = paired(outcome, score, score, customer)
    assert same == (0.0, 0.0, 0.0, 0.5)


def test_a_difference_over_moments_is_the_mean():
    """The mean of the moments' differences, a customer drawn being drawn in all of them."""
    random = np.random.default_rng(4)
    customer = np.arange(200)
    outcome = (random.random(200) < 0.3).astype(float)
    ours, theirs = random.random((2, 200))
    part = Part(outcome, ours, theirs, customer)
    back = Part(outcome, theirs, ours, customer)
    assert paired_mean([part, part], seed=1) == paired(*part, seed=1)
    assert paired_mean([part, back]) == (0.0, 0.0, 0.0, 0.5)


def test_what_is_not_defined_is_none():
    """One outcome only, or no contact at all, gives None and no warning."""
    ones = np.ones(4)
    assert paired(ones, ones, ones, np.arange(4)) == (None,) * 4
    empty = np.zeros(0)
    assert paired(empty, empty, empty, np.zeros(0, np.int64)) == (None,) * 4
    assert interval(np.full(9, np.nan)) is None

"""Chance: exact tests held to full enumeration, and who is named among many."""

from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recontact.intervals import wilson
from recontact.report.chance import against_expected, against_the_rest, stand_out
from recontact.report.shrinkage import likeness, shrunk


def two_sided(chances, k):
    """Double the smaller mid tail of a distribution given as chances of 0, 1, ..."""
    below, above = sum(chances[:k]), sum(chances[k + 1 :])
    return min(1.0, 2 * (min(below, above) + chances[k] / 2))


def fisher(k, n, hits, total):
    """Enumerate how many of the hits fall into the group."""
    ways = [comb(n, j) * comb(total - n, hits - j) if j <= hits else 0 for j in range(n + 1)]
    return two_sided([way / comb(total, hits) for way in ways], k)


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=2, max_size=4))
def test_against_the_rest_is_fishers_test_by_enumeration(pairs):
    """Every p-value is the enumerated one; a group of none or of all is never told apart."""
    of = [max(pair) for pair in pairs]
    hits = [min(pair) for pair in pairs]
    found = against_the_rest(hits, of)
    for k, n, chance in zip(hits, of, found, strict=True):
        trivial = n in {0, sum(of)} or sum(hits) in {0, sum(of)}
        assert chance == pytest.approx(1.0 if trivial else fisher(k, n, sum(hits), sum(of)))


@given(st.integers(1, 25), st.data(), st.floats(0.01, 0.99))
def test_against_expected_is_the_binomial_test_by_enumeration(n, data, share):
    """The chance of a count as far from the expected one, over all possible counts."""
    k = data.draw(st.integers(0, n))
    chances = [comb(n, j) * share**j * (1 - share) ** (n - j) for j in range(n + 1)]
    found = against_expected([k], [n], [share * n])[0]
    assert found == pytest.approx(two_sided(chances, k), rel=1e-9)


def test_chances_hold_at_the_size_of_a_year():
    """Millions of contacts give a finite chance, and a far one gives nearly none."""
    found = against_the_rest([300_000, 700_600, 3], [1_000_000, 2_000_000, 4])
    assert found[0] < 1e-100
    assert 0.1 < found[2] < 1
    assert against_expected([0], [50], [0.0]).tolist() == [1.0]


def test_stand_out_on_the_published_example():
    """Of the 15 p-values of Benjamini and Hochberg (1995) the first four are named at 5 %."""
    published = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    published += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000]
    turned = np.array(published[::-1])
    assert stand_out(turned).tolist() == [False] * 11 + [True] * 4
    assert stand_out(np.array([])).tolist() == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_stand_out_takes_the_largest_rank_that_passes(chances):
    """A slow twin: the k smallest for the largest k whose value is at most 0.05 k / n."""
    ordered = sorted(chances)
    passing = [k for k, p in enumerate(ordered, 1) if p <= 0.05 * k / len(chances)]
    assert stand_out(np.array(chances)).sum() == (passing[-1] if passing else 0)


def test_by_chance_alone_hardly_anybody_is_named():
    """Of 300 alike groups about one in twenty has p below 5 %, and nobody is named."""
    draw = np.random.default_rng(4)
    of = draw.integers(30, 400, 300)
    chances = against_the_rest(draw.binomial(of, 0.3), of)
    assert 5 <= (chances < 0.05).sum() <= 25
    assert stand_out(chances).sum() == 0


def slow_likeness(hits, of):
    """Kleinman's estimate in plain loops."""
    groups = [(x, n) for x, n in zip(hits, of, strict=True) if n]
    total = sum(n for _, n in groups)
    overall = sum(x for x, _ in groups) / total
    spread = sum(n * (x / n - overall) ** 2 for x, n in groups) / (overall * (1 - overall))
    room = sum((1 - n / total) * (n - 1) for _, n in groups)
    return min(1.0, max(0.0, (spread - len(groups) + 1) / room))


GROUPS = st.lists(
    st.integers(0, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=1,
    max_size=6,
)


@given(GROUPS)
def test_shrunk_rates_lie_between_their_own_and_that_of_all(pairs):
    """The best guess never overshoots, equals the slow twin's, and of none is the rate of all."""
    hits, of = zip(*pairs, strict=True)
    guesses = shrunk(hits, of)
    if not sum(of):
        assert np.isnan(guesses).all()
        return
    overall = sum(hits) / sum(of)
    for x, n, guess in zip(hits, of, guesses, strict=True):
        own = x / n if n else overall
        assert min(own, overall) - 1e-9 <= guess <= max(own, overall) + 1e-9
    if 0 < overall < 1 and sum(n > 1 for n in of) > 1:
        assert likeness(hits, of) == pytest.approx(slow_likeness(hits, of))


def test_shrinkage_on_the_published_batting_averages():
    """Efron and Morris (1975): 18 players after 45 at bats; all are drawn close to the mean.

    Their James-Stein estimates lie between 0.200 and 0.290 where the averages lie between 0.156
    and 0.400, and have less than a third of the squared error against the rest of the season.
    """
    hits = np.array([18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7])
    season = [346, 298, 276, 222, 273, 270, 263, 210, 269, 230, 264, 256, 303, 264, 226, 285]
    later = np.array([*season, 316, 200]) / 1_000
    guesses = shrunk(hits, np.full(18, 45))
    assert guesses.min() > 0.2
    assert guesses.max() < 0.3
    assert ((guesses - later) ** 2).sum() < ((hits / 45 - later) ** 2).sum() / 3


def test_groups_that_differ_keep_their_rates_when_large():
    """Known spread is found again: beta(8, 2) has a likeness of 1 / 11."""
    draw = np.random.default_rng(1)
    of = draw.integers(20, 200, 3_000)
    hits = draw.binomial(of, draw.beta(8, 2, 3_000))
    assert likeness(hits, of) == pytest.approx(1 / 11, abs=0.01)


def test_wilson_agrees_with_its_equation_on_a_grid():
    """Both bounds are as far from the share as their own standard error times z."""
    for of, hits in product((1, 7, 200), (0, 1)):
        low, high = (float(bound) for bound in wilson(hits, of, z=1.5))
        for bound in (low, high):
            if 0 < bound < 1:
                reach = 1.5 * np.sqrt(bound * (1 - bound) / of)
                assert abs(bound - hits / of) == pytest.approx(reach)

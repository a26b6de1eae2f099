"""How far a column has moved: numbers by quantiles, texts by value, unknown values too."""

import numpy as np
import pandas as pd
import pytest

from recontact.evaluation.stability import stability


def test_it_is_the_sum_over_the_bins():
    """Two values, 3 of 4 to 1 of 4: (1/2) log 3 twice, with half a row more in each."""
    then, now = ["a"] * 300 + ["b"] * 100, ["a"] * 100 + ["b"] * 300
    p, q = np.array([300.5, 100.5]) / 401, np.array([100.5, 300.5]) / 401
    assert stability(then, now) == pytest.approx(float(((q - p) * np.log(q / p)).sum()))


def test_the_same_values_in_another_order_have_not_moved():
    values = np.random.default_rng(0).normal(size=500)
    assert stability(values, values[::-1]) == 0.0


def test_numbers_are_cut_at_the_quantiles_of_the_first_stretch():
    """A shift by a standard deviation is about 1; a draw of the same is about nothing."""
    random = np.random.default_rng(1)
    then = random.normal(size=20_000)
    assert stability(then, random.normal(size=20_000)) < 0.01
    assert stability(then, random.normal(1.0, size=20_000)) == pytest.approx(1.0, abs=0.15)


def test_the_scale_of_numbers_does_not_matter():
    random = np.random.default_rng(2)
    then, now = random.exponential(size=2_000), random.exponential(2.0, size=2_000)
    assert stability(then, now) == pytest.approx(stability(np.log(then), np.log(now)))


def test_a_value_that_nearly_all_have_is_seen_to_leave():
    """Of counts most are 0, so that all quantiles are the same."""
    assert stability([0] * 95 + [1] * 5, [0] * 60 + [1] * 40) > 0.5


def test_values_that_become_unknown_have_moved():
    then = pd.Series(np.arange(400.0))
    now = then.where(then % 2 == 0)
    assert stability(then, now) > 0.25
    assert stability(then, then.where(then < 360)) > 0.25  # the greatest are not the unknown
    texts = pd.Series(["a", "b"] * 200)
    assert stability(texts, texts.where(texts == "a")) > 0.25


@pytest.mark.parametrize("kind", ["boolean", "Int64", "float64", "category"])
def test_columns_of_any_type_of_pandas_do(kind):
    then, now = pd.Series([0, 1] * 100).astype(kind), pd.Series([1, 1, 1, 0] * 50).astype(kind)
    assert stability(then, now) == pytest.approx(0.27, abs=0.02)


def test_unknown_throughout_is_no_movement():
    assert stability([None] * 30, [None] * 20) == pytest.approx(0.0, abs=1e-3)


def test_an_empty_stretch_is_refused():
    with pytest.raises(ValueError, match="nothing in one of the stretches"):
        stability([], [1.0])

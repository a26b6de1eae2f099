"""Scores and explanations are LightGBM's, and texts that can't be right are refused."""

import functools
import re

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recontact.model.explaining import Explainer
from recontact.model.trees import read_trees

COLUMNS, CATEGORY, ROUND = 7, 3, 4
ODD = (np.nan, 0.0, -0.0, 1e-36, -1.0, 31.0, 32.0, 63.9, 1e6, -np.inf, np.inf)


@functools.cache
def grown(seed, leaves, trees=12, **more):
    """Trees on numbers, a category of many values and one column of round numbers."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(800, COLUMNS))
    x[:, CATEGORY] = random.integers(0, 70, 800)
    x[:, ROUND] = random.integers(-2, 3, 800)
    x[random.random(x.shape) < 0.15] = np.nan
    known = np.nan_to_num(x)
    odds = known[:, 0] * known[:, 1] + np.isin(x[:, CATEGORY], range(0, 70, 5)) + known[:, ROUND]
    y = (random.random(800) < 1 / (1 + np.exp(-odds))).astype(float)
    own = {"objective": "binary", "verbose": -1, "num_leaves": leaves, "min_data_in_leaf": 5}
    data = lightgbm.Dataset(x, y, categorical_feature=[CATEGORY])
    return lightgbm.train({**own, "seed": seed, "learning_rate": 0.3, **more}, data, trees), x


def same(model, rows):
    ours = Explainer(model.model_to_string())
    assert np.array_equal(ours.raw(rows), model.predict(rows, raw_score=True))
    theirs = model.predict(rows, pred_contrib=True)
    np.testing.assert_allclose(ours.contributions(rows), theirs, rtol=0, atol=1e-10)


@pytest.mark.parametrize("leaves", [2, 3, 8, 31, 100])
def test_contributions_are_lightgbms_own(leaves):
    """Of shallow and deep trees, with unknown numbers, categories and features asked again."""
    model, rows = grown(1, leaves)
    same(model, rows[:100])


@pytest.mark.parametrize(
    "more",
    [
        {"use_missing": False},
        {"zero_as_missing": True},
        {"feature_fraction": 0.3, "bagging_fraction": 0.5, "bagging_freq": 1},
        {"max_cat_to_onehot": 100},
        {"min_data_in_leaf": 500},
    ],
    ids=["no missing", "zero is missing", "bagged", "one value a split", "no split"],
)
def test_all_kinds_of_decisions_are_taken_alike(more):
    """However missing values, zeros and categories are treated, and where nothing is asked."""
    model, rows = grown(2, 8, **more)
    same(model, rows[:60])


numbers = st.one_of(st.sampled_from(ODD), st.floats(-3, 3), st.integers(0, 80).map(float))


@settings(max_examples=60)
@given(st.integers(0, 3), st.sampled_from([3, 15]), st.lists(numbers, min_size=7, max_size=7))
def test_no_row_is_scored_otherwise(seed, leaves, row):
    """Odd numbers too: infinite, fractions for a category, categories never seen."""
    model, _ = grown(seed, leaves)
    same(model, np.array([row]))


def test_rows_of_another_width_are_refused():
    """A row without a column that the trees ask about is never looked at."""
    model, rows = grown(1, 5)
    ours = Explainer(model.model_to_string())
    for method in (ours.raw, ours.contributions):
        with pytest.raises(ValueError, match="7 columns"):
            method(rows[:2, :6])


def broken(text, name, numbers):
    return re.sub(rf"\n{name}=[^\n]*", f"\n{name}={numbers}", text)


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("left_child", "1 -1"),
        ("left_child", "0 -1 -2 -3"),
        ("right_child", "9 9 9 9"),
        ("split_feature", "0 1 99 2"),
        ("leaf_value", "1 2 x 4 5"),
        ("leaf_value", "1 nan 3 4 5"),
        ("num_leaves", "7"),
        ("num_leaves", "0"),
        ("num_cat", "0"),
        ("cat_boundaries", "0 -3"),
        ("cat_threshold", "1 2 3 4 5 6 7 8"),
        ("objective", "regression"),
        ("max_feature_idx", "2"),
    ],
)
def test_a_text_that_cant_be_right_is_refused(name, numbers):
    """Loops, missing nodes, columns and numbers: nothing is scored with them."""
    text = grown(1, 5)[0].model_to_string()
    assert broken(text, name, numbers) != text
    with pytest.raises(ValueError, match=r"\w"):
        read_trees(broken(text, name, numbers))


def test_a_text_cut_off_anywhere_is_refused():
    """Half a model is no model."""
    text = grown(1, 5)[0].model_to_string()
    whole = text.index("end of trees")
    for end in range(0, whole, 97):
        with pytest.raises(ValueError, match=r"\w"):
            read_trees(text[:end])

"""Figures agree with scikit-learn's where it has them, and never crash where they are undefined."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from recontact.evaluation.figures import Trial, figures, find
from recontact.evaluation.metrics import (
    at_capacity,
    average_precision,
    brier,
    calibration_error,
    reliability,
    roc_auc,
)

PAIRS = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=60)


@given(PAIRS)
def test_areas_agree_with_scikit_learn(pairs):
    """ROC AUC and average precision are scikit-learn's, ties included; None where undefined."""
    outcome, score = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    if len(set(outcome)) == 2:
        assert roc_auc(outcome, score) == pytest.approx(roc_auc_score(outcome, score))
        wanted = average_precision_score(outcome, score)
        assert average_precision(outcome, score) == pytest.approx(wanted)
    else:
        assert roc_auc(outcome, score) is None


@given(PAIRS, st.sampled_from([0.01, 0.1, 0.5, 1.0]))
def test_capacity_is_the_mean_over_orders_of_ties(pairs, share):
    """Precision at capacity is what shuffling equal scores gives on average."""
    outcome, score = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    k = max(1, round(share * len(outcome)))
    cut = np.sort(score)[::-1][k - 1]
    above, tied = score > cut, score == cut
    wanted = outcome[above].sum() + (k - above.sum()) * outcome[tied].mean()
    assert at_capacity(outcome, score, share).precision == pytest.approx(wanted / k)


def test_honest_probabilities_have_a_small_calibration_error():
    """Outcomes drawn at their stated chance give nearly 0; chances off by 0.1 give 0.1."""
    random = np.random.default_rng(3)
    chance = random.uniform(0.2, 0.8, 40_000)
    outcome = (random.random(40_000) < chance).astype(float)
    assert calibration_error(outcome, chance) < 0.01
    assert calibration_error(outcome, chance - 0.1) == pytest.approx(0.1, abs=0.01)


def test_reliability_keeps_equal_probabilities_together():
    """A constant score is one group, however many contacts it has."""
    (group,) = reliability(np.array([0.0, 1.0, 1.0, 1.0]), np.full(4, 0.5))
    assert group == (0.5, 0.75, 4)


def test_nothing_to_measure_is_said():
    """An empty stratum and one with a single outcome give None and the reason, not a warning."""
    outcome = np.array([0.0, 0.0, 1.0])
    trial = Trial("repeated", "start", outcome, np.array([0.0, 0.0, 2.0]), {"recontact": outcome})
    table = figures([trial])
    assert find(table, history="4+")["undefined"] == "no contact of this kind"
    assert find(table, history="4+")["roc_auc"] is None
    assert find(table, history="first-seen")["undefined"] == "no contact of this kind repeated"
    assert find(table, history="1-3")["undefined"] == "every contact of this kind repeated"
    assert find(table, history="all")["roc_auc"] == 1.0
    assert brier(np.array([]), np.array([])) is None


def test_the_rule_has_no_probability():
    """Brier and calibration error are left out for a score that is a count."""
    outcome = np.array([0.0, 1.0])
    scores = {"contacts_7d": np.array([0.0, 3.0]), "recontact": np.array([0.1, 0.9])}
    table = figures([Trial("repeated", "start", outcome, outcome, scores)])
    assert find(table, history="all", model="contacts_7d")["brier"] is None
    assert find(table, history="all", model="recontact")["brier"] == pytest.approx(0.01)

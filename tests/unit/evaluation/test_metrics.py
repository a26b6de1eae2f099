"""Figures agree with scikit-learn's where it has them, and never crash where they are undefined."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from recontact.evaluation.figures import Trial, figures, find
from recontact.evaluation.metrics import (
    at_capacity,
    average_precision,
    brier,
    calibration_error,
    each_customer_once,
    for_recall,
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


WEIGHTED = st.lists(
    st.tuples(st.booleans(), st.integers(0, 5), st.integers(1, 4)), min_size=2, max_size=60
)


@given(WEIGHTED)
def test_weighted_figures_agree_with_scikit_learn(rows):
    """With weights too, areas and Brier are scikit-learn's."""
    outcome, score, weight = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    if len(set(outcome)) == 2:
        wanted = roc_auc_score(outcome, score, sample_weight=weight)
        assert roc_auc(outcome, score, weight) == pytest.approx(wanted)
        wanted = average_precision_score(outcome, score, sample_weight=weight)
        assert average_precision(outcome, score, weight) == pytest.approx(wanted)
    wanted = brier_score_loss(outcome, score / 5, sample_weight=weight, pos_label=1.0)
    assert brier(outcome, score / 5, weight) == pytest.approx(wanted)


@given(PAIRS, st.sampled_from([0.3, 0.5, 0.8, 1.0]))
def test_workload_is_the_least_that_reaches_the_recall(pairs, recall):
    """With so many flagged the recall is reached on average, with one less it is not."""
    outcome, score = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    found = for_recall(outcome, score, recall)
    if not outcome.any():
        assert found == (recall, None, None, None)
        return
    rows = len(outcome)
    reached = at_capacity(outcome, score, found.flagged / rows)
    assert reached.flagged == found.flagged
    assert reached.recall >= recall - 1e-9
    assert reached.precision == pytest.approx(found.precision)
    if found.flagged > 1:
        assert at_capacity(outcome, score, (found.flagged - 1) / rows).recall < recall


def test_lift_is_precision_over_the_base_rate():
    """Flagged at random it is 1; the best possible is one over the base rate."""
    outcome = np.array([1.0, 0.0, 0.0, 0.0] * 5)
    assert at_capacity(outcome, np.zeros(20), 0.2).lift == pytest.approx(1.0)
    assert at_capacity(outcome, outcome, 0.2).lift == pytest.approx(4.0)
    assert at_capacity(np.zeros(4), outcome[:4], 0.2).lift is None


def test_one_frequent_caller_does_not_carry_the_figure_by_customer():
    """A thousand contacts of one customer weigh as much as one contact of another."""
    outcome = np.concatenate([np.array([1.0, 0.0]), np.ones(500), np.zeros(500)])
    score = np.concatenate([np.array([0.1, 0.9]), np.full(500, 0.8), np.full(500, 0.2)])
    customer = np.concatenate([np.array([1, 2]), np.full(1000, 3)])
    assert roc_auc(outcome, score) > 0.99
    once = each_customer_once(customer)
    assert once.sum() == pytest.approx(3)
    assert roc_auc(outcome, score, once) == pytest.approx(0.25 / 2.25)
    trial = Trial("repeated", "start", outcome, outcome, {"recontact": score}, customer)
    found = find(figures([trial]), history="all")["by_customer"]
    assert (found["customers"], found["roc_auc"]) == (3, roc_auc(outcome, score, once))


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

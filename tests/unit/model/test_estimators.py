"""The classifier keeps scikit-learn's rules, and says the same as the model of a training."""

import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.utils.estimator_checks import check_estimator
from tests.unit.model.test_fitting import SMALL, dataset

from recontact.evaluation.metrics import calibration_error, roc_auc
from recontact.features.table import feature_columns
from recontact.model import RiskClassifier
from recontact.model.fitting import fit, outcomes
from recontact.model.monotone import FALLS, RISES, monotone
from recontact.model.split import split
from recontact.policy import Policy

DAY_US = 86_400_000_000
TINY = {"min_data_in_leaf": 2, "max_trees": 60, "learning_rate": 0.2, "lambda_l2": 0.0,
        "feature_fraction": 1.0}  # fmt: skip


def numbers(rows: int, seed: int = 0, rate: float = -1.0):
    """A matrix whose first column drives the outcome."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(rows, 4))
    chance = 1 / (1 + np.exp(-(rate + 1.5 * matrix[:, 0])))
    return matrix, (random.random(rows) < chance).astype(float)


def test_scikit_learn_takes_it_for_one_of_its_own():
    """All of scikit-learn's checks of an estimator hold."""
    skips = "check_array_api_input"  # needs a setting of SciPy's before it is imported
    done = check_estimator(RiskClassifier(**TINY), on_skip=None)
    assert {d["check_name"] for d in done if d["status"] == "skipped"} <= {skips}


def test_it_is_searched_cloned_and_kept():
    """Searches set its parameters; a clone is unfitted and a pickled copy says the same."""
    matrix, outcome = numbers(600)
    search = GridSearchCV(
        RiskClassifier(max_trees=20, min_data_in_leaf=20),
        {"num_leaves": [2, 8]}, cv=TimeSeriesSplit(2), scoring="neg_log_loss",
    ).fit(matrix, outcome)  # fmt: skip
    best = search.best_estimator_
    assert best.num_leaves in (2, 8)
    assert not hasattr(clone(best), "model_")
    again = pickle.loads(pickle.dumps(best))  # noqa: S301 - a notebook's own copy
    assert np.array_equal(again.predict_proba(matrix), best.predict_proba(matrix))


@pytest.mark.parametrize("kind", ["pandas", "arrow"])
def test_a_training_fits_the_same_model(kind):
    """From the same rows and later part it gives the trees and the chances of `fit`."""
    rows = dataset(1_500)
    parts = split(rows, 2 * DAY_US)
    bundle = fit(rows, "repeated", Policy(), params=SMALL, seed=3)
    columns = rows.select([*feature_columns(rows), "moment"])
    given = columns.to_pandas() if kind == "pandas" else columns
    ways = monotone("repeated", columns.column_names)
    model = RiskClassifier(**SMALL, monotone=ways, seed=3)
    model.fit(given, outcomes(rows, "repeated"), parts=(parts.earlier, parts.later))
    assert model.model_ == bundle.model
    assert np.allclose(model.predict_proba(given)[:, 1], bundle.predict(rows), rtol=0, atol=1e-15)


def test_rare_outcomes_keep_their_probability():
    """Of an outcome of one in a hundred, what is said comes true: nothing is weighed up."""
    matrix, outcome = numbers(60_000, rate=-5.5)
    assert 0.005 < outcome.mean() < 0.015
    model = RiskClassifier(max_trees=150).fit(matrix[:40_000], outcome[:40_000])
    score = model.predict_proba(matrix[40_000:])[:, 1]
    assert score.mean() == pytest.approx(outcome[40_000:].mean(), rel=0.15)
    assert calibration_error(outcome[40_000:], score) < 0.003
    assert roc_auc(outcome[40_000:], score) > 0.8


def test_a_score_moves_one_way_with_what_has_a_direction():
    """More same-issue contacts never lower the risk, against what few odd rows say."""
    random = np.random.default_rng(1)
    calls = random.integers(0, 10, 4_000).astype(float)
    odd = np.where(calls == 9, -2.0, 0.3 * calls)
    outcome = (random.random(4_000) < 1 / (1 + np.exp(1.5 - odd))).astype(float)
    table = pd.DataFrame({"same_issue_7d": calls, "hour": random.integers(0, 24, 4_000)})
    free = RiskClassifier(**TINY).fit(table, outcome)
    held = RiskClassifier(**TINY, monotone={"same_issue_7d": 1}).fit(table, outcome)
    asked = pd.DataFrame({"same_issue_7d": np.arange(10.0), "hour": 12})
    assert (np.diff(free.predict_proba(asked)[:, 1]) < -0.05).any()
    assert (np.diff(held.predict_proba(asked)[:, 1]) >= 0).all()


def test_a_fitted_model_obeys_common_sense():
    """`recontact train` holds its trees to the directions, unless a setting lifts one."""
    rows = dataset(1_500)
    calls = rows["contacts_7d"].to_numpy()
    turned = rows.set_column(
        rows.column_names.index("contacts_7d"), "contacts_7d", pa.array(calls.max() - calls)
    )
    held = fit(turned, "repeated", Policy(), params=SMALL)
    free = fit(turned, "repeated", Policy(), params=SMALL | {"monotone": {"contacts_7d": 0}})
    few, many = ({"moment": "start", "contacts_7d": n, "queue": "tech"} for n in (0.0, 5.0))
    assert held.predict_one(few) <= held.predict_one(many)
    assert free.predict_one(few) > free.predict_one(many) + 0.1


def test_directions_are_of_features_that_exist():
    """Every name with a direction is a feature of ours, and none has two."""
    from recontact.features import FEATURES

    names = {feature.name for feature in FEATURES}
    for target in ("repeated", "escalation"):
        assert {*RISES[target], *FALLS[target]} <= names
        assert not {*RISES[target]} & {*FALLS[target]}


def test_trees_of_all_rows_and_of_the_earlier_ones_are_two():
    """With `regrow` the newest rows are learnt from too; the calibration is the same."""
    matrix, outcome = numbers(2_000)
    again = RiskClassifier(max_trees=30, min_data_in_leaf=20).fit(matrix, outcome)
    once = RiskClassifier(max_trees=30, min_data_in_leaf=20, regrow=False).fit(matrix, outcome)
    assert again.calibrators_ == once.calibrators_
    assert again.trees_ == once.trees_
    assert again.model_ != once.model_
    later = matrix[1_600:]
    honest = once.decision_function(matrix)[-400:]
    assert len(later) == len(honest) == len(once.later_raw_)


def test_the_last_rows_judge_and_not_the_last_of_each_outcome():
    """Where outcomes thin out with time, both parts still split at one time."""
    random = np.random.default_rng(2)
    time = np.arange(4_000.0)
    outcome = (random.random(4_000) < np.where(time < 2_000, 0.4, 0.1)).astype(float)
    last = time >= 3_200
    model = RiskClassifier(max_trees=10, min_data_in_leaf=20)
    default = model.fit(time[:, None], outcome).calibrators_
    assert default == model.fit(time[:, None], outcome, parts=(~last, last)).calibrators_


@pytest.mark.parametrize("outcome", [[0, 0, 0, 0, 0], [0, 1, 2, 1, 0], [1, 0, 0, 0, 0]])
def test_outcomes_that_teach_nothing_are_refused(outcome):
    """One class, three classes, or one row of a class can't be learnt and judged."""
    with pytest.raises(ValueError, match="two"):
        RiskClassifier(**TINY).fit(np.arange(10.0).reshape(5, 2), outcome)

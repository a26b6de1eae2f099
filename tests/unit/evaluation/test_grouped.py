"""Figures by group: against a plain loop, small groups left out, gaps that chance does not make."""

import numpy as np
import pytest

from recontact.evaluation.bootstrap import Draws
from recontact.evaluation.grouped import gaps, grouped, left_out
from recontact.evaluation.metrics import average_precision, calibration_error, roc_auc
from recontact.evaluation.trials import Trial
from recontact.groups import Groups


def trial_of(codes, chance, score=None, seed=0, customer=None):
    """A trial whose outcomes come at their chance, in groups named a, b, c."""
    random = np.random.default_rng(seed)
    outcome = (random.random(len(codes)) < chance).astype(float)
    scores = {"recontact": chance if score is None else score, "contacts_7d": np.round(chance, 1)}
    names = ["a", "b", "c"][: codes.max() + 1]
    groups = {"site": Groups("site", codes, names)}
    return Trial("repeated", "start", outcome, outcome * 0, scores, customer, None, groups)


@pytest.fixture(scope="module")
def trial():
    """Three groups of which the second is flagged more, the third is small."""
    random = np.random.default_rng(5)
    codes = random.choice(3, 1000, p=[0.5, 0.47, 0.03])
    chance = np.clip(random.random(1000) * 0.4 + 0.08 * (codes == 1), 0, 1)
    return trial_of(codes, chance, customer=random.integers(0, 400, 1000))


def test_each_group_is_as_if_measured_alone(trial):
    """Figures of a group are those of its contacts; the cut is that of all contacts."""
    codes = trial.groups["site"].codes
    for row in grouped([trial]):
        score = trial.scores[row["model"]]
        own = codes == "ab".index(row["group"])
        outcome = trial.outcome[own]
        assert (row["rows"], row["positives"]) == (own.sum(), outcome.sum())
        assert row["roc_auc"] == pytest.approx(roc_auc(outcome, score[own]))
        assert row["average_precision"] == pytest.approx(average_precision(outcome, score[own]))
        if row["model"] == "recontact":
            flagged = own & (score >= np.sort(score)[-100])
            assert row["flagged"] == pytest.approx(flagged.sum() / own.sum())
            assert row["precision"] == pytest.approx(trial.outcome[flagged].mean())
            assert row["recall"] == pytest.approx(trial.outcome[flagged].sum() / outcome.sum())
            wanted = calibration_error(outcome, score[own])
            assert row["calibration_error"] == pytest.approx(wanted)
            assert row["calibration"] == pytest.approx(score[own].mean() - outcome.mean())
        else:
            assert row["brier"] is row["predicted"] is row["calibration"] is None


def test_small_groups_are_counted_and_not_shown(trial):
    """A group of fewer than 50 contacts has no figures; how many are left out is said."""
    assert {row["group"] for row in grouped([trial])} == {"a", "b"}
    (hidden,) = left_out([trial])
    assert (hidden["groups"], hidden["rows"]) == (1, (trial.groups["site"].codes == 2).sum())


def test_intervals_are_those_of_plain_resampling(trial):
    """The interval of what is flagged is that of drawing the customers by hand."""
    draws = Draws.of(trial.customers)
    row = next(r for r in grouped([trial], draws) if r["model"] == "recontact")
    own = trial.groups["site"].codes == 0
    flagged = trial.scores["recontact"] >= np.sort(trial.scores["recontact"])[-100]
    shares = []
    for k in range(draws.counts.shape[1]):
        times = draws.counts[:, k][draws.places(trial.customers)]
        shares.append((times * own * flagged).sum() / (times * own).sum())
    assert row["intervals"]["flagged"] == pytest.approx(np.quantile(shares, [0.025, 0.975]))
    low, high = row["intervals"]["roc_auc"]
    assert low < row["roc_auc"] < high


def gap_of(trial, figure):
    """The gap of one figure of our model, with intervals."""
    table = grouped([trial], Draws.of(trial.customers))
    return next(gap for gap in gaps(table) if gap["figure"] == figure)


def test_a_group_that_is_flagged_more_stands_apart(trial):
    """What the model does more to one group than chance would is found, and named."""
    gap = gap_of(trial, "flagged")
    assert (gap["high"]["group"], gap["low"]["group"], gap["apart"]) == ("b", "a", True)
    assert gap["gap"] == pytest.approx(gap["high"]["value"] - gap["low"]["value"])


def test_equal_groups_do_not_stand_apart():
    """Of twenty worlds in which groups are alike, hardly one is called apart."""
    apart = 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        trial = trial_of(random.integers(0, 2, 600), random.random(600) * 0.5, seed=seed + 100)
        apart += gap_of(trial, "flagged")["apart"]
    assert apart <= 1


def test_a_risk_that_is_too_high_for_one_group_stands_apart():
    """Predicted minus what came tells on whom the model is wrong."""
    codes = np.repeat([0, 1], 1500)
    chance = np.random.default_rng(2).random(3000) * 0.4
    gap = gap_of(
        trial_of(codes, chance, np.where(codes == 1, chance + 0.15, chance)), "calibration"
    )
    assert (gap["high"]["group"], gap["apart"]) == ("b", True)
    assert gap["gap"] == pytest.approx(0.15, abs=0.05)


def test_none_of_few_is_not_taken_for_never():
    """A group none of whose cases is found stands apart only where there are enough to tell."""
    random = np.random.default_rng(4)
    for rows, apart in ((60, False), (1000, True)):
        codes = np.repeat([0, 1], [1000, rows])
        score = np.where(codes == 0, random.random(len(codes)), 0.0)
        gap = gap_of(trial_of(codes, np.full(len(codes), 0.3), score), "recall")
        assert gap["low"] == {"group": "b", "value": 0.0}
        assert gap["apart"] is apart, rows

"""A bundle scores the same rows the same way wherever it is loaded."""

import json
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from recontact.errors import UserError
from recontact.model.bundle import Bundle
from recontact.model.calibration import Calibrator, Cuts
from recontact.model.encoding import Encoding
from recontact.model.engine import lightgbm
from recontact.model.expected import made_up
from recontact.model.explaining import Explainer
from recontact.model.trees import read_trees


def table(rows: int = 400) -> pa.Table:
    random = np.random.default_rng(5)
    calls = random.poisson(2.0, rows).astype(float)
    queue = random.choice(["billing", "sales", "tech"], rows)
    return pa.table(
        {
            "moment": random.choice(["start", "wrapup"], rows),
            "calls": pa.array(calls, mask=random.random(rows) < 0.1),
            "queue": pa.array(queue, mask=random.random(rows) < 0.1),
            "repeated_already": random.random(rows) < 0.05,
        }
    )


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    rows = table()
    encoding = Encoding.learn(rows, ["calls", "queue", "moment"], min_count=1)
    matrix = encoding.matrix(rows)
    outcome = np.nan_to_num(matrix[:, 0]) + (matrix[:, 1] == 1) > 2
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1, "num_leaves": 7}
    data = lightgbm().Dataset(matrix, outcome, categorical_feature=encoding.category_positions)
    model = lightgbm().train(settings, data, 20)
    straight = Calibrator((-1.0, 1.0), (-1.5, 1.0))
    return Bundle(
        target="repeated",
        model=model.model_to_string(),
        encoding=encoding,
        calibrators={"start": straight, "wrapup": Calibrator((-1.0, 1.0), (-0.5, 2.0))},
        cuts=Cuts(0.3, 0.6),
        policy="window: 48h\n",
        policy_digest="abc",
        known_from={"reason": "start"},
        facts={"rows": 400},
    )


def test_a_saved_bundle_loads_as_it_was(bundle, tmp_path):
    """Every field and every probability survive the way through the folder."""
    bundle.save(tmp_path)
    loaded = Bundle.load(tmp_path)
    assert loaded == bundle
    np.testing.assert_array_equal(loaded.predict(table()), bundle.predict(table()))


def test_one_row_scores_as_in_the_table(bundle):
    """The quick path from a mapping gives the probability of the table's row, to the bit."""
    rows = table(50)
    whole = bundle.predict(rows)
    for row, expected in zip(rows.to_pylist(), whole, strict=True):
        if not row["repeated_already"]:
            assert bundle.predict_one(row) == expected


def test_known_outcomes_are_certain_and_others_are_not(bundle):
    """Rows whose outcome is known get 1; no other row is ever 0 or 1."""
    rows = table()
    known = np.array(rows["repeated_already"].to_pylist())
    probabilities = bundle.predict(rows)
    assert (probabilities[known] == 1).all()
    assert ((probabilities[~known] > 0) & (probabilities[~known] < 1)).all()


def test_each_moment_has_its_own_calibration(bundle):
    """The same row, scored as of two moments, goes through each one's knots."""
    matrix = bundle.encoding.matrix(table(5))
    start = bundle.predict_rows(matrix, ["start"] * 5)
    wrapup = bundle.predict_rows(matrix, ["wrapup"] * 5)
    assert (wrapup > start).all()


@pytest.mark.parametrize("knots", [2, 5])
def test_one_score_is_calibrated_to_the_last_digit_as_many_are(knots):
    """The service asks for one at a time, the batch for all; beyond the knots too."""
    random = np.random.default_rng(knots)
    line = Calibrator(
        tuple(np.sort(random.normal(0, 3, knots)).tolist()),
        tuple(np.sort(random.normal(0, 5, knots)).tolist()),
    )
    raw = np.concatenate([random.normal(0, 6, 20_000), line.raw, [-1e9, 1e9]])
    assert [line.one(score) for score in raw.tolist()] == line(raw).tolist()


def test_contributions_add_up_to_the_raw_score(bundle):
    """What the features add, with the base value, is the score before calibration."""
    matrix = bundle.encoding.matrix(table(20))
    raw = bundle.booster.predict(matrix, raw_score=True)
    np.testing.assert_allclose(bundle.contributions_rows(matrix).sum(axis=1), raw, atol=1e-9)
    assert (bundle.explainer.raw(matrix) == raw).all()


def test_unseen_and_unknown_values_differ():
    """A value never seen in training has a code of its own; null stays unknown."""
    encoding = Encoding.learn(pa.table({"q": ["a"] * 3 + ["b"]}), ["q"], min_count=2)
    codes = encoding.matrix(pa.table({"q": ["a", "b", "new", None]}))[:, 0]
    np.testing.assert_array_equal(codes, [0.0, 1.0, 1.0, np.nan])


def test_columns_of_another_kind_are_refused(bundle):
    """A number where training had text, and a missing feature, each name the column."""
    rows = table(5)
    with pytest.raises(UserError, match="'queue' holds double"):
        bundle.predict(rows.set_column(2, "queue", rows["calls"]))
    with pytest.raises(UserError, match="lack the column 'calls'"):
        bundle.predict(rows.drop_columns(["calls"]))


def test_an_untrained_moment_is_refused(bundle):
    """A moment without a calibrator is named, with those that there are."""
    with pytest.raises(UserError, match="moment 'live'") as caught:
        bundle.predict_rows(bundle.encoding.matrix(table(1)), ["live"])
    assert "start, wrapup" in caught.value.mend


@pytest.mark.parametrize("damage", ["model", "format", "facts", "missing", "keys"])
def test_a_damaged_bundle_is_refused(bundle, tmp_path, damage):
    """A changed model text, another format, broken or missing files never reach LightGBM."""
    bundle.save(tmp_path)
    facts = json.loads((tmp_path / "recontact.json").read_text())
    if damage == "model":
        (tmp_path / "model.txt").write_text(bundle.model.replace("leaf", "leef", 1))
    elif damage == "format":
        (tmp_path / "recontact.json").write_text(json.dumps({**facts, "format": 99}))
    elif damage == "facts":
        (tmp_path / "recontact.json").write_text("{")
    elif damage == "missing":
        (tmp_path / "model.txt").unlink()
    else:
        del facts["cuts"]
        (tmp_path / "recontact.json").write_text(json.dumps(facts))
    with pytest.raises(UserError, match="not a usable model"):
        Bundle.load(tmp_path)


def test_scoring_needs_neither_lightgbm_nor_scikit_learn(bundle, tmp_path):
    """A process that loads, scores and explains has imported neither: the service is small."""
    bundle.save(tmp_path)
    words = """
import sys
from recontact.model import Bundle
bundle = Bundle.load(sys.argv[1])
row = bundle.encoding.row({"moment": "start"})[None, :]
assert 0 < bundle.predict_rows(row, ["start"])[0] < 1
assert bundle.contributions_rows(row).any()
print(sorted({"lightgbm", "sklearn", "mlflow"} & {*sys.modules}))
"""
    done = subprocess.run(
        [sys.executable, "-c", words, tmp_path], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_rows_made_up_to_test_a_model_are_told_alike_by_lightgbm_and_by_us():
    """Also of columns that are often 0, which LightGBM splits so near to 0 that it rounds."""
    random = np.random.default_rng(1)
    x = random.choice([-2.0, -1.0, 0.0, 0.0, 0.0, 1.0, np.nan], size=(2000, 3))
    y = (random.random(2000) < 1 / (1 + np.exp(-np.nan_to_num(x[:, 0])))).astype(float)
    own = {"objective": "binary", "verbose": -1, "num_leaves": 8, "min_data_in_leaf": 5}
    model = lightgbm().train(own, lightgbm().Dataset(x, y), 60)
    trees = read_trees(model.model_to_string())
    near = np.abs(trees.threshold[trees.feature >= 0])
    assert ((near > 0) & (near < 1e-30)).any()
    rows, _ = made_up(Encoding(("a", "b", "c"), {}), trees, ("start",), 2000)
    ours = Explainer(model.model_to_string()).raw(rows)
    assert np.array_equal(ours, model.predict(rows, raw_score=True))

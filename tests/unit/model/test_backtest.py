"""Rolling origins: what had settled trains, what came next tests, nothing is in both."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from recontact.contacts import instants
from recontact.errors import UserError
from recontact.labels.table import label
from recontact.model.backtest import backtest
from recontact.model.rolling import rolling
from recontact.model.split import greatest_window
from recontact.model.time_plots import by_time
from recontact.policy import Policy
from recontact_pipelines.cli import main

SMALL = {"max_trees": 10, "early_stopping": 5, "num_leaves": 4, "min_data_in_leaf": 20}
POLICY = Policy.parse({"window": "3d"})


@pytest.fixture(scope="module")
def judged_contacts(simulated):
    """Each contact once, with its label, in the order of the contacts."""
    labels = label(simulated, POLICY)
    own = simulated.select(["contact_id", "started_at", "ended_at"])
    return own.append_column("repeated", labels["repeated"])


@pytest.fixture(scope="module")
def tested(simulated):
    """A backtest of three folds at the start and the end of contacts."""
    return backtest(simulated, POLICY, folds=3, moments=("start", "wrapup"), params=SMALL)


def test_no_training_row_of_a_fold_is_unsettled_at_its_origin(simulated, judged_contacts):
    """At the origin, contacts that started before it already give every training row its label."""
    folds = rolling(judged_contacts, greatest_window(POLICY), folds=4)
    started = instants(simulated["started_at"])
    settled = 0
    for fold in folds:
        then = simulated.filter(pa.array(started < fold.origin))
        known = label(then, replace(POLICY, as_of=fold.origin)).select(["contact_id", "repeated"])
        train = judged_contacts.filter(pa.array(fold.train)).select(["contact_id", "repeated"])
        there = dict(zip(*known.to_pydict().values(), strict=True))
        truth = dict(zip(*train.to_pydict().values(), strict=True))
        assert {contact: there[contact] for contact in truth} == truth
        settled += sum(outcome is not None for outcome in truth.values())
    assert settled > 1000


def test_test_stretches_follow_each_other(judged_contacts):
    """The stretches are of like size, and cover all from the first origin on, once."""
    folds = rolling(judged_contacts, greatest_window(POLICY), folds=4)
    started = instants(judged_contacts["started_at"])
    tested = np.sum([fold.test for fold in folds], axis=0)
    assert (tested == (started >= folds[0].origin)).all()
    sizes = [int(fold.test.sum()) for fold in folds]
    assert max(sizes) - min(sizes) < 0.05 * len(started)
    assert abs(sum(sizes) / len(started) - 0.5) < 0.01
    assert all((~fold.train | ~fold.test).all() for fold in folds)
    assert sorted(fold.origin for fold in folds) == [fold.origin for fold in folds]


def test_figures_stand_beside_the_rule_with_mean_and_spread(tested):
    """Each fold, target and moment has ours and the rule; the summary is theirs over the folds."""
    table = [row for row in tested.figures if row["history"] == "all"]
    assert len(table) == 3 * 2 * 2 * 2
    for row in tested.summary:
        place = {k: row[k] for k in ("target", "moment", "model")}
        values = [r[row["figure"]] for r in table if all(r[k] == v for k, v in place.items())]
        assert len(values) == row["folds"] == 3
        assert row["mean"] == pytest.approx(np.mean(values))
        assert row["spread"] == pytest.approx(np.std(values, ddof=1))
        assert (row["least"], row["greatest"]) == (min(values), max(values))
    ours = [r["mean"] for r in tested.summary if r["figure"] == "roc_auc" and "rec" in r["model"]]
    assert len(ours) == 4
    assert min(ours) > 0.55


@pytest.mark.parametrize("folds", [1, 3])
def test_the_dates_of_a_plot_are_those_of_its_origins(tested, folds, monkeypatch):
    """Each fold is at its own date, and no date lies on another, however few there are."""
    sheets = []
    monkeypatch.setattr("recontact.model.time_plots.png", lambda sheet: sheets.append(sheet) or b"")
    some = [row for row in tested.figures if row["fold"] <= folds]
    by_time(replace(tested, folds=tested.folds[:folds], figures=some))
    sheets[0].canvas.draw()
    for axis in sheets[0].axes:
        names = axis.get_xticklabels()
        assert [n.get_text() for n in names] == [f["origin"][:10] for f in tested.folds[:folds]]
        ends = [name.get_window_extent().x1 for name in names]
        assert all(b - a > 20 for a, b in pairwise(ends))


def test_a_fold_with_too_little_says_which(simulated):
    """A fold without cases enough is refused by its number, with a mend."""
    with pytest.raises(UserError, match=r"^fold 1: too little data.*(?s:.*)fewer folds"):
        backtest(simulated.slice(0, 900), folds=3, first=0.1, moments=("start",), params=SMALL)


def test_where_nobody_escalates_repeats_are_still_tested(simulated):
    """As in training: no model of escalations, and it is said."""
    calm = simulated.drop_columns(["escalated", "tier"])
    said = []
    found = backtest(calm, folds=2, moments=("start",), params=SMALL, say=said.append)
    assert {row["target"] for row in found.figures} == {"repeated"}
    assert sum("no figures of 'escalation'" in text for text in said) == 2


@pytest.mark.parametrize("folds", [0, -1])
def test_no_folds_are_refused(judged_contacts, folds):
    """A backtest of no folds is the user's mistake."""
    with pytest.raises(UserError, match="folds"):
        rolling(judged_contacts, 0, folds=folds)


def test_the_command_writes_figures_and_plots(centre, tmp_path, capsys):
    """`recontact backtest` says the figures, and writes them and a plot a target."""
    settings = tmp_path / "params.yaml"
    settings.write_text("".join(f"{k}: {v}\n" for k, v in SMALL.items()))
    out = tmp_path / "out"
    args = ["backtest", str(centre / "contacts.parquet"), "--folds", "2", "--params", str(settings)]
    assert main([*args, "--json", "--out", str(out)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((out / "backtest.json").read_text())
    assert [fold["fold"] for fold in told["folds"]] == [1, 2]
    for target in ("repeated", "escalation"):
        assert (out / f"backtest_{target}.png").read_bytes().startswith(b"\x89PNG")

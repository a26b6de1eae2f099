"""The search for settings: inside the training part, resumable, within what explanations cost."""

import json
import sqlite3
import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from recontact.contacts import instants
from recontact.errors import UserError
from recontact.model import study as memory
from recontact.model.knee import Tried, chance, front, knee
from recontact.model.losses import losses, some_customers
from recontact.model.params import DEFAULTS, read_params
from recontact.model.rows import Recipe, labeled_rows
from recontact.model.split import greatest_window, split
from recontact.model.tuning import search, tune
from recontact.policy import Policy
from recontact_pipelines.cli import main

SMALL = {"max_trees": 8, "early_stopping": 4}
FEW = {"folds": 1, "moments": ("start",), "params": SMALL}


@pytest.fixture(scope="module")
def rows(simulated):
    """The rows of contacts at their start."""
    return labeled_rows(simulated, Policy(), Recipe(moments=("start",)))


@pytest.fixture(scope="module")
def train(rows):
    """Those that `learn` trains on."""
    return rows.filter(pa.array(split(rows, greatest_window(Policy())).earlier))


def look(train, trials, path=None, **more):
    """Search on the outcome `repeated` with few trees."""
    terms = {"targets": ("repeated",), "folds": 1, "params": SMALL, "seed": 3, **more}
    return search(train, Policy(), trials=trials, study=path, **terms)


def told(tuned):
    """Give what a trial found, without how long it took."""
    return [(t.number, t.params, t.loss, t.steps, t.groups) for t in tuned.tried]


@pytest.fixture
def learning(monkeypatch):
    """Let the search learn from its second trial on."""
    monkeypatch.setattr(memory, "RANDOM", 2)


@pytest.mark.usefixtures("learning")
def test_a_search_that_was_cut_off_ends_as_one_that_was_not(train, tmp_path, monkeypatch):
    """Cut in the middle of a trial and taken up again, every trial and the choice are the same."""
    from recontact.model import tuning

    whole = look(train, 5)
    fits, fit = [], tuning.fit

    def cut(*args, **kwargs):
        fits.append(1)
        if len(fits) == 4:
            raise KeyboardInterrupt
        return fit(*args, **kwargs)

    monkeypatch.setattr(tuning, "fit", cut)
    with pytest.raises(KeyboardInterrupt):
        look(train, 5, tmp_path / "study.db")
    again = look(train, 5, tmp_path / "study.db")
    assert len(fits) == 4 + 2
    assert told(again) == told(whole)
    assert again.text() == whole.text()
    assert len({json.dumps(t.params) for t in whole.tried}) == 5


def test_another_seed_looks_elsewhere(train):
    """The seed decides which settings are tried after the first."""
    one, other = look(train, 2), look(train, 2, seed=4)
    assert (
        one.tried[0].params
        == other.tried[0].params
        == {k: DEFAULTS[k] for k in memory.SPACE} | SMALL
    )
    assert one.tried[1].params != other.tried[1].params


def test_the_test_part_is_never_looked_at(simulated, rows):
    """Whatever the contacts of the test part say, the search finds the same."""
    boundary = split(rows, greatest_window(Policy())).boundary
    later = instants(simulated["started_at"]) >= boundary
    spoiled = simulated
    for name, value in (("reason", "spoiled"), ("escalated", True), ("queue", "spoiled")):
        # an unknown reason stays so: whether a contact is judged decides where the test begins
        there = pa.array(later & np.asarray(spoiled[name].is_valid()))
        column = pc.if_else(there, pa.scalar(value), spoiled[name])
        spoiled = spoiled.set_column(spoiled.column_names.index(name), name, column)
    other = labeled_rows(spoiled, Policy(), Recipe(moments=("start",)))
    assert other["contact_id"] == rows["contact_id"]
    assert other["escalation"] != rows["escalation"]
    assert told(tune(spoiled, trials=2, **FEW)) == told(tune(simulated, trials=2, **FEW))


def test_an_edge_of_training_is_looked_at(train):
    """The same search does see the last contacts that training learns from."""
    last = instants(train["started_at"]).max()
    there = instants(train["started_at"]) > last - 10 * 86_400_000_000
    flipped = pa.array(np.where(there, ~np.asarray(train["repeated"]), train["repeated"]))
    other = train.set_column(train.column_names.index("repeated"), "repeated", flipped)
    assert look(other, 1).tried[0].loss != look(train, 1).tried[0].loss


def test_the_file_of_another_search_is_refused(train, tmp_path):
    """A study on other terms is named with what differs, and is not mixed in."""
    path = tmp_path / "study.db"
    look(train, 1, path)
    with pytest.raises(UserError, match=r"other terms: seed\n"):
        look(train, 1, path, seed=5)
    with pytest.raises(UserError, match=r"other terms: data\n"):
        look(train.slice(0, len(train) - 1), 1, path)


def test_the_wrong_file_is_refused_before_any_work(train, simulated, tmp_path, monkeypatch):
    """What can be told without the data is: other options, or a file of something else."""
    monkeypatch.setattr("recontact.model.tuning.labeled_rows", None)  # what takes long
    path, text = tmp_path / "study.db", tmp_path / "text.db"
    look(train, 1, path)
    text.write_text("not a database, but long enough to look like something" * 20)
    with pytest.raises(UserError, match=r"other terms: seed\n"):
        tune(simulated, study=path, seed=5, **FEW)
    with pytest.raises(UserError, match=r"other terms: settings\n"):
        tune(simulated, study=path, seed=3, folds=1)
    with pytest.raises(UserError, match="not the file of a search"):
        tune(simulated, study=text, **FEW)


def test_a_file_that_is_no_search_is_refused(train, tmp_path):
    """A file of something else is left alone, with a clear message."""
    path = tmp_path / "study.db"
    path.write_text("not a database, but long enough to look like something" * 20)
    with pytest.raises(UserError, match="not the file of a search"):
        look(train, 1, path)
    assert path.read_text().startswith("not a database")
    with pytest.raises(UserError, match="not the file of a search"):
        look(train, 1, tmp_path / "no folder" / "study.db")


def test_without_optuna_the_extra_is_named(monkeypatch):
    """A machine without Optuna is told what to install."""
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UserError, match=r"recontact\[train\]"):
        memory.optuna()


def test_where_nobody_escalates_the_search_is_for_repeats(train):
    """As in training: escalations are left out, and it is said; without repeats it is refused."""
    never = pa.array([False] * len(train))
    calm = train.set_column(train.column_names.index("escalation"), "escalation", never)
    said = []
    found = look(calm, 1, targets=("repeated", "escalation"), say=said.append)
    assert found.origin["targets"] == ["repeated"]
    assert "'escalation' is left out" in said[0]
    calm = train.set_column(train.column_names.index("repeated"), "repeated", never)
    with pytest.raises(UserError, match="too little data"):
        look(calm, 1)


def test_time_that_is_over_ends_the_search(train):
    """No trial begins after the minutes are over, but the defaults are always tried."""
    said = []
    found = look(train, 5, minutes=0, say=said.append)
    assert [t.number for t in found.tried] == [0]
    assert "minutes are over" in said[-1]
    assert "trial 1 of 5" in said[0]


class Coin:
    """A model that says the same of everybody."""

    target = "repeated"

    def __init__(self, said):
        self.said = said

    def predict(self, rows):
        return np.full(len(rows), self.said)


def test_a_model_that_says_nothing_leaves_all_of_the_uncertainty(rows):
    """The loss of the bare rate is 1 at whichever moments; a worse number leaves more."""
    rate = np.mean(rows.filter(rows["repeated"].is_valid())["repeated"].to_numpy())
    both = pa.concat_tables([rows, rows.set_column(1, "moment", pa.array(["wrapup"] * len(rows)))])
    assert losses(Coin(rate), both).sum() == pytest.approx(1, abs=0.02)
    assert losses(Coin(rate / 2), both).sum() > 1.02


def test_a_customer_is_in_one_sample_whole(rows):
    """Fewer rows are those of whole customers, about as many as asked for."""
    some = some_customers(rows, len(rows) // 4)
    assert 0.15 < len(some) / len(rows) < 0.35
    kept = set(some["customer"].to_pylist())
    assert len(some) == sum(c in kept for c in rows["customer"].to_pylist())
    assert some_customers(rows, len(rows)) is rows


trial = st.builds(
    lambda steps, groups: ({}, sum(groups), float(steps), tuple(groups), {}),
    st.integers(1, 1000),
    st.lists(st.floats(0.01, 0.05), min_size=4, max_size=4),
)


@given(st.lists(trial, min_size=1, max_size=12), st.integers(0, 1000))
def test_the_choice_is_cheap_and_good_enough(tried, budget):
    """Chosen is on the front, in the budget if anything is, and within chance of the best there."""
    tried = [Tried(k, *one) for k, one in enumerate(tried)]
    chosen, within = knee(tried, budget), [t for t in tried if t.steps <= budget]
    assert chosen in front(tried)
    if not within:
        assert chosen.steps == min(t.steps for t in tried)
        return
    best = min(within, key=lambda t: (t.loss, t.steps))
    assert chosen.steps <= best.steps <= budget
    assert chosen.loss - best.loss <= chance(chosen, best)
    cheaper = [t for t in front(tried) if t.steps < chosen.steps]
    assert all(t.loss - best.loss > chance(t, best) for t in cheaper)


def test_the_command_writes_settings_that_train_takes(centre, tmp_path, capsys):
    """`recontact tune` writes YAML of settings, keeps its trials, and draws them."""
    given_ = tmp_path / "small.yaml"
    given_.write_text("max_trees: 8\nearly_stopping: 4\n")
    out, plot, path = (tmp_path / name for name in ("out.yaml", "cost.png", "study.db"))
    args = ["tune", str(centre / "contacts.parquet"), "--trials", "2", "--folds", "1"]
    args += ["--rows", "4000", "--params", str(given_), "--study", str(path)]
    assert main([*args, "--out", str(out), "--plot", str(plot), "--json"]) == 0
    found = capsys.readouterr()
    result = json.loads(found.out)
    assert "trial 2 of 2" in found.err
    assert read_params(out) == DEFAULTS | result["chosen"]["params"]
    assert set(yaml.safe_load(out.read_text())) == {*memory.SPACE, "max_trees", "early_stopping"}
    assert plot.read_bytes().startswith(b"\x89PNG")
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM trials").fetchone() == (2,)
    database.close()

"""The truth is true: chances agree with what happens, and nothing else reads it."""

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from recontact.contacts import SCHEMA

MOMENTS = ("start", "live", "wrapup")
OUTCOMES = ("repeated", "escalation")
ROOT = Path(__file__).parents[3]


def open_rows(judged, outcome, moment):
    """Leave out the contacts whose own escalation is known at the instant."""
    known = (outcome == "escalation") & (moment == "wrapup")
    return judged[~judged["escalated"]] if known else judged


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_chances_are_calibrated(judged, outcome, moment):
    """In tenths of equal size, mean chance and share of positives differ by noise alone."""
    rows = open_rows(judged, outcome, moment)
    chance = rows[f"{outcome}_{moment}"]
    tenth = pd.qcut(chance.rank(method="first"), 10, labels=False)
    off = (rows[outcome] - chance).groupby(tenth).mean().abs()
    assert off.mean() < 0.01
    assert off.max() < 0.025


@pytest.mark.parametrize("by", ["program", "true_reason", "kind", "rate", "team", "shared"])
@pytest.mark.parametrize("moment", ["start", "wrapup"])
def test_chances_hold_in_every_group(judged, moment, by):
    """No program, reason, kind, rate of calling or team is off by more than noise."""
    off = judged["repeated"] - judged[f"repeated_{moment}"]
    groups = off.groupby(judged[by]).agg(["mean", "sem", "size"])
    groups = groups[groups["size"] > 200]
    assert len(groups) > 1
    # besides noise, the approximations may cost a point or two
    assert (groups["mean"].abs() < 4 * groups["sem"] + 0.02).all()


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_ceilings_are_what_the_chances_reach(bench, judged, outcome):
    """The reported AUC is that of the chances on the labels; what is drawn later raises it."""
    ceilings = [bench.done.ceiling[outcome][moment] for moment in MOMENTS]
    for moment, ceiling in zip(MOMENTS, ceilings, strict=True):
        rows = open_rows(judged, outcome, moment)
        reached = roc_auc_score(rows[outcome], rows[f"{outcome}_{moment}"])
        assert ceiling["contacts"] == len(rows)
        assert ceiling["auc"] == pytest.approx(reached, abs=0.012)
    start, live, wrapup = (ceiling["auc"] for ceiling in ceilings)
    assert 0.70 < start < live < wrapup < 0.90


@pytest.mark.parametrize("by", ["disposition", "agent_resolved", "hold_count", "transfer_count"])
def test_chances_at_wrapup_use_what_happened(judged, by):
    """Line losses, promises, claims, holds and transfers are in the chances of the wrap-up."""
    shown = judged[by].astype(str)
    off = (judged["repeated"] - judged["repeated_wrapup"]).groupby(shown).agg(["mean", "size"])
    assert (off["size"] > 300).sum() > 1
    assert off["mean"][off["size"] > 300].abs().max() < 0.04
    seen = judged.groupby(shown)["repeated_wrapup"].agg(["mean", "size"])
    assert np.ptp(seen["mean"][seen["size"] > 300]) > 0.04


def test_own_escalation_is_certain_at_wrapup(judged):
    """Once a contact has escalated, the chance of an escalation is 1."""
    assert (judged.loc[judged["escalated"], "escalation_wrapup"] == 1).all()
    assert (judged["escalation_start"] < 1).all()


def test_every_contact_has_a_row_for_each_moment(bench):
    """Each contact has three rows in order of time, with chances where it is eligible."""
    rows = bench.probabilities
    assert (rows.groupby("contact_id").size() == 3).all()
    assert rows["contact_id"].nunique() == len(bench.contacts)
    at = rows["at"].to_numpy().reshape(-1, 3)
    assert (at[:, 0] <= at[:, 1]).all()
    assert (at[:, 1] <= at[:, 2]).all()
    eligible = bench.contacts.set_index("contact_id")["eligible"].loc[rows["contact_id"]]
    given = rows["repeated_probability"].notna().to_numpy()
    assert (given == eligible.to_numpy()).all()
    assert rows["repeated_probability"].dropna().between(0, 1).all()


def test_history_reveals_agents_and_customers(bench, judged):
    """An agent's repeats tell the hidden skill, a customer's earlier contacts the habit."""
    rates = judged.groupby("agent_id")["repeated"].agg(["mean", "size"])
    rates = rates[rates["size"] > 150].join(bench.agents.set_index("agent_id"))
    assert len(rates) > 50
    assert rates["mean"].corr(rates["unresolved_factor"], method="spearman") > 0.4
    earlier = judged.groupby("customer_id").cumcount()
    assert earlier.corr(judged["habit"], method="spearman") > 0.4


def test_contacts_hold_nothing_of_the_truth(bench):
    """The contacts table has the contract's columns only, none equal to a column of truth."""
    contacts = pq.read_table(bench.folder / "contacts.parquet")
    assert contacts.column_names == SCHEMA.names
    issues = bench.issues.set_index("contact_id").loc[bench.contacts["contact_id"]]
    texts = bench.contacts.select_dtypes(include=["object", "string"])
    for name in ("issue_id", "true_reason", "kind"):
        assert not any(np.array_equal(texts[c], issues[name]) for c in texts)
    digits = bench.contacts["case_id"].dropna().str[1:]
    assert not digits.isin(issues["issue_id"].str[1:]).any()


def texts(source):
    """Give the texts in a module's code, its docstrings left out."""
    tree = ast.parse(source)
    loose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = (n for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in loose)
    return [n.value for n in constants if isinstance(n.value, str)]


def test_nothing_else_reads_the_truth():
    """No code but the simulator and the campaign that measures against it names the truth."""
    apart = ("simulate.py", "campaigns/simulated.py")  # the second trains first, then compares
    sources = [
        file
        for folder in ("src", "pipelines", "serving")
        for file in (ROOT / folder).rglob("*.py")
        if file.parent.name != "simulate" and not file.as_posix().endswith(apart)
    ]
    assert len(sources) > 10
    named = {
        file: [t for t in texts(file.read_text()) if "truth/" in t or t == "truth"]
        for file in sources
    }
    assert {file: found for file, found in named.items() if found} == {}

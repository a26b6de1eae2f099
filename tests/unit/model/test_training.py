"""Training on contacts: the cut in time, honest parts, figures beside the baselines, scores."""

import dataclasses
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recontact.contacts import instants, known_of
from recontact.errors import UserError
from recontact.evaluation.figures import find
from recontact.evaluation.truth import beside_ceiling
from recontact.features.moments import SO_FAR
from recontact.labels.table import label
from recontact.model import learn, score
from recontact.model.fitting import judged
from recontact.policy import Policy
from recontact.tables import read_table

SMALL = {"max_trees": 15, "early_stopping": 10, "num_leaves": 7, "min_data_in_leaf": 20}


def test_both_models_beat_the_rule_and_stay_below_the_ceiling(learnt, centre):
    """On simulated truth the score lies between the one-line rule and what can be known."""
    truth = read_table(centre / "truth" / "probabilities.parquet")
    for target, bundle in learnt.bundles.items():
        rows = judged(learnt.test, target)
        beside = beside_ceiling(rows, bundle.predict(rows), truth, target)
        for moment, figures in beside.items():
            where = {"target": target, "moment": moment, "history": "all"}
            rule = find(learnt.evaluation["figures"], model="contacts_7d", **where)
            assert figures["rows"] == rule["rows"]
            assert rule["roc_auc"] < figures["roc_auc"] < figures["ceiling"] + 0.03


def test_every_model_is_measured_on_every_moment_and_history(learnt):
    """Ours and the four baselines have a row for each target, moment and stratum, as plain JSON."""
    table = json.loads(json.dumps(learnt.evaluation, allow_nan=False))["figures"]
    keys = {(r["target"], r["moment"], r["history"], r["model"]) for r in table}
    assert len(keys) == len(table) == 2 * 3 * 4 * 5
    for row in table:
        parts = [r for r in table if all(r[k] == row[k] for k in ("target", "moment", "model"))]
        if row["history"] == "all":
            assert sum(p["rows"] for p in parts) == 2 * row["rows"]


def test_test_contacts_are_later_and_settled_apart(learnt):
    """The last training contact ended a whole window before the first test contact began."""
    evaluation = learnt.evaluation
    assert evaluation["training"]["to"] < evaluation["test"]["from"]
    shares = evaluation["test"]["contacts"] / evaluation["training"]["contacts"]
    assert 0.2 < shares < 0.3
    assert evaluation["gap_s"] == 48 * 3600


@pytest.mark.usefixtures("brief_baselines")
def test_until_is_as_if_the_rest_never_was(simulated):
    """Training until T equals training on what existed at T with as_of T; the digest stays."""
    started = instants(simulated["started_at"])
    until = int(np.quantile(started, 0.7))
    there = (started < until) & (known_of(simulated) <= until)
    cut = learn(simulated, params=SMALL, until=until)
    policy = Policy(as_of=until)
    alone = learn(simulated.filter(pa.array(there)), policy, params=SMALL)
    assert cut.evaluation["figures"] == alone.evaluation["figures"]
    assert cut.bundles["repeated"].model == alone.bundles["repeated"].model
    assert cut.bundles["repeated"].policy_digest == Policy().digest
    assert cut.evaluation["data_digest"] == alone.evaluation["data_digest"]


def test_scores_cover_every_eligible_contact(learnt, simulated):
    """One row each with the contract's columns, never null, matured or not; `already` is 1."""
    scores = score(simulated, learnt.bundles, "wrapup")
    assert scores.column_names == [
        "contact_id",
        "moment",
        "at",
        "repeated_probability",
        "escalation_probability",
        "repeated_band",
        "escalation_band",
        "model_version",
    ]
    eligible = simulated["contact_id"].filter(label(simulated)["eligible"])
    assert scores["contact_id"].to_pylist() == eligible.to_pylist()
    for target in ("repeated", "escalation"):
        chance = np.array(scores[f"{target}_probability"].to_pylist(), dtype=float)
        known = np.array(scores[f"{target}_band"].to_pylist()) == "already"
        assert ((chance > 0) & (chance <= 1)).all()
        assert ((chance == 1) == known).all()
    assert "already" in scores["escalation_band"].to_pylist()


def test_since_restricts_the_rows_and_not_the_history(learnt, simulated):
    """The scores since T are the rows since T of the whole scores."""
    since = int(np.quantile(instants(simulated["started_at"]), 0.9))
    whole = score(simulated, learnt.bundles, "start")
    recent = score(simulated, learnt.bundles, "start", since=since)
    assert 0 < len(recent) < len(whole)
    assert recent.equals(whole.filter(pa.array(instants(whole["at"]) >= since)))
    with pytest.raises(UserError, match="no contact to score since then"):
        score(simulated, learnt.bundles, "start", since=2**62)


def test_a_score_sees_nothing_that_came_later(learnt, simulated):
    """Scores of contacts before T are the same without all that was not known before T."""
    started = instants(simulated["started_at"])
    until = int(np.quantile(started, 0.6))
    early = simulated.filter(pa.array((started < until) & (known_of(simulated) <= until)))
    whole = score(simulated, learnt.bundles, "start")
    part = score(early, learnt.bundles, "start")
    there = np.isin(whole["contact_id"].to_pylist(), part["contact_id"].to_pylist())
    assert part.equals(whole.filter(pa.array(there)))


def test_models_of_two_policies_do_not_score_together(learnt, simulated):
    """Mixing digests is an error that names both."""
    other = dataclasses.replace(learnt.bundles["escalation"], policy_digest="feed")
    with pytest.raises(UserError, match=r"different policies: .*feed"):
        score(simulated, {**learnt.bundles, "escalation": other}, "start")


def test_anonymous_contacts_only_are_refused(simulated):
    """With no customer known there is nobody to judge; the message says where to look."""
    place = simulated.column_names.index("customer_id")
    nobody = simulated.set_column(place, "customer_id", pa.nulls(len(simulated), pa.string()))
    with pytest.raises(UserError, match="no contact can be judged"):
        learn(nobody, params=SMALL)


def test_an_empty_table_is_refused(simulated):
    """No contacts at all give the same clear message."""
    with pytest.raises(UserError, match="no contact can be judged"):
        learn(simulated.slice(0, 0), params=SMALL)


def test_holds_and_transfers_so_far_count_in_a_live_score(learnt, simulated, centre):
    """With the events table, models that know them at live score by what has happened so far."""
    live = {**learnt.bundles["repeated"].known_from, **dict.fromkeys(SO_FAR, "live")}
    bundles = {t: dataclasses.replace(b, known_from=live) for t, b in learnt.bundles.items()}
    events = pq.read_table(centre / "events.parquet")
    found = [
        score(simulated, bundles, "live", elapsed_s=240.0, events=told)["escalation_probability"]
        for told in (None, events)
    ]
    assert found[0] != found[1]

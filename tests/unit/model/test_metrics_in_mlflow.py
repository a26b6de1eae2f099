"""The figures of a training can be read from MLflow under their names."""

import dataclasses

import pytest

from recontact.evaluation.figures import find
from recontact.tracking.metrics import AT_ONCE, metrics
from recontact.tracking.record import record


@pytest.fixture
def read(store, learnt, monkeypatch):
    """What MLflow holds of a training."""
    monkeypatch.setattr("recontact.model.training.plots", lambda *_: {"importance": b"png"})
    run_id, _ = record(store, dataclasses.replace(learnt), {})
    return store.client.get_run(run_id).data.metrics


def test_every_figure_reaches_the_store(read, learnt):
    """More than MLflow takes at once; all of them arrive, with their values."""
    named = metrics(learnt.evaluation)
    assert len(named) > AT_ONCE
    assert read == pytest.approx(named)


def test_what_one_looks_at_first_has_short_names(read, learnt):
    """ROC AUC with its interval, customers weighed alike, lift and workload, the lead."""
    place = {"target": "repeated", "moment": "start", "history": "all", "model": "recontact"}
    row = find(learnt.evaluation["figures"], **place)
    tenth = next(at for at in row["capacity"] if at["share"] == 0.1)
    wanted = {
        "roc_auc": row["roc_auc"],
        "roc_auc_low": row["intervals"]["roc_auc"][0],
        "roc_auc_high": row["intervals"]["roc_auc"][1],
        "calibration_error": row["calibration_error"],
        "by_customer_roc_auc": row["by_customer"]["roc_auc"],
        "lift_at_10": tenth["lift"],
        "a_day_at_10": tenth["a_day"],
        "share_to_reach_80": row["to_reach"][1]["share"],
        "ahead_of_contacts_7d.roc_auc_low": row["ahead"]["contacts_7d"]["roc_auc"]["low"],
    }
    found = {name: read[f"repeated.start.{name}"] for name in wanted}
    assert found == pytest.approx(wanted)
    assert read["repeated/start/all/recontact/roc_auc"] == pytest.approx(row["roc_auc"])


def test_the_time_of_a_score_is_a_metric(learnt):
    """One a target."""
    latency = {"repeated": {"median_ms": 1.5}}
    assert metrics(learnt.evaluation | {"latency": latency})["repeated.latency_ms"] == 1.5


def test_workload_worth_and_gaps_have_short_names(read, learnt):
    """What so many a day find, what that is worth beside everybody, how far groups lie apart."""
    day = _first(learnt, "daily", model="recontact")
    worth = _first(learnt, "values", choice="recontact")
    everybody = _first(learnt, "values", choice="everybody")
    gap = _first(learnt, "gaps", column="queue", figure="flagged")
    wanted = {
        f"recall_of_{day['a_day']}_a_day": day["recall"],
        f"precision_of_{day['a_day']}_a_day": day["precision"],
        "value": worth["value"],
        "value_low": worth["interval"][0],
        "best_value": worth["best_value"],
        "value_of_everybody": everybody["value"],
        "gap.queue.flagged": gap["gap"],
    }
    found = {name: read[f"repeated.wrapup.{name}"] for name in wanted}
    assert found == pytest.approx(wanted)


def _first(learnt, table, **wanted):
    wanted |= {"target": "repeated", "moment": "wrapup"}
    return next(r for r in learnt.evaluation[table] if wanted.items() <= r.items())


def test_a_column_of_any_name_makes_a_name_that_mlflow_takes(learnt):
    """Signs that it refuses are replaced."""
    gap = learnt.evaluation["gaps"][0] | {"column": "site (EU), k\u00f6ln"}
    named = metrics(learnt.evaluation | {"gaps": [gap]})
    place = f"{gap['target']}.{gap['moment']}"
    assert named[f"{place}.gap.site _EU__ k_ln.{gap['figure']}"] == gap["gap"]

"""The time of a score with its explanation: counted everywhere alike, measured at training."""

import numpy as np
import pytest

from recontact.model.explaining import Explainer
from recontact.model.latency import BUDGET_MS, measure, size


def test_the_steps_of_an_explanation_are_counted_from_the_trees(learnt):
    """Trees, leaves and depth are those of LightGBM's own table of the nodes."""
    bundle = learnt.bundles["repeated"]
    nodes = bundle.booster.trees_to_dataframe()
    leaves = nodes[nodes["left_child"].isna()].groupby("tree_index").size()
    depth = nodes.groupby("tree_index")["node_depth"].max() - 1  # they call the root 1
    found = size(bundle)
    assert found == {
        "trees": bundle.facts["trees"],
        "leaves": leaves.sum(),
        "depth": depth.max(),
        "steps": (leaves * depth**2).sum(),
    }


def counted(method, name, called):
    """Give a method that notes each of its calls."""

    def run(self, *given):
        called.append(name)
        return method(self, *given)

    return run


def test_a_score_is_timed_with_its_explanation(learnt, monkeypatch):
    """Ten calls to warm up and as many as asked for; without the explanation it would be less."""
    bundle = learnt.bundles["repeated"]
    called = []
    for name in ("raw", "contributions"):
        monkeypatch.setattr(Explainer, name, counted(getattr(Explainer, name), name, called))
    found = measure(bundle, bundle.encoding.matrix(learnt.test.slice(0, 5)), calls=20)
    assert called.count("contributions") == called.count("raw") == 30
    assert 0 < found["median_ms"] <= found["p95_ms"]
    assert found["budget_ms"] == BUDGET_MS


def test_the_median_is_of_what_was_timed(learnt, monkeypatch):
    """By a clock that is told what to say: every call takes two milliseconds."""
    ticks = iter(np.arange(1000) * 0.002)
    monkeypatch.setattr("recontact.model.latency.time.perf_counter", lambda: next(ticks))
    bundle = learnt.bundles["repeated"]
    found = measure(bundle, bundle.encoding.matrix(learnt.test.slice(0, 5)), calls=9)
    assert (found["median_ms"], found["p95_ms"]) == (pytest.approx(2.0), pytest.approx(2.0))

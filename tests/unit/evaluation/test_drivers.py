"""What drives a score: strongest first, in the right direction, also of parts."""

import numpy as np
import pytest

from recontact.evaluation import tables
from recontact.evaluation.drivers import direction, drivers
from recontact.evaluation.plan import Plan
from recontact.groups import Groups
from recontact.model.comparing import PARTS, _greatest, groups_of, summary


def test_directions():
    """Up, down, both ways, and nothing where there is one value only."""
    x = np.linspace(-1, 1, 101)
    assert direction(x, x) == "raises"
    assert direction(x, -(x**3)) == "lowers"
    assert direction(x, x**2) == "mixed"
    assert direction(np.ones(101), x) is None
    assert direction(np.full(101, np.nan), x) is None
    assert direction(np.where(x < 0, np.nan, x), x) == "raises"


def test_effects_are_summed_by_part():
    """Mean sizes, over all and over each part; a part without contacts is left out."""
    effects = np.array([[1.0, -3.0], [-1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    matrix = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 2.0], [0.5, np.nan]])
    parts = {"first": np.array([1, 1, 0, 0], bool), "none": np.zeros(4, bool)}
    found = drivers(effects, matrix, ["x", "queue"], {"queue": ("a", "b")}, parts)
    assert [(f["feature"], f["effect"]) for f in found["features"]] == [("x", 1.0), ("queue", 1.0)]
    assert [f["parts"] for f in found["features"]] == [{"first": 1.0}, {"first": 1.5}]
    queue = found["features"][1]
    assert (queue["direction"], queue["raises"], queue["lowers"]) == (None, [], ["a"])
    assert [point["place"] for point in found["points"]] == [
        pytest.approx([2 / 3, 0, 1, 1 / 3], abs=1e-5),
        [None] * 4,
    ]


def test_the_models_own_contributions_are_summed(learnt):
    """Of a trained model: every feature, shares that sum to one, every moment and history."""
    for target, found in learnt.evaluation["drivers"].items():
        features = found["features"]
        assert {f["feature"] for f in features} == set(learnt.bundles[target].encoding.features)
        assert sum(f["share"] for f in features) == pytest.approx(1, abs=0.01)
        sizes = [f["effect"] for f in features]
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[0] > 0
        assert set(features[0]["parts"]) == {
            *(f"moment: {moment}" for moment in ("start", "live", "wrapup")),
            *(f"history: {history}" for history in ("first-seen", "1-3", "4+")),
        }


def test_effects_are_told_for_the_groups_of_a_chosen_column(learnt, simulated):
    """The greatest, of those with enough contacts; of a column that was not chosen, none."""
    plan = Plan(slices=("site",), replicates=0)
    where = groups_of(simulated, learnt.test, plan.slices)
    told = summary(learnt.bundles, learnt.trials, learnt.test, plan, groups=where)["drivers"]
    parts = told["repeated"]["features"][0]["parts"]
    named = {name: size for name, size in parts.items() if name.startswith("site: ")}
    assert 1 < len(named) <= PARTS
    assert len(set(named.values())) > 1
    assert not any(name.startswith("queue: ") for name in parts)
    assert '<th scope="col">site: ' in tables.drivers(told["repeated"])

    many = Groups("site", np.repeat(np.arange(9), 40 + np.arange(9) * 4), [*"abcdefgh", None])
    rare = _greatest({"site": many}, np.arange(len(many.codes)))
    assert list(rare) == ["site: unknown", "site: h", "site: g", "site: f", "site: e"]
    assert rare["site: unknown"].sum() == 72
    assert list(_greatest({"site": many}, np.arange(100))) == []


def test_repeats_are_driven_by_history(learnt):
    """In the simulated centre, more earlier contacts about the issue raise the risk."""
    features = {f["feature"]: f for f in learnt.evaluation["drivers"]["repeated"]["features"]}
    assert features["same_issue_30d"]["direction"] == "raises"

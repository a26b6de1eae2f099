"""Nothing is found in shuffled outcomes, and a pipeline that peeks at outcomes is caught."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from recontact import dataset, label
from recontact.contacts import canonical, instants
from recontact.model.bundle import TARGETS
from recontact.model.rows import Recipe
from recontact.model.shuffled import shuffle, shuffled_check, some_customers
from recontact.policy import Policy

SMALL = {"num_leaves": 7, "min_data_in_leaf": 20}


@pytest.fixture(scope="module")
def contacts(simulated):
    """The simulated contact centre, every column there."""
    return canonical(simulated)


def test_the_sample_holds_whole_customers_over_all_the_time(contacts):
    """All contacts of those chosen, from the first weeks to the last, and nobody's with a tenth."""
    some = some_customers(contacts, most=1500)
    chosen = pc.unique(some["customer_id"])
    assert 1000 < len(some) <= 1500
    assert len(contacts.filter(pc.is_in(contacts["customer_id"], chosen))) == len(some)
    assert pc.max(pc.value_counts(some["customer_id"]).field("counts")).as_py() <= 150
    whole, part = (instants(table["started_at"]) for table in (contacts, some))
    assert np.ptp(part) > 0.9 * np.ptp(whole)


def test_outcomes_are_dealt_out_and_stay_together(contacts):
    """As many of each pair of outcomes as before, null where they were, on other contacts."""
    labels = label(contacts)
    dealt = shuffle(labels, seed=1)
    pairs = [
        sorted(zip(*(table[t].to_pylist() for t in TARGETS), strict=True), key=str)
        for table in (labels, dealt)
    ]
    assert pairs[0] == pairs[1]
    assert dealt["repeated"].is_valid().equals(labels["repeated"].is_valid())
    assert dealt["repeated"].to_pylist() != labels["repeated"].to_pylist()
    assert dealt.drop_columns(list(TARGETS)).equals(labels.drop_columns(list(TARGETS)))


def test_nothing_is_found_in_shuffled_outcomes(learnt):
    """Every training checks it: within four standard errors of a coin, which are small."""
    for target in TARGETS:
        found = learnt.evaluation["shuffled_check"][target]
        assert found["passed"] is True
        assert abs(found["roc_auc"] - 0.5) <= 4 * found["error"] < 0.15


def test_a_feature_made_from_outcomes_is_caught(contacts, monkeypatch):
    """A rate that counts the contact's own label tells even shuffled outcomes."""
    honest = dataset.build

    def peeking(*given, **options):
        rows = honest(*given, **options)
        outcome = np.nan_to_num(np.array(rows["repeated"].to_pylist(), dtype=float))
        agent = np.random.default_rng(0).integers(0, 1000, len(rows))
        rate = (np.bincount(agent, outcome) / np.maximum(np.bincount(agent), 1))[agent]
        place = rows.column_names.index("agent_repeat_rate")
        return rows.set_column(place, "agent_repeat_rate", pa.array(rate))

    monkeypatch.setattr(dataset, "build", peeking)
    found = shuffled_check(contacts, Policy(), Recipe(moments=["start"]), params=SMALL)["repeated"]
    assert found["passed"] is False
    assert found["roc_auc"] > 0.6


def test_too_little_data_is_said_and_is_no_failure(contacts):
    """Where it can't be done, it says why and passes no judgement."""
    found = shuffled_check(contacts.slice(0, 300), Policy(), params=SMALL)["escalation"]
    assert found["passed"] is None
    assert "too little data" in found["undefined"]

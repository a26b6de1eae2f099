"""Where nobody escalated there is no model but the base rate, and everything else goes on."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from recontact.errors import UserError
from recontact.evaluation.card import card
from recontact.evaluation.plan import Plan
from recontact.features.figures import Figures
from recontact.model import learn, score
from recontact.model.bundle import Bundle
from recontact.model.constant import base_rate
from recontact.model.latency import measure
from recontact.next_issues import NextIssues
from recontact.policy import Policy
from recontact.scoring import Scorer

SMALL = {"max_trees": 5, "early_stopping": 5, "num_leaves": 4, "min_data_in_leaf": 20}
START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def contacts(simulated):
    """Contacts none of which is known to have escalated."""
    some = simulated.slice(0, 2500)
    place = some.column_names.index("escalated")
    return some.set_column(place, some.schema.field(place), pa.array([False] * len(some)))


@pytest.fixture(scope="module")
def unescalated(contacts):
    """What is learnt from them."""
    return learn(contacts, params=SMALL, plan=Plan(replicates=0, shuffled=False))


def test_the_base_rate_stands_in_for_the_model(unescalated):
    """One probability for all, above 0, in the band low; why is kept, and no figure claimed."""
    bundle = unescalated.bundles["escalation"]
    probabilities = bundle.predict(unescalated.test)
    (chance,) = set(probabilities.tolist())
    assert 0 < chance < 0.01
    assert set(bundle.bands(probabilities)) == {"low"}
    assert "0 contacts with escalation true" in bundle.facts["constant"]
    assert {row["target"] for row in unescalated.evaluation["figures"]} == {"repeated"}
    assert list(unescalated.evaluation["constant"]) == ["escalation"]


def test_scores_go_on_with_one_model(unescalated, contacts):
    """Probabilities are never null, and what was known already stays 1."""
    scores = score(contacts, unescalated.bundles, "wrapup")
    assert scores["escalation_probability"].null_count == 0
    assert set(pc.unique(scores["escalation_band"]).to_pylist()) == {"low"}
    assert len(set(scores["repeated_probability"].to_pylist())) > 10


def test_the_service_says_that_there_is_no_model(unescalated):
    """`degraded` names the target and why; there are no reasons for it."""
    scorer = Scorer(unescalated.bundles, Figures.none(), NextIssues({}, {}))
    answer = scorer.score(
        {"contact_id": "1", "customer_id": "x", "started_at": START, "channel": "voice"},
        [],
        moment="start",
        at=START,
        explain="always",
    )
    assert answer["escalation"]["band"] == "low"
    assert any(told.startswith("escalation: no model") for told in answer["degraded"])
    assert {told["outcome"] for told in answer["reasons"]} == {"repeated"}


def test_its_card_says_so(unescalated):
    """No figures, no bands: there is no model."""
    text = card(unescalated.bundles["escalation"], unescalated.evaluation)
    assert "**There is no model.**" in text
    assert "ROC AUC" not in text


def test_it_is_kept_and_read_like_any_other(unescalated, tmp_path):
    """Saved, loaded and timed."""
    bundle = unescalated.bundles["escalation"]
    bundle.save(tmp_path)
    assert Bundle.load(tmp_path) == bundle
    matrix = bundle.encoding.matrix(unescalated.test.slice(0, 3))
    assert measure(bundle, matrix, calls=3)["steps"] == 0


def test_the_rate_is_that_of_contacts_half_a_one_added():
    """One contact of three, asked about twice: (1 + 1/2) of (3 + 1)."""
    rows = pa.table({"contact_id": ["a", "a", "b", "c"], "escalation": [True, True, False, False]})
    bundle = base_rate(rows, "escalation", Policy(), "too few")
    assert bundle.predict_one({"moment": "live"}) == pytest.approx(1.5 / 4)
    assert np.isfinite(bundle.contributions_rows(np.zeros((1, 1)))).all()


def test_without_repeats_there_is_still_nothing_to_learn(contacts):
    """The base rate stands in for escalation alone."""
    once = contacts.set_column(
        contacts.column_names.index("customer_id"),
        "customer_id",
        pa.array([str(k) for k in range(len(contacts))]),
    )
    with pytest.raises(UserError, match="0 contacts with repeated true"):
        learn(once, params=SMALL)

"""A fitted model is the same every time, split by time, calibrated, and refused on too little."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from recontact.contacts import instants
from recontact.errors import UserError
from recontact.evaluation.metrics import calibration_error, roc_auc
from recontact.model.fitting import fit, judged, moments_of, outcomes
from recontact.model.gate import check_contacts
from recontact.model.split import split
from recontact.policy import Policy

SMALL = {"max_trees": 40, "num_leaves": 7, "min_data_in_leaf": 20, "early_stopping": 10}
DAY_US = 86_400_000_000


def dataset(contacts: int = 3_000, seed: int = 1, rate: float = 0.0) -> pa.Table:
    """Rows at two moments; calls and queue drive the outcome, talk time shows it at wrap-up."""
    random = np.random.default_rng(seed)
    begun = np.sort(random.integers(0, 60 * 86_400, contacts))
    calls = random.poisson(1.5, contacts).astype(float)
    queue = random.choice(["billing", "sales", "tech"], contacts)
    hidden = random.normal(size=contacts)
    odds = rate - 2 + 0.7 * calls + (queue == "tech") + hidden
    outcome = random.random(contacts) < 1 / (1 + np.exp(-odds))
    parts = []
    for moment in ("start", "wrapup"):
        started = [
            dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=int(s)) for s in begun
        ]
        talk = pa.array(hidden) if moment == "wrapup" else pa.nulls(contacts, pa.float64())
        parts.append(
            pa.table(
                {
                    "contact_id": [f"c{k}" for k in range(contacts)],
                    "moment": [moment] * contacts,
                    "at": started,
                    "contacts_7d": calls,
                    "queue": queue,
                    "talk_s": talk,
                    "repeated_already": np.zeros(contacts, dtype=bool),
                    "escalation_already": np.zeros(contacts, dtype=bool),
                    "repeated": outcome,
                    "escalation": outcome,
                    "matured": np.ones(contacts, dtype=bool),
                    "started_at": started,
                    "ended_at": started,
                    "customer": np.arange(contacts),
                }
            )
        )
    return pa.concat_tables(parts)


def test_same_seed_and_rows_give_the_same_bytes():
    """Two fits write the same files; another seed writes other trees."""
    rows = dataset(1_500)
    first, again = (fit(rows, "repeated", Policy(), params=SMALL, seed=4) for _ in range(2))
    other = fit(rows, "repeated", Policy(), params=SMALL, seed=5)
    assert first == again
    assert first.model != other.model


def test_probabilities_are_calibrated_at_each_moment():
    """On later rows of the same kind, what is said comes true, and wrap-up knows more."""
    rows = dataset(12_000)
    parts = split(rows, 2 * DAY_US)
    more = SMALL | {"max_trees": 120}
    bundle = fit(rows.filter(pa.array(parts.earlier)), "repeated", Policy(), params=more)
    test = rows.filter(pa.array(parts.later))
    score, outcome, moments = bundle.predict(test), outcomes(test, "repeated"), moments_of(test)
    area = {}
    for moment in ("start", "wrapup"):
        of = moments == moment
        assert calibration_error(outcome[of], score[of]) < 0.05
        area[moment] = roc_auc(outcome[of], score[of])
    assert area["wrapup"] > area["start"] + 0.05 > 0.7


def test_bands_hold_the_wanted_shares():
    """About a tenth of the contacts is high and a fifth medium."""
    rows = dataset(6_000)
    bundle = fit(rows, "repeated", Policy(), params=SMALL)
    bands = bundle.bands(bundle.predict(dataset(6_000, seed=2)))
    assert bands.count("high") / len(bands) == pytest.approx(0.1, abs=0.06)
    assert bands.count("medium") / len(bands) == pytest.approx(0.2, abs=0.08)


def test_a_moment_without_rows_can_be_scored():
    """Tickets take no time and have no live rows; their live score is calibrated on all."""
    bundle = fit(dataset(1_500), "repeated", Policy(), params=SMALL)
    assert 0 < bundle.predict_one({"moment": "live", "contacts_7d": 2.0}) < 1


def test_earlier_rows_had_settled_before_the_boundary():
    """No row learnt from ends less than the gap before the first test row; test is a fifth."""
    rows = dataset(2_000)
    parts = split(rows, 7 * DAY_US)
    started, ended = instants(rows["started_at"]), instants(rows["ended_at"])
    assert ended[parts.earlier].max() + 7 * DAY_US <= started[parts.later].min()
    assert parts.later.mean() == pytest.approx(0.2, abs=0.01)
    between = ~parts.earlier & ~parts.later
    assert (ended[between] + 7 * DAY_US > parts.boundary).all()


def test_known_outcomes_are_not_learnt_from():
    """Rows whose outcome was known at the instant are left out, whatever they would say."""
    rows = dataset(1_500)
    known = np.arange(len(rows)) % 3 == 0
    place = rows.column_names.index("repeated_already")
    marked = rows.set_column(place, "repeated_already", pa.array(known))
    without = marked.filter(pa.array(~known))
    assert fit(marked, "repeated", Policy(), params=SMALL) == fit(
        without, "repeated", Policy(), params=SMALL
    )
    assert len(judged(marked, "repeated")) == (~known).sum()


def test_odd_column_names_are_taken():
    """Characters that LightGBM refuses in a feature's name do not stop a training."""
    rows = dataset(1_500)
    for k, name in enumerate(['a:"b"', "a__b_", "größe, [cm]"]):
        rows = rows.append_column(name, pa.array(np.full(len(rows), float(k))))
    bundle = fit(rows, "repeated", Policy(), params=SMALL)
    assert {'a:"b"', "a__b_", "größe, [cm]"} <= set(bundle.encoding.features)


def test_one_class_only_is_refused():
    """Where nobody repeats, the message says so and how many are needed."""
    with pytest.raises(UserError, match=r"0 contacts with repeated true.*at least 20"):
        fit(dataset(1_500, rate=-50.0), "repeated", Policy(), params=SMALL)


def test_a_window_longer_than_the_data_is_refused():
    """When the gap leaves nothing to learn from, the message names it."""
    with pytest.raises(UserError, match=r"no judged contact at all.*80 days"):
        fit(dataset(1_500), "repeated", Policy.parse({"window": "80d"}), params=SMALL)


def test_too_few_contacts_are_refused():
    """The message counts judged contacts, not rows, and says how many are needed."""
    with pytest.raises(UserError, match=r"100 judged contacts.*at least 200"):
        check_contacts(dataset(100))
    with pytest.raises(UserError, match="no contact can be judged"):
        check_contacts(dataset(100).slice(0, 0))

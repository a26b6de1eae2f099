"""When re-contacts come: who is at risk, no bias from the newest contacts, one curve everywhere."""

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from tests.reference import when as slow

from recontact.contacts import instants
from recontact.model.bundle import Bundle
from recontact.model.clock import Clock
from recontact.model.sequel import sequel
from recontact.model.soon import back_h
from recontact.model.when import EDGES, FEATURES, When, edges_for
from recontact.model.when_learning import learn_when, risk_sets
from recontact.policy import Policy

HOUR, DAY = 3_600_000_000, 86_400_000_000
MONDAY = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
LATE = 2**62


def micros(at):
    return int(at.timestamp() * 1e6)


def history(ended, size):
    """Rows without any history that ended then."""
    nothing = {name: pa.nulls(size, pa.float64()) for name in FEATURES[:2]}
    none = {name: pa.array(np.zeros(size)) for name in FEATURES[2:]}
    times = pa.array(ended, pa.timestamp("us", tz="UTC"))
    return pa.table({**nothing, **none, "ended_at": times})


def test_risk_sets_are_those_counted_minute_by_minute():
    """Each row is at risk until it came, watching ended, or the horizon."""
    random = np.random.default_rng(3)
    busy = tuple(np.round(random.uniform(0.2, 2.0, 168), 3).tolist())
    size = 40
    ended = [MONDAY + dt.timedelta(minutes=int(m)) for m in random.integers(0, 20_000, size)]
    gap = random.integers(0, 30_000, size) * 60
    watched = random.integers(1, 30_000, size) * 60
    gap[:3], gap[3] = (15 * 60, 48 * 3600, 336 * 3600), 0  # on the bounds
    watched[:4] = 30_000 * 60
    us = np.array([micros(at) for at in ended])
    found = risk_sets(EDGES, Clock(busy), us, gap * 1_000_000, watched * 1_000_000)
    for i in range(size):
        told = slow.at_risk(EDGES, ended[i], int(gap[i]), int(watched[i]), busy)
        assert found.came[i].tolist() == [came for _, came in told]
        shares = np.maximum([share for share, _ in told], found.came[i] * 1e-6)
        assert found.at_risk[i] == pytest.approx(shares, abs=1e-9)
    assert found.came.any(axis=0).sum() > 10


def drawn(size, seed=0):
    """Contacts of which 1, 3 or 9 in 1,000 of those left come back in each hour."""
    random = np.random.default_rng(seed)
    rate = random.choice([0.001, 0.003, 0.009], size)
    ended = micros(MONDAY) + random.integers(0, 40 * DAY, size)
    gap = (random.exponential(1 / rate) * HOUR).astype(np.int64)
    return ended, gap, 1 - np.exp(-rate * 48)


def curve(ended, gap, chance, watched):
    """Learn, and give the mean chance to be back after 1, 24, 168 and 336 hours."""
    size = len(ended)
    learnt = learn_when(history(ended, size), chance, gap, watched, ended)
    told = learnt.curves(history(ended, size), chance, ended, 48 * HOUR)
    return np.array([told.chance(hours).mean() for hours in (1.0, 24.0, 168.0, 336.0)])


def test_the_newest_contacts_teach_without_bias():
    """Learnt with censored rows, the curve is that of all outcomes; dropping open ones is not."""
    ended, gap, chance = drawn(20_000)
    now = micros(MONDAY) + 20 * DAY  # half of them are younger than the horizon or not there yet
    there = ended < now
    ended, gap, chance, watched = ended[there], gap[there], chance[there], (now - ended)[there]
    whole = curve(ended, gap, chance, np.full(len(gap), LATE))
    censored = curve(ended, gap, chance, watched)
    noise = 2.5 * np.sqrt(whole * (1 - whole) / (len(gap) / 3))
    assert (np.abs(censored - whole) < noise).all()
    known = (gap <= watched) | (watched >= 336 * HOUR)
    dropped = curve(ended[known], gap[known], chance[known], watched[known])
    assert (dropped[2:] - whole[2:] > 2 * noise[2:]).all()
    true = np.array([(gap <= hours * HOUR).mean() for hours in (1, 24, 168, 336)])
    assert (np.abs(whole - true) < noise).all()


def test_without_features_it_is_the_curve_of_kaplan_and_meier():
    """Contacts that are all alike get the share that was back, by censored contacts too."""
    random = np.random.default_rng(5)
    size = 400
    gap = random.integers(1, 500, size)
    watched = random.integers(20, 600, size)
    ended = np.full(size, micros(MONDAY))
    back = 1 - slow.kaplan_meier(gap.tolist(), watched.tolist(), 48)
    chance = np.full(size, back)
    learnt = learn_when(history(ended, size), chance, gap * HOUR, watched * HOUR, ended)
    learnt = replace(learnt, clock=Clock((1.0,) * 168))
    even = learn_when(
        history(ended, size), chance, gap * HOUR, watched * HOUR,
        micros(MONDAY) + np.arange(168 * 50) * HOUR,
    )  # fmt: skip
    told = even.curves(history(ended, size), chance, ended, 48 * HOUR)
    for hours in (24.0, 48.0, 120.0, 336.0):
        expected = 1 - slow.kaplan_meier(gap.tolist(), watched.tolist(), hours)
        assert told.chance(hours)[0] == pytest.approx(expected, abs=0.02)


@pytest.fixture(scope="module")
def model(learnt):
    found = learnt.bundles["repeated"].when
    assert found is not None
    return found


def test_it_says_the_calibrated_probability_at_the_window(learnt, model):
    """The curve and the score never differ at the contact's own window; it only rises."""
    bundle = learnt.bundles["repeated"]
    rows = learnt.test.slice(0, 300)
    chance = np.clip(bundle.predict(rows), 0, 0.999)
    ended = instants(rows["ended_at"])
    for window in (HOUR, 48 * HOUR, 336 * HOUR):
        told = model.curves(rows, chance, ended, window)
        assert told.chance(window / HOUR) == pytest.approx(chance, abs=1e-9)
        assert (np.diff(told.hazard, axis=1) > 0).all()
        assert (told.median_h > 0).all()
        assert (told.expected_h < model.horizon_h).all()
        assert told.chance(told.median_h) == pytest.approx(told.chance(336.0) / 2, rel=0.15)


def test_live_equals_batch(learnt, model):
    """One contact's curve from its live features is that of its row in the batch."""
    rows = learnt.test.slice(0, 50)
    chance = np.clip(learnt.bundles["repeated"].predict(rows), 0, 0.999)
    ended = instants(rows["ended_at"])
    told = model.curves(rows, chance, ended, 48 * HOUR)
    for i, row in enumerate(rows.to_pylist()):
        one = model.one(row, float(chance[i]), int(ended[i]), 48 * HOUR)
        assert one.hazard[0] == pytest.approx(told.hazard[i], rel=1e-12)
        assert one.expected_h[0] == pytest.approx(told.expected_h[i], rel=1e-12)


@pytest.mark.parametrize("window_h", [0, 1, 30.5, 48, 336, 720])
@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_when_a_share_is_back_is_the_same_by_one_and_by_many(learnt, model, window_h, share):
    """So many of those who come within the window are back by then; at once for one contact."""
    rows = learnt.test.slice(0, 40)
    chance = np.clip(learnt.bundles["repeated"].predict(rows), 0, 0.999)
    ended = instants(rows["ended_at"])
    told = model.curves(rows, chance, ended, window_h * HOUR)
    many = told.back_h(share, window_h)
    for i, row in enumerate(rows.to_pylist()):
        one = back_h(model, row, float(chance[i]), int(ended[i]), int(window_h * HOUR), share)
        assert one == pytest.approx(many[i], rel=1e-9, abs=1e-9)
    inside = told.chance(many) - share * told.chance(window_h)
    assert np.abs(inside).max() < 0.02


def test_after_quiet_hours_less_is_left(model):
    """Given that nobody came, the rest of the window holds what is left, and nothing at its end."""
    ended = np.array([micros(MONDAY)] * 2)
    told = model.curves(history(ended, 2), np.array([0.3, 0.6]), ended, 48 * HOUR)
    assert told.chance_after(48.0, 0.0) == pytest.approx([0.3, 0.6])
    left = told.chance_after(48.0, 24.0)
    assert left == pytest.approx(1 - (1 - told.chance(48.0)) / (1 - told.chance(24.0)))
    assert (
        told.chance_after(48.0, 48.0).tolist() == told.chance_after(48.0, 60.0).tolist() == [0, 0]
    )


def test_it_is_kept_with_the_model(learnt, model, tmp_path):
    """Saved and loaded it is the same, in plain numbers."""
    assert When.from_json(json.loads(json.dumps(model.as_json(), allow_nan=False))) == model
    learnt.bundles["repeated"].save(tmp_path)
    assert Bundle.load(tmp_path).when == model
    assert learnt.bundles["escalation"].when is None


def test_the_horizon_reaches_the_greatest_window():
    """14 days, or the window where that is longer; few re-contacts teach nothing."""
    assert edges_for(2 * DAY)[-1] == 336.0
    assert edges_for(30 * DAY)[-1] == 720.0
    assert max(np.diff(edges_for(90 * DAY))) <= 144.0
    ended = np.full(30, micros(MONDAY))
    few = np.where(np.arange(30) < 19, HOUR, LATE)
    nothing = learn_when(history(ended, 30), np.full(30, 0.5), few, np.full(30, DAY), ended)
    assert nothing is None


def test_sequel_finds_what_came_later_than_the_window():
    """The next contact counts however late, of the same issue and of any."""
    days = [MONDAY + dt.timedelta(days=d) for d in (0, 3, 10)]
    columns = {"contact_id": ["a", "b", "c"], "customer_id": ["x"] * 3}
    columns |= {"reason": ["bill", "order", "bill"], "started_at": days, "ended_at": days}
    contacts = pa.table(columns)
    found = sequel(contacts, Policy(), pa.chunked_array([["c", "a"]]), micros(days[2]) + DAY)
    assert found.gap_us.tolist()[1] == 10 * DAY
    assert found.any_gap_us.tolist()[1] == 3 * DAY
    assert (found.reason.to_pylist(), found.any_reason.to_pylist()) == (
        [None, "bill"],
        [None, "order"],
    )
    assert found.watched_us.tolist() == [DAY, 11 * DAY]


def test_the_evaluation_says_how_well_it_tells(learnt):
    """By hours: told and came on later contacts."""
    rows = learnt.evaluation["when"]
    assert [row["hours"] for row in rows] == [1.0, 24.0, 48.0, 168.0, 336.0]
    for row in rows:
        assert abs(row["probability"] - row["back"]) < 0.1
    assert rows[-1]["contacts"] < rows[0]["contacts"]

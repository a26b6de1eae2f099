"""Case mix: the regression behind it, what it takes out, and that it finds the agents' own part."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recontact import label
from recontact.contacts import instants
from recontact.durations import DAY
from recontact.groups import Groups, groups
from recontact.history import order
from recontact.rates import Measures, measure
from recontact.report.case_mix import case_mix, expected, factors
from recontact.report.logistic import fit


def test_the_regression_is_that_of_scikit_learn():
    """The same penalised likelihood has the same chances, one row a contact or one a cell."""
    linear = pytest.importorskip("sklearn.linear_model")
    draw = np.random.default_rng(3)
    queue, hour = draw.integers(0, 5, 2_000), draw.integers(0, 3, 2_000)
    hit = draw.random(2_000) < 1 / (1 + np.exp(1 - 0.4 * queue + 0.3 * hour))
    table = np.hstack([np.eye(5)[queue], np.eye(3)[hour]])
    other = linear.LogisticRegression(C=0.5, tol=1e-10, max_iter=1_000).fit(table, hit)
    ones = np.ones(2_000)
    ours = fit([queue, hour], hit.astype(float), ones, ridge=2.0)
    assert ours == pytest.approx(other.predict_proba(table)[:, 1], abs=1e-5)
    cell = queue * 3 + hour
    of, hits = np.bincount(cell, minlength=15), np.bincount(cell, hit, 15)
    levels = np.arange(15)
    by_cell = fit([levels // 3, levels % 3], hits, of.astype(float), ridge=2.0)
    assert by_cell[cell] == pytest.approx(ours, abs=1e-7)


CELLS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 9), st.integers(0, 9)),
    min_size=1,
    max_size=12,
)


@given(CELLS)
def test_as_many_hits_are_expected_as_there_were(cells):
    """Chances lie between 0 and 1, and in all as many hits are expected as observed."""
    first, second, hits, misses = (np.array(c, dtype=np.int64) for c in zip(*cells, strict=True))
    of = (hits + misses).astype(float)
    chances = fit([first, second], hits.astype(float), of)
    assert ((chances >= 0) & (chances <= 1)).all()
    assert (chances * of).sum() == pytest.approx(hits.sum(), abs=1e-5)


def test_who_takes_the_hard_contacts_is_not_blamed():
    """Two agents alike but for what they are given have equal ratios of about 1."""
    draw = np.random.default_rng(5)
    agent = np.repeat([0, 1], 4_000)
    hard = np.concatenate([draw.random(4_000) < 0.8, draw.random(4_000) < 0.2])
    hits = draw.random(8_000) < np.where(hard, 0.5, 0.1)
    judged = np.ones(8_000, dtype=bool)
    outcomes = Measures({"repeat": (hits, judged), "escalation": (hits, judged)}, {})
    agents = Groups("agent_id", agent, ["h", "e"])
    rows = case_mix(outcomes, {"reason": hard.astype(np.int64)}, [agents], 30)["agent_id"]
    assert [row["verdict"] for row in rows] == ["as expected"] * 4
    for row in rows:
        assert row["ratio"] == pytest.approx(1, abs=0.06)
        assert row["ratio_low"] < 1 < row["ratio_high"]
    crude = [hits[agent == k].mean() for k in (0, 1)]
    assert crude[0] > 1.8 * crude[1]


def test_small_and_unknown_groups_are_not_listed():
    """Only named groups of enough judged contacts are compared; contacts not judged don't count."""
    codes = np.repeat([0, 1, 2, 3], [40, 29, 40, 30])
    hits = np.arange(139) % 3 == 0
    judged = np.ones(139, dtype=bool)
    judged[:5] = False
    outcomes = Measures({"repeat": (hits, judged), "escalation": (~hits, judged)}, {})
    brought = {"hour": np.arange(139) % 2}
    rows = case_mix(outcomes, brought, [Groups("team", codes, ["a", "b", None, "c"])], 30)["team"]
    assert {(row["group"], row["of"]) for row in rows} == {("a", 35), ("c", 30)}


def test_rare_levels_are_one():
    """Under 50 judged contacts tell nothing of a level by itself, and 300 levels are enough."""
    levels = np.repeat([0, 1, 2], [100, 49, 49])
    hits = np.where(levels == 0, np.arange(198) % 2, levels == 1).astype(bool)
    chances = expected([levels], hits, np.ones(198, dtype=bool))
    assert chances[levels == 1][0] == chances[levels == 2][0]
    levels = np.repeat(np.arange(320), np.arange(51, 371))
    hits = np.random.default_rng(2).random(len(levels)) < 0.3
    chances = expected([levels], hits, np.ones(len(levels), dtype=bool))
    assert len(np.unique(chances[levels < 20])) == 1
    assert len(np.unique(chances)) > 200


def test_an_adjusted_rate_is_at_most_1():
    """Ten times what was expected of easy contacts is still no more than all of them."""
    hard = np.repeat([0, 0, 1], [100, 900, 1_000])
    hits = np.repeat([True, False, True], [100, 900, 1_000])
    judged = np.ones(2_000, dtype=bool)
    outcomes = Measures({"repeat": (hits, judged), "escalation": (hits, judged)}, {})
    teams = Groups("team", np.repeat([0, 1], [100, 1_900]), ["a", "b"])
    worst = case_mix(outcomes, {"reason": hard}, [teams], 30)["team"][0]
    assert worst["group"] == "a"
    assert worst["ratio"] > 5
    assert worst["adjusted"] == 1


def test_expected_sums_to_observed_on_the_simulated_centre(simulated):
    """Over all judged contacts observed over expected is 1, and nobody else has a chance."""
    measures = measure(simulated, label(simulated))
    brought = factors(simulated, order(simulated))
    for hits, judged in (measures.shares["repeat"], measures.shares["escalation"]):
        chances = expected(list(brought.values()), hits & judged, judged)
        assert chances.sum() == pytest.approx((hits & judged).sum())
        assert (chances[~judged] == 0).all()
        assert ((chances[judged] > 0) & (chances[judged] < 1)).all()


def test_adjusted_ratios_follow_the_agents_true_part(simulated, centre):
    """Ratios go with how the simulator made its agents, and more closely than plain rates do."""
    truth = pq.read_table(centre / "truth" / "agents.parquet").to_pylist()
    own = {row["agent_id"]: row["unresolved_factor"] for row in truth}
    measures = measure(simulated, label(simulated))
    brought = factors(simulated, order(simulated))
    found = case_mix(measures, brought, [groups(simulated, "agent_id")], 100)
    rows = [row for row in found["agent_id"] if row["outcome"] == "repeat"]
    factor = [own[row["group"]] for row in rows]
    plain = np.corrcoef(factor, [row["observed"] / row["of"] for row in rows])[0, 1]
    adjusted = np.corrcoef(factor, [row["ratio"] for row in rows])[0, 1]
    assert len(rows) >= 8
    assert adjusted > max(plain, 0.5)


def test_only_agents_are_compared_within_their_queue():
    """Where each team is a queue, the team's part is not adjusted away, the agents' queue is."""
    code = np.repeat([0, 1], 500)
    hits = np.arange(1_000) % 10 < np.where(code == 0, 6, 2)
    judged = np.ones(1_000, dtype=bool)
    outcomes = Measures({"repeat": (hits, judged), "escalation": (hits, judged)}, {})
    both = [Groups(by, code, ["a", "b"]) for by in ("agent_id", "team")]
    found = case_mix(outcomes, {"queue": code, "hour": code * 0}, both, 30)
    assert [row["ratio"] for row in found["team"]] == pytest.approx([1.5, 0.5] * 2)
    assert [row["verdict"] for row in found["team"]] == ["worse", "better"] * 2
    assert {row["verdict"] for row in found["agent_id"]} == {"as expected"}


def test_the_hour_and_the_weekend_are_those_of_the_start_in_utc():
    """Hours come in six stretches; Saturday and Sunday are the weekend, whatever the year."""
    started = [
        dt.datetime(2026, 1, 2, 23, 59, tzinfo=dt.UTC),  # a Friday
        dt.datetime(2026, 1, 3, tzinfo=dt.UTC),
        dt.datetime(2026, 1, 4, 20, tzinfo=dt.UTC),
        dt.datetime(2026, 1, 5, 4, tzinfo=dt.UTC),
    ]
    texts = ("program", "queue", "reason", "channel", "customer_id")
    table = {name: pa.nulls(4, pa.string()) for name in texts}
    contacts = pa.table({**table, "contact_id": list("abcd"), "started_at": started})
    found = factors(contacts, order(contacts))
    assert found["weekend"].tolist() == [0, 1, 1, 0]
    assert found["hour"].tolist() == [5, 0, 5, 1]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("xy"), st.integers(0, 80)), min_size=1, max_size=14))
def test_history_counts_the_customers_contacts_of_the_last_30_days(days):
    """A slow twin counts earlier contacts of the same customer, up to four."""
    first = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    times = pa.array([first + dt.timedelta(days=day) for _, day in days])
    table = {name: pa.nulls(len(days), pa.string()) for name in ("program", "queue", "reason")}
    table |= {"channel": pa.nulls(len(days), pa.string())}
    ids = [f"{k:02}" for k in range(len(days))]
    contacts = pa.table(
        {**table, "contact_id": ids, "customer_id": [c for c, _ in days], "started_at": times}
    )
    found = factors(contacts, order(contacts))["history"]
    at = instants(contacts["started_at"]) // DAY
    for k, (customer, _) in enumerate(days):
        earlier = [
            j
            for j, (other, _) in enumerate(days)
            if other == customer and (at[j], j) < (at[k], k) and at[k] - at[j] <= 30
        ]
        assert found[k] == min(len(earlier), 4)

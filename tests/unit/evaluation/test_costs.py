"""What following up is worth, and what a team finds that has time for so many a day."""

import numpy as np
import pytest

from recontact.errors import UserError
from recontact.evaluation.bootstrap import Draws
from recontact.evaluation.costs import Costs, values
from recontact.evaluation.daily import daily
from recontact.evaluation.trials import Trial


@pytest.fixture(scope="module")
def trial():
    """A thousand contacts over ten days, scored by their true chance."""
    random = np.random.default_rng(1)
    chance = random.random(1000)
    outcome = (random.random(1000) < chance).astype(float)
    scores = {"recontact": chance, "contacts_7d": np.floor(chance * 4)}
    day, customer = random.integers(0, 10, 1000), random.integers(0, 300, 1000)
    return Trial("repeated", "wrapup", outcome, outcome * 0, scores, customer, day)


# repeat, follow-up, prevented, then the risk from which a follow-up pays
@pytest.mark.parametrize(
    ("repeat", "follow_up", "prevented", "cut"),
    [(8, 1, 0.4, 0.3125), (10, 5, 0.5, 1.0), (10, 6, 0.5, None), (0, 1, 1, None), (5, 0, 1, 0.0)],
)
def test_the_cut_is_where_a_follow_up_pays(repeat, follow_up, prevented, cut):
    """Its cost divided by what it saves in a case; None where it never pays."""
    costs = Costs(repeat=repeat, follow_up=follow_up, prevented=prevented)
    assert costs.cut("repeated") == cut


def test_values_are_what_a_plain_sum_gives(trial):
    """A case followed up saves its share of the repeat's cost; every follow-up costs."""
    costs = Costs(repeat=10, follow_up=2, prevented=0.5)
    rows = {row["choice"]: row for row in values([trial], costs, Draws.of(trial.customers))}
    worth = np.where(trial.outcome == 1, 3.0, -2.0)
    chosen = trial.scores["recontact"] >= 0.4
    ours = rows["recontact"]
    assert ours["cut"] == pytest.approx(0.4)
    assert ours["value"] == pytest.approx(1000 * (worth * chosen).mean())
    assert ours["interval"][0] < ours["value"] < ours["interval"][1]
    assert rows["everybody"]["value"] == pytest.approx(1000 * worth.mean())
    assert rows["nobody"]["value"] == 0
    every = [1000 * (worth * (trial.scores["contacts_7d"] >= k)).mean() for k in range(5)]
    assert rows["contacts_7d"]["value"] is None
    assert rows["contacts_7d"]["best_value"] == pytest.approx(max(every))
    assert rows["contacts_7d"]["best_cut"] == np.argmax(every)
    # honest probabilities: the cut that the costs set is nearly the best there is
    assert ours["value"] > 0.95 * ours["best_value"] > 0


def test_where_no_follow_up_pays_nobody_is_followed_up(trial):
    """Too dear a follow-up: the model's plan is to do nothing, and its value 0."""
    rows = {r["choice"]: r for r in values([trial], Costs(repeat=1, follow_up=1, prevented=0.5))}
    assert (rows["recontact"]["share"], rows["recontact"]["value"]) == (0.0, 0.0)
    assert rows["recontact"]["best_share"] == 0.0
    assert rows["everybody"]["value"] < 0


def test_escalations_have_a_cost_of_their_own(trial):
    """The same contacts, judged by escalation, are worth what an escalation costs."""
    costs = Costs(repeat=0, escalation=100, follow_up=1, prevented=0.1)
    other = Trial("escalation", "wrapup", trial.outcome, trial.before, trial.scores)
    rows = {row["choice"]: row for row in values([other], costs)}
    assert rows["everybody"]["value"] == pytest.approx(1000 * (10 * trial.outcome - 1).mean())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("repeats: 5", "unknown cost 'repeats'"),
        ("repeat: much", "repeat: not a number"),
        ("repeat: true", "repeat: not a number"),
        ("repeat: -1", "from 0 up"),
        ("repeat: .nan", "from 0 up"),
        ("prevented: 40", "prevented: 40 is above 1"),
        ("- 5", "not a mapping"),
        ("[", "not readable as YAML"),
    ],
)
def test_costs_that_can_not_be_are_named(text, message, tmp_path):
    """The message names the file and the key; what is not given keeps its default."""
    file = tmp_path / "costs.yaml"
    file.write_text(text)
    with pytest.raises(UserError, match=message) as raised:
        Costs.read(file)
    assert "costs.yaml" in raised.value.what
    file.write_text("repeat: 5\nunit: EUR")
    assert Costs.read(file) == Costs(repeat=5, unit="EUR")


def test_each_day_has_its_own_highest_scores(trial):
    """With k a day, the k highest of every day are followed up, not the highest of all days."""
    found = {(r["model"], r["a_day"]): r for r in daily([trial], [7, 5000])}
    hits = 0.0
    for day in range(10):
        own = trial.day == day
        top = np.argsort(-trial.scores["recontact"][own])[:7]
        hits += trial.outcome[own][top].sum()
    row = found["recontact", 7]
    assert (row["days"], row["flagged"]) == (10, 70)
    assert row["precision"] == pytest.approx(hits / 70)
    assert row["recall"] == pytest.approx(hits / trial.outcome.sum())
    everyone = found["contacts_7d", 5000]
    assert (everyone["flagged"], everyone["recall"]) == (1000, pytest.approx(1.0))

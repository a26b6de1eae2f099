"""The evaluation page and the terminal's lines: all that is measured is said, plainly."""

import copy
import json
import re
from html.parser import HTMLParser

import pytest

from recontact.errors import UserError
from recontact.evaluation.costs import Costs
from recontact.evaluation.figures import find
from recontact.evaluation.findings import findings, scoreboard
from recontact.evaluation.page import page
from recontact.evaluation.plan import Plan
from recontact.evaluation.plots import plots
from recontact.evaluation.words import summary as sentences
from recontact.model.comparing import check_slices, summary
from recontact_pipelines.cli import main

VOID = {"meta", "img", "br"}


@pytest.fixture(scope="module")
def evaluation(learnt):
    """The figures of a training, with costs, a column and a capacity of choice."""
    plan = Plan(costs=Costs(repeat=10, unit="EUR"), capacities=(3,))
    return learnt.evaluation | summary(learnt.bundles, learnt.trials, learnt.test, plan)


@pytest.fixture(scope="module")
def html(learnt, evaluation):
    """The page."""
    return page(evaluation, plots(learnt.trials, evaluation))


class Outline(HTMLParser):
    """Reads a page and keeps what matters to those who can't see it."""

    def __init__(self):
        super().__init__()
        self.open, self.heads, self.alts, self.tables, self.wrong = [], [], [], 0, []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "th":
            self.heads.append(given.get("scope"))
        if tag == "img":
            self.alts.append(given.get("alt", ""))
        self.tables += tag == "table"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_the_page_can_be_read_without_eyes_and_network(html):
    """Elements close, headers have a scope, pictures a text; nothing comes from outside."""
    outline = Outline()
    outline.feed(html)
    assert outline.wrong == outline.open == []
    assert set(outline.heads) == {"col", "row"}
    assert outline.tables > 20
    assert len(outline.alts) == 10
    assert all(len(alt) > 40 for alt in outline.alts)
    assert "http" not in html
    assert "<script" not in html


@pytest.mark.parametrize(
    "text",
    [
        "Will the customer have to call again?",
        "Will the case escalate?",
        "boosted trees of scikit-learn",
        "the reason&#x27;s usual rate",
        "By queue, when it has ended",
        "By week, when it has ended",
        "The greatest gaps between groups",
        "When so many can be followed up each day",
        "times as many as by chance",
        "follow up everybody",
        "Assumed, in EUR: repeat 10",
        "the higher, the riskier",
        "When are customers back?",
        "What is the next contact about?",
    ],
)
def test_the_page_says(html, text):
    """Outcomes, models, groups, workload, worth and drivers are all there."""
    assert text in html


def test_when_customers_are_back_is_said_beside_what_came(evaluation):
    """A line a time with both shares; the sentence has the day's, and the worst one that is off."""
    made = [
        {"hours": h, "contacts": n, "probability": p, "back": b, "calibration_error": 0.01}
        for h, n, p, b in ((24.0, 900, 0.12, 0.125), (336.0, 700, 0.3, 0.25))
    ]
    text = page(evaluation | {"when": made}, {})
    assert "the customer was back after 12.5% of the contacts; 12.0% were predicted" in text
    assert "furthest off within 14 days: 5.0 points too many were predicted" in text
    assert '<th scope="row">within 14 days</th><td>700</td><td>30.0%</td><td>25.0%</td>' in text
    fine = [row | {"probability": row["back"]} for row in made]
    assert "At no time shown is the prediction off" in page(evaluation | {"when": fine}, {})


@pytest.mark.parametrize(
    ("gain", "verdict"),
    [
        ((0.2, 0.1, 0.3), "That is better by more than chance."),
        ((0.1, -0.1, 0.3), "That may be chance."),
        ((-0.2, -0.3, -0.1), "That is worse by more than chance"),
    ],
)
def test_next_issues_are_held_against_the_reasons_own_table(evaluation, gain, verdict):
    """In words, with the interval, as its lower end says; and how often a guess was right."""
    keys = dict(zip(("gain", "gain_low", "gain_high"), gain, strict=True))
    made = evaluation["next_issues"] | keys | {"among_first_three": 0.61}
    text = page(evaluation | {"next_issues": made}, {})
    assert verdict in text
    assert f"{gain[1]:.3f} to {gain[2]:.3f}" in text
    assert "61% were about one of the three issues named first" in text


@pytest.mark.parametrize("gone", ["left out", "null"])
def test_what_was_not_learnt_has_no_section(learnt, evaluation, gone):
    """An evaluation without models of when and next issues makes a page and plots as before."""
    names = ("when", "next_issues")
    kept = {key: value for key, value in evaluation.items() if key not in names}
    without = kept if gone == "left out" else kept | dict.fromkeys(names)
    drawn = plots(learnt.trials[:1], without | {"drivers": {}})
    assert not set(names) & set(drawn)
    text = page(without, drawn)
    assert "When are customers back?" not in text
    assert "What is the next contact about?" not in text


def test_names_from_the_data_are_escaped(evaluation):
    """A queue named like markup stays text."""
    named = copy.deepcopy(evaluation)
    for row in named["slices"]:
        row["group"] = "<script>alert(1)</script>"
    assert "<script>alert" not in page(named, {})


def test_findings_are_those_of_the_figures(evaluation):
    """The sentences carry the ROC AUC, whom it beats, the costs' cut and the shuffled check."""
    said = " ".join(findings(evaluation, "repeated"))
    row = find(
        evaluation["figures"],
        target="repeated", moment="wrapup", history="all", model="recontact",
    )  # fmt: skip
    assert f"a ROC AUC of {row['roc_auc']:.3f}" in said
    low = row["ahead"]["contacts_7d"]["roc_auc"]["low"]
    beaten = re.search("better by more than chance than (.*?)(; |[.] )", said)
    assert (low > 0) == bool(beaten and "the one-line rule (+" in beaten[1])
    assert "from a risk of 25% on" in said
    assert "it finds nothing in later ones, as it should" in said


def test_a_failed_shuffled_check_is_said_first_hand(evaluation):
    """Where shuffled outcomes are told, the page and the terminal warn not to trust the rest."""
    failed = copy.deepcopy(evaluation)
    failed["shuffled_check"]["repeated"] |= {"passed": False, "roc_auc": 0.8}
    for text in (page(failed, {}), "\n".join(scoreboard(failed))):
        assert "do not trust the other figures" in text
    assert "do not trust" not in "\n".join(scoreboard(evaluation))


def test_the_terminal_shows_intervals_beside_the_auc(evaluation):
    """One line a target and moment: ours with its interval, and every other model."""
    lines = [line for line in scoreboard(evaluation) if line.startswith("  ")]
    assert len(lines) == 6
    for line in lines:
        assert re.search(r"ours 0\.\d{3} \[0\.\d{3}, 0\.\d{3}\]", line)
        assert all(f"{model} 0." in line for model in ("boosted", "logistic", "reason", "rule"))
    repeated, escalation = sentences(evaluation)
    assert "all contacts without another call yet: " in repeated
    assert "all contacts not escalated yet: " in escalation


def test_the_evaluation_is_json_and_holds_every_part(evaluation):
    """Every moment and model has groups, days and values; nothing in it is not a number."""
    whole = json.loads(json.dumps(evaluation, allow_nan=False))
    models = {row["model"] for row in whole["figures"]}
    assert models == {"recontact", "hist_gb", "logistic", "reason_rate", "contacts_7d"}
    columns = {row["column"] for row in whole["slices"]}
    assert columns >= {"queue", "program", "week"}
    for table in ("slices", "daily"):
        places = {(r["target"], r["moment"], r["model"]) for r in whole[table]}
        assert len(places) == 2 * 3 * len(models)
    assert {row["a_day"] for row in whole["daily"]} == {3}
    for row in whole["figures"]:
        if row["model"] == "recontact" and row["positives"] >= 10:
            assert set(row["ahead"]) == models - {"recontact"}
            low, high = row["intervals"]["roc_auc"]
            assert low < row["roc_auc"] < high
    assert whole["intervals"]["replicates"] == 200


def test_a_plan_comes_from_the_command(centre, tmp_path, monkeypatch):
    """--costs, --slice, --capacity and --no-shuffled-check reach the training as they are."""
    import recontact.model

    (tmp_path / "costs.yaml").write_text("follow_up: 3")
    given = {}

    def stopped(*_, **options):
        given.update(options)
        raise UserError("stopped here")

    monkeypatch.setattr(recontact.model, "train", stopped, raising=False)
    words = ["train", str(centre / "contacts.parquet"), "--costs", str(tmp_path / "costs.yaml")]
    more = ["--slice", "site", "--slice", "week", "--capacity", "40", "--no-shuffled-check"]
    assert main([*words, *more]) == 1
    assert given["plan"] == Plan(Costs(follow_up=3), ("site", "week"), (40,), shuffled=False)


def test_a_column_that_is_not_there_is_refused_before_the_work(simulated):
    """The message names it and those that there are."""
    check_slices(simulated, ("site", "week"))
    with pytest.raises(UserError, match="no column 'language'") as raised:
        check_slices(simulated, ("site", "language"))
    assert "site" in raised.value.mend

"""The campaigns' measurements, small: what `make campaign` runs at full size."""

import numpy as np
import pyarrow.compute as pc
import pytest

from recontact.clean import read_contacts
from recontact.evaluation.bootstrap import Draws
from recontact.evaluation.figures import find
from recontact.tables import read_table
from recontact_pipelines.campaigns import automl, origins, servicenow, simulated


@pytest.mark.slow
@pytest.mark.parametrize("window", servicenow.WINDOWS)
def test_servicenow_repeats_are_told_better_than_the_floor(incidents, window):
    """On the real incidents ours is not below the named figures, nor below any model beside.

    What AutoML gets is of the same incidents in the same order: scores that are its outcomes
    rank every case first.
    """
    given = automl.raw(incidents, window)
    knows = np.asarray(given.test["outcome"].cast("float64"))
    table = servicenow.measure(incidents, window, others={automl.AUTOML: knows})
    assert servicenow.below_floor(table, window) == []
    area = {row["model"]: row["roc_auc"] for row in table if row["history"] == "all"}
    assert area.pop(automl.AUTOML) == 1
    assert area.pop("recontact") > max(area.values())
    assert area.keys() >= {"contacts_7d", "logistic", "untuned"}
    lead = find(table, history="all", model="recontact")["ahead"]["untuned"]["roc_auc"]
    assert lead["low"] > 0
    assert servicenow.words({window: table}).count("\n") == 5
    found = {"learner": "x", "best_found_after_s": 1, "seconds": 9, "versions": {"x": "1"}}
    told = automl.words(table, found | {"processor_s": 5}, window)
    assert f"{window}: x after 1 of 9 s, 5 s of the processor; x 1" in told
    assert told.count("\n") == 7


def test_automl_gets_what_an_incident_arrives_with(incidents):
    """No history, no rate and nothing that is known later is among its columns."""
    train, test = automl.raw(incidents, "48h")
    assert set(train.column_names) == {*automl.RAW, *automl.LEVELS, "opened_at", "outcome"}
    assert train.schema.equals(test.schema)
    assert pc.max(train["opened_at"]).as_py() < pc.min(test["opened_at"]).as_py()
    opened = train["opened_at"].to_pylist()
    assert opened == sorted(opened)
    assert set(test["category"].to_pylist()) > {"Category 26", "Category 53"}


def test_origins_weigh_by_their_cases():
    """Ours knows all at the origin of 30 cases and nothing at that of 10: three quarters count."""
    customer = np.arange(100)

    def stretch(cases: int, ours: bool) -> origins.Stretch:
        outcome = (customer < cases) * 1.0
        scores = {"ours": [outcome if ours else outcome * 0], "untuned": [outcome * 0]}
        return origins.Stretch(outcome, customer % 2 * 5.0, customer, scores)

    both, draws = [stretch(30, ours=True), stretch(10, ours=False)], Draws.of(customer)
    row = origins.compared(both, "first-seen", draws)
    assert (row["rows"], row["cases"]) == (100, 20)
    assert (row["ours"], row["untuned"]) == (0.875, 0.5)
    assert row["ahead"]["difference"] == pytest.approx(0.375)
    assert row["ahead"]["low"] == pytest.approx(row["ahead"]["high"]) == pytest.approx(0.375)
    assert "first seen | 100 | 20 | 0.875 | 0.500 | +0.375 (" in origins.words({"48h": [row]})


def test_escalations_found_are_told_beside_what_could_be():
    """Recall at a tenth stands beside the most that a tenth can hold, and the published figure."""
    row = {"model": "recontact", "history": "all", "roc_auc": 0.8, "rows": 1000, "positives": 400}
    row |= {"base_rate": 0.4, "intervals": {"recall_at_10": (0.2, 0.24)}}
    row["capacity"] = [{"share": 0.1, "flagged": 100, "recall": 0.22, "precision": 0.88}]
    told = servicenow.escalation_words([row])
    assert "finds 22.0% of them (20.0% to 24.0%)" in told
    assert "no list of that length could find more than 25.0%" in told
    assert "87.4 %" in told


def test_a_missed_floor_is_told():
    """A figure that rounds below its floor is named with its window and stratum."""
    row = {"model": "recontact", "roc_auc": 0.7304, "average_precision": 0.464}
    row |= {"positives": 900, "rows": 9000}
    table = [{**row, "history": history} for history in servicenow.FLOOR["48h"]]
    assert servicenow.below_floor(table, "48h") == [
        "48h, all: roc_auc 0.730 is below 0.731",
        "48h, 4+: roc_auc 0.730 is below 0.75",
    ]


def test_a_floor_within_chance_is_not_missed():
    """Of few cases, the same figure is within a standard error of the floor."""
    row = {"model": "recontact", "roc_auc": 0.7315, "average_precision": 0.464}
    row |= {"positives": 90, "rows": 900}
    table = [{**row, "history": history} for history in servicenow.FLOOR["48h"]]
    assert servicenow.below_floor(table, "48h") == []


def test_simulated_figures_stand_beside_the_ceiling(learnt, centre):
    """Each target and moment has ours, the ceiling's and the baselines' figures."""
    table = simulated.measure(learnt, read_table([centre / "truth" / "probabilities.parquet"]))
    assert len(table) == 6
    assert all(row["roc_auc"] > 0.5 for row in table)
    assert all(row["ceiling"] > row["contacts_7d"] for row in table)
    assert simulated.words(table).count("\n") == 7


def test_ways_of_relating_contacts_stand_beside_the_true_issues(centre):
    """Any contact finds every true repeat and false ones too; a case number is never wrong."""
    contacts = read_contacts([centre / "contacts.parquet"])
    found = simulated.related(contacts, read_table([centre / "truth" / "issues.parquet"]))
    ways = {row["related_by"]: row for row in found}
    assert ways["any"]["recall"] == 1.0
    assert ways["any"]["precision"] < ways["reason, first level"]["precision"]
    assert ways["reason, first level"]["precision"] < ways["reason"]["precision"] < 1
    assert ways["case"]["precision"] == 1.0
    assert ways["case"]["recall"] < ways["reason"]["recall"] < ways["reason or case"]["recall"] < 1
    assert len({row["true_rate"] for row in found}) == 1
    assert all(row["linked"] <= row["recall"] for row in found)
    assert simulated.links_words(found).count("\n") == 7

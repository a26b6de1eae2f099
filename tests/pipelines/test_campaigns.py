"""The campaigns' measurements, small: what `make campaign` runs at full size."""

import pytest

from recontact.clean import read_contacts
from recontact.tables import read_table
from recontact_pipelines.campaigns import servicenow, simulated


@pytest.mark.slow
@pytest.mark.parametrize("window", servicenow.WINDOWS)
def test_servicenow_repeats_are_told_better_than_the_floor(incidents, window):
    """On the real incidents ours is not below the named figures, nor below any model beside."""
    table = servicenow.measure(incidents, window)
    assert servicenow.below_floor(table, window) == []
    area = {row["model"]: row["roc_auc"] for row in table if row["history"] == "all"}
    assert area.pop("recontact") > max(area.values())
    assert area.keys() == {"contacts_7d", "logistic", "untuned"}
    assert servicenow.words({window: table}).count("\n") == 5


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

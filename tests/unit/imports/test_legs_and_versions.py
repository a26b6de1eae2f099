"""The rules of versions and legs as tables of cases, one rule each."""

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from recontact.contacts import canonical
from recontact.sources.imports import import_contacts
from recontact.sources.legs import merge_legs
from recontact.sources.versions import versions
from recontact.writing import write_table


def at(hour: int) -> dt.datetime:
    return dt.datetime(2026, 1, 1, hour, tzinfo=dt.UTC)


def table(*rows: dict[str, Any]) -> pa.Table:
    """Return rows of which only what matters is said."""
    base = {"contact_id": "1", "started_at": at(1), "ended_at": at(2)}
    names = dict.fromkeys(name for row in (base, *rows) for name in row)
    return canonical(pa.table({name: [(base | row).get(name) for row in rows] for name in names}))


@pytest.mark.parametrize(
    ("rows", "kept", "duplicates"),
    [
        ([{"queue": "a"}, {"queue": "b"}], [1], 0),
        ([{"queue": "a", "known_at": at(9)}, {"queue": "b", "known_at": at(8)}], [0], 0),
        ([{"queue": "a"}, {"queue": "b", "known_at": at(1)}], [0], 0),
        ([{"queue": "a", "ended_at": at(5)}, {"queue": "b", "known_at": at(4)}], [0], 0),
        ([{"queue": "a"}, {"queue": "a"}], [0], 1),
        ([{"queue": "a"}, {"queue": "b"}, {"queue": "a"}], [1], 1),
        ([{"queue": None}, {"queue": ""}], [0], 1),
        ([{"reason": "a>b"}, {"reason": "a > b"}], [0], 1),
        ([{"colour": "grey"}, {"colour": "green"}], [1], 0),
        ([{"colour": "grey", "Colour": "a"}, {"colour": "grey", "Colour": "b"}], [1], 0),
        ([{"contact_id": "1"}, {"contact_id": "2"}], [0, 1], 0),
        ([{"contact_id": "a"}, {"contact_id": "A"}], [0, 1], 0),
    ],
)
def test_the_version_known_last_stays(
    rows: list[dict[str, Any]], kept: list[int], duplicates: int
) -> None:
    """The greatest known_at, else ended_at, wins; ties go to the last read."""
    found = versions(table(*rows))
    dropped = found.duplicate | found.superseded
    assert [i for i in range(len(rows)) if not dropped[i]] == kept
    assert found.duplicate.sum() == duplicates
    assert not (found.duplicate & found.superseded).any()


LEGS: list[tuple[str, list[Any], Any]] = [
    ("queue", ["a", "b"], "a"),
    ("queue", [None, "b"], "b"),
    ("customer_id", [None, "k"], "k"),
    ("program", ["p", "q"], "p"),
    ("direction", [None, None], None),
    ("site", ["s", "t"], "s"),
    ("tier", [2, 1], 2),
    ("tier", [None, 1], 1),
    ("handled", [False, True], True),
    ("handled", [False, None], True),
    ("handled", [False, False], False),
    ("handled", [None, None], None),
    ("escalated", [True, False], True),
    ("escalated", [None, False], False),
    ("escalated", [None, None], None),
    ("talk_s", [1.5, 2.0], 3.5),
    ("talk_s", [None, 2.0], 2.0),
    ("talk_s", [None, None], None),
    ("wait_s", [1.0, 2.0], 3.0),
    ("hold_count", [1, 2], 3),
    ("transfer_count", [None, None], 1),
    ("transfer_count", [0, 0], 1),
    ("transfer_count", [2, 1], 3),
    ("reason", ["a", "b"], "b"),
    ("reason", ["a", None], "a"),
    ("reason", ["a", " > "], "a"),
    ("disposition", ["x", "y"], "y"),
    ("case_id", ["x", None], "x"),
    ("csat", [1.0, 5.0], 5.0),
    ("survey_resolved", [True, None], True),
    ("agent_resolved", [True, False], False),
    ("notes", ["x", None], "x"),
    ("dropped", [False, True], True),
    ("dropped", [True, None], None),
    ("agent_id", ["x", "y"], "x"),
    ("agent_id", [None, "y"], None),
    ("known_at", [None, None], None),
    ("known_at", [at(9), at(8)], at(9)),
    ("known_at", [at(3), None], at(5)),
    ("colour", [None, "grey"], "grey"),
]


@pytest.mark.parametrize(("name", "values", "expected"), LEGS)
def test_a_column_of_two_legs_becomes_one_value(
    name: str, values: list[Any], expected: Any
) -> None:
    """The rule of each column; the legs are read in the other order."""
    legs = [
        {"contact_id": "b", "started_at": at(1), "ended_at": at(2)},
        {"contact_id": "a", "started_at": at(2), "ended_at": at(5)},
    ]
    rows = [leg | {"interaction_id": "i", name: v} for leg, v in zip(legs, values, strict=True)]
    [contact] = merge_legs(table(*reversed(rows))).to_pylist()
    assert contact[name] == expected
    assert (contact["contact_id"], contact["started_at"]) == ("b", at(1))
    assert contact["ended_at"] == at(5)


def test_agent_and_team_are_of_the_first_leg_that_served_the_customer() -> None:
    """An abandoned leg gives no agent, and a later one none to the first that served."""
    legs = [
        {"contact_id": "1", "handled": False, "agent_id": "x", "team": "red"},
        {"contact_id": "2", "handled": None, "agent_id": "y"},
        {"contact_id": "3", "handled": True, "agent_id": "z", "team": "blue"},
    ]
    whole = [leg | {"interaction_id": "i"} for leg in legs]
    [contact] = merge_legs(table(*whole)).to_pylist()
    assert (contact["agent_id"], contact["team"]) == ("y", None)
    [unserved] = merge_legs(table(*(leg | {"handled": False} for leg in whole))).to_pylist()
    assert (unserved["agent_id"], unserved["team"]) == (None, None)


def test_an_unsaid_escalation_is_told_by_the_tier_of_its_own_leg() -> None:
    """One leg says no, the other says nothing but reached tier 2: escalated."""
    rows = [
        {"contact_id": "1", "interaction_id": "i", "escalated": False, "tier": 1},
        {"contact_id": "2", "interaction_id": "i", "escalated": None, "tier": 2},
    ]
    assert merge_legs(table(*rows))["escalated"].to_pylist() == [True]


def test_legs_of_one_instant_are_in_the_order_of_their_ids() -> None:
    """Ids are compared by code point: upper case before lower case."""
    rows = [
        {"contact_id": "a", "interaction_id": "i", "queue": "second"},
        {"contact_id": "B", "interaction_id": "i", "queue": "first"},
    ]
    assert merge_legs(table(*rows))["queue"].to_pylist() == ["first"]


def test_contacts_without_legs_are_left_as_they_are() -> None:
    """A leg alone, and rows without interaction_id, are contacts; the order read is kept."""
    rows = [
        {"contact_id": "3", "interaction_id": "i", "transfer_count": None},
        {"contact_id": "2"},
        {"contact_id": "1", "interaction_id": "j"},
        {"contact_id": "0"},
        {"contact_id": "4", "interaction_id": "j", "started_at": at(0)},
    ]
    merged = merge_legs(table(*rows))
    assert merged["contact_id"].to_pylist() == ["3", "2", "4", "0"]
    assert merged["transfer_count"].to_pylist() == [None, None, 1, None]


def test_versions_are_settled_before_legs_merge(tmp_path: Path) -> None:
    """A leg delivered twice, and once corrected, is one leg of its contact."""
    leg = {"contact_id": "1", "interaction_id": "i", "talk_s": 10.0}
    corrected = leg | {"talk_s": 20.0, "known_at": at(9)}
    other = {"contact_id": "2", "interaction_id": "i", "talk_s": 1.0}
    write_table(table(leg, other, corrected, leg), tmp_path / "legs.parquet")
    result = import_contacts("contacts", tmp_path / "legs.parquet")
    assert result.contacts["talk_s"].to_pylist() == [21.0]
    assert result.rejects.select(["row", "reason", "contact_id"]).to_pylist() == [
        {"row": 1, "reason": "superseded", "contact_id": "1"}
    ]
    assert result.counts == {
        "rows": 4,
        "contacts": 1,
        "merged_legs": 1,
        "duplicates": 1,
        "rejected": 1,
    }

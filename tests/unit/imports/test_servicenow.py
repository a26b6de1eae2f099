"""ServiceNow incidents: each rule of the import on a small log, and the real log against a twin."""

import datetime as dt
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from recontact.errors import UserError
from recontact.sources.imports import Imported, import_contacts

EVENT = {
    "number": "INC1",
    "reassignment_count": "0",
    "sys_mod_count": "0",
    "caller_id": "Caller 1",
    "opened_by": "Opened by  8",
    "opened_at": "29/2/2016 01:16",
    "sys_updated_at": "29/2/2016 01:23",
    "contact_type": "Phone",
    "location": "Location 1",
    "category": "Category 1",
    "subcategory": "Subcategory 2",
    "u_symptom": "Symptom 3",
    "impact": "2 - Medium",
    "urgency": "2 - Medium",
    "priority": "3 - Moderate",
    "assignment_group": "Group 1",
    "assigned_to": "Resolver 1",
    "knowledge": "true",
    "closed_code": "code 5",
    "resolved_by": "Resolved by 1",
    "resolved_at": "29/2/2016 11:29",
    "closed_at": "5/3/2016 12:00",
}


def imported(folder: Path, *events: dict[str, str], archive: bool = False) -> Imported:
    """Import events that differ from the one above as said."""
    path = folder / "log.csv"
    pd.DataFrame([EVENT | event for event in events]).to_csv(path, index=False)
    if archive:
        with zipfile.ZipFile(folder / "log.zip", "w") as file:
            file.write(path, "incident_event_log.csv")
        path = folder / "log.zip"
    return import_contacts("servicenow", path)


def only(folder: Path, *events: dict[str, str]) -> dict[str, Any]:
    """Return the one contact of some events."""
    [contact] = imported(folder, *events).contacts.to_pylist()
    return dict(contact)


@pytest.mark.parametrize("archive", [False, True])
def test_an_incident_becomes_a_contact(tmp_path: Path, archive: bool) -> None:
    """Every column that the contract names has its value, and nothing else of the log is there."""
    [contact] = imported(tmp_path, {}, archive=archive).contacts.to_pylist()
    opened = dt.datetime(2016, 2, 29, 1, 16, tzinfo=dt.UTC)
    assert {name: value for name, value in contact.items() if value is not None} == {
        "contact_id": "INC1",
        "customer_id": "Caller 1",
        "started_at": opened,
        "ended_at": opened,
        "channel": "voice",
        "queue": "Group 1",
        "agent_id": "Resolver 1",
        "reason": "Category 1 > Subcategory 2 > Symptom 3",
        "transfer_count": 0,
        "escalated": False,
        "known_at": opened.replace(minute=23),
        "location": "Location 1",
        "opened_by": "Opened by  8",
        "impact": "2 - Medium",
        "urgency": "2 - Medium",
        "priority": "3 - Moderate",
        "knowledge": True,
    }
    assert not {"closed_code", "resolved_by", "resolved_at", "closed_at"} & set(contact)


def test_what_is_known_from_the_start_is_in_the_metadata(tmp_path: Path) -> None:
    """The reason and the columns that travel along are taken when the ticket is opened."""
    known = json.loads(imported(tmp_path, {}).contacts.schema.metadata[b"recontact.known_from"])
    extra = ("location", "opened_by", "impact", "urgency", "priority", "knowledge")
    assert known == dict.fromkeys(("reason", *extra), "start")


def test_the_first_event_tells_and_the_last_says_when_it_was_known(tmp_path: Path) -> None:
    """First is the least update time, then count, then row; the greatest count of transfers."""
    later = {"sys_updated_at": "1/3/2016 08:00", "assignment_group": "Group 9"}
    contact = only(
        tmp_path,
        later | {"reassignment_count": "2"},
        {"sys_mod_count": "10", "assignment_group": "Group 8", "assigned_to": "?"},
        {"sys_mod_count": "9", "assignment_group": "Group 7"},
        {"sys_mod_count": "9", "assignment_group": "Group 6"},
        later | {"sys_updated_at": "2/3/2016 08:00", "reassignment_count": "1"},
    )
    assert (contact["queue"], contact["agent_id"]) == ("Group 7", "Resolver 1")
    assert (contact["transfer_count"], contact["escalated"]) == (2, True)
    assert contact["known_at"] == dt.datetime(2016, 3, 2, 8, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("unknown", "reason"),
    [
        (("category",), None),
        (("subcategory",), "Category 1"),
        (("u_symptom",), "Category 1 > Subcategory 2"),
        (("subcategory", "u_symptom"), "Category 1"),
        ((), "Category 1 > Subcategory 2 > Symptom 3"),
    ],
)
def test_a_reason_ends_at_the_first_unknown_level(
    tmp_path: Path, unknown: tuple[str, ...], reason: str | None
) -> None:
    """A known symptom of an unknown subcategory is not taken for the subcategory."""
    assert only(tmp_path, dict.fromkeys(unknown, "?"))["reason"] == reason


def test_unknown_values_are_null_and_other_contact_types_are_in_lower_case(tmp_path: Path) -> None:
    """A question mark is nobody, nowhere, and a channel not told."""
    contact = only(tmp_path, {"caller_id": "?", "location": "?", "contact_type": "Self service"})
    assert contact["customer_id"] is None
    assert contact["location"] is None
    assert contact["channel"] == "self service"


def test_bad_events_are_rejected_and_the_others_stay(tmp_path: Path) -> None:
    """Rows without number or readable times, or with odd counts, are told by row."""
    result = imported(
        tmp_path,
        {"number": "?"},
        {"opened_at": "2016-02-29 01:16"},
        {"sys_updated_at": "?"},
        {"reassignment_count": "many"},
        {"number": "INC2"},
        {"number": "INC2"},
        {"number": "INC2", "sys_mod_count": "1"},
    )
    assert result.rejects.select(["row", "contact_id", "reason"]).to_pylist() == [
        {"row": 1, "contact_id": None, "reason": "no number"},
        {
            "row": 2,
            "contact_id": "INC1",
            "reason": "opened_at: not a day/month/year time: '2016-02-29 01:16'",
        },
        {"row": 3, "contact_id": "INC1", "reason": "no sys_updated_at"},
        {"row": 4, "contact_id": "INC1", "reason": "reassignment_count: not a count: 'many'"},
    ]
    assert json.loads(result.rejects["raw"][1].as_py())["caller_id"] == "Caller 1"
    assert result.contacts["contact_id"].to_pylist() == ["INC2"]
    assert result.counts == {
        "rows": 7,
        "contacts": 1,
        "merged_legs": 1,
        "duplicates": 1,
        "rejected": 4,
    }


def test_a_log_without_events_or_of_bad_ones_only_gives_no_contacts(tmp_path: Path) -> None:
    """No row and no good row are both fine here; what to make of it is the command's."""
    assert imported(tmp_path, {"number": "?"}).counts["contacts"] == 0
    (tmp_path / "log.csv").write_text("number,opened_at,sys_updated_at\n")
    assert import_contacts("servicenow", tmp_path / "log.csv").counts["rows"] == 0


def test_columns_of_any_other_name_do_no_harm(tmp_path: Path) -> None:
    """Names that differ in case only, or that the import uses itself, are other columns."""
    others = {"Number": "9", "place": "x", "updated": "y", "wrong": "z"}
    assert only(tmp_path, others)["contact_id"] == "INC1"


def test_a_log_without_its_columns_is_refused(tmp_path: Path) -> None:
    """Without `number` there is no incident; optional columns may be missing."""
    path = tmp_path / "log.csv"
    path.write_text("opened_at,sys_updated_at\n1/1/2016 00:00,1/1/2016 00:00\n")
    with pytest.raises(UserError, match="has no column 'number'"):
        import_contacts("servicenow", path)
    path.write_text("number,opened_at,sys_updated_at\nINC1,1/1/2016 00:00,1/1/2016 00:00\n")
    assert import_contacts("servicenow", path).counts["contacts"] == 1


def real_log() -> Path:
    """Return the real log; where the tests are meant to have it, its absence is a failure."""
    folder = os.environ.get("RECONTACT_DATA_DIR", "")
    path = Path(folder) / "incident_event_log.zip"
    if folder and path.is_file():
        return path
    if os.environ.get("CI"):
        pytest.fail("RECONTACT_DATA_DIR has no incident_event_log.zip")
    pytest.skip("needs RECONTACT_DATA_DIR with incident_event_log.zip")


def test_the_real_log_becomes_24918_contacts_as_a_plain_reading_gives_them() -> None:
    """141,712 events are 24,918 incidents, each equal to what pandas makes of its first event."""
    path = real_log()
    result = import_contacts("servicenow", path)
    assert result.counts == {
        "rows": 141_712,
        "contacts": 24_918,
        "merged_legs": 116_794,
        "duplicates": 0,
        "rejected": 0,
    }
    unused = ("sys_created_by", "sys_created_at", "sys_updated_by", "resolved_at", "closed_at")
    log = pd.read_csv(
        path,
        dtype=str,
        na_values=["?"],
        keep_default_na=False,
        usecols=lambda name: name not in unused,
    )
    for name in ("opened_at", "sys_updated_at"):
        log[name] = pd.to_datetime(log[name], format="%d/%m/%Y %H:%M", utc=True)
    for name in ("sys_mod_count", "reassignment_count"):
        log[name] = log[name].astype(int)
    ordered = log.sort_values(["sys_updated_at", "sys_mod_count"], kind="stable")
    first = ordered.groupby("number").head(1).set_index("number").sort_index()
    per_incident = log.groupby("number")
    got = result.contacts.to_pandas().set_index("contact_id").sort_index()
    for ours, theirs in (
        ("customer_id", first.caller_id),
        ("queue", first.assignment_group),
        ("agent_id", first.assigned_to),
        ("location", first.location),
        ("priority", first.priority),
        ("channel", first.contact_type.str.lower().replace("phone", "voice")),
        ("transfer_count", per_incident.reassignment_count.max()),
        ("escalated", per_incident.reassignment_count.max() > 0),
    ):
        assert got[ours].fillna("?").tolist() == theirs.fillna("?").tolist(), ours
    assert (got.started_at == first.opened_at).all()
    assert (got.ended_at == first.opened_at).all()
    assert (got.known_at == per_incident.sys_updated_at.max()).all()
    levels = first[["category", "subcategory", "u_symptom"]]
    known = levels.where(levels.notna().cummin(axis=1))
    reasons = [" > ".join(v for v in row if isinstance(v, str)) for row in known.to_numpy()]
    assert got.reason.fillna("").tolist() == reasons

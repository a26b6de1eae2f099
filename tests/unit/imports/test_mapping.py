"""Mapping files: renamed columns, constants, a zone, and what is said of a bad one."""

import datetime as dt
from pathlib import Path

import pytest

from recontact.errors import UserError
from recontact.sources.imports import import_contacts
from recontact.sources.mapping import Mapping

EXPORT = "CallId,Start,End,ANI,reason\n7,2026-07-01 12:00,2026-07-01 12:05,+49,chatty\n"


def mapping(folder: Path, text: str) -> Path:
    path = folder / "m.yaml"
    path.write_text(text)
    return path


def test_columns_are_renamed_constants_added_and_local_times_read(tmp_path: Path) -> None:
    """Their names become ours, one of theirs may serve twice, others travel along."""
    (tmp_path / "export.csv").write_text(EXPORT)
    path = mapping(
        tmp_path,
        "columns: {contact_id: CallId, case_id: CallId, started_at: Start, ended_at: End,"
        " their_reason: reason}\nconstants: {program: acme}\ntime_zone: Europe/Berlin\n",
    )
    [contact] = import_contacts("contacts", tmp_path / "export.csv", path).contacts.to_pylist()
    assert (contact["contact_id"], contact["case_id"], contact["program"]) == ("7", "7", "acme")
    assert contact["started_at"] == dt.datetime(2026, 7, 1, 10, tzinfo=dt.UTC)
    assert (contact["ANI"], contact["their_reason"], contact["reason"]) == ("+49", "chatty", None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("colums: {}", "unknown key 'colums'"),
        ("columns: [a]", "columns holds no names"),
        ("columns: {queue: [7]}", "columns: queue: \\['7'\\] is not text"),
        ("constants: {program: null}", "constants: program: null is not text"),
        ("constants: {started_at: '2026-01-01'}", "a required column differs by row"),
        ("time_zone: Europe/Nowhere", "unknown zone 'Europe/Nowhere'"),
        ("time_zone: 7", "unknown zone '7'"),
        ("- columns", "holds no keys"),
        ("columns: {", "can't be read"),
    ],
)
def test_a_bad_mapping_file_is_refused_by_key(tmp_path: Path, text: str, told: str) -> None:
    """The message names the file and the key."""
    path = mapping(tmp_path, text)
    with pytest.raises(UserError, match=told) as caught:
        Mapping.read(path)
    assert str(path) in caught.value.what


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("columns: {contact_id: Nope}", "has no column 'Nope'"),
        ("columns: {contact_id: CallId}", "has no column 'started_at'"),
        ("columns: {reason: ANI}", "has a column 'reason' itself"),
        ("constants: {ANI: x}", "has a column 'ANI' itself"),
    ],
)
def test_a_mapping_that_does_not_fit_the_export_is_refused(
    tmp_path: Path, text: str, told: str
) -> None:
    """Missing columns and names that would come twice are told with the file."""
    (tmp_path / "export.csv").write_text(EXPORT)
    with pytest.raises(UserError, match=told):
        import_contacts("contacts", tmp_path / "export.csv", mapping(tmp_path, text))


def test_servicenow_takes_no_mapping(tmp_path: Path) -> None:
    """Its columns are known."""
    with pytest.raises(UserError, match="takes no mapping"):
        import_contacts("servicenow", tmp_path, mapping(tmp_path, "columns: {}"))


def test_an_unknown_source_is_refused(tmp_path: Path) -> None:
    """The known ones are named."""
    with pytest.raises(UserError, match="unknown source 'pbx'") as caught:
        import_contacts("pbx", tmp_path)
    assert "servicenow" in caught.value.mend

"""Mapping files: renamed columns, constants, a zone, and what is said of a bad one."""

import datetime as dt
from pathlib import Path

import pyarrow as pa
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
        ("columns: {queue: a, queue: b}", "'queue' is given twice"),
        ("columns: {[a]: b}", "a list stands where a name should"),
        ("columns: {queue: !!int a}", "can't be read"),
        ("columns: {'': a}", "'' is no name"),
        ("values: {channel: voice}", "values: channel holds no values"),
        ("values: {channel: {Telefon: [voice]}}", r"channel: Telefon: \['voice'\] is not text"),
        ("delimiter: ';;'", "delimiter: ';;' is not one character"),
        ("delimiter: '\"'", "delimiter: '\"' is not one character"),
        ("encoding: utf-99", "encoding: unknown encoding 'utf-99'"),
        ("encoding: base64", "encoding: unknown encoding 'base64'"),
        ("decimal: ';'", "decimal: ';' is not known"),
        ("time_format: '%H:%M'", "time_format: '%H:%M' does not tell day, month and year"),
        ("duration_format: hours", "duration_format: 'hours' is not known"),
        ("duration_format: {queue: seconds}", "duration_format: 'queue' is no column"),
        ("ended_after: [a]", r"ended_after: \['a'\] is not text"),
        ("escalated_when: {queue: }", "escalated_when: queue holds no values"),
        ("outbound_when: [queue]", "outbound_when holds no names"),
        ("ani_region: Germany", "ani_region: 'Germany' is no"),
        ("redial_within: 10", "redial_within: '10' is not a duration"),
        ("shared_above: 100", "shared_above needs contacts and within"),
        ("shared_above: {contacts: 0, within: 30d}", "shared_above: contacts: '0' is not"),
        ("shared_above: {contacts: 9, within: x}", "shared_above: within: 'x' is not a duration"),
        ("pseudonyms: {key: secret}", "pseudonyms"),
    ],
)
def test_a_bad_mapping_file_is_refused_by_key(tmp_path: Path, text: str, told: str) -> None:
    """The message names the file and the key."""
    path = mapping(tmp_path, text)
    with pytest.raises(UserError, match=told) as caught:
        Mapping.read(path)
    assert str(path) in caught.value.what


def test_every_key_is_an_attribute(tmp_path: Path) -> None:
    """Durations in microseconds, one format for all columns or for each, one value or a list."""
    found = Mapping.read(
        mapping(
            tmp_path,
            "values: {channel: {Telefon: voice, n/a: null}}\ntime_format: [epoch_s, '%d.%m.%Y']\n"
            'duration_format: {talk_s: "mm:ss"}\nended_after: Dauer\ndelimiter: ";"\n'
            'encoding: UTF-16\ndecimal: ","\nescalated_when: {queue: [Tier 2], code: x}\n'
            "outbound_when: {queue: [Callbacks]}\nani_region: DE\nredial_within: 10m\n"
            'shared_above: {contacts: 100, within: 30d}\npseudonyms: {key_id: "2026a"}\n',
        )
    )
    assert found.values == {"channel": {"Telefon": "voice", "n/a": None}}
    assert found.time_format["known_at"] == ("epoch_s", "%d.%m.%Y")
    assert (found.duration_format, found.ended_after) == ({"talk_s": "mm:ss"}, "Dauer")
    assert (found.delimiter, found.encoding, found.decimal) == (";", "utf-16", ",")
    assert found.escalated_when == {"queue": ("Tier 2",), "code": ("x",)}
    assert found.outbound_when == {"queue": ("Callbacks",)}
    assert (found.ani_region, found.redial_within) == ("DE", 600_000_000)
    assert found.shared_above == (100, 30 * 86_400_000_000)
    assert found.pseudonyms is not None
    assert found.pseudonyms.key_id == "2026a"


def test_a_dict_serves_as_a_mapping_file(tmp_path: Path) -> None:
    """As a notebook has it; its mistakes are told alike."""
    (tmp_path / "export.csv").write_text(EXPORT)
    given = {"columns": {"contact_id": "CallId", "started_at": "Start", "ended_at": "End"}}
    assert import_contacts("contacts", tmp_path / "export.csv", given).counts["contacts"] == 1
    with pytest.raises(UserError, match="mapping: unknown key 'colums'"):
        import_contacts("contacts", tmp_path / "export.csv", {"colums": {}})


def test_texts_stay_as_they_are_written(tmp_path: Path) -> None:
    """NO is a country, 007 a code, and yes a word."""
    text = "constants: {country: NO, code: 007, vip: yes, version: 1.10}"
    assert Mapping.read(mapping(tmp_path, text)).constants == {
        "country": "NO",
        "code": "007",
        "vip": "yes",
        "version": "1.10",
    }


def test_the_documented_mapping_file_is_valid(tmp_path: Path) -> None:
    """What the page shows can be used."""
    page = (Path(__file__).parents[3] / "docs" / "import.md").read_text(encoding="utf-8")
    block = page.split("## The mapping file")[1].split("```yaml\n")[1].split("```")[0]
    found = Mapping.read(mapping(tmp_path, block))
    assert found.columns["customer_id"] == "Customer.Number"
    assert found.escalated_when["queue"] == ("Tier 2", "Supervisors")


def test_a_mapping_lies_over_what_a_reader_derived() -> None:
    """Named fields, constants and translations take the place of derived columns."""
    found = Mapping.of(
        {
            "columns": {"reason": "Attributes.Why", "language": "Attributes.Lang"},
            "constants": {"program": "acme"},
            "values": {"queue": {"Q1": "Tier 2"}, "reason": {"B": "billing"}},
            "escalated_when": {"queue": "Tier 2"},
            "outbound_when": {"Attributes.Kind": "callback"},
            "ended_after": "Length",
        }
    )
    derived = pa.table({"queue": ["Q1", "Q2"], "reason": ["x", "y"], "ended_at": ["a", "b"]})
    raw = pa.table(
        {"Attributes.Why": ["B", None], "Attributes.Kind": [None, "callback"], "Length": [1, 2]}
    )
    assert found.over(derived, raw, Path("a.json")).to_pylist() == [
        {"queue": "Tier 2", "reason": "billing", "language": None, "ended_after": 1}
        | {"program": "acme", "escalated": "true", "direction": None},
        {"queue": "Q2", "reason": None, "language": None, "ended_after": 2}
        | {"program": "acme", "escalated": None, "direction": "outbound"},
    ]
    with pytest.raises(UserError, match=r"a\.json has no column 'Attributes\.Lang'"):
        found.check_fields(raw.column_names, [Path("a.json")])


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

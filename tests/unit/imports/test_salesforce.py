"""Salesforce: cases and voice calls become contacts."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recontact.errors import UserError
from recontact.sources.imports import Imported, import_contacts
from recontact.sources.mapping import Mapping

FIXTURES = Path(__file__).parents[2] / "fixtures" / "salesforce"
FILES = [FIXTURES / "case.csv", FIXTURES / "voicecall.json"]
CALL, CASE = "0LQ5g0000004aa{}GAQ", "5005g00000A1b2{}AAB"


def contacts(imported: Imported) -> dict[str, dict[str, Any]]:
    return {row["contact_id"]: row for row in imported.contacts.to_pylist()}


def picked(row: dict[str, Any], **expected: Any) -> None:
    assert {name: row[name] for name in expected} == expected


@pytest.fixture(scope="module")
def both() -> Imported:
    return import_contacts("salesforce", FILES, Mapping.of({"ani_region": "US"}))


def test_every_record_is_counted(both: Imported) -> None:
    """Cases and calls are contacts, legs or rejected with their reason."""
    assert both.counts == {
        "rows": 12,
        "contacts": 8,
        "merged_legs": 1,
        "duplicates": 0,
        "rejected": 3,
    }
    told = {(Path(r["file"]).name, r["row"]): r["reason"] for r in both.rejects.to_pylist()}
    assert told == {
        ("case.csv", 5): "deleted",
        ("case.csv", 6): "started_at: not a time: '02/03/2026'; ended_at: not a time: '02/03/2026'",
        ("voicecall.json", 6): "no ended_at",
    }


def test_a_case_is_one_contact_when_it_was_created(both: Imported) -> None:
    """With its customer, channel, reason and owner, known when it was last changed."""
    case = contacts(both)[CASE.format("c")]
    assert case["started_at"] == case["ended_at"] == dt.datetime(2026, 2, 2, 9, tzinfo=dt.UTC)
    assert case["known_at"] == dt.datetime(2026, 2, 4, 10, 0, 1, tzinfo=dt.UTC)
    picked(
        case,
        customer_id="0035g00000Zz11AAAR",
        channel="voice",
        reason="Electrical > Installation",
        agent_id="0055g000003abcdAAA",
        queue=None,
        escalated=False,
        agent_resolved=True,
        case_number="00001026",
    )
    picked(
        contacts(both)[CASE.format("d")],
        channel="email",
        reason="Breakdown",
        agent_id=None,
        queue="00G5g000001qqqqEAA",
        escalated=True,
        agent_resolved=False,
    )


def test_a_case_without_contact_is_of_the_address_that_wrote(both: Imported) -> None:
    """In lower case."""
    picked(contacts(both)[CASE.format("f")], customer_id="jane.roe@example.com", channel="chat")


def test_child_and_merged_cases_share_the_topmost_case(both: Imported) -> None:
    """A merged one stays a contact, for the customer did write, and says so."""
    for letter in "cde":
        picked(contacts(both)[CASE.format(letter)], case_id=CASE.format("c"))
    picked(contacts(both)[CASE.format("e")], disposition="merged", channel="web")
    picked(contacts(both)[CASE.format("f")], case_id=CASE.format("f"), disposition=None)


def test_chained_calls_are_legs_of_one_contact(both: Imported) -> None:
    """A transfer merges into the call before; times and counts follow, the case and its contact."""
    call = contacts(both)[CALL.format("A")]
    assert CALL.format("B") not in contacts(both)
    assert call["ended_at"] == dt.datetime(2026, 2, 2, 9, 12, 40, tzinfo=dt.UTC)
    picked(
        call,
        customer_id="0035g00000Zz11AAAR",
        case_id=CASE.format("c"),
        direction="inbound",
        channel="voice",
        handled=True,
        queue="Generators",
        agent_id="0055g000003abcdAAA",
        wait_s=70,
        talk_s=300 + 420,
        hold_s=60,
        hold_count=1,
        transfer_count=1,
        agent_resolved=True,
        dropped=False,
    )


def test_callbacks_are_outbound_and_end_by_their_duration(both: Imported) -> None:
    """A call without an end has one where its length is told; a lost line is a drop."""
    call = contacts(both)[CALL.format("C")]
    assert call["ended_at"] == dt.datetime(2026, 2, 2, 11, 1, 30, tzinfo=dt.UTC)
    picked(call, direction="outbound", customer_id="0035g00000Zz11AAAR", dropped=True)


def test_abandoned_and_outbound_calls(both: Imported) -> None:
    """Nobody accepted: not handled, waited to the end; our own call has the called number."""
    picked(contacts(both)[CALL.format("D")], handled=False, wait_s=180, customer_id=None)
    picked(
        contacts(both)[CALL.format("E")],
        direction="outbound",
        ani="+12128425500",
        customer_id="+12128425500",
    )


def test_importing_again_changes_nothing(both: Imported) -> None:
    """The same files twice are duplicates."""
    twice = import_contacts("salesforce", FILES * 2, Mapping.of({"ani_region": "US"}))
    assert twice.contacts.equals(both.contacts)
    assert twice.counts["duplicates"] == 9
    assert sum(list(twice.counts.values())[1:]) == twice.counts["rows"] == 24


def test_a_mapping_names_custom_fields_and_the_form_of_times(tmp_path: Path) -> None:
    """An export in another country's form is read as the mapping says."""
    (tmp_path / "case.csv").write_text(
        "Id;CreatedDate;Thema__c;Origin\n5001;03.02.2026 10:00;R1;Telefon\n", encoding="latin-1"
    )
    mapping = {
        "delimiter": ";",
        "time_format": "%d.%m.%Y %H:%M",
        "time_zone": "Europe/Berlin",
        "columns": {"reason": "Thema__c"},
        "values": {"reason": {"R1": "billing"}, "channel": {"telefon": "voice"}},
    }
    [row] = contacts(
        import_contacts("salesforce", tmp_path / "case.csv", Mapping.of(mapping))
    ).values()
    assert row["started_at"] == dt.datetime(2026, 2, 3, 9, tzinfo=dt.UTC)
    picked(row, reason="billing", channel="voice")


def test_the_last_version_of_a_deleted_case_counts(tmp_path: Path) -> None:
    """No earlier version comes back as a contact."""
    rows = [
        {"Id": "5001", "CreatedDate": "2026-01-01", "SystemModstamp": f"2026-01-0{day}"}
        | {"IsDeleted": day == 2}
        for day in (2, 1)
    ]
    (tmp_path / "c.jsonl").write_text("\n".join(map(json.dumps, rows)))
    imported = import_contacts("salesforce", tmp_path / "c.jsonl")
    assert imported.rejects["reason"].to_pylist() == ["deleted", "deleted"]


def test_ids_of_15_and_18_characters_are_the_same(tmp_path: Path) -> None:
    """A record that comes in both forms is one contact, its last version."""
    path = tmp_path / "c.csv"
    path.write_text(
        "Id,CreatedDate,SystemModstamp,Origin\n"
        "5005g00000A1b2cAAB,2026-01-01,2026-01-03,Web\n5005g00000A1b2c,2026-01-01,2026-01-02,Phone\n"
    )
    imported = import_contacts("salesforce", path)
    [row] = imported.contacts.to_pylist()
    assert (row["contact_id"], row["channel"]) == ("5005g00000A1b2c", "web")
    assert imported.rejects["reason"].to_pylist() == ["superseded"]


def test_what_is_neither_case_nor_call_is_rejected(tmp_path: Path) -> None:
    """A record of another object by its type, a table by its columns, with the mend."""
    rows = [{"attributes": {"type": "Task"}, "Id": "00T1", "CreatedDate": "2026-01-01"}]
    (tmp_path / "t.json").write_text(json.dumps({"records": rows}))
    told = import_contacts("salesforce", tmp_path / "t.json").rejects["reason"].to_pylist()
    assert told == ["neither Case nor VoiceCall: Task"]
    (tmp_path / "report.csv").write_text("Case Number,Date Opened\n1,2026-01-01\n")
    with pytest.raises(UserError, match=r"report\.csv has no column 'Id'") as caught:
        import_contacts("salesforce", tmp_path / "report.csv")
    assert "mapping file" in caught.value.mend
    (tmp_path / "case.csv").write_text("Id;CreatedDate\n1;2026-01-01\n")
    with pytest.raises(UserError, match="has no column") as caught:
        import_contacts("salesforce", tmp_path / "case.csv")
    assert 'delimiter: ";"' in caught.value.mend


IDS = st.sampled_from(["0LQ1", "0LQ2", "0LQ3", "0LQ4"])
CALLS = st.lists(
    st.fixed_dictionaries(
        {
            "Id": IDS,
            "CallType": st.sampled_from(["Inbound", "Transfer", "Callback"]),
            "CallStartDateTime": st.integers(10, 12).map(lambda h: f"2026-01-01T{h}:00:00Z"),
            "CallEndDateTime": st.sampled_from(["2026-01-01T11:30:00Z", "2026-01-01T13:00:00Z"]),
            "PreviousCallId": st.none() | IDS,
            "UserId": st.none() | st.just("0051"),
            "NumberOfHolds": st.sampled_from([0, 1, -1]),
        }
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda call: call["Id"],
)


@settings(max_examples=settings.default.max_examples // 15)
@given(CALLS, st.data())
def test_order_files_and_repetition_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, calls: list[dict[str, Any]], data: st.DataObject
) -> None:
    """Shuffled, split over files and repeated, the calls give the same contacts; all counted."""
    folder = tmp_path_factory.mktemp("salesforce")
    (folder / "a.json").write_text(json.dumps({"records": calls}))
    once = import_contacts("salesforce", folder / "a.json")
    again = data.draw(st.lists(st.sampled_from(calls), max_size=2))
    records = data.draw(st.permutations([*calls, *again]))
    cut = data.draw(st.integers(0, len(records)))
    (folder / "b.jsonl").write_text("\n".join(map(json.dumps, records[:cut])))
    (folder / "c.json").write_text(json.dumps(records[cut:]))
    other = import_contacts("salesforce", [folder / "b.jsonl", folder / "c.json"])
    assert contacts(other) == contacts(once)
    for imported, read in ((once, calls), (other, records)):
        counts = list(imported.counts.values())
        assert counts[0] == sum(counts[1:]) == len(read)

"""Exports of vendors in any order, delivered again and cut into files, give the same contacts."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recontact.clean import read_contacts
from recontact.sources.imports import Imported, import_contacts
from recontact.sources.mapping import Mapping
from recontact.writing import write_table

FIXTURES = Path(__file__).parents[1] / "fixtures"
FEW = settings(max_examples=settings().max_examples // 15)
METHODS = ("INBOUND", "TRANSFER", "QUEUE_TRANSFER", "CALLBACK", "MONITOR", "OUTBOUND", None)
Record = dict[str, Any]


def instant(minute: int) -> str:
    return f"2026-03-02T{minute // 60:02}:{minute % 60:02}:00Z"


@st.composite
def connect(draw: st.DrawFn) -> list[Record]:
    """Draw contact records: chains with legs missing, versions, bad ones."""
    records: list[Record] = []
    for number in range(draw(st.integers(1, 7))):
        start = draw(st.integers(0, 600))
        before = draw(st.none() | st.integers(0, number + 1))  # perhaps one that is not there
        record = {
            "ContactId": f"c{number}",
            "InitiationMethod": draw(st.sampled_from(METHODS)),
            "InitiationTimestamp": instant(start),
            "DisconnectTimestamp": draw(st.sampled_from([instant(start + 5), None, "soon"])),
            "PreviousContactId": None if before is None else f"c{before}",
            "InitialContactId": None if before is None else "c0",
            "Queue": draw(st.sampled_from([None, {"Name": "q", "Duration": 5}, "q"])),
        }
        for version in range(draw(st.integers(1, 3))):
            agent = {"NumberOfHolds": version, "ConnectedToAgentTimestamp": instant(start + 1)}
            update = {"LastUpdateTimestamp": instant(700 + version), "Agent": agent}
            records.append(record | update)
    return records


@st.composite
def twilio(draw: st.DrawFn) -> list[Record]:
    """Draw the events of a few tasks, not always whole."""
    kinds = ["task.created", "reservation.accepted", "task.wrapup", "task.completed", "other"]
    drawn = draw(
        st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(kinds), st.integers(0, 600)))
    )
    return [
        {
            "sid": f"EV{number}",
            "event_type": kind,
            "event_date": instant(minute),
            "event_data": {"task_sid": task, "worker_sid": f"WK{number}"},
        }
        for number, (task, kind, minute) in enumerate(drawn)
    ]


def genesys() -> list[Record]:
    pages = [json.loads(path.read_text()) for path in sorted((FIXTURES / "genesys").iterdir())]
    records = [record for page in pages for record in page["conversations"]]
    return list({record["conversationId"]: record for record in records}.values())


EXPORTS = {
    "amazon-connect": connect(),
    "genesys": st.just(genesys()),
    "twilio": twilio(),
}


def export(folder: Path, files: list[list[Record]]) -> list[Path]:
    paths = [folder / f"{number}.jsonl" for number in range(len(files))]
    for path, records in zip(paths, files, strict=True):
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return paths


def ordered(table: pa.Table) -> pa.Table:
    return table.sort_by("contact_id")


def accounted(imported: Imported, rows: int) -> bool:
    counts = dict(imported.counts)
    assert len(imported.contacts) == counts["contacts"]
    assert len(imported.rejects) == counts["rejected"]
    return counts.pop("rows") == rows == sum(counts.values())


@FEW
@pytest.mark.parametrize("source", EXPORTS)
@given(data=st.data())
def test_order_repetition_and_files_do_not_matter(source: str, data: st.DataObject) -> None:
    """Contacts, events and rejected rows are the same; what came again is counted."""
    records = data.draw(EXPORTS[source])
    mixed = data.draw(st.permutations(records))
    again = data.draw(st.lists(st.sampled_from(records))) if records else []
    cut = data.draw(st.integers(0, len(mixed)))

    with tempfile.TemporaryDirectory() as folder:
        once = import_contacts(source, export(Path(folder), [records]))
        other = import_contacts(source, export(Path(folder), [mixed[:cut], mixed[cut:] + again]))
        assert accounted(once, len(records))
        assert accounted(other, len(records) + len(again))
        assert ordered(other.contacts).equals(ordered(once.contacts))
        assert once.events is not None
        assert once.events.equals(other.events)
        if not len(once.contacts):
            return
        kept = Path(folder) / "contacts.parquet"
        write_table(once.contacts, kept)
        assert read_contacts(kept).equals(once.contacts)
        assert import_contacts("contacts", kept).contacts.equals(once.contacts)


ODD: list[Any] = [
    *(None, True, 0, -1, 1.5, 10**30, 10**400, 1e308, "", " ", "nan", "inf", "-5", "@", "a:b:c"),
    *([], {}, [1], [{}], {"a": 1}, [None], {"": {}}, "x" * 1000, "[1]", "{", "2026-W01-1"),
    *('{"a": "\\ud800"}', '{"conversations": {"talk_time": 1e999}}', "2026-01-01"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
]
WHOLE = {
    "amazon-connect": [
        json.loads(line)
        for line in (FIXTURES / "amazon_connect" / "records.jsonl").read_text().splitlines()
    ],
    "genesys": genesys(),
    "twilio": json.loads((FIXTURES / "twilio" / "events.json").read_text())["events"],
}
NAMED = {
    "amazon-connect": {"reason": "Attributes", "odd": "ContactId"},
    "genesys": {"reason": "conversationId", "odd": "originatingDirection"},
    "twilio": {"reason": "task_attributes.from", "odd": "task_channel_unique_name"},
}


def places(value: Any) -> list[tuple[Any, Any]]:
    """List every place inside a record: what holds it, and its key or position there."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    found = [(value, key) for key, _ in inside]
    nested = value.values() if isinstance(value, dict) else value
    return found + [
        place for one in nested if isinstance(one, (dict, list)) for place in places(one)
    ]


@FEW
@pytest.mark.parametrize("source", WHOLE)
@given(data=st.data())
def test_whatever_a_field_holds_every_record_is_accounted_for(
    source: str, data: st.DataObject
) -> None:
    """Values of any type, anywhere, end in a contact or a reject and never in a fault."""
    records = json.loads(json.dumps(WHOLE[source]))
    for _ in range(data.draw(st.integers(1, 8))):
        inside = places(records[data.draw(st.integers(0, len(records) - 1))])
        around, key = inside[data.draw(st.integers(0, len(inside) - 1))]
        around[key] = data.draw(st.sampled_from(ODD))
    mapping = Mapping(columns=NAMED[source])
    with tempfile.TemporaryDirectory() as folder:
        files = export(Path(folder), [records[:5], records[5:]])
        assert accounted(import_contacts(source, files, mapping), len(records))

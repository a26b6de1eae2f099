"""Import against its slow twin, on random exports with bad rows, versions and legs."""

import csv
import datetime as dt
import importlib.util
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from recontact.clean import read_contacts
from recontact.sources.imports import import_contacts
from recontact.writing import write_table

spec = importlib.util.spec_from_file_location(
    "reference_imports", Path(__file__).parents[1] / "reference" / "imports.py"
)
assert spec
assert spec.loader
twin = importlib.util.module_from_spec(spec)
spec.loader.exec_module(twin)

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
instants = st.integers(0, 3).map(lambda hours: START + dt.timedelta(hours=hours))
some = lambda *values: st.sampled_from((None, *values))  # noqa: E731 - a short name for a long one
ROWS = st.fixed_dictionaries(
    {
        "contact_id": st.sampled_from("abcdef"),
        "started_at": instants,
        "ended_at": instants.map(lambda t: t + dt.timedelta(hours=3)),
        "known_at": st.none() | instants.map(lambda t: t + dt.timedelta(hours=4)),
        "interaction_id": some("x", "y"),
        "customer_id": some("k"),
        "queue": some("north", "south"),
        "agent_id": some("1", "2"),
        "team": some("red", "blue"),
        "handled": some(True, False),
        "escalated": some(True, False),
        "tier": some(1, 2),
        "talk_s": some(0.5, 60.0),
        "transfer_count": some(0, 2),
        "reason": some("billing", "billing > dispute", "tech"),
        "csat": some(1.0, 5.0),
        "dropped": some(True, False),
        "notes": some("x", 'a "quoted"\nline', "café, ñ"),
        "colour": some("green", "grey"),
    }
)
BAD = st.sampled_from(
    (
        {"contact_id": ""},
        {"contact_id": None, "started_at": "soon"},
        {"started_at": None},
        {"ended_at": "2026-02-30"},
        {"ended_at": "2025-12-31T23:59:59Z"},
        {"talk_s": -1},
        {"tier": 1.5},
        {"handled": "maybe"},
        {"known_at": "later"},
    )
)
LINES = st.lists(st.tuples(ROWS, st.none() | st.none() | BAD), min_size=1, max_size=12)


def export(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@settings(max_examples=settings.default.max_examples // 3)
@given(LINES)
def test_every_row_is_a_contact_a_leg_a_duplicate_or_a_reject_as_in_the_twin(
    lines: list[tuple[dict[str, Any], dict[str, Any] | None]],
) -> None:
    """The import gives the twin's contacts and counts, and names every bad row's number."""
    good = [row for row, fault in lines if fault is None]
    rows, duplicates, superseded = twin.one_version_each(good)
    expected = twin.contacts_of(rows)
    bad = [number for number, (_, fault) in enumerate(lines, start=1) if fault]

    with tempfile.TemporaryDirectory() as folder:
        path = export(Path(folder) / "export.csv", [row | (fault or {}) for row, fault in lines])
        imported = import_contacts("contacts", path)

    assert imported.counts == {
        "rows": len(lines),
        "contacts": len(expected),
        "merged_legs": len(rows) - len(expected),
        "duplicates": duplicates,
        "rejected": len(bad) + superseded,
    }
    names = list(lines[0][0])
    assert imported.contacts.select(names).to_pylist() == expected
    unread = imported.rejects.filter(pa.compute.field("reason") != "superseded")
    assert sorted(unread["row"].to_pylist()) == bad


@settings(max_examples=settings.default.max_examples // 10)
@given(st.lists(ROWS, min_size=1, max_size=8))
def test_importing_again_changes_nothing(rows: list[dict[str, Any]]) -> None:
    """The same file twice, and the import of what was imported, give the same table."""
    with tempfile.TemporaryDirectory() as folder:
        path = export(Path(folder) / "export.csv", rows)
        once = import_contacts("contacts", path).contacts
        twice = import_contacts("contacts", [path, path])
        again = Path(folder) / "contacts.parquet"
        write_table(once, again)
        assert twice.contacts.equals(once)
        assert twice.counts["rows"] == 2 * len(rows)
        assert import_contacts("contacts", again).contacts.equals(once)
        assert read_contacts(again).equals(once)

"""However an export is written: the mapping file that says so gives the same contacts."""

import csv
import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from recontact.sources.imports import Imported, import_contacts
from recontact.sources.mapping import Mapping

START = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)  # no clock changes in these months
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.integers(1, 50).map(lambda n: f"c{n}"),
            "start": st.integers(0, 100_000),  # minutes
            "length": st.integers(0, 7_000),  # seconds
            "wait": st.none() | st.integers(0, 9_999).map(lambda n: n / 4),
            "channel": st.sampled_from(["voice", "email", None]),
            "queue": st.sampled_from(["Büro", "a;b", 'say "no"', "x,y", None]),
        }
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda row: row["id"],
)
FORMS = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from([",", ";", "\t", "|"]),
        "encoding": st.sampled_from(["utf-8", "utf-16", "cp1252"]),
        "decimal": st.sampled_from([".", ","]),
        "time_zone": st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
        "time_format": st.sampled_from(
            ["iso8601", "epoch_s", "epoch_ms", "%d.%m.%Y %H:%M", "%m/%d/%y %I:%M %p"]
        ),
        "length_format": st.sampled_from(["seconds", "milliseconds", "hh:mm:ss", "mm:ss"]),
    }
)
ZONES = {"UTC": 0, "Europe/Berlin": 2, "America/New_York": -4}  # hours, in summer
WORDS = {"voice": "Telefon", "email": "Mail", None: ""}


def as_time(minutes: int, form: dict[str, str]) -> str:
    at = START + dt.timedelta(minutes=minutes)
    if form["time_format"] == "epoch_s":
        return str(int(at.timestamp()))
    if form["time_format"] == "epoch_ms":
        return str(int(at.timestamp() * 1000))
    local = at + dt.timedelta(hours=ZONES[form["time_zone"]])
    written = form["time_format"]
    return local.strftime("%Y-%m-%dT%H:%M" if written == "iso8601" else written)


def as_length(seconds: int, form: dict[str, str]) -> str:
    minutes, rest = divmod(seconds, 60)
    return {
        "seconds": str(seconds),
        "milliseconds": str(seconds * 1000),
        "hh:mm:ss": f"{minutes // 60:02}:{minutes % 60:02}:{rest:02}",
        "mm:ss": f"{minutes}:{rest:02}",
    }[form["length_format"]]


def write(path: Path, rows: list[dict[str, Any]], form: dict[str, str]) -> None:
    with path.open("w", newline="", encoding=form["encoding"]) as file:
        writer = csv.writer(file, delimiter=form["delimiter"])
        writer.writerow(["Nr", "Beginn", "Dauer", "Wartezeit", "Kanal", "Gruppe"])
        for row in rows:
            wait = "" if row["wait"] is None else str(row["wait"]).replace(".", form["decimal"])
            times = (as_time(row["start"], form), as_length(row["length"], form))
            writer.writerow([row["id"], *times, wait, WORDS[row["channel"]], row["queue"] or ""])


def mapping(form: dict[str, str]) -> Mapping:
    named = {"contact_id": "Nr", "started_at": "Beginn", "wait_s": "Wartezeit"}
    how = {
        key: form[key] for key in ("delimiter", "encoding", "decimal", "time_zone", "time_format")
    }
    return Mapping.of(
        {
            **how,
            "columns": {**named, "channel": "Kanal", "queue": "Gruppe"},
            "values": {"channel": {"Telefon": "voice", "Mail": "email"}},
            "duration_format": {"ended_after": form["length_format"]},
            "ended_after": "Dauer",
        }
    )


def told(imported: Imported) -> dict[str, dict[str, Any]]:
    return {row["contact_id"]: row for row in imported.contacts.drop("Dauer").to_pylist()}


@settings(max_examples=settings.default.max_examples // 6)
@given(ROWS, FORMS, st.data())
def test_the_form_of_an_export_does_not_matter(
    rows: list[dict[str, Any]], form: dict[str, str], data: st.DataObject
) -> None:
    """Nor do the order of rows, repetition and the cut into files; every row is counted."""
    again = data.draw(st.lists(st.sampled_from(rows), max_size=2))
    mixed = data.draw(st.permutations([*rows, *again]))
    cut = data.draw(st.integers(0, len(mixed)))
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "a.csv", Path(folder) / "b.csv"]
        write(files[0], mixed[:cut], form)
        write(files[1], mixed[cut:], form)
        imported = import_contacts("contacts", files, mapping(form))
    assert imported.counts["rows"] == len(mixed)
    assert imported.counts["duplicates"] == len(again)
    found = told(imported)
    assert set(found) == {row["id"] for row in rows}
    for row in rows:
        contact = found[row["id"]]
        assert contact["started_at"] == START + dt.timedelta(minutes=row["start"])
        assert contact["ended_at"] - contact["started_at"] == dt.timedelta(seconds=row["length"])
        for name, ours in (("wait", "wait_s"), ("channel", "channel"), ("queue", "queue")):
            assert contact[ours] == row[name]

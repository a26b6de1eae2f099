"""Drafts of mapping files: what is recognised, and that they can be used as they are."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recontact.contacts import INSTANT
from recontact.errors import UserError
from recontact.sources.imports import Imported, import_contacts
from recontact.sources.sniff import form_of
from recontact.sources.suggest import suggest
from recontact.sources.yaml_texts import load_texts

GERMAN = {
    "Anruf-ID": ("1001", "1002"),
    "Startzeit": ("14.03.2026 09:30:12", "14.03.2026 09:31:00"),
    "Endzeit": ("14.03.2026 09:35:32", "14.03.2026 09:32:05"),
    "Kundennummer": ("K1", "K2"),
    "Rufnummer": ("030 226100", "anonym"),
    "Warteschlange": ("Tarife", "Beschwerde"),
    "Mitarbeiter": ("A. Klein", "B. Groß"),
    "Grund": ("Rechnung", "Kündigung"),
    "Eskaliert": ("Nein", "Ja"),
    "Wartezeit (Sek.)": ("12,5", "3"),
    "Gesprächszeit": ("00:05:00", "00:01:00"),
    "Kanal": ("Telefon", "E-Mail"),
    "Richtung": ("eingehend", "intern"),
    "Zufriedenheit": ("4,5", ""),
    "Farbe": ("rot", "blau"),
}
SPANISH = {
    "Id Llamada": ("a", "b"),
    "Fecha Inicio": ("14/03/2026 09:30", "15/03/2026 10:00"),
    "Duración": ("05:20", "01:00"),
    "Cliente": ("C1", "C2"),
    "Cola": ("Ventas", "Soporte"),
    "Motivo": ("Factura", "Alta"),
    "Abandonada": ("no", "sí"),
    "Tiempo de espera": ("10", "20"),
}
FRENCH = {
    "Identifiant Appel": ("x", "y"),
    "Date Début": ("2026/03/14 09:30:00", "2026/03/15 09:30:00"),
    "Date Fin": ("2026/03/14 09:40:00", "2026/03/15 09:40:00"),
    "Client": ("c1", "c2"),
    "File d'attente": ("Ventes", "Ventes"),
    "Conseiller": ("Zoé", "Léa"),
    "Motif": ("Facture", "Panne"),
    "Canal": ("Courriel", "Téléphone"),
}
VENDOR = {
    "contactId": ("11", "10"),
    "masterContactId": ("10", "10"),
    "contactStart": ("1773480612000", "1773480500000"),
    "contactEnd": ("1773480932000", "1773480600000"),
    "skillName": ("Billing", "Front"),
    "agentId": ("7", "8"),
    "queueDurationMs": ("1500", "700"),
    "acwSeconds": ("30", "0"),
    "mediaTypeName": ("Call", "Call"),
    "Caller_ID": ("+12128425500", "+12128425501"),
}


def lines(columns: dict[str, tuple[str, ...]], delimiter: str = ",") -> str:
    rows = [tuple(columns), *zip(*columns.values(), strict=True)]
    return "".join(delimiter.join(row) + "\n" for row in rows)


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "export.csv"
    path.write_bytes(text.encode(encoding))
    return path


def drafted(path: Path) -> tuple[dict[str, Any], Imported]:
    """Give the draft as YAML has it, and what comes of importing with it as it is."""
    draft = suggest(path)
    assert draft.missing == []
    mapping = path.with_name("m.yaml")
    mapping.write_text(draft.text, encoding="utf-8")
    return load_texts(mapping, ""), import_contacts("contacts", path, mapping)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_a_german_export_is_drafted_and_imports(tmp_path: Path, encoding: str) -> None:
    """Delimiter, encoding, comma, times, durations, truths, channels and numbers are seen."""
    content, imported = drafted(written(tmp_path, lines(GERMAN, ";"), encoding))
    assert content["columns"] == {
        "contact_id": "Anruf-ID",
        "started_at": "Startzeit",
        "ended_at": "Endzeit",
        "customer_id": "Kundennummer",
        "ani": "Rufnummer",
        "queue": "Warteschlange",
        "agent_id": "Mitarbeiter",
        "reason": "Grund",
        "escalated": "Eskaliert",
        "wait_s": "Wartezeit (Sek.)",
        "talk_s": "Gesprächszeit",
        "channel": "Kanal",
        "direction": "Richtung",
        "csat": "Zufriedenheit",
    }
    assert (content["delimiter"], content["decimal"]) == (";", ",")
    assert content.get("encoding", "utf-8") == encoding
    assert imported.counts["contacts"] == 2
    [first, second] = imported.contacts.to_pylist()
    assert (first["wait_s"], first["talk_s"], first["csat"]) == (12.5, 300, 4.5)
    assert (first["channel"], second["channel"]) == ("voice", "email")
    assert (first["escalated"], second["escalated"]) == (False, True)
    assert (first["direction"], second["direction"]) == ("inbound", "internal")
    assert first["Farbe"] == "rot"


def test_what_is_unsure_is_said(tmp_path: Path) -> None:
    """Zones, encodings, rules that values call for, and columns that are not recognised."""
    text = suggest(written(tmp_path, lines(GERMAN, ";"), "cp1252")).text
    for told in (
        "encoding: cp1252  # unsure",
        "time_zone: UTC  # unsure: the times name no zone",
        "# escalated_when: {queue: [Beschwerde]}  # unsure",
        "# ani_region: DE",
        "# not recognised, they travel along: 'Farbe'",
    ):
        assert told in text


def test_a_spanish_export_without_an_end_takes_its_duration(tmp_path: Path) -> None:
    """Abandoned is the contrary of handled."""
    content, imported = drafted(written(tmp_path, lines(SPANISH, "\t")))
    assert (content["ended_after"], content["delimiter"]) == ("Duración", "\t")
    assert content["duration_format"] == {"ended_after": "mm:ss"}
    assert content["time_format"] == "%d/%m/%Y %H:%M"
    [first, second] = imported.contacts.to_pylist()
    assert (first["handled"], second["handled"]) == (True, False)
    assert (first["ended_at"] - first["started_at"]).total_seconds() == 320
    assert first["reason"] == "Factura"


def test_a_french_export_is_drafted_and_imports(tmp_path: Path) -> None:
    """Accents and apostrophes are no hindrance."""
    _, imported = drafted(written(tmp_path, lines(FRENCH)))
    [first, second] = imported.contacts.to_pylist()
    assert (first["channel"], second["channel"]) == ("email", "voice")
    assert (first["queue"], first["agent_id"], first["reason"]) == ("Ventes", "Zoé", "Facture")


def test_a_vendor_s_names_units_and_epochs_are_seen(tmp_path: Path) -> None:
    """Milliseconds by the name, epochs by their size, legs by the master's id."""
    content, imported = drafted(written(tmp_path, lines(VENDOR)))
    assert content["time_format"] == "epoch_ms"
    assert "time_zone" not in content
    assert content["columns"]["interaction_id"] == "masterContactId"
    assert imported.counts["merged_legs"] == 1
    [row] = imported.contacts.to_pylist()
    assert (row["contact_id"], row["wait_s"], row["wrap_s"]) == ("10", 2.2, 30)
    assert (row["queue"], row["channel"], row["customer_id"]) == ("Front", "voice", "+12128425501")


def test_our_own_form_needs_nothing(tmp_path: Path) -> None:
    """The draft of what is in form already has no keys."""
    path = written(
        tmp_path, "contact_id,started_at,ended_at\n1,2026-01-01T00:00Z,2026-01-01T00:00Z\n"
    )
    content, imported = drafted(path)
    assert content is None
    assert imported.counts["contacts"] == 1


def test_a_column_of_our_name_with_other_values_is_renamed(tmp_path: Path) -> None:
    """Else its rows would be rejected."""
    path = written(
        tmp_path, "contact_id,started_at,ended_at,escalated\n1,2026-01-01,2026-01-01,T2\n"
    )
    content, imported = drafted(path)
    assert content["columns"] == {"their_escalated": "escalated"}
    assert imported.counts["contacts"] == 1


def test_parquet_and_json_are_drafted(tmp_path: Path) -> None:
    """Typed times need no format, nested fields are named by their path."""
    rows = [
        {"call": {"id": i}, "startTime": f"2026-01-0{i}", "endTime": f"2026-01-0{i}"}
        for i in (1, 2)
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    content, imported = drafted(tmp_path / "a.jsonl")
    assert content["columns"]["contact_id"] == "call.id"
    assert imported.counts["contacts"] == 2
    table = pa.table(
        {
            "Call ID": [1, 2],
            "Start": pa.array([0, 1], pa.timestamp("us")),
            "End": ["2026-01-01"] * 2,
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    content, imported = drafted(tmp_path / "a.parquet")
    assert "time_format" not in content
    assert imported.counts["contacts"] == 2


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    """With what to do; times of day alone are told."""
    draft = suggest(written(tmp_path, "Farbe,Uhrzeit\nrot,10:00\nrot,10:05\n"))
    assert draft.missing == ["contact_id", "started_at", "ended_at"]
    assert "# MISSING: ended_at" in draft.text
    assert "#  started_at: ???" in draft.text
    assert "'Uhrzeit' holds times of day" in draft.text


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (("00:04:09", "01:00:00"), 'Talk Time and, under duration_format, ended_after: "hh:mm:ss"'),
        (("249", "3600"), "Talk Time, if that is the whole duration"),
    ],
)
def test_a_missing_end_names_the_duration_there_is(
    tmp_path: Path, values: tuple[str, ...], told: str
) -> None:
    """As it would be written in the mapping file, with its form where that is no number."""
    columns = {"Call ID": ("1", "2"), "Start": ("2026-03-14 09:30", "2026-03-14 09:31")}
    draft = suggest(written(tmp_path, lines(columns | {"Talk Time": values})))
    assert f"or write ended_after: {told}" in draft.text
    plain = suggest(written(tmp_path, lines(columns)))
    assert 'with duration_format: {ended_after: "hh:mm:ss"}' in plain.text


@pytest.mark.parametrize("day", ["14.03.2026", "2026-03-14", "03/04/2026"])
def test_a_date_beside_its_time_of_day_is_unsure(tmp_path: Path, day: str) -> None:
    """Its line names the column to join it with; one that holds both, or stands alone, is sure."""
    columns = {"Call ID": ("1",), "Datum": (day,), "Uhrzeit": ("09:30:12",)}
    told = "a date alone: join it with 'Uhrzeit' in one column before"
    [line] = [x for x in suggest(written(tmp_path, lines(columns))).text.split("\n") if told in x]
    assert line.startswith("  started_at: Datum  # unsure: ")
    both = columns | {"Datum": (f"{day} 09:30",)}
    assert "a date alone" not in suggest(written(tmp_path, lines(both))).text
    alone = {name: values for name, values in columns.items() if name != "Uhrzeit"}
    assert "a date alone" not in suggest(written(tmp_path, lines(alone))).text


@pytest.mark.parametrize(
    "name",
    [
        *("Rufnummer", "Rufnummer Anrufer", "Rufnummer des Anrufers", "Anrufer-Rufnummer"),
        *("Anrufernummer", "Anrufer Nummer", "Telefonnummer", "Telefonnummer (Anrufer)"),
        *("Caller Number", "CallerPhoneNumber", "Calling Number", "Número de teléfono"),
    ],
)
def test_the_caller_s_number_goes_by_many_names(tmp_path: Path, name: str) -> None:
    """Each is `ani`."""
    columns = {"Call ID": ("1", "2"), name: ("+4930226100", "030 226101")}
    (tmp_path / "m.yaml").write_text(suggest(written(tmp_path, lines(columns))).text)
    assert load_texts(tmp_path / "m.yaml", "")["columns"]["ani"] == name


def test_a_duration_beside_both_times_is_no_time_of_day(tmp_path: Path) -> None:
    """It is not needed then, and travels along."""
    rows = "Beginn,Ende,Dauer\n2026-01-01 10:00,2026-01-01 10:05,00:05:00\n"
    draft = suggest(written(tmp_path, rows))
    assert "times of day" not in draft.text
    assert "they travel along: 'Dauer'" in draft.text


@pytest.mark.parametrize(
    ("values", "written_as"),
    [
        (["03/04/2026", "04/05/2026"], "%d/%m/%Y"),
        (["03/04/2026", "04/25/2026"], "%m/%d/%Y"),
        (["3/4/2026 2:05 PM"], "%m/%d/%Y %I:%M %p"),
        (["14-Mar-2026 14:05:01"], "%d-%b-%Y %H:%M:%S"),
        (["20260314140501"], "%Y%m%d%H%M%S"),
        (["14.03.26 14:05"], "%d.%m.%y %H:%M"),
        (["1773489600"], "epoch_s"),
        (["14.03.2026 14:05:01", "x", "15.03.2026 14:05:01"], "%d.%m.%Y %H:%M:%S"),
    ],
)
def test_the_format_of_times_is_seen(tmp_path: Path, values: list[str], written_as: str) -> None:
    """And one that the mapping file takes; an odd value does not hide it."""
    ids = tuple(map(str, range(len(values))))
    columns = {"Call ID": ids, "Start Time": tuple(values), "End Time": tuple(values)}
    path = written(tmp_path, lines(columns))
    content, imported = drafted(path)
    assert content["time_format"] == written_as
    assert imported.counts["contacts"] == len(values) - values.count("x")
    assert ("other way round" in suggest(path).text) == (
        values[1:] == ["04/05/2026"] or "PM" in values[0]
    )


def test_a_vendor_s_export_is_told(tmp_path: Path) -> None:
    """There is a better way than a mapping file."""
    fixtures = Path(__file__).parents[2] / "fixtures"
    assert "recontact import salesforce case.csv" in suggest(fixtures / "salesforce/case.csv").text
    for name in ("tickets-1.json", "tickets-2.jsonl"):
        assert "import zendesk" in suggest(fixtures / "zendesk" / name).text
    assert "looks like" not in suggest(written(tmp_path, lines(GERMAN, ";"))).text


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("amazon-connect", "amazon_connect/records.jsonl"),
        ("genesys", "genesys/page1.json"),
        ("twilio", "twilio/events.json"),
        ("zendesk", "zendesk/tickets-2.jsonl"),
        ("salesforce", "salesforce/case.csv"),
    ],
)
def test_a_vendor_s_draft_takes_nothing_from_its_importer(
    tmp_path: Path, source: str, name: str
) -> None:
    """What the draft adds leaves legs, times and directions as the importer finds them."""
    file = Path(__file__).parents[2] / "fixtures" / name
    draft = suggest(file)
    assert (draft.source, draft.missing) == (source, [])
    (tmp_path / "m.yaml").write_text(draft.text, encoding="utf-8")
    plain = import_contacts(source, file)
    drafted = import_contacts(source, file, tmp_path / "m.yaml")
    assert drafted.counts == plain.counts
    same = [n for n in plain.contacts.column_names if n != "reason"]
    assert drafted.contacts.select(same).equals(plain.contacts.select(same))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04zip", b"a,a\n1,2\n"])
def test_a_file_that_can_t_be_read_is_told(tmp_path: Path, content: bytes) -> None:
    """As on import."""
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.csv"):
        suggest(tmp_path / "a.csv")
    with pytest.raises(UserError, match="no such file"):
        suggest(tmp_path / "nowhere.csv")


@pytest.mark.parametrize(
    ("content", "told", "mend"),
    [
        ("March 2026\nId;Start\n1;2026-01-01\n", "a title, 'March 2026'", "tail -n +2"),
        ("\nMarch;;\n\nId;Start;End\n1;2026-01-01;2\n", "a title, 'March'", "tail -n +4"),
        ("# Read me\n\nIt is short.\n", "is no table", "named in the first line"),
        ("Hello, you\n\nIt is short.\nAnd dull.\n", "is no table", "named in the first line"),
        ("contact_id,at,event\n1,2026-01-01,hold\n", "is an events table", "--events"),
    ],
)
def test_what_is_no_export_is_refused(tmp_path: Path, content: str, told: str, mend: str) -> None:
    """A title above the table, prose, and tables of our own; each with its mend."""
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(UserError, match=told) as caught:
        suggest(path)
    assert mend in caught.value.mend


def test_clean_contacts_need_no_draft(tmp_path: Path) -> None:
    """Typed contacts go on to their labels; with a name of the export's own they are drafted."""
    at = pa.array([0], INSTANT)
    table = pa.table({"contact_id": ["1"], "started_at": at, "ended_at": at, "queue": ["north"]})
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(UserError, match="needs no mapping file") as caught:
        suggest(tmp_path / "a.parquet")
    assert "recontact label" in caught.value.mend
    pq.write_table(
        table.rename_columns(["contact_id", "started_at", "ended_at", "Warteschlange"]),
        tmp_path / "b.parquet",
    )
    assert "queue: Warteschlange" in suggest(tmp_path / "b.parquet").text


def test_the_column_of_an_index_is_no_title(tmp_path: Path) -> None:
    """Nor are empty lines above the names, nor a header shorter than its rows."""
    for content in (",Id\n0,x\n1,y\n", "\n\nId,Start\n1,2026-01-01\n"):
        (tmp_path / "a.csv").write_text(content)
        assert form_of(tmp_path / "a.csv").above == ()

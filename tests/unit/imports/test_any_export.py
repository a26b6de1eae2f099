"""Exports of any make, CSV, Parquet or JSON lines, brought into form by a mapping file."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recontact.errors import UserError
from recontact.sources.imports import import_contacts
from recontact.sources.mapping import Mapping

HEAD = "contact_id,started_at,ended_at"
ROW = "1,2026-01-01,2026-01-01"


def rows(path: Path, **mapping: Any) -> list[dict[str, Any]]:
    return import_contacts("contacts", path, Mapping.of(mapping)).contacts.to_pylist()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1252", "latin-1", "utf-8"])
@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
def test_delimiter_and_encoding_are_named(tmp_path: Path, encoding: str, delimiter: str) -> None:
    """Quotes keep their meaning, and a broken row is told by its number."""
    lines = [HEAD + ",queue", ROW + ',"Größe ""A"""', "2,x", '3,2026-01-01,2026-01-01,"a\nb"']
    text = "\n".join(lines).replace(",", delimiter)
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    mapping = Mapping.of({"delimiter": delimiter, "encoding": encoding})
    got = import_contacts("contacts", tmp_path / "a.csv", mapping)
    assert got.contacts["queue"].to_pylist() == ['Größe "A"', "a\nb"]
    assert got.rejects["row"].to_pylist() == [2]


def test_bytes_that_are_no_text_in_the_encoding_are_told(tmp_path: Path) -> None:
    """One byte spoils one row where the encoding allows it, else the file is named."""
    path = tmp_path / "a.csv"
    path.write_bytes(f"{HEAD},queue\n{ROW},\x81\n2{ROW[1:]},x\n".encode("latin-1"))
    got = import_contacts("contacts", path, Mapping.of({"encoding": "cp1252"}))
    assert (got.contacts["contact_id"].to_pylist(), got.rejects["row"].to_pylist()) == (["2"], [1])
    path.write_bytes(f"{HEAD}\n{ROW}\n".encode("utf-16") + b"\x00\xd8")
    with pytest.raises(UserError, match=r"a\.csv is not text in utf-16") as caught:
        import_contacts("contacts", path, Mapping.of({"encoding": "utf-16"}))
    assert "encoding: cp1252" in caught.value.mend
    assert f"recontact import --suggest {path} --out mapping.yaml" in caught.value.mend


@pytest.mark.parametrize(("delimiter", "shown"), [(";", '";"'), ("\t", r'"\\t"'), ("|", r'"\|"')])
def test_a_wrong_delimiter_is_told_with_the_mend(
    tmp_path: Path, delimiter: str, shown: str
) -> None:
    """With a mapping of columns and without, and where commas stand in a name."""
    path = tmp_path / "a.csv"
    for head in (HEAD, f'{HEAD},"Name, Vorname"'.replace("contact_id", "CallId")):
        path.write_text(head.replace(",", delimiter, 3) + "\n")
        mapping = Mapping.of({"columns": {"contact_id": "CallId"}} if "CallId" in head else {})
        with pytest.raises(UserError, match=r"a\.csv has no column") as caught:
            import_contacts("contacts", path, mapping)
        assert f"delimiter: {shown}".replace("\\\\", "\\").replace(r"\|", "|") in caught.value.mend
    path.write_text(HEAD + "\n")
    with pytest.raises(UserError, match=r"has no column") as caught:
        import_contacts("contacts", path, Mapping.of({"delimiter": delimiter}))
    assert 'separated by commas: say delimiter: ","' in caught.value.mend


def test_utf_16_without_a_word_is_told_with_the_mend(tmp_path: Path) -> None:
    """It is seen by its first two bytes."""
    (tmp_path / "a.csv").write_bytes(f"{HEAD}\n{ROW}\n".encode("utf-16"))
    with pytest.raises(UserError, match="UTF-16") as caught:
        rows(tmp_path / "a.csv")
    assert "encoding: utf-16" in caught.value.mend


def test_values_are_translated_and_others_stay(tmp_path: Path) -> None:
    """After renaming, white space aside; null is unknown; numbers and texts of YAML alike."""
    (tmp_path / "a.csv").write_text(
        f"{HEAD},Art,reason,ok\n{ROW}, Telefon ,B01,007\n2{ROW[1:]},Fax,n/a,\n"
    )
    (tmp_path / "m.yaml").write_text(
        "columns: {channel: Art, handled: ok}\n"
        "values:\n  channel: {Telefon: voice}\n  reason: {B01: billing>late fee, n/a: null}\n"
        "  handled: {007: no}\n"
    )
    got = import_contacts("contacts", tmp_path / "a.csv", tmp_path / "m.yaml").contacts
    assert got["channel"].to_pylist() == ["voice", "Fax"]
    assert got["reason"].to_pylist() == ["billing > late fee", None]
    assert got["handled"].to_pylist() == [False, None]


def test_rows_are_marked_as_escalated_or_outbound(tmp_path: Path) -> None:
    """By any of the columns, ours after translation or theirs; what a row says itself stays."""
    (tmp_path / "a.csv").write_text(
        f"{HEAD},queue,Code,escalated,direction\n"
        f"1{ROW[1:]},T2,x,false,inbound\n2{ROW[1:]},North,complaint,,internal\n"
        f"3{ROW[1:]},North,x,true,\n4{ROW[1:]},Back,x,,inbound\n5{ROW[1:]},tier 2,,,\n"
    )
    got = rows(
        tmp_path / "a.csv",
        columns={"disposition": "Code"},
        values={"queue": {"T2": "Tier 2"}},
        escalated_when={"queue": ["Tier 2", "Supervisors"], "Code": "complaint"},
        outbound_when={"queue": ["Back"]},
    )
    assert [row["escalated"] for row in got] == [True, True, True, None, None]
    assert [row["direction"] for row in got] == ["inbound", "internal", None, "outbound", None]


def test_a_column_of_theirs_may_serve_two_of_ours(tmp_path: Path) -> None:
    """A ticket ends when it starts; the required column keeps its own name too."""
    (tmp_path / "a.csv").write_text("contact_id,started_at\n1,2026-01-01\n")
    [row] = rows(tmp_path / "a.csv", columns={"ended_at": "started_at", "case_id": "contact_id"})
    assert row["ended_at"] == row["started_at"]
    assert row["case_id"] == row["contact_id"] == "1"


@pytest.mark.parametrize("key", ["values", "escalated_when", "outbound_when"])
def test_a_rule_for_a_column_that_is_not_there_is_told(tmp_path: Path, key: str) -> None:
    """A misspelt name would do nothing; a column of ours that the export lacks is fine."""
    (tmp_path / "a.csv").write_text(f"{HEAD}\n{ROW}\n")
    content: Any = {"a": "b"} if key == "values" else ["a"]
    assert rows(tmp_path / "a.csv", **{key: {"queue": content}})
    with pytest.raises(UserError, match="has no column 'queu'"):
        rows(tmp_path / "a.csv", **{key: {"queu": content}})


def test_json_lines_are_read_with_nested_fields(tmp_path: Path) -> None:
    """A field that some records lack is null, a broken record is rejected by its number."""
    call: dict[str, Any] = {"id": 7, "t": {"from": 1767225600000, "to": 1767225660000}}
    lines = [json.dumps(call), json.dumps(call | {"id": 8, "why": {"code": "B"}}), '{"id": 9']
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    given = {
        "columns": {
            "contact_id": "id",
            "started_at": "t.from",
            "ended_at": "t.to",
            "reason": "why.code",
        },
        "time_format": "epoch_ms",
    }
    got = import_contacts("contacts", tmp_path / "a.jsonl", Mapping.of(given))
    assert got.contacts["contact_id"].to_pylist() == ["7", "8"]
    assert got.contacts["reason"].to_pylist() == [None, "B"]
    assert got.rejects["row"].to_pylist() == [3]
    (tmp_path / "b.jsonl").write_text(lines[0])  # no record of this file has a reason
    both = import_contacts(
        "contacts", [tmp_path / "a.jsonl", tmp_path / "b.jsonl"], Mapping.of(given)
    )
    assert both.counts["duplicates"] == 1
    with pytest.raises(UserError, match=r"b\.jsonl has no column 'why\.code'"):
        import_contacts("contacts", tmp_path / "b.jsonl", Mapping.of(given))


def test_a_rule_for_a_field_that_some_json_files_lack_is_fine(tmp_path: Path) -> None:
    """Only a field that no file has is a mistake."""
    base = {"contact_id": "1", "started_at": "2026-01-01", "ended_at": "2026-01-01"}
    (tmp_path / "a.json").write_text(json.dumps([base | {"vip": {"flag": True}}]))
    (tmp_path / "b.json").write_text(json.dumps([base | {"contact_id": "2"}]))
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    mapping = Mapping.of({"escalated_when": {"vip.flag": True}})
    found = import_contacts("contacts", files, mapping).contacts
    assert found["escalated"].to_pylist() == [True, None]
    with pytest.raises(UserError, match=r"has no column 'vip\.flog'"):
        import_contacts("contacts", files, Mapping.of({"escalated_when": {"vip.flog": True}}))


def test_csv_parquet_and_json_of_the_same_rows_give_the_same_contacts(tmp_path: Path) -> None:
    """Whatever the form, one table comes of it."""
    records = [
        {"contact_id": str(i), "started_at": "2026-01-01 10:00", "ended_at": "2026-01-01 11:00"}
        | {"talk_s": i * 1.5, "handled": bool(i % 2), "queue": f"q{i}", "colour": "grün"}
        for i in range(5)
    ]
    table = pa.Table.from_pylist(records)
    pq.write_table(table, tmp_path / "a.parquet")
    table.to_pandas().to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "a.json").write_text(json.dumps(records))
    forms = [rows(tmp_path / name) for name in ("a.parquet", "a.csv", "a.json")]
    assert forms[0] == forms[1] == forms[2]
    assert len(forms[0]) == 5


@pytest.mark.parametrize("text", ["", "{}\n{}\n", "[]"])
def test_json_without_what_is_needed_loses_no_record(tmp_path: Path, text: str) -> None:
    """No records are no rows; records without fields lack the required column."""
    path = tmp_path / "a.json"
    path.write_text(text)
    if "{}" in text:
        with pytest.raises(UserError, match="has no column 'started_at'"):
            rows(path)
    else:
        assert import_contacts("contacts", path).counts["rows"] == 0

"""Pseudonyms on import: repeats still link, and no raw identifier is in anything that comes out."""

import hashlib
import hmac
import json
import re
import secrets

import pytest

from recontact.sources.imports import import_contacts
from recontact.sources.pseudonyms import Pseudonymiser, key_from
from recontact.tables import read_table
from recontact_pipelines.cli import main

KEY = secrets.token_bytes(32)
HEAD = "contact_id,customer_id,ani,started_at,ended_at,known_at,email,note\n"
EXPORT = HEAD + (
    "1,CUST-77,,2026-01-01T10:00Z,2026-01-01T10:05Z,,ann@home.example,\n"
    "2,,030 5550123,2026-01-01T11:00Z,2026-01-01T11:05Z,,,\n"
    "3,,+49 30 5550123,2026-01-02T11:00Z,2026-01-02T11:05Z,,ann@home.example,\n"
    "4,,anonymous,2026-01-02T11:00Z,2026-01-02T11:05Z,,,\n"
    "5,,sip:kiosk-9@pbx,2026-01-02T11:00Z,2026-01-02T11:05Z,,,\n"
    "6,CUST-88,,2026-01-02T11:00Z,soon,,bob@home.example,\n"  # unreadable
    "7,030 5550199,,+49305550188,2026-01-02T11:05Z,,,\n"  # a number where none belongs
    "8,CUST-99,,2026-01-02T11:00Z,2026-01-02T11:05Z,2026-01-03,cat@home.example,\n"
    "8,CUST-66,,2026-01-02T11:00Z,2026-01-02T11:05Z,2026-01-02,dan@home.example,\n"  # superseded
    "9,CUST-55,030 5550166,ragged\n"
    "10,CUST-44,2026-01-02T11:00Z\n"
    "11,,004930 5550123,2026-01-03T11:00Z,2026-01-03T11:05Z,,,\n"
    "12,+49 30 555 0123,,2026-01-04T11:00Z,2026-01-04T11:05Z,,,\n"
)
RAW = (
    *("CUST-", "5550123", "555 0123", "5550199", "5550188", "5550166", "kiosk-9", "home.example"),
    *("305550123", "49305550"),
)
MAPPING = """
ani_region: DE
shared_above: {contacts: 2, within: 30d}
pseudonyms: {key_id: 2026a, columns: [email]}
"""


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Import a text with a mapping; return exit code, and all that was written and said."""
    monkeypatch.setenv("RECONTACT_PSEUDONYM_KEY", KEY.hex())

    def importing(export=EXPORT, mapping=MAPPING, out="contacts.parquet", source="export.csv"):
        if export is not None:
            (tmp_path / source).write_text(export)
        (tmp_path / "m.yaml").write_text(mapping)
        words = ["import", "contacts", tmp_path / source, "--out", tmp_path / out]
        words += ["--mapping", tmp_path / "m.yaml", "--json"]
        code = main([str(word) for word in words])
        return code, capsys.readouterr()

    importing.folder = tmp_path
    return importing


def test_no_raw_identifier_comes_out(run):
    """Contacts, rejects, standard output and error hold none, in any column; files in full."""
    for suffix in (".parquet", ".csv"):
        code, said = run(out=f"contacts{suffix}")
        assert code == 0
        written = [
            path for path in run.folder.iterdir() if path.name not in ("export.csv", "m.yaml")
        ]
        texts = [said.out, said.err]
        for path in written:
            texts.append(path.read_bytes().decode(errors="replace"))
            texts.append(json.dumps(read_table(path).to_pylist(), default=str))
        for text in texts:
            assert [raw for raw in RAW if raw in text] == []
    rejects = read_table(run.folder / "contacts.rejects.parquet").to_pylist()
    assert [row["contact_id"] for row in rejects if row["raw"]] == ["6", "7", "8"]


def test_what_a_rejected_record_nests_is_left_out(run):
    """An object that a column of the contacts table is named like may hold a number anywhere."""
    at = "2026-01-01T10:00:00Z"
    record = {"ContactId": "1", "InitiationTimestamp": at, "DisconnectTimestamp": at}
    told = {"Brand": "acme", "Phone": "rang 030 5550123"}
    lines = [record, {**record, "ContactId": "2", "InitiationTimestamp": "soon"}]
    path = run.folder / "records.jsonl"
    path.write_text("".join(json.dumps({**line, "Attributes": told}) for line in lines))
    mapping = {"columns": {"Attributes": "Attributes.Brand"}, "pseudonyms": {"key_id": "2026a"}}
    imported = import_contacts("amazon-connect", path, mapping)
    assert imported.contacts["Attributes"].to_pylist() == ["acme"]
    [raw] = imported.rejects["raw"].to_pylist()
    assert json.loads(raw) == {"Attributes": None}


def test_links_stay(run):
    """One number, however written, is one pseudonym: HMAC-SHA-256 of its E.164 under the key."""
    mapping = MAPPING.replace("shared_above: {contacts: 2, within: 30d}", "")
    assert run(mapping=mapping)[0] == 0
    contacts = read_table(run.folder / "contacts.parquet")
    of = dict(zip(contacts["contact_id"].to_pylist(), contacts.to_pylist(), strict=True))
    number = "2026a:" + hmac.new(KEY, b"+49305550123", hashlib.sha256).hexdigest()
    assert {of[key]["customer_id"] for key in ("2", "3", "11", "12")} == {number}
    assert {of[key]["ani"] for key in ("2", "3", "11")} == {number}
    named = "2026a:" + hmac.new(KEY, b"CUST-77", hashlib.sha256).hexdigest()
    assert of["1"]["customer_id"] == named
    assert of["1"]["email"] == of["3"]["email"]
    assert re.fullmatch("2026a:[0-9a-f]{64}", of["1"]["email"])
    assert (of["4"]["customer_id"], of["4"]["ani"]) == (None, None)
    assert of["5"]["customer_id"] is None
    assert of["5"]["ani"].startswith("2026a:")


def test_shared_identities_are_reported_by_their_pseudonym(run):
    """The four contacts of one number are unlinked, and told of without it."""
    _, said = run()
    number = "2026a:" + hmac.new(KEY, b"+49305550123", hashlib.sha256).hexdigest()
    contacts = read_table(run.folder / "contacts.parquet")
    assert contacts["shared_identity"].drop_null().unique().to_pylist() == [number]
    identity = json.loads(said.out)["identity"]
    assert identity["worst"][0] == {"customer_id": number, "contacts": 3}


def test_importing_the_imported_table_again_changes_nothing(run):
    """Byte for byte, with the same mapping; with another key's name it is refused."""
    run()
    before = (run.folder / "contacts.parquet").read_bytes()
    code, _ = run(export=None, source="contacts.parquet")
    assert code == 0
    assert (run.folder / "contacts.parquet").read_bytes() == before
    code, said = run(export=None, source="contacts.parquet", mapping=MAPPING.replace("2026a", "b"))
    assert code == 1
    assert "pseudonyms of key '2026a'" in said.err


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (None, "is not set"),
        ("", "is not set"),
        ("correct horse battery staple!", "neither hexadecimal nor base64"),
        ("00" * 16, "weak"),
        ("00" * 32, "weak"),
        ("abcd" * 16, "weak"),
    ],
)
def test_a_missing_or_weak_key_is_told_before_anything_is_read(run, monkeypatch, key, told):
    """With how to make one; the key itself is not repeated, and nothing is written."""
    if key is None:
        monkeypatch.delenv("RECONTACT_PSEUDONYM_KEY")
    else:
        monkeypatch.setenv("RECONTACT_PSEUDONYM_KEY", key)
    code, said = run()
    assert code == 1
    assert told in said.err
    assert "openssl rand" in said.err
    assert not key or key not in said.err
    assert not (run.folder / "contacts.parquet").exists()


@pytest.mark.parametrize("columns", ["[contact_id]", "[started_at]", "[nothing]"])
def test_columns_that_can_t_be_replaced_are_refused(run, columns):
    """The key of all tables, times, and columns that are not there."""
    code, said = run(mapping=f"pseudonyms: {{key_id: a, columns: {columns}}}")
    assert code == 1
    assert columns.strip("[]") in said.err


def test_the_key_may_be_hexadecimal_or_base64_and_is_never_shown():
    """Both writings give the same key, and it is not in the repr."""
    import base64

    for text in (KEY.hex(), base64.b64encode(KEY).decode(), base64.urlsafe_b64encode(KEY).decode()):
        assert key_from({"RECONTACT_PSEUDONYM_KEY": text}) == KEY
    assert KEY.hex() not in repr(Pseudonymiser("a", KEY))
    assert repr(KEY) not in repr(Pseudonymiser("a", KEY))


@pytest.mark.parametrize("written", ["030 5550123", "+49305550123", "C-{k}"])
def test_a_column_that_goes_on_showing_the_customer_is_refused(run, written):
    """A second column with the same number, in whatever form, or the same id, must be listed."""
    head = "contact_id,customer_id,ani,started_at,ended_at,callback\n"
    ids = ["" if "5550123" in written else f"C-{k}" for k in range(3)]
    rows = [
        f"{k},{ids[k]},{'' if ids[k] else '030 5550123'},2026-01-01,2026-01-02,"
        f"{written.format(k=k)}\n"
        for k in range(3)
    ]
    rules = "ani_region: DE\npseudonyms: {key_id: a}"
    code, said = run(export=head + "".join(rows), mapping=rules)
    assert code == 1
    assert "column 'callback' holds the customer" in said.err
    assert not (run.folder / "contacts.parquet").exists()
    code, _ = run(export=None, mapping=rules.replace("key_id: a", "key_id: a, columns: [callback]"))
    assert code == 0


def test_ids_that_agree_by_chance_are_no_copies(run):
    """Agents and customers may both be numbered from 1."""
    head = "contact_id,customer_id,agent_id,started_at,ended_at\n"
    rows = [f"{k},{k % 41},{k % 7},2026-01-01,2026-01-02\n" for k in range(100)]
    rows = [row for row in rows if row.split(",")[1] != row.split(",")[2]]
    rows.append("100,3,3,2026-01-01,2026-01-02\n")
    code, said = run(export=head + "".join(rows), mapping="pseudonyms: {key_id: a}")
    assert (code, said.err.count("holds the customer")) == (0, 0)

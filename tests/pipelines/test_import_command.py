"""`recontact import` and `recontact fetch` as a user runs them."""

import json
from pathlib import Path

import pytest

from recontact.clean import read_contacts
from recontact.tables import read_table
from recontact.writing import write_table
from recontact_pipelines.cli import main

HEAD = "contact_id,started_at,ended_at,queue\n"
GOOD = "1,2026-01-01T10:00Z,2026-01-01T10:05Z,north\n"
BAD = "2,2026-01-01T10:00Z,2026-01-01T09:00Z,south\n"


def run(*words: object) -> int:
    return main(["import", *map(str, words)])


def test_contacts_and_rejects_are_written_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rejected rows are reported, not a failure; what is on standard output is the JSON alone."""
    (tmp_path / "a.csv").write_text(HEAD + GOOD + BAD + GOOD)
    out = tmp_path / "new" / "contacts.parquet"
    assert run("contacts", tmp_path / "a.csv", "--out", out, "--json") == 0
    rejects = tmp_path / "new" / "contacts.rejects.parquet"
    assert json.loads(capsys.readouterr().out) == {
        "rows": 3,
        "contacts": 1,
        "merged_legs": 0,
        "duplicates": 1,
        "rejected": 1,
        "identity": {
            "by_customer_id": 0,
            "by_number": 0,
            "withheld": 0,
            "invalid": 0,
            "without_country": 0,
            "unknown": 1,
            "shared": 0,
            "worst": [],
        },
        "out": str(out),
        "rejects": str(rejects),
        "events": None,
    }
    assert read_contacts(out)["queue"].to_pylist() == ["north"]
    [row] = read_table(rejects).to_pylist()
    assert json.loads(row.pop("raw"))["queue"] == "south"
    assert row == {
        "file": str(tmp_path / "a.csv"),
        "row": 2,
        "reason": "ended_at before started_at",
        "contact_id": "2",
    }


def test_the_same_import_gives_the_same_bytes(tmp_path: Path) -> None:
    """Run again, and of the file named twice, the output is byte for byte the same."""
    source, out = tmp_path / "a.csv", tmp_path / "contacts.parquet"
    source.write_text(HEAD + GOOD + "3,2026-01-01,2026-01-02,\n")
    assert run("contacts", source, "--out", out) == 0
    first = out.read_bytes()
    assert run("contacts", source, source, "--out", out) == 0
    assert out.read_bytes() == first
    assert run("contacts", out, "--out", out) == 0
    assert out.read_bytes() == first


def test_rejects_of_an_older_run_do_not_stay(tmp_path: Path) -> None:
    """Without rejects none are written, and those that lie there are emptied."""
    source, out = tmp_path / "a.csv", tmp_path / "contacts.parquet"
    rejects = tmp_path / "contacts.rejects.parquet"
    source.write_text(HEAD + GOOD)
    assert run("contacts", source, "--out", out) == 0
    assert not rejects.exists()
    source.write_text(HEAD + GOOD + BAD)
    assert run("contacts", source, "--out", out) == 0
    assert len(read_table(rejects)) == 1
    source.write_text(HEAD + GOOD)
    assert run("contacts", source, "--out", out) == 0
    assert len(read_table(rejects)) == 0


def test_where_no_row_is_left_the_rejects_are_written_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """That is the user's to mend: exit code 1, the place of the rejects, and no contacts table."""
    (tmp_path / "a.csv").write_text(HEAD + BAD)
    out, rejects = tmp_path / "contacts.parquet", tmp_path / "bad.csv"
    assert run("contacts", tmp_path / "a.csv", "--out", out, "--rejects", rejects) == 1
    said = capsys.readouterr()
    assert "no row left" in said.err
    assert str(rejects) in said.err
    assert said.out == ""
    assert not out.exists()
    assert read_table(rejects)["contact_id"].to_pylist() in (["2"], [2])


def test_a_file_without_rows_leaves_no_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A header alone, in CSV and in Parquet, is the user's mistake, and no rejects are written."""
    (tmp_path / "a.csv").write_text(HEAD)
    write_table(read_table(tmp_path / "a.csv"), tmp_path / "b.parquet")
    for name in ("a.csv", "b.parquet"):
        assert run("contacts", tmp_path / name, "--out", tmp_path / "contacts.parquet") == 1
        assert "no row left: of 0 rows" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.parquet"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("pbx", "a.csv", "--out", "c.parquet"), 2, "pbx"),
        (("contact", "a.csv", "--out", "c.parquet"), 2, "did you mean 'contacts'?"),
        (("a.csv", "--out", "c.parquet"), 2, "name whose export it is"),
        (("contacts", "no.csv", "--out", "c.parquet"), 1, "no.csv: no such file"),
        (("contacts", "a.csv"), 2, "--out"),
        (("contacts", "--out", "c.parquet"), 2, "FILES"),
        ((), 2, "SOURCE"),
        (("contacts", "a.csv", "--suggest", "a.csv"), 2, "--suggest"),
        (("--suggest", "no.csv"), 1, "no.csv: no such file"),
        (("contacts", "a.csv", "--out", "c.xlsx"), 1, "neither .parquet nor .csv"),
        (("contacts", "a.csv", "--out", "c.csv", "--mapping", "m.yaml"), 1, "m.yaml can't be read"),
    ],
)
def test_mistakes_end_in_one_message(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    code: int,
    told: str,
) -> None:
    """An unknown source, a missing file, option or mapping, and an odd output are told."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text(HEAD + GOOD)
    assert run(*words) == code
    said = capsys.readouterr().err
    assert told in said
    assert "Traceback" not in said


def test_suggest_prints_or_writes_a_draft_that_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It needs neither source nor files; what is missing is told."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text(HEAD.replace("contact_id", "Call ID") + GOOD)
    assert run("--suggest", "a.csv") == 0
    assert "contact_id: Call ID" in capsys.readouterr().out
    assert run("--suggest", "a.csv", "--out", "m.yaml", "--json") == 0
    assert json.loads(capsys.readouterr().out)["missing"] == []
    assert run("contacts", "a.csv", "--mapping", "m.yaml", "--out", "c.parquet") == 0
    assert len(read_contacts("c.parquet")) == 1
    (tmp_path / "b.csv").write_text("Call ID,Start Time\n1,2026-01-01\n")
    capsys.readouterr()
    assert run("--suggest", "b.csv", "--out", "n.yaml") == 0
    assert "missing in it: ended_at" in capsys.readouterr().out


def test_a_draft_takes_no_file_s_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mapping file that was edited, or the export itself, stays as it is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text(HEAD + GOOD)
    for there in ("m.yaml", "a.csv"):
        (tmp_path / "m.yaml").write_text("mine")
        assert run("--suggest", "a.csv", "--out", there) == 1
        assert f"{there} is there already" in capsys.readouterr().err
    assert (tmp_path / "m.yaml").read_text() == "mine"
    assert (tmp_path / "a.csv").read_text() == HEAD + GOOD


def test_a_misspelt_column_is_said_but_travels_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the export as of the mapping file; not where ours is there too."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text(HEAD.replace("queue", "Caller") + GOOD)
    (tmp_path / "m.yaml").write_text("columns: {customerid: Caller}\nconstants: {progam: acme}")
    assert run("contacts", "a.csv", "--mapping", "m.yaml", "--out", "c.parquet") == 0
    said = capsys.readouterr().err
    assert "column 'customerid' is none of ours" in said
    assert "did you mean 'customer_id'" in said
    assert "did you mean 'program'" in said
    assert read_contacts("c.parquet")["customerid"].to_pylist() == ["north"]
    (tmp_path / "m.yaml").write_text("columns: {customerid: Caller}\nconstants: {customer_id: x}")
    assert run("contacts", "a.csv", "--mapping", "m.yaml", "--out", "c.parquet") == 0
    assert "did you mean" not in capsys.readouterr().err


def test_fetch_prints_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its JSON names the file that the library gave."""
    from recontact.sources import fetch

    monkeypatch.setattr(fetch, "fetch_servicenow", lambda out: out / "log.csv")
    assert main(["fetch", "servicenow-incidents", "--out", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"path": str(tmp_path / "log.csv")}
    assert main(["fetch", "something-else"]) == 2


FIXTURES = Path(__file__).parents[1] / "fixtures"


def test_events_lie_beside_the_contacts_and_serve_the_live_moment(tmp_path: Path) -> None:
    """A hold is a feature while the conversation goes on; folders of contacts pass events over."""
    out = tmp_path / "contacts.parquet"
    assert run("genesys", FIXTURES / "genesys", "--out", out) == 0
    events = tmp_path / "contacts.events.parquet"
    assert {"answered", "hold", "resume"} < set(read_table(events)["event"].to_pylist())
    (tmp_path / "contacts.rejects.parquet").unlink()
    assert read_contacts(tmp_path).equals(read_contacts(out))

    labels, features = tmp_path / "labels.parquet", tmp_path / "features.csv"
    policy = tmp_path / "policy.yaml"
    policy.write_text("related_by: any")
    assert main(["label", str(out), "--policy", str(policy), "--out", str(labels)]) == 0
    asked = ["--labels", str(labels), "--events", str(events)]
    asked += ["--moment", "live", "--elapsed", "4m", "--out", str(features)]
    assert main(["features", str(out), *asked]) == 0
    rows = {row["contact_id"]: row for row in read_table(features).to_pylist()}
    held = next(row["contact_id"] for row in read_table(out).to_pylist() if row["hold_s"] == 60.0)
    assert (rows[held]["hold_count"], rows[held]["hold_s"]) == (1, 40.0)


def test_events_can_lie_elsewhere(tmp_path: Path) -> None:
    """Option --events names the place; a source that tells none refuses it."""
    events = tmp_path / "other" / "happened.csv"
    fixtures = FIXTURES / "amazon_connect"
    out = tmp_path / "c.parquet"
    assert run("amazon-connect", fixtures, "--out", out, "--events", events) == 0
    assert len(read_table(events)) == 14
    assert not (tmp_path / "c.events.parquet").exists()
    (tmp_path / "a.csv").write_text(HEAD + GOOD)
    assert run("contacts", tmp_path / "a.csv", "--out", tmp_path / "d.csv", "--events", events) == 1


def test_the_most_frequent_reasons_of_rejects_are_told(tmp_path, capsys):
    """With some rows or none left, what was wrong is said with its count and an example."""
    path, out = tmp_path / "a.csv", tmp_path / "c.parquet"
    rows = [f"{k},2026-01-01,2026-01-01,{'Nein' if k else 'no'}" for k in range(5)]
    path.write_text("\n".join(["contact_id,started_at,ended_at,dropped", *rows]) + "\n")
    assert main(["import", "contacts", str(path), "--out", str(out)]) == 0
    assert "4 times dropped: not true or false: 'Nein'" in capsys.readouterr().out
    path.write_text(path.read_text().replace(",no\n", ",Ja\n"))
    assert main(["import", "contacts", str(path), "--out", str(out)]) == 1
    assert "5 times dropped: not true or false: 'Ja'" in capsys.readouterr().err


@pytest.mark.parametrize(("value", "form"), [("00:04:09", "hh:mm:ss"), ("04:09", "mm:ss")])
def test_a_duration_with_colons_is_told_with_its_mend(tmp_path, capsys, value, form):
    """What it takes in the mapping file stands beside; with it the rows are read."""
    path, mapping, out = tmp_path / "a.csv", tmp_path / "m.yaml", tmp_path / "c.parquet"
    path.write_text(f"contact_id,started_at,Dauer\n1,2026-01-01,{value}\n")
    mapping.write_text("ended_after: Dauer\n")
    words = ["import", "contacts", str(path), "--mapping", str(mapping), "--out", str(out)]
    assert main(words) == 1
    mend = f"duration_format: {{ended_after: {form}}}"
    said = capsys.readouterr().err
    assert f"ended_after: not a number: '{value}'" in said
    assert f"in a mapping file: {mend}" in said
    mapping.write_text(f"ended_after: Dauer\n{mend}\n")
    assert main(words) == 0

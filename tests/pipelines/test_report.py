"""The command `report`: the page and what it refuses."""

import csv
import datetime as dt
import json
import re
from html import escape

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recontact import Policy, label
from recontact.writing import write_table
from recontact_pipelines.cli import main

DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
EVIL = "<script>alert('x')</script> & \"co\""


@pytest.fixture
def files(tmp_path):
    """Sixty contacts of two agents, one oddly named, and their labels."""
    at = [DAY + dt.timedelta(days=k) for k in range(60)]
    contacts = pa.table(
        {
            "contact_id": [f"c{k}" for k in range(60)],
            "customer_id": [f"x{k // 3}" if k % 7 else None for k in range(60)],
            "reason": ["bill"] * 60,
            "agent_id": [EVIL, "b"] * 30,
            "started_at": at,
            "ended_at": at,
            "csat": [5.0, None, 1.0] * 20,
        }
    )
    paths = tmp_path / "contacts.parquet", tmp_path / "labels.parquet"
    write_table(contacts, paths[0])
    write_table(label(contacts), paths[1])
    return [str(path) for path in paths]


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_page_shows_rates_by_group_with_policy_and_digest(files, tmp_path, capsys):
    """Figures of the JSON stand on the page, names escaped, policy and digest beside each."""
    out = tmp_path / "pages" / "report.html"
    args = ["report", *files, "--by", "agent_id", "--by", "queue", "--out", str(out), "--json"]
    assert main(args) == 0
    result = json.loads(capsys.readouterr().out)
    html = out.read_text()
    assert result["policy_digest"] == Policy().digest
    assert f"{100 * result['overall']['fcr']:.1f} %" in html
    rows = result["groups"]["agent_id"]
    assert {row["group"] for row in rows} == {"b", EVIL}
    assert all(f"{100 * row['fcr']:.1f} %<small>" in html for row in rows)
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert html.count(Policy().digest) >= 2
    assert html.index("By agent") < html.index("By queue")
    assert html.count("60 contacts from 1 January 2026 to 1 March 2026") == 1
    assert "window: 48h" in html


def test_the_page_needs_nothing_else(files, tmp_path):
    """No script, no address: the page reads the same on a train, and fits a phone."""
    out = tmp_path / "report.html"
    assert main(["report", *files, "--out", str(out)]) == 0
    html = out.read_text()
    assert not re.search(r"https?://|src=|@import|<script|<link", html)
    assert "width=device-width" in html


def test_sensitivity_tells_the_rates_under_other_rules(files, tmp_path, capsys):
    """Each rule changed has a digest of its own; a longer window never lowers the repeat rate."""
    args = ["report", *files, "--out", str(tmp_path / "r.html"), "--sensitivity", "--json"]
    assert main(args) == 0
    result = json.loads(capsys.readouterr().out)
    rows = result["sensitivity"]
    assert len({row["policy_digest"] for row in rows}) == len(rows) == 3 * 2 * 5
    (own,) = [row for row in rows if row["own"]]
    assert (own["window"], own["fcr"]) == ("48h", result["overall"]["fcr"])
    assert own["policy_digest"] == result["policy_digest"]
    found = {row["window"]: row["repeat"] for row in rows if row["related"] == own["related"]}
    assert found["24h"] <= found["48h"] < found["7d"]
    html = (tmp_path / "r.html").read_text()
    assert "Under other rules" in html
    assert all(row["policy_digest"] in html for row in rows if row["fcr_of"])


def test_a_folder_holds_the_page_json_and_every_table_as_csv(files, tmp_path):
    """Without a suffix all of it is written, and each table carries the policy's digest."""
    out = tmp_path / "all"
    assert main(["report", *files, "--out", str(out)]) == 0
    names = {path.name for path in out.iterdir()}
    assert {"report.html", "report.json", "rates.csv", "repeats_caused.csv"} <= names
    values = json.loads((out / "report.json").read_text())
    assert values["period"]["contacts"] == 60
    for path in out.glob("*.csv"):
        rows = read(path)
        assert rows
        assert {row["policy_digest"] for row in rows} == {Policy().digest}


def test_one_csv_holds_the_rates_of_all_and_of_each_group(files, tmp_path):
    """Rows are told apart by `by` and `group`; numbers are as in JSON."""
    for name in ("r.csv", "r.json"):
        out = str(tmp_path / name)
        assert main(["report", *files, "--by", "agent_id", "--by", "month", "--out", out]) == 0
    values = json.loads((tmp_path / "r.json").read_text())
    rows = read(tmp_path / "r.csv")
    assert [row["by"] for row in rows] == ["", "agent_id", "agent_id", "month", "month", "month"]
    assert float(rows[0]["fcr"]) == values["overall"]["fcr"]
    assert [row["group"] for row in rows[3:]] == ["2026-01", "2026-02", "2026-03"]


def test_csv_cells_that_a_spreadsheet_would_run_are_text(tmp_path):
    """Names that begin like a formula get a quote before them; negative numbers do not."""
    at = [DAY + dt.timedelta(days=k) for k in range(8)]
    names = ["=cmd()", "+1", "-1", "@x", "\t=1", "fine", "a=b", None]
    contacts = pa.table(
        {
            "contact_id": [str(k) for k in range(8)],
            "customer_id": [str(k) for k in range(8)],
            "reason": ["bill"] * 8,
            "agent_id": names,
            "started_at": at,
            "ended_at": at,
            "nps": [0.0] * 8,
        }
    )
    paths = [str(tmp_path / "c.parquet"), str(tmp_path / "l.parquet")]
    write_table(contacts, paths[0])
    write_table(label(contacts), paths[1])
    out = tmp_path / "r.csv"
    assert main(["report", *paths, "--by", "agent_id", "--out", str(out)]) == 0
    rows = read(out)[1:]
    wanted = {"'=cmd()", "'+1", "'-1", "'@x", "'\t=1", "fine", "a=b", ""}
    assert {row["group"] for row in rows} == wanted
    assert {row["nps"] for row in rows} == {"-100.0"}


def test_the_usual_groups_are_shown_without_by(centre, tmp_path, capsys):
    """Without --by there is a section for each usual grouping with more than one group."""
    contacts, labels = str(centre / "contacts.parquet"), str(tmp_path / "labels.parquet")
    assert main(["label", contacts, "--out", labels]) == 0
    capsys.readouterr()
    out = tmp_path / "r.html"
    assert main(["report", contacts, labels, "--out", str(out), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    named = ["week", "queue", "team", "agent_id", "site", "channel", "program", "reason:1"]
    assert list(result["groups"]) == [*named, "reason"]
    assert set(result["case_mix"]) == {"agent_id", "team", "queue", "site"}
    html = out.read_text()
    for anchor in re.findall(r'href="#([^"]+)"', html):
        assert f'id="{anchor}"' in html
    assert all(escape(line, quote=False) in html for line in result["headlines"])
    curve = {row["hours"]: row for row in result["time_to_repeat"]}
    assert curve[48.0]["same"] == pytest.approx(result["overall"]["repeat"], abs=0.005)
    assert all(row["any"] >= row["same"] for row in curve.values() if row["same"] is not None)


def test_nothing_judged_is_said_and_not_drawn(tmp_path, capsys):
    """A record without anybody known gives a page that says so, and no rate of nothing."""
    at = [DAY + dt.timedelta(days=k) for k in range(3)]
    contacts = pa.table({"contact_id": list("abc"), "started_at": at, "ended_at": at})
    paths = [str(tmp_path / "c.parquet"), str(tmp_path / "l.parquet")]
    write_table(contacts, paths[0])
    write_table(label(contacts), paths[1])
    assert main(["report", *paths, "--out", str(tmp_path / "r.html"), "--sensitivity"]) == 0
    assert "No contact can be judged" in capsys.readouterr().out
    html = (tmp_path / "r.html").read_text()
    assert "No contact can be judged" in html
    assert "<circle" not in html


def test_the_least_volume_is_an_option(files, tmp_path, capsys):
    """Groups with fewer judged contacts than that are marked and not compared."""
    for least, small in ((1, False), (1_000, True)):
        args = ["report", *files, "--by", "agent_id", "--out", str(tmp_path / "r.html"), "--json"]
        assert main([*args, "--min-volume", str(least)]) == 0
        rows = json.loads(capsys.readouterr().out)["groups"]["agent_id"]
        assert {(row["small"], row["verdict"] is None) for row in rows} == {(small, small)}


def test_labels_of_two_policies_are_refused(files, tmp_path, capsys):
    """A folder of labels of different digests is an error that names them."""
    folder = tmp_path / "folder"
    contacts = pq.read_table(files[0])
    write_table(label(contacts), folder / "a.parquet")
    write_table(label(contacts, Policy.parse({"window": "7d"})), folder / "b.parquet")
    assert main(["report", files[0], str(folder), "--out", str(tmp_path / "r.html")]) == 1
    assert Policy().digest in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda files: [files[0], files[0]], "no labels table"),
        (lambda files: [files[0], "none.parquet"], "no such file"),
        (lambda files: [*files, "--by", "agent"], "no column 'agent'"),
        (lambda files: [*files, "--by", "agent"], "did you mean 'agent_id'?"),
    ],
)
def test_wrong_input_exits_with_1(change, said, files, tmp_path, capsys):
    """A file that is no labels table, or a column that is not there, is the user's mistake."""
    out = tmp_path / "r.html"
    assert main(["report", *change(files), "--out", str(out)]) == 1
    assert said in capsys.readouterr().err
    assert not out.exists()


def test_another_kind_of_file_is_refused(files, tmp_path, capsys):
    """The error names the kinds of files there are."""
    assert main(["report", *files, "--out", str(tmp_path / "r.pdf")]) == 1
    said = capsys.readouterr().err
    assert "a report is no .pdf file" in said
    assert ".html, .json or .csv" in said
    assert not (tmp_path / "r.pdf").exists()


def test_labels_in_csv_carry_no_policy(files, tmp_path, capsys):
    """Without a policy there is no figure."""
    write_table(pq.read_table(files[1]), tmp_path / "labels.csv")
    args = ["report", files[0], str(tmp_path / "labels.csv"), "--out", str(tmp_path / "r.html")]
    assert main(args) == 1
    assert "no policy" in capsys.readouterr().err


def test_fcr_today_by_the_champion(simulated, trained, tmp_path, capsys):
    """With --today the rate of the newest contacts stands first, with its interval."""
    paths = tmp_path / "contacts.parquet", tmp_path / "labels.parquet"
    write_table(simulated, paths[0])
    write_table(label(simulated), paths[1])
    out = str(tmp_path / "r.json")
    args = ["report", *map(str, paths), "--by", "queue", "--out", out, "--mlflow-uri", trained]
    assert main([*args, "--today", "2d", "--json"]) == 0
    today = json.loads(capsys.readouterr().out)["fcr_today"]
    assert 0 < today["low"] <= today["rate"] <= today["high"] < 1
    assert 0 < today["settled"] < today["contacts"]
    assert main([*args, "--today", "48h"]) == 0
    said = capsys.readouterr().out.splitlines()[0]
    assert said.startswith(
        f"FCR of the last 48h, as it will probably be: {100 * today['rate']:.1f}"
    )
    assert main([*args, "--today", "2"]) == 1
    assert "--today" in capsys.readouterr().err

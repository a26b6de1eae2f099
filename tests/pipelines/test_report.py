"""The command `report`: the page and what it refuses."""

import datetime as dt
import json
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recontact import Policy, label
from recontact.tables import write_table
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
    assert html.count(Policy().digest) >= 1 + 2
    assert html.count("<circle") == 2 + 1  # two agents, and all in the unknown queue
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
    rows = json.loads(capsys.readouterr().out)["sensitivity"]
    assert len({row["policy_digest"] for row in rows}) == len(rows) > 8
    found = {row["change"]: row["repeat"] for row in rows}
    assert found["window 24h"] <= found["as it is"] <= found["window 7d"]
    assert found["window 7d"] > found["window 24h"]
    assert "Under other rules" in (tmp_path / "r.html").read_text()


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
    ],
)
def test_wrong_input_exits_with_1(change, said, files, tmp_path, capsys):
    """A file that is no labels table, or a column that is not there, is the user's mistake."""
    out = tmp_path / "r.html"
    assert main(["report", *change(files), "--out", str(out)]) == 1
    assert said in capsys.readouterr().err
    assert not out.exists()


def test_labels_in_csv_carry_no_policy(files, tmp_path, capsys):
    """Without a policy there is no figure."""
    write_table(pq.read_table(files[1]), tmp_path / "labels.csv")
    args = ["report", files[0], str(tmp_path / "labels.csv"), "--out", str(tmp_path / "r.html")]
    assert main(args) == 1
    assert "no policy" in capsys.readouterr().err

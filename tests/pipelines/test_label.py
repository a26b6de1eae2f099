"""The command `recontact label`: what it writes, says and refuses."""

import datetime as dt
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recontact import Policy, label
from recontact_pipelines.cli import main

DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def history(tmp_path):
    """Forty contacts of ten customers over forty days, as a Parquet file."""
    at = [DAY + dt.timedelta(days=k) for k in range(40)]
    table = pa.table(
        {
            "contact_id": [f"c{k}" for k in range(40)],
            "customer_id": [f"x{k // 4}" for k in range(40)],
            "reason": ["bill", "bill > fee"] * 20,
            "started_at": at,
            "ended_at": at,
        }
    )
    path = tmp_path / "contacts.parquet"
    pq.write_table(table, path)
    return path


def test_it_writes_the_labels_of_the_defaults(history, tmp_path, capsys):
    """Without a policy the file holds what `label` gives, policy and digest included."""
    out = tmp_path / "new" / "labels.parquet"
    assert main(["label", str(history), "--out", str(out)]) == 0
    found, expected = pq.read_table(out), label(pq.read_table(history))
    assert found.equals(expected)
    assert found.schema.metadata.items() >= expected.schema.metadata.items()
    said = capsys.readouterr().out
    assert "40 contacts" in said
    assert "FCR rate: " in said
    assert "95 % interval" in said
    assert Policy().digest in said
    assert str(out) in said


def test_json_tells_the_figures_and_the_policy(history, tmp_path, capsys):
    """With --json standard output is one object, with the policy that the labels carry."""
    policy = tmp_path / "policy.yaml"
    policy.write_text("{reason_level: 1, window: 1d}")
    out = tmp_path / "labels.csv"
    args = ["label", str(history), "--policy", str(policy), "--out", str(out), "--json"]
    assert main(args) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["contacts"] == len(out.read_text().splitlines()) - 1 == 40
    assert result["policy_digest"] == Policy.read(policy).digest
    assert Policy.from_text(result["policy"]) == Policy.read(policy)
    assert (result["repeat"], result["repeat_of"]) == (pytest.approx(30 / 39), 39)


@pytest.mark.parametrize(
    ("policy", "said"),
    [("window: 48", "window: 48 is not a duration"), ("windows: 2d", "windows: unknown")],
)
def test_a_wrong_policy_exits_with_1_and_writes_nothing(policy, said, history, tmp_path, capsys):
    """A policy error names file and key, and leaves no labels behind."""
    (tmp_path / "p.yaml").write_text(policy)
    out = tmp_path / "labels.parquet"
    args = ["label", str(history), "--policy", str(tmp_path / "p.yaml"), "--out", str(out)]
    assert main(args) == 1
    err = capsys.readouterr().err
    assert said in err
    assert "p.yaml" in err
    assert not out.exists()


def test_an_engine_that_is_not_there_is_wrong_usage(history, capsys):
    """Another engine than those there are exits with 2 and names them."""
    assert main(["label", str(history), "--out", "x.parquet", "--engine", "hive"]) == 2
    assert "duckdb" in capsys.readouterr().err


def test_since_labels_what_is_new_and_says_what_was_kept(history, tmp_path, capsys):
    """Labels of the first thirty days are built on; policy and file of another kind are refused."""
    old, out = tmp_path / "old.parquet", tmp_path / "labels.parquet"
    whole = pq.read_table(history)
    pq.write_table(whole.slice(0, 30), tmp_path / "a.parquet", row_group_size=10)
    pq.write_table(whole.slice(30), tmp_path / "b.parquet")
    assert main(["label", str(tmp_path / "a.parquet"), "--out", str(old)]) == 0
    args = ["label", str(tmp_path / "[ab].parquet"), "--since", str(old), "--out", str(out)]
    assert main([*args, "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["labeled"] == 20
    assert pq.read_table(out).equals(label(whole))
    assert main(args) == 0
    assert "20 keep the labels that they had" in capsys.readouterr().out
    (tmp_path / "p.yaml").write_text("window: 1d")
    assert main([*args, "--policy", str(tmp_path / "p.yaml")]) == 1
    assert "leave --since out" in capsys.readouterr().err


def test_values_of_the_policy_that_no_contact_has_are_said(tmp_path, capsys):
    """Slips of the pen are a warning with what was perhaps meant; of old labels nothing is told."""
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    head = "contact_id,started_at,ended_at,channel,reason\n"
    for k, path in enumerate(paths):
        channel, reason = ("chat", "billing > fee") if k else ("", "router")
        path.write_text(f"{head}{k},2026-01-0{k + 1},2026-01-0{k + 1},{channel},{reason}\n")
    policy = tmp_path / "p.yaml"
    policy.write_text("index_channels: [voice, Chat]\nwindow_by_reason: {biling: 7d, router: 1d}")
    args = ["label", *map(str, paths), "--policy", str(policy), "--out"]
    assert main([*args, str(tmp_path / "labels")]) == 0
    err = capsys.readouterr().err
    said = "index_channels 'Chat' (perhaps 'chat'?), window_by_reason 'biling' (perhaps 'billing'?)"
    assert f"warning: no contact has: {said}: what" in err
    again = [*args, str(tmp_path / "new"), "--since", str(tmp_path / "labels")]
    assert main(again) == 0
    assert "no contact has" not in capsys.readouterr().err
    policy.write_text("index_channels: [voice, chat]\nwindow_by_reason: {billing: 7d}")
    assert main([*args, str(tmp_path / "labels.parquet")]) == 0
    assert "no contact has" not in capsys.readouterr().err


def test_contacts_that_are_not_clean_are_refused(tmp_path, capsys):
    """A duplicate is an error that names recontact import."""
    path = tmp_path / "contacts.csv"
    path.write_text("contact_id,started_at,ended_at\na,2026-01-01,2026-01-01\n" * 2)
    assert main(["label", str(path), "--out", str(tmp_path / "labels.parquet")]) == 1
    assert "recontact import" in capsys.readouterr().err


def test_it_warns_where_nobody_is_known_and_where_a_late_row_moves_the_end(tmp_path, capsys):
    """Labels without a judged contact, or matured by one stray row, are written with a warning."""
    at = [DAY + dt.timedelta(hours=k) for k in range(99)] + [DAY + dt.timedelta(days=90)]
    ids = [str(k) for k in range(100)]
    path = tmp_path / "contacts.parquet"
    pq.write_table(pa.table({"contact_id": ids, "started_at": at, "ended_at": at}), path)
    out = tmp_path / "labels.parquet"
    assert main(["label", str(path), "--out", str(out)]) == 0
    err = capsys.readouterr().err
    assert "no_customer 100" in err
    assert "as_of" in err
    policy = tmp_path / "policy.yaml"
    policy.write_text("as_of: 2026-01-05")
    assert main(["label", str(path), "--policy", str(policy), "--out", str(out)]) == 0
    assert "as_of" not in capsys.readouterr().err

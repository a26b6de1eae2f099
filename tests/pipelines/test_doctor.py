"""The command `doctor`: what it finds in a record, in words and as JSON."""

import datetime as dt
import json

import pyarrow as pa
import pytest

from recontact import Policy
from recontact.writing import write_table
from recontact_pipelines.cli import main

DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def examined(tmp_path, capsys, contacts):
    write_table(contacts, tmp_path / "contacts.parquet")
    assert main(["doctor", str(tmp_path / "contacts.parquet"), "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    return {finding["name"]: finding for finding in findings}


def history(n, hours=6, **columns):
    at = [DAY + dt.timedelta(hours=hours * k) for k in range(n)]
    ids = [str(k) for k in range(n)]
    known = {"customer_id": [str(k // 4) for k in range(n)], "reason": ["bill"] * n}
    times = {"started_at": at, "ended_at": at, "known_at": at}
    return pa.table(
        {"contact_id": ids, **known, **times, "tier": [1, 2, 1, 1] * (n // 4), **columns}
    )


def test_doctor_finds_nothing_wrong_with_a_sound_record(tmp_path, capsys):
    """A record with known, linked, coded and timely contacts gets no warning."""
    found = examined(tmp_path, capsys, history(200))
    assert {name: f["text"] for name, f in found.items() if f["level"] != "good"} == {}


N = 400
LATE = [DAY + dt.timedelta(hours=6 * k) for k in range(N - 1)] + [DAY + dt.timedelta(days=400)]


@pytest.mark.parametrize(
    ("name", "level", "columns"),
    [
        ("anonymous", "bad", {"customer_id": pa.nulls(N, pa.string())}),
        ("anonymous", "mind", {"customer_id": [str(k) if k % 2 else None for k in range(N)]}),
        ("linked", "bad", {"customer_id": [str(k) for k in range(N)]}),
        ("judged", "bad", {"direction": ["outbound"] * N}),
        ("reason", "bad", {"reason": pa.nulls(N, pa.string())}),
        ("reason", "mind", {"reason": ["bill" if k % 4 else None for k in range(N)]}),
        ("doubles", "mind", {"started_at": [DAY] * N, "ended_at": [DAY] * N}),
        ("shared", "mind", {"customer_id": ["pbx"] * 380 + ["x"] * 20}),
        ("last end", "mind", {"ended_at": LATE}),
        ("known_at", "mind", {"known_at": pa.nulls(N, pa.timestamp("us"))}),
        ("known_at", "mind", {"known_at": [DAY + dt.timedelta(days=365)] * N}),
    ],
)
def test_doctor_says_what_the_data_cannot_support(name, level, columns, tmp_path, capsys):
    """Each weakness of a record is found and named."""
    found = examined(tmp_path, capsys, history(N, **columns))
    assert found[name]["level"] == level


def test_doctor_speaks_in_words(tmp_path, capsys):
    """The worst comes first, what is found with its mend, then the uses and the policy's digest."""
    write_table(history(200, customer_id=pa.nulls(200, pa.string())), tmp_path / "contacts.parquet")
    assert main(["doctor", str(tmp_path / "contacts.parquet")]) == 0
    said = capsys.readouterr().out
    assert said.startswith(" BAD ")
    assert "mend: name the customer" in said
    assert "no  FCR and repeat rates: see anonymous" in said
    marks = [line[:5].strip() for line in said.split("\n\n")[0].splitlines() if line[:5].strip()]
    assert marks == sorted(marks, key=["BAD", "mind", "ok"].index)
    assert "contacts have no customer_id" in said
    assert said.rstrip().endswith(Policy().digest)


def test_the_policy_decides_what_is_found(tmp_path, capsys):
    """Its values that match nothing are named with what was perhaps meant, beside its digest."""
    write_table(history(200, channel=["voice"] * 200), tmp_path / "contacts.parquet")
    (tmp_path / "p.yaml").write_text("index_channels: [voice, Voice]\nwindow_by_reason: {bil: 7d}")
    args = ["doctor", str(tmp_path / "contacts.parquet"), "--policy", str(tmp_path / "p.yaml")]
    assert main([*args, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    found = {finding["name"]: finding for finding in result["findings"]}["policy values"]
    assert [one["value"] for one in found["value"]] == ["Voice", "bil"]
    assert "'bill'?" in found["text"]
    assert result["policy_digest"] == Policy.read(tmp_path / "p.yaml").digest
    assert {use["can"] for use in result["supports"]} <= {"yes", "weak", "no"}

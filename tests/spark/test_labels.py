"""Labels by Spark equal those of the default engine, row for row; so do the errors."""

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recontact import Policy
from recontact.clean import read_contacts
from recontact.contacts import SCHEMA
from recontact.errors import UserError
from recontact.labels.files import label_files
from recontact.labels.read import read_labels
from recontact.labels.spark import label_spark
from recontact.labels.table import of_policy
from recontact.tables import read_table
from recontact.writing import write_table

pytestmark = pytest.mark.usefixtures("spark")

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
EVERYTHING = {
    "window": "3d",
    "window_by_reason": {"billing": "7d", "technical": "12h"},
    "lookback": "5d",
    "related_by": "reason_or_case",
    "reason_level": 1,
    "index_channels": ["voice", "chat"],
    "counted_channels": ["voice", "chat", "email"],
    "count_unhandled": True,
    "min_talk_s": 20,
    "edges": "program",
}


def same(files, policy, tmp_path, at_once):
    """Label by both engines and compare everything; give the labels."""
    policy = Policy.parse(policy)
    spark_out, out = tmp_path / "spark.parquet", tmp_path / "labels.parquet"
    by_spark = label_spark(files, policy, spark_out, at_once=at_once)
    labeled = label_files(files, policy, out)
    labels = read_table(spark_out)
    assert labels.equals(read_table(out))
    assert of_policy(policy).items() <= labels.schema.metadata.items()
    assert (by_spark.tally, by_spark.anew) == (labeled.tally, labeled.anew)
    assert by_spark.edges == labeled.edges
    return labels


def random_contacts(number, customers, seed):
    """Contacts of 20 programs, some anonymous, at few distinct times so that many tie."""
    chance = np.random.default_rng(seed)

    def choice(*values):
        return [values[k] for k in chance.integers(0, len(values), number)]

    hours = chance.integers(0, 400, number).tolist()
    started = [START + dt.timedelta(hours=h) for h in hours]
    lasted = [dt.timedelta(hours=h) for h in choice(0, 0, 1, 6)]
    columns = {
        "contact_id": [f"{letter}{k}" for k, letter in enumerate(choice("é", "z", "A"))],
        "customer_id": choice(*[f"c{k}" for k in range(customers)], None),
        "started_at": started,
        "ended_at": [start + length for start, length in zip(started, lasted, strict=True)],
        "program": choice(None, *[f"p{k}" for k in range(20)]),
        "channel": choice(None, "voice", "voice", "chat", "email"),
        "direction": choice(None, "inbound", "inbound", "outbound"),
        "handled": choice(None, True, True, False),
        "reason": choice(None, "bill", "bill > late", "bill>late > ", "tech", ">x"),
        "case_id": choice(None, None, "1", "2"),
        "disposition": choice(None, "done", "test"),
        "talk_s": choice(None, 10.0, 100.0),
        "tier": choice(None, 1, 2),
        "escalated": choice(None, None, True, False),
    }
    return pa.table(columns, schema=pa.schema([SCHEMA.field(name) for name in columns]))


def test_real_incidents(incidents, tmp_path):
    """On the real incidents both engines give the same table, in the same row order."""
    path = tmp_path / "contacts.parquet"
    write_table(incidents, path)
    labels = same([path], {"related_by": "any", "window": "7d"}, tmp_path, at_once=10_000)
    assert labels["contact_id"].equals(incidents["contact_id"])
    assert labels["repeated"].to_pylist().count(True) > 1_000


def test_simulated_contacts_in_several_files(tmp_path):
    """Files of several forms are one record: row groups, a missing column, CSV; a full policy."""
    from recontact.simulate import simulate

    simulate(contacts=20_000, seed=1, out=tmp_path / "centre")
    contacts = read_contacts(tmp_path / "centre" / "contacts.parquet")
    files = [tmp_path / name for name in ("c.parquet", "a.parquet", "b.csv")]
    pq.write_table(contacts.slice(0, 11_000), files[0], row_group_size=4_000)
    write_table(contacts.slice(11_000, 5_000).drop_columns(["csat", "notes"]), files[1])
    write_table(contacts.slice(16_000), files[2])
    programs = contacts["program"].unique().drop_null().to_pylist()
    policy = {**EVERYTHING, "by_program": {programs[0]: {"window": "1h", "related_by": "any"}}}
    labels = same(files, policy, tmp_path, at_once=7_000)
    assert labels["contact_id"].equals(contacts["contact_id"])


@pytest.mark.parametrize(
    "policy",
    [
        {"window": "5h", "lookback": "1h", "by_program": {"p1": {"related_by": "case"}}},
        {**EVERYTHING, "as_of": START + dt.timedelta(hours=200), "exclude_dispositions": ["test"]},
    ],
)
def test_random_histories(policy, tmp_path):
    """Hundreds of small random histories, with ties and anonymous callers, are labeled alike."""
    path = tmp_path / "contacts.parquet"
    write_table(random_contacts(6_000, 40, seed=5), path)
    same([path], policy, tmp_path, at_once=2_500)


def test_a_shared_number_and_nobody(tmp_path):
    """A number with more contacts than a partition holds is labeled whole; nobody is spread."""
    contacts = random_contacts(4_000, 1, seed=6)
    path = tmp_path / "contacts.parquet"
    write_table(contacts.drop_columns("program"), path)
    labels = same([path], {"related_by": "any"}, tmp_path, at_once=1_500)
    assert contacts["customer_id"].null_count > 1_500
    assert len(labels["next_contact_id"].drop_null()) > 1_000


def test_nothing_eligible(tmp_path):
    """Where no contact may be judged there is still a row for each."""
    path = tmp_path / "contacts.parquet"
    write_table(random_contacts(10, 3, seed=1), path)
    labels = same([path], {"index_channels": []}, tmp_path, at_once=1_000)
    assert labels["eligible"].to_pylist() == [False] * 10


def test_a_folder_of_labels(tmp_path, monkeypatch):
    """Without a suffix the output is a folder of parts in row order; a later run replaces it.

    Paths are those of this process, though the workers stand in another folder.
    """
    monkeypatch.chdir(tmp_path)
    contacts, out = random_contacts(500, 9, seed=2), Path("labels")
    write_table(contacts, tmp_path / "contacts.parquet")
    for at_once in (150, 400):
        label_spark(["contacts.parquet"], Policy(), out, at_once=at_once)
        assert len(list(out.iterdir())) == -(-500 // at_once)
        assert read_labels(out)["contact_id"].equals(contacts["contact_id"])
    assert {path.name for path in tmp_path.iterdir()} == {"contacts.parquet", "labels"}


def refused(files, tmp_path):
    """Give the error of Spark, which is that of the other engine and leaves nothing behind."""
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError) as of_spark:
        label_spark(files, Policy(), tmp_path / "out.parquet")
    with pytest.raises(UserError) as of_all:
        label_files(files, Policy(), tmp_path / "out.parquet")
    assert str(of_spark.value) == str(of_all.value)
    assert sorted(tmp_path.rglob("*")) == before
    return str(of_spark.value)


def test_bad_rows_are_named(tmp_path, monkeypatch):
    """The first bad rows are named by the file, as it was given, and the row."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        contacts = random_contacts(50, 3, seed=3).to_pylist()
        for row, column in ((31, "started_at"), (47, "contact_id")):
            contacts[row][column] = None
        pq.write_table(pa.Table.from_pylist(contacts), f"{name}.parquet", row_group_size=20)
    write_table(random_contacts(20, 3, seed=4), "good.parquet")
    told = refused(["good.parquet", "b.parquet", "a.parquet"], tmp_path)
    assert told.startswith("b.parquet, row 32 (contact_id '")
    assert "recontact import" in told


@pytest.mark.parametrize("key", ["contact_id", "interaction_id"])
def test_a_key_that_comes_twice(key, tmp_path):
    """A key shared by rows of different files is refused, and the first such rows are named."""
    files = [tmp_path / name for name in ("b.parquet", "a.parquet")]
    for path, row in zip(files, (7, 2), strict=True):
        contacts = random_contacts(10, 3, seed=8).to_pylist()
        for k, contact in enumerate(contacts):
            contact |= {"contact_id": f"{path.stem}{k}", "interaction_id": None}
        contacts[row][key] = contacts[9][key] = "twice"
        write_table(pa.Table.from_pylist(contacts), path)
    told = refused(files, tmp_path)
    assert f"{key} 'twice'" in told
    assert f"{files[0]} row 8, {files[0]} row 10, {files[1]} row 3" in told


def test_no_row_and_no_column(tmp_path):
    """Files without a row, or without a required column, are refused by name."""
    empty, other = tmp_path / "empty.parquet", tmp_path / "other.parquet"
    write_table(random_contacts(0, 1, seed=1), empty)
    write_table(pa.table({"contact_id": ["1"]}), other)
    assert "no contacts in" in refused([empty], tmp_path)
    assert "no column 'started_at'" in refused([empty, other], tmp_path)


def test_outputs_that_can_not_be(tmp_path):
    """Another suffix and a folder that holds something else are refused before anything is read."""
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").touch()
    write_table(random_contacts(5, 1, seed=1), tmp_path / "contacts.parquet")
    for name in ("labels.xlsx", "notes"):
        with pytest.raises(UserError, match=name):
            label_spark([tmp_path / "contacts.parquet"], Policy(), tmp_path / name)
    assert (tmp_path / "notes" / "a.txt").exists()

"""Features of files: what is refused, and that nothing stays behind."""

import datetime as dt
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recontact import Policy, label
from recontact.contacts import canonical
from recontact.dataset import features
from recontact.errors import UserError
from recontact.features.files import features_files
from recontact.labels.files import label_files
from recontact.spill import Spill
from recontact.tables import read_table
from recontact.writing import write_table

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def history(contacts, customers=5, **columns):
    at = [START + dt.timedelta(hours=k) for k in range(contacts)]
    who = [f"x{k % customers}" for k in range(contacts)]
    ids = [f"c{k}" for k in range(contacts)]
    told = {"contact_id": ids, "customer_id": who, "started_at": at, "ended_at": at}
    return pa.table(told | {"reason": ["bill"] * contacts} | columns)


@pytest.fixture
def labeled(tmp_path):
    """Fifty contacts in small row groups, and their labels."""
    pq.write_table(history(50), tmp_path / "a.parquet", row_group_size=7)
    label_files([tmp_path / "a.parquet"], Policy(), tmp_path / "l.parquet")
    return tmp_path


def of(folder, contacts="a.parquet", labels="l.parquet", out="f.parquet", **options):
    files = [folder / name for name in contacts.split()]
    options = {"moment": "start", "at_once": 10} | options
    return features_files(files, folder / labels, out=folder / out, **options)


@pytest.mark.parametrize(
    "other",
    [
        lambda labels: labels.slice(0, 49),
        lambda labels: labels.slice(0, 0),
        lambda labels: pa.concat_tables([labels, labels.slice(0, 1)]),
        lambda labels: labels.take([1, 0, *range(2, 50)]),
    ],
    ids=["one less", "none", "one more", "two in another order"],
)
def test_labels_of_other_contacts_are_refused(labeled, other):
    """Labels must be those of the contacts, row for row; then there is no output."""
    pq.write_table(other(pq.read_table(labeled / "l.parquet")), labeled / "l.parquet")
    with pytest.raises(UserError, match="not of these contacts, row for row"):
        of(labeled)
    assert sorted(path.name for path in labeled.iterdir()) == ["a.parquet", "l.parquet"]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: write_table(pa.table({"contact_id": ["1"]}), path), "no labels table"),
        (lambda path: path.write_text("labels"), "can't be read"),
        (lambda path: path.unlink(), "no such file"),
        (
            lambda path: pq.write_table(read_table(path).replace_schema_metadata(None), path),
            "carry no policy",
        ),
        (
            lambda path: pq.write_table(
                (t := read_table(path)).set_column(1, "eligible", pa.array(["a"] * len(t))), path
            ),
            "no labels table",
        ),
    ],
    ids=["another table", "no table", "none", "no policy", "another type"],
)
def test_what_is_no_labels_table_is_refused(labeled, make, said):
    """Nothing else is taken for labels."""
    make(labeled / "l.parquet")
    with pytest.raises(UserError, match=said):
        of(labeled)


def test_contacts_that_are_not_clean_are_named(labeled):
    """A bad row in a late row group, an id in two files: named by file and row as ever."""
    talk = np.ones(50)
    talk[44] = -1
    pq.write_table(history(50, talk_s=talk), labeled / "bad.parquet", row_group_size=7)
    with pytest.raises(UserError, match=r"bad\.parquet, row 45 .*talk_s: negative"):
        of(labeled, "bad.parquet")
    pq.write_table(history(8).slice(7), labeled / "b.parquet")
    both = pa.concat_tables([pq.read_table(labeled / "l.parquet")] * 2).slice(0, 51)
    ids = pa.array([*both["contact_id"].to_pylist()[:50], "c7"])
    pq.write_table(both.set_column(0, "contact_id", ids), labeled / "two.parquet")
    with pytest.raises(UserError, match=r"'c7' is there more .*a\.parquet row 8, .*b\.parquet row"):
        of(labeled, "a.parquet b.parquet", "two.parquet")
    assert not (labeled / "f.parquet").exists()


def test_rows_that_are_there_twice_are_named_before_their_labels(labeled):
    """With the labels of clean contacts, the double row is what is told, not that they differ."""
    twice = history(50).take([0, 1, 1, *range(2, 50)])
    pq.write_table(twice, labeled / "twice.parquet", row_group_size=7)
    with pytest.raises(UserError, match=r"'c1' is there more than once: .*row 2, .*row 3") as told:
        of(labeled, "twice.parquet")
    assert "recontact import" in told.value.mend


@pytest.mark.parametrize("out", ["a.parquet", "l.parquet", "e.parquet"])
def test_an_output_that_is_an_input_is_refused(labeled, out):
    """Contacts, labels and events are not overwritten."""
    write_table(pa.table({"contact_id": ["c1"]}), labeled / "e.parquet")
    with pytest.raises(UserError, match="one of the inputs"):
        of(labeled, out=out, moment="live", elapsed_s=1.0, events=labeled / "e.parquet")


def test_events_without_a_column_and_of_another_type(labeled):
    """What is no events table is refused by name."""
    for events, said in (
        (pa.table({"contact_id": ["c1"]}), "has no column 'at'"),
        (pa.table({"contact_id": ["c1"], "at": ["soon"], "event": ["hold"]}), "e.parquet: no "),
    ):
        write_table(events, labeled / "e.parquet")
        with pytest.raises(UserError, match=said):
            of(labeled, moment="live", elapsed_s=1.0, events=labeled / "e.parquet")


def test_an_extra_column_filled_in_later_is_refused(labeled):
    """Instants that were still to come give it away, though the header does not."""
    later = [START + dt.timedelta(days=k) for k in range(50)]
    pq.write_table(history(50, promised=later), labeled / "a.parquet", row_group_size=7)
    with pytest.raises(UserError, match=r"promised=start: .* still to come"):
        of(labeled, known={"promised": "start"})


def test_one_customer_with_everything_and_only_strangers(tmp_path):
    """A bucket may hold one customer only, or nobody known at all."""
    for contacts in (
        history(50, customers=1),
        history(50).set_column(1, "customer_id", pa.array([None] * 49 + ["x"])),
    ):
        pq.write_table(contacts, tmp_path / "a.parquet")
        write_table(label(contacts), tmp_path / "l.parquet")
        of(tmp_path)
        assert read_table(tmp_path / "f.parquet").equals(
            features(contacts, label(contacts), "start")
        )


def test_no_more_than_asked_for_is_in_memory(labeled, monkeypatch):
    """Buckets and stretches of the output are of the size that is asked for."""
    read, sizes = Spill.read, []

    def reading(spill, number, by=None):
        table = read(spill, number, by)
        sizes.append(len(table or []))
        return table

    pq.write_table(history(500, customers=250), labeled / "a.parquet", row_group_size=50)
    label_files([labeled / "a.parquet"], Policy(), labeled / "l.parquet")
    monkeypatch.setattr(Spill, "read", reading)
    of(labeled, at_once=25)
    assert max(sizes) < 60
    assert sum(sizes) >= 2 * 500


def test_csv_in_and_out(labeled):
    """CSV contacts give the same features; the output may be CSV too."""
    write_table(history(50), labeled / "a.csv")
    of(labeled, "a.csv", out="f.csv")
    of(labeled, out="f.parquet")
    write_table(read_table(labeled / "f.parquet"), labeled / "expected.csv")
    assert (labeled / "f.csv").read_text() == (labeled / "expected.csv").read_text()


def test_labels_in_a_folder_of_files(labeled):
    """As `recontact label` writes them: a file for each file of contacts."""
    (labeled / "a").mkdir()
    for k in range(5):
        pq.write_table(history(50).slice(10 * k, 10), labeled / "a" / f"{k}.parquet")
    label_files([labeled / "a"], Policy(), labeled / "l")
    of(labeled, "a", "l")
    assert read_table(labeled / "f.parquet").equals(
        features(history(50), label(history(50)), "start")
    )


def test_the_share_told_is_all_in_the_end(labeled):
    """Progress adds up to the whole."""
    told = []
    computed = of(labeled, advance=told.append)
    assert computed.rows == 50
    assert sum(told) == pytest.approx(1)
    assert len(told) > 10


def test_the_table_says_by_what_it_was_made(labeled):
    """Policy, digest and what is known from when are in the metadata, of files and in memory."""
    of(labeled, known={"reason": "start"})
    metadata = pq.read_schema(labeled / "f.parquet").metadata
    labels = read_table(labeled / "l.parquet")
    assert metadata[b"recontact.policy_digest"] == Policy().digest.encode()
    assert metadata[b"recontact.policy"] == labels.schema.metadata[b"recontact.policy"]
    assert json.loads(metadata[b"recontact.known_from"])["reason"] == "start"
    in_memory = features(canonical(history(50)), labels, "start", known={"reason": "start"})
    assert in_memory.schema.metadata == metadata

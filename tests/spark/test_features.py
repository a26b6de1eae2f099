"""Features by Spark equal those of the default engine, row for row; so do the errors."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recontact import Policy
from recontact.clean import read_contacts
from recontact.errors import UserError
from recontact.features.files import features_files
from recontact.features.so_far import TOLD
from recontact.features.spark import features_spark
from recontact.labels.files import label_files
from recontact.simulate import simulate
from recontact.tables import read_table
from recontact.writing import write_table

pytestmark = pytest.mark.usefixtures("spark")

POLICY = {"related_by": "reason_or_case", "index_channels": ["voice", "chat"]}


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """A small contact centre in files of several forms, with labels and events."""
    folder = tmp_path_factory.mktemp("record")
    simulate(contacts=3_000, seed=3, out=folder / "centre")
    whole = read_contacts(folder / "centre" / "contacts.parquet")
    events = read_table(folder / "centre" / "events.parquet")
    told = events.replace_schema_metadata({TOLD: '["transfer"]'})
    write_table(told, folder / "centre" / "transfers.parquet")
    vip = pa.array(k % 7 for k in range(len(whole)))
    contacts = whole.append_column("vip", vip)
    pq.write_table(contacts.slice(0, 1_500), folder / "a.parquet", row_group_size=800)
    write_table(contacts.slice(1_500, 500).drop_columns(["csat", "vip"]), folder / "b.csv")
    pq.write_table(contacts.slice(2_000), folder / "c.parquet")
    files = [folder / name for name in ("a.parquet", "b.csv", "c.parquet")]
    programs = [name for name in whole["program"].unique().to_pylist() if name]
    policy = POLICY | {"by_program": {programs[0]: {"related_by": "any"}}}
    label_files(files, Policy.parse(policy), folder / "l.parquet", at_once=900)
    return folder, files


@pytest.mark.parametrize(
    ("moment", "options"),
    [
        ("start", {"known": {"reason": "start", "vip": "start"}}),
        ("live", {"elapsed_s": 90.0}),
        ("live", {"elapsed_s": 90.0, "events": "transfers.parquet"}),
        ("wrapup", {"delay_s": 60.0}),
    ],
)
def test_every_feature_at_every_moment(record, moment, options, tmp_path):
    """Whatever the moment, the table is that of the default engine, in the same row order."""
    folder, files = record
    options |= {"events": folder / "centre" / options.get("events", "events.parquet")}
    by_spark = features_spark(
        files, folder / "l.parquet", moment, tmp_path / "s.parquet", at_once=1_500, **options
    )
    computed = features_files(
        files, folder / "l.parquet", moment, tmp_path / "f.parquet", at_once=1_000, **options
    )
    assert by_spark == computed
    found = read_table(tmp_path / "s.parquet")
    expected = read_table(tmp_path / "f.parquet")
    assert found.equals(expected)
    assert found.schema.metadata == expected.schema.metadata
    assert 1_000 < len(found) == computed.rows
    assert {path.name for path in tmp_path.iterdir()} == {"s.parquet", "f.parquet"}


def test_labels_of_other_contacts_and_none_that_may_be_judged(record, tmp_path):
    """Both are refused in the words of the default engine, and nothing stays behind."""
    folder, files = record
    labels = pq.read_table(folder / "l.parquet")
    judged, out = tmp_path / "l.parquet", tmp_path / "f.parquet"
    none = pa.array([False] * len(labels))
    for wrong in (
        labels.slice(1),
        labels.take([1, 0, *range(2, len(labels))]),
        labels.set_column(1, "eligible", none),
    ):
        pq.write_table(wrong, judged)
        with pytest.raises(UserError) as of_spark:
            features_spark(files, judged, "start", out)
        with pytest.raises(UserError) as of_files:
            features_files(files, judged, "start", out)
        assert str(of_spark.value) == str(of_files.value)
        assert [path.name for path in tmp_path.iterdir()] == ["l.parquet"]


def test_an_output_of_another_kind_is_refused_at_once(record, tmp_path):
    """Before anything is read; so is an output that is an input."""
    folder, files = record
    for out, said in ((tmp_path / "f.xlsx", "neither .parquet nor .csv"), (files[0], "inputs")):
        for compute in (features_spark, features_files):
            with pytest.raises(UserError, match=said):
                compute(files, folder / "l.parquet", "start", out)

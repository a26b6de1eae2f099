"""Labels made bucket by bucket, or taken over from an earlier run, are the labels of one table."""

import tempfile
from pathlib import Path

import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.test_labels import POLICIES, START, contacts, table

from recontact import Policy, label
from recontact.labels.files import label_files

FEWER = settings(max_examples=settings.default.max_examples // 8)  # each writes files


def written(folder, name, rows, group):
    path = folder / f"{name}.parquet"
    pq.write_table(table(rows), path, row_group_size=group)
    return path


def cut(rows, at):
    return [part for part in (rows[:at], rows[at:]) if part]


@FEWER
@given(contacts(), POLICIES, st.integers(0, 12), st.integers(1, 5), st.integers(1, 5))
def test_buckets_and_files_do_not_matter(rows, policy, at, group, at_once):
    """However rows lie in files and row groups, and however few are in memory, labels are equal."""
    parsed = Policy.parse(policy)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [written(folder, str(k), part, group) for k, part in enumerate(cut(rows, at))]
        labeled = label_files(files, parsed, folder / "labels.parquet", at_once=at_once)
        found = pq.read_table(folder / "labels.parquet")
    assert found.to_pylist() == label(table(rows), parsed).to_pylist()
    assert labeled.tally.contacts == labeled.anew == len(rows)


@FEWER
@given(
    contacts(),
    POLICIES,
    st.integers(1, 4),
    st.integers(0, 12),
    st.sampled_from(["as it was", "a row changed", "the first rows gone", "a row moved back"]),
    st.booleans(),
)
def test_labels_since_equal_labels_anew(rows, policy, group, at, change, in_time):
    """After rows were added, changed or taken away, the shorter way gives the same file."""
    parsed = Policy.parse(policy)
    rows = sorted(rows, key=lambda c: c["started_at"]) if in_time else rows
    old, new = rows[:at] or rows[:1], rows[at:]
    after = [dict(row) for row in old]
    if change == "a row changed":
        after[-1]["reason"] = "other"
    if change == "a row moved back":
        after[-1]["started_at"] = START
    if change == "the first rows gone":
        after = after[group:] or after
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = [written(folder, "before", old, group)]
        label_files(before, parsed, folder / "old.parquet", at_once=3)
        now = [written(folder, "a", after, group)]
        now += [written(folder, "b", new, group)] if new and at else []
        since = label_files(now, parsed, folder / "s.parquet", folder / "old.parquet", at_once=3)
        whole = label_files(now, parsed, folder / "w.parquet", at_once=3)
        assert pq.read_table(folder / "s.parquet").equals(
            pq.read_table(folder / "w.parquet"), check_metadata=True
        )
    assert since.tally == whole.tally
    assert since.edges == whole.edges

"""Features made bucket by bucket are those of one table in memory, value for value."""

import datetime as dt
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.property.test_features import POLICIES, histories
from tests.property.test_labels import table

from recontact import Policy, label
from recontact.clean import read_contacts
from recontact.dataset import features
from recontact.features.files import features_files
from recontact.tables import read_table
from recontact.writing import write_table

FEWER = settings(max_examples=settings.default.max_examples // 12)  # each writes files
EVENT = st.sampled_from(["answered", "hold", "resume", "transfer"])


def written(folder, name, rows, group):
    path = folder / f"{name}.parquet"
    pq.write_table(rows, path, row_group_size=group)
    return path


def events_of(rows, drawn):
    happened = [
        (rows[which % len(rows)]["contact_id"] if which else "nobody's", second, event)
        for which, second, event in drawn
    ]
    start = min(row["started_at"] for row in rows)
    return pa.table(
        {
            "contact_id": pa.array([who for who, _, _ in happened], pa.string()),
            "at": pa.array(
                [start + dt.timedelta(seconds=second) for _, second, _ in happened],
                pa.timestamp("us", tz="UTC"),
            ),
            "event": pa.array([event for _, _, event in happened], pa.string()),
        }
    )


@pytest.mark.parametrize("moment", ["start", "live", "wrapup"])
@FEWER
@given(
    rows=histories(),
    policy=POLICIES,
    sizes=st.tuples(*[st.integers(1, 5)] * 3),
    cut=st.integers(0, 12),
    drawn=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 7200), EVENT)),
    known=st.sampled_from([{}, {"reason": "start", "impact": "start"}, {"impact": "wrapup"}]),
)
def test_buckets_and_files_do_not_matter(moment, rows, policy, sizes, cut, drawn, known):
    """However rows lie in files, and however few are in memory, the features are the same."""
    whole = table(rows)
    whole = whole.append_column("impact", pa.array(range(len(rows))))
    labels = label(whole, Policy.parse(policy))
    assume(any(labels["eligible"].to_pylist()))
    options = {"known": known, "elapsed_s": 600.0}
    with tempfile.TemporaryDirectory() as name:
        folder, (group, label_group, at_once) = Path(name), sizes
        some = [part for part in (whole.slice(0, cut), whole.slice(cut)) if len(part)]
        files = [written(folder, str(k), part, group) for k, part in enumerate(some)]
        judged = written(folder, "labels", labels, label_group)
        events = written(folder, "happened", events_of(rows, drawn), group)
        out = folder / "features.parquet"
        features_files(files, judged, moment, out, events=events, at_once=at_once, **options)
        expected = features(
            read_contacts(files), labels, moment, events=read_table(events), **options
        )
        assert read_table(out).equals(expected)
        assert len(list(folder.iterdir())) == len(files) + 3


def test_an_extra_column_that_is_text_somewhere_is_text_everywhere(simulated, tmp_path):
    """Numbers in one file and words in another are words, in Parquet and CSV, missing ones null."""
    contacts = simulated.slice(0, 900)
    values = (pa.array(range(300)), None, pa.array(["high"] * 300))
    files = [tmp_path / name for name in ("a.parquet", "b.csv", "c.parquet")]
    for k, (path, impact) in enumerate(zip(files, values, strict=True)):
        part = contacts.slice(300 * k, 300)
        write_table(part if impact is None else part.append_column("impact", impact), path)
    whole, judged, out = read_contacts(files), tmp_path / "l.parquet", tmp_path / "f.parquet"
    write_table(label(whole), judged)
    features_files(files, judged, "start", out, known={"impact": "start"}, at_once=200)
    found = read_table(out)
    assert found.equals(features(whole, label(whole), "start", known={"impact": "start"}))
    words = {None, "high"}
    assert words < set(found["impact"].to_pylist()) <= {*words, *map(str, range(300))}

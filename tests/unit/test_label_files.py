"""Labeling files: what is taken over from an earlier run, and what can't be."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recontact import Policy, label
from recontact.clean import read_contacts
from recontact.errors import UserError
from recontact.labels.files import label_files
from recontact.labels.read import read_labels
from recontact.labels.stray import stray_end
from recontact.rates import rates
from recontact.spill import Spill
from recontact.tables import read_table
from recontact.writing import write_table

DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def history(days, customers=5):
    """Give one contact a day and customer, all about the same, in order of time."""
    rows = [(day, who) for day in range(days) for who in range(customers)]
    at = [DAY + dt.timedelta(days=day, minutes=who) for day, who in rows]
    return pa.table(
        {
            "contact_id": [f"c{day}-{who}" for day, who in rows],
            "customer_id": [f"x{who}" if who else None for _, who in rows],
            "reason": ["bill"] * len(rows),
            "started_at": at,
            "ended_at": at,
        }
    )


@pytest.fixture
def night(tmp_path):
    """Thirty days labeled, then five more in a second file."""
    whole = history(35)
    pq.write_table(whole.slice(0, 150), tmp_path / "a.parquet", row_group_size=10)
    label_files([tmp_path / "a.parquet"], Policy(), tmp_path / "old.parquet")
    pq.write_table(whole.slice(150), tmp_path / "b.parquet", row_group_size=10)
    return tmp_path


def test_only_what_the_new_days_reach_is_labeled_again(night):
    """Of thirty days the last few are labeled with the five new ones; episodes go on through."""
    files = [night / "a.parquet", night / "b.parquet"]
    labeled = label_files(files, Policy(), night / "new.parquet", night / "old.parquet")
    found = read_table(night / "new.parquet")
    assert found.equals(label(read_contacts(files)))
    assert 25 < labeled.anew < 60
    assert labeled.tally.contacts == 175
    assert found["episode_position"].to_pylist()[-1] == 35
    assert found["episode_id"].to_pylist()[-1] == "c0-4"


@pytest.mark.parametrize(
    ("policy", "old", "new", "anew"),
    [
        ({}, [0, 10], 48, 3),
        ({}, [0, 48], 72, 2),
        ({}, [0, 47], 96, 1),
        ({"lookback": "72h"}, [0, 72], 80, 2),
        ({"window_by_reason": {"bill": "72h"}}, [0, 10], 72, 3),
        ({"by_program": {"acme": {"window": "72h"}}}, [0, 10], 72, 3),
    ],
)
def test_what_lies_exactly_a_window_back_is_still_reached(tmp_path, policy, old, new, anew):
    """The bound belongs to the longest window, before new contacts and before old ones."""
    at = [DAY + dt.timedelta(hours=hour) for hour in (*old, new)]
    whole = pa.table(
        {
            "contact_id": ["0", "1", "2"],
            "customer_id": ["x", "x" if old[1] > 10 else "y", "x"],
            "program": ["acme"] * 3,
            "reason": ["bill"] * 3,
            "started_at": at,
            "ended_at": at,
        }
    )
    policy = Policy.parse({"as_of": "2026-03-01", **policy})
    pq.write_table(whole.slice(0, 2), tmp_path / "a.parquet", row_group_size=1)
    label_files([tmp_path / "a.parquet"], policy, tmp_path / "old.parquet")
    pq.write_table(whole.slice(2), tmp_path / "b.parquet")
    files = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    labeled = label_files(files, policy, tmp_path / "new.parquet", tmp_path / "old.parquet")
    assert read_table(tmp_path / "new.parquet").equals(label(whole, policy))
    assert labeled.anew == anew


def test_where_the_record_ends_decides_what_has_matured(tmp_path):
    """Contacts after a silence let the ones before mature; taken away, these are young again."""
    whole = pa.concat_tables([history(30), history(46).slice(225)])
    a, b, old, new = (tmp_path / f"{name}.parquet" for name in ("a", "b", "old", "new"))
    pq.write_table(whole.slice(0, 150), a, row_group_size=5)
    pq.write_table(whole.slice(150), b)
    label_files([a], Policy(), old)
    label_files([a, b], Policy(), new, old)
    assert read_table(new).equals(label(whole))
    label_files([a], Policy(), old, new)
    assert read_table(old).equals(label(whole.slice(0, 150)))


def test_nothing_new_is_nothing_labeled_and_in_place(night):
    """Run again on the same files, over its own output, it labels nothing and changes nothing."""
    before = (night / "old.parquet").read_bytes()
    labeled = label_files(
        [night / "a.parquet"], Policy(), night / "old.parquet", night / "old.parquet"
    )
    assert labeled.anew == 0
    assert read_table(night / "old.parquet").equals(label(read_contacts(night / "a.parquet")))
    assert (
        pq.read_schema(night / "old.parquet").metadata
        == pq.read_schema(pa.BufferReader(before)).metadata
    )


@pytest.mark.parametrize("key", ["contact_id", "interaction_id"])
@pytest.mark.parametrize("told", [True, False], ids=["ranges told", "ranges not told"])
def test_a_key_of_the_old_days_is_still_refused(tmp_path, key, told):
    """A new row with a key of an old contact is refused, though that one is not labeled again."""
    rows = history(35)
    legs = pa.array([f"i{row:03}" for row in range(len(rows))])
    rows = rows.append_column("interaction_id", legs)
    a, b, old = (tmp_path / f"{name}.parquet" for name in ("a", "b", "old"))
    pq.write_table(rows.slice(0, 150), a, row_group_size=10, write_statistics=told)
    label_files([a], Policy(), old)
    again, place = rows.slice(174), rows.schema.get_field_index(key)
    pq.write_table(again.set_column(place, key, rows[key].slice(0, 1)), b)
    with pytest.raises(UserError, match=rf"{key} '{rows[key][0]}' is .*a\.parquet.*b\.parquet"):
        label_files([a, b], Policy(), tmp_path / "new.parquet", old)
    assert not (tmp_path / "new.parquet").exists()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: write_table(pa.table({"contact_id": ["1"]}), path), "no labels table"),
        (lambda path: write_table(label(history(1)), path), "does not tell what it was made from"),
        (lambda path: path.write_text("labels"), "can't be read"),
        (lambda _: None, "no such file"),
        (
            lambda path: label_files(
                [path.parent / "a.parquet"], Policy.parse({"window": "1d"}), path
            ),
            "is of policy",
        ),
        (
            lambda path: pq.write_table(pq.read_table(path.parent / "old.parquet").slice(1), path),
            "was changed since it was made",
        ),
    ],
)
def test_labels_that_cannot_be_built_on_are_refused(night, make, said):
    """No labels table, one of another policy or of unknown origin: the error says so."""
    make(night / "bad.parquet")
    with pytest.raises(UserError, match=said):
        label_files([night / "a.parquet"], Policy(), night / "new.parquet", night / "bad.parquet")


def test_a_leg_shared_across_files_and_row_groups_is_named(tmp_path):
    """Unmerged legs in different files are found, and named by file and row."""
    for name, start in (("a", 0), ("b", 30)):
        rows = history(10).slice(start, 20)
        legs = [None] * 20
        legs[7] = "i1"
        rows = rows.set_column(0, "contact_id", pa.array([f"{name}{k}" for k in range(20)]))
        rows = rows.append_column("interaction_id", pa.array(legs, pa.string()))
        pq.write_table(rows, tmp_path / f"{name}.parquet", row_group_size=3)
    said = r"interaction_id 'i1' is shared.*a\.parquet row 8, .*b\.parquet row 8"
    with pytest.raises(UserError, match=said):
        label_files([tmp_path], Policy(), tmp_path / "out" / "labels.parquet")


def test_a_bad_row_of_a_late_row_group_is_named(tmp_path):
    """The row number counts from the beginning of the file."""
    rows = history(10)
    talk = np.ones(50)
    talk[44] = -1
    pq.write_table(
        rows.append_column("talk_s", pa.array(talk)), tmp_path / "a.parquet", row_group_size=7
    )
    with pytest.raises(UserError, match=r"a\.parquet, row 45 .*talk_s: negative"):
        label_files([tmp_path / "a.parquet"], Policy(), tmp_path / "labels.parquet")


def test_one_customer_with_everything_and_only_strangers(tmp_path):
    """A bucket may hold one customer only, or nobody known at all."""
    for name, ids in (("one", ["x"] * 50), ("nobody", [None] * 50)):
        rows = history(10).set_column(1, "customer_id", pa.array(ids, pa.string()))
        path = tmp_path / f"{name}.parquet"
        pq.write_table(rows, path)
        label_files([path], Policy(), tmp_path / "labels.parquet", at_once=4)
        assert read_table(tmp_path / "labels.parquet").equals(label(rows))


def test_strangers_are_not_held_in_memory_together(tmp_path, monkeypatch):
    """Contacts of nobody are related to none, so they lie in all buckets alike."""
    rows = history(10).set_column(1, "customer_id", pa.nulls(50, pa.string()))
    pq.write_table(rows, tmp_path / "a.parquet")
    taken, take = [], Spill.take

    def taking(spill, number):
        taken.append(take(spill, number))
        return taken[-1]

    monkeypatch.setattr(Spill, "take", taking)
    label_files([tmp_path / "a.parquet"], Policy(), tmp_path / "labels.parquet", at_once=5)
    assert max(len(table) for table in taken if table is not None) < 10


def test_the_rates_told_are_those_of_the_labels(simulated, tmp_path):
    """What is counted part by part while labeling is what is counted over the whole table."""
    write_table(simulated, tmp_path / "a.parquet")
    labeled = label_files([tmp_path / "a.parquet"], Policy(), tmp_path / "l.parquet", at_once=2_000)
    [whole] = rates(simulated, label(simulated)).to_pylist()
    told = labeled.tally.rates()
    assert told == pytest.approx({name: whole[name] for name in told})
    assert len({told[f"{name}_of"] for name in ("fcr", "gross_fcr", "repeat")}) == 3


def test_csv_in_and_out(tmp_path):
    """CSV files give the same labels; the output may be CSV too."""
    write_table(history(10), tmp_path / "a.csv")
    label_files([tmp_path / "a.csv"], Policy(), tmp_path / "labels.csv", at_once=7)
    write_table(label(history(10)), tmp_path / "expected.csv")
    assert (tmp_path / "labels.csv").read_text() == (tmp_path / "expected.csv").read_text()


def test_nothing_stays_behind(night):
    """After a run the folder holds the files that it should, and no others."""
    label_files([night / "a.parquet"], Policy(), night / "new.parquet", at_once=10)
    assert sorted(p.name for p in night.iterdir()) == [
        *("a.parquet", "b.parquet", "new.parquet", "old.parquet")
    ]


def test_a_stray_end_is_told_from_the_last_ones():
    """A gap of days before the last end, and only that, is stray."""
    hour = 3_600_000_000
    assert stray_end([k * hour for k in range(89, 100)], 0, 100) is None
    assert "99.0" not in (stray_end([98 * hour, 9_999 * hour], 0, 100) or "")
    assert stray_end([98 * hour, 9_999 * hour], 0, 100)
    ten = [*range(89, 90), *range(9_990, 10_000)]
    assert stray_end([k * hour for k in ten], 0, 10_000)
    assert stray_end([k * hour for k in ten], 0, 9_000) is None


def test_a_folder_keeps_a_file_of_labels_for_each_file_of_contacts(tmp_path):
    """Night after night only the files that the new day reaches are written again."""
    whole, contacts, out = history(30), tmp_path / "contacts", tmp_path / "labels"
    contacts.mkdir()
    for day in range(29):
        pq.write_table(whole.slice(5 * day, 5), contacts / f"day-{day:02}.parquet")
    label_files([contacts], Policy(), out)
    before = {path.name: path.stat().st_ino for path in out.iterdir()}
    pq.write_table(whole.slice(145), contacts / "day-29.parquet")
    labeled = label_files([contacts], Policy(), out, out)
    after = {path.name: path.stat().st_ino for path in out.iterdir()}
    same = [name for name in before if before[name] == after[name]]
    assert read_labels(out).equals(label(whole))
    assert labeled.anew == 5 * (30 - len(same))
    assert len(same) >= 25
    (contacts / "day-00.parquet").unlink()
    label_files([contacts], Policy(), out, out)
    assert read_labels(out).equals(label(whole.slice(5)))


def test_a_file_that_lost_its_last_rows_loses_their_labels(tmp_path):
    """Though what is left of it keeps the labels that it had."""
    whole, contacts, out = history(40), tmp_path / "contacts", tmp_path / "labels"
    contacts.mkdir()
    policy = Policy.parse({"as_of": "2026-03-01"})
    kept = whole.slice(0, 10)
    late = pa.concat_tables([kept, whole.slice(150, 10)])
    pq.write_table(late, contacts / "a.parquet", row_group_size=10)
    label_files([contacts], policy, out)
    pq.write_table(kept, contacts / "a.parquet", row_group_size=10)
    assert label_files([contacts], policy, out, out).anew == 0
    assert read_labels(out).equals(label(kept, policy))


def test_labels_are_copied_where_no_link_can_be_made(night, monkeypatch):
    """On another disk than the old ones, say."""
    label_files([night / "a.parquet"], Policy(), night / "old")
    monkeypatch.setattr("os.link", lambda *_: (_ for _ in ()).throw(OSError("other disk")))
    label_files([night / "a.parquet"], Policy(), night / "new", night / "old")
    assert read_labels(night / "new").equals(read_labels(night / "old"))


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    """What lies in a folder that is no labels is never replaced."""
    pq.write_table(history(3), tmp_path / "a.parquet")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(UserError, match=r"letter\.txt is no table of labels"):
        label_files([tmp_path / "a.parquet"], Policy(), tmp_path / "mine")
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"
    with pytest.raises(UserError, match="two files of contacts are named a"):
        label_files([tmp_path / "a.parquet", _copy(tmp_path)], Policy(), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def _copy(folder):
    (folder / "other").mkdir()
    rows = history(3)
    ids = pa.array([f"other{k}" for k in range(len(rows))])
    pq.write_table(rows.set_column(0, "contact_id", ids), folder / "other" / "a.parquet")
    return folder / "other" / "a.parquet"


def test_a_file_changed_in_place_is_noticed(night):
    """Other rows under the same name are labeled again; a mere copy of the same rows is not."""
    whole = history(35)
    copied = night / "copy.parquet"
    copied.write_bytes((night / "a.parquet").read_bytes())
    labeled = label_files([copied], Policy(), night / "new.parquet", night / "old.parquet")
    assert labeled.anew == 0
    changed = whole.set_column(2, "reason", pa.array(["bill", "tech"] * 87 + ["bill"]))
    pq.write_table(changed.slice(0, 150), night / "a.parquet", row_group_size=10)
    label_files([night / "a.parquet"], Policy(), night / "new.parquet", night / "old.parquet")
    assert read_table(night / "new.parquet").equals(label(changed.slice(0, 150)))


def test_a_change_that_keeps_the_size_is_noticed(tmp_path):
    """A file of as many bytes, made at another time, is read again."""
    path, old = tmp_path / "a.csv", tmp_path / "old.parquet"
    write_table(history(10), path)
    label_files([path], Policy(), old)
    text = path.read_text()
    path.write_text(text.replace("bill", "tech", 7))
    assert path.stat().st_size == len(text)
    label_files([path], Policy(), tmp_path / "new.parquet", old)
    assert read_table(tmp_path / "new.parquet").equals(label(read_contacts(path)))


def test_a_column_of_another_name_is_noticed(night):
    """The same bytes may mean something else."""
    rows = history(30).rename_columns({"reason": "case_id"})
    pq.write_table(rows, night / "a.parquet", row_group_size=10)
    label_files([night / "a.parquet"], Policy(), night / "new.parquet", night / "old.parquet")
    assert read_table(night / "new.parquet").equals(label(rows))


def test_marks_of_another_form_are_not_read(night, monkeypatch):
    """Labels of a version that marks otherwise are no ground to build on."""
    monkeypatch.setattr("recontact.labels.parts.FORM", 2)
    with pytest.raises(UserError, match="does not tell what it was made from"):
        label_files([night / "a.parquet"], Policy(), night / "new.parquet", night / "old.parquet")


def test_an_episode_that_winds_through_what_is_not_read_again(tmp_path):
    """A contact that keeps its labels may be linked to one that is not even read: its place holds.

    The long contact 1 ends last, so 3 is linked to it; of the files read again only that of 2 is
    there, which would be a longer way.
    """
    files = {
        "d1": [("1", "01 23:50", "02 00:30")],
        "d2": [
            ("2", "02 00:05", "02 00:10"),
            ("3", "02 00:40", "02 00:41"),
            ("4", "02 23:30", "02 23:31"),
        ],
        "d3": [("5", "03 20:00", "03 20:01")],
        "d4": [("6", "04 10:00", "04 10:01")],
        "d5": [("7", "05 09:00", "05 09:01")],
    }  # fmt: skip
    policy, contacts = Policy.parse({"window": "24h", "lookback": "24h"}), tmp_path / "contacts"
    contacts.mkdir()
    for name, rows in files.items():
        lines = [f"{k},u,a,2026-01-{start},2026-01-{end}\n" for k, start, end in rows]
        head = "contact_id,customer_id,reason,started_at,ended_at\n"
        (contacts / f"{name}.csv").write_text(head + "".join(lines))
        since = tmp_path / "labels" if name != "d1" else None
        labeled = label_files([contacts], policy, tmp_path / "labels", since)
    found = read_labels(tmp_path / "labels")
    assert found["episode_position"].to_pylist() == [1, 2, 2, 3, 4, 5, 6]
    assert found.equals(label(read_contacts(contacts), policy))
    assert labeled.anew < 7


def test_contacts_are_never_replaced_by_their_labels(tmp_path):
    """An output that is one of the inputs is refused before anything is read."""
    pq.write_table(history(3), tmp_path / "a.parquet")
    before = (tmp_path / "a.parquet").read_bytes()
    with pytest.raises(UserError, match="is one of the inputs"):
        label_files([tmp_path / "a.parquet"], Policy(), tmp_path / "x" / ".." / "a.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == before

"""Tables in and out: clean contacts only, clear refusals, files written whole or not at all."""

import datetime as dt
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from recontact.clean import read_contacts, repeated
from recontact.contacts import IMPORT, SCHEMA
from recontact.errors import UserError
from recontact.tables import expand, read_table, stack
from recontact.writing import write_table

T = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
HEAD = "contact_id,started_at,ended_at"


def contacts(*ids: str, **others: list[object]) -> pa.Table:
    """Return a table of contacts, all of the same instant."""
    return pa.table(
        {"contact_id": list(ids), "started_at": [T] * len(ids), "ended_at": [T] * len(ids)} | others
    )


def refusal(path: Path | list[Path]) -> UserError:
    """Return what is said of contacts that can't be taken."""
    with pytest.raises(UserError) as caught:
        read_contacts(path)
    assert caught.value.mend
    return caught.value


def test_a_folder_gives_its_tables_by_name_without_rejects_and_hidden_files(tmp_path: Path) -> None:
    """Only .csv and .parquet of the folder itself come, in a fixed order."""
    (tmp_path / "deeper").mkdir()
    for name in ("b.csv", "a.PARQUET", "a.rejects.parquet", ".c.csv", "note.txt", "deeper/d.csv"):
        (tmp_path / name).touch()
    assert [path.name for path in expand(tmp_path)] == ["a.PARQUET", "b.csv"]
    assert [path.name for path in expand(tmp_path / "*.csv")] == ["b.csv"]


def test_files_come_in_the_order_given(tmp_path: Path) -> None:
    """A list of paths keeps its order, for the last read wins in an import."""
    for name in ("b.csv", "a.csv"):
        (tmp_path / name).touch()
    given = [tmp_path / "b.csv", str(tmp_path / "a.csv")]
    assert [path.name for path in expand(given)] == ["b.csv", "a.csv"]


def test_paths_that_lead_nowhere_are_named(tmp_path: Path) -> None:
    """A missing file, an empty folder and a glob without a match are the user's mistake."""
    for path, told in (("no.csv", "no such file"), ("*.csv", "matches no"), ("", "holds no .csv")):
        with pytest.raises(UserError, match=told) as caught:
            expand(tmp_path / path)
        assert str(tmp_path / path) in caught.value.what


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_is_written_is_read_back(tmp_path: Path, suffix: str) -> None:
    """Every column of the contacts table survives both forms, nulls and awkward text too."""
    values = {
        "string": ["a > b", None, 'x, "y"\nz'],
        "timestamp[us, tz=UTC]": [T + dt.timedelta(microseconds=1)] * 3,
        "bool": [True, None, False],
        "double": [0.1, None, 1e-9],
        "int64": [3, None, 0],
    }
    table = pa.table({f.name: pa.array(values[str(f.type)], f.type) for f in SCHEMA})
    table = table.set_column(0, "contact_id", pa.array(["1", "02", "3"]))
    path = tmp_path / f"contacts{suffix}"
    table = table.set_column(4, "interaction_id", pa.nulls(3, pa.string()))
    write_table(table, path)
    assert read_contacts(path).equals(table)


def test_files_with_different_columns_are_one_table(tmp_path: Path) -> None:
    """A column that one file lacks is null there; the first file's own metadata stay."""
    known = {"recontact.known_from": '{"reason": "start"}', "pandas": "{}"}
    write_table(
        contacts("1", queue=["north"]).replace_schema_metadata(known), tmp_path / "a.parquet"
    )
    write_table(contacts("2", colour=["grey"]), tmp_path / "b.parquet")
    (tmp_path / "c.csv").write_text(f"{HEAD},talk_s\n3,2026-01-01,2026-01-01,60\n")
    table = read_contacts(tmp_path)
    assert table.select(["contact_id", "queue", "colour", "talk_s"]).to_pylist() == [
        {"contact_id": "1", "queue": "north", "colour": None, "talk_s": None},
        {"contact_id": "2", "queue": None, "colour": "grey", "talk_s": None},
        {"contact_id": "3", "queue": None, "colour": None, "talk_s": 60.0},
    ]
    assert table.schema.metadata == {b"recontact.known_from": b'{"reason": "start"}'}


def test_an_extra_column_that_is_text_in_one_file_is_text_in_all(tmp_path: Path) -> None:
    """Numbers and text under one name become text; lists and text can't."""
    whole = stack([pa.table({"x": [1]}), pa.table({"x": ["a"]})], [tmp_path, tmp_path])
    assert whole["x"].to_pylist() == ["1", "a"]
    with pytest.raises(UserError, match="don't fit together"):
        stack([pa.table({"x": [[1]]}), pa.table({"x": ["a"]})], [tmp_path, tmp_path])


def test_truth_values_and_numbers_together_are_text() -> None:
    """What one file holds as true and another as 2 is neither truth value nor number."""
    tables = [pa.table({"x": [True]}), pa.table({"x": [2]}), pa.table({"x": [None]})]
    assert stack(tables, [Path("a"), Path("b"), Path("c")])["x"].to_pylist() == ["true", "2", None]


def test_events_tables_are_passed_over_unless_named(tmp_path: Path) -> None:
    """What an import writes beside the contacts is no contacts table."""
    for name in ("a.parquet", "a.events.parquet", "events.parquet"):
        (tmp_path / name).touch()
    assert [path.name for path in expand(tmp_path)] == ["a.parquet", "events.parquet"]
    assert [path.name for path in expand(tmp_path / "*.events.*")] == ["a.events.parquet"]


def test_a_pandas_frame_written_as_parquet_is_read(tmp_path: Path) -> None:
    """Whole numbers that pandas keeps as floats, and times without a zone, are fine."""
    frame = pd.DataFrame(
        {
            "contact_id": [1, 2],
            "customer_id": [7.0, np.nan],
            "started_at": pd.to_datetime(["2026-01-01", "2026-01-02"]),
            "ended_at": pd.to_datetime(["2026-01-01", "2026-01-02"]),
            "hold_count": [1.0, np.nan],
            "queue": pd.Categorical(["north", None]),
        }
    )
    frame.to_parquet(tmp_path / "frame.parquet")
    table = read_contacts(tmp_path / "frame.parquet")
    names = ["contact_id", "customer_id", "hold_count", "queue"]
    assert table.select(names).to_pylist() == [
        {"contact_id": "1", "customer_id": "7", "hold_count": 1, "queue": "north"},
        {"contact_id": "2", "customer_id": None, "hold_count": None, "queue": None},
    ]
    assert table["started_at"].to_pylist()[0] == T


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_duplicate_is_refused_with_its_rows_and_the_import(tmp_path: Path, suffix: str) -> None:
    """The first contact_id that comes twice is named with file and row in each file."""
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    write_table(contacts("1", "2"), first)
    write_table(contacts("3", "2", "2"), second)
    error = refusal([first, second])
    assert f"contact_id '2' is there more than once: {first} row 2, {second} row 2" in error.what
    assert error.mend == IMPORT


def test_legs_that_are_not_merged_are_refused(tmp_path: Path) -> None:
    """Rows that share interaction_id are no contacts yet; null shares nothing."""
    path = tmp_path / "legs.parquet"
    write_table(contacts("1", "2", "3", "4", interaction_id=["x", None, "x", None]), path)
    assert f"interaction_id 'x' is shared by legs that are not merged: {path} row 1" in (
        refusal(path).what
    )


def test_bad_rows_are_refused_by_file_row_and_reason(tmp_path: Path) -> None:
    """The first three of them are named, whatever is wrong with each."""
    path = tmp_path / "a.csv"
    day = "2026-01-01,2026-01-01"
    path.write_text(f"{HEAD},hold_s\n1,{day},\n2,{day},-3\n3,{day}\n,{day},\n5,{day},-1\n")
    error = refusal(path)
    assert error.what == (
        f"{path}, row 2 (contact_id '2'): hold_s: negative: -3; "
        "row 3: 3 values in a table of 4 columns; row 4 (contact_id None): no contact_id"
    )
    assert error.mend == IMPORT


def test_bad_rows_of_parquet_are_refused_too(tmp_path: Path) -> None:
    """Typed columns can hold impossible rows: no id, an end before the start, not a number."""
    for name, value, told in (
        ("contact_id", pa.array(["1", None]), "row 2 (contact_id None): no contact_id"),
        (
            "ended_at",
            [T, T - dt.timedelta(1)],
            "row 2 (contact_id '2'): ended_at before started_at",
        ),
        ("talk_s", [1.0, float("nan")], "row 2 (contact_id '2'): talk_s: not a number: 'nan'"),
        ("tier", ["1", "front"], "row 2 (contact_id '2'): tier: not a whole number: 'front'"),
    ):
        table = contacts("1", "2").to_pydict() | {name: value}
        write_table(pa.table(table), tmp_path / "a.parquet")
        assert told in refusal(tmp_path / "a.parquet").what


@pytest.mark.parametrize(
    ("text", "told", "mend"),
    [
        ("contact_id,started_at\n1,2026-01-01\n", "no column 'ended_at'", "mapping"),
        ("contact_id;started_at;ended_at\n1;2;3\n", "no column 'contact_id'", "semicolons"),
        (f"{HEAD}\n", "no contacts in", "at least one row"),
        ("contact_id;started_at\n1;2\n", "no column", "recontact import --suggest"),
        ("contactid,started_at\n1,2\n", "no column 'contact_id'", "did you mean 'contactid'?"),
        ("March\na,b,c\n1,2,3\n", "no column 'contact_id'", "line 1 is a title"),
        ("contact_id,eligible,exclusion,episode_id\n", "it is a labels table", "report CONTACTS"),
        ("contact_id,at,event\n", "it is an events table", "go with --events"),
    ],
)
def test_a_file_that_can_hold_no_contacts_is_refused(
    tmp_path: Path, text: str, told: str, mend: str
) -> None:
    """A missing column, another separator and an empty table each have their mend."""
    path = tmp_path / "a.csv"
    path.write_text(text)
    error = refusal(path)
    assert told in error.what
    assert str(path) in error.what
    assert mend in error.mend


def test_of_a_folder_with_other_tables_the_one_to_give_is_named(tmp_path: Path) -> None:
    """A simulated centre holds contacts and events: only the former are contacts."""
    write_table(contacts("1"), tmp_path / "contacts.parquet")
    write_table(pa.table({"contact_id": ["1"], "at": [1], "event": ["hold"]}), tmp_path / "e.csv")
    assert str(tmp_path / "contacts.parquet") in refusal(tmp_path).mend


def test_a_cut_off_parquet_file_is_refused(tmp_path: Path) -> None:
    """Half a file is no table."""
    path = tmp_path / "a.parquet"
    write_table(contacts("1"), path)
    path.write_bytes(path.read_bytes()[:200])
    assert f"{path} can't be read" in refusal(path).what


def test_other_tables_keep_their_types_and_ids_stay_text(tmp_path: Path) -> None:
    """A labels table read from CSV has text ids, flags, numbers, times and nulls."""
    path = tmp_path / "labels.csv"
    path.write_text("contact_id,eligible,previous_gap_s,at\n01,true,,2026-01-01T00:00:00Z\n")
    row = read_table(path).to_pylist()[0]
    assert row == {"contact_id": "01", "eligible": True, "previous_gap_s": None, "at": T}
    (tmp_path / "empty.csv").touch()
    with pytest.raises(UserError, match="can't be read"):
        read_table(tmp_path / "empty.csv")


def test_repeated_finds_the_rows_of_the_first_value_that_comes_again() -> None:
    """Nulls are no values; where all differ there are none."""
    assert repeated(pa.chunked_array([["a", None], [None, "b", "a", "b"]])).tolist() == [0, 4]
    assert repeated(pa.chunked_array([["a", None, None]])).tolist() == []


def test_a_run_that_is_killed_leaves_the_old_file(tmp_path: Path) -> None:
    """Ended in the middle of writing, a table that was there is whole, and no other appears."""
    path = tmp_path / "contacts.parquet"
    write_table(contacts("1"), path)
    code = (
        "import sys, time, pathlib\n"
        "from recontact.writing import replacing\n"
        f"with replacing(pathlib.Path({str(path)!r})) as part:\n"
        "    part.write_bytes(b'PAR1 half')\n"
        "    print('half', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as run:
        assert run.stdout
        assert run.stdout.readline() == b"half\n"
        run.kill()
    assert len(read_contacts(path)) == 1
    assert [f for f in tmp_path.iterdir() if f.suffix == ".parquet"] == [path]


def test_a_new_table_takes_the_old_ones_place_at_once(tmp_path: Path) -> None:
    """Who reads the old file while the new one comes reads the old one to its end."""
    path = tmp_path / "contacts.csv"
    write_table(contacts("1"), path)
    before = path.read_bytes()
    with path.open("rb") as old:
        write_table(contacts("1", "2"), path)
        assert old.read() == before
    assert len(read_contacts(path)) == 2


def test_a_table_that_fails_in_writing_leaves_nothing(tmp_path: Path) -> None:
    """A column that CSV can't hold is the user's mistake; no half file stays."""
    with pytest.raises(UserError, match="tags"):
        write_table(pa.table({"tags": [["a"]]}), tmp_path / "tags.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a.xlsx", "neither .parquet nor .csv"),
        ("file/a.csv", "can't be written"),
        ("dir.csv", "can't be written"),
    ],
)
def test_a_place_that_can_t_be_written_is_the_users_mistake(
    tmp_path: Path, name: str, told: str
) -> None:
    """Another suffix, a folder that is a file, and a file that is a folder are refused."""
    (tmp_path / "file").touch()
    (tmp_path / "dir.csv").mkdir()
    with pytest.raises(UserError, match=told):
        write_table(contacts("1"), tmp_path / name)
    assert not [f for f in tmp_path.rglob("*") if "part" in f.suffix]

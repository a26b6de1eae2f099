"""CSV: what broken lines do, and that the quick and the careful way read the same."""

import csv
import io
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recontact.errors import UserError
from recontact.sources import csv_files, files
from recontact.sources.csv_files import Written
from recontact.sources.files import Batch, map_batches

HEAD = b"contact_id,queue,notes\n"


def read(
    path: Path, content: bytes, encoding: str = "utf-8"
) -> tuple[list[str], list[int], list[tuple[int, str]]]:
    """Return the ids read, their row numbers, and the broken lines."""
    path.write_bytes(content)
    batches = map_batches(path, lambda batch: batch, encoding=encoding)
    return (
        [value for batch in batches for value in batch.rows["contact_id"].to_pylist()],
        [int(number) for batch in batches for number in batch.numbers],
        [(line.number, line.reason) for batch in batches for line in batch.broken],
    )


@pytest.mark.parametrize(
    ("body", "ids", "broken"),
    [
        (b"1,a,\n2,b,\n", ["1", "2"], []),
        (b"1,a,\r\n2,b,\r\n", ["1", "2"], []),
        (b"1,a,\r2,b,\r", ["1", "2"], []),
        (b"1,a,\n\n2,b,", ["1", "2"], []),
        (b'1,a,"x\ny, z"\n2,b,\n', ["1", "2"], []),
        (b'1,a,"say ""no"""\n2,b,\n', ["1", "2"], []),
        (b'1,5"" pipe,\n2,b,\n', ["1", "2"], []),
        (b"1,a\n2,b,\n", ["2"], [(1, "2 values in a table of 3 columns")]),
        (b"1,a,,,\n2,b,\n", ["2"], [(1, "5 values in a table of 3 columns")]),
        (b"nonsense\n2,b,\n", ["2"], [(1, "1 value in a table of 3 columns")]),
        (b'1,a,"open\n2,b,\n3,c,\n', ["2", "3"], [(1, "a quote that is not closed")]),
        (b'1,"open,\n2,"b",\n3,c,\n', ["2", "3"], [(1, "a quote that is not closed")]),
        (b'1,a,x\n2,b,"open', ["1"], [(2, "a quote that is not closed")]),
        (b'1,a,"two\nlines"\n2,b\n3,c,\n', ["1", "3"], [(2, "2 values in a table of 3 columns")]),
        (b"1,a,caf\xe9\n2,b,\n", ["2"], [(1, "not text in UTF-8")]),
        (b"1,a," + "café".encode() + b"\n", ["1"], []),
        (b"1,a," + b"x" * 500_000 + b"\n2,b,\n", ["1", "2"], []),
        (b'1,a,"' + b"x" * 2_000_000 + b"\n2,b,\n", ["2"], [(1, "a quote that is not closed")]),
    ],
)
def test_a_broken_line_is_told_and_takes_no_other_with_it(
    tmp_path: Path, body: bytes, ids: list[str], broken: list[tuple[int, str]]
) -> None:
    """Of each file the good rows come with their numbers, the broken ones with their reason."""
    got, numbers, told = read(tmp_path / "a.csv", HEAD + body)
    assert (got, told) == (ids, broken)
    assert sorted(numbers + [number for number, _ in told]) == list(
        range(1, len(ids) + len(broken) + 1)
    )


@pytest.mark.parametrize("kind", ["quick", "careful", "parquet"])
def test_row_numbers_go_on_from_batch_to_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Of 100 rows in many batches each has its number in the file."""
    monkeypatch.setattr(files, "BATCH", 7)
    monkeypatch.setattr(csv_files, "BATCH", 7)
    monkeypatch.setattr(csv_files, "BLOCK", 128)
    path = tmp_path / "a.csv"
    lines = [f"{i},{'x' * 9}" for i in range(1, 101)]
    if kind == "careful":
        lines[49] = "a line that is no row"
    path.write_text("\n".join(["contact_id,queue", *lines, ""]))
    if kind == "parquet":
        table = pyarrow.csv.read_csv(path)
        path = tmp_path / "a.parquet"
        pq.write_table(table, path)
    batches = map_batches(path, lambda batch: batch)
    rows = [
        (str(value), number)
        for batch in batches
        for value, number in zip(batch.rows["contact_id"].to_pylist(), batch.numbers, strict=True)
    ]
    assert len(batches) > 10
    assert rows == [(str(i), i) for i in range(1, 101) if kind != "careful" or i != 50]
    assert [line.number for batch in batches for line in batch.broken] == (
        [50] if kind == "careful" else []
    )


def test_a_byte_order_mark_and_spaced_names_do_not_matter(tmp_path: Path) -> None:
    """The first column keeps its name."""
    got, _, _ = read(tmp_path / "a.csv", b"\xef\xbb\xbf contact_id , queue\n1,a\n")
    assert got == ["1"]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_no_other_thread_asks_python_for_more_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    """A thread of Arrow that did so while the interpreter ends would abort the process."""
    readers = set()

    class Watched(io.FileIO):
        def readinto(self, into: bytearray) -> int | None:
            readers.add(threading.get_ident())
            return super().readinto(into)

    monkeypatch.setattr(csv_files, "_open", lambda path: io.BufferedReader(Watched(path)))
    got, _, _ = read(tmp_path / "a.csv", HEAD + b"1,a,x\n" * 9, encoding)
    assert len(got) == 9
    assert readers == {threading.get_ident()}


def test_a_value_cut_by_the_end_of_a_block_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks end with lines: what goes over the end of one comes whole all the same."""
    monkeypatch.setattr(csv_files, "BLOCK", 16)
    body = b'1,a,"one\ntwo"\n2,b,' + b"x" * 50 + b"\n3,c,\n4,d"
    got, _, told = read(tmp_path / "a.csv", HEAD + body)
    assert got == ["1", "2", "3"]
    assert told == [(4, "2 values in a table of 3 columns")]


def test_many_open_quotes_do_not_take_forever(tmp_path: Path) -> None:
    """Each of 2,000 broken lines is told, the good ones between them stay."""
    got, _, told = read(tmp_path / "a.csv", HEAD + b'1,a,"open\n2,b,\n' * 2_000)
    assert (len(got), len(told)) == (2_000, 2_000)


FIELDS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(FIELDS, min_size=3, max_size=3), max_size=6))
def test_the_quick_and_the_careful_way_read_the_same(tmp_path: Path, rows: list[list[str]]) -> None:
    """What the quick way accepts, the careful way reads alike; written CSV comes back whole."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *rows])
    path = tmp_path / "a.csv"
    path.write_bytes(text.getvalue().encode())

    def values(batches: list[Batch]) -> list[list[str]]:
        table = pa.concat_tables([batch.rows for batch in batches])
        return [list(row.values()) for row in table.to_pylist()]

    careful = values(list(csv_files.careful_batches(Written(path), ["a", "b", "c"])))
    assert careful == rows
    try:
        quick = values(list(csv_files.quick_batches(Written(path), ["a", "b", "c"])))
    except pa.ArrowInvalid:
        return
    assert quick == careful


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\n\n", "is empty"),
        ("a.csv", "contact_id,x\n1,2\n".encode("utf-16"), "is in UTF-16"),
        ("a.csv", b"contact_id,queue,queue\n1,2,3\n", "has two columns named 'queue'"),
        ("a.csv", b"contact_id,\xe9\n1,2\n", "header row is broken"),
        ("a.csv", b'contact_id,"queue\n1,2\n', "header row is broken"),
        ("a.parquet", b"contact_id\n1\n", "can't be read"),
        ("a.parquet", b"PAR1" + b"\0" * 50, "can't be read"),
        ("a.parquet", b"", "can't be read"),
        ("a.zip", b"no zip", "can't be read"),
    ],
)
def test_a_file_that_is_no_table_is_refused_by_name(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    """The message names the file, says what is wrong with it and how to mend it."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=told) as caught:
        map_batches(path, lambda batch: batch)
    assert str(path) in caught.value.what
    assert caught.value.mend

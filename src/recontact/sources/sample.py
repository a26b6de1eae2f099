"""The first rows of any export, its encoding and delimiter found out by looking."""

import codecs
import csv
import zipfile
import zlib
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from recontact.sources.csv_files import Written, header
from recontact.sources.files import is_parquet, parquet_batches, unreadable
from recontact.sources.json_files import JsonBatch, flat, is_json, map_records
from recontact.sources.parse import as_text

ROWS = 2_000
LINES = 60
PAGES = (
    "conversations",
    "events",
    "records",
    "tickets",
)  # where vendors keep the records of a page
DELIMITERS = (",", ";", "\t", "|")


class Column(NamedTuple):
    """Some values of one column: how they came, as text without the empty ones, and how many."""

    name: str
    type: pa.DataType
    values: list[str]
    rows: int


class Sample(NamedTuple):
    """The first rows of a file; how a CSV file is written is None for other files."""

    columns: list[Column]
    rows: int
    delimiter: str | None = None
    encoding: str | None = None


class _EnoughError(Exception):
    def __init__(self, rows: pa.Table) -> None:
        self.rows = rows


def read_sample(path: Path) -> Sample:
    r"""Read the first rows of a CSV, Parquet or JSON file.

    Parameters
    ----------
    path : pathlib.Path
        The file. Of a CSV file delimiter and encoding are found out.

    Raises
    ------
    UserError
        It can't be read at all.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = path.write_bytes("Id;Größe\n1;2,5\n".encode("cp1252"))
    >>> sample = read_sample(path)
    >>> sample.delimiter, sample.encoding, [(c.name, c.values) for c in sample.columns]
    (';', 'cp1252', [('Id', ['1']), ('Größe', ['2,5'])])
    """
    try:
        if is_json(path):
            return _of_table(_first_records(path))
        if is_parquet(path):
            return _of_table(next(iter(parquet_batches(path))).rows.slice(0, ROWS))
        return _of_csv(path)
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, csv.Error) as error:
        raise unreadable(path, error) from error


def _of_csv(path: Path) -> Sample:
    encoding = _encoding(path)
    delimiter = _delimiter(path, encoding)
    written = Written(path, delimiter, encoding)
    names = header(written)
    with written.lines() as lines:
        records = islice(written.records(lines, len(names)), 1, ROWS + 1)
        rows = [record.values for record in records if record.values is not None]
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    table = pa.table(
        {name: pa.array(values, pa.string()) for name, values in zip(names, columns, strict=True)}
    )
    return _of_table(table)._replace(delimiter=delimiter, encoding=encoding)


def _first_records(path: Path) -> pa.Table:
    def take(batch: JsonBatch) -> pa.Table:
        rows = flat(batch.records[:ROWS])
        if len(rows):
            raise _EnoughError(rows)
        return rows

    try:
        return map_records(path, take, PAGES)[0]
    except _EnoughError as enough:
        return enough.rows


def _of_table(rows: pa.Table) -> Sample:
    columns = []
    for name in rows.column_names:
        kind = rows[name].type
        single = not pa.types.is_nested(kind)
        texts = as_text(rows[name], name).to_pylist() if single else []
        values = [text.strip() for text in texts if text and text.strip()]
        columns.append(Column(name, kind, values, len(rows)))
    return Sample(columns, len(rows))


def _encoding(path: Path) -> str:
    """Tell UTF-16 by its mark, UTF-8 by its rules; else it is taken for western Europe's."""
    with Written(path, encoding="latin-1").lines() as lines:
        start = lines.read(1 << 20).encode("latin-1")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = start[offset:40:2]  # of most letters, one byte of two is zero
        if half.count(b"\0") * 2 > len(half):
            return name
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _delimiter(path: Path, encoding: str) -> str:
    """Take the one that cuts the first lines into the most columns, alike in most lines."""
    with Written(path, encoding=encoding).lines() as lines:
        text = list(islice(lines, LINES))

    def cuts(delimiter: str) -> tuple[float, int]:
        widths = Counter(len(row) for row in csv.reader(text, delimiter=delimiter) if row)
        [(width, often)] = widths.most_common(1) or [(0, 0)]
        return (often / max(sum(widths.values()), 1) if width > 1 else 0.0), width

    return max(DELIMITERS, key=cuts)

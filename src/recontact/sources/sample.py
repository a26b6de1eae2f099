"""The first rows of any export, its encoding and delimiter found out by looking."""

import csv
import zipfile
import zlib
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from recontact.errors import UserError
from recontact.sources.csv_files import Written, header
from recontact.sources.files import is_parquet, parquet_batches, unreadable
from recontact.sources.json_files import JsonBatch, flat, is_json, map_records
from recontact.sources.parse import as_text
from recontact.sources.sniff import form_of

ROWS = 2_000
PAGES = (
    "conversations",
    "events",
    "records",
    "tickets",
)  # where vendors keep the records of a page
NO_COLUMNS = "commas, semicolons, tabs or bars do not cut its lines into columns, alike in most"
AS_TABLE = "give an export as CSV, Parquet or JSON, its columns named in the first line"


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
    except UnicodeError as error:
        raise UserError(f"{path} is no table: it is not text", AS_TABLE) from error
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, csv.Error) as error:
        raise unreadable(path, error) from error


def _of_csv(path: Path) -> Sample:
    form = form_of(path)
    if form.above:
        told = f"{path} begins with a title, {form.title!r}, not with the names of its columns"
        raise UserError(told, form.mend(path))
    written = Written(path, form.delimiter, form.encoding)
    names = header(written)
    with written.lines() as lines:
        records = list(islice(written.records(lines, len(names)), 1, ROWS + 1))
    rows = [record.values for record in records if record.values is not None]
    if len(names) == 1 or len(rows) * 2 < len(records):
        raise UserError(f"{path} is no table: {NO_COLUMNS}", AS_TABLE)
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    table = pa.table(
        {name: pa.array(values, pa.string()) for name, values in zip(names, columns, strict=True)}
    )
    return _of_table(table)._replace(delimiter=form.delimiter, encoding=form.encoding)


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

"""Rows of CSV files as they stand, in batches: quickly where nothing is wrong, else carefully."""

import gzip
import json
import zipfile
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from shlex import quote
from typing import IO, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from recontact.errors import UserError
from recontact.sources.records import LONGEST, Records

BATCH = 1 << 18
BLOCK = 1 << 23
OTHER_ENCODINGS = (b"\xff\xfe", b"\xfe\xff")
AS_UTF8 = "save it as CSV in UTF-8"
OTHER_FORMS = {b"PK\x03\x04": "a zip file or a workbook (.xlsx)", b"\x1f\x8b": "packed with gzip"}


class Broken(NamedTuple):
    """A line of a CSV file that is no row of its table."""

    number: int
    reason: str
    raw: str


class Batch(NamedTuple):
    """Some rows of one file, with their numbers (data rows of the file, from 1)."""

    rows: pa.Table
    numbers: npt.NDArray[np.int64]
    broken: list[Broken]


def draft_of(path: Path) -> str:
    """Give the command that drafts a mapping file for a file."""
    return f"recontact import --suggest {quote(str(path))} --out mapping.yaml"


def name_encoding(path: Path) -> str:
    """Say how to go on with a file whose encoding is not told."""
    named = f"draft a mapping file that names it, as encoding: cp1252, with {draft_of(path)}"
    return f"{named}; or {AS_UTF8}"


class Written(NamedTuple):
    """A CSV file and how it is written."""

    path: Path
    delimiter: str = ","
    encoding: str = "utf-8"

    def lines(self) -> TextIOWrapper:
        """Open as text; bytes that are none become lone surrogates, for `Records` to tell."""
        encoding = "utf-8-sig" if self.encoding == "utf-8" else self.encoding
        return TextIOWrapper(
            _open(self.path), encoding=encoding, errors="surrogateescape", newline=""
        )

    def records(self, lines: TextIOWrapper, columns: int | None = None) -> Records:
        """Give the records of the opened file."""
        return Records(lines, columns, self.delimiter)


def distinct_names(path: Path, names: list[str]) -> None:
    """Refuse two columns of one name.

    Raises
    ------
    UserError
        Names the file and the column.
    """
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"{path} has two columns named '{twice[0]}'", "rename one of them")


def _open(path: Path) -> IO[bytes]:
    """Open a CSV file, or the one inside a zip or gzip file."""
    if path.suffix.lower() == ".gz":
        return cast("IO[bytes]", gzip.open(path))
    if path.suffix.lower() != ".zip":
        return path.open("rb")
    with zipfile.ZipFile(path) as archive:
        inside = [name for name in archive.namelist() if name.lower().endswith(".csv")]
        if len(inside) != 1:
            raise UserError(f"{path} holds {len(inside)} CSV files, not one", "unzip it first")
        try:
            return archive.open(inside[0])
        except (RuntimeError, NotImplementedError) as error:  # locked, or packed in some rare way
            raise UserError(f"{path} can't be unpacked: {error}", "unzip it first") from error


def header(written: Written) -> list[str]:
    """Read the names of the columns.

    Raises
    ------
    UserError
        There are none, or two are the same.
    """
    path = written.path
    _check_form(written)
    with written.lines() as lines:
        first = next(iter(written.records(lines)), None)
    if first is None:
        raise UserError(f"{path} is empty", "give a file with a header row")
    if first.values is None:
        raise UserError(f"{path}: the header row is broken: {first.reason}", name_encoding(path))
    if "\0" in "".join(first.values):
        mend = f"if it is UTF-16, say encoding: utf-16-le in a mapping file, or {AS_UTF8}"
        raise UserError(f"{path}: the header row is broken: it holds NUL characters", mend)
    names = [name.strip() or f"column_{i}" for i, name in enumerate(first.values, start=1)]
    distinct_names(path, names)
    return names


def _check_form(written: Written) -> None:
    """Refuse what is no text, or text of another encoding than is said."""
    path = written.path
    with _open(path) as file:
        start = file.read(4)
    other = next((form for sign, form in OTHER_FORMS.items() if start.startswith(sign)), None)
    if other:
        raise UserError(f"{path} is {other}, not CSV", "unpack it, or export it as CSV in UTF-8")
    if start[:2] in OTHER_ENCODINGS and written.encoding == "utf-8":
        name = "UTF-32" if start[2:] == b"\0\0" else "UTF-16"
        mend = f"say encoding: {name.lower()} in a mapping file (--mapping m.yaml), or {AS_UTF8}"
        raise UserError(f"{path} is in {name}, not UTF-8", mend)


def quick_batches(written: Written, names: list[str]) -> Iterator[Batch]:
    """Read a file without faults; anything unusual raises ArrowInvalid or UnicodeError."""
    text = {f"f{i}": pa.string() for i in range(len(names))}
    read = -1  # the header comes as a row
    for block in _blocks(written):
        table = pyarrow.csv.read_csv(
            pa.BufferReader(block),
            pyarrow.csv.ReadOptions(block_size=block.size, column_names=list(text)),
            pyarrow.csv.ParseOptions(delimiter=written.delimiter, newlines_in_values=True),
            pyarrow.csv.ConvertOptions(column_types=text),
        )
        if any(map(_unusual, table.columns)):
            raise pa.ArrowInvalid("a quote may be open: read line by line")
        rows = table.rename_columns(names).slice(1 if read < 0 else 0)
        read = max(read, 0)
        yield Batch(rows, np.arange(read + 1, read + len(rows) + 1, dtype=np.int64), [])
        read += len(rows)


def _blocks(written: Written) -> Iterator[pa.Buffer]:
    """Cut a file behind ends of lines, into memory of Arrow's own.

    Arrow reads ahead in its own threads. Were it a file of Python that they read, one of them
    might still ask for more while the interpreter ends, which aborts the process.
    """
    rest = b""
    with written.lines() as lines:
        while text := lines.read(BLOCK):
            whole, end, rest = (rest + text.encode()).rpartition(b"\n")
            if end:
                yield _outside(whole + end)
            elif len(rest) > BLOCK:
                raise pa.ArrowInvalid("a line of more than a block: read line by line")
    if rest.count(b'"') % 2:  # as in a file cut off
        raise pa.ArrowInvalid("the last quote is open")
    if rest:
        yield _outside(rest)


def _outside(block: bytes) -> pa.Buffer:
    """Copy bytes out of what the interpreter owns."""
    copied = pa.BufferOutputStream()
    copied.write(block)
    return copied.getvalue()


def _unusual(column: pa.ChunkedArray) -> bool:
    """Tell whether a value goes over several lines or is very long."""
    over_lines = pc.any(pc.match_substring_regex(column, "[\r\n]")).as_py()
    return over_lines or (pc.max(pc.binary_length(column)).as_py() or 0) > LONGEST


def careful_batches(written: Written, names: list[str]) -> Iterator[Batch]:
    """Read a file line by line, keeping broken lines apart."""
    with written.lines() as lines:
        records = iter(written.records(lines, len(names)))
        next(records)
        number = 0
        while True:
            numbers: list[int] = []
            values: list[list[str]] = []
            broken: list[Broken] = []
            for record in records:
                number += 1
                if record.values is None:
                    raw = json.dumps(record.text, ensure_ascii=False)
                    broken.append(Broken(number, record.reason, raw))
                else:
                    numbers.append(number)
                    values.append(record.values)
                if len(values) == BATCH or len(broken) == BATCH:
                    break
            columns = zip(*values, strict=True) if values else [()] * len(names)
            arrays = [pa.array(column, pa.string()) for column in columns]
            yield Batch(
                pa.table(dict(zip(names, arrays, strict=True))), np.array(numbers, np.int64), broken
            )
            if len(values) < BATCH and len(broken) < BATCH:
                return

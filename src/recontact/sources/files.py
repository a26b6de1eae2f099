"""Rows of CSV and Parquet files as they stand, in batches, each with its row number."""

import json
import zipfile
from collections.abc import Callable, Iterator
from io import SEEK_END, TextIOWrapper
from pathlib import Path
from typing import IO, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from recontact.errors import UserError
from recontact.sources.records import LONGEST, Records

T = TypeVar("T")
BATCH = 1 << 18
BLOCK = 1 << 23
OTHER_ENCODINGS = (b"\xff\xfe", b"\xfe\xff")
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
AS_UTF8 = "save it as CSV in UTF-8"


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


def map_batches(path: Path, function: Callable[[Batch], T]) -> list[T]:
    r"""Apply a function to all rows of a file, some at a time.

    Parameters
    ----------
    path : pathlib.Path
        A Parquet file, a CSV file in UTF-8, or a zip file that holds one CSV file.
    function : callable
        Takes a `Batch`. Texts of a CSV file come as they are written there.

    Returns
    -------
    list
        What the function gave, in the file's order; for a file without rows, one batch without.

    Raises
    ------
    UserError
        The file is missing or can't be read at all.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = path.write_text("contact_id,queue\n1,north\n2\n3,south\n")
    >>> [batch] = map_batches(path, lambda batch: batch)
    >>> batch.rows["contact_id"].to_pylist(), batch.numbers.tolist(), batch.broken[0].reason
    (['1', '3'], [1, 3], '1 value in a table of 2 columns')
    """
    try:
        if is_parquet(path):
            return [function(batch) for batch in parquet_batches(path)]
        names = _header(path)
        try:
            return [function(batch) for batch in _quick(path, names)]
        except pa.ArrowInvalid:  # some row is broken: find out which
            return [function(batch) for batch in _careful(path, names)]
    except (OSError, zipfile.BadZipFile) as error:
        raise unreadable(path, error) from error


def is_parquet(path: Path) -> bool:
    """Tell whether a file is Parquet, by its suffix or else its first bytes."""
    if path.suffix.lower() == ".parquet":
        return True
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def unreadable(path: Path, error: Exception) -> UserError:
    """Say that a file can't be read, in one line."""
    if isinstance(error, FileNotFoundError):
        return UserError(f"{path}: no such file", "check the path")
    why = str(error).splitlines()[0] if str(error) else type(error).__name__
    return UserError(
        f"{path} can't be read: {why}", "check that the file is whole, or export it again"
    )


def require(path: Path, names: list[str], required: tuple[str, ...], mend: str) -> None:
    """Refuse a file that lacks a required column.

    Raises
    ------
    UserError
        Names file, column and the mend.
    """
    missing = [name for name in required if name not in names]
    if not missing:
        return
    if len(names) == 1:
        used = next((word for sign, word in SEPARATORS.items() if sign in names[0]), None)
        mend = f"its values are separated by {used}: {AS_UTF8}, with commas" if used else mend
    have = ", ".join(names[:20])
    raise UserError(f"{path} has no column '{missing[0]}' (it has: {have})", mend)


def row_groups(path: Path) -> list[int]:
    """Count the rows of each row group of a Parquet file.

    Raises
    ------
    UserError
        The file can't be read.
    """
    try:
        whole = pq.ParquetFile(path).metadata
        return [whole.row_group(k).num_rows for k in range(whole.num_row_groups)]
    except (OSError, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise unreadable(path, error) from error


def parquet_batches(path: Path, group: int | None = None, before: int = 0) -> Iterator[Batch]:
    """Read a Parquet file, or one of its row groups before which so many rows lie.

    Raises
    ------
    UserError
        The file can't be read.
    """
    try:
        file = pq.ParquetFile(path)
        _distinct(path, file.schema_arrow.names)
        read = before
        empty = pa.RecordBatch.from_pylist([], schema=file.schema_arrow)
        groups = None if group is None else [group]
        batches = file.iter_batches(BATCH, row_groups=groups)
        for batch in batches if file.metadata.num_rows else [empty]:
            numbers = np.arange(read + 1, read + batch.num_rows + 1, dtype=np.int64)
            yield Batch(pa.Table.from_batches([batch]), numbers, [])
            read += batch.num_rows
    except (OSError, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise unreadable(path, error) from error


def _open(path: Path) -> IO[bytes]:
    """Open a CSV file, or the one inside a zip file."""
    if path.suffix.lower() != ".zip":
        return path.open("rb")
    with zipfile.ZipFile(path) as archive:
        inside = [name for name in archive.namelist() if name.lower().endswith(".csv")]
        if len(inside) != 1:
            raise UserError(f"{path} holds {len(inside)} CSV files, not one", "unzip it first")
        return archive.open(inside[0])


def _header(path: Path) -> list[str]:
    with _open(path) as file:
        if file.read(2) in OTHER_ENCODINGS:
            raise UserError(f"{path} is in UTF-16, not UTF-8", AS_UTF8)
    with _lines(path) as lines:
        first = next(iter(Records(lines)), None)
    if first is None:
        raise UserError(f"{path} is empty", "give a file with a header row")
    if first.values is None:
        raise UserError(f"{path}: the header row is broken: {first.reason}", AS_UTF8)
    names = [name.strip() or f"column_{i}" for i, name in enumerate(first.values, start=1)]
    _distinct(path, names)
    return names


def _distinct(path: Path, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"{path} has two columns named '{twice[0]}'", "rename one of them")


def _lines(path: Path) -> TextIOWrapper:
    """Open as text; bytes that are none become lone surrogates, for `Records` to tell."""
    return TextIOWrapper(_open(path), encoding="utf-8-sig", errors="surrogateescape", newline="")


def _quick(path: Path, names: list[str]) -> Iterator[Batch]:
    """Read a file without faults; anything unusual raises ArrowInvalid."""
    text = {f"f{i}": pa.string() for i in range(len(names))}
    with _open(path) as file:
        if _ends_in_quotes(file):
            raise pa.ArrowInvalid("the last quote is open")
        reader = pyarrow.csv.open_csv(
            file,
            pyarrow.csv.ReadOptions(block_size=BLOCK, column_names=list(text)),
            pyarrow.csv.ParseOptions(newlines_in_values=True),
            pyarrow.csv.ConvertOptions(column_types=text),
        )
        read = -1  # the header comes as a row
        for batch in reader:
            if any(pc.any(pc.match_substring_regex(c, "[\r\n]")).as_py() for c in batch.columns):
                raise pa.ArrowInvalid("a quote may be open: read line by line")
            rows = pa.Table.from_batches([batch.rename_columns(names)])
            rows = rows.slice(1) if read < 0 else rows
            read = max(read, 0)
            yield Batch(rows, np.arange(read + 1, read + len(rows) + 1, dtype=np.int64), [])
            read += len(rows)


def _ends_in_quotes(file: IO[bytes]) -> bool:
    """Tell whether the last line opens a quote and does not close it, as in a file cut off."""
    size = file.seek(0, SEEK_END)
    file.seek(max(0, size - LONGEST))
    last = file.read().rpartition(b"\n")[2]
    file.seek(0)
    return last.count(b'"') % 2 == 1


def _careful(path: Path, names: list[str]) -> Iterator[Batch]:
    """Read a file line by line, keeping broken lines apart."""
    with _lines(path) as lines:
        records = iter(Records(lines, len(names)))
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

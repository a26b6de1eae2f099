"""Rows of CSV and Parquet files as they stand, in batches, each with its row number."""

import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recontact.errors import UserError, did_you_mean
from recontact.sources.csv_files import (
    BATCH,
    OTHER_ENCODINGS,
    Batch,
    Broken,
    Written,
    careful_batches,
    distinct_names,
    draft_of,
    header,
    name_encoding,
    quick_batches,
)
from recontact.sources.ours import table_of_ours
from recontact.sources.sniff import title_mend

__all__ = [
    "OTHER_ENCODINGS",
    "Batch",
    "Broken",
    "draft_of",
    "is_parquet",
    "map_batches",
    "naming",
    "no_column",
    "parquet_batches",
    "require",
    "row_groups",
    "schema_of",
    "unreadable",
]

T = TypeVar("T")
MAGIC = b"PAR1"
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}


def map_batches(
    path: Path, function: Callable[[Batch], T], delimiter: str = ",", encoding: str = "utf-8"
) -> list[T]:
    r"""Apply a function to all rows of a file, some at a time.

    Parameters
    ----------
    path : pathlib.Path
        A Parquet file, a CSV file (perhaps packed: ``.gz``), or a zip file that holds one.
    function : callable
        Takes a `Batch`. Texts of a CSV file come as they are written there.
    delimiter, encoding : str
        How a CSV file is written.

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
    with _reading(path, encoding):
        if is_parquet(path):
            return [function(batch) for batch in parquet_batches(path)]
        written = Written(path, delimiter, encoding)
        names = header(written)
        try:
            return [function(batch) for batch in quick_batches(written, names)]
        except (pa.ArrowInvalid, UnicodeError):  # some row is broken: find out which
            return [function(batch) for batch in careful_batches(written, names)]


def schema_of(path: Path) -> pa.Schema:
    r"""Give the columns of a file; those of CSV are text.

    Raises
    ------
    UserError
        The file is missing or can't be read at all.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = path.write_text("contact_id,queue\n1,north\n")
    >>> schema_of(path).names
    ['contact_id', 'queue']
    """
    with _reading(path, "utf-8"):
        if not is_parquet(path):
            return pa.schema([(name, pa.string()) for name in header(Written(path))])
        try:
            schema = open_parquet(path).schema_arrow
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise unreadable(path, error) from error
        distinct_names(path, schema.names)
        return schema


@contextmanager
def _reading(path: Path, encoding: str) -> Iterator[None]:
    """Say of what goes wrong while a file is read which file it is."""
    try:
        yield
    except UserError as error:
        raise naming(path, error) from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not text in {encoding}", name_encoding(path)) from error
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise unreadable(path, error) from error


def is_parquet(path: Path) -> bool:
    """Tell whether a file is Parquet, by its suffix or else its first bytes."""
    if path.suffix.lower() == ".parquet":
        return True
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def unreadable(path: Path, error: Exception) -> UserError:
    """Say that a file can't be read, in one line."""
    if isinstance(error, FileNotFoundError):
        return UserError(f"{path}: no such file", "check the path")
    why = str(error).splitlines()[0] if str(error) else type(error).__name__
    return UserError(
        f"{path} can't be read: {why}", "check that the file is whole, or export it again"
    )


def naming(path: Path, error: UserError) -> UserError:
    """Name the file in an error that does not."""
    return error if str(path) in error.what else UserError(f"{path}: {error.what}", error.mend)


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
    raise no_column(path, missing[0], names, mend)


def no_column(path: Path, name: str, names: list[str], mend: str) -> UserError:
    """Say that a file lacks a column; where it is another table or has another form, mend that.

    Examples
    --------
    >>> print(no_column(Path("a.csv"), "ended_at", ["contact_id;started_at;ended_at"], ""))
    a.csv has no column 'ended_at' (it has: contact_id;started_at;ended_at)
      mend: its values are separated by semicolons: say delimiter: ";" in a mapping file, of which recontact import --suggest a.csv --out mapping.yaml writes a draft
    >>> print(no_column(Path("f.csv"), "ended_at", ["contact_id", "moment", "at"], ""))
    f.csv has no column 'ended_at': it is a features table
      mend: give the contacts table in its place
    """  # noqa: E501 - as it is printed
    other = table_of_ours(path, names)
    if other:
        return UserError(f"{path} has no column '{name}': it is {other[0]}", other[1])
    form = _other_delimiter(path, names) or title_mend(path)
    have = ", ".join(names[:20])
    mend = form or did_you_mean(name, names) + mend
    return UserError(f"{path} has no column '{name}' (it has: {have})", mend)


def _other_delimiter(path: Path, names: list[str]) -> str | None:
    together = "".join(names)
    sign = max(SEPARATORS, key=together.count)
    if together.count(sign) < len(names):
        return None
    shown = "\\t" if sign == "\t" else sign
    used = f"its values are separated by {SEPARATORS[sign]}"
    said = f'{used}: say delimiter: "{shown}" in a mapping file'
    return f"{said}, of which {draft_of(path)} writes a draft"


def row_groups(path: Path) -> list[int]:
    """Count the rows of each row group of a Parquet file.

    Raises
    ------
    UserError
        The file can't be read.
    """
    try:
        whole = open_parquet(path).metadata
        return [whole.row_group(k).num_rows for k in range(whole.num_row_groups)]
    except (OSError, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise unreadable(path, error) from error


def open_parquet(path: Path) -> pq.ParquetFile:
    """Open a Parquet file; its footer is read once, however many row groups are asked for.

    Raises
    ------
    OSError, pyarrow.ArrowInvalid
        The file can't be read.
    """
    _check_start(path)
    told = path.stat()
    footer = _footer(path, told.st_size, told.st_mtime_ns)
    return pq.ParquetFile(path, metadata=footer, page_checksum_verification=True)


@lru_cache(maxsize=64)
def _footer(path: Path, size: int, changed: int) -> pq.FileMetaData:  # noqa: ARG001 - a file changes
    return pq.ParquetFile(path).metadata


def _check_start(path: Path) -> None:
    """Refuse what does not begin as Parquet: the reader looks at the end only."""
    with path.open("rb") as file:
        start = file.read(len(MAGIC))
    if len(start) == len(MAGIC) and start != MAGIC:
        raise pa.ArrowInvalid("it is no Parquet file: it begins otherwise")


def parquet_batches(
    path: Path, group: int | None = None, before: int = 0, columns: Sequence[str] | None = None
) -> Iterator[Batch]:
    """Read a Parquet file, or one of its row groups before which so many rows lie.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    group : int, optional
        One of its row groups; all by default.
    before : int
        How many rows lie before what is read.
    columns : sequence of str, optional
        The columns to read where they are there; all by default.

    Raises
    ------
    UserError
        The file can't be read.
    """
    try:
        file = open_parquet(path)
        distinct_names(path, file.schema_arrow.names)
        read = before
        names = [n for n in file.schema_arrow.names if columns is None or n in columns]
        empty = pa.RecordBatch.from_pylist([], schema=file.schema_arrow).select(names)
        groups = None if group is None else [group]
        batches = file.iter_batches(BATCH, row_groups=groups, columns=columns and names)
        for batch in batches if file.metadata.num_rows else [empty]:
            numbers = np.arange(read + 1, read + batch.num_rows + 1, dtype=np.int64)
            yield Batch(pa.Table.from_batches([batch]), numbers, [])
            read += batch.num_rows
    except (OSError, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise unreadable(path, error) from error

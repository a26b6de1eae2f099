"""Files that appear whole or not at all."""

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from recontact.errors import UserError
from recontact.tables import SUFFIXES

DICTIONARY = 1 << 16  # bytes: of numbers that all differ, a larger one only takes time and room


def refuse_input(out: Path, files: Iterable[Path]) -> None:
    """Refuse an output that would take the place of one of the inputs.

    Raises
    ------
    UserError
        Names the file.

    Examples
    --------
    >>> refuse_input(Path("a/../b.parquet"), [Path("a.parquet")])
    >>> refuse_input(Path("a/../a.parquet"), [Path("a.parquet")])
    Traceback (most recent call last):
    recontact.errors.UserError: a/../a.parquet is one of the inputs, which would be lost
      mend: name another output
    """
    if out.resolve() in {file.resolve() for file in files}:
        raise UserError(f"{out} is one of the inputs, which would be lost", "name another output")


def check_suffix(target: Path) -> None:
    """Refuse a file of which the suffix does not tell what it will be.

    Raises
    ------
    UserError
        Names the file.
    """
    if target.suffix.lower() not in SUFFIXES:
        raise UserError(f"{target}: neither .parquet nor .csv", "name the output so")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to that takes the place of `path` once all is written.

    A run that ends early leaves `path` as it was.

    Raises
    ------
    UserError
        The file can't be written.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "new" / "a.txt"
    >>> with replacing(path) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> path.read_text(), len(list(path.parent.iterdir()))
    ('whole', 1)
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        why = error.strerror or str(error)
        raise UserError(f"{path} can't be written: {why}", "choose another place") from error
    finally:
        with suppress(OSError):  # there is none, or no way to it
            temporary.unlink()


def write_table(table: pa.Table, path: str | os.PathLike[str]) -> None:
    """Write a table whole or not at all.

    Parameters
    ----------
    table : pyarrow.Table
        What to write; its metadata stay in Parquet only.
    path : path
        ``.parquet`` (zstd) or ``.csv``; the folder is made where it is missing.

    Raises
    ------
    UserError
        Another suffix, a column that CSV can't hold, or a place that can't be written.

    Examples
    --------
    >>> import tempfile
    >>> from recontact.tables import read_table
    >>> path = Path(tempfile.mkdtemp()) / "labels.parquet"
    >>> write_table(pa.table({"contact_id": ["1"]}), path)
    >>> read_table(path).to_pylist()
    [{'contact_id': '1'}]
    """
    target = Path(path)
    with writing(target, table.schema) as write:
        write(table)


@contextmanager
def writing(target: Path, schema: pa.Schema) -> Iterator[Callable[[pa.Table], None]]:
    r"""Give a function that adds rows to a file, which appears whole or not at all.

    Parameters
    ----------
    target : pathlib.Path
        ``.parquet`` (zstd) or ``.csv``.
    schema : pyarrow.Schema
        Of all rows; its metadata stay in Parquet only.

    Raises
    ------
    UserError
        As of `write_table`.

    Examples
    --------
    >>> import tempfile
    >>> rows = pa.table({"contact_id": ["1"]})
    >>> path = Path(tempfile.mkdtemp()) / "labels.csv"
    >>> with writing(path, rows.schema) as write:
    ...     write(rows)
    ...     write(rows)
    >>> path.read_text()
    '"contact_id"\n"1"\n"1"\n'
    """
    check_suffix(target)
    with replacing(target) as temporary:
        if target.suffix.lower() == ".parquet":
            with pq.ParquetWriter(
                temporary, schema, compression="zstd", dictionary_pagesize_limit=DICTIONARY
            ) as parquet:
                yield parquet.write_table
            return
        try:
            with pyarrow.csv.CSVWriter(temporary, schema) as text:
                yield text.write_table
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise UserError(f"{target}: {error}", "write it as .parquet") from error

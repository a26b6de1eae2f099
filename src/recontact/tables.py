"""Tables in and out: contacts as a clean table, any table by name, files written all or not."""

import glob
import os
import secrets
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from recontact.contacts import IMPORT, REQUIRED, canonical
from recontact.errors import UserError
from recontact.history import codes
from recontact.sources.files import Batch, is_parquet, map_batches, naming, require, unreadable
from recontact.sources.mapping import IN_MAPPING
from recontact.sources.parse import parse

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
SUFFIXES = (".csv", ".parquet")
BESIDE = (".rejects", ".events")  # tables that an import writes beside the contacts
KEYS = {
    "contact_id": "is there more than once",
    "interaction_id": "is shared by legs that are not merged",
}
NAMED = 3  # how many bad rows an error names


def expand(paths: Paths, suffixes: tuple[str, ...] = SUFFIXES) -> list[Path]:
    """List the files that paths, globs and folders stand for.

    Parameters
    ----------
    paths : path or iterable of paths
        Files, globs, or folders. In folders and globs, hidden files are passed over, and what an
        import writes beside the contacts: rejects and events tables (``*.rejects.*``,
        ``*.events.*``), unless a glob names them.
    suffixes : tuple of str
        Which files of a folder are taken.

    Returns
    -------
    list of pathlib.Path
        In the order given; the files of a folder or glob by name.

    Raises
    ------
    UserError
        A path or glob leads to no file.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("b.csv", "a.parquet", "a.rejects.parquet", "a.events.parquet"):
    ...     (folder / name).touch()
    >>> [path.name for path in expand(folder)]
    ['a.parquet', 'b.csv']
    """
    given = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    return [file for path in given for file in _files(Path(path), suffixes)]


def _files(path: Path, suffixes: tuple[str, ...]) -> list[Path]:
    if path.is_dir():
        found = [f for f in path.iterdir() if f.suffix.lower() in suffixes and f.is_file()]
        named = f"{', '.join(suffixes[:-1])} or {suffixes[-1]}"
        return _chosen(path, found, f"{path} holds no {named} file")
    if path.exists():
        return [path]
    if glob.has_magic(str(path)):
        matched = [Path(name) for name in glob.glob(str(path), recursive=True)]
        return _chosen(path, [f for f in matched if f.is_file()], f"{path} matches no file")
    raise UserError(f"{path}: no such file", "check the path")


def _chosen(path: Path, files: list[Path], none: str) -> list[Path]:
    beside = {mark for mark in BESIDE if mark not in path.name}
    chosen = [f for f in files if not beside & set(f.suffixes) and not f.name.startswith(".")]
    if not chosen:
        raise UserError(none, "check the path")
    return sorted(chosen)


def read_contacts(paths: Paths) -> pa.Table:
    r"""Read a clean contacts table.

    Parameters
    ----------
    paths : path or iterable of paths
        Files, globs or folders of Parquet or CSV. Several files are one table; a column that
        one of them lacks is null there.

    Returns
    -------
    pyarrow.Table
        All columns of the contacts table, typed, then any others. Metadata of the first file.

    Raises
    ------
    UserError
        A file can't be read or lacks a required column, there is no contact in them, or a row is
        bad: the first such rows are named.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "contacts.csv"
    >>> _ = path.write_text("contact_id,started_at,ended_at\n1,2026-01-02,2026-01-01\n")
    >>> read_contacts(path)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    recontact.errors.UserError: ...contacts.csv, row 1 (contact_id '1'): ended_at before started_at
      mend: clean it with: recontact import contacts FILE --out contacts.parquet
    """
    files = expand(paths)
    tables = [_clean(path) for path in files]
    contacts = stack(tables, files)
    if not len(contacts):
        raise nothing_in(files)
    refuse_repeated(files, [len(table) for table in tables], contacts)
    return canonical(contacts)


def nothing_in(files: list[Path]) -> UserError:
    """Say that files hold no contact."""
    return UserError(f"no contacts in {_list(files)}", "give a table with at least one row")


def refuse_repeated(files: list[Path], sizes: list[int], keys: pa.Table) -> None:
    """Refuse contacts of one id, and legs that are not merged; name the first such rows.

    Parameters
    ----------
    files : list of pathlib.Path
        The files, as many rows of each as `sizes` tells.
    keys : pyarrow.Table
        All their rows, with `contact_id` and `interaction_id` at least.

    Raises
    ------
    UserError
        A value is there twice.
    """
    for name in KEYS:
        rows = repeated(keys[name])
        if len(rows):
            value = keys[name][int(rows[0])].as_py()
            raise not_once(files, sizes, name, value, rows.tolist())


def not_once(
    files: list[Path], sizes: list[int], name: str, value: str, rows: list[int]
) -> UserError:
    """Say of a key which rows hold the same value; they are counted from 0 over all files."""
    ends = [int(end) for end in np.cumsum(sizes)]
    where = ", ".join(_place(row, ends, files) for row in rows[:NAMED])
    return UserError(f"{name} {value!r} {KEYS[name]}: {where}", IMPORT)


def read_table(paths: Paths) -> pa.Table:
    """Read any other table (labels, events, features, scores) as it stands.

    Parameters
    ----------
    paths : path or iterable of paths
        Files, globs or folders of Parquet or CSV, put together by column name. In CSV, columns
        named ``*_id`` are text, the others what their values look like.

    Returns
    -------
    pyarrow.Table
        Metadata of the first file.

    Raises
    ------
    UserError
        A file is missing or can't be read.
    """
    files = expand(paths)
    return stack([_any(path) for path in files], files)


def stack(tables: list[pa.Table], files: list[Path]) -> pa.Table:
    """Put tables together by column name; one that holds text somewhere is text everywhere.

    So is one that holds truth values in one table and numbers in another.
    """
    kinds: dict[str, list[pa.DataType]] = {}
    for field in (field for table in tables for field in table.schema):
        kinds.setdefault(field.name, []).append(field.type)
    mixed = {name: set(types) for name, types in kinds.items() if len(set(types) - {pa.null()}) > 1}
    text = {name for name, types in mixed.items() if types & {pa.string(), pa.bool_()}}
    try:
        as_text = [_with_text(table, text) for table in tables]
        whole = pa.concat_tables(as_text, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise UserError(
            f"{_list(files)} don't fit together: {error}", "give that column one type everywhere"
        ) from error
    return whole.replace_schema_metadata(_own(tables[0].schema.metadata))


def _with_text(table: pa.Table, names: set[str]) -> pa.Table:
    for i, name in enumerate(table.column_names):
        if name in names:
            table = table.set_column(i, name, table[name].cast(pa.string()))
    return table


def _own(metadata: dict[bytes, bytes] | None) -> dict[bytes, bytes] | None:
    """Keep what recontact wrote; what pandas noted about an index no longer holds."""
    return {k: v for k, v in (metadata or {}).items() if k.startswith(b"recontact.")} or None


def _any(path: Path) -> pa.Table:
    try:
        if is_parquet(path):
            return pq.read_table(path, partitioning=None)
        names = pyarrow.csv.open_csv(path).schema.names
        types = {name: pa.string() for name in names if name.endswith("_id")}
        options = pyarrow.csv.ConvertOptions(column_types=types, strings_can_be_null=True)
        return pyarrow.csv.read_csv(path, convert_options=options)
    except (OSError, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise unreadable(path, error) from error


def _clean(path: Path) -> pa.Table:
    """Read one file of contacts; name its first bad rows if there are any."""
    tables = map_batches(path, lambda batch: clean_rows(path, batch))
    return pa.concat_tables(tables)


def clean_rows(path: Path, batch: Batch) -> pa.Table:
    """Type some rows of a file of contacts; name the first bad ones if there are any.

    Raises
    ------
    UserError
        A required column is not there, or a row is bad.
    """
    require(path, batch.rows.column_names, REQUIRED, IN_MAPPING)
    try:
        table, wrong = parse(batch.rows, trim=not is_parquet(path))
    except UserError as error:
        raise naming(path, error) from error
    bad = np.flatnonzero(pc.is_valid(wrong).to_numpy())[:NAMED]
    ids = table["contact_id"].take(pa.array(bad)).to_pylist()
    said = [(b.number, f"row {b.number}: {b.reason}") for b in batch.broken[:NAMED]]
    for i, contact_id in zip(bad, ids, strict=True):
        number = int(batch.numbers[i])
        said.append((number, f"row {number} (contact_id {contact_id!r}): {wrong[int(i)]}"))
    if said:
        first = "; ".join(text for _, text in sorted(said)[:NAMED])
        raise UserError(f"{path}, {first}", IMPORT)
    return table.replace_schema_metadata(batch.rows.schema.metadata)


def repeated(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Give the rows of the first value that comes more than once, none where all differ.

    Examples
    --------
    >>> repeated(pa.chunked_array([["a", None, "b", None, "b"]])).tolist()
    [2, 4]
    """
    known = column.drop_null()
    if pc.count_distinct(known).as_py() == len(known):
        return np.empty(0, np.int64)
    number = codes(column)
    often = np.bincount(number[number >= 0])
    first = number[np.flatnonzero((number >= 0) & (often[number] > 1))[0]]
    return np.flatnonzero(number == first)


def _place(row: int, ends: list[int], files: list[Path]) -> str:
    """Name file and row number of a row of the stacked table."""
    which = bisect_right(ends, row)
    return f"{files[which]} row {row + 1 - (ends[which - 1] if which else 0)}"


def _list(files: list[Path]) -> str:
    more = f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
    return ", ".join(map(str, files[:NAMED])) + more


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
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(f"{target}: neither .parquet nor .csv", "name the output so")
    with replacing(target) as temporary:
        if suffix == ".parquet":
            with pq.ParquetWriter(temporary, schema, compression="zstd") as parquet:
                yield parquet.write_table
            return
        try:
            with pyarrow.csv.CSVWriter(temporary, schema) as text:
                yield text.write_table
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise UserError(f"{target}: {error}", "write it as .parquet") from error

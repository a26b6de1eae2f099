"""Contacts as a clean table: what is not clean is named by file and row."""

from bisect import bisect_right
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import IMPORT, REQUIRED, canonical
from recontact.errors import UserError
from recontact.history import codes
from recontact.sources.files import Batch, is_parquet, map_batches, naming, require
from recontact.sources.mapping import in_mapping
from recontact.sources.parse import parse
from recontact.tables import NAMED, Paths, expand, listed, stack

KEYS = {
    "contact_id": "is there more than once",
    "interaction_id": "is shared by legs that are not merged",
}


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
    return UserError(f"no contacts in {listed(files)}", "give a table with at least one row")


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
    require(path, batch.rows.column_names, REQUIRED, in_mapping(path))
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

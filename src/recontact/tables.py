"""Tables of any kind, read from files, globs and folders."""

import glob
import os
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from recontact.errors import UserError
from recontact.sources.files import is_parquet, unreadable

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
SUFFIXES = (".csv", ".parquet")
BESIDE = (".rejects", ".events")  # tables that an import writes beside the contacts
NAMED = 3  # how many files or rows an error names


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
            f"{listed(files)} don't fit together: {error}", "give that column one type everywhere"
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


def typed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Take columns in their types, null where there are none.

    Examples
    --------
    >>> schema = pa.schema([("a", pa.string()), ("b", pa.int64())])
    >>> typed(pa.table({"a": [1]}), schema).to_pylist()
    [{'a': '1', 'b': None}]
    """
    there, size = set(table.column_names), len(table)
    columns = [
        table[f.name].cast(f.type) if f.name in there else pa.nulls(size, f.type) for f in schema
    ]
    return pa.table(columns, schema)


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


def listed(files: list[Path]) -> str:
    """Name some files in a line."""
    more = f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
    return ", ".join(map(str, files[:NAMED])) + more

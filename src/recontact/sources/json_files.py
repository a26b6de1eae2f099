"""Records of JSON files as they stand, in batches, each with its number.

Read are JSON lines, records one after another without line ends (as delivery streams leave them),
a JSON array, and objects (pages) that hold the array of records under a known key.
"""

import gc
import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.errors import UserError
from recontact.sources.fields import Record
from recontact.sources.files import OTHER_ENCODINGS, Broken, unreadable
from recontact.sources.json_values import read_values

T = TypeVar("T")
BATCH = 1 << 13  # records: as objects they take some ten times their text
SUFFIXES = (".json", ".jsonl", ".ndjson")
AS_JSON = "give JSON lines (one record a line) or a JSON array, in UTF-8"


class JsonBatch(NamedTuple):
    """Some records of one file, with their numbers (records of the file, from 1)."""

    records: list[Record]
    numbers: npt.NDArray[np.int64]
    broken: list[Broken]


def is_json(path: Path) -> bool:
    """Tell by its suffix whether a file is JSON, perhaps packed (``.gz``).

    Examples
    --------
    >>> [is_json(Path(name)) for name in ("a.jsonl", "a.json.gz", "a.csv")]
    [True, True, False]
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    return bool(suffixes) and suffixes[-1] in SUFFIXES


def map_records(
    path: Path, function: Callable[[JsonBatch], T], keys: tuple[str, ...] = ()
) -> list[T]:
    r"""Apply a function to all records of a JSON file, some at a time.

    Parameters
    ----------
    path : pathlib.Path
        A JSON file in UTF-8; packed with gzip if its name ends in ``.gz``. JSON lines take the
        memory of one batch, an array or a page that of the file.
    function : callable
        Takes a `JsonBatch`.
    keys : tuple of str
        Keys under which an object may hold the array of records, such as ``conversations``.

    Returns
    -------
    list
        What the function gave, in the file's order; for a file without records, one batch without.

    Raises
    ------
    UserError
        The file is missing or can't be read at all.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.jsonl"
    >>> _ = path.write_text('{"id": 1}\n{"id": 2, "id": 3}\n{"id": NaN}\n{"id": 4')
    >>> [batch] = map_records(path, lambda batch: batch)
    >>> batch.records, [(line.number, line.reason) for line in batch.broken]
    ... # doctest: +NORMALIZE_WHITESPACE
    ([{'id': 1}], [(2, "the key 'id' is there twice"), (3, 'NaN is no JSON number'),
     (4, 'cut off: the record does not end')])
    """
    try:
        with _open(path) as text, _uncollected():
            return [function(batch) for batch in _batches(_parts(path, text), keys)]
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from error


def flat(records: list[Record]) -> pa.Table:
    """Lay records out as a table, the keys inside objects joined by dots.

    Parameters
    ----------
    records : list of dict
        As read; keys that some of them lack are null there.

    Returns
    -------
    pyarrow.Table
        A column of truth values, whole numbers or numbers where all values are such, of text
        otherwise: lists and mixed values are written as JSON.

    Examples
    --------
    >>> table = flat([{"id": 7, "via": {"channel": "web"}}, {"id": 8, "tags": ["a"]}])
    >>> table.to_pylist()[1]
    {'id': 8, 'via.channel': None, 'tags': '["a"]'}
    """
    columns: dict[str, list[Any]] = {}
    for row, record in enumerate(records):
        for name, value in _flat(record, ""):
            values = columns.setdefault(name, [])
            values += [None] * (row - len(values))
            if len(values) == row:  # of a.b and a: {b} the first stays
                values.append(value)
    for values in columns.values():
        values.extend([None] * (len(records) - len(values)))
    return pa.table({name: column(values) for name, values in columns.items()})


def column(values: list[Any]) -> pa.Array:
    """Give values as a column of their type: truth values, numbers, else text.

    Examples
    --------
    >>> [str(column(values).type) for values in ([1, None], [1, 2.5], [1, "x"], [2**80])]
    ['int64', 'double', 'string', 'string']
    """
    kinds = set(map(type, values)) - {type(None)}
    if kinds in ({bool}, {float}, {float, int}):
        return pa.array(values, pa.bool_() if bool in kinds else pa.float64())
    if kinds == {int}:
        with suppress(OverflowError, pa.ArrowInvalid):
            return pa.array(values, pa.int64())
    return pa.array([_as_text(value) for value in values], pa.string())


def _as_text(value: Any) -> str | None:
    return (
        value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    )


def _flat(record: Record, prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the collector of cycles away: it would walk all records read again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _open(path: Path) -> TextIOWrapper:
    """Open as text; bytes that are none become lone surrogates."""
    packed = path.suffix.lower() == ".gz"
    file: Any = gzip.open(path) if packed else path.open("rb")  # noqa: SIM115 - the text closes it
    start = file.read(2)
    file.seek(0)
    if start in OTHER_ENCODINGS or b"\0" in start:
        file.close()
        raise UserError(f"{path} is in UTF-16, not UTF-8", AS_JSON)
    return TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape")


def _parts(path: Path, text: TextIOWrapper) -> Iterator[str]:
    """Cut the text into lines where they stand for themselves; else it is one part."""
    lines = (line for line in text if not line.isspace())
    first, second = next(lines, ""), next(lines, "")
    if _by_lines(first, second):
        return chain([first, second], lines)
    if first and first.lstrip()[0] not in "{[":
        raise UserError(f"{path} is no JSON: it begins with {first[:40]!r}", AS_JSON)
    return iter([first + second + text.read()])


def _by_lines(first: str, second: str) -> bool:
    if first.rstrip()[-1:] in ("[", "{", ",", ":"):
        return False
    return second.startswith("{") or not any(
        isinstance(value, Broken) for value in read_values(first, ())
    )


def _batches(parts: Iterator[str], keys: tuple[str, ...]) -> Iterator[JsonBatch]:
    values = (value for part in parts for value in read_values(part, keys))
    number = 0
    while True:
        batch = JsonBatch([], np.empty(0, np.int64), [])
        numbers: list[int] = []
        for value in values:
            number += 1
            if isinstance(value, Broken):
                batch.broken.append(value._replace(number=number))
            else:
                batch.records.append(value)
                numbers.append(number)
            if len(numbers) == BATCH or len(batch.broken) == BATCH:
                break
        yield batch._replace(numbers=np.array(numbers, np.int64))
        if len(numbers) < BATCH and len(batch.broken) < BATCH:
            return

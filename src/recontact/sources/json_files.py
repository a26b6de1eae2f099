"""Records of JSON files as they stand, in batches, each with its number.

Read are JSON lines, records one after another without line ends (as delivery streams leave them),
a JSON array, and objects (pages) that hold the array of records under a known key.
"""

import gc
import gzip
import json
import re
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeVar, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.errors import UserError
from recontact.sources.files import OTHER_ENCODINGS, Broken, unreadable

T = TypeVar("T")
Record = dict[str, Any]
BATCH = 1 << 13  # records: as objects they take some ten times their text
SUFFIXES = (".json", ".jsonl", ".ndjson")
AS_JSON = "give JSON lines (one record a line) or a JSON array, in UTF-8"
CUT_OFF = "cut off: the record does not end"
SPACE = re.compile(r"[ \t\r\n]*")
TOKENS = re.compile(r'"(?:[^"\\\n]|\\.)*"?|[\[{]|[\]}]')
DEEPER = {"[": 1, "{": 1, "]": -1, "}": -1}
OPENER = re.compile(r"[\[{\],]")
ODD = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")  # NUL, and halves of characters


class JsonBatch(NamedTuple):
    """Some records of one file, with their numbers (records of the file, from 1)."""

    records: list[Record]
    numbers: npt.NDArray[np.int64]
    broken: list[Broken]


class RefusedError(ValueError):
    """A record that is JSON, but can't be taken."""


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


def decoded(text: str) -> Record:
    """Read one record that is given as text.

    Raises
    ------
    ValueError
        It is none, or can't be taken.

    Examples
    --------
    >>> decoded('{"a": 1}')
    {'a': 1}
    """
    value = STRICT.decode(text)
    _check(value, text)
    return cast("Record", value)


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
        isinstance(value, Broken) for value in _values(first, ())
    )


def _batches(parts: Iterator[str], keys: tuple[str, ...]) -> Iterator[JsonBatch]:
    values = (value for part in parts for value in _values(part, keys))
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


def _values(text: str, keys: tuple[str, ...]) -> Iterator[Record | Broken]:
    """Read the values that stand one after another in a text, arrays and pages unfolded."""
    at = _space(text, 0)
    while at < len(text):
        if text[at] == "[":
            at = yield from _elements(text, at + 1)
        elif inside := _under(text, at, keys):
            while inside:  # a page may hold several of the arrays
                at = _space(text, (yield from _elements(text, inside)))
                inside = _under(text, at, keys)
            at = _end_of_page(text, at)
        else:
            value, at = _value(text, at)
            yield value
        at = _space(text, at)


def _under(text: str, at: int, keys: tuple[str, ...]) -> int | None:
    """Give the place of the first element, where a page that holds the array begins or goes on."""
    if text[at : at + 1] not in ("{", ",") or not any(f'"{key}"' in text for key in keys):
        return None
    try:
        while text[at] in "{,":
            key, at = PLAIN.raw_decode(text, _space(text, at + 1))
            at = _space(text, text.index(":", at) + 1)
            if key in keys and text[at] == "[":
                return at + 1
            at = _space(text, PLAIN.raw_decode(text, at)[1])
    except (ValueError, IndexError, RecursionError):
        pass  # it is not whole: read it as a record, which says why
    return None


def _elements(text: str, at: int) -> Generator[Record | Broken, None, int]:
    """Read the elements of an array; the place behind it comes back."""
    value: Record | Broken | None = None
    while (at := _space(text, at)) < len(text):
        if text[at] == "]":
            return at + 1
        value, at = _value(text, at)
        yield value
        at = _space(text, at)
        at += text[at : at + 1] == ","
    if not isinstance(value, Broken):
        yield Broken(0, "cut off: the array does not end", _raw(""))
    return at


def _end_of_page(text: str, at: int) -> int:
    """Pass over what follows the array in its page."""
    depth = 1
    for token in TOKENS.finditer(text, at):
        depth += DEEPER.get(token[0], 0)
        if not depth:
            return token.end()
    return len(text)


def _value(text: str, at: int) -> tuple[Record | Broken, int]:
    """Read one record, and tell where it ends."""
    try:
        value, end = STRICT.raw_decode(text, at)
        _check(value, text[at:end])
    except RefusedError as error:
        return _end_of(text, at, str(error))
    except RecursionError:
        return _given_up(text, at, "nested too deeply")
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
        return _given_up(text, at, CUT_OFF if cut else _said(error, at))
    except ValueError:  # Python refuses to read it
        return _given_up(text, at, "a number of thousands of digits")
    return value, end


def _said(error: json.JSONDecodeError, at: int) -> str:
    what = error.msg[0].lower() + error.msg[1:].removesuffix(" at")
    return f"not JSON: {what}, at character {error.pos - at + 1}"


def _end_of(text: str, at: int, reason: str) -> tuple[Broken, int]:
    """Give up a record that is JSON."""
    try:
        _, end = PLAIN.raw_decode(text, at)
    except (ValueError, RecursionError):
        return _given_up(text, at, reason)
    return Broken(0, reason, _raw(text[at:end])), end


def _given_up(text: str, at: int, reason: str) -> tuple[Broken, int]:
    """Give up text up to where its brackets close, or the next record begins its own line."""
    end = min(_closed(text, at), _next_line(text, at))
    return Broken(0, reason, _raw(text[at:end].rstrip().removesuffix(","))), end


def _closed(text: str, at: int) -> int:
    if text[at] not in "[{":
        found = OPENER.search(text, at + 1)
        return found.start() if found else len(text)
    depth = 0
    for token in TOKENS.finditer(text, at):
        depth += DEEPER.get(token[0], 0)
        if not depth:
            return token.end()
    return len(text)


def _next_line(text: str, at: int) -> int:
    start = text.rfind("\n", 0, at) + 1
    indent = text[start:at]
    found = text.find(f"\n{indent}{{", at) if not indent.strip() else -1
    return len(text) if found < 0 else found


def _check(value: Any, text: str) -> None:
    """Refuse what is no object or holds what is no text."""
    if not isinstance(value, dict):
        raise RefusedError("not an object")
    if not text.isascii() and not _is_text(text):
        raise RefusedError("not text in UTF-8")
    if "\\u" in text and ODD.search(text):
        inside = "".join(_texts(value))
        if "\0" in inside:
            raise RefusedError("holds a NUL character")
        if not _is_text(inside):
            raise RefusedError("holds half a character (a lone surrogate)")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for part in chain(value, value.values()) if isinstance(value, dict) else value:
            yield from _texts(part)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _space(text: str, at: int) -> int:
    return cast("re.Match[str]", SPACE.match(text, at)).end()


def _raw(text: str) -> str:
    printable = text.encode(errors="surrogateescape").decode(errors="backslashreplace")
    return json.dumps(printable, ensure_ascii=False)


def _object(pairs: list[tuple[str, Any]]) -> Record:
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RefusedError(f"the key '{twice}' is there twice")
    return record


def _no_number(text: str) -> NoReturn:
    raise RefusedError(f"{text} is no JSON number")


def _float(text: str) -> float:
    number = float(text)
    return number if abs(number) < float("inf") else _no_number(text)


PLAIN = json.JSONDecoder()
STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_number, parse_float=_float)

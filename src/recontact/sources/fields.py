"""Values out of nested records, each in its type; what can't be read is told by its name."""

from datetime import UTC, datetime
from typing import Any

SHOWN = 60
MOST = 2**53  # whole numbers up to here are told apart
Record = dict[str, Any]
NOTHING: Record = {}


class BadField(ValueError):  # noqa: N818 - it says what is bad
    """A field holds what it can't hold; its record is rejected with these words."""


def part(record: Record, name: str) -> Record:
    """Give an object inside a record, an empty one where there is none.

    Raises
    ------
    BadField
        It is no object.
    """
    value = record.get(name)
    if value is None:
        return NOTHING
    if not isinstance(value, dict):
        raise _bad(name, "an object", value)
    return value


def parts(record: Record, name: str) -> list[Record]:
    """Give a list of objects inside a record, an empty one where there is none.

    Raises
    ------
    BadField
        It is no list of objects.
    """
    value = record.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or set(map(type, value)) - {dict}:
        raise _bad(name, "a list of objects", value)
    return value


def text(record: Record, name: str) -> str | None:
    """Give a text, None where it is empty; whole numbers are written out.

    Raises
    ------
    BadField
        It is neither.
    """
    value = record.get(name)
    if isinstance(value, str) or value is None:
        return value or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise _bad(name, "text", value)


def number(record: Record, name: str) -> float | None:
    """Give a number.

    Raises
    ------
    BadField
        It is none.
    """
    value = record.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        raise _bad(name, "a number", value)
    try:
        return float(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise _bad(name, "a number", value) from error


def whole(record: Record, name: str) -> int | None:
    """Give a whole number.

    Raises
    ------
    BadField
        It is none.
    """
    value = number(record, name)
    if value is None:
        return None
    if not value.is_integer() or abs(value) > MOST:
        raise _bad(name, "a whole number", record[name])
    return int(value)


def instant(record: Record, name: str) -> datetime | None:
    """Give an instant, written as in ISO 8601; UTC where no zone is named.

    Raises
    ------
    BadField
        It is none.

    Examples
    --------
    >>> str(instant({"at": "2026-01-01T10:00:00+01:00"}, "at").astimezone(UTC))
    '2026-01-01 09:00:00+00:00'
    >>> instant({"at": "soon"}, "at")
    Traceback (most recent call last):
    recontact.sources.fields.BadField: at: not a time: 'soon'
    """
    value = record.get(name)
    if value is None or value == "":
        return None
    try:
        read = datetime.fromisoformat(value)
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError) as error:
        raise _bad(name, "a time", value) from error


def dotted(record: Any, path: str) -> Any:
    """Follow a dotted path into a record; a key may hold dots itself.

    Returns
    -------
    object
        None where there is nothing. A list is entered by position: ``surveys.0.score``.

    Examples
    --------
    >>> record = {"Attributes": {"call.reason": "billing"}, "ids": [{"id": 7}]}
    >>> dotted(record, "Attributes.call.reason"), dotted(record, "ids.0.id"), dotted(record, "x.y")
    ('billing', 7, None)
    """
    if isinstance(record, list):
        first, _, rest = path.partition(".")
        inside = record[int(first)] if first.isdigit() and int(first) < len(record) else None
        return dotted(inside, rest) if rest else inside
    if not isinstance(record, dict):
        return None
    if path in record:
        return record[path]
    at = path.find(".")
    while at > 0:
        found = dotted(record.get(path[:at]), path[at + 1 :])
        if found is not None:
            return found
        at = path.find(".", at + 1)
    return None


def _bad(name: str, kind: str, value: Any) -> BadField:
    return BadField(f"{name}: not {kind}: {str(value)[:SHOWN]!r}")

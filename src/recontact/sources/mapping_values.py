"""The values of a mapping file's keys: read from YAML and checked, each error naming its key."""

import codecs
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import duckdb

from recontact.contacts import REQUIRED
from recontact.durations import parse_duration
from recontact.errors import UserError, did_you_mean
from recontact.sources.engine import session
from recontact.sources.spelling import (
    DURATION_COLUMNS,
    DURATIONS,
    TIME_COLUMNS,
    check_time_format,
)

EXAMPLE = "write it like: columns: {customer_id: CallerNumber}"
WHEN = "write it like: {queue: [Tier 2, Supervisors]}"


class SharedAbove(NamedTuple):
    """More contacts than this within any such span (microseconds): a shared number."""

    contacts: int
    within: int


class Pseudonyms(NamedTuple):
    """Identifiers, and those in further columns, are hashed; the key itself is never in a file."""

    key_id: str
    columns: tuple[str, ...] = ()


def checked(content: Any, place: str) -> dict[str, Any]:
    r"""Check the keys of a mapping and give their values.

    Parameters
    ----------
    content : Any
        What the mapping file holds; None is nothing.
    place : str
        The file, named in errors.

    Raises
    ------
    UserError
        A key is unknown or its value unfit: file and key are named.

    Examples
    --------
    >>> checked({"redial_within": "10m", "delimiter": ";"}, "m.yaml")
    {'redial_within': 600000000, 'delimiter': ';'}
    >>> checked({"delimiter": ";;"}, "m.yaml")
    Traceback (most recent call last):
    ...
    recontact.errors.UserError: m.yaml: delimiter: ';;' is not one character
      mend: write delimiter: ";" or, for tabs, delimiter: "\t"
    """
    content = {} if content is None else content
    if not isinstance(content, dict):
        raise UserError(f"{place} holds no keys", EXAMPLE)
    for key in content:
        if key not in CHECKS:
            mend = did_you_mean(str(key), CHECKS) + f"known are {', '.join(CHECKS)}"
            raise UserError(f"{place}: unknown key '{key}'", mend)
    return {key: CHECKS[key](value, f"{place}: {key}") for key, value in content.items()}


# -- one check per kind of value --------------------------------------------------------


def _names(value: object, where: str, mend: str = EXAMPLE) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UserError(f"{where} holds no names", mend)
    for name in value:
        if not isinstance(name, str) or not name:
            raise UserError(f"{where}: {name!r} is no name", mend)
    return value


def _text(value: object, where: str, mend: str = "put it in quotes") -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str) or not value:
        shown = "null" if value is None else repr(value)
        raise UserError(f"{where}: {shown} is not text", mend)
    return value


def _columns(value: object, where: str) -> dict[str, str]:
    return {name: _text(v, f"{where}: {name}") for name, v in _names(value, where).items()}


def _constants(value: object, where: str) -> dict[str, str]:
    constants = _columns(value, where)
    for name in REQUIRED:
        if name in constants:
            mend = f"name its column: columns: {{{name}: CallId}}"
            raise UserError(f"{where}: {name}: a required column differs by row", mend)
    return constants


def _values(value: object, where: str) -> dict[str, dict[str, str | None]]:
    like = "write it like: values: {channel: {Telefon: voice}}"
    found: dict[str, dict[str, str | None]] = {}
    for name, pairs in _names(value, where, like).items():
        place = f"{where}: {name}"
        if not isinstance(pairs, dict):
            raise UserError(f"{place} holds no values", like)
        found[name] = {
            _text(theirs, place): None if ours is None else _text(ours, f"{place}: {theirs}")
            for theirs, ours in pairs.items()
        }
    return found


def _zone(value: object, where: str) -> str:
    try:
        session(str(value)).close()
    except duckdb.Error as error:
        mend = "name one like Europe/Berlin"
        raise UserError(f"{where}: unknown zone {value!r}", mend) from error
    return str(value)


def _by_column(
    value: object, where: str, of: tuple[str, ...], check: Callable[[object, str], Any]
) -> dict[str, Any]:
    """Take one value for all columns of a kind, or one for each column named."""
    if not isinstance(value, dict):
        return dict.fromkeys(of, check(value, where))
    for name in value:
        if name not in of:
            raise UserError(
                f"{where}: '{name}' is no column of ours for it", f"the columns are {', '.join(of)}"
            )
    return {name: check(v, f"{where}: {name}") for name, v in value.items()}


def _times(value: object, where: str) -> dict[str, tuple[str, ...]]:
    def formats(given: object, place: str) -> tuple[str, ...]:
        listed = given if isinstance(given, list) and given else [given]
        texts = tuple(_text(one, place) for one in listed)
        for text in texts:
            check_time_format(text, place)
        return texts

    return _by_column(value, where, TIME_COLUMNS, formats)


def _durations(value: object, where: str) -> dict[str, str]:
    return _by_column(value, where, DURATION_COLUMNS, _one_of(*DURATIONS))


def _one_of(*allowed: str) -> Callable[[object, str], str]:
    def check(value: object, where: str) -> str:
        if not isinstance(value, str) or value not in allowed:
            listed = ", ".join(f'"{one}"' for one in allowed)
            raise UserError(f"{where}: {value!r} is not known", f"give one of {listed}")
        return value

    return check


def _delimiter(value: object, where: str) -> str:
    if not isinstance(value, str) or len(value) != 1 or value in '"\r\n' or not value.isascii():
        mend = 'write delimiter: ";" or, for tabs, delimiter: "\\t"'
        raise UserError(f"{where}: {value!r} is not one character", mend)
    return value


def _encoding(value: object, where: str) -> str:
    mend = "write utf-8, utf-16, cp1252 or latin-1"
    try:
        found = codecs.lookup(_text(value, where, mend))
        "a".encode(found.name)  # some codecs are not for text
    except (LookupError, TypeError, ValueError) as error:
        raise UserError(f"{where}: unknown encoding {value!r}", mend) from error
    return found.name


def _when(value: object, where: str) -> dict[str, tuple[str, ...]]:
    found = {}
    for name, listed in _names(value, where, WHEN).items():
        if isinstance(listed, dict | None) or listed == []:
            raise UserError(f"{where}: {name} holds no values", WHEN)
        many = listed if isinstance(listed, list | tuple) else [listed]
        found[name] = tuple(_text(one, f"{where}: {name}") for one in many)
    return found


def _region(value: object, where: str) -> str:
    if not isinstance(value, str) or not re.fullmatch("[A-Z]{2}", value):
        mend = "write two capital letters, such as DE or US (ISO 3166)"
        raise UserError(f"{where}: {value!r} is no country", mend)
    return value


def _duration(value: object, where: str) -> int:
    return parse_duration(value, where)


def _shared(value: object, where: str) -> SharedAbove:
    like = "write it like: shared_above: {contacts: 100, within: 30d}"
    if not isinstance(value, dict) or set(value) != {"contacts", "within"}:
        raise UserError(f"{where} needs contacts and within", like)
    count = str(value["contacts"])
    if not re.fullmatch(r"[1-9]\d{0,9}", count):
        raise UserError(f"{where}: contacts: {count!r} is not a whole number from 1 up", like)
    return SharedAbove(int(count), parse_duration(value["within"], f"{where}: within"))


def _pseudonyms(value: object, where: str) -> Pseudonyms:
    like = 'write it like: pseudonyms: {key_id: "2026a"}, the key itself in RECONTACT_PSEUDONYM_KEY'
    if not isinstance(value, dict) or not {"key_id"} <= set(value) <= {"key_id", "columns"}:
        raise UserError(f"{where} takes key_id and perhaps columns, nothing else", like)
    columns = value.get("columns", [])
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise UserError(f"{where}: columns holds no names", "write them like: columns: [email]")
    return Pseudonyms(_text(value["key_id"], f"{where}: key_id", like), tuple(columns))


CHECKS: dict[str, Callable[[object, str], Any]] = {
    "columns": _columns,
    "constants": _constants,
    "values": _values,
    "time_zone": _zone,
    "time_format": _times,
    "duration_format": _durations,
    "ended_after": _text,
    "delimiter": _delimiter,
    "encoding": _encoding,
    "decimal": _one_of(".", ","),
    "escalated_when": _when,
    "outbound_when": _when,
    "ani_region": _region,
    "redial_within": _duration,
    "shared_above": _shared,
    "pseudonyms": _pseudonyms,
}

"""Values of a JSON text one after another, those that are broken told apart."""

import json
import re
from collections.abc import Generator, Iterator
from itertools import chain
from typing import Any, NoReturn, cast

from recontact.sources.fields import Record
from recontact.sources.files import Broken

CUT_OFF = "cut off: the record does not end"
SPACE = re.compile(r"[ \t\r\n]*")
TOKENS = re.compile(r'"(?:[^"\\\n]|\\.)*"?|[\[{]|[\]}]')
DEEPER = {"[": 1, "{": 1, "]": -1, "}": -1}
OPENER = re.compile(r"[\[{\],]")
ODD = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")  # NUL, and halves of characters


class RefusedError(ValueError):
    """A record that is JSON, but can't be taken."""


def read_values(text: str, keys: tuple[str, ...]) -> Iterator[Record | Broken]:
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

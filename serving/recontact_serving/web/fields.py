"""The kinds of values that requests carry: text, instants, numbers; strict, and bounded."""

import datetime as dt
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from recontact.contacts import normalise_reason

EARLIEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LATEST = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
ISO = "ISO 8601, between 1970 and 2200; without a zone it is UTC"
WHOLE = 2**53  # beyond it JSON readers disagree about whole numbers
KEPT = {"pattern": r"^[^\u0000]*$"}  # no database keeps NUL in a text


def _instant(value: Any) -> dt.datetime:
    """Read an ISO 8601 text; without a zone it is UTC."""
    if isinstance(value, dt.datetime):
        return value
    if not isinstance(value, str) or "T" not in value.upper().replace(" ", "T"):
        raise ValueError("an instant is a text like 2026-03-01T09:30:00Z")
    try:
        read = dt.datetime.fromisoformat(value.upper())
        utc = read.replace(tzinfo=dt.UTC) if read.tzinfo is None else read.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise ValueError("an instant is a text like 2026-03-01T09:30:00Z") from None
    if not EARLIEST <= utc < LATEST:
        raise ValueError(f"an instant lies between the years {EARLIEST.year} and {LATEST.year}")
    return utc


def _text(value: str) -> str | None:
    """Refuse what databases can't keep; empty text is unknown."""
    if "\0" in value or (not value.isascii() and _has_surrogate(value)):
        raise ValueError("the text holds a character that can't be kept")
    return value or None


def _name(value: str) -> str:
    text = _text(value)
    if text is None:
        raise ValueError("the text is empty")
    return text


def _whole(value: Any) -> Any:
    """Take 3.0 for 3, as JSON does not tell them apart."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _has_surrogate(value: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in value)


Instant = Annotated[
    dt.datetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "description": ISO}),
]
Id = Annotated[
    str, Field(min_length=1, max_length=200, json_schema_extra=KEPT), AfterValidator(_name)
]
Text = Annotated[str, Field(max_length=200, json_schema_extra=KEPT), AfterValidator(_text)]
Notes = Annotated[str, Field(max_length=20_000, json_schema_extra=KEPT), AfterValidator(_text)]
Reason = Annotated[Text, AfterValidator(normalise_reason)]
Seconds = Annotated[float, Field(ge=0, le=1e9)]
Count = Annotated[int, Field(ge=0, le=1_000_000), BeforeValidator(_whole)]
Answer = Annotated[float, Field(ge=-1e6, le=1e6)]
Number = Annotated[float, Field(ge=-1e300, le=1e300)]
Whole = Annotated[int, Field(ge=-WHOLE, le=WHOLE)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_name)]
NAMES = {"minLength": 1, "maxLength": 200, **KEPT}  # what the schema says of names
Attribute = Text | Whole | Number | bool | None

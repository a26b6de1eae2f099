"""Events of Twilio's TaskRouter, in whichever of their forms they come."""

import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from recontact.sources.fields import BadField, Record, instant, number, part, text
from recontact.sources.json_values import decoded
from recontact.sources.vendor import Placed

CLOUD = "com.twilio.taskrouter."


class Happened(NamedTuple):
    """One event of a task.

    Attributes
    ----------
    at, kind : datetime, str
        When, and what: ``task.created``.
    data : dict
        What the event tells of its task, keys in snake case.
    key : str
        What is the same when it is delivered again: its sid.
    path, placed : Path, Placed
        Where it was read.
    """

    at: datetime
    kind: str
    data: Record
    key: str
    path: Path
    placed: Placed


def happened(path: Path, placed: Placed) -> Happened:
    """Read one event.

    Raises
    ------
    BadField
        It is not about a task, or has no time.
    """
    record = placed.record
    kind, data = _unfolded(record)
    if kind is None:
        raise BadField("no event_type")
    task = text(data, "task_sid")
    if task is None:
        raise BadField(f"not about a task: {kind}")
    at = _at(data)
    if at is None:
        raise BadField("no time of the event")
    told = data | {"task_sid": task, "task_attributes": json_of(data, "task_attributes")}
    key = text(data, "sid") or json.dumps(record, sort_keys=True)
    return Happened(at, kind, told, key, path, placed)


def _unfolded(record: Record) -> tuple[str | None, Record]:
    """Give kind and content of an event, in whichever of its forms it comes."""
    kind = text(record, "type")
    if kind and kind.startswith(CLOUD):
        around = part(record, "data")
        named = {"sid": record.get("id"), "event_date": record.get("time")} | around
        return kind.removeprefix(CLOUD), named | part(around, "payload")
    if "EventType" in record:
        record = {_snake(name): value for name, value in record.items()}
    return text(record, "event_type"), record | part(record, "event_data")


@cache
def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _at(data: Record) -> datetime | None:
    for name in ("event_date_ms", "timestamp_ms"):
        if (milliseconds := number(data, name)) is not None:
            return _since_1970(name, milliseconds / 1000)
    for name in ("event_date", "timestamp"):
        if data.get(name) is not None:
            return time_of(data, name)
    return None


def time_of(data: Record, name: str) -> datetime | None:
    """Give a time in either form: ISO 8601, or the seconds since 1970 that callbacks post."""
    value = data.get(name)
    if isinstance(value, (int, float)) or (isinstance(value, str) and value.isdecimal()):
        return _since_1970(name, float(value))
    return instant(data, name)


def _since_1970(name: str, seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise BadField(f"{name}: not a time: '{seconds:g}'") from error


def json_of(data: Record, name: str) -> Record:
    """Read the JSON text that a field holds."""
    told = data.get(name)
    if not isinstance(told, str):
        return part(data, name)
    try:
        return decoded(told) if told.strip() else {}
    except (ValueError, RecursionError) as error:
        raise BadField(f"{name}: not JSON: {told[:60]!r}") from error

"""The values of the policy's keys: read from YAML, checked, and written back."""

import datetime as dt
import math
from collections.abc import Callable, Mapping
from typing import Any

from recontact.contacts import normalise_reason
from recontact.durations import format_duration, parse_duration
from recontact.errors import UserError, did_you_mean

RELATED_BY = ("any", "case", "reason", "reason_or_case")
EDGES = ("data", "program")
FOR_ALL_PROGRAMS = ("edges", "as_of", "by_program")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


def parse_instant(value: object, key: str) -> int:
    """Read an instant as microseconds since 1970; one without a zone is UTC.

    Parameters
    ----------
    value : object
        ISO 8601 text, a date or a datetime.
    key : str
        Named in errors.

    Examples
    --------
    >>> parse_instant("1970-01-02", "as_of") == parse_instant("1970-01-02T01:00+01:00", "as_of")
    True
    """
    try:
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            value = value.isoformat()
        moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
        if not isinstance(moment, dt.datetime):
            raise TypeError
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        return (zoned - _EPOCH) // _MICROSECOND
    except (ValueError, TypeError, OverflowError) as error:
        raise UserError(f"{key}: {value!r} is not a time", "write 2026-06-01T00:00:00Z") from error


def _wrong(key: str, value: object, wanted: str) -> UserError:
    shown = "null" if value is None else repr(value)
    return UserError(f"{key}: {shown} is not {wanted}", f"give {wanted}")


def _mapping(value: object, key: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(key, value, "a mapping")
    for name in value:
        if not isinstance(name, str):
            raise _wrong(f"{key}.{name}", name, "text; put it in quotes")
    return dict(value)


# -- from YAML to values ---------------------------------------------------------------


def parse_values(mapping: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Read the durations and times of a policy; `path` stands before the key in errors."""
    _known(mapping, path)
    return {key: _value(key, value, path + key) for key, value in mapping.items()}


def _known(mapping: Mapping[str, Any], path: str) -> None:
    for key in mapping:
        if key not in KEYS:
            raise UserError(
                f"{path}{key}: unknown policy key",
                did_you_mean(str(key), KEYS) + f"the keys are {', '.join(KEYS)}",
            )
        if path and key in FOR_ALL_PROGRAMS:
            raise UserError(f"{path}{key}: can't differ by program", "set it for all programs")


def _value(key: str, value: object, path: str) -> object:
    if key in ("window", "lookback"):
        return parse_duration(value, path)
    if key == "window_by_reason":
        return {r: parse_duration(d, f"{path}.{r}") for r, d in _mapping(value, path).items()}
    if key == "as_of" and value is not None:
        return parse_instant(value, path)
    if key == "by_program":
        own = {p: _mapping(v, f"{path}.{p}") for p, v in _mapping(value, path).items()}
        return {p: parse_values(v, f"{path}.{p}.") for p, v in own.items()}
    return value


def written(key: str, value: Any) -> object:
    """Give a value of the policy as YAML holds it."""
    if key in ("window", "lookback"):
        return format_duration(value)
    if key == "window_by_reason":
        return {reason: format_duration(d) for reason, d in value.items()}
    if key == "as_of" and value is not None:
        return (_EPOCH + value * _MICROSECOND).isoformat().replace("+00:00", "Z")
    if key == "by_program":
        return {p: {k: written(k, v) for k, v in own.items()} for p, own in value.items()}
    return list(value) if isinstance(value, tuple) else value


# -- checks, one per kind of value -----------------------------------------------------


def _microseconds(value: object, key: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _wrong(key, value, "a whole number of microseconds from 0 up")
    return value


def _by_reason(value: object, key: str) -> dict[str, int]:
    windows: dict[str, int] = {}
    for written, window in _mapping(value, key).items():
        reason = normalise_reason(written)
        if reason is None:
            raise UserError(f"{key}: an empty reason", "name the reason, or set window")
        if reason in windows:
            raise UserError(f"{key}.{reason}: given twice", "keep one of the two spellings")
        windows[reason] = _microseconds(window, f"{key}.{reason}")
    return dict(sorted(windows.items()))


def _one_of(*allowed: str) -> Callable[[object, str], str]:
    def check(value: object, key: str) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise _wrong(key, value, f"one of {', '.join(allowed)}")
        return value

    return check


def _level(value: object, key: str) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _wrong(key, value, "a whole number from 1 up, or null")
    return value


def _names(value: object, key: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise _wrong(key, value, "a list such as [voice, chat]")
    for name in value:
        if not isinstance(name, str) or not name:
            raise _wrong(key, name, "text; put it in quotes")
    return tuple(sorted(set(value)))


def _names_or_null(value: object, key: str) -> tuple[str, ...] | None:
    return None if value is None else _names(value, key)


def _flag(value: object, key: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(key, value, "true or false")
    return value


def _seconds(value: object, key: str) -> float | None:
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _wrong(key, value, "a number of seconds, or null")
    if not math.isfinite(value) or value < 0:
        raise _wrong(key, value, "a number of seconds from 0 up, or null")
    return float(value)


def _instant(value: object, key: str) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(key, value, "a time, or null")
    try:
        _EPOCH + value * _MICROSECOND
    except OverflowError as error:
        raise _wrong(key, value, "a time between the years 1 and 9999") from error
    return value


def _by_program(value: object, key: str) -> dict[str, dict[str, Any]]:
    checked = {}
    for program, given in _mapping(value, key).items():
        own = _mapping(given, f"{key}.{program}")
        _known(own, f"{key}.{program}.")
        checked[program] = {k: CHECKS[k](v, f"{key}.{program}.{k}") for k, v in own.items()}
    return checked


CHECKS: dict[str, Callable[[Any, str], Any]] = {
    "window": _microseconds,
    "window_by_reason": _by_reason,
    "lookback": _microseconds,
    "related_by": _one_of(*RELATED_BY),
    "reason_level": _level,
    "index_channels": _names,
    "counted_channels": _names_or_null,
    "count_unhandled": _flag,
    "min_talk_s": _seconds,
    "exclude_dispositions": _names,
    "escalation_breaks_fcr": _flag,
    "edges": _one_of(*EDGES),
    "as_of": _instant,
    "by_program": _by_program,
}
KEYS = tuple(CHECKS)

"""What may be declared: features as plain values, checked, and written as such again.

Whoever writes a declaration is told of what is wrong in its own keys (`docs/features.md`).
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, asdict, fields
from functools import partial
from typing import Any, get_args

from recontact.durations import DAY, MINUTE, format_duration, parse_duration
from recontact.errors import UserError
from recontact.features.declared import Feature
from recontact.features.measures import (
    DURATION,
    Among,
    Beyond,
    Condition,
    Has,
    Judged,
    Load,
    Measure,
    Past,
    Rate,
    Surge,
    Typical,
    Volume,
    What,
    Words,
)

LONGEST = 36_525 * DAY
MOST_BUCKETS = 4096
OF_A_COLUMN = ("sum", "mean", "most", "distinct", "last", "last_text")
WAYS: dict[str, tuple[type[Any], str]] = {  # the key that names a way, and what its value is
    "past": (Past, "what"),
    "rate": (Rate, "label"),
    "judged": (Judged, "of"),
    "volume": (Volume, "of"),
    "typical": (Typical, "column"),
    "load": (Load, "of"),
    "surge": (Surge, "of"),
    "beyond": (Beyond, "column"),
    "has": (Has, "column"),
    "words": (Words, "column"),
}
TOLD = ("name", "meaning", "unit", "null")
ONE_OF_WORDS = "bucket"  # kept with a model, where each bucket is a feature of its own
NAME = re.compile(r"[a-z][a-z0-9_]*")


def parse_features(listed: Iterable[Any], where: str) -> tuple[Feature, ...]:
    """Read declarations that are plain values.

    Parameters
    ----------
    listed : iterable of mapping
        `name`, `meaning`, optional `unit` and `null`, and how it is measured.
    where : str
        Named in errors.
    """
    return tuple(feature for k, given in enumerate(listed) for feature in _parse(given, where, k))


def plain(features: Iterable[Feature]) -> list[dict[str, Any]]:
    """Write features as plain values, to be kept with a model; `parse_features` reads them back.

    Examples
    --------
    >>> mine = parse_features([{"name": "site_judged", "meaning": "settled", "judged": "site"}], "")
    >>> parse_features(plain(mine), "the model") == mine
    True
    """
    return [_plain(feature) for feature in features]


def _plain(feature: Feature) -> dict[str, Any]:
    ways = [(w, m) for w, (kind, m) in WAYS.items() if isinstance(feature.measure, kind)]
    if not ways:
        raise UserError(
            f"feature '{feature.name}': {type(feature.measure).__name__} can't be declared",
            f"measure it by one of {', '.join(WAYS)}; columns become features by --known-from",
        )
    way, main = ways[0]
    told: dict[str, Any] = {name: getattr(feature, name) for name in TOLD}
    values = {k: v for k, v in asdict(feature.measure).items() if v is not None and k != main}
    if "within" in values:
        values["within"] = format_duration(values["within"])
    if "where" in values:
        values["where"] = {each["column"]: _plain_condition(each) for each in values["where"]}
    return told | {way: getattr(feature.measure, main)} | values


def _plain_condition(each: dict[str, Any]) -> Any:
    bounds = {k: each[k] for k in ("at_least", "below") if each[k] is not None}
    return bounds or list(each["values"])


def _parse(given: Any, where: str, number: int) -> list[Feature]:
    place = f"{where}: feature {number + 1}"
    if not isinstance(given, Mapping):
        raise UserError(f"{place}: not a mapping of keys", "see docs/features.md, Your own")
    given = {"null" if key is None else str(key): value for key, value in given.items()}
    name = given.get("name")
    place += f" '{name}'" if name else ""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise UserError(f"{place}: no good name", "small letters, digits and _, a letter first")
    if not isinstance(given.get("meaning"), str):
        raise UserError(f"{place}: no meaning", "say in a few words what it measures")
    ways = [way for way in WAYS if way in given]
    if len(ways) != 1:
        raise UserError(f"{place}: names {len(ways)} ways", f"name one of {', '.join(WAYS)}")
    (way,) = ways
    keys = {key: value for key, value in given.items() if key not in TOLD}
    return _features(name, given["meaning"], WAYS[way][0], _values(way, keys, place),
                     _told(given, place))  # fmt: skip


def _told(given: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Take unit and what null means, where they are said."""
    said = {key: given[key] for key in ("unit", "null") if given.get(key) is not None}
    for key, value in said.items():
        if not isinstance(value, str):
            raise UserError(f"{place}: {key}: {value!r} is no text", f'e.g. {key}: "s"')
    return {key: value for key, value in said.items() if value}


def _features(
    name: str, meaning: str, kind: type[Any], values: dict[str, Any], told: dict[str, Any]
) -> list[Feature]:
    if kind is Words and "bucket" not in values:
        return [
            Feature(f"{name}_{k}", Words(values["column"], k, values["buckets"]), meaning, **told)
            for k in range(values["buckets"])
        ]
    measure: Measure = kind(**values)
    text = isinstance(measure, Past) and measure.what == "last_text"
    return [Feature(name, measure, meaning, **told, kind="category" if text else "number")]


def _values(way: str, given: dict[str, Any], place: str) -> dict[str, Any]:
    """Check the values of a way, and bring them into their form."""
    kind, main = WAYS[way]
    allowed = {way if field.name == main else field.name: field for field in fields(kind)}
    unknown = [key for key in given if key not in allowed]
    if unknown:
        keys = ", ".join(key for key in (*TOLD, *allowed) if key != ONE_OF_WORDS)
        raise UserError(f"{place}: unknown key '{unknown[0]}'", f"keys: {keys}")
    read = {key: _read(allowed[key].name, value, f"{place}: {key}") for key, value in given.items()}
    missing = [k for k, f in allowed.items() if k not in read and f.default is MISSING]
    if kind is Past:
        missing += _missing_of_past(read, place)
    missing = [key for key in missing if key != ONE_OF_WORDS]
    if missing:
        raise UserError(f"{place}: '{missing[0]}' is missing", f"add {missing[0]}")
    values = {allowed[key].name: value for key, value in read.items()}
    if kind is Words and not values.get(ONE_OF_WORDS, 0) < values["buckets"]:
        raise UserError(f"{place}: no such bucket", "buckets is at least 1, bucket is below it")
    if kind in {Load, Surge} and not _is_load_span(values["within"]):
        raise UserError(f"{place}: within: not 1 minute to 24 hours in whole minutes", "e.g. 15m")
    return values


def _missing_of_past(read: Mapping[str, Any], place: str) -> list[str]:
    """List what a look back lacks; refuse a column where none is looked at."""
    what = read["past"]
    if "column" in read and what not in OF_A_COLUMN:
        raise UserError(
            f"{place}: column: past: {what} looks at no column",
            f"take it out, or ask for one of {', '.join(OF_A_COLUMN)}",
        )
    needed = {"column"} if what in OF_A_COLUMN else {"same"} if what == "last_same" else set()
    return sorted(needed - read.keys())


def _read(name: str, value: Any, place: str) -> Any:
    reader: Callable[[Any, str], Any] = READERS.get(name, _text)
    return reader(value, place)


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str) or not value:
        raise UserError(f"{place}: {value!r} is no name", "write the name of a column")
    return value


def _is_load_span(within: int) -> bool:
    """Tell whether a load may look back so far: the service keeps the minutes of a day."""
    return within % MINUTE == 0 and MINUTE <= within <= DAY


def _span(value: Any, place: str) -> int:
    within = parse_duration(value, place)
    if within > LONGEST:
        raise UserError(f"{place}: {value} is longer than 100 years", "e.g. 90d")
    return within


def _choice(choices: tuple[str, ...], value: Any, place: str) -> str:
    if value not in choices:
        raise UserError(f"{place}: {value!r} is unknown", f"one of {', '.join(choices)}")
    return str(value)


def _count(value: Any, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_BUCKETS:
        raise UserError(f"{place}: {value!r} is no count", f"a whole number up to {MOST_BUCKETS}")
    return value


def _conditions(value: Any, place: str) -> tuple[Condition, ...]:
    if not isinstance(value, Mapping):
        raise UserError(f"{place}: not a mapping", "e.g. where: {channel: chat}")
    return tuple(
        _condition(str(column), held, f"{place}.{column}") for column, held in value.items()
    )


def _condition(column: str, held: Any, place: str) -> Condition:
    if isinstance(held, Mapping):
        if not held or not {*held} <= {"at_least", "below"}:
            raise UserError(f"{place}: bounds are at_least and below", "e.g. {at_least: 600}")
        bounds: dict[str, Any] = {k: _bound(v, f"{place}.{k}") for k, v in held.items()}
        return Condition(column, **bounds)
    if column == DURATION:
        raise UserError(f"{place}: wants bounds", "e.g. {at_least: 600}")
    listed = held if isinstance(held, list) else [held]
    if not listed or not all(isinstance(each, str | bool) or _is_number(each) for each in listed):
        raise UserError(f"{place}: {held!r} is no value", "a value, a list of them, or bounds")
    return Condition(column, tuple(listed))


def _bound(value: Any, place: str) -> float:
    if not _is_number(value):
        raise UserError(f"{place}: {value!r} is no number", "write a number")
    return float(value)


def _is_number(value: Any) -> bool:
    """Tell whether a value is a number that others may equal or exceed."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


READERS: Mapping[str, Callable[[Any, str], Any]] = {
    "what": partial(_choice, get_args(What)),
    "among": partial(_choice, get_args(Among)),
    "label": partial(_choice, ("repeated", "escalation")),
    "within": _span,
    "where": _conditions,
    "bucket": _count,
    "buckets": _count,
}

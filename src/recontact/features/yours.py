"""Features of your own: declared in YAML or by an installed package, computed like ours.

A declaration is data, not code: it is kept with the model, so that batch, cluster and service
compute it by the same loops, and the service needs nothing installed.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, asdict, fields
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from os import PathLike
from pathlib import Path
from typing import Any, get_args

import yaml

from recontact.contacts import SCHEMA
from recontact.durations import DAY, MINUTE, format_duration, parse_duration
from recontact.errors import UserError
from recontact.features.declared import FEATURES, Feature
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

GROUP = "recontact.features"
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
CHOICES = {"what": get_args(What), "among": get_args(Among), "label": ("repeated", "escalation")}
RESERVED = {
    *("moment", "at", "matured", "customer", "repeated", "escalation"),
    *("repeated_already", "escalation_already"),
    *SCHEMA.names,
}
NAME = re.compile(r"[a-z][a-z0-9_]*")


def read_features(path: str | PathLike[str]) -> tuple[Feature, ...]:
    """Read features from a YAML file.

    Parameters
    ----------
    path : path
        A list, or a mapping whose key `features` holds one (`docs/features.md` tells the keys).

    Raises
    ------
    UserError
        The file can't be read, or a declaration is wrong; says which, and what to write.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "features.yaml"
    >>> _ = path.write_text('''
    ... - {name: chats_7d, meaning: chats in the last 7 days, past: count, within: 7d,
    ...    where: {channel: chat}}
    ... ''')
    >>> read_features(path)[0].measure.where
    (Condition(column='channel', values=('chat',), at_least=None, below=None),)
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{path} can't be read: {error}", "give a YAML list of features") from error
    listed = content.get("features") if isinstance(content, Mapping) else content
    if not isinstance(listed, list):
        raise UserError(f"{path}: no list of features", "see docs/features.md, Your own")
    return checked(parse_features(listed, str(path)))


def installed() -> tuple[Feature, ...]:
    """Take the features that installed packages offer by the entry point `recontact.features`.

    An entry point leads to features (`Feature`), to plain declarations as a YAML file holds
    them, or to a function that gives either.
    """
    found: list[Feature] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        for one in _offered(point):
            declared = plain([one]) if isinstance(one, Feature) else [one]
            found += parse_features(declared, point.value)
    return checked(found)


def _offered(point: EntryPoint) -> Iterable[Any]:
    try:
        offered = point.load()
    except (ImportError, AttributeError) as error:
        raise UserError(
            f"the features of an installed package can't be loaded: {point.value}: {error}",
            f"mend its entry point {GROUP}, or remove the package",
        ) from error
    given = offered() if callable(offered) else offered
    return [given] if isinstance(given, Feature | Mapping) else given


def yours(path: str | PathLike[str] | None = None) -> tuple[Feature, ...]:
    """Take your own features: those that installed packages offer, and those of a file.

    Examples
    --------
    >>> yours()
    ()
    """
    return checked([*installed(), *(read_features(path) if path else ())])


def only(features: Sequence[Feature], names: Iterable[str]) -> tuple[Feature, ...]:
    """Choose features by name, in the order of the names.

    Raises
    ------
    UserError
        There is no feature of a name; says which are near.

    Examples
    --------
    >>> [feature.known_from for feature in only(FEATURES, ["hour", "team"])]
    ['start', 'live']
    """
    by_name = {feature.name: feature for feature in features}
    chosen = dict.fromkeys(names)
    for name in chosen:
        if name not in by_name:
            near = get_close_matches(name, by_name, n=4)
            mend = f"near: {', '.join(near)}" if near else "docs/features.md lists them"
            raise UserError(f"there is no feature '{name}'", mend)
    return tuple(by_name[name] for name in chosen)


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


def checked(features: Sequence[Feature]) -> tuple[Feature, ...]:
    """Refuse names that are taken."""
    taken = {feature.name for feature in FEATURES} | RESERVED
    for feature in features:
        if feature.name in taken:
            raise UserError(f"feature '{feature.name}': the name is taken", "choose another one")
        taken.add(feature.name)
    return tuple(features)


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
    kind, main = WAYS[ways[0]]
    rest = {k: v for k, v in given.items() if k not in TOLD and k != ways[0]}
    values = _values(kind, {main: given[ways[0]], **rest}, place)
    told: dict[str, Any] = {k: str(given[k]) for k in ("unit", "null") if given.get(k)}
    return _features(name, given["meaning"], kind, values, told)


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


def _values(kind: type[Any], given: dict[str, Any], place: str) -> dict[str, Any]:
    """Check the values of a way, and bring them into their form."""
    allowed = {field.name: field for field in fields(kind)}
    unknown = [key for key in given if key not in allowed]
    if unknown:
        raise UserError(f"{place}: unknown key '{unknown[0]}'", f"keys: {', '.join(allowed)}")
    values = {key: _read(key, value, f"{place}: {key}") for key, value in given.items()}
    missing = [k for k, f in allowed.items() if k not in values and f.default is MISSING]
    if kind is Past and values["what"] in OF_A_COLUMN and not values.get("column"):
        missing.append("column")
    if kind is Past and values["what"] == "last_same" and not values.get("same"):
        missing.append("same")
    missing = [key for key in missing if not (kind is Words and key == "bucket")]
    if missing:
        raise UserError(f"{place}: '{missing[0]}' is missing", f"add {missing[0]}")
    if kind is Words and not values.get("bucket", 0) < values["buckets"]:
        raise UserError(f"{place}: no such bucket", "buckets is at least 1, bucket is below it")
    if kind in {Load, Surge} and not _is_load_span(values["within"]):
        raise UserError(f"{place}: within: not 1 minute to 24 hours in whole minutes", "e.g. 15m")
    return values


def _read(key: str, value: Any, place: str) -> Any:
    reader: Callable[[Any, str], Any] = READERS.get(key, _text)
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


def _choice(value: Any, place: str) -> str:
    choices = CHOICES[place.rsplit(" ", 1)[-1]]
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
    if not listed or not all(isinstance(each, str | bool | int | float) for each in listed):
        raise UserError(f"{place}: {held!r} is no value", "a value, a list of them, or bounds")
    return Condition(column, tuple(listed))


def _bound(value: Any, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UserError(f"{place}: {value!r} is no number", "write a number")
    return float(value)


READERS: Mapping[str, Callable[[Any, str], Any]] = {
    "what": _choice,
    "among": _choice,
    "label": _choice,
    "within": _span,
    "where": _conditions,
    "bucket": _count,
    "buckets": _count,
}

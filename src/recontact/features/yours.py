"""Features of your own: those of a YAML file, and those that installed packages offer.

A declaration is data, not code (`recontact.features.declarations`): it is kept with the model, so
that batch, cluster and service compute it by the same loops, and the service needs nothing
installed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from os import PathLike
from pathlib import Path
from typing import Any

from recontact import yaml_files
from recontact.contacts import SCHEMA
from recontact.errors import UserError
from recontact.features.declarations import parse_features, plain
from recontact.features.declared import FEATURES, Feature
from recontact.sources.files import naming

GROUP = "recontact.features"
SEE = "see docs/features.md, Your own"
RESERVED = {
    *("moment", "at", "matured", "customer", "repeated", "escalation"),
    *("repeated_already", "escalation_already"),
    *SCHEMA.names,
}


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
    text = yaml_files.read_text(path)
    try:
        content = yaml_files.parse(text, "it", SEE)
        listed = content.get("features") if isinstance(content, Mapping) else content
        if not isinstance(listed, list):
            raise UserError("no list of features", SEE)
        if not listed:
            raise UserError("the list of features is empty", SEE)
        return checked(parse_features(listed, str(path)))
    except UserError as error:
        raise naming(Path(path), error) from error


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
            raise UserError(f"there is no feature '{name}'", near(name, by_name))
    return tuple(by_name[name] for name in chosen)


def near(name: str, names: Collection[str]) -> str:
    """Say which names are near to one that is none: the mend of a misspelt one.

    Examples
    --------
    >>> near("contact_7d", ["hour", "contacts_7d"]), near("x", ["hour"])
    ('near: contacts_7d', 'docs/features.md lists them')
    """
    found = get_close_matches(name, names, n=4)
    return f"near: {', '.join(found)}" if found else "docs/features.md lists them"


def checked(features: Sequence[Feature]) -> tuple[Feature, ...]:
    """Refuse names that are taken."""
    taken = {feature.name for feature in FEATURES} | RESERVED
    for feature in features:
        if feature.name in taken:
            raise UserError(f"feature '{feature.name}': the name is taken", "choose another one")
        taken.add(feature.name)
    return tuple(features)

"""YAML files whose texts stay as they are written."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from recontact.errors import UserError


class _Loader(yaml.SafeLoader):
    """Leaves texts as they are written: NO is a country and 007 a code, not false and 7."""


_NULL = "tag:yaml.org,2002:null"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in kinds if tag == _NULL]
    for first, kinds in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _once(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    """Build a mapping whose keys differ."""
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    if not all(isinstance(key, Hashable) for key in keys):
        raise yaml.constructor.ConstructorError(None, None, "a list stands where a name should")
    twice = next((key for i, key in enumerate(keys) if key in keys[:i]), None)
    if twice is not None:
        raise yaml.constructor.ConstructorError(None, None, f"'{twice}' is given twice")
    return dict(loader.construct_pairs(node, deep=True))


_Loader.add_constructor("tag:yaml.org,2002:map", _once)


def load_texts(path: Path, example: str) -> Any:
    r"""Read a YAML file in which every value is text, null, a list or names with values.

    Parameters
    ----------
    path : pathlib.Path
        The file, in UTF-8.
    example : str
        The mend that is told where it can't be read.

    Raises
    ------
    UserError
        The file can't be read, is not YAML, or gives a name twice.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "m.yaml"
    >>> _ = path.write_text("values: {country: {NO: Norway, 007: null}}")
    >>> load_texts(path, "")
    {'values': {'country': {'NO': 'Norway', '007': None}}}
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8-sig"), _Loader)  # noqa: S506 - a SafeLoader
    except (OSError, yaml.YAMLError, ValueError) as error:
        why = " ".join(str(error).split())
        raise UserError(f"{path} can't be read: {why}", example) from error

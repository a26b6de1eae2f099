"""YAML as users write it: a key given twice is refused by name, and times stay text."""

from os import PathLike
from pathlib import Path
from typing import Any

import yaml

from recontact.errors import UserError


def read_text(path: str | PathLike[str]) -> str:
    """Read a text file.

    Raises
    ------
    UserError
        It is not there or can't be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file", "check the path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: can't be read: {error}", "give a YAML text file") from error


def parse(text: str, what: str, see: str) -> Any:
    r"""Read YAML text.

    Parameters
    ----------
    text : str
        The YAML.
    what, see : str
        What it is, and where its form is told; named in errors.

    Raises
    ------
    UserError
        It is not YAML, or gives a key twice.

    Examples
    --------
    >>> parse("a: 1\na: 2", "the policy", "")
    Traceback (most recent call last):
    recontact.errors.UserError: a: given twice
      mend: see line 2
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader of ours
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f"{what} is not YAML: {error}", see) from error


class _Loader(yaml.SafeLoader):
    """YAML with duplicate keys refused and times left as text, so that we name the key."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the parent declares it so
        first: [(tag, regexp) for tag, regexp in found if not tag.endswith(":timestamp")]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for name, _ in node.value:
            if not isinstance(name, yaml.ScalarNode):
                continue
            if name.value in seen:
                raise UserError(
                    f"{name.value}: given twice", f"see line {name.start_mark.line + 1}"
                )
            seen.add(name.value)
        return super().construct_mapping(node, deep=deep)

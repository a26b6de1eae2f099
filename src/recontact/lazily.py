"""Public names of a package that are imported on their first use, so that it loads quickly."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def on_first_use(package: str, where: Mapping[str, str]) -> Callable[[str], Any]:
    """Give the `__getattr__` of a package.

    Parameters
    ----------
    package : str
        Its `__name__`.
    where : mapping of str to str
        Public name to the module of the package that holds it.

    Examples
    --------
    >>> on_first_use("recontact", {"Policy": "policy"})("Policy").__name__
    'Policy'
    """

    def found(name: str) -> Any:
        if name not in where:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{where[name]}"), name)

    return found

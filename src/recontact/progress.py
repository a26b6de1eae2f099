"""How long steps tell their caller what they are at."""

from collections.abc import Callable

Say = Callable[[str], None]


def silent(text: str) -> None:
    """Say nothing: for a caller who does not ask."""

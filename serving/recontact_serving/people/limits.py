"""Names that people and keys may have, and the programs and teams that they are limited to."""

import json
from collections.abc import Mapping, Sequence

from recontact.errors import UserError

LONGEST = {"name": 100, "program": 200, "team": 200, "agent id": 200}  # as the tables keep them


def check(given: Mapping[str, Sequence[str]]) -> None:
    """Refuse what can't be kept or shown.

    Parameters
    ----------
    given : mapping of str to sequence of str
        Values by what they are, one of `LONGEST`.

    Raises
    ------
    UserError
        A value is empty, too long, or can't be printed.

    Examples
    --------
    >>> check({"name": ["ada"], "team": []})
    """
    for what, values in given.items():
        for value in values:
            if not value.isprintable() or not 0 < len(value) <= LONGEST[what]:
                raise UserError(
                    f"the {what} {value[:50]!r} can't be used",
                    mend=f"give 1 to {LONGEST[what]} characters that can be printed",
                )


def as_text(names: Sequence[str] | None) -> str | None:
    """Write the only ones that somebody may see, as JSON; None: all.

    Examples
    --------
    >>> as_text(["b", "a", "b"]), as_text(None)
    ('["a", "b"]', None)
    """
    return None if names is None else json.dumps(sorted(set(names)))


def from_text(text: str | None) -> tuple[str, ...] | None:
    """Read back what `as_text` wrote."""
    return None if text is None else tuple(json.loads(text))

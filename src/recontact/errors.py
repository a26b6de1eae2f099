"""What may go wrong for a user, said in one message: what, where, and the mend."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """A mistake that the user can mend; the command line prints it and exits with 1.

    Parameters
    ----------
    what : str
        What is wrong, naming file, row, column or key.
    mend : str
        What to do about it; may be empty.

    Examples
    --------
    >>> print(UserError("a.csv: no column 'started_at'", mend="name it in a mapping file"))
    a.csv: no column 'started_at'
      mend: name it in a mapping file
    """

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(what, mend)
        self.what = what
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.what}\n  mend: {self.mend}" if self.mend else self.what


def near(given: str, names: Iterable[str]) -> str | None:
    """Give the name that was perhaps meant, whatever its case; None where none is near.

    Examples
    --------
    >>> near("Agent", ["queue", "agent_id"]), near("x", ["queue"])
    ('agent_id', None)
    """
    folded = {name.casefold(): name for name in sorted(names)}
    close = get_close_matches(given.casefold(), folded, 1, 0.7)
    return folded[close[0]] if close else None


def did_you_mean(given: str, names: Iterable[str]) -> str:
    """Ask for the name that was perhaps meant, to stand before the mend; else empty.

    Examples
    --------
    >>> did_you_mean("agent", ["agent_id"]) + "name a column"
    "did you mean 'agent_id'? name a column"
    """
    close = near(given, names)
    return f"did you mean {close!r}? " if close else ""

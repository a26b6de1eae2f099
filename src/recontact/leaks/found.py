"""What the firewall finds: features that move, and features that tell the outcome."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Flags = npt.NDArray[np.bool_]
PLANTED = "planted_"  # features that leak on purpose; what finds them can find others


class BlindFirewallError(Exception):
    """A leak that was planted was not found: a fault of ours, and the check proves nothing."""


@dataclass(frozen=True)
class Leak:
    """A feature that should not have moved.

    Attributes
    ----------
    feature, moment : str
        Where.
    moved : int
        How many of the compared values are others.
    contact_id : str
        The contact of the first of them.
    value, value_then : object
        Its value, and what it was by what was known then (or in another order).
    """

    feature: str
    moment: str
    moved: int
    contact_id: str
    value: Any
    value_then: Any


@dataclass(frozen=True)
class Telling:
    """A feature that alone tells an outcome too well to have been known.

    Attributes
    ----------
    feature, moment, target : str
        What tells what, and when.
    auc : float
        ROC AUC of the feature alone.
    contacts, positives : int
        Judged contacts whose outcome was not known yet, and those of them that came true.
    """

    feature: str
    moment: str
    target: str
    auc: float
    contacts: int
    positives: int


@dataclass(frozen=True)
class Check:
    """What one test of the firewall saw.

    Attributes
    ----------
    name : str
        `columns`, `future`, `row order`, `duplicates` or `outcome`.
    text : str
        What was checked, in words.
    checked : dict
        The same in numbers.
    leaks : list of Leak or Telling
        Empty where nothing leaks.
    planted : list of str
        The features planted to leak, each found.
    """

    name: str
    text: str
    checked: dict[str, Any]
    leaks: list[Leak] | list[Telling]
    planted: list[str]


@dataclass
class Moves:
    """Compares features tables, and remembers what moved.

    Attributes
    ----------
    leaks : dict
        By feature and moment.
    values : int
        How many values were compared.
    contacts : set of str
        Whose.
    """

    leaks: dict[tuple[str, str], Leak] = field(default_factory=dict)
    values: int = 0
    contacts: set[str] = field(default_factory=set)

    def compare(self, before: pa.Table, after: pa.Table) -> None:
        """Compare the features of the same contacts, row for row."""
        for name in before.column_names:
            moved = np.flatnonzero(differs(before[name], after[name]))
            if len(moved):
                self._note(name, before, after, moved)
        own = [name for name in before.column_names if not name.startswith(PLANTED)]
        self.values += len(before) * len(own)
        self.contacts.update(before["contact_id"].to_pylist())

    def _note(
        self, name: str, before: pa.Table, after: pa.Table, moved: npt.NDArray[np.int64]
    ) -> None:
        first = int(moved[0])
        place = (name, before["moment"][first].as_py())
        seen = self.leaks.get(place)
        values = (before["contact_id"], before[name], after[name])
        example = (
            (seen.contact_id, seen.value, seen.value_then)
            if seen
            else tuple(column[first].as_py() for column in values)
        )
        self.leaks[place] = Leak(*place, (seen.moved if seen else 0) + len(moved), *example)

    def found(self, planted: set[str]) -> list[Leak]:
        """Give what leaks, once it is sure that what was planted was found.

        Raises
        ------
        BlindFirewallError
            One of `planted` did not move.
        """
        caught = {feature for feature, _ in self.leaks}
        refuse_blind(planted - caught)
        return [leak for leak in self.leaks.values() if not leak.feature.startswith(PLANTED)]


def refuse_blind(missed: set[str]) -> None:
    """Raise where a planted leak was missed.

    Raises
    ------
    BlindFirewallError
        Names what was missed.
    """
    if missed:
        names = ", ".join(sorted(missed))
        raise BlindFirewallError(f"the firewall is blind: it missed its planted leaks {names}")


def differs(before: pa.ChunkedArray, after: pa.ChunkedArray) -> Flags:
    """Tell in which rows two columns hold different values; unknown equals unknown.

    Examples
    --------
    >>> one, other = pa.chunked_array([[1.0, None, 2.0]]), pa.chunked_array([[1.0, None, None]])
    >>> differs(one, other).tolist()
    [False, False, True]
    """
    if pa.types.is_floating(before.type):
        left, right = (np.asarray(c.to_numpy(), dtype=np.float64) for c in (before, after))
        return np.asarray((left != right) & ~(np.isnan(left) & np.isnan(right)), dtype=bool)
    same = pc.fill_null(pc.equal(before, after.cast(before.type)), fill_value=False)
    neither = pc.and_(before.is_null(), after.is_null())
    return ~np.asarray(pc.or_(same, neither).to_numpy(), dtype=bool)

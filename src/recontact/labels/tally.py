"""What is counted while labels are made: how many are judged, and the rates over all."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.history import codes
from recontact.intervals import wilson
from recontact.labels.rules import EXCLUSIONS

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Tally:
    """Counts over labels, which add up over parts of a table.

    Attributes
    ----------
    contacts : int
        How many there are.
    exclusions : dict of str to int
        How many may not be judged, by reason, in the order in which reasons are tried.
    hits, of : dict of str to int
        For `fcr`, `gross_fcr`, `repeat`, `escalation`, `own_escalation` and `unknown_reason`
        (see `recontact.rates.RATES`) how many, out of how many.

    Examples
    --------
    >>> one = Tally(3, {"channel": 1}, {"fcr": 1}, {"fcr": 2})
    >>> (one + one).rates()["fcr"], (one + one).eligible
    (0.5, 4)
    """

    contacts: int
    exclusions: dict[str, int]
    hits: dict[str, int]
    of: dict[str, int]

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.contacts + other.contacts,
            _added(self.exclusions, other.exclusions),
            _added(self.hits, other.hits),
            _added(self.of, other.of),
        )

    @property
    def eligible(self) -> int:
        """How many may be judged."""
        return self.contacts - sum(self.exclusions.values())

    def rates(self) -> dict[str, Any]:
        """Give for each rate its value, `*_low`, `*_high` and `*_of`; None where of none."""
        found: dict[str, Any] = {}
        for name, of in self.of.items():
            low, high = wilson([self.hits[name]], [of])
            values = (self.hits[name] / of, low[0], high[0]) if of else (None, None, None)
            found |= zip((name, f"{name}_low", f"{name}_high"), values, strict=True)
            found[f"{name}_of"] = of
        return found


NOTHING = Tally(0, {}, {}, {})


def tallies(labels: pa.Table, followed_by_unknown: Flags, part: Ints) -> dict[int, Tally]:
    """Count labels by the part of the table to which each row belongs.

    Parameters
    ----------
    labels : pyarrow.Table
        A labels table.
    followed_by_unknown : numpy.ndarray of bool
        Of each row (see `recontact.labels.unknown`).
    part : numpy.ndarray of int
        The part of each row.

    Returns
    -------
    dict of int to Tally
        For each part that has a row.
    """
    there, part = np.unique(part, return_inverse=True)

    def count(rows: Flags) -> list[int]:
        return [int(n) for n in np.bincount(part[rows], minlength=len(there))]

    why = codes(labels["exclusion"])
    names = labels["exclusion"].unique().drop_null().to_pylist()
    code = {name: k for k, name in enumerate(names)}
    exclusions = {name: count(why == code.get(name, -2)) for name in EXCLUSIONS}
    measures = measured(labels, followed_by_unknown).items()
    hits = {name: count(hit & of) for name, (hit, of) in measures}
    taken = {name: count(of) for name, (_, of) in measures}
    contacts = count(np.ones(len(part), bool))
    return {
        int(number): Tally(contacts[k], _at(k, exclusions), _at(k, hits), _at(k, taken))
        for k, number in enumerate(there)
    }


def _at(k: int, counts: dict[str, list[int]]) -> dict[str, int]:
    return {name: found[k] for name, found in counts.items()}


def measured(labels: pa.Table, followed_by_unknown: Flags) -> dict[str, tuple[Flags, Flags]]:
    """Give for each rate over labels which rows are hits, and of which it is taken."""
    fcr, judged = known(labels["fcr"])
    repeated, matured = known(labels["repeated"])  # known where eligible and matured
    _, first_known = known(labels["first_contact"])
    return {
        "fcr": (fcr, judged),
        "gross_fcr": (fcr, matured & first_known),
        "repeat": (repeated, matured),
        "escalation": known(labels["escalation"]),
        "own_escalation": known(labels["escalated"]),
        "unknown_reason": (followed_by_unknown, judged),
    }


def known(column: pa.ChunkedArray) -> tuple[Flags, Flags]:
    """Give a nullable boolean as what is true and what is known."""
    values = pc.fill_null(column, fill_value=False).to_numpy()
    return np.asarray(values, dtype=bool), np.asarray(pc.is_valid(column).to_numpy(), dtype=bool)


def _added(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in one | other}

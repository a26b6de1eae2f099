"""What features looked like in training, and how far later ones are from that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recontact.model.encoding import Encoding, Floats

BINS = 10
CATEGORIES = 20  # the most frequent values; the rarer ones are one bin
LEAST_SHARE = 1e-4  # an empty bin counts as so much, else one stray value would be infinite

Shares = dict[str, tuple[float, ...]]


@dataclass(frozen=True)
class Seen:
    """The distribution of each feature at each moment.

    Attributes
    ----------
    cuts : dict of str to tuple of float
        For each feature the bounds between its bins; a value that is one lies below it.
    shares : dict of str to dict of str to tuple of float
        For each moment and feature the share of rows that are unknown, then that of each bin.

    Examples
    --------
    >>> encoding = Encoding(("calls",), {})
    >>> rows = np.arange(100.0)[:, None]
    >>> seen = Seen.of(encoding, rows, ["start"] * 100)
    >>> round(seen.drift(encoding, rows, ["start"] * 100)["start", "calls"], 3)
    0.0
    >>> seen.drift(encoding, rows + 50, ["start"] * 100)["start", "calls"] > 1
    True
    """

    cuts: dict[str, tuple[float, ...]]
    shares: dict[str, Shares]

    @classmethod
    def of(cls, encoding: Encoding, matrix: Floats, moments: Sequence[str]) -> "Seen":
        """Describe the rows of a training.

        Parameters
        ----------
        encoding : Encoding
            What the columns are.
        matrix : numpy.ndarray of float64, shape (rows, features)
            Encoded rows.
        moments : sequence of str
            The moment of each row.
        """
        names = [name for name in encoding.features if name != "moment"]
        columns = {name: matrix[:, encoding.features.index(name)] for name in names}
        cuts = {name: _cuts(name, encoding, column) for name, column in columns.items()}
        at = np.asarray(moments, dtype=object)
        shares = {
            str(moment): {n: _shares(columns[n][at == moment], cuts[n]) for n in names}
            for moment in np.unique(at)
        }
        return cls(cuts, shares)

    def drift(
        self, encoding: Encoding, matrix: Floats, moments: Sequence[str]
    ) -> dict[tuple[str, str], float]:
        """Tell how far rows are from those of the training.

        Parameters
        ----------
        encoding, matrix, moments
            As of the training.

        Returns
        -------
        dict of (str, str) to float
            The population stability index of each moment that there are rows of, and feature: the
            sum over its bins of ``(p - q) log(p / q)``. 0 is the same; by custom, above 0.1 is a
            change to look at and above 0.25 a large one.

        References
        ----------
        Siddiqi, Credit Risk Scorecards (2006), chapter 9.
        """
        at = np.asarray(moments, dtype=object)
        found = {}
        for moment, shares in self.shares.items():
            rows = matrix[at == moment]
            for name, expected in shares.items() if len(rows) else ():
                column = rows[:, encoding.features.index(name)]
                found[moment, name] = _index(_shares(column, self.cuts[name]), expected)
        return found

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {"cuts": {k: list(v) for k, v in self.cuts.items()}, "shares": self.shares}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Seen":
        """Read back what `as_json` gave."""
        shares = {
            moment: {name: tuple(found) for name, found in of.items()}
            for moment, of in values["shares"].items()
        }
        return cls({k: tuple(v) for k, v in values["cuts"].items()}, shares)


def _cuts(name: str, encoding: Encoding, column: Floats) -> tuple[float, ...]:
    """Give the bounds between bins: tenths of the known values, or the most frequent categories."""
    if name in encoding.categories:  # a category's number is its place by frequency
        return tuple(k + 0.5 for k in range(min(len(encoding.categories[name]), CATEGORIES)))
    known = column[~np.isnan(column)]
    if not len(known):
        return ()
    inner = np.linspace(0, 1, BINS + 1)[1:-1]
    return tuple(np.unique(np.quantile(known, inner, method="lower")).tolist())


def _shares(column: Floats, cuts: Sequence[float]) -> tuple[float, ...]:
    unknown = np.isnan(column)
    bins = np.searchsorted(np.array(cuts), column[~unknown], side="left")
    counts = np.concatenate([[unknown.sum()], np.bincount(bins, minlength=len(cuts) + 1)])
    return tuple(np.round(counts / max(1, len(column)), 6).tolist())


def _index(found: Sequence[float], expected: Sequence[float]) -> float:
    p: npt.NDArray[np.float64] = np.maximum(found, LEAST_SHARE)
    q: npt.NDArray[np.float64] = np.maximum(expected, LEAST_SHARE)
    return float(((p - q) * np.log(p / q)).sum())

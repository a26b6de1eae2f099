"""When the customer is back: a hazard by stretches of time, tied to the calibrated probability.

How much of the way to a re-contact lies in each stretch after the end is learnt from rows that
were watched for any length of time, those of the last hours too. The trees say whether it comes
within the policy's window; this says when, before and after that window.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.durations import HOUR
from recontact.model.calibration import Floats
from recontact.model.clock import Clock

Ints = npt.NDArray[np.int64]
Row = Mapping[str, Any]
EDGES = (
    *(0.0, 0.25, 1.0, 2.0, 4.0, 8.0, 12.0, 18.0, 24.0, 30.0, 36.0, 42.0, 48.0, 60.0, 72.0),
    *(96.0, 120.0, 144.0, 168.0, 216.0, 264.0, 336.0),
)  # hours after the end; to 14 days
FEATURES = ("since_last_s", "since_same_issue_s", "contacts_48h", "contacts_30d")
LATER_H = 144.0  # stretches beyond are at most so long
MOST_LOG = 3.0  # log of the greatest hazard of a stretch
LEAST = 1e-12
SHORTEST_H = 1 / 60  # a window of nothing has no hazard to be tied to


def edges_for(window_us: int) -> tuple[float, ...]:
    """Give the stretches: to 14 days, or to the greatest window if that is longer.

    Examples
    --------
    >>> edges_for(0)[-1], edges_for(30 * 24 * HOUR)[-3:]
    (336.0, (464.0, 592.0, 720.0))
    """
    beyond = max(window_us / HOUR - EDGES[-1], 0.0)
    more = np.linspace(0.0, beyond, 1 + int(np.ceil(beyond / LATER_H)))[1:]
    return (*EDGES, *(float(EDGES[-1] + hours) for hours in more))


@dataclass(frozen=True)
class Curves:
    """The chance that the customer is back by some time, one row a contact.

    Attributes
    ----------
    edges : numpy.ndarray of float64
        Hours after the end, the first 0.
    hazard : numpy.ndarray of float64, shape (rows, edges)
        Cumulated hazard at each edge; the first is 0.
    passed : numpy.ndarray of float64, shape (rows, edges)
        Busy hours from the end to each edge (`recontact.model.clock`).
    ended_us : numpy.ndarray of int64
        When they ended.
    clock : Clock
        The busy hours.
    """

    edges: Floats
    hazard: Floats
    passed: Floats
    ended_us: Ints
    clock: Clock

    def hazard_at(self, hours: Floats | float) -> Floats:
        """Give the cumulated hazard at some hours after the end, of every row or one for all."""
        wanted = np.clip(np.broadcast_to(hours, self.ended_us.shape), 0.0, self.edges[-1])
        low = np.clip(np.searchsorted(self.edges, wanted, side="right") - 1, 0, self.last)
        here = np.arange(len(wanted))
        began, full = self.passed[here, low], self.passed[here, low + 1]
        part = (self.clock.passed(self.ended_us, wanted) - began) / (full - began)
        start = self.hazard[here, low]
        found: Floats = start + part * (self.hazard[here, low + 1] - start)
        return found

    def chance(self, hours: Floats | float) -> Floats:
        """Give the probability that the customer is back within some hours, at most the horizon.

        Parameters
        ----------
        hours : float or numpy.ndarray of float64
            After the end of the contact: one for all rows, or one a row.
        """
        return -np.expm1(-self.hazard_at(hours))

    def chance_after(self, hours: Floats | float, quiet: Floats | float) -> Floats:
        """Give the same where nobody has come in the first `quiet` hours."""
        to = np.maximum(hours, quiet)
        return -np.expm1(self.hazard_at(quiet) - self.hazard_at(to))

    @property
    def expected_h(self) -> Floats:
        """Mean hours until the re-contact, of those that come within the horizon."""
        gone = -np.expm1(-self.hazard)
        middle = (self.edges[1:] + self.edges[:-1]) / 2
        share = np.diff(gone, axis=1)
        found: Floats = (share * middle).sum(axis=1) / np.maximum(gone[:, -1], LEAST)
        return found

    @property
    def median_h(self) -> Floats:
        """Hours within which half of those are back that come within the horizon."""
        return self.back_h(0.5)

    def back_h(self, share: float, within_h: Floats | float = np.inf) -> Floats:
        """Give the hours by which a share of those are back that come within some hours.

        Parameters
        ----------
        share : float
            0 to 1.
        within_h : float or numpy.ndarray of float64
            After the end: one for all rows, or one a row; beyond the horizon, the horizon.
        """
        gone = -np.expm1(-self.hazard)
        wanted = share * self.chance(within_h)
        low = np.minimum((gone <= wanted[:, None]).sum(axis=1) - 1, self.last)
        here = np.arange(len(wanted))
        before, after = gone[here, low], gone[here, low + 1]
        part = (wanted - before) / np.maximum(after - before, LEAST)
        found: Floats = self.edges[low] + part * (self.edges[low + 1] - self.edges[low])
        return found

    @property
    def last(self) -> int:
        """The position of the last stretch."""
        return len(self.edges) - 2


@dataclass(frozen=True)
class When:
    """When a re-contact comes, as plain numbers.

    The log of the hazard of a stretch is a sum of weighted terms: 1, log(-log(1 - p)) of the
    calibrated probability p, the log of how busy the hours of the stretch are, and a few features
    of the customer's history. The curve is then raised to the power that makes it say p at the
    contact's own window, so that the two never differ.

    Attributes
    ----------
    edges : tuple of float
        Hours after the end.
    clock : Clock
        How busy each hour of the week is.
    means, spreads : tuple of float
        Of the terms after the third.
    weights : tuple of tuple of float
        By stretch, the weight of each term.
    """

    edges: tuple[float, ...]
    clock: Clock
    means: tuple[float, ...]
    spreads: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]

    @property
    def horizon_h(self) -> float:
        """Up to how many hours after the end it says anything."""
        return self.edges[-1]

    def curves(
        self, rows: pa.Table, chance: Floats, ended_us: Ints, window_us: Ints | int
    ) -> Curves:
        """Give the curves of dataset rows.

        Parameters
        ----------
        rows : pyarrow.Table
            With the features in `FEATURES`.
        chance : numpy.ndarray of float64
            Calibrated probability of a re-contact within the contact's own window.
        ended_us : numpy.ndarray of int64
            When it ended, microseconds since 1970; while it goes on, now.
        window_us : int or numpy.ndarray of int64
            The window of `chance`.
        """
        return self._tied(terms(rows), chance, ended_us, window_us)

    def one(self, row: Row, chance: float, ended_us: int, window_us: int) -> Curves:
        """Give the curve of one contact from its live features (`recontact.features.live`)."""
        values = np.array([[np.nan if row[n] is None else row[n] for n in FEATURES]], dtype=float)
        ended = np.array([ended_us], dtype=np.int64)
        return self._tied(from_numbers(values), np.array([chance]), ended, window_us)

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "edges_h": list(self.edges),
            "clock": list(self.clock.busy),
            "means": list(self.means),
            "spreads": list(self.spreads),
            "weights": [list(row) for row in self.weights],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "When":
        """Read back what `as_json` gave."""
        return cls(
            tuple(values["edges_h"]),
            Clock(tuple(values["clock"])),
            tuple(values["means"]),
            tuple(values["spreads"]),
            tuple(tuple(row) for row in values["weights"]),
        )

    def _tied(self, found: Floats, chance: Floats, ended: Ints, window_us: Ints | int) -> Curves:
        edges, weights, means, spreads = self.arrays
        passed = self.clock.passed(ended[:, None], edges[None, :])
        busy = np.log(np.diff(passed, axis=1) / np.diff(edges))
        standard = (found - means) / spreads
        logs = weights[:, 0] + score(chance)[:, None] * weights[:, 1] + busy * weights[:, 2]
        for k in range(standard.shape[1]):
            logs = logs + standard[:, k, None] * weights[:, 3 + k]
        hazard = np.zeros_like(passed)
        np.cumsum(np.exp(np.minimum(logs, MOST_LOG)), axis=1, out=hazard[:, 1:])
        loose = Curves(edges, hazard, passed, ended, self.clock)
        # Raised to a power, the curve says the calibrated probability at the window itself.
        window_h = np.maximum(np.asarray(window_us) / HOUR, SHORTEST_H)
        at_window = np.maximum(loose.hazard_at(window_h), LEAST)
        power = -np.log1p(-np.clip(chance, LEAST, 1 - LEAST)) / at_window
        return Curves(edges, hazard * power[:, None], passed, ended, self.clock)

    @cached_property
    def arrays(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Edges, weights, means and spreads."""
        return (
            np.array(self.edges),
            np.array(self.weights),
            np.array(self.means),
            np.array(self.spreads),
        )


def score(chance: Floats) -> Floats:
    """Give log(-log(1 - p)): on this scale, one step multiplies the hazard."""
    return np.log(-np.log1p(-np.clip(chance, LEAST, 1 - LEAST)))


def terms(rows: pa.Table) -> Floats:
    """Give the terms of the customer's history for dataset rows."""
    columns = [rows[name].cast(pa.float64()).to_numpy() for name in FEATURES]
    return from_numbers(np.column_stack(columns))


def from_numbers(values: Floats) -> Floats:
    """Turn features into terms: logs, and for times since whether there is none.

    Examples
    --------
    >>> from_numbers(np.array([[np.nan, 0.0, 0.0, 0.0]])).tolist()
    [[0.0, 0.0, 0.0, 0.0, 1.0, 0.0]]
    """
    missing = np.isnan(values)
    logs = np.log1p(np.where(missing, 0.0, np.maximum(values, 0.0)))
    return np.concatenate([logs, missing[:, :2].astype(np.float64)], axis=1)


def horizons(window_us: int) -> Sequence[float]:
    """Give the hours at which figures are shown: 1 h, 1, 2, 7 and 14 days, and the window."""
    return sorted({1.0, 24.0, 48.0, 168.0, 336.0, window_us / HOUR})

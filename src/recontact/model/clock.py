"""Busy hours: time by how many contacts come at each hour of the week, in UTC."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from recontact.durations import HOUR

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
WEEK_H = 168
MONDAY = 72  # 1970 began on a Thursday
STEADY = 0.05  # share of arrivals that is spread evenly, so that no hour is empty


@dataclass(frozen=True)
class Clock:
    """How busy each hour of the week is; 1 is usual.

    Attributes
    ----------
    busy : tuple of float
        168 numbers from Monday 0:00 UTC, of mean 1.

    Examples
    --------
    >>> clock = Clock((2.0,) * 84 + (0.0,) * 84)
    >>> clock.passed(np.array([4 * 24 * HOUR]), np.array([10.0])).tolist()  # a Monday
    [20.0]
    """

    busy: tuple[float, ...]

    @classmethod
    def learn(cls, started_us: Ints) -> "Clock":
        """Count arrivals by hour of the week."""
        hours = (started_us // HOUR + MONDAY) % WEEK_H
        counts = np.bincount(hours, minlength=WEEK_H) + STEADY * len(hours) / WEEK_H + 1.0
        return cls(tuple(np.round(counts / counts.mean(), 6).tolist()))

    def passed(self, from_us: Ints, hours: Floats) -> Floats:
        """Count the busy hours that pass from an instant on, within some hours."""
        hour = from_us / HOUR + MONDAY
        begin = hour % WEEK_H
        return self._until(begin + hours) - self._until(begin)

    def _until(self, hours: Floats) -> Floats:
        cumulated, busy = self.sums
        weeks = np.floor(hours / WEEK_H)
        inside = hours - weeks * WEEK_H
        whole = np.minimum(inside.astype(np.int64), WEEK_H - 1)
        found: Floats = weeks * cumulated[-1] + cumulated[whole] + (inside - whole) * busy[whole]
        return found

    @cached_property
    def sums(self) -> tuple[Floats, Floats]:
        """The busy hours from Monday to each hour of the week, and those of each."""
        busy = np.array(self.busy)
        return np.concatenate([[0.0], np.cumsum(busy)]), busy

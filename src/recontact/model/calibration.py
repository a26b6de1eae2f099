"""Raw scores to probabilities that mean what they say."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
LIMIT = 13.8  # log-odds of about one in a million: no score is ever quite 0 or 1


@dataclass(frozen=True)
class Calibrator:
    """A line through knots in log-odds, carried on straight beyond the outermost two.

    Attributes
    ----------
    raw : tuple of float
        Log-odds as the model gives them, rising; at least two.
    true : tuple of float
        The log-odds that were observed at each, rising.

    Examples
    --------
    >>> import numpy as np
    >>> honest = Calibrator((-1.0, 1.0), (-1.0, 1.0))
    >>> honest(np.array([0.0, np.log(3)])).round(6).tolist()
    [0.5, 0.75]
    """

    raw: tuple[float, ...]
    true: tuple[float, ...]

    def __call__(self, scores: Floats) -> Floats:
        """Give the probability of each raw score (log-odds), between 0 and 1 and neither."""
        raw, true, first, last = self._knots
        odds = np.interp(scores, raw, true)
        odds += np.minimum(scores - raw[0], 0.0) * first
        odds += np.maximum(scores - raw[-1], 0.0) * last
        return 1.0 / (1.0 + np.exp(-np.clip(odds, -LIMIT, LIMIT)))

    def one(self, score: float) -> float:
        """Give what `__call__` gives, of one score, in a tenth of the time.

        Examples
        --------
        >>> line = Calibrator((-1.0, 1.0), (-2.0, 3.0))
        >>> line.one(0.3) == float(line(np.array([0.3]))[0])
        True
        """
        _, _, first, last = self._knots
        raw, true = self.raw, self.true
        k = bisect_right(raw, score)
        if k == 0:
            odds = true[0] + (score - raw[0]) * first
        elif k == len(raw):
            odds = true[-1] + (score - raw[-1]) * last
        else:
            slope = (true[k] - true[k - 1]) / (raw[k] - raw[k - 1])
            odds = slope * (score - raw[k - 1]) + true[k - 1]
        # NumPy's exponential differs from the one of `math` in the last digit.
        return float(1.0 / (1.0 + np.exp(-min(max(odds, -LIMIT), LIMIT))))

    @cached_property
    def _knots(self) -> tuple[Floats, Floats, float, float]:
        raw, true = np.array(self.raw), np.array(self.true)
        slopes = np.diff(true) / np.diff(raw)
        return raw, true, float(slopes[0]), float(slopes[-1])


def calibrated(
    raw: Floats,
    moments: Sequence[str] | npt.NDArray[np.object_],
    of: Callable[[str], Calibrator],
) -> Floats:
    """Give the probability of each raw score, by the line of its own moment.

    Parameters
    ----------
    raw : numpy.ndarray of float64
        Log-odds as the trees give them.
    moments : sequence of str
        The moment of each row.
    of : callable
        Gives the calibrator of a moment.

    Examples
    --------
    >>> import numpy as np
    >>> lines = {"start": Calibrator((0.0, 1.0), (0.0, 1.0)), "live": Calibrator((0, 1), (9, 10))}
    >>> calibrated(np.zeros(3), ["start", "live", "start"], lines.__getitem__).round(3).tolist()
    [0.5, 1.0, 0.5]
    """
    kinds = dict.fromkeys(moments)
    if len(kinds) == 1:  # as in the service, which scores one contact at a time
        return of(next(iter(kinds)))(raw)
    each, chances = np.asarray(moments, dtype=object), np.empty(len(raw))
    for moment in kinds:
        rows = each == moment
        chances[rows] = of(moment)(raw[rows])
    return chances


@dataclass(frozen=True)
class Cuts:
    """From which probability a contact is in the band `medium` and in `high`.

    Examples
    --------
    >>> Cuts(0.2, 0.5).bands([0.1, 0.2, 0.9, 1.0], already=[False, False, False, True])
    ['low', 'medium', 'high', 'already']
    """

    medium: float
    high: float

    def bands(
        self,
        probabilities: Sequence[float] | Floats,
        already: Sequence[bool] | npt.NDArray[np.bool_] | None = None,
    ) -> list[str]:
        """Name the band of each probability; `already` where the outcome is known."""
        names = np.array(["low", "medium", "high"], dtype=object)
        level = np.searchsorted([self.medium, self.high], probabilities, side="right")
        bands = names[level]
        if already is not None:
            bands[np.asarray(already, dtype=bool)] = "already"
        return list(bands)

    def band(self, probability: float, *, already: bool = False) -> str:
        """Name the band of one probability.

        Examples
        --------
        >>> Cuts(0.2, 0.5).band(0.2), Cuts(0.2, 0.5).band(1.0, already=True)
        ('medium', 'already')
        """
        if already:
            return "already"
        return (
            "high"
            if probability >= self.high
            else "medium"
            if probability >= self.medium
            else "low"
        )


def calibrate(
    raw: Floats, outcome: Floats, moments: npt.NDArray[np.object_], wanted: Sequence[str]
) -> dict[str, Calibrator]:
    """Fit one line in log-odds for each moment on rows that the trees have not seen.

    Parameters
    ----------
    raw : numpy.ndarray of float64
        Log-odds as the trees give them.
    outcome : numpy.ndarray of float64
        What came, 0 or 1; both must occur.
    moments : numpy.ndarray of str
        The moment of each row.
    wanted : sequence of str
        The moments that will be scored. One without rows of both outcomes is fitted on all.

    Returns
    -------
    dict of str to Calibrator
    """
    calibrators = {}
    for moment in wanted:
        rows = moments == moment
        if len(set(outcome[rows].tolist())) < 2:
            rows = np.ones(len(raw), dtype=bool)
        calibrators[moment] = _line(raw[rows], outcome[rows])
    return calibrators


def _line(raw: Floats, outcome: Floats) -> Calibrator:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - scoring needs no sklearn

    line = LogisticRegression(C=1e6).fit(raw[:, None], outcome)
    slope, level = float(line.coef_[0, 0]), float(line.intercept_[0])
    if slope <= 0:  # a score that says nothing keeps its order around the base rate
        rate = float(outcome.mean())
        slope, level = 1.0, float(np.log(rate / (1 - rate)) - raw.mean())
    low = float(raw.min())
    high = max(float(raw.max()), low + 1.0)
    return Calibrator((low, high), (slope * low + level, slope * high + level))

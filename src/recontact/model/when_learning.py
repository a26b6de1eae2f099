"""Learn when re-contacts come, from contacts watched for any length of time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.contacts import instants
from recontact.durations import HOUR
from recontact.model.calibration import Floats
from recontact.model.clock import Clock
from recontact.model.when import When, edges_for, score, terms

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
ROUNDS, STEPS = 3, 12
TO_COMMON = 20.0  # events by which the weights of a stretch are drawn to the common ones
LOOSE = 1e-3
FIRST_SLOPES = (1.0, 1.0)  # of the score and of how busy it is, before anything is learnt
MOST_ROWS = 150_000  # enough for a few weights a stretch; more only cost time
ENOUGH = 1e-7
MIN_EVENTS = 20


@dataclass(frozen=True)
class Risk:
    """Who could still come back in each stretch, and who did.

    Attributes
    ----------
    at_risk : numpy.ndarray of float64, shape (rows, stretches)
        Which share of the stretch's busy hours the row was watched without a re-contact.
    came : numpy.ndarray of bool, shape (rows, stretches)
        It came in this stretch, while it was watched.
    """

    at_risk: Floats
    came: Flags


def risk_sets(
    edges: tuple[float, ...], clock: Clock, ended_us: Ints, gap_us: Ints, watched_us: Ints
) -> Risk:
    """Cut each row's watched time into stretches.

    A row is at risk until its re-contact, the end of watching, or the horizon, whichever is
    first. Leaving out rows whose outcome is not known yet would keep, of the newest, only those
    that came back.

    Parameters
    ----------
    edges : tuple of float
        Hours after the end.
    clock : Clock
        Busy hours.
    ended_us, gap_us, watched_us : numpy.ndarray of int64
        When each contact ended, after how long the next related one came, and how long one
        could watch for it; microseconds.

    Examples
    --------
    >>> even = Clock((1.0,) * 168)
    >>> hour = 3_600_000_000
    >>> gap, watched = np.array([3 * hour, 9 * hour]), np.array([8 * hour, hour])
    >>> found = risk_sets((0.0, 2.0, 4.0), even, np.zeros(2, int), gap, watched)
    >>> found.at_risk.tolist(), found.came.tolist()
    ([[1.0, 0.5], [0.5, 0.0]], [[False, True], [False, False]])
    """
    bounds = np.array(edges)
    gap, watched = gap_us / HOUR, watched_us / HOUR
    end = np.clip(np.minimum(gap, watched), 0.0, bounds[-1])
    passed = clock.passed(ended_us[:, None], bounds[None, :])
    spent = clock.passed(ended_us, end)
    share = np.clip((spent[:, None] - passed[:, :-1]) / np.diff(passed, axis=1), 0.0, 1.0)
    seen = (gap <= watched) & (gap <= bounds[-1])
    stretch = np.clip(np.searchsorted(bounds, gap, side="left") - 1, 0, len(bounds) - 2)
    came = np.zeros(share.shape, dtype=bool)
    came[np.flatnonzero(seen), stretch[seen]] = True
    return Risk(np.where(came, np.maximum(share, 1e-6), share), came)


def learn_when(
    rows: pa.Table,
    chance: Floats,
    gap_us: Ints,
    watched_us: Ints,
    started_us: Ints,
    window_us: int = 0,
) -> When | None:
    """Learn when re-contacts come.

    Parameters
    ----------
    rows : pyarrow.Table
        Dataset rows of any moment that the trees have not seen, matured or not.
    chance : numpy.ndarray of float64
        Their calibrated probability of a re-contact within the window.
    gap_us, watched_us : numpy.ndarray of int64
        After how long the next related contact came, and how long one could watch for it.
    started_us : numpy.ndarray of int64
        When contacts began: their hours of the week are the clock.
    window_us : int
        The greatest window of the policy: the horizon is 14 days or this.

    Returns
    -------
    When or None
        None where fewer than 20 re-contacts were seen.
    """
    kept = np.flatnonzero(watched_us > 0)
    kept = kept[:: max(1, -(-len(kept) // MOST_ROWS))]
    edges, clock = edges_for(window_us), Clock.learn(started_us)
    ended = instants(rows["ended_at"])[kept]
    risk = risk_sets(edges, clock, ended, gap_us[kept], watched_us[kept])
    if risk.came.sum() < MIN_EVENTS:
        return None
    found = terms(rows.take(pa.array(kept)))
    means, spreads = found.mean(axis=0), found.std(axis=0)
    spreads[spreads < 1e-9] = 1.0
    bounds = np.array(edges)
    busy = np.diff(clock.passed(ended[:, None], bounds[None, :]), axis=1) / np.diff(bounds)
    fixed = np.column_stack([np.ones(len(kept)), score(chance[kept])])
    weights = _weights(fixed, np.log(busy), (found - means) / spreads, risk)
    return When(edges, clock, _plain(means), _plain(spreads), tuple(map(_plain, weights)))


def _weights(fixed: Floats, busy: Floats, found: Floats, risk: Risk) -> Floats:
    """Fit each stretch, drawn to what is common to all; the common is what they come to."""
    stretches, size = risk.came.shape[1], 3 + found.shape[1]
    events = risk.came.sum(axis=0)
    weights = np.zeros((stretches, size))
    weights[:, 0] = np.log((events + 0.5) / (risk.at_risk.sum(axis=0) + 1.0))
    common = np.zeros(size)
    common[1:3] = FIRST_SLOPES
    weights[:, 1:] = common[1:]
    weights[:, 0] -= 0.5 * fixed[:, 1].mean()
    pull = np.full(size, TO_COMMON)
    pull[0] = LOOSE
    for _ in range(ROUNDS):
        for k in range(stretches):
            watched = risk.at_risk[:, k] > 0
            columns = np.column_stack([fixed, busy[:, k], found])[watched]
            weights[k] = _newton(
                columns, risk.at_risk[watched, k], risk.came[watched, k], weights[k], common, pull
            )
        common = np.average(weights, axis=0, weights=events + LOOSE)
        common[0] = 0.0
    return weights


def _newton(
    columns: Floats, at_risk: Floats, came: Flags, start: Floats, common: Floats, pull: Floats
) -> Floats:
    """Fit a Poisson regression of one stretch, penalised for its distance to the common one.

    Notes
    -----
    Events of a hazard that is constant within stretches have the likelihood of a Poisson count
    (Holford 1980, "The analysis of rates and of survivorship using log-linear models").
    """
    weights = start.copy()
    for _ in range(STEPS):
        foreseen = at_risk * np.exp(np.clip(columns @ weights, -30.0, 5.0))
        slope = columns.T @ (came - foreseen) - pull * (weights - common)
        bend = (columns * foreseen[:, None]).T @ columns + np.diag(pull)
        step = np.clip(np.linalg.solve(bend, slope), -2.0, 2.0)
        weights += step
        if np.abs(step).max() < ENOUGH:
            break
    return weights


def _plain(values: Floats) -> tuple[float, ...]:
    """Round, so that the last digits of a sum, which machines do differently, are no part of it."""
    return tuple(np.round(values, 6).tolist())

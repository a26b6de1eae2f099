"""What a team finds that can follow up so many contacts each day: the highest of every day."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from recontact.evaluation.metrics import ranked
from recontact.evaluation.trials import Line, Trial

STEPS = (1, 2, 5)
SHARES = (0.01, 0.25)  # of a day's contacts, between which capacities are of interest


def daily(trials: Iterable[Trial], capacities: Sequence[int] = ()) -> list[dict[str, Any]]:
    """Follow up the highest scores of each day, as many as there is time for.

    Parameters
    ----------
    trials : iterable of Trial
        With the `day` of each contact.
    capacities : sequence of int
        Contacts a day; without, round numbers from a hundredth to a quarter of a day's contacts.

    Returns
    -------
    list of dict
        One a target, moment, model and capacity (`a_day`): `days`, `flagged` (in all of them),
        `precision`, `recall`. Of equal scores at the cut a random choice is expected.

    Examples
    --------
    >>> day = np.array([0, 0, 1, 1])
    >>> outcome, score = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.8, 0.2, 0.1])
    >>> trial = Trial("repeated", "start", outcome, day * 1.0, {"recontact": score}, day=day)
    >>> [(row["a_day"], row["flagged"], row["recall"]) for row in daily([trial], [1])]
    [(1, 2, 1.0)]
    """
    return [row for trial in trials for row in _of(trial, capacities or round_ones(trial))]


def round_ones(trial: Trial) -> list[int]:
    """Choose round capacities for the contacts of a usual day.

    Examples
    --------
    >>> day = np.repeat([0, 1], 1000)
    >>> round_ones(Trial("repeated", "start", day * 1.0, day * 1.0, {}, day=day))
    [10, 20, 50, 100, 200]
    """
    days = len(np.unique(trial.days))
    usual = len(trial.days) / max(days, 1)
    least, most = (share * usual for share in SHARES)
    every = [step * 10**power for power in range(9) for step in STEPS]
    return [k for k in every if max(least, 1) <= k <= most] or [1]


def _of(trial: Trial, capacities: Sequence[int]) -> list[dict[str, Any]]:
    place = {"target": trial.target, "moment": trial.moment}
    table = []
    for model in trial.scores:
        days = _by_day(trial, trial.line(model))
        positives = float(trial.outcome.sum())
        for k in capacities:
            flagged = sum(min(k, size) for size, _ in days)
            hits = sum(ranks.found(min(k, size)) for size, ranks in days)
            found = {
                "days": len(days),
                "flagged": flagged,
                "precision": hits / flagged if flagged else None,
                "recall": hits / positives if positives else None,
            }
            table.append({**place, "model": model, "a_day": k, **found})
    return table


def _by_day(trial: Trial, line: Line) -> list[tuple[int, Any]]:
    """Rank the contacts of each day."""
    days = trial.days[line.rows]
    order = np.argsort(days, kind="stable")
    ends = np.flatnonzero(np.diff(days[order])) + 1
    return [
        (len(own), ranked(line.outcome[own], line.score[own]))
        for own in np.split(order, ends)
        if len(own)
    ]

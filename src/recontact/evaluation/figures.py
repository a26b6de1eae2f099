"""The table of figures: every model beside the baselines, by moment and by history."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recontact.evaluation.metrics import (
    CAPACITIES,
    Floats,
    at_capacity,
    average_precision,
    brier,
    calibration_error,
    roc_auc,
)

OURS, RULE, LOGISTIC, CHAMPION = "recontact", "contacts_7d", "logistic", "champion"
PROBABILITIES = (OURS, LOGISTIC, CHAMPION)
HISTORIES = {
    "all": "all contacts",
    "first-seen": "first seen",
    "1-3": "1 to 3 earlier contacts",
    "4+": "4 or more earlier contacts",
}


@dataclass(frozen=True)
class Trial:
    """What several models said about the test contacts of one target at one moment.

    Parameters
    ----------
    target, moment : str
        Which outcome, and when the scores were asked for.
    outcome : numpy.ndarray of float64
        What came, 0 or 1.
    before : numpy.ndarray of float64
        Earlier contacts of the customer.
    scores : dict of str to numpy.ndarray of float64
        Of each model: ours, the rule, the logistic regression, perhaps the champion.
    """

    target: str
    moment: str
    outcome: Floats
    before: Floats
    scores: Mapping[str, Floats]


def histories(before: Floats) -> dict[str, npt.NDArray[np.bool_]]:
    """Tell which contacts are in which stratum of history; an unknown history is none.

    Examples
    --------
    >>> import numpy as np
    >>> {k: v.tolist() for k, v in histories(np.array([0.0, 3.0, 4.0])).items() if k != "all"}
    {'first-seen': [True, False, False], '1-3': [False, True, False], '4+': [False, False, True]}
    """
    known = np.nan_to_num(before)
    return {
        "all": np.ones(len(known), dtype=bool),
        "first-seen": known < 1,
        "1-3": (known >= 1) & (known < 4),
        "4+": known >= 4,
    }


def figures(trials: Iterable[Trial]) -> list[dict[str, Any]]:
    """Measure every model on every moment and stratum.

    Returns
    -------
    list of dict
        One a target, moment, history and model: `rows`, `positives`, `base_rate`, `roc_auc`,
        `average_precision`, `brier`, `calibration_error` and `capacity` (for each share of
        the contacts: how many, precision, recall). What is not defined is None, and
        `undefined` says why.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.array([0.0, 1.0])
    >>> trial = Trial("repeated", "start", one, one, {"contacts_7d": one})
    >>> [(f["history"], f["roc_auc"], f["undefined"]) for f in figures([trial])][:2]
    [('all', 1.0, None), ('first-seen', None, 'no contact of this kind repeated')]
    """
    return [
        _measure(trial, history, rows, model)
        for trial in trials
        for history, rows in histories(trial.before).items()
        for model in trial.scores
    ]


def find(table: Iterable[Mapping[str, Any]], **wanted: str) -> dict[str, Any]:
    """Give the one row of the figures whose columns have the wanted values."""
    (row,) = (dict(r) for r in table if all(r[k] == v for k, v in wanted.items()))
    return row


def _measure(trial: Trial, history: str, rows: npt.NDArray[np.bool_], model: str) -> dict[str, Any]:
    outcome, score = trial.outcome[rows], trial.scores[model][rows]
    chance = model in PROBABILITIES
    return {
        "target": trial.target,
        "moment": trial.moment,
        "history": history,
        "model": model,
        "rows": len(outcome),
        "positives": int(outcome.sum()),
        "base_rate": float(outcome.mean()) if len(outcome) else None,
        "roc_auc": roc_auc(outcome, score),
        "average_precision": average_precision(outcome, score),
        "brier": brier(outcome, score) if chance else None,
        "calibration_error": calibration_error(outcome, score) if chance else None,
        "capacity": [at_capacity(outcome, score, share)._asdict() for share in CAPACITIES],
        "undefined": _undefined(outcome, trial.target),
    }


def _undefined(outcome: Floats, target: str) -> str | None:
    what = {"repeated": "repeated", "escalation": "escalated"}.get(target, f"had {target}")
    if not len(outcome):
        return "no contact of this kind"
    if not outcome.any():
        return f"no contact of this kind {what}"
    return f"every contact of this kind {what}" if outcome.all() else None

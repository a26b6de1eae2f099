"""The table of figures: every model beside the baselines, by moment and by history."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from recontact.evaluation.bootstrap import Areas, Draws, difference, interval
from recontact.evaluation.metrics import (
    CAPACITIES,
    RECALLS,
    AtCapacity,
    Floats,
    Workload,
    at_share,
    brier,
    calibration_error,
    each_customer_once,
    ranked,
    to_reach,
)
from recontact.evaluation.trials import (
    BASELINES,
    CHAMPION,
    HISTORIES,
    LOGISTIC,
    OURS,
    PROBABILITIES,
    RULE,
    Flags,
    Ints,
    Line,
    Trial,
    flags,
    histories,
    undefined,
)

__all__ = [
    "BASELINES",
    "CHAMPION",
    "HISTORIES",
    "LOGISTIC",
    "OURS",
    "PROBABILITIES",
    "RULE",
    "Trial",
    "figures",
    "find",
    "histories",
]

AT = 0.10  # the share of the contacts that headlines are about


def figures(trials: Iterable[Trial], draws: Draws | None = None) -> list[dict[str, Any]]:
    """Measure every model on every moment and stratum.

    Parameters
    ----------
    trials : iterable of Trial
        Outcomes and scores by target and moment.
    draws : Draws, optional
        Of all their customers, for intervals; without, there are none.

    Returns
    -------
    list of dict
        One a target, moment, history and model: `rows`, `positives`, `base_rate`, `roc_auc`,
        `average_precision`, `brier`, `calibration_error`; `capacity` (for each share of the
        contacts: how many, how many a day, precision, recall, lift); `to_reach` (for each
        recall: the share and the number to be flagged); `by_customer` (the same where each
        customer weighs 1 in total); `intervals` at 95 %; and on our rows `ahead`: how far ours
        is before each other model. What is not defined is None, and `undefined` says why.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.array([0.0, 1.0])
    >>> trial = Trial("repeated", "start", one, one, {"contacts_7d": one})
    >>> [(f["history"], f["roc_auc"], f["undefined"]) for f in figures([trial])][:2]
    [('all', 1.0, None), ('first-seen', None, 'no contact of this kind repeated')]
    """
    return [row for trial in trials for row in _strata(trial, draws)]


def find(table: Iterable[Mapping[str, Any]], **wanted: str) -> dict[str, Any]:
    """Give the one row of the figures whose columns have the wanted values."""
    (row,) = (dict(r) for r in table if all(r[k] == v for k, v in wanted.items()))
    return row


class _Part(NamedTuple):
    """Some contacts of a trial: what they weigh where customers count, where they are drawn."""

    trial: Trial
    rows: Flags
    once: Floats
    days: int
    places: Ints
    draws: Draws | None

    def line(self, model: str) -> Line:
        return self.trial.line(model, self.rows)


def _strata(trial: Trial, draws: Draws | None) -> Iterator[dict[str, Any]]:
    places = trial.customers if draws is None else draws.places(trial.customers)
    for history, rows in histories(trial.before).items():
        once = np.zeros(len(rows))
        once[rows] = each_customer_once(trial.customers[rows])
        days = len(np.unique(trial.days[rows]))
        place = {"target": trial.target, "moment": trial.moment, "history": history}
        for row in _stratum(_Part(trial, rows, once, days, places, draws)):
            yield place | row


def _stratum(part: _Part) -> list[dict[str, Any]]:
    lines = {model: part.line(model) for model in part.trial.scores}
    table = [{"model": model, **_measure(part, line, model)} for model, line in lines.items()]
    if part.draws is None:
        return table
    areas = {
        model: part.draws.sorted_areas(line.outcome, line.score, part.places[line.rows])
        for model, line in lines.items()
    }
    means = _means(part, part.draws, lines)
    for row in table:
        drawn = areas[row["model"]]._asdict() | means[row["model"]]
        row["intervals"] = {name: interval(values) for name, values in drawn.items()}
        if row["model"] == OURS:
            row["ahead"] = _ahead(table, areas)
    return table


def _measure(part: _Part, line: Line, model: str) -> dict[str, Any]:
    outcome, score = line.outcome, line.score
    chance = model in PROBABILITIES
    ranks = ranked(outcome, score)
    return {
        "rows": len(outcome),
        "positives": int(outcome.sum()),
        "base_rate": float(outcome.mean()) if len(outcome) else None,
        "roc_auc": ranks.area,
        "average_precision": ranks.precision,
        "brier": brier(outcome, score) if chance else None,
        "calibration_error": calibration_error(outcome, score) if chance else None,
        "capacity": [_a_day(at_share(ranks, share), part.days) for share in CAPACITIES],
        "to_reach": [_a_day(to_reach(ranks, recall), part.days) for recall in RECALLS],
        "by_customer": _by_customer(part, line, chance),
        "undefined": undefined(outcome, part.trial.target),
    }


def _a_day(found: AtCapacity | Workload, days: int) -> dict[str, Any]:
    """Say also how many follow-ups that is a day."""
    flagged = found.flagged
    return {**found._asdict(), "a_day": None if flagged is None else flagged / max(days, 1)}


def _by_customer(part: _Part, line: Line, chance: bool) -> dict[str, Any]:
    weight = part.once[line.rows]
    ranks = ranked(line.outcome, line.score, weight)
    return {
        "customers": round(weight.sum()),
        "roc_auc": ranks.area,
        "average_precision": ranks.precision,
        "brier": brier(line.outcome, line.score, weight) if chance else None,
    }


def _means(part: _Part, draws: Draws, lines: Mapping[str, Line]) -> dict[str, dict[str, Floats]]:
    """Give what is a mean over contacts in each replicate; the cut at a tenth is held."""
    trial, rows = part.trial, np.flatnonzero(part.rows)
    outcome = trial.outcome[rows]
    columns = [np.ones(len(rows)), outcome]
    for model, line in lines.items():
        flagged = np.zeros(len(trial.outcome))
        flagged[line.rows] = flags(line, AT)
        columns += [flagged[rows], flagged[rows] * outcome]
        columns.append((trial.scores[model][rows] - outcome) ** 2)
    sums = draws.sums(columns, part.places[rows])
    found = {}
    with np.errstate(invalid="ignore", divide="ignore"):  # nothing drawn is NaN, hence no bound
        for k, model in enumerate(lines):
            flagged, hits, error = sums[2 + 3 * k : 5 + 3 * k]
            found[model] = {"precision_at_10": hits / flagged, "recall_at_10": hits / sums[1]}
            if model in PROBABILITIES:
                found[model]["brier"] = error / sums[0]
    return found


def _ahead(table: list[dict[str, Any]], areas: Mapping[str, Areas]) -> dict[str, Any]:
    """Compare ours with each other model on the same draws."""
    rows = {row["model"]: row for row in table}
    return {
        model: {
            figure: difference(
                None if row[figure] is None else rows[OURS][figure] - row[figure],
                getattr(areas[OURS], figure) - getattr(areas[model], figure),
            )._asdict()
            for figure in Areas._fields
        }
        for model, row in rows.items()
        if model != OURS
    }
